"""Where the time goes over many initiatives, and what the open ones are waiting for."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Subquery, and_, case, func, select, true

from ttv import store
from ttv.figures import STAGES, Selection, milestones, selected
from ttv.population import begin_of, group_column, ordered
from ttv.statistics import SECOND, seconds

AWAITED = {"deciding": "a decision", "waiting": "a start", "building": "a ship", "sensing": "a customer's feedback"}
"""What ends each stage."""
_SETS = ("realised", "all")


def stages(
    connection: Connection,
    selection: Selection,
    *,
    as_of: datetime,
    window: str = "365d",
    group_by: str | None = None,
    limit: int = 20,
) -> dict[str, Any]:
    """Sum the stages up in groups, twice: over those that reached value in the window, and over all that began in it.

    `waiting` lists the open initiatives by stage, whatever their age, those that have been in it longest first.
    """
    whole = selected(milestones(as_of), selection)
    columns = group_column(whole.selected_columns, group_by), *whole.selected_columns
    rows = whole.with_only_columns(*columns).subquery("rows")
    begin = begin_of(window, store.micros(as_of))
    sums = select(rows.c.group, *_sums(rows, begin)).group_by(rows.c.group)
    found = {row.group: {name: _told(row._mapping, name) for name in _SETS} for row in connection.execute(sums)}
    if not found and group_by is None:
        found = {"all": {name: _told({}, name) for name in _SETS}}
    return {
        "as_of": as_of,
        "window": window,
        "groups": [{"group": name, **told} for name, told in ordered(found)],
        "waiting": _waiting(connection, rows, as_of, limit),
    }


def _sums(rows: Subquery, begin: int | None) -> Iterator[ColumnElement[Any]]:
    """Yield how many there are and how long they were in each stage: whole seconds and the rest, lest it overflow."""
    for name, end in (("realised", rows.c.valued_at), ("all", rows.c.idea_at)):
        recent = true() if begin is None else end > begin
        yield func.count(case((recent, end))).label(f"{name}_count")
        for stage in STAGES:
            took = case((and_(recent, end.is_not(None)), rows.c[f"{stage}_stage"]))
            yield func.count(took).label(f"{name}_{stage}_count")
            yield func.sum(took // SECOND).label(f"{name}_{stage}_seconds")
            yield func.sum(took % SECOND).label(f"{name}_{stage}_rest")


def _told(sums: Any, name: str) -> dict[str, Any]:
    """Describe a set of initiatives by its sums; what none of them was in is not known."""
    took = {stage: _micros(sums, f"{name}_{stage}") for stage in STAGES}
    known = [micros for micros in took.values() if micros is not None]
    total = sum(known)
    return {
        "count": sums.get(f"{name}_count", 0),
        "seconds": seconds(total) if known else None,
        "stages": {
            stage: {
                "count": sums.get(f"{name}_{stage}_count", 0),
                "seconds": seconds(micros),
                "share": None if micros is None or not total else micros / total,
            }
            for stage, micros in took.items()
        },
    }


def _micros(sums: Any, name: str) -> int | None:
    whole = sums.get(f"{name}_seconds")
    return None if whole is None else int(whole) * SECOND + int(sums[f"{name}_rest"])


def _waiting(connection: Connection, rows: Subquery, as_of: datetime, limit: int) -> list[dict[str, Any]]:
    """List the open initiatives by stage, and how many there are of each."""
    took = case(*((rows.c.state == stage, rows.c[f"{stage}_stage"]) for stage in STAGES)).label("took")
    placed = (
        select(
            *(rows.c[name] for name in ("key", "name", "team", "owner", "state", "age")),
            took,
            func.count().over(partition_by=rows.c.state).label("count"),
            func.row_number().over(partition_by=rows.c.state, order_by=(took.desc(), rows.c.key)).label("place"),
        )
        .where(rows.c.state.in_(STAGES))
        .subquery("placed")
    )
    told: dict[str, dict[str, Any]] = {
        stage: {"stage": stage, "awaits": awaited, "count": 0, "items": []} for stage, awaited in AWAITED.items()
    }
    for row in connection.execute(select(placed).where(placed.c.place <= limit).order_by(placed.c.place)):
        told[row.state]["count"] = row._mapping["count"]
        told[row.state]["items"].append(
            {
                **{name: row._mapping[name] for name in ("key", "name", "team", "owner")},
                "since": as_of - timedelta(microseconds=row.took),
                "stage_seconds": seconds(row.took),
                "age_seconds": seconds(row.age),
            }
        )
    return list(told.values())
