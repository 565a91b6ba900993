"""CloudEvents as webhooks: by whom they are trusted, in every mode."""

import hmac
import json
from base64 import b64encode
from datetime import UTC, datetime

import pytest
from requests.structures import CaseInsensitiveDict

from connectors import cloudevents
from connectors.contract import Artefact, Delivery, Event, Refused, Unread, Unreadable, Withdrawn

SECRET = "s3cret-of-ci"
BEARER = {"Authorization": f"Bearer {SECRET}"}
OURS = {
    "specversion": "1.0",
    "id": "7",
    "source": "/ci/shop",
    "type": "ttv.deploy",
    "subject": "shop/77",
    "time": "2026-02-01T10:00:00+01:00",
    "data": {"refs": ["jira:PAY-1"], "attributes": {"status": "failed"}},
}
EVENT = Event(
    "/ci/shop/7",
    "deploy",
    datetime(2026, 2, 1, 9, tzinfo=UTC),
    "shop/77",
    refs=("jira:PAY-1",),
    attributes={"status": "failed"},
)


def send(body, media=cloudevents.STRUCTURED, secret=SECRET, **headers):
    body = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = CaseInsensitiveDict({"Content-Type": media, **headers})
    return list(cloudevents.received(cloudevents.Settings(webhook_secret=secret), headers, body))


def binary(**more):
    return {f"ce-{name}": value for name, value in {**OURS, **more}.items() if name != "data"}


def basic(password):
    return {"Authorization": f"Basic {b64encode(f'ci:{password}'.encode()).decode()}"}


def test_it_is_read_whole_or_in_a_batch_or_from_headers():
    assert send(OURS, **BEARER) == [Delivery(), EVENT]
    assert send([OURS, OURS], cloudevents.BATCH, **BEARER) == [Delivery(), EVENT, EVENT]
    said, event = send(OURS["data"], "application/json", **binary(), **BEARER)
    assert event == EVENT
    assert said.apart


def test_an_empty_batch_says_nothing():
    assert send([], cloudevents.BATCH, **BEARER) == [Delivery()]


def test_binary_events_with_one_body_are_told_apart_by_their_headers():
    marks = [send({}, "application/json", **binary(id=id_), **BEARER)[0].apart for id_ in ("1", "2", "1")]
    assert marks[0] == marks[2] != marks[1]


def test_what_is_withdrawn_is_withdrawn():
    assert send({**OURS, "data": {"deleted": True}}, **BEARER) == [Delivery(), Withdrawn("/ci/shop/7")]


def test_several_may_send_to_one_source():
    _, *events = send([OURS, {**OURS, "source": "/ci/pay"}], cloudevents.BATCH, **BEARER)
    assert [event.id for event in events] == ["/ci/shop/7", "/ci/pay/7"]


def test_a_cdevent_in_a_batch_is_read_too():
    context = {"id": "e-1", "source": "/ci", "timestamp": "2026-02-01T10:00:00Z"}
    data = {"context": context, "subject": {"id": "PAY-1-fix", "content": {}}}
    told = {**OURS, "type": "dev.cdevents.change.merged.0.3.0", "data": data}
    _, event, artefact = send([told], cloudevents.BATCH, **BEARER)
    assert (event.id, event.kind, event.subject) == ("/ci/shop/e-1", "change", "cdevents:/ci/change/PAY-1-fix")
    assert artefact == Artefact("cdevents:e-1", (event.subject, "jira:PAY-1"))


# ---- who is trusted


@pytest.mark.parametrize("headers", [BEARER, {"Authorization": f"bearer {SECRET}"}, basic(SECRET)])
def test_the_secret_is_a_token_or_a_password(headers):
    assert send(OURS, **headers)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": ""},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer other"},
        {"Authorization": SECRET},
        {"Authorization": f"Token {SECRET}"},
        {"Authorization": "Basic nonsense"},
        {"Authorization": "Basic 4pyT/w=="},
        basic("other"),
        basic(""),
        {"X-Hub-Signature-256": "sha256=00"},
        {"webhook-signature": "v1,AAAA"},
    ],
)
def test_without_it_nothing_is_read(headers):
    with pytest.raises(Refused):
        send(b"no json", **headers)


def test_a_signature_over_the_body_is_enough_for_what_stands_in_it():
    body = json.dumps(OURS).encode()
    hub = {"X-Hub-Signature-256": f"sha256={hmac.digest(SECRET.encode(), body, 'sha256').hex()}"}
    assert send(body, **hub) == [Delivery(), EVENT]
    key, at = b"k" * 32, "1788426041"
    signature = b64encode(hmac.digest(key, f"m-1.{at}.".encode() + body, "sha256")).decode()
    standard = {"webhook-id": "m-1", "webhook-timestamp": at, "webhook-signature": f"v1,{signature}"}
    said = send(body, secret=f"whsec_{b64encode(key).decode()}", **standard)
    assert said == [Delivery(signed_at=datetime(2026, 9, 3, 9, 0, 41, tzinfo=UTC)), EVENT]


def test_a_signature_over_the_body_says_nothing_of_the_headers():
    body = b"{}"
    hub = {"X-Hub-Signature-256": f"sha256={hmac.digest(SECRET.encode(), body, 'sha256').hex()}"}
    with pytest.raises(Refused, match="send it whole"):
        send(body, "application/json", **binary(), **hub)


# ---- what cannot be read


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"id": ""}, "id: is missing"),
        ({"specversion": "0.3"}, "'0.3' is not known"),
        ({"type": "com.example.thing"}, "write 'ttv.<kind>'"),
        ({"type": "ttv.ideas"}, "kind"),
        ({"time": None}, "occurred_at"),
        ({"time": "2026-02-01T10:00:00"}, "no offset"),
        ({"data": {"refs": "jira:PAY-1"}}, "refs"),
        ({"data": {"subjct": "x"}}, "data.subjct: is no field"),
        ({"data": {"by": "Ana"}}, "data.by: is no field"),
        ({"data": {"attributes": {"nested": {}}}}, "attributes"),
        ({"type": "dev.cdevents.change.merged.0.3.0", "data": {"context": {}}}, "whole CDEvent"),
    ],
)
def test_one_that_cannot_be_read_is_kept_aside_and_the_others_are_read(wrong, said):
    _, unread, event = send([OURS | wrong, OURS], cloudevents.BATCH, **BEARER)
    assert isinstance(unread, Unread)
    assert said in unread.reason
    assert unread.raw == OURS | wrong
    assert event == EVENT


@pytest.mark.parametrize(
    ("body", "media", "headers"),
    [
        (OURS, cloudevents.BATCH, {}),
        (OURS, "application/json", {}),
        (OURS, "application/cloudevents+avro", binary()),
        (b"<html>", cloudevents.STRUCTURED, {}),
        (b"{}", "application/json", binary(id="%FF")),
        (b"text", "text/plain", binary()),
    ],
)
def test_what_is_no_cloudevent_in_json_is_unreadable(body, media, headers):
    with pytest.raises(Unreadable):
        send(body, media, **headers, **BEARER)
