"""Why a figure is missing and what figures rest on, as the API answers it and as pages and metrics show it."""

import pytest
from prometheus_client.parser import text_string_to_metric_families as families

from connectors.contract import Event
from tests.publish.conftest import CHECKOUT, LIFE, event
from tests.publish.test_pages import LIVES, life, read


@pytest.fixture
def sensing(route, client):
    """A page of an initiative that shipped 9 days ago, which only a colleague has answered."""
    route.take("jira", life("SENSING-1", LIVES["sensing"]))
    return client


def shown(client):
    return read(client.get("/initiatives/SENSING-1")).text


def test_a_page_says_what_is_missing_and_what_would_fill_it(sensing):
    text = shown(sensing)
    assert "What is missing, and why" in text
    assert "Shipped 9 days ago, 1 feedback seen, not from a customer." in text
    assert (
        "It needs: the first feedback of a customer at or after the ship, tied to it over initiative:SENSING-1." in text
    )


def test_a_page_says_what_looks_wrong(sensing):
    text = shown(sensing)
    assert "The decision is implied by the first work: nobody recorded a yes." in text
    assert "The only feedback since the ship is marked as the organisation's own: 1 from jira." in text


def test_a_page_shows_the_orphans_that_name_it(route, sensing):
    route.take("desk", [Event("1", "feedback", route.now(), "desk:1", title="<i>SENSING-1</i> is great")])
    text = shown(sensing)
    assert "1 event names it and is tied to no initiative" in text
    assert "<i>SENSING-1</i> is great: its title names SENSING-1" in text


def test_a_life_by_the_book_has_nothing_to_be_said(route, client):
    route.take(
        "jira",
        life(
            "BOOK",
            [
                *LIVES["building"],
                ("deploy", 9, {}),
                ("feedback", 8, {}),
                ("deploy", 7, {}),
                ("feedback", 6, {}),
                ("deploy", 5, {}),
                ("feedback", 4, {}),
            ],
        ),
    )
    text = read(client.get("/initiatives/BOOK")).text
    assert "What looks wrong" not in text
    assert "In loop 3 a customer answered 4 days ago, nothing has shipped in response." in text


def test_the_first_page_says_what_its_figures_rest_on(lived):
    text = read(lived.get("/")).text
    assert "Of 2 initiatives that were open in the last 365 days, 2 (100 %) have an idea date." in text
    assert "Of 1 decision, 1 (100 %) is on record" in text
    assert "Of 1 deploy, 1 (100 %) is tied to an initiative; of 2 feedbacks, 1 (50 %)." in text


def test_a_database_without_deploys_says_nothing_of_them(route, client):
    route.take("jira", life("ONE", LIVES["deciding"]))
    text = read(client.get("/")).text
    assert "1 initiative that was open" in text
    assert "tied to an initiative;" not in text
    assert "not known)" not in text


def test_coverage_stands_beside_the_groups(lived):
    found = lived.get("/api/v1/rate-of-turn?window=all").json
    assert [one["group"] for one in found["coverage"]["groups"]] == [one["group"] for one in found["groups"]]
    assert found["coverage"]["groups"][0]["small"] == {"completed": True, "all": True}
    assert found["coverage"]["feedback_tied_share"] == 0.5


def test_what_there_is_none_of_has_no_share_among_the_metrics(client):
    assert client.put("/api/v1/initiatives/CHECKOUT", json=CHECKOUT).status_code == 201
    found = {
        family.name: {one.labels["of"]: one.value for one in family.samples}
        for family in families(client.get("/metrics").text)
        if family.name.startswith("ttv_coverage")
    }
    assert found["ttv_coverage_ratio"] == {"idea": 0.0}
    assert found["ttv_coverage_observed"] == {"idea": 1, "early": 0, "decision": 0, "deploys": 0, "feedback": 0}


def test_a_diagnosis_is_answered_as_of_any_instant(lived):
    found = lived.get("/api/v1/initiatives/CHECKOUT/diagnosis?as_of=2026-02-01T00:00:00Z").json
    assert found["missing"][0] == {
        "figure": "time_to_value",
        "because": "not_sensed",
        "why": "Shipped 24 h ago, no feedback seen.",
        "needs": ["valued"],
        "fill": "The first feedback of a customer at or after the ship, tied to it over jira:PAY-1.",
        "events": [],
    }
    assert lived.get("/api/v1/initiatives/CHECKOUT/diagnosis").json["missing"][0]["figure"] == "loop"


def test_an_orphan_that_is_near_comes_with_the_link_that_ties_it(lived):
    lived.post("/api/v1/events", json=[event("e8", "feedback", LIFE[-1]["occurred_at"], "desk:8", title="SEARCH?")])
    (near,) = lived.get("/api/v1/initiatives/SEARCH/diagnosis").json["near"]
    assert lived.put("/api/v1/links", json=[near["link"]]).status_code == 200
    assert lived.get("/api/v1/initiatives/SEARCH/diagnosis").json["near"] == []


def test_nobody_has_no_diagnosis(client, problem):
    problem(client.get("/api/v1/initiatives/nobody/diagnosis"), 404)
