"""The lines of each initiative on `/metrics`, kept from page to page: no more is written anew than what is different.

Takes what a page is made of, gives all initiatives with their lines. What is known of an initiative is as of the page;
what it may expect moves with the clock alone, and is as of the last instant on schedule.
"""

from collections.abc import Callable, Collection, Iterable
from typing import Any, NamedTuple

import numpy as np
import orjson
from numpy.typing import NDArray
from prometheus_client.utils import floatToGoString
from sqlalchemy import Connection

from ttv import engines, memo, outlook, store
from ttv.changes import Touched
from ttv.figures import MILESTONES, STAGES
from ttv.lives import NEVER, Cut, Lives, lives
from ttv.outlook import TARGETS, History
from ttv.publish import catalogue
from ttv.publish.catalogue import Metric
from ttv.publish.families import Look
from ttv.statistics import SECOND
from ttv.store import initiative

number: Callable[[float], str] = floatToGoString
STANDING = (catalogue.INITIATIVE, catalogue.MILESTONE, catalogue.STAGE_SINCE, catalogue.TARGET)
"""What an initiative shows as it is."""
MOVING = (catalogue.STATUS, catalogue.CHANCE, catalogue.REMAINING)
"""What it shows of what may be expected."""


class Own(NamedTuple):
    """What an initiative says of itself."""

    name: str
    team: str | None
    direction: str
    url: str | None
    time_to_value_target: float | None
    rate_of_turn_target: float | None


def escaped(text: str | None) -> str:
    """Write the value of a label."""
    return (text or "").replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")


def line(metric: Metric) -> Callable[[tuple[str, ...], float], str]:
    """Return what writes a sample with a value for every label of a metric, in the metric's order."""
    in_order = sorted(metric.labels)
    places = [metric.labels.index(name) for name in in_order]
    form = metric.name + "{{" + ",".join(f'{name}="{{}}"' for name in in_order) + "}} {}\n"

    def written(labels: tuple[str, ...], value: float) -> str:
        return form.format(*[labels[place] for place in places], number(value))

    return written


_LINES = {metric: line(metric) for metric in (*STANDING, *MOVING)}


def owns(connection: Connection) -> dict[str, Own]:
    """Return what each initiative says of itself."""

    def renewed(known: dict[str, Own], touched: Touched) -> dict[str, Own]:
        fresh = _read(connection, touched.initiatives)
        gone = touched.initiatives - fresh.keys()
        return {**{key: own for key, own in known.items() if key not in gone}, **fresh}

    return memo.of(connection).whole(connection, "owns", lambda: _read(connection), renewed)


def _read(connection: Connection, keys: Collection[str] | None = None) -> dict[str, Own]:
    key = initiative.c.key
    columns = (key, *(initiative.c[name] for name in Own._fields))
    found = engines.columns(connection, *columns, where=None if keys is None else key.in_(keys))
    each, *values = map(orjson.loads, found)
    return {key: Own(*own) for key, *own in zip(each, *values, strict=True)}


