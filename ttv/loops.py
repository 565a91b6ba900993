"""Ship → sense → respond over many initiatives: how soon a ship is answered, and how soon the answer is acted on."""

from datetime import datetime
from typing import Any

import numpy as np
from sqlalchemy import Connection

from ttv import statistics, store
from ttv.figures import LOOP, Selection
from ttv.lives import NEVER, Cut, Mask, Micros, chosen, grouped, lives
from ttv.population import begin_of
from ttv.statistics import seconds

LEGS = {
    "ship_to_sense": ("shipped_at", "sensed_at"),
    "sense_to_respond": ("sensed_at", "responded_at"),
    "ship_to_respond": ("shipped_at", "responded_at"),
}
"""What of a loop is timed, from when until when."""


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
    found, at = lives(connection), store.micros(as_of)
    cut, begin = found.cut(at), begin_of(window, at)
    places = chosen(connection, found, selection, at)
    if key is not None:
        places = places[[found.keys[place] == key for place in places]]
    groups = []
    for name, mine in grouped(connection, found, places, group_by):
        group = _Group(found.loops[:, np.isin(found.loops[0], mine)], cut, begin)
        groups.append({"group": name, **group.said(), **({"rows": group.rows(found.keys)} if rows else {})})
    return {"as_of": as_of, "window": window, "groups": groups}


class _Group:
    """The loops of a group as of an instant, over what ended or began after another or over all."""

    def __init__(self, loops: Micros, cut: Cut, begin: int | None) -> None:
        loops = loops[:, loops[2] <= cut.at]
        self._whose, self._number = loops[:2]
        instants = (np.where(one <= cut.at, one, NEVER) for one in loops[2:])
        self._instants = dict(zip(LOOP, instants, strict=True))
        stopped_at = cut.stopped_at[self._whose]
        self._over = np.where(stopped_at == NEVER, cut.at, stopped_at)
        self._unended = np.where(stopped_at == NEVER, statistics.OPEN, statistics.STOPPED)
        self._after = -NEVER if begin is None else begin

    def said(self) -> dict[str, Any]:
        """Describe the legs."""
        return {name: self._said(name) for name in LEGS}

    def _said(self, leg: str) -> dict[str, Any]:
        begun, ended = (self._instants[name] for name in LEGS[leg])
        completed, observed = self._counted(leg)
        until = np.where(ended == NEVER, self._over, ended)
        ends = np.where(ended == NEVER, self._unended, statistics.ENDED)
        return {
            "completed": statistics.completed((ended - begun)[completed]),
            "all": statistics.survival((until - begun)[observed], ends[observed]),
        }

    def _counted(self, leg: str) -> tuple[Mask, Mask]:
        """Say which loops count as completed in a leg, and which as observed."""
        begun, ended = (self._instants[name] for name in LEGS[leg])
        return (ended != NEVER) & (ended > self._after), (begun != NEVER) & (begun > self._after)

    def rows(self, keys: list[str]) -> list[dict[str, Any]]:
        """Name the loops that count in any leg, in the order of their ships, the last first."""
        counts = np.logical_or.reduce([mask for leg in LEGS for mask in self._counted(leg)])
        columns = (self._whose, self._number, *self._instants.values())
        turns = zip(*(column[counts].tolist() for column in columns), strict=True)
        in_order = sorted(turns, key=lambda turn: (-turn[2], keys[turn[0]]))
        return [_told(keys[whose], number, instants) for whose, number, *instants in in_order]


def _told(key: str, number: int, instants: list[int]) -> dict[str, Any]:
    """Tell a loop with its times."""
    at = dict(zip(LOOP, instants, strict=True))
    took = {
        f"{leg}_seconds": None if at[ended] == NEVER else seconds(at[ended] - at[begun])
        for leg, (begun, ended) in LEGS.items()
    }
    known = {name: None if when == NEVER else store.instant(when) for name, when in at.items()}
    return {"key": key, "number": number, **known, **took}
