"""`/metrics`: one consistent look into the database per scrape, and what this process counted of itself.

Takes a database and a clock, gives Prometheus' text or OpenMetrics. Never calls a tool outside. A part that cannot be
read is left out and counted in `ttv_exporter_errors_total`; the rest of the page stands.
"""

import logging
from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import product
from typing import Any, NamedTuple

from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily
from prometheus_client.core import Metric as Family
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

import ttv
from ttv import coverage, figures, log, population, store
from ttv.publish import catalogue
from ttv.publish.catalogue import Metric
from ttv.publish.instruments import Instruments

__all__ = ["Exporter", "Instruments"]

_logger = logging.getLogger(__name__)
_PAGE = 1000
_QUANTILES = {"0.5": "p50_seconds", "0.85": "p85_seconds", "0.95": "p95_seconds"}
_METHODS = ("completed", "all")


class Exporter:
    """The page that Prometheus reads."""

    def __init__(self, engine: Engine, now: Callable[[], datetime], *, window: str, instruments: Instruments) -> None:
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(Snapshot(engine, now, window, instruments))  # first: what breaks here, counts there
        self._registry.register(instruments)

    def page(self, accept: str) -> tuple[bytes, str]:
        """Return the page and its content type, in the format that an Accept header prefers."""
        encode, content_type = choose_encoder(accept)
        return encode(self._registry), content_type


class Snapshot(Collector):
    """The figures of one instant, read in one transaction."""

    def __init__(self, engine: Engine, now: Callable[[], datetime], window: str, instruments: Instruments) -> None:
        self._engine, self._now, self._window, self._instruments = engine, now, window, instruments
        instruments.expect_parts(("database", *PARTS))

    def collect(self) -> Iterator[Family]:
        """Yield every family that can be read."""
        yield _info(catalogue.BUILD, [{"version": ttv.__version__}])
        with self._instruments.reading():
            found = self._read()
        yield from found

    def _read(self) -> list[Family]:
        found: list[Family] = []
        try:
            with store.reading(self._engine) as connection:
                look = Look(connection, self._now(), self._window)
                for name, part in PARTS.items():
                    found += self._part(name, part, look)
        except SQLAlchemyError as error:
            self._broke("database", error)
        return found

    def _part(self, name: str, part: "Part", look: "Look") -> list[Family]:
        try:
            with look.connection.begin_nested():  # PostgreSQL gives up the whole transaction without it
                return list(part(look))
        except SQLAlchemyError as error:
            self._broke(name, error)
            return []

    def _broke(self, part: str, error: SQLAlchemyError) -> None:
        _logger.error("the part %r of /metrics could not be read: %s", part, error)
        self._instruments.broke(part)


class Look(NamedTuple):
    """What every part of the page is read with."""

    connection: Connection
    as_of: datetime
    window: str


Part = Callable[[Look], Iterator[Family]]


def _initiatives(look: Look) -> Iterator[Family]:
    info, milestones = [], _gauge(catalogue.MILESTONE)
    for one in _each_initiative(look):
        info.append(
            {
                "initiative": one["key"],
                "name": one["name"],
                "team": one["team"] or "",
                "direction": one["direction"],
                "state": one["state"],
            }
        )
        for name, when in one["milestones"].items():
            if when is not None:
                milestones.add_metric([one["key"], name.removesuffix("_at")], when.timestamp())
    yield _info(catalogue.INITIATIVE, info)
    yield milestones


def _each_initiative(look: Look) -> Iterator[dict[str, Any]]:
    cursor: str | None = None
    while True:
        page = figures.initiatives(
            look.connection, figures.Selection(), look.as_of, sort="key", limit=_PAGE, cursor=cursor
        )
        yield from page["items"]
        cursor = page["next"]
        if cursor is None:
            return


def _counts(look: Look) -> Iterator[Family]:
    counts = figures.counts(look.connection, look.as_of)
    states = _gauge(catalogue.INITIATIVES)
    for state, count in counts["states"].items():
        states.add_metric([state], count)
    yield states
    for metric, name in (
        (catalogue.EVENTS, "events"),
        (catalogue.ORPHANS, "orphans"),
        (catalogue.QUARANTINED, "quarantined"),
    ):
        family = _gauge(metric)
        family.add_metric([], counts[name])
        yield family


