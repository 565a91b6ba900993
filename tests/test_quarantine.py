"""What could not be read: counted by cause, read again without undoing what came since, or dropped as junk."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from connectors.contract import Artefact, Event, Initiative, Unavailable, Unread, Withdrawn
from ttv import figures, log, quarantine, store
from ttv.collect import RAW_LENGTH
from ttv.quarantine import drop, retry
from ttv.records import Record, Rejection, read_lines
from ttv.route import Route

DAY = timedelta(days=1)


class Clock:
    def __init__(self):
        self.at = datetime(2026, 11, 1, 12, tzinfo=UTC)

    def __call__(self):
        return self.at


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def route(engine, clock):
    return Route(engine, now=clock)


def rows(route, table=store.quarantine):
    with store.reading(route.engine) as connection:
        return connection.execute(select(table).order_by(*table.primary_key.columns)).mappings().all()


def events(route):
    return {row["id"]: row["title"] for row in rows(route, store.event) if not row["deleted"]}


def links(route):
    return {(row["child"], row["parent"]) for row in rows(route, store.link)}


def idea(id_="1", day=1, **more):
    return Event(id_, "idea", datetime(2026, 1, day, tzinfo=UTC), **{"subject": "jira:A-1", **more})


def lines(kept):
    """Read a record again as a line of a file."""
    return list(read_lines([kept.raw.encode()]))


def says(*items):
    """A program of today, to which every record says these items."""
    return lambda kept: [Record(0, kept.source, item) for item in items]


def lie(route, raw=None, reader="issue"):
    route.take("jira", [Unread(raw or {"key": "A-1"}, "KeyError: 'fields'", reader)])


# ---- kept


def test_a_record_is_kept_whole_with_what_reads_it_again(route):
    long = {"text": "ü" * (RAW_LENGTH - 100)}
    lie(route, long)
    (kept,) = rows(route)
    assert (len(kept["raw"]), kept["reader"]) == (RAW_LENGTH - 100 + len('{"text":""}'), "issue")


def test_a_record_that_is_no_json_is_kept_as_it_came(route):
    lie(route, "<html>")
    assert rows(route)[0]["raw"] == "<html>"


def test_of_a_longer_one_the_beginning_is_kept_and_it_cannot_be_read_again(route):
    lie(route, {"text": "x" * RAW_LENGTH})
    (kept,) = rows(route)
    assert (len(kept["raw"]), kept["reader"]) == (RAW_LENGTH, "")


def test_two_long_records_that_begin_alike_are_two(route):
    for end in "ab":
        lie(route, {"text": "x" * RAW_LENGTH + end})
    assert len(rows(route)) == 2


def test_a_list_shows_only_how_a_long_record_begins(route):
    lie(route, {"text": "x" * 2 * log.RAW_SHOWN})
    with store.reading(route.engine) as connection:
        (shown,) = log.quarantined(connection)["items"]
    assert (len(shown["raw"]), shown["length"]) == (log.RAW_SHOWN, 2 * log.RAW_SHOWN + len('{"text":""}'))


def test_an_event_is_kept_as_the_line_that_says_the_same(route, clock):
    ahead = Event("7", "idea", clock.at + DAY, "jira:A-1", ("jira:E-1",), "T", "u", "ana", {"a": 1})
    route.post([Record(0, "board", ahead, by="ana", why="heard")])
    (kept,) = rows(route)
    (again,) = read_lines([kept["raw"].encode()])
    assert again == Record(1, "board", ahead, by="ana", why="heard")


# ---- counted


def test_causes_are_counted_by_source_the_most_frequent_first(route, clock):
    route.take("jira", [Unread({"n": n}, "KeyError: 'fields'") for n in range(3)])
    clock.at += DAY
    ahead = [Event(str(n), "idea", clock.at + n * DAY, "jira:A-1") for n in (1, 2)]
    route.take("jira", [Unread({"n": 1}, "KeyError: 'fields'"), *ahead])
    route.post([Rejection(1, "is not JSON", raw="{")])
    with store.reading(route.engine) as connection:
        found = quarantine.counts(connection)
        assert [one["source"] for one in quarantine.counts(connection, "jira")] == ["jira", "jira"]
    assert [(one["source"], one["cause"][:19], one["records"], one["times"]) for one in found] == [
        ("api", "is not JSON", 1, 1),
        ("jira", "KeyError: 'fields'", 3, 4),
        ("jira", "occurred_at: … lies", 2, 2),
    ]
    assert (found[1]["first_at"], found[1]["last_at"]) == (clock.at - DAY, clock.at)


# ---- read again


def test_what_is_read_again_is_taken_and_leaves(route):
    lie(route)
    retried = retry(route, says(idea(), Artefact("jira:A-1", ("jira:E-1",)), Initiative("pay", "Pay")))
    assert (retried.taken, retried.events, retried.unread) == (1, 2, 0)
    assert rows(route) == []
    assert events(route) == {"1": None}
    assert links(route) == {("jira:A-1", "jira:E-1")}
    with store.reading(route.engine) as connection:
        assert figures.counts(connection, route.now())["quarantined"] == 0


def test_what_it_says_is_traced_and_measured(route):
    route.put_initiative(Initiative("pay", "Pay", claims=("jira:A-1",)))
    lie(route)
    retry(route, says(idea()))
    with store.reading(route.engine) as connection:
        assert figures.initiative(connection, "pay", route.now())["milestones"]["idea_at"] == idea().occurred_at


def test_what_still_cannot_be_read_stays_with_todays_reason_and_as_old_as_it_is(route, clock):
    lie(route)
    clock.at += DAY
    retried = retry(route, lambda kept: [Rejection(0, "KeyError: 'changelog'")])
    (kept,) = rows(route)
    assert (retried.taken, retried.unread, retried.reasons) == (0, 1, {"KeyError: 'changelog'": 1})
    assert (kept["reason"], kept["times"], store.instant(kept["last_at"])) == (
        "KeyError: 'changelog'",
        1,
        clock.at - DAY,
    )


def test_of_a_record_that_is_read_in_part_the_good_part_is_taken_and_it_stays(route, clock):
    lie(route)
    ahead = Event("2", "start", clock.at + DAY, "jira:A-1")
    assert retry(route, says(idea(), ahead)).taken == 0
    assert events(route) == {"1": None}
    assert "lies in the future" in rows(route)[0]["reason"]
    clock.at += 2 * DAY
    assert retry(route, says(idea(), ahead)).taken == 1
    assert set(events(route)) == {"1", "2"}


def test_a_second_time_changes_nothing(route):
    lie(route)
    lie(route, {"key": "A-2"})

    def half(kept):
        return [Record(0, "jira", idea())] if "A-1" in kept.raw else [Rejection(0, "no")]

    retry(route, half)
    before = rows(route), rows(route, store.event), rows(route, store.event_version)
    assert retry(route, half).events == 0
    assert (rows(route), rows(route, store.event), rows(route, store.event_version)) == before


def test_what_lay_in_the_future_is_taken_when_it_no_longer_does(route, clock):
    route.post([Record(0, "board", Event("1", "idea", clock.at + DAY, "jira:A-1"), by="ana")])
    assert retry(route, lines).unread == 1
    clock.at += 2 * DAY
    assert retry(route, lines).taken == 1
    (taken,) = rows(route, store.event)
    assert (taken["source"], taken["by"]) == ("board", "ana")


def test_a_record_that_nothing_reads_by_itself_is_counted_and_stays(route):
    lie(route, reader="")
    retried = retry(route, lambda kept: None if kept.reader == "" else [])
    assert (retried.taken, retried.alone, retried.unread) == (0, 1, 1)
    assert len(rows(route)) == 1


def test_an_event_that_was_said_anew_since_is_not_replaced(route, clock):
    lie(route)
    clock.at += DAY
    route.take("jira", [idea(title="newer")])
    assert retry(route, says(idea(title="older"))).taken == 1
    assert events(route) == {"1": "newer"}


def test_one_that_was_withdrawn_since_does_not_come_back(route, clock):
    route.take("jira", [idea()])
    lie(route)
    clock.at += DAY
    route.take("jira", [Withdrawn("1")])
    retry(route, says(idea(title="older")))
    assert events(route) == {}


def test_one_that_was_said_before_it_is_replaced(route, clock):
    route.take("jira", [idea(title="older")])
    clock.at += DAY
    lie(route)
    clock.at += DAY
    retry(route, says(idea(title="newer")))
    assert events(route) == {"1": "newer"}


def test_parents_that_changed_since_are_not_undone(route, clock):
    route.take("jira", [Artefact("jira:A-1", ("jira:E-1", "jira:E-2"))])
    lie(route)
    clock.at += DAY
    route.take("jira", [Artefact("jira:A-1", ("jira:E-2",))])
    retry(route, says(Artefact("jira:A-1", ("jira:E-1",))))
    assert links(route) == {("jira:A-1", "jira:E-2")}


def test_an_initiative_that_changed_since_is_not_undone(route, clock):
    lie(route)
    clock.at += DAY
    route.take("jira", [Initiative("pay", "Newer")])
    retry(route, says(Initiative("pay", "Older")))
    assert [row["name"] for row in rows(route, store.initiative)] == ["Newer"]


def test_the_last_said_of_two_records_wins(route, clock):
    for key in ("A", "B", "C"):
        lie(route, {"key": key})
        clock.at += DAY
    retry(route, lambda kept: [Record(0, "jira", idea(title=kept.raw))])
    assert events(route) == {"1": '{"key":"C"}'}


def test_more_than_one_batch_is_read_and_only_of_the_source_that_is_named(route, monkeypatch):
    monkeypatch.setattr(quarantine, "_BATCH", 2)
    for number in range(5):
        lie(route, {"number": number})
    route.take("github", [Unread({"number": 9}, "KeyError: 'x'", "pull")])
    retried = retry(route, lambda kept: [Record(0, kept.source, idea(kept.raw))], "jira")
    assert retried.taken == 5
    assert [row["source"] for row in rows(route)] == ["github"]


def test_when_the_tool_does_not_answer_what_was_taken_before_stays_taken(route, monkeypatch):
    monkeypatch.setattr(quarantine, "_BATCH", 1)
    for key in "AB":
        lie(route, {"key": key})
    asked = []

    def down(kept):
        asked.append(kept)
        if len(asked) > 1:
            raise Unavailable("https://tool.example is down")
        return [Record(0, "jira", idea())]

    with pytest.raises(Unavailable):
        retry(route, down)
    assert (len(rows(route)), events(route)) == (1, {"1": None})


# ---- dropped


def test_what_is_dropped_is_in_no_list_or_count_and_says_who_and_why(route):
    lie(route)
    assert drop(route, by="ana", why="a test project", source="jira") == 1
    with store.reading(route.engine) as connection:
        assert (quarantine.counts(connection), quarantine.dropped(connection)) == ([], 1)
        assert log.quarantined(connection)["items"] == []
        assert figures.counts(connection, route.now())["quarantined"] == 0
    (kept,) = rows(route)
    assert (kept["by"], kept["why"], store.instant(kept["dropped_at"])) == ("ana", "a test project", route.now())


def test_what_is_dropped_stays_so_when_it_comes_again_and_is_not_read_again(route):
    lie(route)
    drop(route, by="ana", why="junk", source="jira")
    lie(route)
    assert retry(route, says(idea())).taken == 0
    (kept,) = rows(route)
    assert (kept["times"], kept["dropped_at"] is None) == (2, False)


@pytest.mark.parametrize(
    ("wanted", "left"),
    [
        ({"reason": "in the future"}, ["KeyError: 'fie_ds'", "KeyError: 'fields'"]),
        ({"reason": "occurred_at: … lies in"}, ["KeyError: 'fie_ds'", "KeyError: 'fields'"]),
        ({"reason": "'fie_ds'"}, ["KeyError: 'fields'", "occurred_at"]),
        ({"source": "github"}, ["KeyError: 'fie_ds'", "KeyError: 'fields'", "occurred_at"]),
        ({"keys": ["0" * 32]}, ["KeyError: 'fie_ds'", "KeyError: 'fields'", "occurred_at"]),
    ],
)
def test_only_what_all_conditions_hold_for_is_dropped(route, clock, wanted, left):
    ahead = Event("1", "idea", clock.at + DAY, "jira:A-1")
    route.take("jira", [Unread({"n": 1}, "KeyError: 'fields'"), Unread({"n": 2}, "KeyError: 'fie_ds'"), ahead])
    drop(route, by="ana", why="junk", **wanted)
    assert sorted(row["reason"].partition(": 2026")[0] for row in rows(route) if not row["dropped_at"]) == left
