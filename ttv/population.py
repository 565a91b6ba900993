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
) -> dict[str, Any]:
    """Describe a figure in groups, twice: over those whose clock ended in the window, and over all that began in it."""
    span, at = span_of(window), store.micros(as_of)
    begin = at - span // timedelta(microseconds=1) if span else None
    group_by = group_by or DEFAULT_GROUP[figure]
    query = selected(milestones(as_of), selection)
    columns = query.selected_columns
    end = columns["valued_at" if figure == "time_to_value" else "decided_at"]
    rows = query.with_only_columns(
        _group(columns, group_by), columns["idea_at"], end.label("end"), columns["stopped_at"].label("stop")
    )
    groups: dict[str | None, _Group] = {} if group_by else {"all": _Group()}
    for name, idea_at, ended_at, stopped_at in connection.execute(rows):
        group = groups.setdefault(name, _Group())
        if idea_at is None:
            continue
        if ended_at is not None and (begin is None or ended_at > begin):
            group.completed.append(ended_at - idea_at)
        if begin is None or idea_at > begin:
            group.observe(idea_at, ended_at, stopped_at, at)
    ordered = sorted(groups.items(), key=lambda group: (group[0] is None, group[0] or ""))
    return {"as_of": as_of, "window": window, "groups": [{"group": name, **group.said()} for name, group in ordered]}


@dataclass
class _Group:
    """The durations of a group, in microseconds."""

    completed: list[int] = field(default_factory=list)
    observed: list[int] = field(default_factory=list)
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


def _group(columns: Any, group_by: str | None) -> ColumnElement[Any]:
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
