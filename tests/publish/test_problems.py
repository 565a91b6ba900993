"""Every error under the API is a problem as RFC 9457 has it."""

import pytest
from sqlalchemy.exc import OperationalError

from ttv.publish import api, app


def test_an_unknown_address_names_the_nearest(client, problem):
    found = problem(client.get("/api/v1/initatives"), 404)
    assert "did you mean '/api/v1/initiatives'?" in found["detail"]
    assert found["instance"] == "/api/v1/initatives"


def test_a_wrong_method_says_which_are_right(client, problem):
    answer = client.delete("/api/v1/events")
    assert "it takes OPTIONS, POST" in problem(answer, 405)["detail"]
    assert "POST" in answer.headers["Allow"]


def test_a_bug_tells_nothing_of_itself(route, problem, monkeypatch):
    def broken(*_, **__):
        raise RuntimeError("secret")

    monkeypatch.setattr(api.figures, "initiatives", broken)
    answer = app.create(route).test_client().get("/api/v1/initiatives")
    assert "secret" not in str(problem(answer, 500))


def test_a_database_that_is_away_is_unavailable(route, problem, monkeypatch):
    def away(*_, **__):
        raise OperationalError("SELECT", {}, Exception("host secret is down"))

    monkeypatch.setattr(api.figures, "initiatives", away)
    answer = app.create(route).test_client().get("/api/v1/initiatives")
    assert "secret" not in str(problem(answer, 503))
    assert answer.headers["Retry-After"]


@pytest.mark.parametrize("path", ["/metrics", "/healthz", "/readyz"])
def test_the_addresses_at_the_root_answer_problems_too(client, problem, path):
    problem(client.post(path), 405)


def test_a_page_that_is_not_there_is_html_for_a_browser(client):
    assert client.get("/nowhere", headers={"Accept": "text/html"}).mimetype == "text/html"
