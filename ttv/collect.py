"""Collect: put what came in into the log, and say what that changed.

Takes records in order of arrival; the last received wins, what it replaced stands aside. Everything here happens in
the caller's transaction. What could not be taken is a value, kept in quarantine, never an exception.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2b
from itertools import islice
from types import MappingProxyType
from typing import Any, Self, cast

import orjson
from sqlalchemy import BigInteger, Connection, Text, and_, bindparam, select

from connectors.contract import Artefact, Event, Initiative, Unread, Withdrawn
from ttv import engines, store
from ttv.initiatives import Change, Conflict, insert, put
from ttv.records import Link, Record, Rejection, faults, meaning

_SLICE = 500
"""Keys looked up by one statement."""
RAW_BYTES = 65_536
"""How much of an unreadable record the quarantine keeps."""

Ident = tuple[str, str]
"""`(source, id)` of an event."""
Version = tuple[Any, ...]
"""The values of `store.EVENT_FIELDS`."""
Words = tuple[str | None, str | None]
"""Who said it by hand, and why."""
_NOBODY: Words = (None, None)


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


def take(connection: Connection, records: Iterable[Record | Rejection], at: datetime) -> tuple[Outcome, Change]:
    """Store a batch as received at an instant; returns what became of it and what it changed."""
    outcome, change, recorded_at = Outcome(), Change(), store.micros(at)
    sorted_: dict[type, list[Record]] = {}
    for found in records:
        rejection = found if isinstance(found, Rejection) else _refused(found, at)
        if rejection:
            outcome.rejected.append(rejection)
        elif isinstance(found, Record):
            kind = Event if isinstance(found.item, Withdrawn) else type(found.item)
            sorted_.setdefault(kind, []).append(found)
    _events(connection, sorted_.get(Event, []), recorded_at, outcome, change)
    _artefacts(connection, sorted_.get(Artefact, []), recorded_at, change)
    _links(connection, sorted_.get(Link, []), recorded_at, outcome, change)
    for found in sorted_.get(Initiative, []):
        try:
            item = cast("Initiative", found.item)
            done = put(connection, item, found.source, at, change, by=found.by, why=found.why)
            outcome.count(changed=done != "same")
        except Conflict as conflict:
            outcome.rejected.append(_rejection(found, str(conflict)))
    _quarantine(connection, outcome.rejected, recorded_at)
    return outcome, change


def _refused(found: Record, at: datetime) -> Rejection | None:
    """Say why a record cannot be taken at all, or None."""
    if isinstance(found.item, Unread):
        return Rejection(found.index, found.item.reason, found.source, raw=_text(found.item.raw))
    if isinstance(found.item, Event) and (reason := faults(found.item, at)):
        return _rejection(found, reason)
    return None


def _rejection(found: Record, reason: str) -> Rejection:
    ident = getattr(found.item, "id", None) or getattr(found.item, "key", None)
    return Rejection(found.index, reason, found.source, ident, _text(found.item))


def _text(raw: object) -> str:
    text = raw if isinstance(raw, str) else orjson.dumps(raw, default=str).decode()
    return text.replace("\x00", "\N{REPLACEMENT CHARACTER}")


_COLUMNS = tuple(store.event.c.keys())
_ASIDE = ("source", "id", *store.EVENT_FIELDS, "recorded_at", "superseded_at")
_UPDATE = (
    store.event.update()
    .where(store.event.c.source == bindparam("new_source"), store.event.c.id == bindparam("new_id"))
    .values({name: bindparam(f"new_{name}") for name in _COLUMNS})
)


# ---- events


@dataclass(frozen=True, slots=True)
class _Current:
    """The current version of an event."""

    version: Version
    recorded_at: int
    meaning: str | None = None
    """What a version of this batch can do to a milestone; of no use for what was stored before."""


def _events(connection: Connection, records: list[Record], recorded_at: int, outcome: Outcome, change: Change) -> None:
    said = [(found.source, cast("Event | Withdrawn", found.item), found) for found in records]
    idents = {(source, item.id) for source, item, _ in said}
    before = {ident: _Current(*row) for ident, row in _stored(connection, idents)}
    current = dict(before)
    aside: list[tuple[Any, ...]] = []
    for source, item, found in said:
        ident, version = (source, item.id), _version(item, found.by, found.why)
        known = current.get(ident)
        if known is not None:
            if known.version == version:
                outcome.count(changed=False)
                continue
            aside.append((*ident, *known.version, known.recorded_at, recorded_at))
        outcome.count(changed=True)
        means = meaning(item.kind, item.attributes) if isinstance(item, Event) else None
        current[ident] = _Current(version, recorded_at, means)
    rows = {
        ident: (*ident, *one.version, one.meaning, one.recorded_at)
        for ident, one in current.items()
        if one is not before.get(ident)
    }
    engines.insert(connection, store.event, [row for ident, row in rows.items() if ident not in before])
    _update(connection, [row for ident, row in rows.items() if ident in before])
    insert(connection, store.event_version, [dict(zip(_ASIDE, row, strict=True)) for row in aside])
    changed = {ident: one.version for ident, one in current.items() if ident in rows}
    _lend(connection, {ident: one.version for ident, one in before.items()}, changed, recorded_at, change)


def _stored(connection: Connection, idents: Iterable[Ident]) -> Iterator[tuple[Ident, tuple[Version, int]]]:
    table = store.event
    columns = [table.c[name] for name in store.EVENT_FIELDS]
    for source, ids in _by_source(idents):
        query = select(table.c.id, table.c.recorded_at, *columns).where(table.c.source == source, table.c.id.in_(ids))
        for id_, recorded_at, *version in connection.execute(query):
            yield (source, id_), (tuple(version), recorded_at)


def _by_source(idents: Iterable[Ident]) -> Iterator[tuple[str, list[str]]]:
    grouped: dict[str, list[str]] = {}
    for source, id_ in idents:
        grouped.setdefault(source, []).append(id_)
    for source, ids in grouped.items():
        for part in batched(ids, _SLICE):
            yield source, list(part)


def _version(item: Event | Withdrawn, by: str | None, why: str | None) -> Version:
    if isinstance(item, Withdrawn):
        return (None, None, None, None, None, None, None, None, True, by, why)
    return (
        item.kind,
        store.micros(item.occurred_at),
        item.subject,
        orjson.dumps(sorted(set(item.refs))).decode() if item.refs else "[]",
        _shown(item.title),
        _shown(item.url),
        _shown(item.actor),
        orjson.dumps(dict(item.attributes), option=orjson.OPT_SORT_KEYS).decode() if item.attributes else "{}",
        False,
        by,
        why,
    )


def _shown(text: str | None) -> str | None:
    return text.replace("\x00", "\N{REPLACEMENT CHARACTER}") if text and "\x00" in text else text


def _update(connection: Connection, rows: list[tuple[Any, ...]]) -> None:
    if rows:
        connection.execute(
            _UPDATE, [{f"new_{name}": value for name, value in zip(_COLUMNS, row, strict=True)} for row in rows]
        )


# ---- links


_SUBJECT, _REFS = (store.EVENT_FIELDS.index(name) for name in ("subject", "refs"))


@dataclass(frozen=True, slots=True)
class _Edge:
    child: str
    parent: str
    source: str
    event: str = ""


def _lend(
    connection: Connection,
    before: Mapping[Ident, Version],
    changed: Mapping[Ident, Version],
    recorded_at: int,
    change: Change,
) -> None:
    """Give the graph the links of the events' refs, and take back those that they lend no more."""
    gone: set[_Edge] = set()
    come: set[_Edge] = set()
    for ident, version in changed.items():
        for known, edges in ((before.get(ident), gone), (version, come)):
            if known is not None and known[_SUBJECT] is not None:
                change.subjects.add(known[_SUBJECT])
                edges.update(_lent(ident, known))
    _relink(connection, come - gone, gone - come, recorded_at, change)


