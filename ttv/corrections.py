"""What was known otherwise before: the versions of an event and of an initiative, the newest first.

A version has `recorded_at`, since when it was believed, and `superseded_at`, until when; null while it stands.
"""

from typing import Any

import orjson
from sqlalchemy import Connection, Row, Select, Table, select

from ttv import store
from ttv.cursors import closed, opened
from ttv.initiatives import stored
from ttv.log import event_
from ttv.store import event, event_version, initiative, initiative_version

_SORT = "versions"


def of_event(
    connection: Connection, source: str, id_: str, *, limit: int = 100, cursor: str | None = None
) -> dict[str, Any] | None:
    """List the versions of an event, a page at a time; None if none was ever there.

    A withdrawal is a version too: `deleted`, with all that it withdrew null.
    """
    table = event_version
    earlier = select(table).where(table.c.source == source, table.c.id == id_)
    now = select(event).where(event.c.source == source, event.c.id == id_)
    items = [] if cursor else [_event(row, None) for row in connection.execute(now)]
    rows, after = _page(connection, earlier, table, limit - len(items), cursor)
    items += [_event(row, row.superseded_at) for row in rows]
    return {"items": items, "next": after} if items or cursor else None


def of_initiative(
    connection: Connection, key: str, *, limit: int = 100, cursor: str | None = None
) -> dict[str, Any] | None:
    """List the versions of an initiative, a page at a time; None if none was ever there.

    `ended_by` and `ended_why` say who replaced or removed it by hand, and why.
    """
    table = initiative_version
    items = [] if cursor else _standing(connection, key)
    rows, after = _page(connection, select(table).where(table.c.key == key), table, limit - len(items), cursor)
    items += [_initiative(orjson.loads(row.body), row, row.superseded_at) for row in rows]
    return {"items": items, "next": after} if items or cursor else None


def _page(
    connection: Connection, query: Select[Any], table: Table, limit: int, cursor: str | None
) -> tuple[list[Row[Any]], str | None]:
    if cursor:
        query = query.where(table.c.number < opened(cursor, _SORT)["value"])
    rows = list(connection.execute(query.order_by(table.c.number.desc()).limit(limit + 1)))
    if len(rows) <= limit:
        return rows, None
    last = rows[limit - 1].number if limit else rows[0].number + 1
    return rows[:limit], closed({"sort": _SORT, "as_of": 0, "value": last, "key": ""})


def _event(row: Row[Any], superseded_at: int | None) -> dict[str, Any]:
    return {**event_(row), "deleted": row.deleted, **_times(row, superseded_at)}


def _standing(connection: Connection, key: str) -> list[dict[str, Any]]:
    """Return the version of an initiative that stands, if there is one."""
    known = stored(connection, key)
    if known is None:
        return []
    body = {name: getattr(known[0], name) for name in known[0].__dataclass_fields__}
    row = connection.execute(select(initiative).where(initiative.c.key == key)).one()
    return [_initiative({**body, "origin": known[1]}, row, None)]


def _initiative(body: dict[str, Any], row: Row[Any], superseded_at: int | None) -> dict[str, Any]:
    targets = {f"{name}_seconds": body["targets"].get(f"{name}_seconds") for name in ("time_to_value", "rate_of_turn")}
    ended = {name: row._mapping.get(name) for name in ("ended_by", "ended_why")}
    said = {"by": row.by, "why": row.why, **_times(row, superseded_at), **ended}
    return {**body, "claims": list(body["claims"]), "targets": targets, **said}


def _times(row: Row[Any], superseded_at: int | None) -> dict[str, Any]:
    return {"recorded_at": store.instant(row.recorded_at), "superseded_at": store.instant(superseded_at)}
