"""The schedule: every source at its own pace, one look at a time, no source keeps another, the end waits."""

import logging
from datetime import timedelta
from threading import Event

import pytest
from sqlalchemy.exc import OperationalError

from connectors.contract import Delivery, Initiative, Unavailable
from tests.scheduled import PATIENCE, Counts, health, source
from ttv import deliveries, store
from ttv.route import Route
from ttv.schedule import Schedule, Stop, Stopped

SHORT = timedelta(milliseconds=20)


@pytest.fixture
def route(sqlite_engine):
    return Route(sqlite_engine)


@pytest.fixture
def counts():
    return Counts()


def ended(schedule):
    """End a schedule, and with it every look that is under way."""
    schedule.stop()
    return True


def one_initiative(tool):
    yield Initiative("pay", "Faster checkout")


def down(tool):
    raise Unavailable("https://tool.example is down")
    yield


def test_every_source_is_looked_at_when_it_starts(route, counts):
    one, _ = source("one", one_initiative)
    two, _ = source("two", lambda _: iter(()))
    schedule = Schedule(route, [one, two], counts)
    schedule.start()
    assert counts.wait(2)
    assert ended(schedule)
    assert counts.expected == ["one", "two"]
    assert sorted(counts.runs) == [("one", "succeeded"), ("two", "succeeded")]
    with store.reading(route.engine) as connection:
        assert connection.execute(store.initiative.select()).one().key == "pay"


def test_a_source_is_looked_at_again_after_its_interval(route, counts):
    again = Event()

    def body(tool):
        if tool.looks > 1:
            again.set()
        return iter(())

    schedule = Schedule(route, [source("one", body, SHORT)[0]], counts)
    schedule.start()
    assert again.wait(PATIENCE)
    assert ended(schedule)


def test_a_source_that_fails_is_recorded_and_tried_again_and_the_others_go_on(route, counts, caplog):
    well, again = Event(), Event()

    def fails_once(tool):
        if tool.looks > 1:
            again.set()
            return iter(())
        return down(tool)

    def goes_on(tool):
        well.set()
        return iter(())

    schedule = Schedule(route, [source("bad", fails_once, SHORT)[0], source("good", goes_on)[0]], counts)
    with caplog.at_level(logging.ERROR):
        schedule.start()
        assert well.wait(PATIENCE)
        assert again.wait(PATIENCE)
        assert ended(schedule)
    assert counts.runs.count(("bad", "failed")) == 1
    assert "bad: https://tool.example is down; the next try is in" in caplog.text


def test_a_failure_is_the_source_s_health(route, counts):
    bad, _ = source("bad", down)
    schedule = Schedule(route, [bad], counts)
    schedule.start()
    assert counts.wait(1)
    assert ended(schedule)
    assert health(route)["bad"]["up"] is False
    assert health(route)["bad"]["message"] == "https://tool.example is down"


def test_a_database_that_does_not_answer_is_a_failed_run_not_the_end(route, counts, caplog):
    def body(tool):
        raise OperationalError("select", {}, ConnectionError("refused"))
        yield

    bad, _ = source("bad", body)
    schedule = Schedule(route, [bad], counts)
    schedule.start()
    assert counts.wait(1)
    assert ended(schedule)
    assert counts.runs == [("bad", "failed")]
    assert "the database does not answer: refused" in caplog.text


def test_a_look_that_would_overlap_itself_is_skipped_and_counted(route, counts):
    inside, open_ = Event(), Event()

    def body(tool):
        inside.set()
        assert open_.wait(PATIENCE)
        return iter(())

    slow, tool = source("slow", body, SHORT)
    schedule = Schedule(route, [slow], counts)
    schedule.start()
    assert inside.wait(PATIENCE)
    assert counts.skip.wait(PATIENCE)
    assert tool.looks == 1
    open_.set()
    assert ended(schedule)
    assert set(counts.skips) == {"slow"}


def test_stopping_waits_for_what_is_in_hand_and_stores_it(route, counts):
    stop, inside = Stop(), Event()

    def body(tool):
        yield Initiative("pay", "Faster checkout")
        inside.set()
        assert stop._wished.wait(PATIENCE)
        yield Initiative("late", "What came with the same page")

    schedule = Schedule(route, [source("one", body)[0]], counts, stop=stop)
    schedule.start()
    assert inside.wait(PATIENCE)
    assert ended(schedule)
    with store.reading(route.engine) as connection:
        keys = connection.scalars(store.initiative.select().order_by(store.initiative.c.key)).all()
    assert keys == ["late", "pay"]


