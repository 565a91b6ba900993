"""The part of `/metrics` that has series for each initiative, and what is counted over all of them on the way.

All initiatives are read by one statement. Their lines are written here and not by the library, which takes six times as
long for what are most of the lines of the page; they are the same to the byte.
"""

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import accumulate, product
from typing import Any, NamedTuple

from prometheus_client.core import GaugeHistogramMetricFamily
from prometheus_client.core import Metric as Family
from prometheus_client.utils import floatToGoString
from sqlalchemy import Row

from ttv import outlook, population, statistics, store
from ttv.figures import MILESTONES, STAGES, STATES, milestones
from ttv.publish import catalogue
from ttv.publish.catalogue import Metric
from ttv.publish.families import Look, Scope, gauge, info

_number: Callable[[float], str] = floatToGoString
_DAY = 86_400
BOUNDS = tuple(days * _DAY for days in (1, 2, 3, 5, 7, 10, 14, 21, 30, 45, 60, 90, 120, 180, 270, 365, 545, 730))
"""Upper bounds of the distributions, in seconds."""
_OTHER = "other"
"""What the teams beyond the most are called together."""
_COLUMNS = ("key", "name", "team", "direction", "url", "state", "time_to_value_target", "rate_of_turn_target")
_FIGURES = {"time_to_value": "valued_at", "rate_of_turn": "decided_at"}


class Lines(NamedTuple):
    """A family whose samples are written already, alike in every format."""

    family: Family
    text: str


def written(metric: Metric, samples: Iterable[tuple[tuple[str, ...], float]]) -> Lines:
    """Write samples, each of which has a value for every label of a metric, in the metric's order."""
    in_order = sorted(metric.labels)
    places = [metric.labels.index(name) for name in in_order]
    begin = f'{metric.name}{{{in_order[0]}="' if in_order else metric.name
    between = [f'",{name}="' for name in in_order[1:]]
    parts = []
    for labels, value in samples:
        named = [labels[places[0]]]
        for place, label in zip(places[1:], between, strict=True):
            named += (label, labels[place])
        parts.append(f'{begin}{"".join(named)}"}} {_number(value)}\n')
    family = info(metric) if metric.type == "info" else gauge(metric)
    return Lines(family, "".join(parts))


def escaped(text: str | None) -> str:
    """Write the value of a label."""
    return (text or "").replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")


def initiatives(look: Look) -> Iterator[Family | Lines]:
    """Yield the series of each initiative that is open or ended not long ago, and the sums over all."""
    rows = _read(look)
    shown = _shown(rows, look)
    yield written(catalogue.INITIATIVE, ((_who(row), 1) for row in shown))
    yield written(
        catalogue.MILESTONE,
        (
            ((row.key, name.removesuffix("_at")), when / statistics.SECOND)
            for row in shown
            for name in MILESTONES
            if (when := row._mapping[name]) is not None
        ),
    )
    yield written(
        catalogue.STAGE_SINCE,
        (
            ((row.key, row.state), row._mapping[MILESTONES[STAGES.index(row.state)]] / statistics.SECOND)
            for row in shown
            if row.state in STAGES
        ),
    )
    yield from _ahead(rows, {row.key for row in shown}, look)
    yield _series(len(shown), len(rows))
    teams = _teams(rows, look.scope.teams)
    yield _states(rows, teams)
    yield _default_targets(look.scope)
    for figure, metric in zip(_FIGURES, (catalogue.TIME_TO_VALUE_SPREAD, catalogue.RATE_OF_TURN_SPREAD), strict=True):
        yield _spread(metric, rows, _FIGURES[figure], look, teams)


def _read(look: Look) -> list[Row[Any]]:
    query = milestones(look.as_of)
    wanted = [query.selected_columns[name] for name in (*_COLUMNS, *MILESTONES)]
    return list(look.connection.execute(query.with_only_columns(*wanted).order_by(query.selected_columns["key"])))


def _shown(rows: list[Row[Any]], look: Look) -> list[Row[Any]]:
    """Pick what has series of its own: first what is open, then what ended last."""
    since = store.micros(look.as_of - look.scope.recent)
    fresh = [(-(_end(row) or 2**63), row.key, row) for row in rows if (_end(row) or since + 1) > since]
    if len(fresh) > look.scope.most:
        fresh = sorted(fresh, key=lambda one: one[:2])[: look.scope.most]
        fresh.sort(key=lambda one: one[1])
    return [row for *_, row in fresh]


def _end(row: Row[Any]) -> int | None:
    end: int | None = row.stopped_at if row.valued_at is None else row.valued_at
    return end


def _who(row: Row[Any]) -> tuple[str, ...]:
    return row.key, escaped(row.name), escaped(row.team), row.direction, row.state, escaped(row.url)


def _series(own: int, all_: int) -> Family:
    family = gauge(catalogue.SERIES)
    family.add_metric(["own"], own)
    family.add_metric(["none"], all_ - own)
    return family


