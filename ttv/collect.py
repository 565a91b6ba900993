"""Collect: put what came in into the log, and say what that changed.

Takes records in order of arrival; the last received wins, what it replaced stands aside. Everything here happens in
the caller's transaction. What could not be taken is a value, kept in quarantine, never an exception.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from hashlib import blake2b
from operator import itemgetter
from typing import Any, Self, cast

import orjson
from sqlalchemy import Connection, Select, and_, bindparam, exists, select

from connectors.contract import Artefact, Event, Initiative, Members, Unread, Withdrawn
from ttv import engines, links, store
from ttv.initiatives import Change, Conflict, Wanted, insert, put_all
from ttv.records import AHEAD, PLAIN, Link, Record, Rejection, faults, line, meaning
from ttv.slices import Ident, by_source

RAW_LENGTH = 1_000_000
"""Letters of an unreadable record that the quarantine keeps; one that is longer cannot be read again."""

_NOTHING = (None,) * (len(store.EVENT_FIELDS) - 3)
"""What a withdrawn event says: all but that it is, by whom and why."""


@dataclass
class Outcome:
    """What became of a batch."""

    accepted: int = 0
    duplicate: int = 0
    rejected: list[Rejection] = field(default_factory=list)

    def __iadd__(self, other: Self) -> Self:
        """Add another batch to this one."""
        self.accepted += other.accepted
        self.duplicate += other.duplicate
        self.rejected += other.rejected
        return self

    def count(self, *, changed: bool) -> None:
        """Count one record."""
        if changed:
            self.accepted += 1
        else:
            self.duplicate += 1


def take(
    connection: Connection, records: Iterable[Record | Rejection], at: datetime, *, keep: bool = True
) -> tuple[Outcome, Change]:
    """Store a batch as received at an instant; returns what became of it and what it changed.

    What cannot be taken is kept in quarantine, unless the caller does that.
    """
    outcome, change, recorded_at = Outcome(), Change(), store.micros(at)
    sorted_ = _sorted(records, at, outcome)
    _events(connection, sorted_[Event], recorded_at, outcome, change)
    links.artefacts(connection, sorted_[Artefact], recorded_at, change)
    links.members(connection, sorted_[Members], recorded_at, change)
    for changed in links.said(connection, sorted_[Link], recorded_at, change):
        outcome.count(changed=changed)
    _initiatives(connection, sorted_[Initiative], at, outcome, change)
    if keep:
        _quarantine(connection, outcome.rejected, recorded_at)
    return outcome, change


def _sorted(records: Iterable[Record | Rejection], at: datetime, outcome: Outcome) -> defaultdict[type, list[Record]]:
    """Sort records by what they bring, withdrawals with the events; what cannot be taken at all goes to the outcome."""
    sorted_: defaultdict[type, list[Record]] = defaultdict(list)
    latest, events = at + AHEAD, sorted_[Event]
    for found in records:
        if isinstance(found, Rejection):
            outcome.rejected.append(found)
            continue
        item = found.item
        if isinstance(item, Event):
            if reason := faults(item, latest):
                outcome.rejected.append(_rejection(found, reason))
            else:
                events.append(found)
        elif isinstance(item, Unread):
            raw = _text(item.raw)
            outcome.rejected.append(Rejection(found.index, item.reason, found.source, raw=raw, reader=item.reader))
        else:
            sorted_[Event if isinstance(item, Withdrawn) else type(item)].append(found)
    return sorted_


def _initiatives(connection: Connection, records: list[Record], at: datetime, outcome: Outcome, change: Change) -> None:
    wanted = [Wanted(cast("Initiative", found.item), found.source, found.by, found.why) for found in records]
    for found, done in zip(records, put_all(connection, wanted, at, change), strict=True):
        if isinstance(done, Conflict):
            outcome.rejected.append(_rejection(found, str(done)))
        else:
            outcome.count(changed=done != "same")


def _rejection(found: Record, reason: str) -> Rejection:
    ident = getattr(found.item, "id", None) or getattr(found.item, "key", None)
    return Rejection(found.index, reason, found.source, ident, _shown(line(found)))


def _text(raw: object) -> str:
    return _shown(raw if isinstance(raw, str) else orjson.dumps(raw, default=str).decode())


_COLUMNS = tuple(store.event.c.keys())
_ASIDE = ("source", "id", *store.EVENT_FIELDS, "recorded_at", "superseded_at")
_UPDATE = (
    store.event.update()
    .where(store.event.c.source == bindparam("new_source"), store.event.c.id == bindparam("new_id"))
    .values({name: bindparam(f"new_{name}") for name in _COLUMNS})
)


# ---- events

Row = tuple[Any, ...]
"""The values of an event's columns."""
_SOURCE, _ID, _SUBJECT, _REFS, _MEANING, _RECORDED_AT = (
    _COLUMNS.index(name) for name in ("source", "id", "subject", "refs", "meaning", "recorded_at")
)
_VERSION = slice(_ID + 1, _MEANING)
_MANY, _SAMPLE = 500, 20
"""More rows than so many are looked up by one statement for all, and so many are held to stand for them."""


def _events(connection: Connection, records: list[Record], recorded_at: int, outcome: Outcome, change: Change) -> None:
    rows = [_row(found, recorded_at) for found in records]
    if _insert(connection, rows):
        outcome.accepted += len(rows)
        _lend(connection, (), rows, recorded_at, change)
    else:
        _replace(connection, rows, recorded_at, outcome, change)


