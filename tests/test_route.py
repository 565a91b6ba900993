"""A look at a source: from its cursor, window by window, its health recorded, nothing lost when it stops half way."""

from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from itertools import chain, count
from types import SimpleNamespace

import pytest
from sqlalchemy import func, inspect, select

from connectors.contract import Event, Initiative, Refused, Unread
from ttv import log, store
from ttv.records import Record
from ttv.route import OVERLAP, Route

NOW = datetime(2026, 11, 1, tzinfo=UTC)
SINCE = NOW - timedelta(days=100)


def item(n):
    return Event(str(n), "idea", SINCE + timedelta(minutes=n), "initiative:x")


def connector(items, window=None, fails_at=None):
    looks = []

    def events(settings, client, since, until):
        looks.append((since, until))
        for place, one in enumerate(items):
            if place == fails_at:
                raise Refused("401 from https://example.org/: the token is not accepted")
            yield one

    return SimpleNamespace(events=events, WINDOW=window, looks=looks)


@pytest.fixture
def route(engine):
    route = Route(engine, now=lambda: NOW)
    route.put_initiative(Initiative("x", "X"))
    return route


def look(route, made, lag=0.0, **more):
    return route.sync("pay", made, None, SimpleNamespace(lag=lag), kind="github", since=SINCE, **more)


def health(route):
    with store.reading(route.engine) as connection:
        (one,) = log.sources(connection, NOW)["items"]
    return one


def test_the_first_look_begins_at_since_and_the_next_where_the_last_began_less_an_overlap(route):
    made = connector([item(1)])
    assert look(route, made).outcome.accepted == 1
    assert look(route, made).outcome.duplicate == 1
    assert made.looks == [(SINCE, None), (NOW - OVERLAP, None)]
    assert health(route)["up"] is True
    assert health(route)["lag_seconds"] == 0
    assert health(route)["events"] == 1


def test_the_cursor_stays_behind_a_server_whose_clock_is_late(route):
    look(route, connector([]), lag=90.0)
    assert health(route)["looked_until"] == NOW - timedelta(seconds=90)


def test_a_long_past_is_read_window_by_window_and_the_last_has_no_end(route):
    made = connector([item(1)], window=timedelta(days=40))
    look(route, made)
    ends = [SINCE + timedelta(days=40), SINCE + timedelta(days=80)]
    assert made.looks == [(SINCE, ends[0]), (ends[0], ends[1]), (ends[1], None)]


def test_a_failure_is_recorded_keeps_what_came_and_the_cursor_where_it_was(route):
    made = connector([item(n) for n in range(1500)], fails_at=1200)
    with pytest.raises(Refused):
        look(route, made)
    found = health(route)
    assert (found["up"], found["error"], found["looked_until"]) == (False, "Refused", None)
    assert "401" in found["message"]
    assert found["events"] == 1000
    look(route, connector([item(n) for n in range(1500)]))
    assert (health(route)["up"], health(route)["events"], health(route)["message"]) == (True, 1500, None)


def test_a_look_that_is_asked_to_stop_stops_between_transactions_and_goes_on_later(route):
    looked = look(route, connector([item(n) for n in range(2500)]), stopping=lambda: True)
    assert (looked.items, looked.complete) == (1000, False)
    assert health(route)["looked_until"] is None
    looked = look(route, connector([item(n) for n in range(2500)]))
    assert (looked.complete, looked.outcome.accepted, looked.outcome.duplicate) == (True, 1500, 1000)


def test_progress_is_told(route):
    told = []
    look(route, connector([item(n) for n in range(1001)]), progress=lambda looked: told.append(looked.items))
    assert told == [1000, 1001, 1001]


def test_what_cannot_be_read_is_quarantined_and_the_rest_kept(route):
    looked = look(route, connector([item(1), Unread({"id": 5}, "KeyError: 'fields'"), item(2)]))
    assert (looked.outcome.accepted, len(looked.outcome.rejected)) == (2, 1)
    with store.reading(route.engine) as connection:
        (kept,) = log.quarantined(connection)["items"]
    assert (kept["source"], kept["reason"]) == ("pay", "KeyError: 'fields'")


