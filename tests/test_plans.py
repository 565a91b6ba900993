"""What one new event costs must not grow with the log: no incremental statement reads a large table whole."""

import pytest
from sqlalchemy import Executable

from ttv import measure, store, trace

LARGE = {"event", "tie", "link", "claim", "milestone", "stop", "loop", "initiative"}

INCREMENTAL: dict[str, Executable] = {
    **{f"forget {n}": one for n, one in enumerate(measure._forget())},
    **{f"find {n}": one for n, one in enumerate(measure._find().values())},
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
