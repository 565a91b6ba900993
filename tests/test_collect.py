"""The last received wins, in order of arrival; what it replaced stands aside."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from connectors.contract import Artefact, Event, Initiative, Members, Unread, Withdrawn
from tests.real.stores import empty
from ttv import figures, initiatives, log, store
from ttv.records import Link, Record, Rejection
from ttv.route import Conflict, Route

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)


def idea(id_="1", day=1, **more):
    return Event(id_, "idea", datetime(2026, 1, day, tzinfo=UTC), **{"subject": "jira:A-1", **more})


@pytest.fixture
def route(engine):
    return Route(engine, now=lambda: NOW)


def rows(route, table):
    with store.reading(route.engine) as connection:
        return connection.execute(select(table)).mappings().all()


def counted(outcome):
    return outcome.accepted, outcome.duplicate, len(outcome.rejected)


def test_an_event_that_equals_the_current_one_is_a_duplicate(route):
    assert counted(route.take("jira", [idea(), idea(), idea(title="other")])) == (2, 1, 0)
    assert counted(route.take("jira", [idea(title="other")])) == (0, 1, 0)


def test_an_instant_in_another_offset_is_the_same_event(route):
    there = idea().occurred_at.astimezone(datetime.strptime("+0530", "%z").tzinfo)
    route.take("jira", [idea()])
    assert counted(route.take("jira", [Event("1", "idea", there, "jira:A-1")])) == (0, 1, 0)


def test_the_last_received_wins_whatever_its_time(route):
    route.take("jira", [idea(day=5), idea(day=2)])
    route.take("jira", [idea(day=3)])
    (current,) = rows(route, store.event)
    assert store.instant(current["occurred_at"]) == datetime(2026, 1, 3, tzinfo=UTC)
    earlier = [store.instant(row["occurred_at"]).day for row in rows(route, store.event_version)]
    assert earlier == [5, 2]


def test_what_restores_an_older_version_is_accepted(route):
    assert counted(route.take("jira", [idea(), idea(title="b"), idea()])) == (3, 0, 0)
    assert len(rows(route, store.event_version)) == 2
    (current,) = rows(route, store.event)
    assert current["title"] is None


def test_a_withdrawn_event_stands_aside_and_can_come_back(route):
    assert counted(route.take("jira", [idea()])) == (1, 0, 0)
    assert counted(route.take("jira", [Withdrawn("1")])) == (1, 0, 0)
    assert counted(route.take("jira", [Withdrawn("1")])) == (0, 1, 0)
    with store.reading(route.engine) as connection:
        assert log.orphans(connection)["items"] == []
    assert counted(route.take("jira", [idea()])) == (1, 0, 0)
    assert [row["deleted"] for row in rows(route, store.event_version)] == [False, True]


def test_the_same_id_of_two_sources_is_two_events(route):
    route.take("jira", [idea()])
    assert counted(route.take("github", [idea()])) == (1, 0, 0)
    assert len(rows(route, store.event)) == 2


def test_versions_say_from_when_to_when_they_were_believed(engine):
    times = iter([NOW, NOW + timedelta(days=1)])
    route = Route(engine, now=lambda: next(times))
    route.take("jira", [idea()])
    route.take("jira", [idea(title="b")])
    (aside,) = rows(route, store.event_version)
    assert (aside["recorded_at"], aside["superseded_at"]) == (
        store.micros(NOW),
        store.micros(NOW + timedelta(days=1)),
    )


def test_more_events_than_one_statement_looks_up_are_all_compared(route):
    many = [idea(str(n)) for n in range(1203)]
    assert counted(route.take("jira", many)) == (1203, 0, 0)
    assert counted(route.take("jira", many)) == (0, 1203, 0)


def links(route):
    return {(row["child"], row["parent"], row["source"]) for row in rows(route, store.link)}


def test_the_refs_of_the_current_version_are_links(route):
    route.take("jira", [idea(refs=("jira:E-1", "jira:E-2"))])
    assert links(route) == {("jira:A-1", "jira:E-1", "jira"), ("jira:A-1", "jira:E-2", "jira")}
    route.take("jira", [idea(refs=("jira:E-2", "jira:E-3"))])
    assert links(route) == {("jira:A-1", "jira:E-2", "jira"), ("jira:A-1", "jira:E-3", "jira")}
    assert [row["parent"] for row in rows(route, store.link_version)] == ["jira:E-1"]
    route.take("jira", [Withdrawn("1")])
    assert links(route) == set()


def test_a_reported_artefact_has_the_parents_of_its_last_report(route):
    route.take("jira", [Artefact("jira:A-1", ("jira:E-1", "jira:E-2"))])
    route.take("github", [Artefact("jira:A-1", ("jira:E-9",))])
    route.take("jira", [Artefact("jira:A-1", ("jira:E-2",)), Artefact("jira:B-1", ("jira:E-1",))])
    assert links(route) == {
        ("jira:A-1", "jira:E-2", "jira"),
        ("jira:A-1", "jira:E-9", "github"),
        ("jira:B-1", "jira:E-1", "jira"),
    }


def test_the_children_of_a_group_are_what_its_source_says_now(route):
    group = "jira:group/q3"
    route.take("jira", [Artefact("jira:A-1", ("jira:E-1", group)), Artefact("jira:A-2", (group,))])
    route.take("other", [Artefact("jira:A-2", (group,))])
    route.take("jira", [Members(group, ("jira:A-1", "jira:A-3", group))])
    assert sorted((row["child"], row["parent"], row["source"]) for row in rows(route, store.link)) == [
        ("jira:A-1", "jira:E-1", "jira"),
        ("jira:A-1", group, "jira"),
        ("jira:A-2", group, "other"),
        ("jira:A-3", group, "jira"),
    ]
    assert [row["child"] for row in rows(route, store.link_version)] == ["jira:A-2"]


def test_of_children_that_a_source_cannot_see_now_it_says_nothing(route):
    group = "jira:group/q3"
    route.take("jira", [Members(group, ("jira:A-1", "jira:AB-1", "jira:B-1"))])
    route.take("jira", [Members(group, (), within=("jira:A-", "jira:C-"))])
    assert sorted(row["child"] for row in rows(route, store.link)) == ["jira:AB-1", "jira:B-1"]


def test_links_by_hand_add_up_and_are_withdrawn_one_by_one(route):
    assert counted(route.put_links([Link("a", "b"), Link("a", "c"), Link("a", "b")])) == (2, 1, 0)
    assert counted(route.put_links([Link("a", "b", deleted=True), Link("x", "y", deleted=True)])) == (1, 1, 0)
    assert links(route) == {("a", "c", "api")}


def test_what_lies_more_than_five_minutes_ahead_is_quarantined(route):
    ahead = [Event(str(n), "start", NOW + timedelta(minutes=n), "jira:A-1") for n in (5, 6)]
    assert counted(route.take("jira", ahead)) == (1, 0, 1)
    (kept,) = rows(route, store.quarantine)
    assert "future" in kept["reason"]
    assert kept["id"] == "6"


def test_the_same_unreadable_record_again_only_counts(route):
    for _ in range(3):
        route.take("jira", [Unread({"key": None}, "KeyError: fields"), idea()])
    (kept,) = rows(route, store.quarantine)
    assert (kept["times"], kept["raw"], kept["source"]) == (3, '{"key":null}', "jira")


@pytest.mark.parametrize(
    ("event", "word"),
    [
        (idea(id_=""), "id"),
        (idea(subject="a\x00b"), "subject"),
        (idea(refs=("x" * 600,)), "refs"),
        (Event("1", "ide", NOW, "a"), "kind"),
        (Event("1", "idea", NOW.replace(tzinfo=None), "a"), "offset"),
        (Event("1", "decision", NOW, "a", attributes={"outcome": "aproved"}), "did you mean 'approved'"),
        (Event("1", "deploy", NOW, "a", attributes={"status": "ok"}), "succeeded, failed, rolled_back"),
        (Event("1", "feedback", NOW, "a", attributes={"customer": "no"}), "true or false"),
        (Event("1", "feedback", NOW, "a", attributes={"sentiment": "glad"}), "positive, neutral, negative"),
        (Event("1", "deploy", NOW, "a", attributes={"environment": 1}), "must be text"),
    ],
)
def test_a_wrong_event_is_rejected_in_words_and_the_others_are_kept(route, event, word):
    outcome = route.take("jira", [event, idea("9")])
    assert counted(outcome) == (1, 0, 1)
    assert word in outcome.rejected[0].reason


def test_text_that_no_database_takes_is_mended(route):
    assert counted(route.take("jira", [idea(title="a\x00b")])) == (1, 0, 0)
    assert rows(route, store.event)[0]["title"] == "a\N{REPLACEMENT CHARACTER}b"


def test_a_rejection_among_records_is_counted_and_kept(route):
    assert counted(route.post([Rejection(3, "is not JSON", raw="{"), Record(4, "api", idea())])) == (1, 0, 1)
    assert rows(route, store.quarantine)[0]["source"] == "api"


def test_an_initiative_belongs_to_the_origin_that_named_it_first(route):
    assert route.put_initiative(Initiative("PAY-1", "Pay"), "api") == "created"
    assert route.put_initiative(Initiative("PAY-1", "Pay"), "api") == "same"
    assert route.put_initiative(Initiative("PAY-1", "Pay later"), "api") == "replaced"
    with pytest.raises(Conflict, match="comes from 'api'"):
        route.put_initiative(Initiative("PAY-1", "Mine"), "config")
    outcome = route.take("jira", [Initiative("PAY-1", "Mine"), Initiative("PAY-2", "Two")])
    assert counted(outcome) == (1, 0, 1)
    with pytest.raises(Conflict):
        route.delete_initiative("PAY-2")
    assert route.delete_initiative("PAY-1") is True
    assert route.delete_initiative("PAY-1") is False
    assert [row["key"] for row in rows(route, store.initiative_version)] == ["PAY-1", "PAY-1"]


def test_an_initiative_reads_back_as_it_was_put(route):
    wanted = Initiative(
        key="PAY-1",
        name="Pay",
        team="Payments",
        owner="Ada",
        url="https://example.org/1",
        direction="top_down",
        claims=("b", "a", "a"),
        labels={"area": "eu"},
        evolution="custom",
        north_star_input="orders a week",
        targets={"time_to_value_seconds": 5},
    )
    route.put_initiative(wanted)
    with store.reading(route.engine) as connection:
        found, origin = initiatives.stored(connection, "PAY-1")
    assert origin == "api"
    assert (found.claims, found.targets, found.labels) == (
        ("a", "b"),
        {"time_to_value_seconds": 5.0},
        {"area": "eu"},
    )
    assert (found.team, found.north_star_input, found.evolution) == ("Payments", "orders a week", "custom")


def test_the_configuration_takes_back_what_it_names_no_more(route):
    route.put_initiative(Initiative("API-1", "By hand"))
    assert route.put_configured([Initiative("A", "a"), Initiative("B", "b")]) == []
    conflicts = route.put_configured([Initiative("B", "b"), Initiative("API-1", "Mine")])
    assert [conflict.key for conflict in conflicts] == ["API-1"]
    with store.reading(route.engine) as connection:
        found = connection.scalars(select(store.initiative.c.key)).all()
        measured = connection.scalar(select(func.count()).select_from(store.milestone))
    assert sorted(found) == ["API-1", "B"]
    assert measured == 2


def test_an_export_brings_the_same_figures_elsewhere(route, tmp_path):
    route.put_initiative(Initiative("PAY-1", "Pay", claims=("jira:A-1",), labels={"area": "eu"}))
    route.take("jira", [idea(title="Ein Gedanke"), Event("2", "change", NOW, "github:a/b#1", refs=("github:a/b",))])
    route.take("jira", [Artefact("github:a/b#1", ("jira:A-1",)), idea("3", day=9), Withdrawn("3")])
    other = Route(store.open(f"sqlite:///{tmp_path / 'other.sqlite'}"), now=lambda: NOW)
    with store.reading(route.engine) as connection:
        lines = list(log.export(connection))
        before = figures.initiatives(connection, figures.Selection(), NOW)
    outcome = other.post(read(lines))
    with store.reading(other.engine) as connection:
        assert figures.initiatives(connection, figures.Selection(), NOW) == before
    other.engine.dispose()
    assert outcome.rejected == []


def read(lines):
    import orjson

    from ttv.records import read_lines

    return read_lines([orjson.dumps(line) for line in lines])


@pytest.mark.parametrize("known", ["7", "600", "1202"])
def test_one_that_is_known_among_many_new_ones_is_found(route, known):
    route.take("jira", [idea(known, title="before")])
    assert counted(route.take("jira", [idea(str(n)) for n in range(1203)])) == (1203, 0, 0)
    assert [row["title"] for row in rows(route, store.event_version)] == ["before"]
    assert len(rows(route, store.event)) == 1203


def test_one_that_comes_twice_among_many_new_ones_is_found(route):
    many = [idea(str(n), refs=(f"jira:E-{n}",)) for n in range(1203)]
    assert counted(route.take("jira", [*many, idea("7", title="b"), idea("9", refs=("jira:E-9",))])) == (1204, 1, 0)
    assert len(rows(route, store.event_version)) == 1
    assert len(links(route)) == 1202


def test_what_is_known_new_changed_and_said_twice_is_told_apart_among_many(route):
    route.take("jira", [idea(str(n)) for n in range(700)])
    changed = [idea(str(n), title="b") for n in range(3)]
    back = [idea("5", title="c"), idea("5")]
    said = [*(idea(str(n)) for n in range(3, 700)), *changed, *back, Withdrawn("6"), idea("new")]
    assert counted(route.take("jira", said)) == (3 + 2 + 1 + 1, 697, 0)
    aside = [(row["id"], row["title"] or "", row["deleted"]) for row in rows(route, store.event_version)]
    assert sorted(aside) == [*((n, "", False) for n in "0125"), ("5", "c", False), ("6", "", False)]
    current = {row["id"]: (row["title"], row["deleted"]) for row in rows(route, store.event)}
    assert {id_ for id_, (title, _) in current.items() if title == "b"} == {"0", "1", "2"}
    assert (current["5"], current["6"], len(current)) == ((None, False), (None, True), 701)


ids, titles = st.sampled_from("abc"), st.sampled_from([None, "x", "y"])
said = st.one_of(st.builds(idea, ids, title=titles), st.builds(Withdrawn, ids))


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batches=st.lists(st.lists(st.tuples(st.sampled_from(["jira", "git"]), said), max_size=8), max_size=6))
def test_versions_and_counts_are_those_of_taking_one_after_the_other(engine, batches):
    empty(engine)
    route, current, aside = Route(engine, now=lambda: NOW), {}, []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("ttv.collect._MANY", 2)  # more than two are many
        patch.setattr("ttv.collect._SAMPLE", 1)
        for batch in batches:
            new = 0
            for source, item in batch:
                ident = source, item.id
                if current.get(ident) != item:
                    new += 1
                    aside += [(*ident, current[ident])] if ident in current else []
                    current[ident] = item
            done = route.post([Record(n, source, item) for n, (source, item) in enumerate(batch)])
            assert counted(done) == (new, len(batch) - new, 0)
    assert sorted(map(told, rows(route, store.event))) == sorted(
        (*ident, *what(item)) for ident, item in current.items()
    )
    kept = [told(row) for row in sorted(rows(route, store.event_version), key=lambda row: row["number"])]
    for ident in current:
        mine = [(*ident, *what(item)) for *whose, item in aside if tuple(whose) == ident]
        assert [one for one in kept if one[:2] == ident] == mine


def told(row):
    return row["source"], row["id"], row["deleted"], row["title"] or ""


def what(item):
    return (True, "") if isinstance(item, Withdrawn) else (False, item.title or "")


def test_many_withdrawals_of_what_never_came_are_kept(route):
    assert counted(route.take("jira", [Withdrawn(str(n)) for n in range(700)])) == (700, 0, 0)
    assert {row["deleted"] for row in rows(route, store.event)} == {True}


def test_initiatives_of_one_batch_are_put_one_after_the_other(route):
    route.put_initiative(Initiative("OLD", "Old", claims=("a", "b"), labels={"area": "eu"}))
    said = [
        ("api", "A", "1"),
        ("api", "A", "2"),
        ("jira", "A", "3"),
        ("jira", "B", "1"),
        ("api", "OLD", "New"),
        ("jira", "B", "1"),
    ]
    records = [
        Record(n, origin, Initiative(key, name, claims=("b", key))) for n, (origin, key, name) in enumerate(said)
    ]
    assert counted(route.post(records)) == (4, 1, 1)
    standing = {row["key"]: (row["name"], row["origin"]) for row in rows(route, store.initiative)}
    assert standing == {"A": ("2", "api"), "B": ("1", "jira"), "OLD": ("New", "api")}
    assert [row["key"] for row in rows(route, store.initiative_version)] == ["A", "OLD"]
    claims = {(row["initiative"], row["artefact"]) for row in rows(route, store.claim)}
    assert claims == {(key, artefact) for key in standing for artefact in ("b", key, f"initiative:{key}")}
    assert rows(route, store.label) == []
