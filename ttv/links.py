"""Links, child → parent: lent by events, reported of artefacts and groups by their source, or said by hand.

What is withdrawn stands aside, with who wants it so, and why. Everything happens in the caller's transaction.
"""

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from types import MappingProxyType
from typing import NamedTuple, cast

from sqlalchemy import BigInteger, Connection, Text, and_, bindparam, select

from connectors.contract import Artefact, Members
from ttv import engines, store
from ttv.initiatives import Change
from ttv.records import Link, Record
from ttv.slices import Ident, by_source

Words = tuple[str | None, str | None]
"""Who said it by hand, and why."""
_NOBODY: Words = (None, None)


class Edge(NamedTuple):
    """One child → parent, and who says it: a source, or one of its events."""

    child: str
    parent: str
    source: str
    event: str = ""
    """The id of the event that lends it, or empty."""


def artefacts(connection: Connection, records: list[Record], recorded_at: int, change: Change) -> None:
    """Make the parents of each reported artefact what its source says now."""
    reported = {(found.source, item.key): item.parents for found in records for item in [cast("Artefact", found.item)]}
    words = {(found.source, cast("Artefact", found.item).key): (found.by, found.why) for found in records if found.why}
    known = _said(connection, reported)
    wanted = {
        Edge(child, parent, source)
        for (source, child), parents in reported.items()
        for parent in parents
        if parent != child
    }
    gone = known.keys() - wanted
    why = {edge: words[edge.source, edge.child] for edge in gone if (edge.source, edge.child) in words}
    relink(connection, wanted - known.keys(), gone, recorded_at, change, words=why)


def members(connection: Connection, records: list[Record], recorded_at: int, change: Change) -> None:
    """Make the children of each reported group what its source says now."""
    table = store.link
    for source, group in ((found.source, cast("Members", found.item)) for found in records):
        mine = and_(table.c.parent == group.key, table.c.source == source, table.c.event == "")
        known = {Edge(child, group.key, source) for child in connection.scalars(select(table.c.child).where(mine))}
        wanted = {Edge(child, group.key, source) for child in group.children if child != group.key}
        gone = {edge for edge in known - wanted if group.within is None or edge.child.startswith(group.within)}
        relink(connection, wanted - known, gone, recorded_at, change)


def said(connection: Connection, records: list[Record], recorded_at: int, change: Change) -> list[bool]:
    """Add or withdraw one link after the other; returns of each whether that changed anything."""
    links = [(found.source, cast("Link", found.item), (found.by, found.why)) for found in records]
    known = _said(connection, {(source, link.child): None for source, link, _ in links})
    wanted, last, changed = dict(known), dict(known), list[bool]()
    for source, link, words in links:
        edge = Edge(link.child, link.parent, source)
        changed.append(edge in wanted if link.deleted else wanted.get(edge) != words)
        if changed[-1]:
            last[edge] = words
            wanted[edge] = words
        if link.deleted:
            wanted.pop(edge, None)
    come, gone = (dict(one.items() - other.items()).keys() for one, other in ((wanted, known), (known, wanted)))
    relink(connection, set(come), set(gone), recorded_at, change, words=last)
    return changed


def _said(connection: Connection, children: Iterable[Ident]) -> dict[Edge, Words]:
    """Return the links of some children that their sources say themselves, not by an event, and who said why."""
    table, known = store.link, dict[Edge, Words]()
    for source, keys in by_source(children):
        mine = and_(table.c.child.in_(keys), table.c.source == source, table.c.event == "")
        found = connection.execute(select(table.c.child, table.c.parent, table.c.by, table.c.why).where(mine))
        known |= {Edge(child, parent, source): (by, why) for child, parent, by, why in found}
    return known


def relink(
    connection: Connection,
    come: AbstractSet[Edge],
    gone: AbstractSet[Edge],
    recorded_at: int,
    change: Change,
    *,
    words: Mapping[Edge, Words] = MappingProxyType({}),
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
