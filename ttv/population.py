"""Figures over many initiatives: how long it took, in groups, over a window of time."""

import re
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import ColumnElement, Connection, and_, literal, select

from ttv import store
from ttv.cursors import BadQuestion
from ttv.figures import Selection, milestones, selected
from ttv.statistics import completed
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
    """Describe a figure over the initiatives whose clock ended in the window, in groups."""
    span, at = span_of(window), store.micros(as_of)
    begin = at - span // timedelta(microseconds=1) if span else None
    group_by = group_by or DEFAULT_GROUP[figure]
    query = selected(milestones(as_of), selection)
    end = "valued_at" if figure == "time_to_value" else "decided_at"
    columns = query.selected_columns
    rows = query.with_only_columns(_group(columns, group_by), columns[end].label("end"), columns[figure].label("took"))
    groups: dict[str | None, list[int]] = {} if group_by else {"all": []}
    for name, ended, took in connection.execute(rows):
        durations = groups.setdefault(name, [])
        if ended is not None and (begin is None or ended > begin):
            durations.append(took)
    ordered = sorted(groups.items(), key=lambda group: (group[0] is None, group[0] or ""))
    return {
        "as_of": as_of,
        "window": window,
        "groups": [{"group": name, "completed": completed(durations)} for name, durations in ordered],
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
