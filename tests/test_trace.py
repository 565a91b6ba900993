"""Ties: who belongs to whom, over which path, however late it is learnt."""

from datetime import UTC, datetime

import pytest

from connectors.contract import Artefact, Event, Initiative
from ttv import explain, figures, log, store
from ttv.records import Link
from ttv.route import Route

NOW = datetime(2026, 11, 1, tzinfo=UTC)


@pytest.fixture
def route(engine):
    route = Route(engine, now=lambda: NOW)
    route.put_initiative(Initiative("PAY-1", "Pay", claims=("jira:PAY-1",)))
    return route


def idea(subject, id_="1", **more):
    return Event(id_, "idea", datetime(2026, 1, 1, tzinfo=UTC), subject, **more)


def tied(route, key="PAY-1"):
    with store.reading(route.engine) as connection:
        return {one["subject"]: one["path"] for one in explain.events(connection, key, NOW)}


def orphans(route):
    with store.reading(route.engine) as connection:
        return [one["subject"] for one in log.orphans(connection)["items"]]


def test_a_claimed_artefact_is_tied_by_itself(route):
    route.take("jira", [idea("jira:PAY-1")])
    assert tied(route) == {"jira:PAY-1": ["jira:PAY-1"]}


def test_every_initiative_claims_itself(route):
    route.take("jira", [idea("initiative:PAY-1")])
    assert tied(route) == {"initiative:PAY-1": ["initiative:PAY-1"]}


def test_eight_hops_are_followed_and_nine_are_not(route):
    chain = [f"x:{n}" for n in range(9)]
    route.put_links([Link(child, parent) for child, parent in zip(chain, [*chain[1:], "jira:PAY-1"], strict=True)])
    route.take("jira", [idea("x:1", "1"), idea("x:0", "2")])
    assert tied(route) == {"x:1": [*chain[1:], "jira:PAY-1"]}
    assert orphans(route) == ["x:0"]


def test_a_link_learnt_late_ties_old_events_too(route):
    route.take("github", [idea("github:a/b#1")])
    assert orphans(route) == ["github:a/b#1"]
    route.take("github", [Artefact("github:a/b#1", ("jira:PAY-2",))])
    route.take("jira", [Artefact("jira:PAY-2", ("jira:PAY-1",))])
    assert tied(route) == {"github:a/b#1": ["github:a/b#1", "jira:PAY-2", "jira:PAY-1"]}
    assert orphans(route) == []


def test_a_withdrawn_link_unties(route):
    route.take("jira", [idea("jira:PAY-2"), Artefact("jira:PAY-2", ("jira:PAY-1",))])
    route.take("jira", [Artefact("jira:PAY-2", ())])
    assert tied(route) == {}
    assert orphans(route) == ["jira:PAY-2"]


def test_cycles_are_harmless(route):
    route.put_links([Link("a", "b"), Link("b", "a"), Link("b", "b"), Link("b", "jira:PAY-1"), Link("jira:PAY-1", "a")])
    route.take("jira", [idea("a")])
    assert tied(route) == {"a": ["a", "b", "jira:PAY-1"]}


def test_one_deploy_can_belong_to_many_initiatives(route):
    route.put_initiative(Initiative("PAY-9", "Other", claims=("jira:PAY-9",)))
    route.take(
        "github", [idea("d", refs=("c1", "c2")), Artefact("c1", ("jira:PAY-1",)), Artefact("c2", ("jira:PAY-9",))]
    )
    assert tied(route) == {"d": ["d", "c1", "jira:PAY-1"]}
    assert tied(route, "PAY-9") == {"d": ["d", "c2", "jira:PAY-9"]}


def test_a_changed_claim_moves_what_stands_below_it(route):
    route.take("jira", [idea("b"), Artefact("b", ("a",))])
    route.put_initiative(Initiative("PAY-1", "Pay", claims=("a",)))
    assert tied(route) == {"b": ["b", "a"]}
    route.put_initiative(Initiative("PAY-1", "Pay", claims=()))
    assert tied(route) == {}
    with store.reading(route.engine) as connection:
        assert figures.initiative(connection, "PAY-1", NOW)["state"] == "no_idea"


def test_the_shortest_way_is_the_path(route):
    route.put_links([Link("a", "b"), Link("b", "c"), Link("c", "jira:PAY-1"), Link("a", "jira:PAY-1")])
    route.take("jira", [idea("a")])
    assert tied(route) == {"a": ["a", "jira:PAY-1"]}
