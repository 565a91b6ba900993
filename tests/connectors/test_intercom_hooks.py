"""Intercom's webhooks: signed with the secret of the app, by SHA-1."""

import hmac
import json
from datetime import timedelta

import pytest

from connectors import intercom
from connectors.contract import Artefact, Delivery, Refused, Withdrawn

SECRET = "client-secret"
SETTINGS = intercom.Settings(token="t", webhook_secret=SECRET)


def sent(told, secret=SECRET):
    body = told if isinstance(told, bytes) else json.dumps(told).encode()
    headers = {"X-Hub-Signature": f"sha1={hmac.digest(secret.encode(), body, 'sha1').hex()}"}
    return list(intercom.received(SETTINGS, headers, body))


def topic(name, **item):
    return {"type": "notification_event", "topic": name, "data": {"type": "notification_event_data", "item": item}}


def test_without_the_right_signature_nothing_is_read():
    with pytest.raises(Refused, match="X-Hub-Signature does not fit"):
        sent(topic("ping"), "another")
    with pytest.raises(Refused, match="X-Hub-Signature is missing"):
        list(intercom.received(SETTINGS, {}, b"no json"))


@pytest.mark.parametrize(
    "name",
    [
        "conversation.user.created",
        "conversation.user.replied",
        "conversation.rating.added",
        "conversation_part.redacted",
        "conversation_part.tag.created",
        "conversation.admin.noted",
        "ticket.created",
    ],
)
def test_what_a_look_makes_something_of_asks_for_one(name):
    assert sent(topic(name, id="31")) == [Delivery(look_in=timedelta(seconds=30))]


@pytest.mark.parametrize(
    "name", ["ping", "contact.created", "conversation.admin.assigned", "conversation.admin.closed"]
)
def test_all_else_asks_for_none(name):
    assert sent(topic(name, id="31")) == []


@pytest.mark.parametrize("item", [{"conversation_id": "31"}, {"id": "31", "type": "conversation"}])
def test_a_conversation_that_was_deleted_is_withdrawn(item):
    assert sent(topic("conversation.deleted", **item)) == [Withdrawn("conversation/31"), Artefact("intercom:31", ())]
