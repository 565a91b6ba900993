"""The clock of the company: work hours, bursts, and lives that are old enough for them."""

from datetime import UTC, datetime
from random import Random

import pytest

from ttv.demo.times import DAY, HOUR, MINUTE, SECOND, Life, Times, at_work, milliseconds, moment

ORIGIN = milliseconds(datetime(2026, 3, 4, 12, tzinfo=UTC))
TIMES = Times((ORIGIN,), 20)


def test_an_instant_is_whole_milliseconds_and_comes_back():
    at = datetime(2026, 3, 4, 12, 0, 0, 123_000, tzinfo=UTC)
    assert moment(milliseconds(at)) == at


@pytest.mark.parametrize(
    ("at", "moved"),
    [
        ("2026-03-04T09:00", "2026-03-04T09:00"),
        ("2026-03-04T03:00", "2026-03-04T10:00"),
        ("2026-03-04T22:30", "2026-03-04T09:30"),
        ("2026-03-07T09:00", "2026-03-09T09:00"),
        ("2026-03-08T09:00", "2026-03-09T09:00"),
    ],
)
def test_work_is_done_in_working_hours(at, moved):
    read = [milliseconds(datetime.fromisoformat(text).replace(tzinfo=UTC)) for text in (at, moved)]
    assert at_work(read[0]) == read[1]


def test_a_planned_day_takes_its_pace_after_the_origin():
    assert TIMES.after(ORIGIN, 3 * DAY, bearable=0) == (ORIGIN + 60 * SECOND, True)


def test_only_what_lies_after_the_origin_is_shortened():
    assert TIMES.after(ORIGIN - DAY, 4 * DAY, bearable=0) == (ORIGIN + 60 * SECOND, True)
    assert TIMES.after(ORIGIN - 2 * DAY, DAY, bearable=0) == (ORIGIN - DAY, False)


def test_a_young_life_goes_on_at_our_speed():
    assert TIMES.after(ORIGIN, DAY, bearable=ORIGIN + HOUR) == (ORIGIN + DAY, False)


def test_a_life_is_never_less_than_half_as_old_as_planned():
    life = Life(TIMES, Random(1), ORIGIN - 10 * DAY)
    for _ in range(40):
        at = life.pass_(1)
        assert at - (ORIGIN - 10 * DAY) >= life.age / 2 - DAY


def test_a_life_only_goes_forward():
    life, before = Life(TIMES, Random(1), ORIGIN - DAY), 0
    for days in (0, 0.001, 2, 0, 30, 0.5):
        assert life.pass_(days) > before
        before = life.at


def test_work_before_the_origin_stays_before_it():
    at = ORIGIN - MINUTE
    assert TIMES.within_work(ORIGIN - 12 * HOUR - MINUTE) <= at