def _teams(rows: list[Row[Any]], most: int) -> dict[str | None, str]:
    """Say under which name each team is counted: those with most initiatives under their own, the rest together."""
    counted = Counter(row.team for row in rows)
    ordered = sorted(counted, key=lambda team: (-counted[team], team or ""))
    return {team: (team or "") if place < most else _OTHER for place, team in enumerate(ordered)}


def _states(rows: list[Row[Any]], teams: Mapping[str | None, str]) -> Family:
    """Count by state, team and direction; of the teams and directions that there are, none is 0."""
    counted = Counter((teams[row.team], row.direction, row.state) for row in rows)
    family = gauge(catalogue.INITIATIVES)
    for (team, direction), state in product(sorted({one[:2] for one in counted}), STATES):
        family.add_metric([state, team, direction], counted[team, direction, state])
    return family


def _default_targets(scope: Scope) -> Family:
    family = gauge(catalogue.DEFAULT_TARGET)
    for figure in _FIGURES:
        if (target := scope.targets.get(f"{figure}_seconds")) is not None:
            family.add_metric([figure], target)
    return family


def _spread(metric: Metric, rows: list[Row[Any]], end: str, look: Look, teams: Mapping[str | None, str]) -> Family:
    """Count what ended in the window into buckets, by team and direction."""
    begin = population.begin_of(look.window, store.micros(look.as_of))
    took: defaultdict[tuple[str, str], list[float]] = defaultdict(list)
    for row in rows:
        ended = row._mapping[end]
        if ended is not None and (begin is None or ended > begin):
            took[teams[row.team], row.direction].append((ended - row.idea_at) / statistics.SECOND)
    family = GaugeHistogramMetricFamily(metric.name, metric.help, labels=metric.labels)
    for (team, direction), seconds in sorted(took.items()):
        falls = Counter(bisect_left(BOUNDS, one) for one in seconds)
        counts = accumulate(falls[number] for number in range(len(BOUNDS) + 1))
        bounds = (*(_number(bound) for bound in BOUNDS), "+Inf")
        family.add_metric([team, direction, look.window], list(zip(bounds, counts, strict=True)), sum(seconds))
    return family


# ---- what lies ahead


def _ahead(rows: list[Row[Any]], shown: set[str], look: Look) -> Iterator[Family | Lines]:
    """Yield targets, how each initiative stands to them, and what the open ones may expect."""
    told: dict[Metric, list[tuple[tuple[str, ...], float]]] = {
        metric: [] for metric in (catalogue.TARGET, catalogue.STATUS, catalogue.CHANCE, catalogue.REMAINING)
    }
    standing: Counter[tuple[str, str, str]] = Counter()
    for row in rows:
        is_open, is_shown = row.state in STAGES, row.key in shown
        if not (is_open or is_shown):
            continue
        found = outlook.outlook(look.connection, _item(row, look), look.scope.targets)
        if is_shown:
            _tell(row.key, found, told)
        for figure, target in found["targets"].items():
            if is_open and target is not None:
                standing[figure, target["status"] or "unknown", row.direction] += 1
    for metric, samples in told.items():
        yield written(metric, samples)
    yield _standing(standing)


def _item(row: Row[Any], look: Look) -> dict[str, Any]:
    """Tell of an initiative what its outlook rests on."""
    instants = {name: store.instant(row._mapping[name]) for name in MILESTONES}
    took = {
        f"{figure}_seconds": None
        if row.idea_at is None or row._mapping[end] is None
        else (row._mapping[end] - row.idea_at) / statistics.SECOND
        for figure, end in _FIGURES.items()
    }
    targets = {f"{figure}_seconds": row._mapping[f"{figure}_target"] for figure in _FIGURES}
    own = {"state": row.state, "direction": row.direction, "as_of": look.as_of}
    return {**own, **took, "milestones": instants, "targets": targets}


def _tell(key: str, found: Mapping[str, Any], told: Mapping[Metric, list[tuple[tuple[str, ...], float]]]) -> None:
    for figure, target in found["targets"].items():
        if target is not None:
            told[catalogue.TARGET].append(((key, figure), target["target_seconds"]))
            if target["status"] is not None:
                told[catalogue.STATUS].append(((key, figure, target["status"]), 1))
    for days in outlook.DAYS:
        if (chance := found[f"chance_{days}d"]) is not None:
            told[catalogue.CHANCE].append(((key, f"{days}d"), chance))
    if (remaining := found["median_remaining_seconds"]) is not None:
        told[catalogue.REMAINING].append(((key,), remaining))


def _standing(counted: Mapping[tuple[str, str, str], int]) -> Family:
    """Count what is open by how it stands to its target; where one figure has targets, no initiative is 0."""
    family = gauge(catalogue.BY_TARGET)
    pairs = sorted({(figure, direction) for figure, _, direction in counted})
    for (figure, direction), status in product(pairs, ("on_track", "at_risk", "missed", "met", "unknown")):
        family.add_metric([figure, status, direction], counted.get((figure, status, direction), 0))
    return family