class Each:
    """All initiatives as they were on the last page, by their place in `lives`, with their lines."""

    def __init__(self) -> None:
        self.keys: list[str] = []
        self.owns: list[Own] = []
        self.states: list[str] = []
        self.in_order: list[int] = []
        """The places in the order of the keys."""
        self.lines: dict[Metric, list[str]] = {metric: [] for metric in (*STANDING, *MOVING)}
        self.statuses: list[list[tuple[str, str]]] = []
        """How each that is open stands to its targets: pairs of figure and status."""
        self.instants: NDArray[np.int64] = np.empty((len(MILESTONES), 0), dtype=np.int64)
        self._by: object = None
        self._past: History | None = None

    def renew(self, look: Look) -> Cut:
        """Write anew what is different on a page; returns the milestones of all, in their order."""
        found, told = lives(look.connection), owns(look.connection)
        past = outlook.history(look.connection, look.scheduled)
        cut = found.cut(store.micros(look.as_of))
        mine = [told[key] for key in found.keys]
        instants = np.array([getattr(cut, name) for name in MILESTONES])
        different = self._different(found, mine, instants)
        states = cut.state()
        by = (look.scheduled, look.scope)
        if by != self._by or past is not self._past:
            different_ahead: Iterable[int] = np.flatnonzero(different | np.isin(states, STAGES)).tolist()
        else:
            different_ahead = np.flatnonzero(different).tolist()
        self._take(found, mine, instants, states.tolist())
        for place in np.flatnonzero(different).tolist():
            self._write(place, look)
        for place in different_ahead:
            self._look_ahead(place, past, look)
        self._by, self._past = by, past
        return cut

    def _different(self, found: Lives, mine: list[Own], instants: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Say which are not as they were on the last page; all if somebody has gone, so that the places are others."""
        before, now = len(self.keys), len(found.keys)
        different = np.ones(now, dtype=np.bool_)
        if before <= now and found.keys[:before] == self.keys:
            moved = (instants[:, :before] != self.instants).any(axis=0)
            renamed = [one is not other and one != other for one, other in zip(mine, self.owns, strict=False)]
            different[:before] = moved | np.array(renamed, dtype=np.bool_)
        return different

    def _take(self, found: Lives, mine: list[Own], instants: NDArray[np.int64], states: list[str]) -> None:
        if found.keys != self.keys:
            self.keys = found.keys
            self.in_order = sorted(range(len(self.keys)), key=self.keys.__getitem__)
        more = len(self.keys) - len(self.statuses)
        for lines in self.lines.values():
            del lines[len(self.keys) :]
            lines.extend([""] * more)
        del self.statuses[len(self.keys) :]
        self.statuses.extend([] for _ in range(more))
        self.owns, self.instants, self.states = mine, instants, states

    def _write(self, place: int, look: Look) -> None:
        """Write what an initiative shows as it is."""
        key, own, state = self.keys[place], self.owns[place], self.states[place]
        own_labels = (key, escaped(own.name), escaped(own.team), own.direction, state, escaped(own.url))
        at = dict(zip(MILESTONES, self.instants[:, place].tolist(), strict=True))
        write = _LINES[catalogue.MILESTONE]
        reached = [write((key, name.removesuffix("_at")), at[name] / SECOND) for name in MILESTONES if at[name] < NEVER]
        self.lines[catalogue.INITIATIVE][place] = _LINES[catalogue.INITIATIVE](own_labels, 1)
        self.lines[catalogue.MILESTONE][place] = "".join(reached)
        self.lines[catalogue.STAGE_SINCE][place] = (
            _LINES[catalogue.STAGE_SINCE]((key, state), at[MILESTONES[STAGES.index(state)]] / SECOND)
            if state in STAGES
            else ""
        )
        targets = {figure: _target(own, figure, look) for figure in TARGETS}
        write = _LINES[catalogue.TARGET]
        self.lines[catalogue.TARGET][place] = "".join(
            write((key, figure), target) for figure, target in targets.items() if target is not None
        )

    def _look_ahead(self, place: int, past: History, look: Look) -> None:
        """Write what an initiative may expect, and how it stands to its targets."""
        key, item = self.keys[place], self._item(place, look)
        is_open = item["state"] in STAGES
        found = outlook.told(past if is_open else None, item, look.scope.targets)
        standing = [(figure, one["status"]) for figure, one in found["targets"].items() if one is not None]
        self.statuses[place] = [(figure, status or "unknown") for figure, status in standing if is_open]
        write = _LINES[catalogue.STATUS]
        self.lines[catalogue.STATUS][place] = "".join(
            write((key, figure, status), 1) for figure, status in standing if status is not None
        )
        chances = {days: found[f"chance_{days}d"] for days in outlook.DAYS}
        write = _LINES[catalogue.CHANCE]
        self.lines[catalogue.CHANCE][place] = "".join(
            write((key, f"{days}d"), chance) for days, chance in chances.items() if chance is not None
        )
        remaining = found["median_remaining_seconds"]
        self.lines[catalogue.REMAINING][place] = (
            "" if remaining is None else _LINES[catalogue.REMAINING]((key,), remaining)
        )

    def _item(self, place: int, look: Look) -> dict[str, Any]:
        """Tell of an initiative what its outlook rests on, as of the schedule, or of its last step if that is later."""
        own, found = self.owns[place], self.instants[:, place].tolist()
        at = dict(zip(MILESTONES, found, strict=True))
        took = {
            f"{figure}_seconds": None if NEVER in (at["idea_at"], at[end]) else (at[end] - at["idea_at"]) / SECOND
            for figure, end in TARGETS.items()
        }
        reached = [when for when in found if when < NEVER]
        as_of = store.instant(max(store.micros(look.scheduled), *reached)) if reached else look.scheduled
        return {
            "state": self.states[place],
            "direction": own.direction,
            "as_of": as_of,
            "milestones": {name: None if when == NEVER else store.instant(when) for name, when in at.items()},
            "targets": {f"{figure}_seconds": getattr(own, f"{figure}_target") for figure in TARGETS},
            **took,
        }


def _target(own: Own, figure: str, look: Look) -> float | None:
    target: float | None = getattr(own, f"{figure}_target")
    return look.scope.targets.get(f"{figure}_seconds") if target is None else target
