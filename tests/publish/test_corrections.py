"""Corrections are visible: versions by the API, and what was known at an instant by every call that can be asked so."""

from datetime import timedelta
from urllib.parse import quote

import pytest

from tests.publish.conftest import CHECKOUT, LIFE, NOW
from ttv.publish import app
from ttv.route import Route

BEFORE = quote((NOW - timedelta(days=1)).isoformat())


def test_words_come_back_with_event_link_and_initiative(client):
    said = {"by": "ann", "why": "the board said so"}
    answer = client.put("/api/v1/initiatives/CHECKOUT", json={**CHECKOUT, **said})
    assert (answer.status_code, answer.json["by"], answer.json["why"]) == (201, *said.values())
    assert client.put("/api/v1/links", json=[{"child": "a", "parent": "jira:PAY-1", **said}]).json["accepted"] == 1
    assert client.post("/api/v1/events", json={**LIFE[0], **said}).json["accepted"] == 1
    assert client.post("/api/v1/events", json={**LIFE[0], **said}).json["duplicate"] == 1
    (event,) = client.get("/api/v1/initiatives/CHECKOUT/events").json["items"]
    assert (event["by"], event["why"], event["earlier_versions"]) == (*said.values(), 0)
    page = client.get("/initiatives/CHECKOUT").text
    assert "said by hand by ann: the board said so" in page


def test_words_go_with_cloudevents_too(client):
    envelope = {"specversion": "1.0", "id": "1", "source": "s", "type": "ttv.idea", "subject": "initiative:x"}
    envelope |= {"time": "2026-01-01T00:00:00Z", "data": {"by": "ann", "why": "so"}}
    answer = client.post("/api/v1/events", json=envelope, content_type="application/cloudevents+json")
    assert answer.json["accepted"] == 1
    assert client.get("/api/v1/orphans").json["items"][0]["by"] == "ann"


@pytest.mark.parametrize("words", [{"by": ""}, {"why": ""}, {"by": 5}, {"why": "x" * 10_001}])
def test_words_that_say_nothing_are_refused(client, problem, words):
    problem(client.post("/api/v1/events", json={**LIFE[0], **words}), 422)
    problem(client.put("/api/v1/initiatives/CHECKOUT", json={**CHECKOUT, **words}), 400)


def test_versions_of_an_event_show_what_was_believed(client):
    client.post("/api/v1/events", json=LIFE[0])
    client.post("/api/v1/events", json={**LIFE[0], "title": "Other", "by": "ann"})
    found = client.get("/api/v1/events/versions?source=test&id=e1").json["items"]
    assert [(one["title"], one["by"], one["superseded_at"] is None) for one in found] == [
        ("Other", "ann", True),
        (LIFE[0]["title"], None, False),
    ]


def test_versions_of_an_initiative_outlive_it(client):
    client.put("/api/v1/initiatives/CHECKOUT", json=CHECKOUT)
    assert client.delete("/api/v1/initiatives/CHECKOUT?by=ann&why=a%20mistake").status_code == 204
    (one,) = client.get("/api/v1/initiatives/CHECKOUT/versions").json["items"]
    assert (one["claims"], one["ended_by"], one["ended_why"]) == (["jira:PAY-1"], "ann", "a mistake")


def test_what_never_was_is_missing(client, problem):
    problem(client.get("/api/v1/events/versions?source=test&id=e1"), 404)
    problem(client.get("/api/v1/initiatives/NONE/versions"), 404)
    problem(client.get("/api/v1/events/versions?source=test"), 400)


def test_the_page_leads_to_the_earlier_versions(client):
    client.put("/api/v1/initiatives/CHECKOUT", json=CHECKOUT)
    client.post("/api/v1/events", json={**LIFE[0], "id": "a&b"})
    client.post("/api/v1/events", json={**LIFE[0], "id": "a&b", "title": "Other"})
    page = client.get("/initiatives/CHECKOUT").text
    assert "/api/v1/events/versions?source=test&amp;id=a%26b" in page
    assert client.get("/api/v1/events/versions?source=test&id=a%26b").status_code == 200


def calls(client):
    """Every call that says it can be asked what was known."""
    paths = client.get("/openapi.json").json["paths"]
    for path, item in paths.items():
        if any(one["name"] == "known_at" for one in item.get("get", {}).get("parameters", [])):
            yield path.replace("{key}", "CHECKOUT")


def test_every_call_answers_from_what_was_known(sqlite_engine):
    clock = [NOW - timedelta(days=1)]
    route = Route(sqlite_engine, now=lambda: clock[0])
    client = app.create(route).test_client()
    paths = list(calls(client))
    assert {"/api/v1/initiatives", "/api/v1/time-to-value", "/api/v1/initiatives/CHECKOUT/events"} <= {*paths}
    before = {path: client.get(path).get_json(force=True) for path in paths}
    clock[0] = NOW
    client.put("/api/v1/initiatives/CHECKOUT", json=CHECKOUT)
    client.post("/api/v1/events", json=LIFE)
    for path in paths:
        assert client.get(path).get_json(force=True) != before[path]
        found = client.get(f"{path}?known_at={BEFORE}").get_json(force=True)
        assert found == before[path], path


def test_what_was_known_is_not_what_happened_by_then(lived):
    """The events lie in January, and nothing was known of them then."""
    known = lived.get("/api/v1/initiatives?known_at=2026-02-15T00:00:00Z").json
    assert known["items"] == []
    assert len(lived.get("/api/v1/initiatives?as_of=2026-02-15T00:00:00Z").json["items"]) == 2


def test_as_of_goes_before_known_at(lived):
    path = "/api/v1/initiatives/CHECKOUT?known_at=2026-03-01T12:00:00Z"
    assert lived.get(path).json["as_of"] == "2026-03-01T12:00:00Z"
    assert lived.get(f"{path}&as_of=2026-01-05T00:00:00Z").json["state"] == "deciding"


def test_what_will_be_known_cannot_be_asked(lived, problem):
    found = problem(lived.get("/api/v1/initiatives?known_at=2027-01-01T00:00:00Z"), 400)
    assert found["errors"] == [{"name": "known_at", "reason": "lies in the future"}]
