"""The writing calls: what is good is kept, what is not is said, whatever form it comes in."""

import json

import pytest

from connectors.contract import Initiative
from tests.publish.conftest import CHECKOUT, LIFE
from ttv.publish import answers, app

EVENTS = "/api/v1/events"
LINES = "application/x-ndjson"
CLOUD = {"specversion": "1.0", "id": "c1", "source": "/ci/shop", "type": "ttv.deploy"}
ENVELOPE = {**CLOUD, "subject": "shop/77", "time": "2026-02-01T10:00:00Z", "data": {"refs": ["jira:PAY-1"]}}


def first_orphan(client):
    return client.get("/api/v1/orphans").json["items"][0]


def test_one_event_is_taken(client):
    answer = client.post(EVENTS, json=LIFE[0])
    assert answer.json == {"accepted": 1, "duplicate": 0, "rejected": 0, "rejections": []}
    assert answers.Taken.model_validate(answer.json)


def test_an_event_that_is_there_is_a_duplicate(client):
    client.post(EVENTS, json=LIFE)
    answer = client.post(EVENTS, json=LIFE)
    assert (answer.status_code, answer.json["accepted"], answer.json["duplicate"]) == (200, 0, len(LIFE))


def test_an_empty_array_is_taken(client):
    assert client.post(EVENTS, json=[]).json["accepted"] == 0


def test_the_source_of_a_posted_event_is_api_unless_it_says_so(client):
    client.post(EVENTS, json={name: value for name, value in LIFE[6].items() if name != "source"})
    assert first_orphan(client)["source"] == "api"


def test_the_good_ones_of_a_batch_are_kept(client):
    answer = client.post(EVENTS, json=[LIFE[0], {**LIFE[1], "kind": "decided"}, 7])
    assert (answer.status_code, answer.json["accepted"], answer.json["rejected"]) == (200, 1, 2)
    first, second = answer.json["rejections"]
    assert (first["index"], first["source"], first["id"]) == (1, "test", "e2")
    assert "'decided' is none of" in first["reason"]
    assert second["index"] == 2


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"occurred_at": "2026-01-01T00:00:00"}, "the offset is missing"),
        ({"occurred_at": "2026-03-01T12:06:00Z"}, "future"),
        ({"occurred_at": 1}, "occurred_at"),
        ({"kind": "ide"}, "did you mean 'idea'?"),
        ({"subjct": "jira:PAY-2"}, "did you mean 'subject'?"),
        ({"refs": "jira:PAY-2"}, "refs"),
        ({"title": 5}, "title"),
    ],
)
def test_a_batch_of_which_nothing_is_good_is_unprocessable(client, problem, wrong, said):
    found = problem(client.post(EVENTS, json=LIFE[0] | wrong), 422)
    assert (found["accepted"], found["duplicate"], found["rejected"]) == (0, 0, 1)
    assert said in found["rejections"][0]["reason"]
    assert said in found["detail"]


@pytest.mark.parametrize("media", [LINES, "application/jsonl", "application/x-ndjson; charset=utf-8"])
def test_lines_are_taken_one_by_one(client, media):
    text = "\n".join([json.dumps(LIFE[0]), '{"torn": ', "", json.dumps(LIFE[1])])
    answer = client.post(EVENTS, data=text, content_type=media)
    assert (answer.json["accepted"], answer.json["rejected"]) == (2, 1)
    assert answer.json["rejections"][0]["index"] == 2
    assert "is not JSON" in answer.json["rejections"][0]["reason"]


@pytest.mark.parametrize(
    ("body", "media", "said"),
    [
        ("<!doctype html><p>Sign in", "application/json", "HTML"),
        ("<html>", LINES, "HTML"),
        ('{"id": "e1",', "application/json", 'it begins with \'{"id": "e1",\''),
        ('{"id": "e1"}\n{"id": "e2"}', "application/json", "application/x-ndjson"),
        ("", "application/json", "empty"),
        ('"text"', "application/json", "one event or an array"),
        ("{}", "application/cloudevents-batch+json", "array of CloudEvents"),
        (b"\xff\xfe", "application/json", "not JSON"),
    ],
)
def test_a_body_that_cannot_be_read_is_told_what_it_is(client, problem, body, media, said):
    assert said in problem(client.post(EVENTS, data=body, content_type=media), 400)["detail"]


