"""Trace: tie artefacts, and with them their events, to the initiatives whose claims they reach.

An artefact is tied to every initiative of which a claim can be reached in at most `HOPS` links from child to parent. A
tie remembers how many hops it took and over which parent, so that the path can be told. Ties are made anew for the
artefacts below a changed link or claim only; each hop is one statement, made distinct by the key of the tie.
"""

from collections.abc import Iterable

from sqlalchemy import Connection, Select, exists, func, insert, literal, select

from ttv.store import claim, link, tie, touched_artefact, touched_initiative

HOPS = 8
"""The longest way from an event's subject to a claim."""


def trace(connection: Connection, artefacts: Iterable[str], subjects: Iterable[str]) -> None:
    """Make the ties anew below changed artefacts, and touch the initiatives that they or the subjects had or have."""
    _touch(connection, artefacts)
    _touch_tied(connection)
    connection.execute(tie.delete().where(tie.c.artefact.in_(select(touched_artefact.c.artefact))))
    _tie(connection)
    _touch_tied(connection)
    _touch_initiatives(connection, subjects)


def retrace(connection: Connection) -> None:
    """Make all ties anew."""
    connection.execute(tie.delete())
    _tie(connection, everything=True)


def _touch(connection: Connection, artefacts: Iterable[str]) -> None:
    """Touch the artefacts and all that stand below them in the graph."""
    rows = [{"artefact": artefact, "hop": 0} for artefact in artefacts]
    if rows:
        connection.execute(touched_artefact.insert(), rows)
    for hop in range(1, HOPS + 1):
        known = touched_artefact.alias()
        below = (
            select(link.c.child, literal(hop))
            .join_from(touched_artefact, link, link.c.parent == touched_artefact.c.artefact)
            .where(touched_artefact.c.hop == hop - 1, ~exists().where(known.c.artefact == link.c.child))
            .distinct()
        )
        if not connection.execute(insert(touched_artefact).from_select(["artefact", "hop"], below)).rowcount:
            return


def _tie(connection: Connection, *, everything: bool = False) -> None:
    """Tie the touched artefacts, or all: claims first, then hop by hop what stands below what is tied."""
    columns = ["artefact", "initiative", "hops", "via"]
    claimed = select(claim.c.artefact, claim.c.initiative, literal(0), literal(None))
    connection.execute(insert(tie).from_select(columns, _narrowed(claimed, claim.c.artefact, everything=everything)))
    for hop in range(1, HOPS + 1):
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
        connection.execute(insert(tie).from_select(columns, _narrowed(reached, link.c.child, everything=everything)))


def _narrowed(
    query: Select[tuple[str, str, int, str]], artefact: object, *, everything: bool
) -> Select[tuple[str, str, int, str]]:
    if everything:
        return query
    return query.join(touched_artefact, touched_artefact.c.artefact == artefact)


def _touch_tied(connection: Connection) -> None:
    """Touch the initiatives that the touched artefacts are tied to now."""
    known = touched_initiative.alias()
    tied = (
        select(tie.c.initiative)
        .join_from(touched_artefact, tie, tie.c.artefact == touched_artefact.c.artefact)
        .where(~exists().where(known.c.initiative == tie.c.initiative))
        .distinct()
    )
    connection.execute(insert(touched_initiative).from_select(["initiative"], tied))


def _touch_initiatives(connection: Connection, subjects: Iterable[str]) -> None:
    """Touch the initiatives that the subjects of changed events are tied to."""
    connection.execute(touched_artefact.delete())
    rows = [{"artefact": subject, "hop": 0} for subject in subjects]
    if rows:
        connection.execute(touched_artefact.insert(), rows)
        _touch_tied(connection)