def test_stopping_does_not_wait_for_a_client_that_waits(route, counts):
    inside = Event()

    def body(tool):
        inside.set()
        tool.sleep(3600)
        yield Initiative("never", "Never")

    one, tool = source("one", body)
    schedule = Schedule(route, [one], counts)
    schedule.start()
    assert inside.wait(PATIENCE)
    assert ended(schedule)
    assert health(route)["one"]["error"] is None
    assert counts.runs == []
    assert tool.clients[0].closed


def test_a_client_is_kept_from_look_to_look_and_closed_at_the_end(route, counts):
    one, tool = source("one", down, SHORT)
    schedule = Schedule(route, [one], counts)
    schedule.start()
    assert counts.wait(2)
    assert ended(schedule)
    assert [client.closed for client in tool.clients] == [True]


def test_a_sleep_ends_when_somebody_wishes_to_end():
    stop = Stop()
    stop.sleep(0)
    stop.wish()
    assert stop()
    with pytest.raises(Stopped):
        stop.sleep(3600)


def test_a_connector_with_a_defect_is_a_failed_run_with_its_traceback_and_the_others_go_on(route, counts, caplog):
    def breaks(tool):
        raise ZeroDivisionError
        yield

    schedule = Schedule(route, [source("bad", breaks)[0], source("good", one_initiative)[0]], counts)
    schedule.start()
    assert counts.wait(2)
    assert ended(schedule)
    assert sorted(counts.runs) == [("bad", "failed"), ("good", "succeeded")]
    assert "ZeroDivisionError" in caplog.text


def test_what_a_look_brought_is_counted(route, counts):
    schedule = Schedule(route, [source("one", one_initiative)[0]], counts)
    schedule.start()
    assert counts.wait(1)
    assert ended(schedule)
    assert counts.records == [("one", {"accepted": 1, "duplicate": 0, "rejected": 0})]


# ---- several processes on one database


@pytest.fixture
def two(engine):
    """The routes of two processes on one database, on each engine in turn."""
    return Route(engine), Route(engine)


def test_while_one_process_looks_at_a_source_no_other_does(two, counts):
    inside, open_ = Event(), Event()

    def slow(tool):
        inside.set()
        assert open_.wait(PATIENCE)
        return iter(())

    one, _ = source("one", slow)
    same, tool = source("one", one_initiative)
    first, second = Schedule(two[0], [one], counts), Schedule(two[1], [same], Counts())
    first.start()
    assert inside.wait(PATIENCE)
    second._run(same)
    assert tool.looks == 0
    open_.set()
    assert ended(first)
    second._run(same)
    assert tool.looks == 1


def test_two_processes_look_at_a_source_once_an_interval_together(two):
    hour = timedelta(hours=1)
    both = [(Schedule(route, [], Counts()), *source("one", one_initiative, hour)) for route in two]
    for schedule, mine, _ in both:
        schedule._run(mine)  # the first look of a process is always due
    for schedule, mine, _ in both * 3:
        schedule._run(mine)
    assert [tool.looks for *_, tool in both] == [1, 1]


def test_a_process_keeps_its_metrics_current(route, counts):
    made = Event()
    schedule = Schedule(route, [], counts, refresh=made.set)
    schedule.start()
    assert made.wait(PATIENCE)
    assert ended(schedule)
    assert counts.runs == counts.skips == []


def test_a_webhook_brings_the_look_forward_that_tells_what_it_leaves_out(route, counts):
    """The source was looked at a minute ago and would be again in an hour."""
    first, tool = source("first", one_initiative)
    schedule = Schedule(route, [first], counts)
    schedule.start()
    assert counts.wait(1)
    with store.writing(route.engine) as connection:
        ago = store.micros(route.now() - timedelta(minutes=1))
        connection.execute(store.source.update().values(attempted_at=ago))
    said = deliveries.said([Delivery(look_in=timedelta(0))], b"{}")
    assert route.hear("first", "first", said).ended == "announced"
    assert counts.wait(2)
    assert ended(schedule)
    assert (tool.looks, counts.skips) == (2, [])
