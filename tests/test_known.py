"""What was known at an instant = what a store holds that only ever received what came up to then."""

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from connectors.contract import Event, Initiative
from tests.test_figures_naive import KEYS, NOW, START, emptied, lives, logs, property_
from ttv import explain, figures, known, population, store
from ttv.cursors import BadQuestion
from ttv.known import Known
from ttv.records import Record
from ttv.route import Route

HOUR = timedelta(hours=1)


def told(connection):
    """What can be asked for as of a day; how often something was corrected is the log's, not its time's."""
    as_of, everything = START + timedelta(days=5), figures.Selection()
    explained = [explain.events(connection, key, as_of) or [] for key in KEYS]
    return [
        figures.initiatives(connection, everything, as_of),
        [[{**one, "earlier_versions": None} for one in found] for found in explained],
        population.population(connection, "time_to_value", everything, as_of=as_of, window="all"),
    ]


def recorded(connection):
    """What the log holds, whatever the order."""
    tables = (store.event, store.link, store.initiative, store.claim, store.label)
    tables += (store.tie, store.milestone, store.stop, store.loop)
    return {table.name: sorted(map(repr, connection.execute(select(table)))) for table in tables}


batches = st.lists(st.tuples(st.integers(1, 12), st.integers(0, 2), st.sampled_from([None, *KEYS])), max_size=6)
"""Records, hours to the next batch, and the initiative that is removed after it."""


@settings(property_, max_examples=40)
@given(log=st.one_of(lives, logs), sizes=batches, asked=st.integers(-1, 12))
def test_what_was_known_is_what_had_come(engine, log, sizes, asked):
    clock = [NOW]
    route = Route(emptied(engine).engine, now=lambda: clock[0])
    steps = []
    for size, hours, gone in [*sizes, (len(log), 0, None)]:
        steps.append((clock[0], log[:size], gone))
        log = log[size:]
        clock[0] += hours * HOUR
    play(route, clock, steps)
    believed = Known(engine)
    known_at = NOW + asked * HOUR
    only = Route(known.scratch(), now=lambda: clock[0])
    play(only, clock, [step for step in steps if step[0] <= known_at])
    with believed.at(known_at, NOW + 1000 * HOUR) as was, store.reading(only.engine) as is_:
        assert recorded(was) == recorded(is_)
        assert told(was) == told(is_)
    only.engine.dispose()


def play(route, clock, steps):
    for when, batch, gone in steps:
        clock[0] = when
        route.post(batch)
        if gone:
            route.delete_initiative(gone)


@pytest.fixture
def clock():
    return [NOW]


@pytest.fixture
def route(sqlite_engine, clock):
    return Route(sqlite_engine, now=lambda: clock[0])


def names(believed, known_at, now):
    with believed.at(known_at, now) as connection:
        return list(connection.scalars(select(store.initiative.c.name)))


def test_a_removed_initiative_comes_back_with_claims_labels_targets_and_words(route, clock):
    wanted = Initiative(
        "x", "X", claims=("jira:A-1",), labels={"a": "b"}, targets={"rate_of_turn_seconds": 5.0}, direction="top_down"
    )
    route.put_initiative(wanted, by="ann", why="new")
    with store.reading(route.engine) as connection:
        before = figures.initiative(connection, "x", NOW)
    clock[0] += HOUR
    route.delete_initiative("x")
    with Known(route.engine).at(NOW, clock[0]) as connection:
        assert figures.initiative(connection, "x", NOW) == before
    assert before["by"] == "ann"
    assert names(Known(route.engine), clock[0], clock[0]) == []


def test_where_a_clock_was_set_back_the_later_received_is_believed(route, clock):
    for hours, name in ((0, "first"), (5, "second"), (3, "third")):
        clock[0] = NOW + hours * HOUR
        route.put_initiative(Initiative("x", name))
        route.post([Record(0, "api", Event("1", "idea", START, "jira:A-1", title=name))])
    believed = Known(route.engine)
    assert names(believed, NOW + 4 * HOUR, NOW + 9 * HOUR) == ["third"]
    with believed.at(NOW + 4 * HOUR, NOW + 9 * HOUR) as connection:
        assert list(connection.scalars(select(store.event.c.title))) == ["third"]


def test_what_may_still_be_written_is_not_remembered(route, clock):
    believed = Known(route.engine)
    soon, later = NOW + timedelta(seconds=1), NOW + HOUR
    assert names(believed, soon, soon) == []
    route.put_initiative(Initiative("x", "X"))  # a slow transaction, begun before
    assert names(believed, soon, soon) == ["X"]
    assert names(believed, soon, later) == ["X"]
    route.put_initiative(Initiative("y", "Y"))
    assert names(believed, soon, later) == ["X"]


def test_only_the_last_few_instants_are_remembered(route, monkeypatch):
    believed = Known(route.engine)
    late = NOW + 1000 * HOUR
    for hours in range(known.LAST + 3):
        names(believed, NOW + hours * HOUR, late)
    names(believed, NOW + 3 * HOUR, late)
    kept = [(store.instant(instant) - NOW) // HOUR for instant in believed._kept]
    assert kept == [4, 5, 6, 3]


def test_what_is_too_much_to_bring_back_is_said(route, monkeypatch):
    route.take("jira", [Event(str(n), "idea", START, "jira:A-1") for n in range(4)])
    monkeypatch.setattr(known, "MOST", 3)
    with pytest.raises(BadQuestion, match="more than 3 events"), Known(route.engine).at(NOW, NOW):
        pass
