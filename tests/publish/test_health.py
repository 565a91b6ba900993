"""Alive and ready are two questions."""

import pytest
from sqlalchemy import text

from ttv import engines
from ttv.publish import app
from ttv.route import Route


def test_a_process_that_answers_is_alive(client):
    assert client.get("/healthz").json == {"status": "ok"}


def test_a_migrated_database_is_ready(lived):
    assert lived.get("/readyz").json == {"status": "ok"}


def test_a_database_that_is_not_migrated_is_not_ready(lived, everywhere, problem):
    with everywhere.engine.begin() as connection:
        connection.execute(text("DELETE FROM alembic_version"))
    assert "schema" in problem(lived.get("/readyz"), 503)["detail"]


def test_a_database_that_is_away_is_not_ready_but_the_process_is_alive(problem):
    engine = engines.make("postgresql://nobody@127.0.0.1:1/none", ())
    client = app.create(Route(engine)).test_client()
    found = problem(client.get("/readyz"), 503)
    assert "does not answer" in found["detail"]
    assert "nobody" not in found["detail"]
    assert client.get("/healthz").status_code == 200
    engine.dispose()


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
def test_health_can_be_asked_for_its_head_only(client, path):
    answer = client.head(path)
    assert (answer.status_code, answer.data) == (200, b"")
