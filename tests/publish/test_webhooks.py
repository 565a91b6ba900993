"""Webhooks: what is signed is in the log before it is answered, once; all else is told what is wrong with it."""

import hmac
from datetime import timedelta
from types import SimpleNamespace

import orjson
import pytest

from connectors import _signed, contract
from connectors.contract import Delivery, Event, Unread, Unreadable, Withdrawn
from tests.publish.conftest import NOW
from ttv import deliveries, store
from ttv.config import Source
from ttv.publish import app
from ttv.publish.instruments import Instruments
from ttv.route import Route

SECRET = "it's a secret to nobody here"
HOOK = "/webhooks/tool"
EARLY, LATE = NOW - timedelta(hours=2), NOW - timedelta(hours=1)


class Settings(contract.HookedSettings):
    """An invented tool's."""


def received(settings, headers, body):
    """Read an invented tool: `{"id", "title"}` is an event; `as_of`, `signed_at` and `apart` are those of Delivery."""
    _signed.by_hex(settings, body, "X-Signature", headers.get("x-signature"))
    said = _signed.payload(body)
    about = {name: store.instant(said[name]) for name in ("as_of", "signed_at") if name in said}
    look_in = timedelta(seconds=said["look_in"]) if "look_in" in said else None
    yield Delivery(**about, apart=headers.get("x-apart", ""), look_in=look_in)
    if said.get("deleted"):
        yield Withdrawn(said["deleted"])
    if "title" in said:
        yield Event(said["id"], "idea", EARLY, "tool:1", title=said["title"])


def a_source(name="tool", *, secret=SECRET, connector=None, **settings):
    connector = connector or SimpleNamespace(Settings=Settings, received=received)
    read = Settings(webhook_secret=secret, **settings)
    return Source(name, "invented", connector, read, timedelta(minutes=5), timedelta(days=1), None)


@pytest.fixture
def instruments():
    return Instruments()


@pytest.fixture
def hooked(everywhere, instruments):
    """A function that serves sources, by default one that takes webhooks, and returns a client."""

    def serve(*sources, now=NOW, **options):
        route = Route(everywhere.engine, now=lambda: now)
        return app.create(route, sources=sources or [a_source()], instruments=instruments, **options).test_client()

    return serve


def signed(body, secret=SECRET):
    return {"X-Signature": f"sha256={hmac.digest(secret.encode(), body, 'sha256').hex()}"}


def send(client, said, *, path=HOOK, secret=SECRET, **headers):
    body = said if isinstance(said, bytes) else orjson.dumps(said)
    more = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.post(path, data=body, headers={**signed(body, secret), **more}, content_type="application/json")


def titles(client):
    return [one["title"] for one in client.get("/api/v1/orphans").json["items"]]


def counted(instruments):
    """The outcomes that were counted, of those that are above 0."""
    (family,) = (one for one in instruments.collect() if one.name == "ttv_webhooks")
    return {one.labels["outcome"]: one.value for one in family.samples if one.value}


def micros(at):
    return store.micros(at)


def test_what_is_signed_is_in_the_log_when_it_is_answered(hooked, instruments):
    client = hooked()
    answer = send(client, {"id": "1", "title": "One click"})
    assert (answer.status_code, answer.json) == (
        200,
        {"outcome": "taken", "accepted": 1, "duplicate": 0, "rejected": 0},
    )
    assert titles(client) == ["One click"]
    assert counted(instruments) == {"taken": 1}


def test_what_a_look_brought_already_counts_once(hooked, everywhere):
    everywhere.take("tool", [Event("1", "idea", EARLY, "tool:1", title="One click")])
    assert send(hooked(), {"id": "1", "title": "One click"}).json["duplicate"] == 1


@pytest.mark.parametrize(
    ("headers", "said"),
    [
        ({}, "X-Signature is missing"),
        ({"X-Signature": ""}, "X-Signature is missing"),
        ({"X-Signature": "sha256="}, "does not fit"),
        ({"X-Signature": "sha256=é"}, "does not fit"),
        (signed(b'{"id": "1", "title": "other"}'), "does not fit"),
        (signed(b'{"id": "1", "title": "One click"}', "another secret"), "does not fit"),
    ],
)
def test_what_is_not_signed_is_refused_and_writes_nothing(hooked, instruments, problem, headers, said):
    client = hooked()
    body = b'{"id": "1", "title": "One click"}'
    found = problem(client.post(HOOK, data=body, headers=headers), 401)
    assert said in found["detail"]
    assert SECRET not in found["detail"]
    assert titles(client) == []
    assert client.get("/api/v1/sources").json["items"] == []
    assert counted(instruments) == {"refused": 1}


