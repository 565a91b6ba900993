"""What reaches no initiative, by cause; what stands at its top is proposed, by how much a claim would tie."""

from datetime import UTC, datetime
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.contract import Artefact, Event, Initiative, Withdrawn
from tests.real.stores import empty
from ttv import orphans, store
from ttv.route import Route
from ttv.trace import HOPS


@pytest.fixture
def route(engine):
    return Route(engine)


def happened(subject, kind="start", refs=(), **more):
    at = datetime(2026, 1, 1, tzinfo=UTC)
    return Event(more.pop("id", f"{kind} {subject}"), kind, at, subject, tuple(refs), **more)


def report(route, **options):
    with store.reading(route.engine) as connection:
        return orphans.report(connection, **options)


def causes(route):
    return {one["cause"]: one["events"] for one in report(route)["causes"]}


def proposals(route):
    return [(one["artefact"], one["events"]) for one in report(route)["proposals"]]


def chain(length, top="jira:PAY-0"):
    """Artefacts, each below the one before, so many hops down from the top."""
    names = [top, *(f"jira:PAY-{n}" for n in range(1, length + 1))]
    return [Artefact(child, (parent,)) for parent, child in pairwise(names)]


def test_where_everything_is_tied_there_is_nothing(route):
    route.put_initiative(Initiative("pay", "Pay", claims=("jira:PAY-1",)))
    route.take("jira", [happened("jira:PAY-1"), Artefact("jira:PAY-2", ("jira:PAY-1",)), happened("jira:PAY-2")])
    assert report(route) == {"events": 0, "causes": [], "proposals": [], "groups": [], "unread": []}


@pytest.mark.parametrize(
    ("items", "cause"),
    [
        ([happened("initiative:nobody", "idea")], "no_initiative"),
        ([happened("github:acme/pay@4f1c0a", "change")], "commit"),
        ([happened("zendesk:7", "feedback")], "feedback"),
        ([happened("github:acme/pay/deployments/7", "deploy")], "deploy"),
        ([happened("jira:PAY-1", "idea")], "no_parent"),
        ([happened("jira:PAY-2"), Artefact("jira:PAY-2", ("jira:PAY-1",))], "unclaimed"),
        ([happened("github:acme/pay#2"), Artefact("github:acme/pay#2", ("jira:OPS-1",))], "unseen"),
        ([*chain(HOPS + 1), happened(f"jira:PAY-{HOPS + 1}")], "too_long"),
        ([*chain(HOPS), happened(f"jira:PAY-{HOPS}")], "unclaimed"),
        (
            [Artefact("jira:PAY-1", ("jira:PAY-2",)), Artefact("jira:PAY-2", ("jira:PAY-1",)), happened("jira:PAY-1")],
            "cycle",
        ),
    ],
)
def test_each_cause_is_told_from_the_others(route, items, cause):
    route.take("tool", items)
    (one,) = report(route)["causes"]
    assert (one["cause"], one["events"], one["artefacts"]) == (cause, 1, 1)
    assert one["words"] == orphans.WORDS[cause]


def test_what_is_one_hop_too_far_from_a_claim_is_too_long_a_way(route):
    route.put_initiative(Initiative("pay", "Pay", claims=("jira:PAY-0",)))
    route.take("jira", [*chain(HOPS + 2), *(happened(f"jira:PAY-{n}") for n in range(HOPS + 3))])
    assert causes(route) == {"too_long": 2}


def test_groups_stand_above_nothing_and_are_proposed_apart(route):
    route.take("jira", [Artefact("jira:PAY-1", ("jira:project/PAY", "jira:label/q3")), happened("jira:PAY-1", "idea")])
    route.take("jira", [Artefact("jira:PAY-2", ("jira:PAY-1", "jira:project/PAY")), happened("jira:PAY-2")])
    assert causes(route) == {"no_parent": 1, "unclaimed": 1}
    assert proposals(route) == [("jira:PAY-1", 2)]
    assert [(one["artefact"], one["events"]) for one in report(route)["groups"]] == [
        ("jira:label/q3", 2),
        ("jira:project/PAY", 2),
    ]


