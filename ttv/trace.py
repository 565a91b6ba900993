"""Trace: tie artefacts, and with them their events, to the initiatives whose claims they reach.

An artefact is tied to every initiative of which a claim can be reached in at most `HOPS` links from child to parent. A
tie remembers how many hops it took and over which parent, so that the path can be told. Ties are made anew for the
artefacts below a changed link or claim only; each hop is one statement, made distinct by the key of the tie.
"""

from collections.abc import Collection
from functools import cache

from sqlalchemy import ColumnElement, Connection, Executable, exists, func, insert, literal, null, select

from ttv import changes, engines
from ttv.store import claim, link, tie, touched_artefact, touched_initiative

HOPS = 8
"""The longest way from an event's subject to a claim."""
_TIE = ["artefact", "initiative", "hops", "via"]


def trace(connection: Connection, artefacts: Collection[str], subjects: Collection[str]) -> set[str]:
    """Make the ties anew below changed artefacts, and touch the initiatives that they or the subjects had or have.

    Returns the artefacts that were tied anew, of so many as no note holds only some.
    """
    tied: set[str] = set()
    if artefacts:
        _touch(connection, artefacts)
        tied = set(connection.scalars(select(touched_artefact.c.artefact).limit(changes.MOST + 1)))
        connection.execute(_touch_tied())
        connection.execute(_untie())
        _tie(connection)
        connection.execute(_touch_tied())
        connection.execute(touched_artefact.delete())
    if subjects:
        engines.insert(connection, touched_artefact, [(subject, 0) for subject in subjects])
        engines.weigh(connection, touched_artefact)
        connection.execute(_touch_tied())
    return tied


def retrace(connection: Connection) -> None:
    """Make all ties anew."""
    connection.execute(tie.delete())
    _tie(connection, everything=True)


def _touch(connection: Connection, artefacts: Collection[str]) -> None:
    """Touch the artefacts and all that stand below them in the graph."""
    engines.insert(connection, touched_artefact, [(artefact, 0) for artefact in artefacts])
    engines.weigh(connection, touched_artefact)
    for hop in range(1, HOPS + 1):
        if not connection.execute(_below(hop)).rowcount:
            return


def _tie(connection: Connection, *, everything: bool = False) -> None:
    """Tie the touched artefacts, or all: claims first, then hop by hop what stands below what is tied."""
    connection.execute(_claimed(everything=everything))
    for hop in range(1, HOPS + 1):
        connection.execute(_reached(hop, everything=everything))


# Told by IN, an engine looks the few touched ones up, where it might read all links or ties for a join.


def _touched(artefact: ColumnElement[str], hop: int | None = None) -> ColumnElement[bool]:
    wanted = select(touched_artefact.c.artefact)
    return artefact.in_(wanted if hop is None else wanted.where(touched_artefact.c.hop == hop))


@cache
def _below(hop: int) -> Executable:
    """Touch what stands one link below what was touched a hop ago."""
    known = touched_artefact.alias()
    untouched = ~exists().where(known.c.artefact == link.c.child)
    below = select(link.c.child, literal(hop)).where(_touched(link.c.parent, hop - 1), untouched).distinct()
    return insert(touched_artefact).from_select(["artefact", "hop"], below)


@cache
def _untie() -> Executable:
    return tie.delete().where(_touched(tie.c.artefact))


@cache
def _claimed(*, everything: bool) -> Executable:
    """Tie what is claimed."""
    claimed = select(claim.c.artefact, claim.c.initiative, literal(0), null())
    return insert(tie).from_select(_TIE, claimed if everything else claimed.where(_touched(claim.c.artefact)))


@cache
def _reached(hop: int, *, everything: bool) -> Executable:
    """Tie what stands one link below what is tied over so many hops less one, and is not tied yet."""
    above, known = tie.alias(), tie.alias()
    reached = (
        select(link.c.child, above.c.initiative, literal(hop), func.min(link.c.parent))
        .join_from(link, above, above.c.artefact == link.c.parent)
        .where(
            above.c.hops == hop - 1,
            ~exists().where(known.c.artefact == link.c.child, known.c.initiative == above.c.initiative),
        )
        .group_by(link.c.child, above.c.initiative)
    )
    return insert(tie).from_select(_TIE, reached if everything else reached.where(_touched(link.c.child)))


@cache
def _touch_tied() -> Executable:
    """Touch the initiatives that the touched artefacts are tied to now."""
    known = touched_initiative.alias()
    untouched = ~exists().where(known.c.initiative == tie.c.initiative)
    tied = select(tie.c.initiative).where(_touched(tie.c.artefact), untouched).distinct()
    return insert(touched_initiative).from_select(["initiative"], tied)
