"""The plain reading says no more than the intervals bear out."""

import pytest

from ttv import statistics
from ttv.publish import reading

MICROS = 86_400 * statistics.SECOND


def survival(took, waited=(), stopped=()):
    """Describe ideas by the days that they took, have waited, or ran until they were stopped."""
    days = [*took, *waited, *stopped]
    how = [statistics.ENDED] * len(took) + [statistics.OPEN] * len(waited) + [statistics.STOPPED] * len(stopped)
    return statistics.survival([one * MICROS for one in days], how)


SLOW, FAST = survival(range(100, 160, 2)), survival(range(20, 80, 2))


@pytest.mark.parametrize(
    ("now", "before", "said"),
    [
        (FAST, SLOW, "sooner"),
        (SLOW, FAST, "later"),
        (FAST, FAST, "alike"),
        (FAST, survival(range(30, 90, 2)), "alike"),
        (survival([20] * 9), survival([90] * 30), "few"),
        (survival([20] * 30), survival([90] * 9), "few"),
        (FAST, survival(range(100, 160, 2), waited=[200] * 31), "sooner"),  # half is not known, its lower limit is
    ],
)
def test_a_change_is_said_only_if_the_intervals_lie_apart(now, before, said):
    assert reading.verdict(now, before) == said


def test_the_reading_says_how_soon_who_waits_and_what_changed():
    now, before = survival(range(20, 80, 2), waited=[50] * 4), survival(range(100, 160, 2))
    assert reading.reading(now, before, "365d") == (
        "Half of the ideas that are not stopped reach a customer's answer within 52 days; "
        "4 of 34 ideas heard in the last 365 days are still open; "
        "value arrives sooner than in the 365 days before (128 days then)."
    )


@pytest.mark.parametrize(
    ("now", "before", "window", "said"),
    [
        (survival([]), survival([]), "90d", "No idea was heard in the last 90 days."),
        (
            survival([], waited=[5]),
            survival([]),
            "365d",
            (
                "When half of the ideas have a customer's answer cannot be said yet: "
                "none has one, and 1 of 1 idea heard in the last 365 days is still open."
            ),
        ),
        (
            survival([5], waited=[9, 9, 9]),
            None,
            "all",
            (
                "When half of the ideas have a customer's answer cannot be said yet: "
                "1 has one so far, and 3 of 4 ideas heard since records began are still open."
            ),
        ),
        (
            survival([5], waited=[2]),
            survival([]),
            "365d",
            (
                "Half of the ideas that are not stopped reach a customer's answer within 5 days, going by no more than "
                "1 answer; 1 of 2 ideas heard in the last 365 days is still open; "
                "no idea is on record from the 365 days before to compare it with."
            ),
        ),
        (
            FAST,
            survival(range(22, 82, 2)),
            "30d",
            (
                "Half of the ideas that are not stopped reach a customer's answer within 48 days; "
                "0 of 30 ideas heard in the last 30 days are still open; "
                "too close to tell whether that is sooner or later than in the 30 days before (50 days then)."
            ),
        ),
        (
            FAST,
            survival([3] * 4),
            "365d",
            (
                "Half of the ideas that are not stopped reach a customer's answer within 48 days; "
                "0 of 30 ideas heard in the last 365 days are still open; "
                "too few got there to tell whether that is sooner or later than in the 365 days before."
            ),
        ),
    ],
)
def test_the_reading_claims_no_more_than_is_known(now, before, window, said):
    assert reading.reading(now, before, window) == said