def test_those_that_would_tie_the_most_are_proposed_first_with_title_and_a_key_that_is_free(route):
    route.put_initiative(Initiative("PAY-1", "Taken"))
    route.take("jira", [happened("jira:PAY-9", "idea", title="Alone")])
    route.take("jira", [happened("jira:PAY-1", "idea", title="Faster checkout")])
    for number in (2, 3):
        route.take("jira", [Artefact(f"jira:PAY-{number}", ("jira:PAY-1",)), happened(f"jira:PAY-{number}")])
    assert report(route, proposals=1)["proposals"] == [
        {"artefact": "jira:PAY-1", "title": "Faster checkout", "events": 3, "key": "PAY-1-2"}
    ]
    assert proposals(route) == [("jira:PAY-1", 3), ("jira:PAY-9", 1)]


def test_a_claim_ties_as_many_as_was_said(route):
    commits = [f"github:acme/pay@{n}f" for n in range(3)]
    route.take("jira", [happened("jira:PAY-1", "idea")])
    route.take("github", [Artefact(commit, ("jira:PAY-1",)) for commit in commits])
    route.take("github", [happened("github:acme/pay/deployments/7", "deploy", commits)])
    ((artefact, events), *_) = proposals(route)
    before = report(route)["events"]
    route.put_initiative(Initiative("pay", "Pay", claims=(artefact,)))
    assert before - report(route)["events"] == events == 2


def test_what_leads_to_places_that_no_source_reads_is_counted_by_place(route):
    for number in range(3):
        route.take("github", [happened(f"github:acme/pay#{number}", refs=[f"jira:OPS-{number}"])])
    route.take("github", [happened("github:acme/pay#9", refs=["github:acme/other#1"])])
    assert report(route)["unread"] == [
        {"place": "jira:OPS-", "events": 3},
        {"place": "github:acme/other#", "events": 1},
    ]
    assert proposals(route) == []


def test_a_parent_that_had_no_event_is_seen_where_its_project_is(route):
    route.take("jira", [happened("jira:PAY-5", "idea"), happened("jira:PAY-2", refs=["jira:PAY-1"])])
    assert causes(route) == {"no_parent": 1, "unclaimed": 1}


def test_examples_are_events_with_their_titles_and_withdrawn_ones_do_not_count(route):
    route.take("jira", [happened(f"jira:PAY-{n}", "idea", id=str(n), title=f"T{n}") for n in range(1, 6)])
    route.take("jira", [Withdrawn("1")])
    (one,) = report(route, examples=2)["causes"]
    assert (one["events"], [example["title"] for example in one["examples"]]) == (4, ["T2", "T3"])


NAMES = [f"jira:PAY-{n}" for n in range(8)]
EDGES = st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES)), max_size=14)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    edges=EDGES,
    subjects=st.lists(st.sampled_from(NAMES), max_size=6),
    claims=st.lists(st.sampled_from(NAMES), max_size=2),
)
def test_every_orphan_has_one_cause_and_each_claim_ties_what_it_says(sqlite_engine, edges, subjects, claims):
    empty(sqlite_engine)
    route = Route(sqlite_engine)
    route.put_initiative(Initiative("pay", "Pay", claims=tuple(claims)))
    parents = {}
    for child, parent in edges:
        parents.setdefault(child, []).append(parent)
    route.take("jira", [Artefact(child, tuple(above)) for child, above in parents.items()])
    route.take("jira", [happened(subject, id=str(n)) for n, subject in enumerate(subjects)])
    with store.reading(sqlite_engine) as connection:
        listed = connection.execute(store.event.select().where(orphans.untied())).all()
    found = report(route)
    assert found["events"] == len(listed) == sum(one["events"] for one in found["causes"])
    for one in found["proposals"]:
        key = f"try-{one['key']}"
        route.put_initiative(Initiative(key, key, claims=(one["artefact"],)))
        assert found["events"] - report(route)["events"] == one["events"]
        route.delete_initiative(key)