def _insert(connection: Connection, rows: list[Row]) -> bool:
    """Insert many rows of which none is stored; False, and nothing done, if they are few or one is, as far as seen."""
    if len(rows) <= _MANY:
        return False
    sample = {(row[_SOURCE], row[_ID]) for row in rows[:: len(rows) // _SAMPLE]}
    if any(_stored(connection, sample)):
        return False
    return engines.insert_new(connection, store.event, sorted(rows, key=itemgetter(_ID)))  # an index likes them sorted


def _replace(connection: Connection, rows: list[Row], recorded_at: int, outcome: Outcome, change: Change) -> None:
    """Hold rows against those that are stored, and keep what they replace."""
    said = _unlike(connection, rows)
    outcome.duplicate += len(rows) - len(said)
    before = {(row[_SOURCE], row[_ID]): row for row in _stored(connection, {(row[_SOURCE], row[_ID]) for row in said})}
    current = dict(before)
    aside: list[Row] = []
    for row in said:
        ident = (row[_SOURCE], row[_ID])
        known = current.get(ident)
        if known is not None:
            if known[_VERSION] == row[_VERSION]:
                outcome.count(changed=False)
                continue
            aside.append((*ident, *known[_VERSION], known[_RECORDED_AT], recorded_at))
        outcome.count(changed=True)
        current[ident] = row
    last = {ident: row for ident, row in current.items() if row is not before.get(ident)}
    engines.insert(connection, store.event, [row for ident, row in last.items() if ident not in before])
    _update(connection, [row for ident, row in last.items() if ident in before])
    insert(connection, store.event_version, [dict(zip(_ASIDE, row, strict=True)) for row in aside])
    _lend(connection, [before[ident] for ident in last.keys() & before.keys()], last.values(), recorded_at, change)


def _unlike(connection: Connection, rows: list[Row]) -> list[Row]:
    """Leave out, of many rows, those of events that are stored just so, and of which nothing else is said."""
    if len(rows) <= _MANY:
        return rows
    engines.insert(connection, store.incoming, [row[:_MEANING] for row in rows])
    others = {(source, id_) for source, id_ in connection.execute(_unlike_stored())}
    engines.clear(connection, store.incoming)
    return [row for row in rows if (row[_SOURCE], row[_ID]) in others]


@cache
def _unlike_stored() -> Select[Any]:
    came, stored = store.incoming.c, store.event.c
    same = (came[name].is_not_distinct_from(stored[name]) for name in store.EVENT_FIELDS)
    alike = exists().where(came.source == stored.source, came.id == stored.id, *same)
    return select(came.source, came.id).where(~alike)


def _stored(connection: Connection, idents: Iterable[Ident]) -> Iterator[Row]:
    table = store.event
    for source, ids in by_source(idents):
        query = select(table).where(table.c.source == source, table.c.id.in_(ids))
        for row in connection.execute(query):
            yield tuple(row)


def _row(found: Record, recorded_at: int) -> Row:
    """Return an event, or its withdrawal, as it is stored."""
    item = found.item
    if not isinstance(item, Event):
        id_ = cast("Withdrawn", item).id
        return (found.source, id_, *_NOTHING, True, found.by, found.why, None, recorded_at)
    attributes = item.attributes
    return (
        found.source,
        item.id,
        item.kind,
        store.micros(item.occurred_at),
        item.subject,
        orjson.dumps(sorted(set(item.refs))).decode() if item.refs else "[]",
        item.title and _shown(item.title),
        item.url and _shown(item.url),
        item.actor and _shown(item.actor),
        orjson.dumps(dict(attributes), option=orjson.OPT_SORT_KEYS).decode() if attributes else "{}",
        False,
        found.by,
        found.why,
        meaning(item.kind, attributes) if attributes else PLAIN[item.kind],
        recorded_at,
    )


def _shown(text: str) -> str:
    return text.replace("\x00", "\N{REPLACEMENT CHARACTER}") if "\x00" in text else text


def _update(connection: Connection, rows: list[Row]) -> None:
    if rows:
        connection.execute(
            _UPDATE, [{f"new_{name}": value for name, value in zip(_COLUMNS, row, strict=True)} for row in rows]
        )


def _lend(
    connection: Connection, before: Iterable[Row], after: Iterable[Row], recorded_at: int, change: Change
) -> None:
    """Give the graph the links of the events' refs, and take back those that they lend no more."""
    gone: set[links.Edge] = set()
    come: set[links.Edge] = set()
    for rows, edges in ((before, gone), (after, come)):
        for row in rows:
            subject = row[_SUBJECT]
            if subject is not None:
                change.subjects.add(subject)
                if row[_REFS] != "[]":
                    edges.update(_lent(row))
    links.relink(connection, come - gone, gone - come, recorded_at, change)


def _lent(row: Row) -> Iterator[links.Edge]:
    subject = row[_SUBJECT]
    return (links.Edge(subject, ref, row[_SOURCE], row[_ID]) for ref in orjson.loads(row[_REFS]) if ref != subject)


# ---- quarantine


def _quarantine(connection: Connection, rejected: Sequence[Rejection], at: int) -> None:
    """Keep what could not be taken; the same record again only counts, also of one that was dropped."""
    table = store.quarantine
    for found in rejected:
        source, raw = found.source or "api", _shown(found.raw)
        reader = found.reader if len(raw) <= RAW_LENGTH else ""
        digest = blake2b(raw.encode(), digest_size=16).hexdigest()
        same = and_(table.c.source == source, table.c.digest == digest)
        said = {"reason": found.reason, "reader": reader, "last_at": at}
        again = table.update().where(same).values(**said, times=table.c.times + 1)
        if connection.execute(again).rowcount == 0:
            row = {"source": source, "digest": digest, "id": found.id, "raw": raw[:RAW_LENGTH], **said}
            insert(connection, table, [{**row, "first_at": at, "times": 1}])
