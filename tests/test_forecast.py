"""What forerunners say of what comes: shares, with stops competing and open ones censored, and silence when too few."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ttv import statistics
from ttv.forecast import FEWEST, Passage
from ttv.statistics import ENDED, OPEN, STOPPED

rows = st.lists(
    st.tuples(st.integers(1, 40), st.integers(0, 20), st.sampled_from([OPEN, ENDED, STOPPED])),
    min_size=FEWEST,
    max_size=40,
)
"""Time in the stage, time after it, and how it ended."""


def passage(rows):
    return Passage([stayed for stayed, _, _ in rows], [stayed + more for stayed, more, _ in rows], [r[2] for r in rows])


def test_without_open_ones_a_chance_is_the_share_that_had_value_by_then():
    rows = [(5, 0, STOPPED), *((10, more, ENDED) for more in range(9))]
    ahead = passage(rows).beyond(4)
    assert [ahead.chance(within) for within in (0, 1, 5, 6, 8, 14, 99)] == [
        0,
        0,
        0,
        *(pytest.approx(share) for share in (0.1, 0.3, 0.9, 0.9)),
    ]
    assert ahead.median() == 10


def test_only_those_that_were_in_the_stage_for_longer_count():
    rows = [*((3, 1, ENDED) for _ in range(50)), *((9, 30, STOPPED) for _ in range(FEWEST))]
    ahead = passage(rows).beyond(3)
    assert ahead.count == FEWEST
    assert ahead.chance(30) == 0
    assert ahead.median() is None


def test_one_that_is_open_still_counts_for_as_long_as_it_was_seen():
    """Of ten, one has value after 1; one more is lost to sight at 2; then one of eight has value at 3."""
    rows = [(1, 0, ENDED), (2, 0, OPEN), (3, 0, ENDED), *((9, 0, STOPPED) for _ in range(7))]
    ahead = passage(rows).beyond(0)
    assert ahead.chance(1) == pytest.approx(1 / 10)
    assert ahead.chance(3) == pytest.approx(1 / 10 + 9 / 10 / 8)


def test_fewer_than_ten_say_nothing():
    rows = [(5, 0, ENDED)] * (FEWEST - 1)
    ahead = passage(rows).beyond(0)
    assert (ahead.count, ahead.chance(10), ahead.median()) == (FEWEST - 1, None, None)
    assert passage([]).beyond(0).chance(1) is None


def test_beyond_what_was_seen_nothing_is_said():
    ahead = passage([*((5, 0, ENDED) for _ in range(FEWEST)), (20, 0, OPEN)]).beyond(0)
    assert ahead.chance(20) == pytest.approx(10 / 11)
    assert ahead.chance(20.5) is None


@given(rows)
def test_at_the_end_the_chance_is_the_reached_share_of_the_figures(rows):
    ahead, lasted = passage(rows).beyond(0), [stayed + more for stayed, more, _ in rows]
    wanted = statistics.survival(lasted, [how for *_, how in rows])["reached_share"]
    assert ahead.chance(max(lasted)) == pytest.approx(wanted)


@given(st.lists(st.sampled_from([OPEN, ENDED, STOPPED]), min_size=FEWEST, max_size=30), st.data())
def test_chances_are_those_of_another_library(hows, data):
    from lifelines import AalenJohansenFitter

    times = data.draw(st.lists(st.integers(1, 500), min_size=len(hows), max_size=len(hows), unique=True))
    if ENDED not in hows:
        return
    fitter = AalenJohansenFitter(calculate_variance=False).fit(np.array(times), np.array(hows), event_of_interest=ENDED)
    ahead = Passage(times, times, hows).beyond(0)
    for within in times:
        assert ahead.chance(within) == pytest.approx(fitter.predict(within), abs=1e-9)


@given(rows, st.integers(0, 30), st.lists(st.integers(0, 60), min_size=2, max_size=2))
def test_a_chance_is_a_share_that_grows_with_time(rows, age, within):
    ahead = passage(rows).beyond(age)
    sooner, later = (ahead.chance(one) for one in sorted(within))
    if later is not None:
        assert 0 <= sooner <= later <= 1 + 1e-9


@given(rows, st.integers(0, 30))
def test_the_median_is_where_the_chance_passes_one_half(rows, age):
    ahead = passage(rows).beyond(age)
    median = ahead.median()
    if median is not None:
        assert ahead.chance(median) >= 0.5 - 1e-9
        assert ahead.chance(median - 0.5) < 0.5
