"""Instants, keys and the names of connectors, as the tools and people write them."""

import time
from datetime import UTC, datetime

import pytest

import connectors
from connectors._reading import ISSUE_KEY, instant, keys


@pytest.mark.parametrize(
    ("value", "read"),
    [
        ("2026-08-24T11:11:52.944+0000", datetime(2026, 8, 24, 11, 11, 52, 944000, UTC)),
        ("2026-08-24T11:11:52.944-0330", datetime(2026, 8, 24, 14, 41, 52, 944000, UTC)),
        ("2026-08-24T11:11:52Z", datetime(2026, 8, 24, 11, 11, 52, 0, UTC)),
        (1788768000, datetime(2026, 9, 7, 8, 0, tzinfo=UTC)),
        (1788768000123, datetime(2026, 9, 7, 8, 0, 0, 123000, UTC)),
    ],
)
def test_an_instant_is_read_in_each_of_the_tools_ways(value, read):
    assert instant(value) == read


@pytest.mark.parametrize("value", ["2026-08-24T11:11:52", "2026-08-24", "yesterday", "", None, True, [], {}])
def test_an_instant_without_an_offset_is_refused_and_never_guessed(value):
    with pytest.raises((ValueError, TypeError)):
        instant(value)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("PAY-12: refund", ["PAY-12"]),
        ("feature/PAY-12_refund", ["PAY-12"]),
        ("https://x.atlassian.net/browse/PAY-12?a=1", ["PAY-12"]),
        ("PAY-12, WEB2-3 and PAY-12", ["PAY-12", "WEB2-3"]),
        ("pay-12 xPAY-12 PAY-12x PAY-0 P-1", []),
    ],
)
def test_keys_are_found_in_what_people_write(text, found):
    assert keys(ISSUE_KEY, text) == found


@pytest.mark.parametrize("text", ["A_" * 50_000, "A" * 100_000, "AB-" * 30_000])
def test_a_long_text_without_keys_is_read_in_no_time(text):
    begun = time.process_time()
    assert keys(ISSUE_KEY, text) == []
    assert time.process_time() - begun < 2


def test_a_pattern_with_a_group_gives_whole_keys():
    assert keys(r"(PAY|WEB)-\d+", "PAY-1 WEB-2") == ["PAY-1", "WEB-2"]


def test_the_connectors_are_found_by_their_files():
    assert {"git", "github", "jira", "rest", "zendesk"} <= set(connectors.names())
    assert connectors.load("jira").__name__ == "connectors.jira"
    assert connectors.load("connectors.jira") is connectors.load("jira")


@pytest.mark.parametrize("name", ["jirra", "no.such.module"])
def test_a_connector_that_is_not_there_is_named(name):
    with pytest.raises(LookupError, match=name):
        connectors.load(name)
