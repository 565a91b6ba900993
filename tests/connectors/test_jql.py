"""Conditions in JQL: times by the account's clock, names in quotes."""

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors._jql import among, both, quoted, span, span_in

ZONES = ["UTC", "America/St_Johns", "Asia/Kathmandu", "Pacific/Apia", "Europe/Berlin", "Australia/Lord_Howe"]
instants = st.datetimes(datetime(2020, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


def readings(jql, zone):
    """Both instants that a time in JQL may mean, of the start and of the end; most mean one."""
    clocks = [datetime.fromisoformat(at.replace("/", "-")) for at in re.findall(r'"([^"]+)"', jql)]
    return [{at.replace(tzinfo=zone, fold=fold).timestamp() for fold in (0, 1)} for at in clocks]


@given(instants, st.timedeltas(timedelta(0), timedelta(days=60)), st.sampled_from(ZONES))
def test_the_clock_of_a_zone_bounds_no_less_than_was_asked_for_and_hardly_more(since, length, name):
    begin, end = readings(span_in(ZoneInfo(name), since, since + length), ZoneInfo(name))
    assert since.timestamp() - 2 * 3600 < max(begin) <= since.timestamp()
    assert (since + length).timestamp() <= min(end) < (since + length).timestamp() + 2 * 3600


def test_the_hour_that_comes_twice_is_read_whole():
    berlin = ZoneInfo("Europe/Berlin")
    twice = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert span_in(berlin, twice, None) == 'updated >= "2026/10/25 01:59"'
    assert span_in(berlin, twice - timedelta(days=1), twice).endswith('updated < "2026/10/25 03:00"')


def test_without_an_end_there_is_no_bound_for_what_moves_meanwhile():
    assert "<" not in span_in(ZoneInfo("UTC"), datetime(2026, 1, 1, tzinfo=UTC), None)
    assert span(datetime(2026, 1, 1, 0, 0, 59, tzinfo=UTC), None) == "updated >= 1767225600000"


@pytest.mark.parametrize(
    ("names", "condition"), [((), ""), (("PAY",), 'project in ("PAY")'), (("A", 'B"'), 'project in ("A", "B\\"")')]
)
def test_a_field_may_be_one_of_some_names(names, condition):
    assert among("project", names) == condition


def test_conditions_are_joined_in_brackets():
    assert both("a = 1 OR b = 2", "", "c = 3") == "(a = 1 OR b = 2) AND (c = 3)"
    assert quoted("a\\b") == '"a\\\\b"'
