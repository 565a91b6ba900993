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
    Over,
    Select,
    Subquery,
    and_,
    case,
    func,
    insert,
    or_,
    select,
)

from ttv.store import event, initiative, loop, milestone, moment, stop, tie, touched_initiative

_WORK = ("start", "ship")


def measure(connection: Connection) -> None:
    """Make the milestones of the touched initiatives anew; those that are gone lose theirs."""
    for statement in _statements():
        connection.execute(statement)


@cache
def _statements() -> tuple[Executable, ...]:
    touched = select(touched_initiative.c.initiative)
    tied = (
        select(tie.c.initiative, event.c.meaning, event.c.occurred_at)
        .select_from(touched_initiative)
        .join(tie, tie.c.initiative == touched_initiative.c.initiative)
        .join(event, event.c.subject == tie.c.artefact)
        .where(event.c.meaning.is_not(None))
    )
    return (
        *(table.delete().where(table.c.initiative.in_(touched)) for table in (milestone, stop, loop)),
        insert(moment).from_select(["initiative", "meaning", "occurred_at"], tied),
        insert(milestone).from_select(list(milestone.c.keys()), _milestones()),
        insert(stop).from_select(list(stop.c.keys()), _stops()),
        insert(loop).from_select(list(loop.c.keys()), _loops()),
    )


def remeasure(connection: Connection) -> None:
    """Make the milestones of all initiatives anew."""
    connection.execute(touched_initiative.delete())
    connection.execute(insert(touched_initiative).from_select(["initiative"], select(initiative.c.key)))
    for table in (milestone, stop, loop):
        connection.execute(table.delete())
    measure(connection)


def _first(*meanings: str) -> ColumnElement[int]:
    return func.min(case((moment.c.meaning.in_(meanings), moment.c.occurred_at)))


def _milestones() -> Select[Any]:
    """Select one row for each touched initiative, nulls where there is nothing."""
    ideas = select(moment.c.initiative, _first("idea").label("idea_at")).group_by(moment.c.initiative).cte("ideas")
    since = and_(moment.c.initiative == ideas.c.initiative, moment.c.occurred_at >= ideas.c.idea_at)
    firsts = (
        select(
            moment.c.initiative,
            _first("yes").label("yes_at"),
            _first(*_WORK).label("started_at"),
            _first("ship").label("shipped_at"),
        )
        .join_from(ideas, moment, since)
        .group_by(moment.c.initiative)
        .cte("firsts")
    )
    sensed = and_(moment.c.initiative == firsts.c.initiative, moment.c.occurred_at >= firsts.c.shipped_at)
    senses = (
        select(moment.c.initiative, _first("sense").label("valued_at"))
        .join_from(firsts, moment, sensed)
        .group_by(moment.c.initiative)
        .cte("senses")
    )
    before = and_(moment.c.initiative == ideas.c.initiative, moment.c.occurred_at < ideas.c.idea_at)
    early = (
        select(moment.c.initiative, _first(*_WORK).label("early_at"))
        .join_from(ideas, moment, before)
        .group_by(moment.c.initiative)
        .cte("early")
    )
    return (
        select(
            initiative.c.key,
            ideas.c.idea_at,
            firsts.c.yes_at,
            firsts.c.started_at,
            firsts.c.shipped_at,
            senses.c.valued_at,
            early.c.early_at,
        )
        .join_from(touched_initiative, initiative, initiative.c.key == touched_initiative.c.initiative)
        .outerjoin(ideas, ideas.c.initiative == initiative.c.key)
        .outerjoin(firsts, firsts.c.initiative == initiative.c.key)
        .outerjoin(senses, senses.c.initiative == initiative.c.key)
        .outerjoin(early, early.c.initiative == initiative.c.key)
    )


def _stops() -> Select[Any]:
    """Select the runs of standing noes: from the first no after a yes, or at all, to the next yes.

    The verdicts are every yes and no, and the start and the first ship as a yes. At one instant a yes is the later.
    """
    counts = or_(
        moment.c.meaning.in_(("yes", "no")),
        and_(moment.c.meaning.in_(_WORK), moment.c.occurred_at == milestone.c.started_at),
        and_(moment.c.meaning == "ship", moment.c.occurred_at == milestone.c.shipped_at),
    )
    since = and_(moment.c.initiative == milestone.c.initiative, moment.c.occurred_at >= milestone.c.idea_at)
    is_yes = case((moment.c.meaning == "no", 0), else_=1)
    order = (moment.c.occurred_at, is_yes)
    verdicts = (
        select(
            moment.c.initiative,
            moment.c.occurred_at,
            is_yes.label("is_yes"),
            func.lag(is_yes).over(partition_by=moment.c.initiative, order_by=order).label("previous"),
            func.min(case((is_yes == 1, moment.c.occurred_at)))
            .over(partition_by=moment.c.initiative, order_by=order, rows=(0, None))
            .label("resumed_at"),
        )
        .join_from(milestone, moment, since)
        .where(milestone.c.initiative.in_(_denied()), counts)
        .subquery("verdicts")
    )
    return select(verdicts.c.initiative, verdicts.c.occurred_at, verdicts.c.resumed_at).where(
        verdicts.c.is_yes == 0,
        func.coalesce(verdicts.c.previous, 1) == 1,
        or_(verdicts.c.resumed_at.is_(None), verdicts.c.resumed_at > verdicts.c.occurred_at),
    )


def _denied() -> Select[Any]:
    """Select the few initiatives that ever heard a no."""
    return select(moment.c.initiative).where(moment.c.meaning == "no").distinct()


def _loops() -> Select[Any]:
    """Select ship → sense → respond: the ships and senses since the first ship, where the one follows upon the other.

    At one instant a ship is the earlier: a sense at its instant answers it, and a response is strictly after a sense.
    """
    is_sense = case((moment.c.meaning == "sense", 1), else_=0)
    order = (moment.c.occurred_at, is_sense)
    previous = func.lag(is_sense).over(partition_by=moment.c.initiative, order_by=order)
    since = and_(
        moment.c.initiative == milestone.c.initiative,
        moment.c.occurred_at >= milestone.c.shipped_at,
        moment.c.meaning.in_(("ship", "sense")),
    )
    turns = (
        select(moment.c.initiative, moment.c.occurred_at, is_sense.label("is_sense"), previous.label("previous"))
        .join_from(touched_initiative, milestone, milestone.c.initiative == touched_initiative.c.initiative)
        .join(moment, since)
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
