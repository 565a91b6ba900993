"""What was known at an instant: the log as it was believed then, in a store of its own, with its ties and milestones.

The store is an SQLite in memory, filled from the rows that had been recorded by then and not superseded yet, traced and
measured by the same statements as any other. Questions as of today's knowledge never come here.
"""

import weakref
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from threading import Lock
from typing import Any

import orjson
from sqlalchemy import ColumnElement, Connection, Engine, Row, Select, Table, and_, func, literal, select

from connectors.contract import Initiative
from ttv import engines, initiatives, store
from ttv.cursors import BadQuestion
from ttv.records import meaning
from ttv.route import rebuild
from ttv.slices import batched
from ttv.store import claim, event, event_version, initiative, initiative_version, label, link, link_version

MOST = 1_000_000
"""Events and versions of events that are brought back; a longer log would take too long and too much memory."""
LAST = 4
"""Instants that are remembered."""
SETTLED = timedelta(minutes=10)
"""What is so old, nothing that is still being written can belong to any more: only such instants are remembered."""

_SLICE = 5_000


class Known:
    """Answers what was known, of one database; remembers the last few instants that were asked for."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._kept: OrderedDict[int, tuple[Engine, int]] = OrderedDict()
        self._lock = Lock()
        weakref.finalize(self, _forget, self._kept)

    @contextmanager
    def at(self, known_at: datetime, now: datetime) -> Iterator[Connection]:
        """Open a read transaction on what was known at an instant; BadQuestion if that is too much to bring back.

        One question at a time: a scratch store has one connection.
        """
        with self._lock:
            instant = store.micros(known_at)
            found = self._kept.pop(instant, None) or self._made(instant)
            settled = now - known_at >= SETTLED
            try:
                with store.reading(found[0]) as connection:
                    yield connection
            finally:
                if settled:
                    self._keep(instant, found)
                else:
                    found[0].dispose()

    def _made(self, instant: int) -> tuple[Engine, int]:
        with ExitStack() as at_failure:
            made = scratch()
            at_failure.callback(made.dispose)
            with store.reading(self._engine) as connection, store.writing(made) as filled:
                size = _size(connection, instant)
                fill(filled, connection, instant)
            at_failure.pop_all()
        return made, size

    def _keep(self, instant: int, found: tuple[Engine, int]) -> None:
        """Remember a store, and forget the ones that were not asked for the longest."""
        self._kept[instant] = found
        while len(self._kept) > 1 and (len(self._kept) > LAST or sum(size for _, size in self._kept.values()) > MOST):
            self._kept.popitem(last=False)[1][0].dispose()


def _forget(kept: OrderedDict[int, tuple[Engine, int]]) -> None:
    while kept:
        kept.popitem()[1][0].dispose()


def scratch() -> Engine:
    """Make an empty store in memory, of one connection; it goes when the engine is disposed of."""
    made = engines.memory(store.work.tables.values())
    with store.writing(made) as connection:
        store.metadata.create_all(connection)
    return made


def fill(scratch: Connection, connection: Connection, known_at: int | None = None) -> None:
    """Fill a scratch store with the log as it was known at an instant, or as it is, and trace and measure it."""
    for table, rows in (
        (event, _events(connection, known_at)),
        (link, _links(connection, known_at)),
    ):
        # Where a clock was set back, two versions of one thing may claim an instant: the later one is believed.
        statement = table.insert().prefix_with("OR REPLACE")
        for part in batched(rows, _SLICE):
            scratch.execute(statement, list(part))
    _initiatives(scratch, connection, known_at)
    rebuild(scratch)


def _size(connection: Connection, known_at: int) -> int:
    """Count what is to be brought back; BadQuestion if it is too much."""
    total = 0
    for table in (event, event_version):
        some = select(literal(1)).where(_believed(table, known_at)).limit(MOST + 1).subquery()
        total += connection.scalar(select(func.count()).select_from(some)) or 0
    if total > MOST:
        raise BadQuestion(
            f"known_at: what was known then was more than {MOST:,} events, too many to bring back; "
            "leave it out to ask what is known today"
        )
    return total


def _believed(table: Table, known_at: int | None) -> ColumnElement[bool]:
    """Say of a row that it was believed at an instant; versions at no other."""
    if known_at is None:
        return literal("superseded_at" not in table.c)
    recorded = table.c.recorded_at <= known_at
    return and_(recorded, table.c.superseded_at > known_at) if "superseded_at" in table.c else recorded


def _rows(connection: Connection, table: Table, columns: Iterable[str], known_at: int | None) -> Iterator[Row[Any]]:
    query: Select[Any] = select(*(table.c[name] for name in columns)).where(_believed(table, known_at))
    if "number" in table.c:
        query = query.order_by(table.c.number)
    return iter(connection.execute(query.execution_options(yield_per=_SLICE)))


def _events(connection: Connection, known_at: int | None) -> Iterator[dict[str, Any]]:
    names = ("source", "id", *store.EVENT_FIELDS, "recorded_at")
    for row in _rows(connection, event_version, names, known_at):
        means = None if row.deleted else meaning(row.kind, orjson.loads(row.attributes))
        yield {**row._mapping, "meaning": means}
    for row in _rows(connection, event, event.c.keys(), known_at):
        yield dict(row._mapping)


def _links(connection: Connection, known_at: int | None) -> Iterator[dict[str, Any]]:
    for table in (link_version, link):
        for row in _rows(connection, table, link.c.keys(), known_at):
            yield dict(row._mapping)


def _initiatives(scratch: Connection, connection: Connection, known_at: int | None) -> None:
    """Copy the initiatives that stand since then, with claims and labels, and lay those that have been replaced."""
    for table, key in ((initiative, initiative.c.key), (claim, claim.c.initiative), (label, label.c.initiative)):
        standing = select(initiative.c.key).where(_believed(initiative, known_at))
        rows = connection.execute(select(table).where(key.in_(standing)).execution_options(yield_per=_SLICE))
        for part in batched(rows, _SLICE):
            engines.insert(scratch, table, [tuple(row) for row in part])
    names = ("key", "body", "recorded_at", "by", "why")
    earlier = {row.key: row for row in _rows(connection, initiative_version, names, known_at)}
    standing_keys = set(scratch.scalars(select(initiative.c.key))) if earlier else set()
    for part in batched((row for key, row in earlier.items() if key not in standing_keys), _SLICE):
        initiatives.lay(scratch, [_laid(row) for row in part])


def _laid(row: Row[Any]) -> tuple[Initiative, dict[str, Any]]:
    body = orjson.loads(row.body)
    said = {"origin": body.pop("origin"), "recorded_at": row.recorded_at, "by": row.by, "why": row.why}
    return Initiative(**{**body, "claims": tuple(body["claims"])}), said