def test_a_source_that_never_succeeded_is_neither_up_nor_down(route):
    look(route, connector([item(n) for n in range(1500)]), stopping=lambda: True)
    assert health(route)["up"] is None


def test_a_failure_has_a_state_and_a_remedy_and_both_go_when_it_is_well_again(route):
    with pytest.raises(Refused):
        look(route, connector([item(1)], fails_at=0))
    found = health(route)
    assert found["state"] == "unauthorized"
    assert "check the token" in found["remedy"]
    look(route, connector([item(1)]))
    assert [health(route)[name] for name in ("state", "remedy", "message")] == [None, None, None]


def test_a_source_that_sees_less_than_it_did_says_so_until_it_sees_all_of_it_again(route):
    def seeing(*names, **more):
        made = connector([item(1)])
        made.scope = lambda settings, client: names
        look(route, made, **more)
        return health(route)

    assert seeing("PAY", "WEB")["state"] is None
    lost = seeing("WEB")
    assert (lost["state"], lost["up"]) == ("narrowed", True)
    assert "not PAY" in lost["message"]
    assert seeing("WEB", "NEW")["state"] == "narrowed"
    assert seeing("PAY", "WEB", "NEW")["state"] is None
    assert seeing("WEB")["state"] == "narrowed"
    assert seeing("WEB", afresh=True)["state"] is None


def test_a_source_whose_scope_cannot_be_read_is_a_failure(route):
    made = connector([item(1)])

    def refused(settings, client):
        raise Refused("401")

    made.scope = refused
    with pytest.raises(Refused):
        look(route, made)
    assert health(route)["up"] is False


@pytest.mark.parametrize("seconds", [0, 1, 60], ids=["in one transaction", "in a few", "in many"])
def test_bulk_is_measured_whole_however_long_its_transactions_may_last(route, monkeypatch, seconds):
    monkeypatch.setattr("ttv.route.BULK", 10)
    ticks = count()
    slow = Route(route.engine, now=lambda: NOW + timedelta(seconds=seconds * next(ticks)))
    made = (Record(n, "jira", Event(str(n), "idea", SINCE, f"initiative:i{n}")) for n in range(300))
    named = (Record(n, "api", Initiative(f"i{n}", "I")) for n in range(300))
    assert slow.post(chain(made, named), 10).accepted == 600
    with store.reading(route.engine) as connection:
        found = connection.execute(select(store.milestone.c.initiative, store.milestone.c.idea_at)).all()
        version = store.version(connection).number
    assert {key for key, idea_at in found if idea_at == store.micros(SINCE)} == {f"i{n}" for n in range(300)}
    assert version == {0: 2, 1: 4, 60: 31}[seconds]


@pytest.mark.parametrize("known", [0, 1], ids=["an empty log", "a log with something in it"])
@pytest.mark.parametrize("fails", [False, True], ids=["whole", "broken off"])
def test_the_log_has_its_indexes_after_bulk(route, monkeypatch, known, fails):
    monkeypatch.setattr("ttv.route.BULK", 10)
    before = inspect(route.engine).get_indexes("event")
    route.take("jira", [item(n) for n in range(known)])

    def records():
        yield from (Record(n, "jira", item(n)) for n in range(30))
        if fails:
            raise OSError("the file is gone")

    with pytest.raises(OSError, match="gone") if fails else nullcontext():
        route.post(records(), 10)
    assert inspect(route.engine).get_indexes("event") == before != []
    with store.reading(route.engine) as connection:
        kept = connection.scalar(select(func.count()).select_from(store.event))
        idea_at = connection.scalar(select(store.milestone.c.idea_at))
    assert kept == (known if fails else 30)
    assert idea_at == (None if fails and not known else store.micros(SINCE))