@pytest.mark.parametrize(
    "media", ["text/plain", "application/x-www-form-urlencoded", "application/cloudevents+avro", ""]
)
def test_only_json_types_are_read(client, problem, media):
    answer = client.post(EVENTS, data=json.dumps(LIFE[0]), content_type=media)
    assert "application/x-ndjson" in problem(answer, 415)["detail"]
    assert client.get("/api/v1/orphans").json["items"] == []


def test_a_compressed_body_is_refused(client, problem):
    headers = {"Content-Encoding": "gzip"}
    assert "gzip" in problem(client.post(EVENTS, json=LIFE[0], headers=headers), 415)["detail"]


def test_a_body_that_is_too_long_is_refused(client, problem):
    body = b" " * (app.BODY_BYTES + 1)
    assert "ttv import" in problem(client.post(EVENTS, data=body, content_type="application/json"), 413)["detail"]


# ---- CloudEvents


@pytest.mark.parametrize("mode", ["structured", "batch", "binary"])
def test_a_cloudevent_becomes_an_event_in_every_mode(client, mode):
    if mode == "binary":
        headers = {f"ce-{name}": value for name, value in ENVELOPE.items() if name != "data"}
        answer = client.post(EVENTS, json=ENVELOPE["data"], headers=headers)
    elif mode == "batch":
        media = "application/cloudevents-batch+json; charset=utf-8"
        answer = client.post(EVENTS, data=json.dumps([ENVELOPE]), content_type=media)
    else:
        answer = client.post(EVENTS, data=json.dumps(ENVELOPE), content_type="application/cloudevents+json")
    assert answer.json["accepted"] == 1
    found = first_orphan(client)
    assert found.pop("refs") == ["jira:PAY-1"]
    assert {name: found[name] for name in ("source", "id", "kind", "subject", "occurred_at")} == {
        "source": "/ci/shop",
        "id": "c1",
        "kind": "deploy",
        "subject": "shop/77",
        "occurred_at": "2026-02-01T10:00:00Z",
    }


def test_binary_headers_are_decoded_once(client):
    headers = {f"ce-{name}": value for name, value in ENVELOPE.items() if name != "data"}
    client.post(EVENTS, headers=headers | {"ce-id": "Euro%20%E2%82%AC%2520", "ce-subject": '"a b"'})
    found = first_orphan(client)
    assert (found["id"], found["subject"]) == ("Euro €%20", "a b")


def test_data_may_come_in_base_64(client):
    envelope = {**ENVELOPE, "data_base64": "eyJ0aXRsZSI6ICJoZWxsbyJ9"}
    del envelope["data"]
    client.post(EVENTS, data=json.dumps(envelope), content_type="application/cloudevents+json")
    assert first_orphan(client)["title"] == "hello"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"specversion": "0.3"}, "'0.3' is not known"),
        ({"type": "com.example.thing"}, "write 'ttv.<kind>'"),
        ({"type": "ttv.ideas"}, "'ideas' is none of"),
        ({"id": ""}, "id: is missing"),
        ({"source": None}, "source: is missing"),
        ({"time": None}, "occurred_at: is missing"),
        ({"data": {"id": "other"}}, "contradicts the envelope"),
        ({"data": "text"}, "data: must be an object"),
        ({"data": {"id": "c1", "kind": "deploy", "refs": "x"}}, "refs"),
        ({"data_base64": "e30="}, "not both"),
        ({"data": None, "data_base64": "e30="}, "not both"),
    ],
)
def test_an_envelope_that_is_not_understood_is_rejected(client, problem, wrong, said):
    body = json.dumps(ENVELOPE | wrong)
    found = problem(client.post(EVENTS, data=body, content_type="application/cloudevents+json"), 422)
    assert said in found["rejections"][0]["reason"]


@pytest.mark.parametrize("data", ["%%%", "bm8=", 7])
def test_data_that_is_not_json_in_base_64_is_rejected(client, problem, data):
    body = json.dumps({name: value for name, value in ENVELOPE.items() if name != "data"} | {"data_base64": data})
    found = problem(client.post(EVENTS, data=body, content_type="application/cloudevents+json"), 422)
    assert "is not JSON in base 64" in found["rejections"][0]["reason"]


def test_the_good_ones_of_a_batch_of_cloudevents_are_kept(client):
    body = json.dumps([{**ENVELOPE, "type": "other"}, ENVELOPE, 7])
    answer = client.post(EVENTS, data=body, content_type="application/cloudevents-batch+json")
    assert (answer.json["accepted"], [one["index"] for one in answer.json["rejections"]]) == (1, [0, 2])
    assert answer.json["rejections"][0]["id"] == "c1"


