"""Quarantine: what could not be read, counted by cause, read again with today's program, or dropped as known junk.

A record that is read again is taken as if it came when it came last: what has been said since of the same event,
artefact or initiative stays as it is. What is taken leaves the quarantine, what still cannot be read stays there with
today's reason. What was dropped stays as well, out of every list and count, with who dropped it and why.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

import orjson
from sqlalchemy import ColumnElement, Connection, and_, func, select, tuple_

from connectors.contract import Artefact, Event, Initiative, Withdrawn
from ttv import collect, records, store
from ttv.initiatives import Change
from ttv.records import Record, Rejection
from ttv.route import Route, follow
from ttv.store import event, initiative, initiative_version, link, link_version, quarantine

_BATCH = 100
"""Records that are read again, and then taken in one transaction; each may be a megabyte."""
_TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d[\d:.]*(Z|[+-]\d\d:\d\d)?")
_NUMBER = re.compile(r"(?<![\w.])\d{3,}(?![\w.])")


class Kept(NamedTuple):
    """A record as the quarantine keeps it."""

    source: str
    digest: str
    id: str | None
    reason: str
    raw: str
    reader: str | None
    last_at: int


Reread = Callable[[Kept], Iterable[Record | Rejection] | None]
"""Reads a record again; None if it cannot be read by itself."""


@dataclass
class Retried:
    """What became of records that were read again."""

    taken: int = 0
    """Records that left the quarantine."""
    events: int = 0
    """What they said that is new or changed."""
    unread: int = 0
    """Records that still cannot be read."""
    alone: int = 0
    """Records that cannot be read by themselves: cut off, or without what reads them."""
    reasons: dict[str, int] = field(default_factory=dict)
    """Why, of those that cannot be read, and how many each."""


def _lying(source: str | None) -> ColumnElement[bool]:
    mine = quarantine.c.dropped_at.is_(None)
    return and_(mine, quarantine.c.source == source) if source else mine


def counts(connection: Connection, source: str | None = None) -> list[dict[str, Any]]:
    """Count what lies in quarantine by source and cause, the most frequent of each source first."""
    query = (
        select(
            quarantine.c.source,
            quarantine.c.reason,
            func.count().label("records"),
            func.sum(quarantine.c.times).label("times"),
            func.min(quarantine.c.first_at).label("first_at"),
            func.max(quarantine.c.last_at).label("last_at"),
        )
        .where(_lying(source))
        .group_by(quarantine.c.source, quarantine.c.reason)
    )
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for row in connection.execute(query):
        cause = _cause(row.reason)
        one = found.setdefault(
            (row.source, cause),
            {"source": row.source, "cause": cause, "records": 0, "times": 0, "first_at": row.first_at, "last_at": 0},
        )
        one["records"] += row.records
        one["times"] += int(row.times)
        one["first_at"], one["last_at"] = min(one["first_at"], row.first_at), max(one["last_at"], row.last_at)
    listed = sorted(found.values(), key=lambda one: (one["source"], -one["records"], one["cause"]))
    return [{**one, **{name: store.instant(one[name]) for name in ("first_at", "last_at")}} for one in listed]


def _cause(reason: str) -> str:
    """Take out of a reason what differs from record to record."""
    return _NUMBER.sub("…", _TIME.sub("…", reason))


def lying(connection: Connection) -> dict[str, int]:
    """Count what lies in quarantine by source."""
    query = select(quarantine.c.source, func.count()).where(_lying(None)).group_by(quarantine.c.source)
    return {name: count for name, count in connection.execute(query)}  # noqa: C416  rows are not pairs to dict()


def dropped(connection: Connection, source: str | None = None) -> int:
    """Count what was dropped."""
    mine = quarantine.c.dropped_at.is_not(None)
    found = connection.scalar(select(func.count()).where(and_(mine, quarantine.c.source == source) if source else mine))
    return found or 0


# ---- read again


def ripen(route: Route) -> Retried:
    """Take the lines that lay in the future when they came and no longer do."""
    ahead = and_(quarantine.c.reader.is_(None), quarantine.c.reason.like("%lies in the future%"))
    return retry(route, lambda kept: [as_line(kept)], only=ahead)


def as_line(kept: Kept) -> Record | Rejection:
    """Read a record again as a line of a file."""
    try:
        return records.one(0, orjson.loads(kept.raw))
    except orjson.JSONDecodeError as error:
        return Rejection(0, f"is not JSON ({error})")


def retry(
    route: Route, reread: Reread, source: str | None = None, *, only: ColumnElement[bool] | None = None
) -> Retried:
    """Read every record again, of one source or of all, the oldest first, so that the last said of a thing wins.

    A SourceError of what is asked outside goes on to the caller; what was taken before it stays taken.
    """
    retried = Retried()
    for batch in _batches(route, _lying(source) if only is None else and_(_lying(source), only)):
        _again(route, batch, reread, retried)
    return retried


def _batches(route: Route, wanted: ColumnElement[bool]) -> Iterator[list[Kept]]:
    key = (quarantine.c.last_at, quarantine.c.source, quarantine.c.digest)
    query = select(*(quarantine.c[name] for name in Kept._fields)).where(wanted).order_by(*key).limit(_BATCH)
    after = query
    while True:
        with store.reading(route.engine) as connection:
            found = [Kept(*row) for row in connection.execute(after)]
        if not found:
            return
        last = found[-1]
        after = query.where(tuple_(*key) > tuple_(last.last_at, last.source, last.digest))
        yield found


def _again(route: Route, batch: list[Kept], reread: Reread, retried: Retried) -> None:
    """Read records again, and in one transaction take what they say and tell the quarantine what became of them."""
    said: list[Record] = []
    failed: dict[int, str] = {}
    for index, kept in enumerate(batch):
        found = reread(kept)
        if found is None:
            retried.alone += 1
            failed[index] = kept.reason
            continue
        for one in found:
            if isinstance(one, Rejection):
                failed[index] = one.reason
            else:
                said.append(Record(index, kept.source, one.item, one.by, one.why))
    with store.writing(route.engine) as connection:
        at = route.now()
        current = [one for one in said if not _since(connection, one, batch[one.index].last_at)]
        outcome, change = collect.take(connection, current, at, keep=False)
        failed |= {one.index: one.reason for one in outcome.rejected}
        _leave(connection, [kept for index, kept in enumerate(batch) if index not in failed])
        _stay(connection, [(batch[index], reason) for index, reason in failed.items()])
        follow(connection, change, at, rejected=len(failed) < len(batch))
    retried.taken += len(batch) - len(failed)
    retried.unread += len(failed)
    retried.events += outcome.accepted
    for reason in map(_cause, failed.values()):
        retried.reasons[reason] = retried.reasons.get(reason, 0) + 1


def _since(connection: Connection, found: Record, last_at: int) -> bool:
    """Say whether more has been said of the same thing since a record came."""
    match found.item:
        case Event(id=id_) | Withdrawn(id=id_):
            mine = select(func.max(event.c.recorded_at)).where(event.c.source == found.source, event.c.id == id_)
            return (connection.scalar(mine) or 0) >= last_at
        case Artefact(key=key):
            return _relinked(connection, found.source, key) > last_at
        case Initiative(key=key):
            mine = select(func.max(initiative.c.recorded_at)).where(initiative.c.key == key)
            ended = select(func.max(initiative_version.c.superseded_at)).where(initiative_version.c.key == key)
            return max(connection.scalar(mine) or 0, connection.scalar(ended) or 0) > last_at
        case _:
            return False


def _relinked(connection: Connection, source: str, key: str) -> int:
    """Return when the parents of an artefact last changed, as its source says them."""
    own = [
        select(func.max(when)).where(table.c.child == key, table.c.source == source, table.c.event == "")
        for table, when in ((link, link.c.recorded_at), (link_version, link_version.c.superseded_at))
    ]
    return max(connection.scalar(query) or 0 for query in own)


def _leave(connection: Connection, taken: Iterable[Kept]) -> None:
    for kept in taken:
        connection.execute(quarantine.delete().where(_is(kept.source, kept.digest)))


def _stay(connection: Connection, failed: Iterable[tuple[Kept, str]]) -> None:
    for kept, reason in failed:
        if reason != kept.reason:
            connection.execute(quarantine.update().where(_is(kept.source, kept.digest)).values(reason=reason))


def _is(source: str, digest: str) -> Any:
    return and_(quarantine.c.source == source, quarantine.c.digest == digest)


def settle(route: Route, source: str, began: datetime) -> int:
    """Let go what a look from the beginning, begun then and ended well, found unreadable no more; returns how much.

    Only what the source's connector could not read: what was sent by hand no look brings again.
    """
    since = quarantine.c.reader.is_not(None), quarantine.c.last_at < store.micros(began)
    with store.writing(route.engine) as connection:
        count = connection.execute(quarantine.delete().where(_lying(source), *since)).rowcount
        if count:
            follow(connection, Change(), route.now(), rejected=True)
    return count


# ---- dropped


def drop(
    route: Route,
    *,
    by: str,
    why: str,
    source: str | None = None,
    reason: str | None = None,
    keys: Iterable[str] = (),
) -> int:
    """Take what is known to be junk out of every list and count: of a source, of a reason that has a text, or by key.

    In the text … is anything, as in a cause. Returns how many records. What comes again of them stays dropped.
    """
    wanted = [_lying(source)]
    if reason:
        wanted.append(quarantine.c.reason.like(_pattern(reason), escape="/"))
    if named := list(keys):
        wanted.append(quarantine.c.digest.in_(named))
    with store.writing(route.engine) as connection:
        at = route.now()
        values = {"dropped_at": store.micros(at), "by": by, "why": why}
        count = connection.execute(quarantine.update().where(*wanted).values(values)).rowcount
        if count:
            follow(connection, Change(), at, rejected=True)
    return count


def _pattern(text: str) -> str:
    """Write a text that a reason has as SQL does."""
    parts = (re.sub(r"[%_/]", r"/\g<0>", part) for part in text.split("…"))
    return f"%{'%'.join(parts)}%"
