"""Measure: find the milestones of each touched initiative, from the events that are tied to it.

What is stored does not depend on the clock: every instant here is the one that a question as of any later time would
find, and a standing no is an interval. `figures.py` cuts it off at the instant that is asked for.
"""

from functools import cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Executable,
    FromClause,
    Over,
    Select,
    Subquery,
    Table,
    and_,
    case,
    cast,
    func,
    insert,
    literal,
    null,
    or_,
    select,
)

from ttv import engines
from ttv.store import done, event, heard, initiative, loop, milestone, stop, tie, touched_initiative

_WORK = ("start", "ship")


def measure(connection: Connection) -> None:
    """Make the milestones of the touched initiatives anew; those that are gone lose theirs."""
    engines.weigh(connection, touched_initiative)
    for statement in _forget():
        connection.execute(statement)
    _make(connection)


def remeasure(connection: Connection) -> None:
    """Make the milestones of all initiatives anew."""
    for table in (touched_initiative, milestone, stop, loop):
        connection.execute(table.delete())
    connection.execute(insert(touched_initiative).from_select(["initiative"], select(initiative.c.key)))
    engines.weigh(connection, touched_initiative)
    _make(connection)


def _make(connection: Connection) -> None:
    for table, statement in _find():
        connection.execute(statement)
        if table in {heard, done}:
            engines.weigh(connection, table)


@cache
def _forget() -> tuple[Executable, ...]:
    touched = select(touched_initiative.c.initiative)
    return tuple(table.delete().where(table.c.initiative.in_(touched)) for table in (milestone, stop, loop))


@cache
def _find() -> tuple[tuple[Table, Executable], ...]:
    """Make the statements, each of which rests on those before: ideas, what came first since, and the rest."""
    found = (
        (heard, _heard()),
        (done, _done()),
        (milestone, _milestones()),
        (stop, _stops()),
        (loop, _loops_of_few()),
        (loop, _loops_of_many()),
    )
    return tuple((table, insert(table).from_select(list(table.c.keys()), query)) for table, query in found)


# Milestones, and the loops of an initiative with few ties, are found by seeks: for each tie and meaning the index leads
# to the one event that is wanted, so that the cost does not grow with the number of events. Stops, and the loops of an
# initiative with many ties, read all events that count for them: there, loops times ties would be more than those.

_FEW = 16
"""Ties of an initiative whose loops are found by seeks."""


def _mine(of: Table) -> ColumnElement[bool]:
    """Narrow ties to the initiatives of a table of work.

    Told by IN, an engine looks the few initiatives up, where it might read all ties for a join.
    """
    return tie.c.initiative.in_(select(of.c.initiative))


def _first(meaning: str, when: ColumnElement[bool] | None = None) -> ColumnElement[int]:
    """Return when the artefact of a tie first had an event of a meaning, at all or at a time that counts."""
    found = select(func.min(event.c.occurred_at)).where(event.c.subject == tie.c.artefact, event.c.meaning == meaning)
    return (found if when is None else found.where(when)).correlate_except(event).scalar_subquery()


def _first_of(of: FromClause, meaning: str, when: ColumnElement[bool]) -> ColumnElement[int]:
    """Return when an initiative of a table of work first had an event of a meaning at a time that counts."""
    firsts = select(func.min(_first(meaning, when))).select_from(tie)
    return firsts.where(tie.c.initiative == of.c.initiative).correlate(of).scalar_subquery()


def _heard() -> Select[Any]:
    """Select the first idea, or null: to leave out those without one here, an engine would look for it twice."""
    ideas = select(tie.c.initiative, func.min(_first("idea"))).where(_mine(touched_initiative))
    return ideas.group_by(tie.c.initiative)


def _done() -> Select[Any]:
    """Select what came first since the idea, and before it, in one walk over the ties.

    By an outer join, although each of them has a tie: so no engine begins with all ties there are.
    """
    since, before = event.c.occurred_at >= heard.c.idea_at, event.c.occurred_at < heard.c.idea_at
    firsts = {
        "yes_at": _first("yes", since),
        "no_at": _first("no", since),
        "start_at": _first("start", since),
        "ship_at": _first("ship", since),
        "early_start_at": _first("start", before),
        "early_ship_at": _first("ship", before),
    }
    found = (
        select(
            heard.c.initiative,
            func.min(heard.c.idea_at).label("idea_at"),
            *(func.min(first).label(name) for name, first in firsts.items()),
            func.count().label("ties"),
        )
        .select_from(heard.outerjoin(tie, tie.c.initiative == heard.c.initiative))
        .where(heard.c.idea_at.is_not(None))
        .group_by(heard.c.initiative)
        .subquery("found")
    )
    return select(
        *(found.c[name] for name in ("initiative", "idea_at", "yes_at", "no_at")),
        _earlier(found.c.start_at, found.c.ship_at),
        found.c.ship_at,
        _earlier(found.c.early_start_at, found.c.early_ship_at),
        found.c.ties,
    )


def _earlier(one: ColumnElement[int], other: ColumnElement[int]) -> ColumnElement[int]:
    """Return the earlier of two instants, either of which may be null."""
    return case((or_(other.is_(None), one <= other), one), else_=other)


def _milestones() -> Select[Any]:
    """Select one row for each touched initiative, nulls where there is nothing."""
    valued_at = _first_of(done, "sense", event.c.occurred_at >= done.c.shipped_at)
    return (
        select(
            initiative.c.key,
            done.c.idea_at,
            *(done.c[name] for name in ("yes_at", "started_at", "shipped_at")),
            case((done.c.shipped_at.is_not(None), valued_at)),
            done.c.early_at,
        )
        .where(initiative.c.key.in_(select(touched_initiative.c.initiative)))
        .outerjoin_from(initiative, done, done.c.initiative == initiative.c.key)
    )