def test_binary_headers_that_are_not_utf_8_are_refused(client, problem):
    headers = {f"ce-{name}": value for name, value in ENVELOPE.items() if name != "data"} | {"ce-id": "%FF"}
    assert "ce-id" in problem(client.post(EVENTS, headers=headers), 400)["detail"]


# ---- initiatives


def test_an_initiative_is_created_then_replaced(client):
    created = client.put("/api/v1/initiatives/CHECKOUT", json=CHECKOUT)
    assert created.status_code == 201
    assert created.headers["Location"] == "/api/v1/initiatives/CHECKOUT"
    assert answers.Initiative.model_validate(created.json).claims == ["jira:PAY-1"]
    replaced = client.put("/api/v1/initiatives/CHECKOUT", json={"name": "Checkout", "key": "CHECKOUT"})
    assert (replaced.status_code, replaced.json["name"], replaced.json["team"]) == (200, "Checkout", None)


def test_a_claim_that_comes_late_ties_what_is_there(client):
    client.post(EVENTS, json=LIFE)
    assert client.put("/api/v1/initiatives/CHECKOUT", json=CHECKOUT).json["state"] == "realised"


def test_an_initiative_is_removed_and_its_events_stay(lived, problem):
    assert lived.delete("/api/v1/initiatives/CHECKOUT").status_code == 204
    problem(lived.delete("/api/v1/initiatives/CHECKOUT"), 404)
    assert len(lived.get("/api/v1/orphans").json["items"]) == 6


@pytest.mark.parametrize("method", ["put", "delete"])
def test_an_initiative_of_another_origin_is_a_conflict(client, route, problem, method):
    route.put_initiative(Initiative("CHECKOUT", "One click"), "jira")
    body = {"json": CHECKOUT} if method == "put" else {}
    found = problem(getattr(client, method)("/api/v1/initiatives/CHECKOUT", **body), 409)
    assert found["owner"] == "jira"
    assert "'jira'" in found["detail"]


@pytest.mark.parametrize(
    ("key", "body", "said"),
    [
        ("A", {"nme": "x"}, "field 'nme': is unknown; did you mean 'name'?"),
        ("A", {"name": ""}, "field 'name'"),
        ("A", {"name": "x", "direction": "sideways"}, "'sideways' is none of 'top_down', 'bottom_up', 'unknown'"),
        ("A", {"name": "x", "targets": {"time_to_value_seconds": -1}}, "field 'targets.time_to_value_seconds'"),
        ("A", {"name": "x", "key": "B"}, "'B' is not the key of the address, 'A'"),
        ("A", ["x"], "one JSON object"),
        ("A b", {"name": "x"}, "parameter 'key'"),
        ("A" * 101, {"name": "x"}, "parameter 'key'"),
    ],
)
def test_an_initiative_that_is_not_understood_is_refused(client, problem, key, body, said):
    assert said in problem(client.put(f"/api/v1/initiatives/{key}", json=body), 400)["detail"]


# ---- links


def test_a_link_ties_and_its_withdrawal_unties(lived):
    link = {"child": "zendesk:9", "parent": "jira:PAY-1"}
    assert lived.put("/api/v1/links", json=[link]).json["accepted"] == 1
    assert lived.get("/api/v1/orphans").json["items"] == []
    assert lived.put("/api/v1/links", json=[link]).json["duplicate"] == 1
    assert lived.put("/api/v1/links", json=[link | {"deleted": True}]).json["accepted"] == 1
    assert len(lived.get("/api/v1/orphans").json["items"]) == 1


def test_a_wrong_link_is_rejected_beside_a_good_one(client):
    answer = client.put("/api/v1/links", json=[{"child": "a:1"}, {"child": "a:1", "parent": "b:1"}])
    assert (answer.json["accepted"], answer.json["rejections"][0]["index"]) == (1, 0)
    assert "parent: is missing" in answer.json["rejections"][0]["reason"]


def test_links_come_as_an_array(client, problem):
    assert "array of links" in problem(client.put("/api/v1/links", json={"child": "a", "parent": "b"}), 400)["detail"]


@pytest.mark.parametrize(("method", "address"), [("post", "events"), ("put", "links"), ("put", "initiatives/A")])
def test_a_writing_call_takes_no_parameters(client, problem, method, address):
    answer = getattr(client, method)(f"/api/v1/{address}?dry=1", json=[])
    assert "parameter 'dry': is unknown" in problem(answer, 400)["detail"]