def test_either_secret_holds_while_one_is_being_changed(hooked):
    client = hooked(a_source(secret=f"new one\n{SECRET}\n"))
    assert send(client, {"id": "1", "title": "a"}, secret="new one").status_code == 200
    assert send(client, {"id": "2", "title": "b"}).status_code == 200
    assert send(client, {"id": "3", "title": "c"}, secret=f"new one\n{SECRET}").status_code == 401


@pytest.mark.parametrize("secret", ["", "  ", "\n"])
def test_a_secret_that_everybody_knows_is_no_secret(secret):
    with pytest.raises(ValueError, match="everybody could sign"):
        Settings(webhook_secret=secret)


def test_a_source_without_a_secret_takes_nothing(hooked, problem, instruments):
    found = problem(send(hooked(a_source(secret=None)), {"id": "1", "title": "a"}), 403)
    assert "webhook_secret" in found["detail"]
    assert counted(instruments) == {"refused": 1}


def test_only_sources_whose_tools_send_take_webhooks(hooked, problem):
    client = hooked(a_source(), a_source("looked", connector=SimpleNamespace(events=None)))
    assert "'nobody'" in problem(send(client, {}, path="/webhooks/nobody"), 404)["detail"]
    assert "takes no webhooks" in problem(send(client, {}, path="/webhooks/looked"), 404)["detail"]


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH"])
def test_a_webhook_is_posted(hooked, problem, method):
    answer = hooked().open(HOOK, method=method)
    problem(answer, 405)
    assert "POST" in answer.headers["Allow"]


def test_what_is_too_long_is_refused(hooked, problem):
    client = hooked(a_source(webhook_megabytes=1))
    assert send(client, b'{"id": "1", "title": "%s"}' % (b"x" * 1_000_000)).status_code == 200
    assert "webhook_megabytes" in problem(send(client, b" " * 1_048_577), 413)["detail"]


def test_what_is_longer_than_a_body_of_the_api_may_be_a_webhook(hooked):
    assert send(hooked(), b'{"id": "1", "title": "a"}' + b" " * app.BODY_BYTES).status_code == 200


def test_a_compressed_webhook_is_refused(hooked, problem):
    assert "gzip" in problem(send(hooked(), {}, Content_Encoding="gzip"), 415)["detail"]


def test_the_token_of_the_server_is_not_asked_for(hooked):
    client = hooked(token="opensesame")
    assert send(client, {"id": "1", "title": "a"}, Host="ttv.example").status_code == 200
    assert client.get("/api/v1/orphans").status_code == 401


def test_a_tool_may_call_the_server_by_any_name(hooked):
    assert send(hooked(), {"id": "1", "title": "a"}, Host="tunnel.example").status_code == 200


# ---- again, late, and out of order


def test_a_webhook_that_comes_again_is_answered_well_and_restores_nothing(hooked, instruments):
    client = hooked()
    for title, outcome in (("old", "taken"), ("new", "taken"), ("old", "repeated"), ("new", "repeated")):
        answer = send(client, {"id": "1", "title": title})
        assert (answer.status_code, answer.json["outcome"]) == (200, outcome)
    assert titles(client) == ["new"]
    assert counted(instruments) == {"taken": 2, "repeated": 2}


def test_one_source_does_not_answer_for_another(hooked):
    client = hooked(a_source(), a_source("other"))
    send(client, {"id": "1", "title": "a"})
    assert send(client, {"id": "1", "title": "a"}, path="/webhooks/other").json["outcome"] == "taken"


def test_what_tells_webhooks_apart_besides_their_bodies_is_heard(hooked):
    client = hooked()
    sent = [send(client, {"id": "1", "title": "a"}, X_Apart=apart).json["outcome"] for apart in ("a", "b", "a")]
    assert sent == ["taken", "taken", "repeated"]


def test_what_was_taken_long_ago_is_forgotten(hooked, everywhere):
    send(hooked(), {"id": "1", "title": "a"})
    later = hooked(now=NOW + deliveries.REMEMBERED + timedelta(seconds=1))
    send(later, {"id": "2", "title": "b"})
    with store.reading(everywhere.engine) as connection:
        assert len(connection.execute(store.delivery.select()).all()) == 1