def _lent(ident: Ident, version: Version) -> set[_Edge]:
    subject, refs = version[_SUBJECT], version[_REFS]
    return {_Edge(subject, ref, *ident) for ref in orjson.loads(refs) if ref != subject} if refs != "[]" else set()


def _artefacts(connection: Connection, records: list[Record], recorded_at: int, change: Change) -> None:
    """Make the parents of each reported artefact what its source says now."""
    reported = {(found.source, item.key): item.parents for found in records for item in [cast("Artefact", found.item)]}
    known = _said(connection, reported)
    wanted = {
        _Edge(child, parent, source)
        for (source, child), parents in reported.items()
        for parent in parents
        if parent != child
    }
    _relink(connection, wanted - known.keys(), known.keys() - wanted, recorded_at, change)


def _links(connection: Connection, records: list[Record], recorded_at: int, outcome: Outcome, change: Change) -> None:
    """Add or withdraw one link after the other."""
    links = [(found.source, cast("Link", found.item), (found.by, found.why)) for found in records]
    known = _said(connection, {(source, said.child): None for source, said, _ in links})
    wanted, last = dict(known), dict(known)
    for source, said, words in links:
        edge = _Edge(said.child, said.parent, source)
        changed = edge in wanted if said.deleted else wanted.get(edge) != words
        outcome.count(changed=changed)
        if changed:
            last[edge] = words
            wanted[edge] = words
        if said.deleted:
            wanted.pop(edge, None)
    come, gone = (dict(one.items() - other.items()).keys() for one, other in ((wanted, known), (known, wanted)))
    _relink(connection, set(come), set(gone), recorded_at, change, words=last)


