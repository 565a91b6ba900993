"""Figures over many initiatives: how long it took, in groups, over a window of time."""

import re
from datetime import datetime, timedelta
from typing import Any, Literal

import numpy as np
from sqlalchemy import Connection

from ttv import statistics, store
from ttv.cursors import BadQuestion
from ttv.figures import Selection
from ttv.lives import NEVER, Cut, Lives, Places, chosen, grouped, lives

Figure = Literal["time_to_value", "rate_of_turn"]

DEFAULT_GROUP: dict[str, str | None] = {"time_to_value": None, "rate_of_turn": "direction"}
"""There are two ways to measure the rate of turn: top down and bottom up."""
ENDS = {statistics.OPEN: "open", statistics.ENDED: "ended", statistics.STOPPED: "stopped"}


def span_of(text: str) -> timedelta | None:
    """Read a window: `<n>d`, or None for `all`."""
    if text == "all":
        return None
    if not re.fullmatch(r"[1-9]\d{0,5}d", text):
        raise BadQuestion(f"window: {text!r} is neither a number of days like 365d nor all")
    return timedelta(days=int(text[:-1]))


def population(
    connection: Connection,
    figure: Figure,
    selection: Selection,
    *,
    as_of: datetime,
    window: str = "365d",
    group_by: str | None = None,
    rows: bool = False,
) -> dict[str, Any]:
    """Describe a figure in groups, twice: over those whose clock ended in the window, and over all that began in it.

    With `rows`, each group names the initiatives that it rests on, those that took longest first.
    """
    found = lives(connection)
    groups = _groups(connection, found, figure, selection, group_by, as_of=as_of, window=window)
    return {
        "as_of": as_of,
        "window": window,
        "groups": [
            {"group": name, **group.said(), **({"rows": group.rows(found.keys)} if rows else {})}
            for name, group in groups
        ],
    }


def curve(
    connection: Connection,
    figure: Figure,
    selection: Selection,
    *,
    as_of: datetime,
    window: str = "365d",
    group_by: str | None = None,
    steps: int = 1000,
) -> dict[str, Any]:
    """Trace what part of all has not got there after a time, in groups; a curve of more steps is thinned."""
    groups = _groups(connection, lives(connection), figure, selection, group_by, as_of=as_of, window=window)
    return {
        "as_of": as_of,
        "window": window,
        "groups": [{"group": name, **group.drawn(steps)} for name, group in groups],
    }


def begin_of(window: str, at: int) -> int | None:
    """Return the instant, in microseconds, after which a window that ends at another lies; None for `all`."""
    span = span_of(window)
    return at - span // timedelta(microseconds=1) if span else None


def _groups(
    connection: Connection,
    found: Lives,
    figure: Figure,
    selection: Selection,
    group_by: str | None,
    *,
    as_of: datetime,
    window: str,
) -> list[tuple[str | None, "Group"]]:
    """Cut the lives of each group off at an instant."""
    at = store.micros(as_of)
    cut, begin = found.cut(at), begin_of(window, at)
    places = chosen(connection, found, selection, at)
    groups = grouped(connection, found, places, group_by or DEFAULT_GROUP[figure])
    return [(name, Group(figure, cut.only(rows), rows, begin)) for name, rows in groups]


class Group:
    """How long it took the initiatives of a group, in microseconds, over what came after an instant or over all."""

    def __init__(self, figure: Figure, cut: Cut, places: Places, begin: int | None) -> None:
        ended_at = cut.valued_at if figure == "time_to_value" else cut.decided_at
        known, ended, stopped = cut.idea_at != NEVER, ended_at != NEVER, cut.stopped_at != NEVER
        begun = known if begin is None else known & (cut.idea_at > begin)
        over = known & ended if begin is None else known & ended & (ended_at > begin)
        until = np.where(ended, ended_at, np.where(stopped, cut.stopped_at, cut.at))
        ends = np.where(
            ended, np.int8(statistics.ENDED), np.where(stopped, np.int8(statistics.STOPPED), np.int8(statistics.OPEN))
        )
        self._ended, self.completed = places[over], (ended_at - cut.idea_at)[over]
        self._seen, self.observed, self.ends = places[begun], (until - cut.idea_at)[begun], ends[begun]

    def said(self) -> dict[str, Any]:
        """Describe the group."""
        return {
            "completed": statistics.completed(self.completed),
            "all": statistics.survival(self.observed, self.ends),
        }

    def drawn(self, steps: int) -> dict[str, Any]:
        """Trace the curve of the group in no more than so many steps."""
        whole = statistics.curve(self.observed, self.ends)
        return {
            "all": statistics.survival(self.observed, self.ends),
            "steps": statistics.thinned(whole, steps),
            "steps_in_all": len(whole),
        }

    def rows(self, keys: list[str]) -> list[dict[str, Any]]:
        """Name the initiatives of the group, how long each took, how that ended, and in which figures it counts."""
        ended = dict(zip(self._ended.tolist(), self.completed.tolist(), strict=True))
        seen = dict(zip(self._seen.tolist(), zip(self.observed.tolist(), self.ends.tolist(), strict=True), strict=True))
        took = {**{place: (micros, statistics.ENDED) for place, micros in ended.items()}, **seen}
        return [
            {
                "key": keys[place],
                "duration_seconds": statistics.seconds(micros),
                "end": ENDS[how],
                "completed": place in ended,
                "all": place in seen,
            }
            for place, (micros, how) in sorted(took.items(), key=lambda one: (-one[1][0], keys[one[0]]))
        ]