def _events(of: Table, *meanings: str) -> FromClause:
    """Join the events of some meanings that are tied to the initiatives of a table of work; `_mine` goes with it."""
    means = and_(event.c.subject == tie.c.artefact, event.c.meaning.in_(meanings))
    return tie.join(event, means).join(of, of.c.initiative == tie.c.initiative)


def _stops() -> Select[Any]:
    """Select the runs of standing noes: from the first no after a yes, or at all, to the next yes.

    The verdicts are every yes and no, and the start and the first ship as a yes. At one instant a yes is the later.
    """
    counts = or_(
        event.c.meaning.in_(("yes", "no")),
        and_(event.c.meaning.in_(_WORK), event.c.occurred_at == done.c.started_at),
        and_(event.c.meaning == "ship", event.c.occurred_at == done.c.shipped_at),
    )
    is_yes = case((event.c.meaning == "no", 0), else_=1)
    order = (event.c.occurred_at, is_yes)
    verdicts = (
        select(
            tie.c.initiative,
            event.c.occurred_at,
            is_yes.label("is_yes"),
            func.lag(is_yes).over(partition_by=tie.c.initiative, order_by=order).label("previous"),
            func.min(case((is_yes == 1, event.c.occurred_at)))
            .over(partition_by=tie.c.initiative, order_by=order, rows=(0, None))
            .label("resumed_at"),
        )
        .select_from(_events(done, "yes", "no", *_WORK))
        .where(_mine(done), done.c.no_at.is_not(None), event.c.occurred_at >= done.c.idea_at, counts)
        .subquery("verdicts")
    )
    return select(verdicts.c.initiative, verdicts.c.occurred_at, verdicts.c.resumed_at).where(
        verdicts.c.is_yes == 0,
        func.coalesce(verdicts.c.previous, 1) == 1,
        or_(verdicts.c.resumed_at.is_(None), verdicts.c.resumed_at > verdicts.c.occurred_at),
    )


# Loops are ship → sense → respond: the ships and senses since the first ship, where the one follows upon the other. At
# one instant a ship is the earlier: a sense at its instant answers it, and a response is strictly after a sense.


def _loops_of_few() -> Select[Any]:
    """Select the loops of initiatives with few ties, by going from each ship to its sense and on to the next ship."""
    shipped = done.c.shipped_at.is_not(None)
    first = select(
        done.c.initiative,
        literal(1).label("place"),
        done.c.shipped_at.label("at"),
        cast(null(), BigInteger).label("before"),
        cast(null(), BigInteger).label("before_that"),
    ).where(shipped, done.c.ties <= _FEW)
    turns = first.cte("turns", recursive=True)
    sensed_at = _first_of(turns, "sense", event.c.occurred_at >= turns.c.at)
    responded_at = _first_of(turns, "ship", event.c.occurred_at > turns.c.at)
    was_ship = turns.c.place % 2 == 1
    turns = turns.union_all(
        select(
            turns.c.initiative,
            turns.c.place + 1,
            case((was_ship, sensed_at), else_=responded_at),
            turns.c.at,
            turns.c.before,
        ).where(turns.c.at.is_not(None))
    )
    is_ship = turns.c.place % 2 == 1
    ends = or_(and_(is_ship, turns.c.place > 1), and_(~is_ship, turns.c.at.is_(None)))
    return select(
        turns.c.initiative,
        turns.c.place // 2,
        case((is_ship, turns.c.before_that), else_=turns.c.before),
        case((is_ship, turns.c.before)),
        case((is_ship, turns.c.at)),
    ).where(ends)


def _loops_of_many() -> Select[Any]:
    """Select the loops of initiatives with many ties, by reading their ships and senses in order."""
    is_sense = case((event.c.meaning == "sense", 1), else_=0)
    order = (event.c.occurred_at, is_sense)
    previous = func.lag(is_sense).over(partition_by=tie.c.initiative, order_by=order)
    mine = tie.c.initiative.in_(select(done.c.initiative).where(done.c.ties > _FEW))
    turns = (
        select(tie.c.initiative, event.c.occurred_at, is_sense.label("is_sense"), previous.label("previous"))
        .select_from(_events(done, "ship", "sense"))
        .where(mine, event.c.occurred_at >= done.c.shipped_at)
        .subquery("turns")
    )
    told = _told(turns)
    return select(told.c.initiative, told.c.number, told.c.shipped_at, told.c.sensed_at, told.c.responded_at).where(
        told.c.is_sense == 0,
    )


def _told(turns: Subquery) -> Subquery:
    """Number the ships that begin a loop, and read off the sense and the response that come next."""

    def over(function: ColumnElement[Any]) -> ColumnElement[Any]:
        return Over(function, partition_by=turns.c.initiative, order_by=(turns.c.occurred_at, turns.c.is_sense))

    return (
        select(
            turns.c.initiative,
            turns.c.is_sense,
            ((over(func.row_number()) + 1) // 2).label("number"),
            turns.c.occurred_at.label("shipped_at"),
            over(func.lead(turns.c.occurred_at, 1)).label("sensed_at"),
            over(func.lead(turns.c.occurred_at, 2)).label("responded_at"),
        )
        .where(or_(turns.c.previous.is_(None), turns.c.previous != turns.c.is_sense))
        .subquery("told")
    )
