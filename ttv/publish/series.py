"""The part of `/metrics` that has series for each initiative, and what is counted over all of them on the way.

Their lines are written here and not by the library, which takes six times as long for what are most of the lines of the
page; they are the same to the byte.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import product
from typing import NamedTuple

import numpy as np
from prometheus_client.core import GaugeHistogramMetricFamily
from prometheus_client.core import Metric as Family

from ttv import population, statistics, store
from ttv.figures import STATES
from ttv.lives import NEVER, Cut, Micros
from ttv.outlook import TARGETS
from ttv.publish import catalogue
from ttv.publish.catalogue import Metric
from ttv.publish.each import MOVING, STANDING, Each, number
from ttv.publish.families import Look, Scope, gauge, info

_DAY = 86_400
BOUNDS = tuple(days * _DAY for days in (1, 2, 3, 5, 7, 10, 14, 21, 30, 45, 60, 90, 120, 180, 270, 365, 545, 730))
"""Upper bounds of the distributions, in seconds."""
_OTHER = "other"
"""What the teams beyond the most are called together."""


class Lines(NamedTuple):
    """A family whose samples are written already, alike in every format."""

    family: Family
    text: str


def written(metric: Metric, lines: Iterable[str]) -> Lines:
    """Put lines of a metric together."""
    return Lines(info(metric) if metric.type == "info" else gauge(metric), "".join(lines))


def initiatives(look: Look) -> Iterator[Family | Lines]:
    """Yield the series of each initiative that is open or ended not long ago, and the sums over all."""
    kept = {} if look.kept is None else look.kept
    each: Each = kept.setdefault("each", Each())
    cut = each.renew(look)
    shown = _shown(each, cut, look)
    for metric in (*STANDING, *MOVING):
        lines = each.lines[metric]
        yield written(metric, (lines[place] for place in shown))
    yield _standing(each)
    yield _series(len(shown), len(each.keys))
    teams = _teams(each, look.scope.teams)
    yield _states(each, teams)
    yield _default_targets(look.scope)
    for end, metric in (("valued_at", catalogue.TIME_TO_VALUE_SPREAD), ("decided_at", catalogue.RATE_OF_TURN_SPREAD)):
        yield _spread(metric, each, (cut.idea_at, getattr(cut, end)), look, teams)


def _shown(each: Each, cut: Cut, look: Look) -> list[int]:
    """Pick what has series of its own, in the order of the keys: first what is open, then what ended last."""
    since = store.micros(look.as_of - look.scope.recent)
    ends = np.where(cut.valued_at == NEVER, cut.stopped_at, cut.valued_at)  # of what is open later than of all
    fresh = ends > since
    if np.count_nonzero(fresh) > look.scope.most:
        last = sorted(np.flatnonzero(fresh).tolist(), key=lambda place: (-ends[place], each.keys[place]))
        fresh[last[look.scope.most :]] = False
    is_fresh = fresh.tolist()
    return [place for place in each.in_order if is_fresh[place]]


def _series(own: int, all_: int) -> Family:
    family = gauge(catalogue.SERIES)
    family.add_metric(["own"], own)
    family.add_metric(["none"], all_ - own)
    return family


def _teams(each: Each, most: int) -> dict[str | None, str]:
    """Say under which name each team is counted: those with most initiatives under their own, the rest together."""
    counted = Counter(own.team for own in each.owns)
    ordered = sorted(counted, key=lambda team: (-counted[team], team or ""))
    return {team: (team or "") if place < most else _OTHER for place, team in enumerate(ordered)}


def _states(each: Each, teams: Mapping[str | None, str]) -> Family:
    """Count by state, team and direction; of the teams and directions that there are, none is 0."""
    counted = Counter(
        (teams[own.team], own.direction, state) for own, state in zip(each.owns, each.states, strict=True)
    )
    family = gauge(catalogue.INITIATIVES)
    for (team, direction), state in product(sorted({one[:2] for one in counted}), STATES):
        family.add_metric([state, team, direction], counted[team, direction, state])
    return family


def _default_targets(scope: Scope) -> Family:
    family = gauge(catalogue.DEFAULT_TARGET)
    for figure in TARGETS:
        if (target := scope.targets.get(f"{figure}_seconds")) is not None:
            family.add_metric([figure], target)
    return family


def _spread(
    metric: Metric, each: Each, clock: tuple[Micros, Micros], look: Look, teams: Mapping[str | None, str]
) -> Family:
    """Count what ended in the window into buckets, by team and direction; the clock is when each began and ended."""
    idea_at, ended_at = clock
    begin = population.begin_of(look.window, store.micros(look.as_of))
    mine = (ended_at != NEVER) & (idea_at != NEVER) & (ended_at > (-NEVER if begin is None else begin))
    took = (ended_at - idea_at)[mine] / statistics.SECOND
    falls = np.searchsorted(BOUNDS, took)
    groups: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
    for number_, place in enumerate(np.flatnonzero(mine).tolist()):
        own = each.owns[place]
        groups[teams[own.team], own.direction].append(number_)
    family = GaugeHistogramMetricFamily(metric.name, metric.help, labels=metric.labels)
    bounds = (*map(number, BOUNDS), "+Inf")
    for (team, direction), members in sorted(groups.items()):
        counts = np.bincount(falls[members], minlength=len(bounds)).cumsum().tolist()
        buckets = list(zip(bounds, counts, strict=True))
        family.add_metric([team, direction, look.window], buckets, sum(took[members].tolist()))
    return family


def _standing(each: Each) -> Family:
    """Count what is open by how it stands to its target; where one figure has targets, no initiative is 0."""
    counted = Counter(
        (figure, status, own.direction)
        for own, statuses in zip(each.owns, each.statuses, strict=True)
        for figure, status in statuses
    )
    family = gauge(catalogue.BY_TARGET)
    pairs = sorted({(figure, direction) for figure, _, direction in counted})
    for (figure, direction), status in product(pairs, ("on_track", "at_risk", "missed", "met", "unknown")):
        family.add_metric([figure, status, direction], counted[figure, status, direction])
    return family
