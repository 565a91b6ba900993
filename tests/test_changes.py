"""What is kept of the log is kept up with it: after any changes it is what reading all of it anew would give."""

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.contract import Event, Initiative
from tests.real.stores import empty
from tests.test_figures_naive import KEYS, NOW, emptied, logs, property_, sizes, split
from ttv import changes, lives, store, tied
from ttv.changes import Touched
from ttv.initiatives import Conflict

steps = st.lists(st.one_of(st.sampled_from(KEYS), st.just("rebuild"), st.none()), max_size=3)


def of_lives(found):
    """A row for each initiative, in the order of the keys, with its stops."""
    rows = {
        key: (
            *(int(found.instants[name][place]) for name in lives.INSTANTS),
            *(found.fields[name][place] for name in lives.FIELDS),
        )
        for place, key in enumerate(found.keys)
    }
    stops = sorted((found.keys[whose], since, until) for whose, since, until in found.stops.T.tolist())
    return rows, stops, sorted((found.keys[whose], *turn) for whose, *turn in found.loops.T.tolist())


def of_heard(found):
    return sorted(zip(*(value.tolist() for value in vars(found).values()), strict=True))


def compared(engine):
    with store.reading(engine) as connection:
        assert of_lives(lives.lives(connection)) == of_lives(lives._read(connection))
        heard = tied.heard(connection)
        assert of_heard(heard) == of_heard(tied._read(connection))
        assert heard.subject.tolist() == sorted(heard.subject.tolist())


@settings(property_, max_examples=60)
@given(log=logs, sizes=sizes, later=steps)
def test_what_is_kept_is_what_is_there(engine, log, sizes, later):
    route = emptied(engine)
    compared(engine)
    for batch in split(log, sizes):
        route.post(batch)
        compared(engine)
    for step in later:
        if step == "rebuild":
            route.rebuild()
        elif step is None:
            empty(engine)
        else:
            removed(route, step)
        compared(engine)


def removed(route, key):
    try:
        route.delete_initiative(key)
    except Conflict:
        route.put_initiative(Initiative(key, "again", team="Pay"))


@pytest.fixture
def route(sqlite_engine):
    return emptied(sqlite_engine)


def version(route):
    with store.reading(route.engine) as connection:
        return store.version(connection)


def since(route, known):
    with store.reading(route.engine) as connection:
        return changes.since(connection, known, store.version(connection))


def idea(number, subject="jira:A", refs=()):
    return Event(f"e{number}", "idea", NOW, subject, refs=refs)


def test_a_change_touches_what_it_reaches(route):
    route.put_initiative(Initiative("one", "One", claims=("jira:TOP",)))
    before = version(route)
    assert since(route, before) is None  # nothing came after it
    route.take("jira", [idea(1)])
    assert since(route, before) == Touched(frozenset(), {"jira:A"})
    route.take("jira", [idea(2, "jira:TOP")])
    route.take("jira", [idea(1, refs=("jira:TOP",))])
    assert since(route, before) == Touched({"one"}, {"jira:A", "jira:TOP"})


def test_what_was_touched_long_ago_or_all_at_once_is_not_known(route, monkeypatch):
    monkeypatch.setattr(changes, "LAST", 2)
    monkeypatch.setattr(changes, "MOST", 3)
    first = version(route)
    for number in range(2):
        route.take("jira", [idea(number)])
    assert since(route, first) == Touched(frozenset(), {"jira:A"})
    route.take("jira", [idea(3)])
    assert since(route, first) is None
    before = version(route)
    route.take("jira", [idea(number, f"jira:{number}") for number in range(4, 8)])
    assert since(route, before) is None


def test_after_a_change_only_what_it_touched_is_read(route, monkeypatch):
    route.take("jira", [Initiative(key, key) for key in KEYS])
    compared(route.engine)
    read, plain = [], lives._read
    monkeypatch.setattr(lives, "_read", lambda connection, keys=None: read.append(keys) or plain(connection, keys))
    route.take("jira", [idea(1, "initiative:one")])
    with store.reading(route.engine) as connection:
        assert lives.lives(connection) is lives.lives(connection)
    assert read == [{"one"}]


def test_a_transaction_that_sees_an_earlier_state_is_told_of_that(route):
    route.take("jira", [Initiative("one", "One")])
    with store.reading(route.engine) as earlier:
        assert store.version(earlier).number > 0
        route.take("jira", [Initiative("two", "Two")])
        with store.reading(route.engine) as later:
            assert lives.lives(later).keys == ["one", "two"]
        assert lives.lives(earlier).keys == ["one"]
        with store.reading(route.engine) as later:
            assert lives.lives(later).keys == ["one", "two"]


def test_another_database_in_its_place_is_read_anew(route):
    route.take("jira", [Initiative("one", "One")])
    compared(route.engine)
    with store.writing(route.engine) as connection:
        connection.execute(store.data_version.update().values(number=0))
        connection.execute(store.change.delete())
    with store.writing(route.engine) as connection:
        store.changed(connection, "log", NOW + timedelta(days=1))
        connection.execute(store.milestone.delete())
        connection.execute(store.initiative.delete())
    compared(route.engine)
