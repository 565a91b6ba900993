"""Ship → sense → respond over many initiatives: how soon a ship is answered, and how soon the answer is acted on."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from ttv import statistics, store
from ttv.figures import Selection, milestones, selected
from ttv.population import begin_of, group_column, ordered
from ttv.statistics import seconds
from ttv.store import loop

LEGS = {
    "ship_to_sense": ("shipped_at", "sensed_at"),
    "sense_to_respond": ("sensed_at", "responded_at"),
    "ship_to_respond": ("shipped_at", "responded_at"),
}
"""What of a loop is timed, from when until when."""
_INSTANTS = ("shipped_at", "sensed_at", "responded_at")


def loops(
    connection: Connection,
    selection: Selection,
    *,
    as_of: datetime,
    window: str = "365d",
    group_by: str | None = None,
    key: str | None = None,
    rows: bool = False,
) -> dict[str, Any]:
    """Describe the legs of the loops in groups, twice: over those that ended in the window, and all that began in it.

    A leg that is open is censored at `as_of`; where the initiative was stopped before any feedback, at its stop. With
    `rows`, each group names its loops, those that ended last first. With `key`, it is about that initiative only.
    """
    at = store.micros(as_of)
    begin = begin_of(window, at)
    groups: dict[str | None, _Group] = {} if group_by else {"all": _Group()}
    for name, *one in _each(connection, selection, as_of, group_by, key):
        group = groups.setdefault(name, _Group())
        if one[2] is not None:
            group.take(_Turn(*one), begin, at)
    return {
        "as_of": as_of,
        "window": window,
        "groups": [
            {"group": name, **group.said(), **({"rows": group.rows()} if rows else {})}
            for name, group in ordered(groups)
        ],
    }


@dataclass
class _Turn:
    """One loop of an initiative as of an instant, in microseconds."""

    key: str
    number: int
    shipped_at: int
    sensed_at: int | None
    responded_at: int | None
    stopped_at: int | None

    def told(self) -> dict[str, Any]:
        """Tell the loop with its times."""
        took = {f"{leg}_seconds": seconds(self.took(leg)) for leg in LEGS}
        instants = {name: store.instant(getattr(self, name)) for name in _INSTANTS}
        return {"key": self.key, "number": self.number, **instants, **took}

    def took(self, leg: str) -> int | None:
        """Return how long a leg took, in microseconds, or None while it is open or has not begun."""
        begun, ended = (getattr(self, name) for name in LEGS[leg])
        return None if ended is None else ended - begun


@dataclass
class _Leg:
    """The durations of a leg in a group, in microseconds."""

    completed: list[int] = field(default_factory=list)
    observed: list[int] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)


@dataclass
class _Group:
    """The loops of a group."""

    turns: list[_Turn] = field(default_factory=list)
    legs: dict[str, _Leg] = field(default_factory=lambda: {name: _Leg() for name in LEGS})

    def take(self, turn: _Turn, begin: int | None, at: int) -> None:
        """Count a loop in, leg by leg."""
        counts = False
        for name, leg in self.legs.items():
            begun, ended = (getattr(turn, instant) for instant in LEGS[name])
            if ended is not None and (begin is None or ended > begin):
                leg.completed.append(ended - begun)
                counts = True
            if begun is not None and (begin is None or begun > begin):
                _observe(leg, begun, ended, turn.stopped_at, at)
                counts = True
        if counts:
            self.turns.append(turn)

    def said(self) -> dict[str, Any]:
        """Describe the legs."""
        return {
            name: {
                "completed": statistics.completed(leg.completed),
                "all": statistics.survival(leg.observed, leg.ends),
            }
            for name, leg in self.legs.items()
        }

    def rows(self) -> list[dict[str, Any]]:
        """Name the loops that count in any leg, in the order of their ships, the last first."""
        return [turn.told() for turn in sorted(self.turns, key=lambda turn: (-turn.shipped_at, turn.key))]


def _observe(leg: _Leg, begun: int, ended: int | None, stopped_at: int | None, at: int) -> None:
    until, how = (ended, statistics.ENDED) if ended is not None else (at, statistics.OPEN)
    if ended is None and stopped_at is not None:
        until, how = stopped_at, statistics.STOPPED
    leg.observed.append(until - begun)
    leg.ends.append(how)


def _each(
    connection: Connection, selection: Selection, as_of: datetime, group_by: str | None, key: str | None
) -> Iterator[Any]:
    """Yield group, key, number, the loop's instants and the initiative's stop; a loop of nulls where there is none."""
    at = store.micros(as_of)
    query = selected(milestones(as_of), selection)
    if key is not None:
        query = query.where(store.initiative.c.key == key)
    columns = query.selected_columns
    own = query.with_only_columns(
        group_column(columns, group_by), columns["key"], columns["stopped_at"].label("stopped_at")
    ).subquery("own")
    mine = (loop.c.initiative == own.c.key) & (loop.c.shipped_at <= at)
    found = select(own.c.group, own.c.key, loop.c.number, *(loop.c[name] for name in _INSTANTS), own.c.stopped_at)
    for group, owner, number, shipped_at, *later, stopped_at in connection.execute(
        found.select_from(own).outerjoin(loop, mine)
    ):
        seen = [when if when is not None and when <= at else None for when in later]
        yield group, owner, number, shipped_at, *seen, stopped_at
