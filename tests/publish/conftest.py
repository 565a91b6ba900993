"""Applications over fresh stores at a fixed instant, and a few events to ask it about."""

from datetime import UTC, datetime

import pytest

from ttv.publish import app
from ttv.route import Route

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)

CHECKOUT = {"name": "One-click checkout", "team": "Payments", "direction": "bottom_up", "claims": ["jira:PAY-1"]}
SEARCH = {"name": "Better search", "team": "Search", "direction": "top_down", "labels": {"tier": "gold"}}


def event(id_, kind, occurred_at, subject="jira:PAY-1", **more):
    return {"source": "test", "id": id_, "kind": kind, "occurred_at": occurred_at, "subject": subject, **more}


LIFE = [
    event("e1", "idea", "2026-01-01T00:00:00Z", title="Can we do it in one click?"),
    event("e2", "decision", "2026-01-11T00:00:00Z"),
    event("e3", "start", "2026-01-16T00:00:00Z"),
    event("e4", "deploy", "2026-01-31T00:00:00Z", subject="ci/deploy/7", refs=["jira:PAY-1"]),
    event("e5", "feedback", "2026-02-03T00:00:00.250000+01:00", attributes={"customer": True, "rating": 5}),
    event("e6", "idea", "2026-02-20T00:00:00Z", subject="initiative:SEARCH"),
    event("e7", "feedback", "2026-02-21T00:00:00Z", subject="zendesk:9"),
]


@pytest.fixture
def route(sqlite_engine):
    return Route(sqlite_engine, now=lambda: NOW)


@pytest.fixture
def client(route):
    return app.create(route).test_client()


@pytest.fixture
def everywhere(engine):
    """The route of a store on each engine in turn."""
    return Route(engine, now=lambda: NOW)


@pytest.fixture
def lived(everywhere):
    """A client of an application on each engine in turn, in which things have happened."""
    client = app.create(everywhere).test_client()
    assert client.put("/api/v1/initiatives/CHECKOUT", json=CHECKOUT).status_code == 201
    assert client.put("/api/v1/initiatives/SEARCH", json=SEARCH).status_code == 201
    assert client.post("/api/v1/events", json=LIFE).json["accepted"] == len(LIFE)
    return client


@pytest.fixture
def problem():
    """A function that reads an answer as a problem of a status, and returns it."""

    def read(answer, status):
        assert answer.status_code == status, answer.text
        assert answer.mimetype == "application/problem+json"
        found = answer.get_json(force=True)
        assert {"type", "title", "status", "detail", "instance"} <= found.keys()
        assert found["status"] == status
        return found

    return read