def _said(connection: Connection, children: Iterable[Ident]) -> dict[_Edge, Words]:
    """Return the links of some children that their sources say themselves, not by an event, and who said why."""
    table, known = store.link, dict[_Edge, Words]()
    for source, keys in _by_source(children):
        mine = and_(table.c.child.in_(keys), table.c.source == source, table.c.event == "")
        found = connection.execute(select(table.c.child, table.c.parent, table.c.by, table.c.why).where(mine))
        known |= {_Edge(child, parent, source): (by, why) for child, parent, by, why in found}
    return known


def _relink(
    connection: Connection,
    come: AbstractSet[_Edge],
    gone: AbstractSet[_Edge],
    recorded_at: int,
    change: Change,
    *,
    words: Mapping[_Edge, Words] = MappingProxyType({}),
) -> None:
    """Add and take away links; `words` says of some who wants it so, and why."""
    table = store.link
    if gone:
        key = ("child", "parent", "source", "event")
        keys = [{f"for_{name}": getattr(edge, name) for name in key} for edge in gone]
        match = and_(*(table.c[name] == bindparam(f"for_{name}") for name in key))
        kept = (*key, "recorded_at", "by", "why")
        ended = (
            bindparam("superseded_at", type_=BigInteger()),
            bindparam("ended_by", type_=Text()),
            bindparam("ended_why", type_=Text()),
        )
        aside = select(*(table.c[name] for name in kept), *ended).where(match)
        connection.execute(
            store.link_version.insert().from_select([*kept, *(one.key for one in ended)], aside),
            [
                {**for_, "superseded_at": recorded_at, "ended_by": by, "ended_why": why}
                for for_, (by, why) in zip(keys, (words.get(edge, _NOBODY) for edge in gone), strict=True)
            ],
        )
        connection.execute(table.delete().where(match), keys)
    rows = [(edge.child, edge.parent, edge.source, edge.event, recorded_at, *words.get(edge, _NOBODY)) for edge in come]
    engines.insert(connection, table, rows)
    change.artefacts |= {edge.child for edge in come | gone}


# ---- quarantine


def _quarantine(connection: Connection, rejected: Sequence[Rejection], at: int) -> None:
    """Keep what could not be taken; the same record again only counts."""
    table = store.quarantine
    for found in rejected:
        source, raw = found.source or "api", found.raw[:RAW_BYTES]
        digest = blake2b(raw.encode(), digest_size=16).hexdigest()
        same = and_(table.c.source == source, table.c.digest == digest)
        again = table.update().where(same).values(last_at=at, times=table.c.times + 1, reason=found.reason)
        if connection.execute(again).rowcount == 0:
            row = {"source": source, "digest": digest, "id": found.id, "reason": found.reason, "raw": raw}
            insert(connection, table, [{**row, "first_at": at, "last_at": at, "times": 1}])


def batched(items: Iterable[Any], size: int) -> Iterator[tuple[Any, ...]]:
    """Cut into tuples of at most so many (itertools.batched, which Python 3.11 lacks)."""
    walk = iter(items)
    while part := tuple(islice(walk, size)):
        yield part
