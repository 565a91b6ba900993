"""Weeks with nobody there: a census now and then, and a tool that is down for long."""

import logging
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from connectors import contract
from connectors.contract import Unavailable
from tests.scheduled import Counts, Tool, health
from ttv import store
from ttv.config import Source
from ttv.records import Record, Rejection
from ttv.route import Route
from ttv.schedule import Schedule


@pytest.fixture
def counts():
    return Counts()


# ---- the census


class Counting(Tool):
    """A connector that can tell what is deleted: everything that it is asked about."""

    def __init__(self, body, error=None):
        super().__init__(body)
        self.error, self.censuses = error, 0

    def gone(self, settings, client, subjects):
        self.censuses += 1
        if self.error:
            raise self.error
        return list(subjects)


def counting(error=None):
    at = datetime(2026, 1, 1, tzinfo=UTC)
    tool = Counting(lambda _: iter([contract.Event("1", "idea", at, "one:1")]), error)
    week = timedelta(days=7)
    return Source("one", "one", tool, contract.Settings(), timedelta(hours=1), timedelta(days=1), None, week), tool


@pytest.fixture
def weekly(sqlite_engine):
    """A route whose clock a test moves."""
    clock = SimpleNamespace(at=datetime(2026, 11, 1, tzinfo=UTC))
    return Route(sqlite_engine, now=lambda: clock.at), clock


def test_after_a_week_what_is_deleted_is_asked_once(weekly, counts):
    route, clock = weekly
    one, tool = counting()
    schedule = Schedule(route, [], counts)
    schedule._run(one)
    for _ in range(24 * 8):
        clock.at += timedelta(hours=1)
        schedule._run(one)
    assert (tool.looks, tool.censuses) == (1 + 24 * 8, 1)
    with store.reading(route.engine) as connection:
        assert [row.deleted for row in connection.execute(store.event_version.select())] == [False, True]


def test_a_census_that_fails_leaves_the_look_as_it_is_and_is_the_source_s_health(weekly, counts, caplog):
    route, clock = weekly
    one, _ = counting(Unavailable("https://tool.example is down"))
    schedule = Schedule(route, [], counts)
    schedule._run(one)
    clock.at += timedelta(days=7)
    with caplog.at_level(logging.ERROR):
        schedule._run(one)
    assert counts.runs == [("one", "succeeded")] * 2
    assert (health(route)["one"]["up"], health(route)["one"]["state"]) == (True, "unavailable")
    assert "one: the census failed: https://tool.example is down" in caplog.text


# ---- a tool that is down for long


class Kept(Tool):
    """A tool that keeps when each of its records was touched, and gives those of a time; it may be down."""

    WINDOW = timedelta(days=1)

    def __init__(self):
        super().__init__(None)
        self.touched, self.down, self.asked = {}, False, []

    def events(self, settings, client, since, until):
        if self.down:
            raise Unavailable("https://tool.example is down")
        self.asked.append((since, until))
        for number, at in self.touched.items():
            if since <= at and (until is None or at < until):
                yield contract.Event(str(number), "idea", at, f"one:{number}")


def test_a_source_that_was_down_for_a_week_catches_up_by_itself(weekly, counts):
    route, clock = weekly
    tool = Kept()
    one = Source("one", "one", tool, contract.Settings(), timedelta(hours=1), timedelta(days=1), None)
    schedule = Schedule(route, [], counts)
    schedule._run(one)
    known, tool.down = clock.at, True
    for hour in range(7 * 24):
        clock.at += timedelta(hours=1)
        tool.touched[hour] = clock.at - timedelta(minutes=1)
        schedule._run(one)
    assert health(route)["one"]["state"] == "unavailable"
    tool.down, tool.asked = False, []
    clock.at += timedelta(hours=1)
    schedule._run(one)
    assert health(route)["one"]["state"] is None
    assert health(route)["one"]["events"] == 7 * 24
    assert tool.asked[0][0] > known - timedelta(hours=1), "it goes on where it was, not from the beginning"
    assert [until for _, until in tool.asked].count(None) == 1
    assert counts.runs.count(("one", "failed")) == 7 * 24


# ---- what lay in the future


def test_what_lay_in_the_future_is_taken_when_it_no_longer_does(weekly, counts):
    route, clock = weekly
    ahead = contract.Event("1", "idea", clock.at + timedelta(days=7), "board:1")
    route.post([Record(0, "board", ahead), Rejection(1, "is not JSON", raw="{")])
    schedule = Schedule(route, [], counts)
    for hour in range(8 * 24):
        schedule._ripen()
        with store.reading(route.engine) as connection:
            taken = connection.execute(store.event.select()).all()
            left = connection.execute(store.quarantine.select()).all()
        assert (len(taken), len(left)) == ((0, 2) if hour < 7 * 24 else (1, 1))
        clock.at += timedelta(hours=1)


def test_looking_for_it_in_vain_changes_nothing(weekly, counts):
    route, clock = weekly
    route.post([Record(0, "board", contract.Event("1", "idea", clock.at + timedelta(days=7), "board:1"))])
    with store.reading(route.engine) as connection:
        before = store.version(connection)
    Schedule(route, [], counts)._ripen()
    with store.reading(route.engine) as connection:
        assert store.version(connection) == before


def test_a_schedule_looks_for_it_each_hour(weekly, counts):
    schedule = Schedule(weekly[0], [], counts)
    schedule.start()
    (job,) = [job for job in schedule._scheduler.get_jobs() if job.func == schedule._ripen]
    schedule.stop()
    assert job.trigger.interval == timedelta(hours=1)


def test_what_was_taken_is_said(weekly, counts, caplog):
    route, clock = weekly
    route.post([Record(0, "board", contract.Event("1", "idea", clock.at + timedelta(days=7), "board:1"))])
    clock.at += timedelta(days=8)
    with caplog.at_level(logging.INFO):
        Schedule(route, [], counts)._ripen()
    assert "1 records lay in the future and no longer do" in caplog.text
