"""Scores of chances, worked out by hand."""

import pytest

from ttv import scores

NAN = float("nan")


def test_the_brier_score_is_the_mean_square_of_what_was_off():
    assert scores.brier([1, 0, 0.5, 0.8], [1, 0, 1, 0]) == pytest.approx((0 + 0 + 0.25 + 0.64) / 4)
    assert scores.brier([], []) is None


def test_calibration_tells_by_tenths_how_often_it_came():
    assert scores.calibration([0.05, 0.31, 0.33, 0.38, 0.39, 0.3, 1.0], [0, 0, 1, 0, 1, 0, 1]) == [
        {"chance_from": 0.0, "chance_to": 0.1, "forecasts": 1, "mean_chance": 0.05, "reached_share": 0},
        {
            "chance_from": 0.3,
            "chance_to": 0.4,
            "forecasts": 5,
            "mean_chance": pytest.approx((0.31 + 0.33 + 0.38 + 0.39 + 0.3) / 5),
            "reached_share": 0.4,
        },
        {"chance_from": 0.9, "chance_to": 1.0, "forecasts": 1, "mean_chance": 1, "reached_share": 1},
    ]
    assert scores.calibration([], []) == []


def test_only_where_both_spoke_two_ways_are_compared():
    found = scores.compared([1, 0.5, NAN, 1], [0.5, NAN, 0.5, 1], [1, 1, 1, 0], list("abcd"))
    assert (found["forecasts"], found["initiatives"]) == (2, 2)
    assert (found["brier"], found["yardstick_brier"], found["difference"]) == (0.5, 0.625, -0.125)


def test_few_initiatives_cannot_tell():
    few = scores.compared([1] * 99, [0] * 99, [1] * 99, list(range(9)) * 11)
    assert (few["initiatives"], few["low"], few["high"], few["verdict"]) == (9, None, None, None)
    assert scores.compared([], [], [], [])["brier"] is None


def test_a_difference_has_an_interval_over_initiatives():
    """Twenty with a difference of -1 and twenty of 0, each forecast twice: as wide as of forty, not of eighty."""
    chances, others, came = [1.0] * 80, [0.0] * 40 + [1.0] * 40, [1] * 80
    found = scores.compared(chances, others, came, [number // 2 for number in range(80)])
    error = 0.5 / 39**0.5
    assert found["difference"] == -0.5
    assert found["low"] == pytest.approx(-0.5 - 1.959963984540054 * error)
    assert found["high"] == pytest.approx(-0.5 + 1.959963984540054 * error)
    assert found["verdict"] == "better"
    assert scores.compared(others, chances, came, range(80))["verdict"] == "worse"
    assert scores.compared(chances, chances, came, range(80))["verdict"] == "no clear difference"