class Figure(NamedTuple):
    """The families of one population figure."""

    name: population.Figure
    seconds: Metric
    completed: Metric
    observed: Metric


TIME_TO_VALUE = Figure(
    "time_to_value", catalogue.TIME_TO_VALUE, catalogue.TIME_TO_VALUE_COMPLETED, catalogue.TIME_TO_VALUE_OBSERVED
)
RATE_OF_TURN = Figure(
    "rate_of_turn", catalogue.RATE_OF_TURN, catalogue.RATE_OF_TURN_COMPLETED, catalogue.RATE_OF_TURN_OBSERVED
)


def _population(look: Look, figure: Figure) -> Iterator[Family]:
    groups = _groups(look, figure, "direction")
    together = [] if population.DEFAULT_GROUP[figure.name] else _groups(look, figure, None)
    seconds = Family(figure.seconds.name, figure.seconds.help, figure.seconds.type)
    for group, method, (quantile, field) in product((*together, *groups), _METHODS, _QUANTILES.items()):
        values = (quantile, method, group["group"], look.window)
        if (value := group[method][field]) is not None:
            seconds.add_sample(seconds.name, dict(zip(figure.seconds.labels, values, strict=True)), value)
    yield seconds
    completed, observed = _gauge(figure.completed), _gauge(figure.observed)
    for group in groups:
        completed.add_metric([group["group"], look.window], group["completed"]["count"])
        for end in ("ended", "open", "stopped"):
            observed.add_metric([group["group"], look.window, end], group["all"][end])
    yield completed
    yield observed


def _groups(look: Look, figure: Figure, group_by: str | None) -> list[dict[str, Any]]:
    found = population.population(
        look.connection,
        figure.name,
        figures.Selection(),
        as_of=look.as_of,
        window=look.window,
        group_by=group_by,
    )
    groups: list[dict[str, Any]] = found["groups"]
    return groups


def _sources(look: Look) -> Iterator[Family]:
    sources = log.sources(look.connection, look.as_of)["items"]
    up = _gauge(catalogue.SOURCE_UP)
    for one in sources:
        _add(up, [one["name"]], one["up"])
    yield up
    instants = {
        "attempted_at": catalogue.SOURCE_ATTEMPT,
        "succeeded_at": catalogue.SOURCE_SUCCESS,
        "looked_until": catalogue.SOURCE_CURSOR,
    }
    for field, metric in instants.items():
        family = _gauge(metric)
        for one in sources:
            _add(family, [one["name"]], one[field] and one[field].timestamp())
        yield family


def _time_to_value(look: Look) -> Iterator[Family]:
    return _population(look, TIME_TO_VALUE)


def _rate_of_turn(look: Look) -> Iterator[Family]:
    return _population(look, RATE_OF_TURN)


_SHARES = {
    "idea": ("idea_share", "initiatives"),
    "early": ("early_share", "with_idea"),
    "decision": ("decision_share", "decided"),
    "deploys": ("deploys_tied_share", "deploys"),
    "feedback": ("feedback_tied_share", "feedback"),
}


def _coverage(look: Look) -> Iterator[Family]:
    found = coverage.whole(look.connection, as_of=look.as_of, window=look.window)
    shares, observed = _gauge(catalogue.COVERAGE), _gauge(catalogue.COVERED)
    for of, (share, number) in _SHARES.items():
        _add(shares, [of, look.window], found[share])
        observed.add_metric([of, look.window], found[number])
    yield shares
    yield observed


PARTS: dict[str, Part] = {
    "initiatives": _initiatives,
    "time_to_value": _time_to_value,
    "rate_of_turn": _rate_of_turn,
    "coverage": _coverage,
    "counts": _counts,
    "sources": _sources,
}
"""The parts of the page, each of which may break alone."""


def _gauge(metric: Metric) -> GaugeMetricFamily:
    return GaugeMetricFamily(metric.name, metric.help, labels=metric.labels)


def _info(metric: Metric, values: list[dict[str, str]]) -> InfoMetricFamily:
    family = InfoMetricFamily(metric.name.removesuffix("_info"), metric.help, labels=[])
    for value in values:
        family.add_metric([], value)
    return family


def _add(family: GaugeMetricFamily, labels: list[str], value: float | None) -> None:
    if value is not None:
        family.add_metric(labels, value)
