"""What is drawn of figures: lines with gaps and bands, the survival curve, and shares of a whole."""

import re
from itertools import pairwise

import pytest

from ttv import statistics
from ttv.publish import bars, curves, lines, words

DAY = 86_400
MICROS = DAY * statistics.SECOND


def known(half, low=None, high=None, count=20, got=15):
    """Return what is known of a period, in days."""
    half, low, high = (None if one is None else one * DAY for one in (half, low, high))
    return lines.Known(half, low, high, count, got)


def drawn(*series):
    """Draw one series of what is known."""
    return lines.drawing([f"P{n}" for n in range(len(series))], {"every": ("half of all", series)})


def numbers(path):
    """Return the points of a path."""
    return [tuple(map(float, point)) for point in re.findall(r"(-?[\d.]+) (-?[\d.]+)", path)]


def test_a_period_without_a_figure_is_a_gap():
    one = drawn(known(40), known(50), known(None), known(60), known(70)).series[0]
    assert one.line.count("M") == 2
    assert [x for x, _ in numbers(one.line)] == [10, 30, 70, 90]
    assert one.dots[2].y is None


def test_a_period_between_gaps_is_a_dot_and_no_line():
    one = drawn(known(None, count=0), known(50), known(None, count=0)).series[0]
    assert one.line == ""
    assert one.dots[1].y is not None


def test_more_is_higher_and_nothing_is_the_ground():
    drawing = drawn(known(0), known(50), known(100))
    ground, middle, top = (dot.y for dot in drawing.series[0].dots)
    assert ground == 100
    assert top < middle < ground
    assert middle == pytest.approx((top + ground) / 2, abs=0.01)
    assert drawing.levels[0] == (100, "0")


def test_a_band_lies_around_its_line():
    one = drawn(known(50, 40, 70), known(60, 45, 80)).series[0]
    assert all(dot.high < dot.y < dot.low for dot in one.dots)
    assert len(numbers(one.band)) == 4


def test_a_band_without_an_upper_limit_reaches_to_the_top():
    one = drawn(known(50, 40, 70), known(60, 45), known(None, 50)).series[0]
    assert [dot.high for dot in one.dots[1:]] == [0, 0]
    assert {x for x, _ in numbers(one.band)} == {dot.x for dot in one.dots}


def test_a_band_of_one_period_can_be_seen():
    around = numbers(drawn(known(50), known(60, 45, 80), known(50)).series[0].band)
    assert len({x for x, _ in around}) == 2


def test_a_wide_band_does_not_press_the_line_flat():
    dots = drawn(known(50, 40, 5_000), known(60, 45, 80)).series[0].dots
    assert dots[0].high == 0
    assert dots[1].y < 60


def test_half_that_is_not_reached_is_marked_above_and_never_drawn_low():
    drawing = drawn(known(50), known(None, count=9, got=0), known(None, count=0, got=0))
    assert [dot.known.beyond for dot in drawing.series[0].dots] == [False, True, False]
    assert drawing.beyond


def test_where_nothing_is_known_nothing_is_drawn():
    assert drawn(known(None), known(None, 40)) is None


def test_few_are_said_to_be_few():
    assert not drawn(known(50, got=words.SMALL)).few
    assert drawn(known(50, got=words.SMALL - 1)).few


# The curve


def curve(took, waited=(), stopped=()):
    """Draw the curve of ideas, in days."""
    days = [*took, *waited, *stopped]
    how = [statistics.ENDED] * len(took) + [statistics.OPEN] * len(waited) + [statistics.STOPPED] * len(stopped)
    micros = [one * MICROS for one in days]
    return curves.drawn({"all": statistics.survival(micros, how), "steps": statistics.curve(micros, how)})


def test_the_curve_goes_down_in_steps_from_all():
    points = numbers(curve([10, 20, 30], waited=[40]).line)
    assert points[0] == (0, 0)
    assert points[-1][1] == 75
    turns = pairwise(points)
    assert all(one[0] == other[0] or one[1] == other[1] for one, other in turns)  # no slopes
    assert [y for _, y in points] == sorted(y for _, y in points)


def test_the_band_of_the_curve_holds_the_curve():
    found = curve(range(10, 40), waited=range(5, 60, 5))
    for step in found.steps:
        if step["low"] is not None:
            assert step["low"] <= step["survival"] <= step["high"]
    heights = {y for _, y in numbers(found.band)}
    assert max(heights) <= 100
    assert min(heights) >= 0
    assert round(100 * (1 - found.steps[3]["high"]), 3) in heights


def test_the_curve_crosses_one_half_at_the_median():
    found = curve(range(1, 100, 2), stopped=[3, 9])
    assert found.half == found.scale.at(found.whole["p50_seconds"])
    crossing = next(x for x, y in numbers(found.line) if y >= 50)
    assert crossing == found.half


def test_half_of_a_curve_that_does_not_get_there_is_nowhere():
    assert curve([10], waited=[20, 30, 40]).half is None


def test_the_table_of_a_curve_ends_with_what_was_observed():
    rows = curve(range(10, 130, 4)).rows
    assert [row["after"] for row in rows] == ["30 days", "60 days", "90 days", "126 days"]
    assert [row["survival"] for row in rows] == sorted((row["survival"] for row in rows), reverse=True)


@pytest.mark.parametrize(("took", "waited"), [([], []), ([], [5, 9]), ([0], [])])
def test_without_an_answer_there_is_no_curve(took, waited):
    assert curve(took, waited) is None


# The shares


def test_shares_lie_side_by_side_and_fill_the_whole():
    found = bars.shares({name: {"share": share} for name, share in zip(bars.STAGES, (0.5, 0, 0.2, 0.3), strict=True)})
    assert [(one.stage, one.x, one.width) for one in found] == [
        ("deciding", 0, 50),
        ("building", 50, 20),
        ("sensing", 70, 30),
    ]


def test_of_a_stage_that_none_was_in_there_is_no_share():
    assert bars.shares({name: {"share": None} for name in bars.STAGES}) == ()
