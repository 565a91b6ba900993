"""Who may ask: with a token who has it, without one who is on this machine."""

from base64 import b64encode

import pytest

from ttv.publish import app

TOKEN = "correct horse ✓"
CLOSED = ["/", "/metrics", "/docs", "/docs/start.js", "/openapi.json", "/api/v1/initiatives", "/nowhere"]


def basic(password, name="anybody"):
    return {"Authorization": f"Basic {b64encode(f'{name}:{password}'.encode()).decode()}"}


@pytest.fixture
def guarded(route):
    return app.create(route, token=TOKEN).test_client()


@pytest.mark.parametrize("path", CLOSED)
def test_nothing_is_told_without_the_token(guarded, path):
    answer = guarded.get(path)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert "Basic" in answer.headers["WWW-Authenticate"]


def test_a_request_without_the_token_writes_nothing(guarded, problem):
    problem(guarded.put("/api/v1/initiatives/A", json={"name": "A"}), 401)
    assert guarded.get("/api/v1/initiatives", headers=basic(TOKEN)).json["items"] == []


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_health_is_told_to_anybody(guarded, path):
    assert guarded.get(path).status_code == 200


@pytest.mark.parametrize(
    "path", ["/webhooks/../api/v1/initiatives", "/webhooks/%2e%2e/api/v1/initiatives", "/webhooks"]
)
def test_nothing_else_is_reached_by_the_way_of_webhooks(guarded, path):
    assert guarded.get(path).status_code in (401, 404)


@pytest.mark.parametrize("path", CLOSED)
def test_a_browser_sends_the_token_as_a_password(guarded, path):
    assert guarded.get(path, headers=basic(TOKEN)).status_code != 401


def test_a_program_sends_the_token_as_a_bearer(route):
    client = app.create(route, token="abc").test_client()
    assert client.get("/metrics", headers={"Authorization": "Bearer abc"}).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": "Bearer abcd"},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer "},
        {"Authorization": "Basic nonsense"},
        {"Authorization": "abc"},
        basic("ab"),
        basic("", name="abc"),
    ],
)
def test_a_wrong_token_is_none(route, headers):
    assert app.create(route, token="abc").test_client().get("/metrics", headers=headers).status_code == 401


@pytest.mark.parametrize("token", ["", "  "])
def test_an_empty_token_protects_nothing_and_is_refused(route, token):
    with pytest.raises(ValueError, match="empty token"):
        app.create(route, token=token)


@pytest.mark.parametrize("host", ["localhost", "localhost:8000", "127.0.0.1:8000", "[::1]:8000", "127.8.9.1"])
def test_without_a_token_names_of_this_machine_are_answered(client, host):
    assert client.get("/healthz", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host", ["rebound.example:8000", "192.168.1.5", "localhost.example", "127.0.0.1.example", "no name"]
)
def test_without_a_token_other_names_are_not_answered(client, problem, host):
    assert host in problem(client.get("/api/v1/initiatives", headers={"Host": host}), 421)["detail"]


def test_with_a_token_any_name_is_answered(guarded):
    headers = basic(TOKEN) | {"Host": "ttv.example"}
    assert guarded.get("/api/v1/initiatives", headers=headers).status_code == 200


@pytest.mark.parametrize("path", ["/", "/docs", "/api/v1/initiatives", "/nowhere"])
def test_a_browser_may_load_nothing_from_elsewhere(client, path):
    headers = client.get(path).headers
    assert headers["Content-Security-Policy"].startswith("default-src 'self';")
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"


def test_answers_of_the_api_are_not_kept(client):
    assert client.get("/api/v1/initiatives").headers["Cache-Control"] == "no-store"
