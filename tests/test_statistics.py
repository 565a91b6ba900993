"""Survival by one library is what a second one and hand-worked examples say."""

import math
import warnings

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ttv.statistics import ENDED, OPEN, SECOND, STOPPED, completed, survival


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
