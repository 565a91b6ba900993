"""Every example of the CDEvents specification, in every mode of CloudEvents, over HTTP to a server."""

import json

import pytest
import requests

from connectors import cloudevents
from tests.publish.conftest import NOW
from ttv import config
from ttv.publish import app
from ttv.route import Route

SECRET = "s3cret-of-ci"
EVENTS = {
    "change_created": "start",
    "change_merged": "change",
    "service_deployed": "deploy",
    "service_upgraded": "deploy",
    "service_published": "deploy",
    "service_rolledback": "deploy",
}


@pytest.fixture(scope="module")
def examples(data):
    """Every example, with an id of its own: those of the specification share one."""
    found = {}
    for path in sorted((data / "cdevents/conformance").glob("*.json")):
        told = json.loads(path.read_text())
        told["context"]["id"] = path.stem
        context = told["context"]
        known = {name: context[name] for name in ("id", "source", "type")}
        known |= {"subject": told["subject"]["id"], "time": context["timestamp"]}
        found[path.stem] = {"specversion": "1.0", **known, "datacontenttype": "application/json", "data": told}
    return found


@pytest.fixture
def ci(sqlite_engine):
    """An application to which a source `ci` may send."""
    document = {"sources": {"ci": {"type": "cloudevents", "webhook_secret": SECRET}}}
    sources = config.read(document, {}, "a test", allow_plain_secrets=True).sources
    return app.create(Route(sqlite_engine, now=lambda: NOW), sources=sources)


@pytest.fixture
def sending(served, ci):
    """A function that sends envelopes in a mode to an address of a served application, and returns the answers."""
    url = served(ci)

    def send(path, envelopes, mode):
        session = requests.Session()
        session.headers["Authorization"] = f"Bearer {SECRET}"
        answers = []
        with session:
            for one in [envelopes] if mode == "batch" else envelopes:
                if mode == "binary":
                    named = {f"ce-{name}": one[name] for name in one if name not in ("data", "datacontenttype")}
                    answers.append(session.post(url + path, json=one["data"], headers=named))
                else:
                    media = cloudevents.BATCH if mode == "batch" else cloudevents.STRUCTURED
                    answers.append(session.post(url + path, json.dumps(one), headers={"Content-Type": media}))
        return answers

    return send


def stored(ci):
    return {one["id"].rpartition("/")[2]: one["kind"] for one in ci.test_client().get("/api/v1/orphans").json["items"]}


@pytest.mark.parametrize("mode", ["structured", "binary", "batch"])
def test_every_example_is_taken_or_passed_over_by_the_api(examples, ci, sending, mode):
    answers = sending("/api/v1/events", list(examples.values()), mode)
    assert {answer.status_code for answer in answers} == {200}
    told = [answer.json() for answer in answers]
    assert sum(one["accepted"] for one in told) == len(EVENTS)
    assert sum(one["rejected"] for one in told) == 0
    passed = [one for answer in told for one in answer.get("passed_over", ())]
    assert len(passed) == len(examples) - len(EVENTS)
    assert all(one["reason"] for one in passed)
    assert stored(ci) == EVENTS


@pytest.mark.parametrize("mode", ["structured", "binary", "batch"])
def test_every_example_is_taken_or_of_no_use_as_a_webhook(examples, ci, sending, mode):
    answers = sending("/webhooks/ci", list(examples.values()), mode)
    assert {answer.status_code for answer in answers} == {200}
    assert sum(answer.json()["accepted"] for answer in answers) == len(EVENTS)
    assert sum(answer.json()["rejected"] for answer in answers) == 0
    assert {answer.json()["outcome"] for answer in answers} <= {"taken", "unused"}
    assert stored(ci) == EVENTS
    again = sending("/webhooks/ci", list(examples.values()), mode)
    assert {answer.json()["outcome"] for answer in again} == {"repeated"}


def test_a_cdevent_that_is_none_is_rejected_with_the_reason(ci, problem, examples):
    wrong = {**examples["change_merged"], "data": {"context": {"id": "1"}, "subject": {}}}
    found = problem(ci.test_client().post("/api/v1/events", json=wrong, content_type=cloudevents.STRUCTURED), 422)
    assert found["rejections"][0]["reason"].startswith("KeyError")


def test_a_source_of_an_envelope_that_is_no_key_is_rejected(ci, problem, examples):
    wrong = {**examples["change_merged"], "source": "/" + "x" * 600}
    found = problem(ci.test_client().post("/api/v1/events", json=wrong, content_type=cloudevents.STRUCTURED), 422)
    assert "source" in found["rejections"][0]["reason"]


def test_an_initiative_ships_by_what_a_pipeline_sends(ci):
    """An issue, a change that names it, a build between, and the deploy that came of it."""
    client = ci.test_client()
    client.put("/api/v1/initiatives/FAST", json={"name": "Faster", "claims": ["jira:PAY-9"]})
    client.post(
        "/api/v1/events",
        json={"id": "i", "kind": "idea", "occurred_at": "2026-01-01T00:00:00Z", "subject": "jira:PAY-9"},
    )
    steps = [
        ("change.merged.0.3.0", "e-1", None, {"description": "PAY-9: faster"}, "2026-02-01T10:00:00Z"),
        ("build.finished.0.3.0", "e-2", "e-1", {"artifactId": "pkg:oci/shop@1"}, "2026-02-01T11:00:00Z"),
        ("service.deployed.0.3.0", "e-3", "e-2", {"environment": {"id": "production"}}, "2026-02-01T12:00:00Z"),
    ]
    for type_, id_, before, content, at in reversed(steps):  # in any order
        links = [{"linkType": "PATH", "from": {"contextId": before}}] if before else []
        context = {"id": id_, "source": "/ci", "type": f"dev.cdevents.{type_}", "timestamp": at, "links": links}
        told = {"context": context, "subject": {"id": "x", "content": content}}
        envelope = {"specversion": "1.0", "id": id_, "source": "/ci", "type": context["type"], "data": told}
        answer = client.post(
            "/webhooks/ci",
            json=envelope,
            content_type=cloudevents.STRUCTURED,
            headers={"Authorization": f"Bearer {SECRET}"},
        )
        assert answer.status_code == 200
    found = client.get("/api/v1/initiatives/FAST").json
    assert found["milestones"]["shipped_at"] == "2026-02-01T12:00:00Z"
    assert found["milestones"]["started_at"] == "2026-02-01T10:00:00Z"
