"""A trend is the population as of each period's end, in weeks, months and quarters of UTC."""

from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise, product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.contract import Event, Initiative
from tests.test_figures_naive import NOW, START, emptied, lives, logs, property_
from ttv import store
from ttv.cursors import BadQuestion
from ttv.figures import Selection
from ttv.population import population
from ttv.records import Record
from ttv.trend import spans, trend

cast = [
    Record(0, "api", Initiative("one", "One", team="Pay", labels={"area": "eu"}, claims=("jira:A-0",))),
    Record(0, "api", Initiative("two", "Two", direction="top_down", claims=("jira:A-1",))),
]
days = st.integers(0, 8).map(lambda number: START + timedelta(days=number))
hours = st.integers(0, 30 * 24).map(lambda number: START + timedelta(hours=number))


def day(text):
    return datetime.fromisoformat(f"{text}T00:00:00+00:00")


@settings(property_, max_examples=40)
@given(
    log=st.one_of(lives, logs),
    as_of=st.one_of(days, days, hours),
    interval=st.sampled_from(["week", "week", "month", "quarter"]),
    selection=st.sampled_from([Selection(), Selection(), Selection(team="Pay"), Selection(label="area:eu")]),
    group_by=st.sampled_from([None, None, "team", "direction", "label:area"]),
)
def test_every_point_is_the_population_as_of_the_end_of_its_period(engine, log, *, as_of, interval, **how):
    emptied(engine).post([*log, *cast])
    with store.reading(engine) as connection:
        for figure, window in product(("time_to_value", "rate_of_turn"), ("all", *(f"{n}d" for n in range(1, 7)))):
            asked = {"figure": figure, "window": window, **how}
            for point in trend(connection, **asked, as_of=as_of, interval=interval, periods=2)["items"]:
                whole = population(connection, **asked, as_of=min(point["period_end"], as_of))
                told = [{name: group[name] for name in ("group", "completed", "all")} for group in whole["groups"]]
                assert point["groups"] == told, (point["period_end"], asked)


@pytest.mark.parametrize(
    ("interval", "as_of", "edges"),
    [
        ("week", "2027-01-01", ["2026-12-21", "2026-12-28", "2027-01-04"]),
        ("week", "2026-03-02", ["2026-02-23", "2026-03-02", "2026-03-09"]),
        ("month", "2026-01-31", ["2025-12-01", "2026-01-01", "2026-02-01"]),
        ("month", "2026-12-31", ["2026-11-01", "2026-12-01", "2027-01-01"]),
        ("quarter", "2026-02-28", ["2025-10-01", "2026-01-01", "2026-04-01"]),
        ("quarter", "2026-04-01", ["2026-01-01", "2026-04-01", "2026-07-01"]),
    ],
)
def test_periods_are_those_of_the_calendar(interval, as_of, edges):
    begin, middle, end = map(day, edges)
    assert spans(interval, day(as_of), 2) == [(begin, middle), (middle, end)]


def test_periods_begin_at_midnight_in_utc_wherever_one_asks_from():
    late = datetime(2026, 3, 1, 4, tzinfo=timezone(timedelta(hours=5)))
    assert spans("month", late, 1) == [(day("2026-02-01"), day("2026-03-01"))]


@given(
    as_of=st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    interval=st.sampled_from(["week", "month", "quarter"]),
    periods=st.integers(1, 60),
)
def test_periods_join_up_to_the_one_that_is_now(as_of, interval, periods):
    found = spans(interval, as_of, periods)
    assert len(found) == periods
    assert all(one[1] == other[0] for one, other in pairwise(found))
    assert found[-1][0] <= as_of < found[-1][1]
    assert all(begin.weekday() == 0 if interval == "week" else begin.day == 1 for begin, _ in found)


def test_a_period_before_the_first_year_is_told():
    with pytest.raises(BadQuestion, match="do not fit"):
        spans("quarter", day("0002-01-01"), 12)
    with pytest.raises(BadQuestion, match="do not fit"):
        spans("week", day("0001-01-02"), 2)


def test_a_no_that_is_overruled_at_the_very_end_of_a_period_stands_no_more(engine):
    told = [("idea", 0, {}), ("decision", 1, {"outcome": "rejected"}), ("decision", 4, {})]
    events = [
        Event(str(number), kind, START + timedelta(days=number), "initiative:one", attributes=more)
        for kind, number, more in told
    ]
    emptied(engine).post([*cast, *(Record(0, "jira", event) for event in events)])
    with store.reading(engine) as connection:
        found = trend(
            connection, "time_to_value", Selection(), as_of=START + timedelta(days=7), interval="week", periods=2
        )
    assert [point["groups"][0]["all"]["stopped"] for point in found["items"]] == [0, 0]


def test_a_period_in_which_there_was_nothing_is_null(engine):
    emptied(engine).post(cast)
    with store.reading(engine) as connection:
        found = trend(connection, "time_to_value", Selection(), as_of=NOW, periods=2)
    assert [point["groups"][0]["completed"]["p50_seconds"] for point in found["items"]] == [None, None]
    assert [point["groups"][0]["all"]["count"] for point in found["items"]] == [0, 0]


def test_a_trend_is_not_over_a_state_that_changes_along_it(engine):
    with store.reading(engine) as connection, pytest.raises(BadQuestion, match="state"):
        trend(connection, "time_to_value", Selection(state="realised"), as_of=NOW)
