"""Zendesk's webhooks: signed over the time and the body."""

import hmac
import json
from base64 import b64encode
from datetime import UTC, datetime, timedelta

import pytest

from connectors import zendesk
from connectors.contract import Artefact, Delivery, Refused, Withdrawn

SECRET, AT = "zd-secret", "2026-09-03T09:00:41Z"
SIGNED_AT = datetime(2026, 9, 3, 9, 0, 41, tzinfo=UTC)
SOON = timedelta(minutes=2)


def sent(told, at=AT, secret=SECRET, **more):
    body = told if isinstance(told, bytes) else json.dumps(told).encode()
    signature = b64encode(hmac.digest(secret.encode(), at.encode() + body, "sha256")).decode()
    name = "X-Zendesk-Webhook-Signature"
    headers = {name: signature, f"{name}-Timestamp": at, **more}
    settings = zendesk.Settings(url="https://acme.zendesk.com", token="t", webhook_secret=SECRET)
    return list(zendesk.received(settings, headers, body))


def event(what, domain="ticket"):
    return {
        "type": f"zen:event-type:{domain}.{what}",
        "id": "e-1",
        "time": "2026-09-03T09:00:40.5Z",
        "subject": "zen:ticket:5012",
        "detail": {"id": "5012", "requester_id": "77"},
        "event": {},
    }


def test_the_signature_is_over_the_time_and_the_body():
    headers = {"X-Zendesk-Webhook-Signature": "9kbPnpsthhlLWdNWbvEpwAMhoJsVOf5FhS5g7cHsf68="}
    assert sent(b'{"a":1}', **headers) == [Delivery(signed_at=SIGNED_AT, apart=AT, look_in=SOON)]
    with pytest.raises(Refused, match="does not fit"):
        sent(b'{"a":1}', at="2026-09-03T09:00:42Z", **headers)


@pytest.mark.parametrize("more", [{"X-Zendesk-Webhook-Signature": ""}, {"X-Zendesk-Webhook-Signature": "abcd"}])
def test_without_a_signature_nothing_is_read(more):
    with pytest.raises(Refused, match="X-Zendesk-Webhook-Signature"):
        sent(b"no json", **more)
    with pytest.raises(Refused):
        sent(event("created"), secret="another")


@pytest.mark.parametrize(
    "what", ["created", "comment_added", "requester_changed", "tags_changed", "soft_deleted", "undeleted"]
)
def test_what_a_look_makes_something_of_asks_for_one_once_the_export_has_it(what):
    as_of = datetime(2026, 9, 3, 9, 0, 40, 500_000, tzinfo=UTC)
    assert sent(event(what)) == [Delivery(as_of=as_of, signed_at=SIGNED_AT, look_in=SOON)]


@pytest.mark.parametrize(("what", "domain"), [("status_changed", "ticket"), ("created", "user")])
def test_all_else_asks_for_none(what, domain):
    (delivery,) = sent(event(what, domain))
    assert delivery.look_in is None


def test_a_ticket_that_was_deleted_for_good_is_withdrawn():
    delivery, *items = sent(event("permanently_deleted"))
    assert items == [Withdrawn("ticket/5012"), Artefact("zendesk:5012", ())]
    assert delivery.look_in is None


@pytest.mark.parametrize("told", [{"ticket": 5012}, [], "5012"])
def test_a_webhook_of_a_trigger_asks_for_a_look_whatever_it_says(told):
    assert sent(told) == [Delivery(signed_at=SIGNED_AT, apart=AT, look_in=SOON)]


def test_webhooks_of_a_trigger_with_one_body_are_told_apart_by_when_they_were_signed():
    first, second = (sent({"ticket": 5012}, at)[0].apart for at in (AT, "2026-09-03T09:00:42Z"))
    assert first != second
