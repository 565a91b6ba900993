"""Answers are kept for as long as the data is the same, and made once however many ask for them at a time."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier

from ttv import memo, store
from ttv.memo import MOMENT

NOW = datetime(2026, 11, 1, tzinfo=UTC)


def answered(engine, made, *, as_of=NOW, barrier=None):
    with store.reading(engine) as connection:
        if barrier:
            barrier.wait()
        return memo.of(connection).answer(connection, "question", as_of, lambda: made.append(as_of) or len(made))


def test_an_answer_is_kept_for_a_moment_and_until_the_data_changes(sqlite_engine):
    made = []
    for seconds, wanted in ((0, 1), (10, 1), (10.1, 2), (5, 3)):
        assert answered(sqlite_engine, made, as_of=NOW + timedelta(seconds=seconds)) == wanted, seconds
    with store.writing(sqlite_engine) as connection:
        store.changed(connection, "log", NOW)
    assert answered(sqlite_engine, made, as_of=NOW + MOMENT) == 4


def test_many_who_ask_at_once_wait_for_one_answer(sqlite_engine):
    made, barrier = [], Barrier(6)
    with ThreadPoolExecutor(6) as pool:
        found = [pool.submit(answered, sqlite_engine, made, barrier=barrier) for _ in range(6)]
    assert [one.result() for one in found] == [1] * 6
