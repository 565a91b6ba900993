"""Measure: find the milestones of each touched initiative, from the events that are tied to it.

What is stored does not depend on the clock: every instant here is the one that a question as of any later time would
find, and a standing no is an interval. `figures.py` cuts it off at the instant that is asked for.
"""

from functools import cache
from typing import Any

from sqlalchemy import (
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
    func,
    insert,
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
    for table, statement in _find().items():
        connection.execute(statement)
        if table in {heard, done}:
            engines.weigh(connection, table)


@cache
def _forget() -> tuple[Executable, ...]:
    touched = select(touched_initiative.c.initiative)
    return tuple(table.delete().where(table.c.initiative.in_(touched)) for table in (milestone, stop, loop))


@cache
def _find() -> dict[Table, Executable]:
    """Make the statements, each of which rests on the one before: ideas, what came first after them, and the rest."""
    found = ((heard, _heard()), (done, _done()), (milestone, _milestones()), (stop, _stops()), (loop, _loops()))
    return {table: insert(table).from_select(list(table.c.keys()), query) for table, query in found}


def _events(of: Table, *meanings: str) -> FromClause:
    """Join the events of some meanings that are tied to the initiatives of a table of work.

    `_mine` goes with it: told by IN, an engine looks the few initiatives up, where it might read all ties for a join.
    """
    means = and_(event.c.subject == tie.c.artefact, event.c.meaning.in_(meanings))
    return tie.join(event, means).join(of, of.c.initiative == tie.c.initiative)


def _mine(of: Table) -> ColumnElement[bool]:
    return tie.c.initiative.in_(select(of.c.initiative))


def _first(*meanings: str, when: ColumnElement[bool]) -> ColumnElement[int]:
    return func.min(case((and_(event.c.meaning.in_(meanings), when), event.c.occurred_at)))


def _heard() -> Select[Any]:
    touched = touched_initiative
    return (
        select(tie.c.initiative, func.min(event.c.occurred_at))
        .select_from(_events(touched, "idea"))
        .where(_mine(touched))
        .group_by(tie.c.initiative)
    )


def _done() -> Select[Any]:
    since, before = event.c.occurred_at >= heard.c.idea_at, event.c.occurred_at < heard.c.idea_at
    return (
        select(
            tie.c.initiative,
            heard.c.idea_at,
            _first("yes", when=since),
            _first("no", when=since),
            _first(*_WORK, when=since),
            _first("ship", when=since),
            _first(*_WORK, when=before),
        )
        .select_from(_events(heard, "yes", "no", *_WORK))
        .where(_mine(heard))
        .group_by(tie.c.initiative, heard.c.idea_at)
    )


def _milestones() -> Select[Any]:
    """Select one row for each touched initiative, nulls where there is nothing."""
    answers = (
        select(tie.c.initiative, func.min(event.c.occurred_at).label("valued_at"))
        .select_from(_events(done, "sense"))
        .where(_mine(done), event.c.occurred_at >= done.c.shipped_at)
        .group_by(tie.c.initiative)
        .subquery("answers")
    )
    return (
        select(
            initiative.c.key,
            heard.c.idea_at,
            *(done.c[name] for name in ("yes_at", "started_at", "shipped_at")),
            answers.c.valued_at,
            done.c.early_at,
        )
        .where(initiative.c.key.in_(select(touched_initiative.c.initiative)))
        .outerjoin_from(initiative, heard, heard.c.initiative == initiative.c.key)
        .outerjoin(done, done.c.initiative == initiative.c.key)
        .outerjoin(answers, answers.c.initiative == initiative.c.key)
    )


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


def _loops() -> Select[Any]:
    """Select ship → sense → respond: the ships and senses since the first ship, where the one follows upon the other.

    At one instant a ship is the earlier: a sense at its instant answers it, and a response is strictly after a sense.
    """
    is_sense = case((event.c.meaning == "sense", 1), else_=0)
    order = (event.c.occurred_at, is_sense)
    previous = func.lag(is_sense).over(partition_by=tie.c.initiative, order_by=order)
    turns = (
        select(tie.c.initiative, event.c.occurred_at, is_sense.label("is_sense"), previous.label("previous"))
        .select_from(_events(done, "ship", "sense"))
        .where(_mine(done), event.c.occurred_at >= done.c.shipped_at)
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
