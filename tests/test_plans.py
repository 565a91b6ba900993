"""What one new event costs must not grow with the log: no incremental statement reads a large table whole."""

from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from sqlalchemy import Executable, select

from connectors.contract import Event, Initiative
from ttv import measure, store, trace
from ttv.route import Route

NOW = datetime(2026, 11, 1, tzinfo=UTC)

LARGE = {"event", "tie", "link", "claim", "milestone", "stop", "loop", "initiative"}

INCREMENTAL: dict[str, Executable] = {
    **{f"forget {n}": one for n, one in enumerate(measure._forget())},
    **{f"find {n}": one for n, one in enumerate(one for _, one in measure._find())},
    "touch below": trace._below(1),
    "untie": trace._untie(),
    "tie what is claimed": trace._claimed(everything=False),
    "tie what is reached": trace._reached(3, everything=False),
    "touch what is tied": trace._touch_tied(),
}


@pytest.mark.parametrize("name", INCREMENTAL)
def test_no_statement_of_the_incremental_way_reads_a_large_table_whole(sqlite_engine, name):
    statement = str(INCREMENTAL[name].compile(sqlite_engine, compile_kwargs={"literal_binds": True}))
    with store.writing(sqlite_engine) as connection:
        plan = [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}")]
    assert [step for step in plan if step.startswith("SCAN") and step.split()[1].rstrip("0123456789_") in LARGE] == []
    assert any(step.startswith("SEARCH") for step in plan)


@pytest.mark.parametrize("ties", [1, measure._FEW, measure._FEW + 1, 40])
def test_loops_are_the_same_however_many_ties_their_events_come_by(engine, ties):
    route = Route(engine, now=lambda: NOW)
    chance = Random(ties)
    route.put_initiative(Initiative("one", "One", claims=("jira:0",)))
    route.put_initiative(Initiative("many", "Many", claims=tuple(f"github:{n}" for n in range(ties))))
    kinds = [("idea", 0), *((chance.choice(("deploy", "feedback")), chance.randrange(30)) for _ in range(60))]
    for n, (kind, hour) in enumerate(kinds):
        at = NOW - timedelta(days=9) + timedelta(hours=hour)
        route.take("jira", [Event(f"{n}", kind, at, "jira:0")])
        route.take("github", [Event(f"{n}", kind, at, f"github:{chance.randrange(ties)}")])
    with store.reading(engine) as connection:
        rows = connection.execute(select(store.loop).order_by(store.loop.c.initiative, store.loop.c.number)).all()
    one, many = ([tuple(row)[1:] for row in rows if row.initiative == key] for key in ("one", "many"))
    assert one == many
    assert len(one) > 2
