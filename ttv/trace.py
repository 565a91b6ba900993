"""Trace: tie artefacts, and with them their events, to the initiatives whose claims they reach.

An artefact is tied to every initiative of which a claim can be reached in at most `HOPS` links from child to parent. A
tie remembers how many hops it took and over which parent, so that the path can be told. Ties are made anew for the
artefacts below a changed link or claim only; each hop is one statement, made distinct by the key of the tie.
"""

from collections.abc import Collection
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Connection, Executable, Select, exists, func, insert, literal, null, select

from ttv import engines
from ttv.store import claim, link, tie, touched_artefact, touched_initiative

HOPS = 8
"""The longest way from an event's subject to a claim."""
_TIE = ["artefact", "initiative", "hops", "via"]


def trace(connection: Connection, artefacts: Collection[str], subjects: Collection[str]) -> None:
    """Make the ties anew below changed artefacts, and touch the initiatives that they or the subjects had or have."""
    if artefacts:
        _touch(connection, artefacts)
        connection.execute(_touch_tied())
        connection.execute(_untie())
        _tie(connection)
        connection.execute(_touch_tied())
        connection.execute(touched_artefact.delete())
    if subjects:
        engines.insert(connection, touched_artefact, [(subject, 0) for subject in subjects])
        connection.execute(_touch_tied())


def retrace(connection: Connection) -> None:
    """Make all ties anew."""
    connection.execute(tie.delete())
    _tie(connection, everything=True)


def _touch(connection: Connection, artefacts: Collection[str]) -> None:
    """Touch the artefacts and all that stand below them in the graph."""
    engines.insert(connection, touched_artefact, [(artefact, 0) for artefact in artefacts])
    for hop in range(1, HOPS + 1):
        if not connection.execute(_below(hop)).rowcount:
            return


def _tie(connection: Connection, *, everything: bool = False) -> None:
    """Tie the touched artefacts, or all: claims first, then hop by hop what stands below what is tied."""
    connection.execute(_claimed(everything=everything))
    for hop in range(1, HOPS + 1):
        connection.execute(_reached(hop, everything=everything))


@cache
def _below(hop: int) -> Executable:
    """Touch what stands one link below what was touched a hop ago."""
    known = touched_artefact.alias()
    below = (
        select(link.c.child, literal(hop))
        .join_from(touched_artefact, link, link.c.parent == touched_artefact.c.artefact)
        .where(touched_artefact.c.hop == hop - 1, ~exists().where(known.c.artefact == link.c.child))
        .distinct()
    )
    return insert(touched_artefact).from_select(["artefact", "hop"], below)


@cache
def _untie() -> Executable:
    return tie.delete().where(tie.c.artefact.in_(select(touched_artefact.c.artefact)))


@cache
def _claimed(*, everything: bool) -> Executable:
    """Tie what is claimed."""
    claimed = select(claim.c.artefact, claim.c.initiative, literal(0), null())
    return insert(tie).from_select(_TIE, _narrowed(claimed, claim.c.artefact, everything=everything))


@cache
def _reached(hop: int, *, everything: bool) -> Executable:
    """Tie what stands one link below what is tied over so many hops less one, and is not tied yet."""
    above, known = tie.alias(), tie.alias()
    reached = (
        select(link.c.child, above.c.initiative, literal(hop), func.min(link.c.parent))
        .select_from(link)
        .join(above, above.c.artefact == link.c.parent)
        .where(
            above.c.hops == hop - 1,
            ~exists().where(known.c.artefact == link.c.child, known.c.initiative == above.c.initiative),
        )
        .group_by(link.c.child, above.c.initiative)
    )
    return insert(tie).from_select(_TIE, _narrowed(reached, link.c.child, everything=everything))


def _narrowed(query: Select[Any], artefact: ColumnElement[str], *, everything: bool) -> Select[Any]:
    return query if everything else query.join(touched_artefact, touched_artefact.c.artefact == artefact)


@cache
def _touch_tied() -> Executable:
    """Touch the initiatives that the touched artefacts are tied to now."""
    known = touched_initiative.alias()
    tied = (
        select(tie.c.initiative)
        .join_from(touched_artefact, tie, tie.c.artefact == touched_artefact.c.artefact)
        .where(~exists().where(known.c.initiative == tie.c.initiative))
        .distinct()
    )
    return insert(touched_initiative).from_select(["initiative"], tied)
