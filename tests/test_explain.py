"""Each event says which milestones it set, or why it set none."""

from datetime import UTC, datetime

import pytest

from connectors.contract import Event, Initiative
from ttv import explain, store
from ttv.route import Route

NOW = datetime(2026, 11, 1, tzinfo=UTC)


def event(id_, kind, day, **attributes):
    return Event(id_, kind, datetime(2026, 1, day, tzinfo=UTC), "initiative:x", attributes=attributes)


def told(engine, *events, source="a"):
    route = Route(engine, now=lambda: NOW)
    route.put_initiative(Initiative("x", "X"))
    route.take(source, events)
    with store.reading(engine) as connection:
        return {one["id"]: (one["roles"], one["reason"]) for one in explain.events(connection, "x", NOW)}


def test_a_whole_life_is_explained(sqlite_engine):
    late = "after a milestone already set"
    assert told(
        sqlite_engine,
        event("early", "start", 1),
        event("idea", "idea", 2),
        event("idea again", "idea", 3),
        event("parked", "decision", 3, outcome="deferred"),
        event("no", "decision", 4, outcome="rejected"),
        event("yes", "decision", 5),
        event("start", "start", 6),
        event("staging", "deploy", 7, environment="staging"),
        event("failed", "deploy", 8, status="failed"),
        event("rolled", "deploy", 8, status="rolled_back"),
        event("too soon", "feedback", 9),
        event("ship", "deploy", 10),
        event("colleague", "feedback", 11, customer=False),
        event("customer", "feedback", 12),
        event("again", "deploy", 13),
    ) == {
        "early": ([], "before the idea"),
        "idea": (["idea"], None),
        "idea again": ([], late),
        "parked": ([], "deferred"),
        "no": ([], "a no, but value was reached"),
        "yes": (["decided"], None),
        "start": (["started"], None),
        "staging": ([], "not production"),
        "failed": ([], "failed deploy"),
        "rolled": ([], "rolled back"),
        "too soon": ([], "before the first ship"),
        "ship": (["shipped"], None),
        "colleague": ([], "not a customer"),
        "customer": (["valued"], None),
        "again": ([], late),
    }


def test_doing_is_deciding_and_one_deploy_may_set_three_milestones(sqlite_engine):
    found = told(sqlite_engine, event("idea", "idea", 1), event("ship", "deploy", 2), event("yes", "decision", 3))
    assert found["ship"] == (["decided", "started", "shipped"], None)
    assert found["yes"] == ([], "after a milestone already set")


def test_a_recorded_yes_at_the_instant_of_the_start_decides(sqlite_engine):
    found = told(sqlite_engine, event("i", "idea", 1), event("a start", "start", 2), event("b yes", "decision", 2))
    assert found == {"i": (["idea"], None), "a start": (["started"], None), "b yes": (["decided"], None)}


def test_a_standing_no_decides_and_stops(sqlite_engine):
    found = told(
        sqlite_engine,
        event("i", "idea", 1),
        event("no", "decision", 2, outcome="stopped"),
        event("no again", "decision", 3, outcome="rejected"),
    )
    assert found["no"] == (["decided", "stopped"], None)
    assert found["no again"] == ([], "after a milestone already set")


def test_a_no_that_was_overruled_says_so(sqlite_engine):
    found = told(
        sqlite_engine,
        event("i", "idea", 1),
        event("no", "decision", 2, outcome="rejected"),
        event("yes", "decision", 3),
    )
    assert found["no"] == ([], "a no that a later yes overruled")


def test_of_several_at_one_instant_the_lowest_source_and_id_sets_it(sqlite_engine):
    found = told(sqlite_engine, event("b", "idea", 1), event("B", "idea", 1), event("a", "idea", 2), source="z")
    assert found["B"] == (["idea"], None)
    assert found["b"] == ([], "after a milestone already set")


def test_without_an_idea_nothing_is_set(sqlite_engine):
    assert told(sqlite_engine, event("ship", "deploy", 1)) == {"ship": ([], "no idea yet")}


def test_an_unknown_initiative_is_none(sqlite_engine):
    with store.reading(sqlite_engine) as connection:
        assert explain.events(connection, "nobody", NOW) is None


@pytest.mark.parametrize("day", [1, 9])
def test_only_what_happened_by_then_is_told(sqlite_engine, day):
    told(sqlite_engine, event("idea", "idea", 1), event("ship", "deploy", 5))
    with store.reading(sqlite_engine) as connection:
        found = explain.events(connection, "x", datetime(2026, 1, day, tzinfo=UTC))
    assert [one["id"] for one in found] == (["idea"] if day == 1 else ["idea", "ship"])
