"""Why an event belongs to an initiative is told link by link, over all that tools and people say of it."""

from itertools import pairwise

import pytest

from connectors.contract import Artefact
from tests.publish.conftest import event
from ttv.trace import HOPS

INITIATIVE = {"name": "Pay", "claims": ["jira:PAY-0"]}


@pytest.fixture
def claimed(client):
    """A client of an application with one initiative, which claims jira:PAY-0."""
    assert client.put("/api/v1/initiatives/pay", json=INITIATIVE).status_code == 201
    return client


def send(client, *events):
    assert client.post("/api/v1/events", json=list(events)).json["rejected"] == 0


def link(client, *names):
    """Link names, each to the next."""
    pairs = [{"child": child, "parent": parent} for child, parent in pairwise(names)]
    assert client.put("/api/v1/links", json=pairs).status_code == 200


def paths(client, key="pay"):
    return {one["id"]: one["path"] for one in client.get(f"/api/v1/initiatives/{key}/events").json["items"]}


def loose(client):
    return {one["id"] for one in client.get("/api/v1/orphans").json["items"]}


def start(subject, id_=None, **more):
    return event(id_ or subject, "start", "2026-01-02T00:00:00Z", subject=subject, **more)


def test_a_chain_is_told_to_the_eighth_hop_and_the_ninth_is_an_orphan(claimed):
    chain = [f"jira:PAY-{number}" for number in range(HOPS + 2)]
    send(claimed, *map(start, chain))
    link(claimed, *reversed(chain))
    found = paths(claimed)
    assert set(found) == set(chain[: HOPS + 1])
    assert found[chain[HOPS]] == chain[HOPS::-1]
    assert found[chain[0]] == [chain[0]]
    assert loose(claimed) == {chain[HOPS + 1]}


def test_a_shortcut_brings_what_was_too_far_and_the_shorter_way_is_told(claimed):
    chain = [f"jira:PAY-{number}" for number in range(HOPS + 2)]
    send(claimed, *map(start, chain))
    link(claimed, *reversed(chain))
    link(claimed, chain[6], chain[1])
    assert paths(claimed)[chain[HOPS + 1]] == [*chain[HOPS + 1 : 5 : -1], chain[1], chain[0]]
    assert loose(claimed) == set()


def test_a_cycle_is_told_without_going_round(claimed):
    send(claimed, start("jira:PAY-1"), start("jira:PAY-2"), start("jira:OPS-1"), start("jira:OPS-2"))
    link(claimed, "jira:PAY-2", "jira:PAY-1", "jira:PAY-2")
    link(claimed, "jira:PAY-1", "jira:PAY-0", "jira:PAY-1")
    link(claimed, "jira:OPS-1", "jira:OPS-2", "jira:OPS-1")
    assert paths(claimed)["jira:PAY-2"] == ["jira:PAY-2", "jira:PAY-1", "jira:PAY-0"]
    assert loose(claimed) == {"jira:OPS-1", "jira:OPS-2"}


def test_one_deploy_is_told_to_each_initiative_over_its_own_way(claimed):
    claimed.put("/api/v1/initiatives/find", json={"name": "Find", "claims": ["jira:WEB-1"]})
    deploy = event(
        "d", "deploy", "2026-01-05T00:00:00Z", subject="github:acme/pay/deployments/7", refs=["github:acme/pay@c0ffee"]
    )
    send(claimed, deploy)
    link(claimed, "github:acme/pay@c0ffee", "github:acme/pay#12", "jira:PAY-0")
    link(claimed, "github:acme/pay#12", "jira:WEB-1")
    above = ["github:acme/pay/deployments/7", "github:acme/pay@c0ffee", "github:acme/pay#12"]
    assert paths(claimed)["d"] == [*above, "jira:PAY-0"]
    assert paths(claimed, "find")["d"] == [*above, "jira:WEB-1"]


def test_a_link_that_is_learnt_late_ties_what_is_old_and_one_that_is_withdrawn_unties_it(claimed):
    send(claimed, start("github:acme/pay#12"))
    assert loose(claimed) == {"github:acme/pay#12"}
    link(claimed, "github:acme/pay#12", "jira:PAY-0")
    assert paths(claimed) == {"github:acme/pay#12": ["github:acme/pay#12", "jira:PAY-0"]}
    gone = {"child": "github:acme/pay#12", "parent": "jira:PAY-0", "deleted": True}
    claimed.put("/api/v1/links", json=[gone])
    assert loose(claimed) == {"github:acme/pay#12"}


@pytest.mark.parametrize(
    "group",
    [
        "jira:project/PAY",
        "jira:component/PAY/Check out",
        "jira:label/top-ten",
        "jira:group/checkout",
        "github:acme/pay",
        "github:acme/pay/labels/good first issue",
        "github:acme/pay/paths/services/checkout",
        "git:shop",
        "git:shop/paths/services/checkout",
    ],
)
def test_a_claim_on_a_group_ties_what_stands_in_it_and_below(client, route, group):
    route.take("tool", [Artefact("jira:PAY-1", ("jira:PAY-9", group)), Artefact("jira:PAY-2", ("jira:PAY-1",))])
    send(client, start("jira:PAY-2"))
    assert loose(client) == {"jira:PAY-2"}
    assert client.put("/api/v1/initiatives/all", json={"name": "All", "claims": [group]}).status_code == 201
    assert paths(client, "all") == {"jira:PAY-2": ["jira:PAY-2", "jira:PAY-1", group]}


def test_what_is_said_of_an_initiative_itself_is_its_own(claimed):
    send(claimed, start("initiative:pay", "own"))
    assert paths(claimed)["own"] == ["initiative:pay"]
