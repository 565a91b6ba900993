"""Who said it and why is kept, through import and export, and so is what was believed before."""

from datetime import UTC, datetime, timedelta

import orjson
import pytest
from sqlalchemy import select

from connectors.contract import Event, Initiative, Withdrawn
from ttv import corrections, explain, log, store
from ttv.records import Record, read_lines
from ttv.route import Route

NOW = datetime(2026, 3, 1, tzinfo=UTC)
IDEA = {"id": "1", "kind": "idea", "occurred_at": "2026-01-01T00:00:00Z", "subject": "initiative:pay"}
LINES = [
    {**IDEA, "by": "ann", "why": "heard at the board"},
    {"initiative": {"key": "pay", "name": "Pay", "by": "bob", "why": "it is new"}},
    {"link": {"child": "jira:A-1", "parent": "initiative:pay", "by": "cyd", "why": "they forgot"}},
]


@pytest.fixture
def clock():
    return [NOW]


@pytest.fixture
def route(sqlite_engine, clock):
    return Route(sqlite_engine, now=lambda: clock[0])


def post(route, *lines):
    outcome = route.post(read_lines([orjson.dumps(line) for line in lines]))
    assert outcome.rejected == []
    return outcome.accepted, outcome.duplicate


def exported(route):
    with store.reading(route.engine) as connection:
        return list(log.export(connection))


def test_an_export_keeps_who_said_it_and_why(route, tmp_path):
    post(route, *LINES)
    lines = exported(route)
    said = [one for line in lines for one in (line, *line.values()) if isinstance(one, dict) and "by" in one]
    assert {(one["by"], one["why"]) for one in said} == {
        ("ann", "heard at the board"),
        ("bob", "it is new"),
        ("cyd", "they forgot"),
    }
    other = Route(store.open(f"sqlite:///{tmp_path / 'other.sqlite'}"), now=lambda: NOW)
    post(other, *orjson.loads(orjson.dumps(lines)))
    assert exported(other) == lines
    other.engine.dispose()


def test_the_same_words_again_are_known_and_other_words_are_a_new_version(route):
    assert post(route, *LINES) == (3, 0)
    assert post(route, *LINES) == (0, 3)
    again = [
        {**LINES[0], "why": "no, at lunch"},
        *({n: {**v, "why": "other"}} for one in LINES[1:] for n, v in one.items()),
    ]
    assert post(route, *again) == (3, 0)
    assert post(route, *again) == (0, 3)


def test_of_two_who_say_a_link_the_export_names_the_one_who_says_why(route):
    from connectors.contract import Artefact

    post(route, LINES[2])
    route.take("jira", [Artefact("jira:A-1", ("initiative:pay",))])
    assert exported(route) == [LINES[2]]


def test_a_connector_needs_no_words(route):
    route.take("jira", [Event("1", "idea", NOW, "jira:A-1")])
    assert "by" not in exported(route)[0]


def test_an_explanation_says_who_and_why_and_how_often_it_was_otherwise(route, clock):
    post(route, *LINES)
    clock[0] += timedelta(days=1)
    post(route, {**LINES[0], "why": "mistyped", "occurred_at": "2026-01-02T00:00:00Z"})
    with store.reading(route.engine) as connection:
        (one,) = explain.events(connection, "pay", NOW)
    assert (one["by"], one["why"], one["earlier_versions"]) == ("ann", "mistyped", 1)
    assert one["recorded_at"] == clock[0]


def test_every_version_of_an_event_is_kept_with_its_time(route, clock):
    post(route, LINES[0])
    clock[0] += timedelta(days=1)
    post(route, {"id": "1", "deleted": True, "by": "dan", "why": "it was a joke"})
    clock[0] += timedelta(days=1)
    post(route, IDEA)
    with store.reading(route.engine) as connection:
        found = corrections.of_event(connection, "api", "1")
    days = [NOW + timedelta(days=n) for n in range(3)]
    assert [
        (one["kind"], one["deleted"], one["by"], one["why"], one["recorded_at"], one["superseded_at"])
        for one in found["items"]
    ] == [
        ("idea", False, None, None, days[2], None),
        (None, True, "dan", "it was a joke", days[1], days[2]),
        ("idea", False, "ann", "heard at the board", days[0], days[1]),
    ]
    assert found["next"] is None


@pytest.mark.parametrize("limit", [1, 2, 3, 100])
def test_versions_come_page_by_page(route, limit):
    for day in range(1, 6):
        post(route, {**IDEA, "occurred_at": f"2026-01-0{day}T00:00:00Z"})
    seen, cursor = [], None
    with store.reading(route.engine) as connection:
        while True:
            page = corrections.of_event(connection, "api", "1", limit=limit, cursor=cursor)
            assert len(page["items"]) <= limit
            seen += [one["occurred_at"].day for one in page["items"]]
            cursor = page["next"]
            if cursor is None:
                break
    assert seen == [5, 4, 3, 2, 1]


def test_what_never_was_has_no_versions(route):
    with store.reading(route.engine) as connection:
        assert corrections.of_event(connection, "api", "1") is None
        assert corrections.of_initiative(connection, "pay") is None


def test_an_initiative_that_is_gone_says_who_removed_it_and_why(route, clock):
    route.put_initiative(Initiative("pay", "Pay", claims=("jira:A-1",), labels={"a": "b"}), by="ann", why="new")
    clock[0] += timedelta(days=1)
    route.put_initiative(Initiative("pay", "Payments", targets={"rate_of_turn_seconds": 5}), by="bob", why="renamed")
    clock[0] += timedelta(days=1)
    route.delete_initiative("pay", by="cyd", why="not ours")
    with store.reading(route.engine) as connection:
        new, old = corrections.of_initiative(connection, "pay")["items"]
    assert (new["name"], new["by"], new["why"]) == ("Payments", "bob", "renamed")
    assert (new["ended_by"], new["ended_why"], new["superseded_at"]) == ("cyd", "not ours", clock[0])
    assert new["targets"] == {"time_to_value_seconds": None, "rate_of_turn_seconds": 5.0}
    assert (old["claims"], old["labels"], old["ended_why"]) == (["jira:A-1"], {"a": "b"}, "renamed")


def test_a_link_that_is_gone_says_who_withdrew_it_and_why(route):
    post(route, LINES[2])
    post(route, {"link": {**LINES[2]["link"], "deleted": True, "by": "dan", "why": "wrong ticket"}})
    table = store.link_version
    with store.reading(route.engine) as connection:
        columns = (table.c.by, table.c.why, table.c.ended_by, table.c.ended_why)
        assert connection.execute(select(*columns)).all() == [("cyd", "they forgot", "dan", "wrong ticket")]
        assert connection.execute(select(store.link)).all() == []


def test_a_link_said_and_withdrawn_in_one_batch_leaves_nothing(route):
    link = LINES[2]["link"]
    assert post(route, {"link": link}, {"link": {**link, "deleted": True}}) == (2, 0)
    assert exported(route) == []


def test_withdrawn_by_hand_says_by_whom(route):
    route.post([Record(0, "jira", Event("1", "idea", NOW, "jira:A-1")), Record(1, "jira", Withdrawn("1"), "ann", "no")])
    with store.reading(route.engine) as connection:
        first = corrections.of_event(connection, "jira", "1")["items"][0]
    assert (first["deleted"], first["by"], first["why"]) == (True, "ann", "no")
