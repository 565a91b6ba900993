"""Lines become records; what is wrong with one is told with its place and the remedy, and nothing else is lost."""

from datetime import UTC, datetime

import pytest

from connectors.contract import Event, Initiative, Withdrawn
from ttv.records import Link, Rejection, meaning, read_lines

GOOD = b'{"id":"1","kind":"idea","occurred_at":"2026-01-01T02:00:00+02:00","subject":"jira:A-1"}'


def only(line):
    (found,) = read_lines([line])
    return found


def test_an_event_is_read_with_its_instant_in_utc():
    found = only(GOOD)
    assert found.source == "api"
    assert found.item == Event("1", "idea", datetime(2026, 1, 1, tzinfo=UTC), "jira:A-1")


def test_links_initiatives_and_withdrawals_are_read():
    assert only(b'{"link":{"child":"a","parent":"b","deleted":true}}').item == Link("a", "b", deleted=True)
    assert only(b'{"source":"x","id":"1","deleted":true,"kind":"?"}').item == Withdrawn("1")
    found = only(b'{"initiative":{"key":"PAY-1","name":"Pay","claims":["a","a"],"targets":{"rate_of_turn_seconds":5}}}')
    assert found.item == Initiative("PAY-1", "Pay", claims=("a",), targets={"rate_of_turn_seconds": 5.0})


def test_microseconds_are_exact_and_finer_digits_are_cut_off():
    found = only(GOOD.replace(b"02:00:00+", b"02:00:00.1234569+"))
    assert found.item.occurred_at.microsecond == 123456


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (b'{"id":"1","kind":', "is not JSON"),
        (b"<html><body>Sign in</body></html>", "is not JSON"),
        (b"[1]", "must be an object"),
        (GOOD.replace(b"+02:00", b""), "the offset is missing, and it is never guessed"),
        (GOOD.replace(b"2026-01-01T02:00:00+02:00", b"2026-01-01"), "the offset is missing"),
        (GOOD.replace(b"01-01T", b"13-01T"), "is no time that exists"),
        (GOOD.replace(b'"2026-01-01T02:00:00+02:00"', b"1767225600"), "must be text like '2026-09-21T10:06:40Z'"),
        (GOOD.replace(b'"idea"', b'"ide"'), "did you mean 'idea'?"),
        (GOOD.replace(b'"1"', b"1", 1), "id: should be"),
        (GOOD.replace(b"subject", b"subjekt"), "did you mean 'subject'?"),
        (b'{"kind":"idea"}', "id: is missing"),
        (b'{"initiative":{"key":"a b","name":"x"}}', "initiative.key"),
        (b'{"link":{"child":"a"}}', "link.parent: is missing"),
        (b'{"link":{"child":"a","parent":"b"},"initiative":{}}', "does not belong beside"),
        (b'{"deleted":true}', "id: is missing"),
    ],
)
def test_a_bad_line_is_told_with_place_and_remedy(line, words):
    found = only(line)
    assert isinstance(found, Rejection)
    assert words in found.reason
    assert found.raw


def test_good_lines_around_a_torn_one_are_kept_with_their_numbers():
    found = list(read_lines([GOOD, b"", b'{"id":', GOOD]))
    assert [(type(one).__name__, one.index) for one in found] == [("Record", 1), ("Rejection", 3), ("Record", 4)]


@pytest.mark.parametrize(
    ("kind", "attributes", "said"),
    [
        ("idea", {}, "idea"),
        ("decision", {}, "yes"),
        ("decision", {"outcome": "rejected"}, "no"),
        ("decision", {"outcome": "stopped"}, "no"),
        ("decision", {"outcome": "deferred"}, None),
        ("start", {}, "start"),
        ("change", {}, "start"),
        ("deploy", {}, "ship"),
        ("deploy", {"environment": "staging"}, None),
        ("deploy", {"status": "failed"}, None),
        ("deploy", {"status": "rolled_back"}, None),
        ("feedback", {}, "sense"),
        ("feedback", {"customer": False}, None),
    ],
)
def test_what_an_event_can_do_to_a_milestone(kind, attributes, said):
    assert meaning(kind, attributes) == said