@pytest.mark.parametrize(("seconds", "status"), [(0, 200), (300, 200), (-300, 200), (301, 401), (-301, 401)])
def test_what_was_signed_long_ago_is_refused(hooked, seconds, status):
    said = {"id": "1", "title": "a", "signed_at": micros(NOW - timedelta(seconds=seconds))}
    assert send(hooked(), said).status_code == status


def looked(route, until):
    """Let a look at the source have read up to an instant, and brought a newer title."""

    def events(_settings, _client, _since, _until):
        yield Event("1", "idea", EARLY, "tool:1", title="new")

    at = Route(route.engine, now=lambda: until)
    at.sync("tool", SimpleNamespace(events=events), None, SimpleNamespace(lag=0.0), kind="invented", since=EARLY)


def test_a_late_webhook_does_not_overwrite_what_a_look_has_brought(hooked, everywhere, instruments):
    client = hooked()
    looked(everywhere, LATE)
    late = {"id": "1", "title": "old", "as_of": micros(LATE - timedelta(seconds=1))}
    assert send(client, late).json["outcome"] == "overtaken"
    assert titles(client) == ["new"]
    fresh = {"id": "1", "title": "newest", "as_of": micros(LATE + timedelta(seconds=1))}
    assert send(client, fresh).json["outcome"] == "taken"
    assert titles(client) == ["newest"]
    assert counted(instruments) == {"overtaken": 1, "taken": 1}


def test_a_late_webhook_of_what_was_deleted_is_taken(hooked, everywhere):
    client = hooked()
    looked(everywhere, LATE)
    assert send(client, {"deleted": "1", "as_of": micros(EARLY)}).json["outcome"] == "taken"
    assert titles(client) == []


def wanted(route, at=NOW):
    with store.reading(route.engine) as connection:
        return deliveries.wanted(connection, at)


def test_a_webhook_that_leaves_something_out_wants_a_look(hooked, everywhere, instruments):
    client = hooked()
    assert send(client, {"look_in": 10}).json["outcome"] == "announced"
    assert wanted(everywhere, NOW + timedelta(seconds=9)) == set()
    assert wanted(everywhere, NOW + timedelta(seconds=10)) == {"tool"}
    assert send(client, {"id": "1", "title": "a", "look_in": 100}).json["outcome"] == "taken"
    assert wanted(everywhere, NOW + timedelta(seconds=10)) == {"tool"}
    assert counted(instruments) == {"announced": 1, "taken": 1}


def test_one_look_is_enough_and_none_follows_at_once(hooked, everywhere):
    client, pause = hooked(), deliveries.PAUSE
    send(client, {"look_in": 0})
    looked(everywhere, NOW)
    assert wanted(everywhere, NOW + pause) == set()
    send(hooked(now=NOW + timedelta(seconds=1)), {"look_in": 0, "n": 2})
    assert wanted(everywhere, NOW + pause - timedelta(seconds=1)) == set()
    assert wanted(everywhere, NOW + pause) == {"tool"}


def test_what_a_look_has_overtaken_wants_none(hooked, everywhere):
    looked(everywhere, LATE)
    assert send(hooked(), {"look_in": 0, "as_of": micros(EARLY)}).json["outcome"] == "overtaken"
    assert wanted(everywhere) == set()


# ---- what cannot be read, and what is of no use


@pytest.mark.parametrize(
    ("body", "reason"), [(b'{"title": ', "not JSON"), (b'{"title": "no id"}', "KeyError"), (b"[]", "AttributeError")]
)
def test_what_cannot_be_read_is_kept_as_it_came_and_answered_well(hooked, instruments, body, reason):
    client = hooked()
    answer = send(client, body)
    assert (answer.status_code, answer.json["outcome"], answer.json["rejected"]) == (200, "quarantined", 1)
    (kept,) = client.get("/api/v1/quarantine").json["items"]
    assert (kept["source"], kept["raw"]) == ("tool", body.decode())
    assert reason in kept["reason"]
    assert counted(instruments) == {"quarantined": 1}


def test_what_could_not_be_read_may_be_sent_again(hooked):
    body = {"id": "1", "title": "a"}

    def broken(_settings, _headers, _body):
        raise Unreadable("not yet")

    assert send(hooked(a_source(connector=SimpleNamespace(received=broken))), body).json["outcome"] == "quarantined"
    assert send(hooked(), body).json["outcome"] == "taken"


