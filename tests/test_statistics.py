"""Survival by one library is what a second one and hand-worked examples say."""

import math
import warnings

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ttv.statistics import ENDED, OPEN, SECOND, STOPPED, completed, curve, survival, thinned


def of(*pairs):
    return survival([took * SECOND for took, _ in pairs], [how for _, how in pairs])


def test_open_work_counts():
    """Six ideas: two reach value, at 1 and 3; one is stopped at 2, three are open at 2, 4 and 5."""
    found = of((1, ENDED), (2, STOPPED), (2, OPEN), (3, ENDED), (4, OPEN), (5, OPEN))
    assert (found["count"], found["ended"], found["open"], found["stopped"]) == (6, 2, 3, 1)
    assert found["p50_seconds"] is None  # S(3) = 5/6 * 2/3 = 0.56
    assert found["reached_share"] == pytest.approx(1 / 6 + (5 / 6) * (4 / 5) * (1 / 3))
    assert found["stopped_share"] == pytest.approx((5 / 6) * (1 / 5))


def test_ends_come_before_censorings_at_the_same_time():
    assert of((1, ENDED), (1, OPEN))["p50_seconds"] == 1


def test_a_curve_that_touches_one_half_reaches_it():
    found = of((1, ENDED), (2, ENDED), (3, ENDED), (4, ENDED))
    assert found["p50_seconds"] == 2
    assert found["p85_seconds"] == 4
    assert found["reached_share"] == pytest.approx(1)
    assert found["stopped_share"] == 0


def test_nothing_is_null_and_counts_are_0():
    found = survival([], [])
    assert found.pop("count") == found.pop("ended") == found.pop("open") == found.pop("stopped") == 0
    assert set(found.values()) == {None}
    assert completed([])["count"] == 0


def test_only_open_work_reaches_nothing_and_says_so():
    found = of((5, OPEN), (7, OPEN))
    assert (found["count"], found["open"], found["reached_share"], found["p50_seconds"]) == (2, 2, 0, None)


lives = st.lists(st.tuples(st.integers(1, 30), st.sampled_from([ENDED, ENDED, OPEN, STOPPED])), min_size=2, max_size=60)


@settings(max_examples=60)
@given(lives)
def test_a_second_library_finds_the_same_quantiles_and_limits(pairs):
    lifelines = pytest.importorskip("lifelines")
    found = of(*pairs)
    fitter = lifelines.KaplanMeierFitter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fitter.fit([took for took, _ in pairs], [how == ENDED for _, how in pairs], ci_labels=["low", "high"])
    curve = fitter.survival_function_["KM_estimate"]
    limits = fitter.confidence_interval_
    for name, p in (("p50_seconds", 0.5), ("p85_seconds", 0.85), ("p95_seconds", 0.95)):
        assert found[name] == next((t for t, left in curve.items() if left <= 1 - p + 1e-12), None)
    for name, column in (("p50_low_seconds", "low"), ("p50_high_seconds", "high")):
        theirs = (
            t
            for t, limit in limits[column].items()
            if 0 < curve[t] < 1 - 1e-12 and not math.isnan(limit) and limit <= 0.5
        )
        assert found[name] == next(theirs, None)


@settings(max_examples=60)
@given(lives)
def test_the_shares_are_a_naive_reading_of_aalen_and_johansen(pairs):
    left, reached, stopped = 1.0, 0.0, 0.0
    for t in sorted({took for took, _ in pairs}):
        at_risk = sum(took >= t for took, _ in pairs)
        ends = {how: sum(pair == (t, how) for pair in pairs) / at_risk for how in (ENDED, STOPPED)}
        reached += left * ends[ENDED]
        stopped += left * ends[STOPPED]
        left *= 1 - ends[ENDED] - ends[STOPPED]
    found = of(*pairs)
    assert found["reached_share"] == pytest.approx(reached, abs=1e-12)
    assert found["stopped_share"] == pytest.approx(stopped, abs=1e-12)


def traced(*pairs):
    return curve([took * SECOND for took, _ in pairs], [how for _, how in pairs])


def test_a_curve_steps_where_something_ended_or_stopped_and_goes_on_to_the_last_time():
    steps = traced((1, ENDED), (2, STOPPED), (2, OPEN), (3, ENDED), (4, OPEN), (5, OPEN))
    assert [(one["t_seconds"], one["at_risk"]) for one in steps] == [(0, 6), (1, 6), (2, 5), (3, 3), (5, 1)]
    assert [one["survival"] for one in steps] == pytest.approx([1, 5 / 6, 5 / 6, 5 / 9, 5 / 9])
    assert [one["stopped"] for one in steps] == pytest.approx([0, 0, 1 / 6, 1 / 6, 1 / 6])
    assert steps[0]["low"] is None


def test_a_curve_of_nothing_has_no_steps_and_one_of_open_work_stays_at_1():
    assert traced() == []
    assert [(one["t_seconds"], one["survival"], one["low"], one["reached"]) for one in traced((5, OPEN))] == [
        (0, 1, None, 0),
        (5, 1, None, 0),
    ]


def test_a_curve_may_begin_with_a_step():
    assert [(one["t_seconds"], one["survival"]) for one in traced((0, ENDED), (1, OPEN))] == [(0, 0.5), (1, 0.5)]


def test_a_thinned_curve_keeps_its_first_and_last_step():
    steps = traced(*((n, ENDED) for n in range(1, 101)))
    few = thinned(steps, 7)
    assert (len(few), few[0], few[-1]) == (7, steps[0], steps[-1])
    assert all(one in steps for one in few)
    assert thinned(steps, 101) == steps


@settings(max_examples=60)
@given(lives)
def test_a_second_library_draws_the_same_curve(pairs):
    lifelines = pytest.importorskip("lifelines")
    fitter = lifelines.KaplanMeierFitter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fitter.fit([took for took, _ in pairs], [how == ENDED for _, how in pairs], ci_labels=["low", "high"])
    limits = fitter.confidence_interval_
    for one in traced(*pairs):
        left = fitter.survival_function_["KM_estimate"][one["t_seconds"]]
        assert one["survival"] == pytest.approx(left, abs=1e-9)
        if 1e-9 < left < 1 - 1e-9:
            assert one["low"] == pytest.approx(limits["low"][one["t_seconds"]], abs=1e-9)
            assert one["high"] == pytest.approx(limits["high"][one["t_seconds"]], abs=1e-9)
        else:
            assert one["low"] is one["high"] is None


@settings(max_examples=60)
@given(lives)
def test_what_can_be_read_off_the_curve_is_what_is_said_of_it(pairs):
    steps, found = traced(*pairs), of(*pairs)
    for name, p in (("p50_seconds", 0.5), ("p85_seconds", 0.85), ("p95_seconds", 0.95)):
        assert found[name] == next((one["t_seconds"] for one in steps if one["survival"] <= 1 - p + 1e-12), None)
    for name, limit in (("p50_low_seconds", "low"), ("p50_high_seconds", "high")):
        below = (one["t_seconds"] for one in steps if one[limit] is not None and one[limit] <= 0.5)
        assert found[name] == next(below, None)
    assert found["reached_share"] == pytest.approx(steps[-1]["reached"])
    assert found["stopped_share"] == pytest.approx(steps[-1]["stopped"])
