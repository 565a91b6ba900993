"""The parts of `/metrics` that are over many initiatives, and of the sources: each reads the database, yields families.

What is not known has no series; what is known to be none is 0.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import product
from typing import Any, NamedTuple

from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily
from prometheus_client.core import Metric as Family
from sqlalchemy import Connection, and_, func, select

import ttv.stages
from connectors.contract import KINDS
from ttv import coverage as covering
from ttv import loops as looping
from ttv import population, store
from ttv.figures import Selection, untied
from ttv.publish import catalogue
from ttv.publish.catalogue import Metric
from ttv.quarantine import lying

_QUANTILES = {"0.5": "p50_seconds", "0.85": "p85_seconds", "0.95": "p95_seconds"}
_METHODS = ("completed", "all")
_ENDS = ("ended", "open", "stopped")
_LATELY = "30d"
"""The second window of coverage: a mapping that no longer fits hardly shows in a year, and soon in a month."""


@dataclass(frozen=True)
class Scope:
    """What the page shows, and how often what moves with the clock is made anew."""

    window: str = "365d"
    targets: Mapping[str, float] = field(default_factory=dict)
    """`time_to_value_seconds`, `rate_of_turn_seconds` of initiatives that have none of their own."""
    recent: timedelta = timedelta(days=90)
    """For so long initiatives that ended keep series of their own."""
    most: int = 10_000
    """Initiatives that have series of their own at most."""
    teams: int = 100
    """Teams that are counted under their own names at most."""
    every: timedelta = timedelta(minutes=5)
    intervals: Mapping[str, timedelta] = field(default_factory=dict)
    """How often each source is to be looked at."""


class Look(NamedTuple):
    """What every part of the page is read with."""

    connection: Connection
    as_of: datetime
    scope: Scope
    kept: dict[str, Any] | None = None
    """What was made for the last page, where there is a next one."""

    @property
    def window(self) -> str:
        """The window of the figures over many."""
        return self.scope.window

    @property
    def scheduled(self) -> datetime:
        """The last instant on schedule: as of then is what moves with the clock alone, for each initiative."""
        return self.as_of - (self.as_of - store.EPOCH) % self.scope.every


def gauge(metric: Metric) -> GaugeMetricFamily:
    """Begin a family of gauges."""
    return GaugeMetricFamily(metric.name, metric.help, labels=metric.labels)


def info(metric: Metric) -> InfoMetricFamily:
    """Begin a family of infos, whose labels come with each."""
    return InfoMetricFamily(metric.name.removesuffix("_info"), metric.help)


def _add(family: GaugeMetricFamily, labels: list[str], value: float | None) -> None:
    if value is not None:
        family.add_metric(labels, value)


def _quantiles(metric: Metric, described: Mapping[tuple[str, ...], Mapping[str, Any]]) -> Family:
    """Show the quantiles of what is described by both methods, under the labels that follow `method`."""
    family = Family(metric.name, metric.help, metric.type)
    for (labels, said), method, (quantile, field_) in product(described.items(), _METHODS, _QUANTILES.items()):
        if (value := said[method][field_]) is not None:
            named = dict(zip(metric.labels, (quantile, method, *labels), strict=True))
            family.add_sample(metric.name, named, value)
    return family


class Figure(NamedTuple):
    """The families of one population figure."""

    name: population.Figure
    seconds: Metric
    bound: Metric
    outcome: Metric
    completed: Metric
    observed: Metric


TIME_TO_VALUE = Figure(
    "time_to_value",
    catalogue.TIME_TO_VALUE,
    catalogue.TIME_TO_VALUE_BOUND,
    catalogue.TIME_TO_VALUE_OUTCOME,
    catalogue.TIME_TO_VALUE_COMPLETED,
    catalogue.TIME_TO_VALUE_OBSERVED,
)
RATE_OF_TURN = Figure(
    "rate_of_turn",
    catalogue.RATE_OF_TURN,
    catalogue.RATE_OF_TURN_BOUND,
    catalogue.RATE_OF_TURN_OUTCOME,
    catalogue.RATE_OF_TURN_COMPLETED,
    catalogue.RATE_OF_TURN_OBSERVED,
)


def time_to_value(look: Look) -> Iterator[Family]:
    """Yield the families of the time to value."""
    return _population(look, TIME_TO_VALUE)


def rate_of_turn(look: Look) -> Iterator[Family]:
    """Yield the families of the rate of turn."""
    return _population(look, RATE_OF_TURN)


def _population(look: Look, figure: Figure) -> Iterator[Family]:
    groups = _groups(look, figure, "direction")
    together = {} if population.DEFAULT_GROUP[figure.name] else _groups(look, figure, None)
    yield _quantiles(figure.seconds, {(name, look.window): one for name, one in (together | groups).items()})
    bound, outcome = gauge(figure.bound), gauge(figure.outcome)
    for name, one in (together | groups).items():
        for which in ("low", "high"):
            _add(bound, [which, name, look.window], one["all"][f"p50_{which}_seconds"])
        for which in ("reached", "stopped"):
            _add(outcome, [which, name, look.window], one["all"][f"{which}_share"])
    yield bound
    yield outcome
    completed, observed = gauge(figure.completed), gauge(figure.observed)
    for name, one in groups.items():
        completed.add_metric([name, look.window], one["completed"]["count"])
        for end in _ENDS:
            observed.add_metric([name, look.window, end], one["all"][end])
    yield completed
    yield observed


def _groups(look: Look, figure: Figure, group_by: str | None) -> dict[str, dict[str, Any]]:
    found = population.population(
        look.connection, figure.name, Selection(), as_of=look.as_of, window=look.window, group_by=group_by
    )
    return {group["group"]: group for group in found["groups"]}


def stages(look: Look) -> Iterator[Family]:
    """Yield how long initiatives have been in each stage, in sum."""
    [whole] = ttv.stages.stages(look.connection, Selection(), as_of=look.as_of, window=look.window, limit=0)["groups"]
    spent, entered = gauge(catalogue.STAGE_SPENT), gauge(catalogue.STAGE_ENTERED)
    for of, stage in product(("realised", "all"), ttv.stages.AWAITED):
        found = whole[of]["stages"][stage]
        _add(spent, [stage, of, look.window], found["seconds"])
        entered.add_metric([stage, of, look.window], found["count"])
    yield spent
    yield entered


def loops(look: Look) -> Iterator[Family]:
    """Yield how long the legs of the loops after shipping take."""
    [whole] = looping.loops(look.connection, Selection(), as_of=look.as_of, window=look.window)["groups"]
    yield _quantiles(catalogue.LOOP, {(leg, look.window): whole[leg] for leg in looping.LEGS})
    observed = gauge(catalogue.LOOP_OBSERVED)
    for leg, end in product(looping.LEGS, _ENDS):
        observed.add_metric([leg, look.window, end], whole[leg]["all"][end])
    yield observed


_SHARES = {
    "idea": ("idea_share", "initiatives"),
    "early": ("early_share", "with_idea"),
    "decision": ("decision_share", "decided"),
    "deploys": ("deploys_tied_share", "deploys"),
    "feedback": ("feedback_tied_share", "feedback"),
}


def coverage(look: Look) -> Iterator[Family]:
    """Yield what part of what happened the figures rest on, in all and lately, and as of when they are."""
    shares, observed = gauge(catalogue.COVERAGE), gauge(catalogue.COVERED)
    for window in dict.fromkeys((look.window, _LATELY)):
        found = covering.whole(look.connection, as_of=look.as_of, window=window)
        for of, (share, number) in _SHARES.items():
            _add(shares, [of, window], found[share])
            observed.add_metric([of, window], found[number])
    yield shares
    yield observed
    as_of = gauge(catalogue.FIGURES_AS_OF)
    as_of.add_metric([], look.as_of.timestamp())
    yield as_of


def log(look: Look) -> Iterator[Family]:
    """Yield how much there is in the log, and how much of it is tied to nothing."""
    event = store.event.c
    alive = and_(~event.deleted, event.occurred_at <= store.micros(look.as_of))
    events = gauge(catalogue.EVENTS)
    events.add_metric([], look.connection.scalar(select(func.count()).where(alive)) or 0)
    yield events
    untied_ = select(event.kind, func.count()).where(alive, untied()).group_by(event.kind)
    yield _counted(catalogue.ORPHANS, KINDS, {row[0]: row[1] for row in look.connection.execute(untied_)})


def quarantine(look: Look) -> Iterator[Family]:
    """Yield what could not be read."""
    known = look.connection.scalars(select(store.source.c.name)).all()
    yield _counted(catalogue.QUARANTINED, known, lying(look.connection))


def _counted(metric: Metric, known: Any, found: Mapping[str, int]) -> Family:
    family = gauge(metric)
    for name in sorted({*known, *found}):
        family.add_metric([name], found.get(name, 0))
    return family


_INSTANTS = {
    "attempted_at": catalogue.SOURCE_ATTEMPT,
    "succeeded_at": catalogue.SOURCE_SUCCESS,
    "looked_until": catalogue.SOURCE_CURSOR,
    "heard_at": catalogue.SOURCE_HEARD,
}


def sources(look: Look) -> Iterator[Family]:
    """Yield how each source is, and how often it is to be looked at."""
    found = look.connection.execute(select(store.source).order_by(store.source.c.name)).all()
    up = gauge(catalogue.SOURCE_UP)
    for row in found:
        known = row.succeeded_at is not None or row.error is not None
        _add(up, [row.name], row.error is None if known else None)
    yield up
    states = gauge(catalogue.SOURCE_STATE)
    for row in found:
        if row.state is not None:
            states.add_metric([row.name, row.state], 1)
    yield states
    for name, metric in _INSTANTS.items():
        family = gauge(metric)
        for row in found:
            if (when := store.instant(row._mapping[name])) is not None:
                family.add_metric([row.name], when.timestamp())
        yield family
    intervals = gauge(catalogue.SOURCE_INTERVAL)
    for source, every in sorted(look.scope.intervals.items()):
        intervals.add_metric([source], every.total_seconds())
    yield intervals
