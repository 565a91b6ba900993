"""Figures over many initiatives: how long it took, in groups, over a window of time."""

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import ColumnElement, Connection, and_, literal, select

from ttv import statistics, store
from ttv.cursors import BadQuestion
from ttv.figures import Selection, milestones, selected
from ttv.store import label

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
    groups = _groups(connection, figure, selection, group_by, as_of=as_of, window=window)
    return {
        "as_of": as_of,
        "window": window,
        "groups": [
            {"group": name, **group.said(), **({"rows": group.rows()} if rows else {})}
            for name, group in ordered(groups)
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
    groups = _groups(connection, figure, selection, group_by, as_of=as_of, window=window)
    found = []
    for name, group in ordered(groups):
        whole = statistics.curve(group.observed, group.ends)
        found.append(
            {
                "group": name,
                "all": statistics.survival(group.observed, group.ends),
                "steps": statistics.thinned(whole, steps),
                "steps_in_all": len(whole),
            }
        )
    return {"as_of": as_of, "window": window, "groups": found}


def begin_of(window: str, at: int) -> int | None:
    """Return the instant, in microseconds, after which a window that ends at another lies; None for `all`."""
    span = span_of(window)
    return at - span // timedelta(microseconds=1) if span else None


def ordered(groups: dict[str | None, Any]) -> list[tuple[str | None, Any]]:
    """Order groups by name, that of no name last."""
    return sorted(groups.items(), key=lambda group: (group[0] is None, group[0] or ""))


def _groups(
    connection: Connection, figure: Figure, selection: Selection, group_by: str | None, *, as_of: datetime, window: str
) -> dict[str | None, "_Group"]:
    """Read the durations of each group."""
    at = store.micros(as_of)
    begin = begin_of(window, at)
    group_by = group_by or DEFAULT_GROUP[figure]
    query = selected(milestones(as_of), selection)
    columns = query.selected_columns
    end = columns["valued_at" if figure == "time_to_value" else "decided_at"]
    rows = query.with_only_columns(
        group_column(columns, group_by),
        columns["key"],
        columns["idea_at"],
        end.label("end"),
        columns["stopped_at"].label("stop"),
    )
    groups: dict[str | None, _Group] = {} if group_by else {"all": _Group()}
    for name, key, idea_at, ended_at, stopped_at in connection.execute(rows):
        group = groups.setdefault(name, _Group())
        if idea_at is None:
            continue
        if ended_at is not None and (begin is None or ended_at > begin):
            group.completed.append(ended_at - idea_at)
            group.completed_keys.append(key)
        if begin is None or idea_at > begin:
            group.observe(idea_at, ended_at, stopped_at, at)
            group.observed_keys.append(key)
    return groups


@dataclass
class _Group:
    """The durations of a group, in microseconds, and whose they are."""

    completed: list[int] = field(default_factory=list)
    completed_keys: list[str] = field(default_factory=list)
    observed: list[int] = field(default_factory=list)
    observed_keys: list[str] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)

    def observe(self, idea_at: int, ended_at: int | None, stopped_at: int | None, at: int) -> None:
        """Count one in that may be open still; a clock that ended has not been stopped."""
        until, how = next(
            (when, how)
            for when, how in ((ended_at, statistics.ENDED), (stopped_at, statistics.STOPPED), (at, statistics.OPEN))
            if when is not None
        )
        self.observed.append(until - idea_at)
        self.ends.append(how)

    def said(self) -> dict[str, Any]:
        """Describe the group."""
        return {
            "completed": statistics.completed(self.completed),
            "all": statistics.survival(self.observed, self.ends),
        }

    def rows(self) -> list[dict[str, Any]]:
        """Name the initiatives of the group, how long each took, how that ended, and in which figures it counts."""
        ended = dict(zip(self.completed_keys, self.completed, strict=True))
        seen = dict(zip(self.observed_keys, zip(self.observed, self.ends, strict=True), strict=True))
        took = {**{key: (micros, statistics.ENDED) for key, micros in ended.items()}, **seen}
        return [
            {
                "key": key,
                "duration_seconds": statistics.seconds(micros),
                "end": ENDS[how],
                "completed": key in ended,
                "all": key in seen,
            }
            for key, (micros, how) in sorted(took.items(), key=lambda one: (-one[1][0], one[0]))
        ]


def group_column(columns: Any, group_by: str | None) -> ColumnElement[Any]:
    """Select the group that an initiative is in."""
    if group_by is None:
        return literal("all").label("group")
    if group_by in ("team", "direction", "evolution"):
        named: ColumnElement[Any] = columns[group_by].label("group")
        return named
    name = group_by.removeprefix("label:")
    if not name or name == group_by:
        raise BadQuestion(f"group_by: {group_by!r} is none of team, direction, evolution, label:<key>")
    mine = and_(label.c.initiative == store.initiative.c.key, label.c.name == name)
    value: ColumnElement[Any] = select(label.c.value).where(mine).scalar_subquery().label("group")
    return value