def test_what_was_read_in_part_is_taken_once(hooked):
    """A later replay of it must not restore what was replaced since."""

    def torn(settings, headers, body):
        yield from received(settings, headers, body)
        yield Unread(raw="torn", reason="not yet")

    client = hooked(a_source(connector=SimpleNamespace(received=torn)))
    sent = [send(client, {"id": "1", "title": title}).json["outcome"] for title in ("old", "new", "old")]
    assert sent == ["quarantined", "quarantined", "repeated"]
    assert titles(client) == ["new"]


def test_a_webhook_that_says_nothing_of_use_is_answered_well_and_counted(hooked, instruments):
    client = hooked()
    answer = send(client, {"zen": "Keep it logically awesome."})
    assert (answer.status_code, answer.json["outcome"]) == (200, "unused")
    assert counted(instruments) == {"unused": 1}
    (source,) = client.get("/api/v1/sources").json["items"]
    assert (source["name"], source["connector"], source["up"]) == ("tool", "invented", None)
    assert source["heard_at"] == "2026-03-01T12:00:00Z"


def test_the_pages_say_when_a_source_that_only_sends_was_heard(hooked):
    first = hooked()
    send(first, {"zen": "Keep it logically awesome."})
    later = hooked(now=NOW + timedelta(minutes=3))
    assert "heard 3 min ago; it named no initiative" in later.get("/").text
    later.put("/api/v1/initiatives/A", json={"name": "A"})
    assert "heard 3 min ago</span>" in later.get("/").text


def test_while_the_database_is_away_a_tool_is_asked_to_try_again(hooked, everywhere, instruments, problem, monkeypatch):
    from sqlalchemy.exc import OperationalError

    client = hooked()

    def away(*_, **__):
        raise OperationalError("select", {}, ConnectionError("gone"))

    monkeypatch.setattr(store, "writing", away)
    answer = send(client, {"id": "1", "title": "a"})
    problem(answer, 503)
    assert int(answer.headers["Retry-After"]) > 0
    assert counted(instruments) == {"failed": 1}
    monkeypatch.undo()
    assert send(client, {"id": "1", "title": "a"}).json["outcome"] == "taken"


def test_a_tool_is_not_kept_waiting_while_others_write(hooked, everywhere, problem, monkeypatch):
    monkeypatch.setattr(deliveries, "PATIENCE", timedelta(milliseconds=10))
    client = hooked()
    with store.writing(everywhere.engine):
        answer = send(client, {"id": "1", "title": "a"})
    problem(answer, 503)
    assert int(answer.headers["Retry-After"]) > 0
    assert send(client, {"id": "1", "title": "a"}).json["outcome"] == "taken"


# ---- who wishes to send


def test_a_sender_of_cloudevents_is_let_send_where_it_asks_before(hooked):
    client = hooked(a_source(), a_source("looked", connector=SimpleNamespace(events=None)))
    asked = {"WebHook-Request-Origin": "events.example", "WebHook-Request-Rate": "120"}
    answer = client.options(HOOK, headers=asked)
    assert answer.status_code == 200
    assert answer.headers["WebHook-Allowed-Origin"] == "events.example"
    assert answer.headers["WebHook-Allowed-Rate"] == "*"
    assert "POST" in answer.headers["Allow"]
    for path in ("/webhooks/looked", "/webhooks/nobody"):
        assert "WebHook-Allowed-Origin" not in client.options(path, headers=asked).headers


def test_metrics_tell_of_webhooks(hooked):
    client = hooked()
    send(client, {"id": "1", "title": "a"})
    page = client.get("/metrics").text
    assert 'ttv_webhooks_total{outcome="taken",source="tool"} 1.0' in page
    assert 'ttv_webhooks_total{outcome="refused",source="tool"} 0.0' in page
    assert 'ttv_source_last_webhook_timestamp_seconds{source="tool"} 1.7723664e+09' in page
    assert 'ttv_source_records_total{outcome="accepted",source="tool"} 1.0' in page


def test_two_that_arrive_at_once_are_taken_once(hooked, everywhere):
    from concurrent.futures import ThreadPoolExecutor

    route = Route(everywhere.engine, now=lambda: NOW)
    said = deliveries.said([Event("1", "idea", EARLY, "tool:1")], b"body")
    with ThreadPoolExecutor(8) as pool:
        heard = list(pool.map(lambda _: route.hear("tool", "invented", said).ended, range(16)))
    assert sorted(set(heard)) == ["repeated", "taken"]
    assert heard.count("taken") == 1
