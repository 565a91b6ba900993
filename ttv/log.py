"""The log as people see it: what is tied to nothing, what could not be read, the sources, and all of it as lines."""

from collections.abc import Iterator
from datetime import datetime
from itertools import groupby
from typing import Any

import orjson
from sqlalchemy import ColumnElement, Connection, Row, Select, and_, func, or_, select

from ttv import store
from ttv.cursors import closed, opened
from ttv.figures import claims_and_labels, untied
from ttv.store import event, initiative, link, quarantine, source

RAW_SHOWN = 65_536
"""Letters of a raw text that a list shows."""


def orphans(connection: Connection, *, limit: int = 100, cursor: str | None = None) -> dict[str, Any]:
    """List the events that reach no initiative, by source and id."""
    query = select(event).where(~event.c.deleted, untied()).order_by(event.c.source, event.c.id)
    page, after = _keyed(connection, query, (event.c.source, event.c.id), "orphans", limit=limit, cursor=cursor)
    return {"items": [event_(row) for row in page], "next": after}


def quarantined(
    connection: Connection, *, limit: int = 100, cursor: str | None = None, source: str | None = None
) -> dict[str, Any]:
    """List what could not be read, with the reason and the raw text, by source; a long text only as it begins."""
    table = quarantine.c
    names = ("source", "digest", "id", "reason", "first_at", "last_at", "times")
    begins, length = func.substr(table.raw, 1, RAW_SHOWN).label("raw"), func.length(table.raw).label("length")
    query = select(*(table[name] for name in names), begins, length).where(table.dropped_at.is_(None))
    query = query.where(table.source == source) if source else query
    key = (table.source, table.digest)
    page, after = _keyed(connection, query.order_by(*key), key, "quarantine", limit=limit, cursor=cursor)
    items = [
        {
            **{name: row._mapping[name] for name in ("source", "id", "reason", "raw", "length", "times")},
            "key": row.digest,
            "first_at": store.instant(row.first_at),
            "last_at": store.instant(row.last_at),
        }
        for row in page
    ]
    return {"items": items, "next": after}


def _keyed(
    connection: Connection,
    query: Select[Any],
    key: tuple[ColumnElement[Any], ColumnElement[Any]],
    what: str,
    *,
    limit: int,
    cursor: str | None,
) -> tuple[list[Row[Any]], str | None]:
    """Return a page of a query that is ordered by a key of two columns, and the cursor of the next one."""
    if cursor:
        place = opened(cursor, what)
        first, second = place["value"], place["key"]
        query = query.where(or_(key[0] > first, and_(key[0] == first, key[1] > second)))
    found = list(connection.execute(query.limit(limit + 1)).all())
    page = found[:limit]
    if len(found) <= limit:
        return page, None
    value, last = (page[-1]._mapping[column.key or ""] for column in key)
    return page, closed({"sort": what, "as_of": 0, "value": value, "key": last})


def event_(row: Row[Any]) -> dict[str, Any]:
    """Return a row of the log as an event of the definitions, §1."""
    return {
        **{name: row._mapping[name] for name in ("source", "id", "kind")},
        "occurred_at": store.instant(row.occurred_at),
        "subject": row.subject,
        "refs": orjson.loads(row.refs or "[]"),
        **{name: row._mapping[name] for name in ("title", "url", "actor")},
        "attributes": orjson.loads(row.attributes or "{}"),
        "by": row.by,
        "why": row.why,
    }


def sources(connection: Connection, as_of: datetime) -> dict[str, Any]:
    """List each source's health, cursor and lag."""
    instants = ("looked_until", "attempted_at", "succeeded_at", "heard_at", "census_at")
    held = select(event.c.source, func.count().label("events")).where(~event.c.deleted).group_by(event.c.source)
    events = {name: count for name, count in connection.execute(held)}  # noqa: C416  rows are not pairs to dict()
    items = []
    for row in connection.execute(select(source).order_by(source.c.name)):
        until = store.instant(row.looked_until)
        items.append(
            {
                "name": row.name,
                "connector": row.connector,
                "up": None if row.succeeded_at is None and row.error is None else row.error is None,
                **{name: store.instant(row._mapping[name]) for name in instants},
                "lag_seconds": (as_of - until).total_seconds() if until else None,
                "error": row.error,
                **{name: row._mapping[name] for name in ("message", "state", "remedy")},
                "events": events.get(row.name, 0),
            },
        )
    return {"items": items, "next": None}


def export(connection: Connection) -> Iterator[dict[str, Any]]:
    """Yield all current initiatives, links said by hand or by connectors, and events, as lines that can be imported."""
    table = initiative
    for key in connection.scalars(select(table.c.key).order_by(table.c.key)):
        yield {"initiative": _exported(connection, key)}
    by_hand = link.c.by.is_(None), link.c.why.is_(None)  # of several who say the same, the one who says why
    said = (
        select(link.c.child, link.c.parent, link.c.by, link.c.why)
        .where(link.c.event == "")
        .order_by(link.c.child, link.c.parent, *by_hand, link.c.source)
    )
    for (child, parent), rows in groupby(connection.execute(said), key=lambda row: (row.child, row.parent)):
        first = next(rows)
        yield {"link": _present({"child": child, "parent": parent, "by": first.by, "why": first.why})}
    events = select(event).where(~event.c.deleted).order_by(event.c.source, event.c.id)
    for row in connection.execution_options(yield_per=1000).execute(events):
        yield {name: value for name, value in event_(row).items() if value not in (None, [], {})}


def _exported(connection: Connection, key: str) -> dict[str, Any]:
    row = connection.execute(select(initiative).where(initiative.c.key == key)).one()
    claims, labels = claims_and_labels(connection, [key])
    own = ("key", "name", "team", "owner", "url", "direction", "evolution", "north_star_input", "by", "why")
    targets = {f"{name}_seconds": row._mapping[f"{name}_target"] for name in ("time_to_value", "rate_of_turn")}
    found = {
        **{name: row._mapping[name] for name in own},
        "claims": claims[key],
        "labels": labels[key],
        "targets": _present(targets),
    }
    return {name: value for name, value in found.items() if value not in (None, [], {})}


def _present(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}
