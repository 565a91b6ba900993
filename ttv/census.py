"""Census: what is deleted in a tool is withdrawn here; a tool tells what is new, and hardly ever what is no more.

Asks a connector now and then about every artefact of its source. Events and links of those that it calls deleted are
withdrawn, and initiatives that were made of nothing else; all are kept as earlier versions, with the reason. When one
comes back, the look that hears of it brings its events back. Where suspiciously many are gone at once nothing is
withdrawn: that is rather a lost permission, and it is the source's health until somebody confirms it.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain
from typing import Any

import orjson
from sqlalchemy import Connection, Row, select, union

from connectors.contract import Artefact, Item, SourceError, Withdrawn
from ttv import store
from ttv.config import Source
from ttv.initiatives import own_claim
from ttv.records import Link, Record
from ttv.route import Route
from ttv.store import claim, event, initiative, link, source

WHY = "a census found that it is deleted in its tool"
FEW = 10
"""So many may be gone at once, and beyond them a tenth of those of their kind."""
_WHOLE = 3
"""Of so many of a kind or more, not all may be gone at once."""
_SHARE = 10
_AGAIN = timedelta(days=1)
"""One that failed, was refused or broken off is tried again after a day."""
_NAMED = 5
_NUMBER = re.compile(r"[0-9a-f]{7,}|\d+")
_OWN = own_claim("")


@dataclass(frozen=True)
class Counted:
    """What a census found."""

    asked: int
    """Artefacts that the source was asked about."""
    gone: int = 0
    """Those of them that are deleted there."""
    events: int = 0
    """What was withdrawn."""
    links: int = 0
    initiatives: int = 0


def is_able(asked: Source) -> bool:
    """Say whether a source can tell what is deleted."""
    return hasattr(asked.connector, "gone")


def is_due(route: Route, asked: Source) -> bool:
    """Say whether it is time; the first is so long after the first look as those that follow are apart."""
    if asked.census is None or not is_able(asked):
        return False
    with store.reading(route.engine) as connection:
        row = connection.execute(source.select().where(source.c.name == asked.name)).one_or_none()
    if row is None or _sees_less(row):
        return False
    if row.census_at is None:
        _mark(route, asked.name, {"census_at": store.micros(route.now())})
        return False
    pause = min(asked.census, _AGAIN) if row.census_fault else asked.census
    return route.now() - (store.instant(row.census_at) or route.now()) >= pause


def count(route: Route, asked: Source, client: Any, confirmed: int = 0) -> Counted:
    """Ask a source what is deleted there, and withdraw it; so many may be gone as somebody has confirmed.

    A SourceError, also that of too many, is recorded as the source's health and goes on to the caller.
    """
    at = route.now()
    with store.reading(route.engine) as connection:
        row = connection.execute(source.select().where(source.c.name == asked.name)).one()
        known = _artefacts(connection, asked.name)
    if _sees_less(row):
        raise SourceError(f"no census: {row.message}", state="narrowed")
    early = max((asked.census or _AGAIN) - _AGAIN, timedelta())
    _mark(route, asked.name, {"census_at": store.micros(at - early)})  # one that is broken off is due after a day
    try:
        found = asked.connector.gone(asked.settings, client, iter(known))
        gone = sorted(set(found) & set(known))
        if fault := _suspicion(asked.name, known, gone, confirmed):
            raise fault
    except SourceError as error:
        _failed(route, asked.name, error, at)
        raise
    counted = _withdraw(route, asked.name, known, gone)
    _well(route, asked.name, at)
    return counted


def _artefacts(connection: Connection, name: str) -> list[str]:
    """List what a source has spoken of, but for what is said of an initiative itself."""
    spoken = select(event.c.subject).where(event.c.source == name, ~event.c.deleted)
    linked = select(link.c.child).where(link.c.source == name, link.c.event == "")
    found = connection.scalars(union(spoken, linked))
    return sorted(key for key in found if not key.startswith(_OWN))


# ---- too many


def _suspicion(name: str, known: Collection[str], gone: Collection[str], confirmed: int) -> SourceError | None:
    """Say why so many cannot be gone, if they cannot; held against all of their kinds, such as a project's issues."""
    if len(gone) <= confirmed:
        return None
    were, are = Counter(map(_kind, known)), Counter(map(_kind, gone))
    alike = sum(were[kind] for kind in are)
    whole = [kind for kind in are if are[kind] == were[kind] >= _WHOLE]
    if not whole and len(gone) <= max(FEW, alike // _SHARE):
        return None
    named = ", ".join([*gone][:_NAMED]) + (f" and {len(gone) - _NAMED} more" if len(gone) > _NAMED else "")
    return SourceError(
        f"{len(gone)} of {alike} artefacts are gone at once, so nothing is withdrawn: {named}",
        state="narrowed",
        remedy="give the account its permission back; if they are really deleted, confirm it: "
        f"ttv sync {name} --census --confirm {len(gone)}",
    )


def _kind(artefact: str) -> str:
    return _NUMBER.sub("#", artefact)


# ---- withdrawn


def _withdraw(route: Route, name: str, known: Collection[str], gone: Collection[str]) -> Counted:
    if not gone:
        return Counted(len(known))
    deleted = set(gone)
    with store.reading(route.engine) as connection:
        events, links, initiatives = _of(connection, name, deleted)
    items: Iterable[Item | Link] = chain(
        map(Withdrawn, events), (Artefact(key, ()) for key in gone), _unlinked(links, deleted)
    )
    route.post(Record(index, name, item, why=WHY) for index, item in enumerate(items))
    for key in initiatives:
        route.delete_initiative(key, origin=name, why=WHY)
    return Counted(len(known), len(gone), len(events), len(links), len(initiatives))


def _of(
    connection: Connection, name: str, deleted: AbstractSet[str]
) -> tuple[list[str], list[tuple[str, str]], list[str]]:
    """List the events about what is deleted, the links from it and to it, and the initiatives of nothing else."""
    said = select(event.c.id, event.c.subject).where(event.c.source == name, ~event.c.deleted)
    events = [id_ for id_, subject in connection.execute(said) if subject in deleted]
    told = select(link.c.child, link.c.parent).where(link.c.source == name, link.c.event == "")
    links = [(child, parent) for child, parent in connection.execute(told) if {child, parent} & deleted]
    claims: dict[str, set[str]] = {}
    mine = select(claim.c.initiative, claim.c.artefact).join(initiative, initiative.c.key == claim.c.initiative)
    for key, artefact in connection.execute(mine.where(initiative.c.origin == name)):
        claims.setdefault(key, set()).update({artefact} - {own_claim(key)})
    return sorted(events), links, sorted(key for key, own in claims.items() if own and own <= deleted)


def _unlinked(links: Iterable[tuple[str, str]], deleted: AbstractSet[str]) -> Iterator[Link]:
    """Withdraw the links to what is deleted; those from it go with it."""
    return (Link(child, parent, deleted=True) for child, parent in links if child not in deleted)


# ---- the source's health


def _failed(route: Route, name: str, error: SourceError, at: datetime) -> None:
    fault = {"message": str(error), "state": error.state, "remedy": error.remedy}
    _mark(route, name, {**fault, "census_at": store.micros(at), "census_fault": orjson.dumps(fault).decode()})


def _well(route: Route, name: str, at: datetime) -> None:
    """Note a census that went well; what one before it said of the source's health is no longer so."""
    with store.reading(route.engine) as connection:
        row = connection.execute(source.select().where(source.c.name == name)).one()
    cleared = dict.fromkeys(("message", "state", "remedy")) if row.census_fault and row.message == _said(row) else {}
    _mark(route, name, {**cleared, "census_at": store.micros(at), "census_fault": None})


def _sees_less(row: Row[Any]) -> bool:
    """Say whether a look found that a source sees less than it did: what is hidden then looks as if it were deleted."""
    return bool(row.state == "narrowed" and row.message != _said(row))


def _said(row: Row[Any]) -> str | None:
    """Return what the last census could not do."""
    return orjson.loads(row.census_fault)["message"] if row.census_fault else None


def _mark(route: Route, name: str, values: dict[str, Any]) -> None:
    with store.writing(route.engine) as connection:
        connection.execute(source.update().where(source.c.name == name).values(values))
        store.changed(connection, "sources", route.now())


def words(counted: Counted) -> str:
    """Say what a census found."""
    if not counted.gone:
        return f"nothing is deleted of {counted.asked:,} artefacts"
    parts = {"event": counted.events, "link": counted.links, "initiative": counted.initiatives}
    told = [f"{count:,} {noun}{'s' if count > 1 else ''}" for noun, count in parts.items() if count]
    return f"{counted.gone:,} of {counted.asked:,} artefacts are deleted; withdrawn: {', '.join(told) or 'nothing'}"
