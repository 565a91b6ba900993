"""The promise of every connector whose tool sends webhooks: nothing is read of what is not signed, whatever comes."""

import hmac
import importlib
import re

import orjson
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from requests.structures import CaseInsensitiveDict

import connectors
from connectors import contract
from connectors._reading import instant
from connectors.contract import Refused
from tests.connectors import example as documented

SECRETS = ("a plain secret", "whsec_dGVzdHRlc3R0ZXN0dGVzdHRlc3R0ZXN0dGVzdHRlc3Q=")
SENDERS = [name for name in connectors.names() if hasattr(connectors.load(name), "received")]
TRUSTED = (
    "Authorization",
    "X-Hub-Signature",
    "X-Hub-Signature-256",
    "X-Gitlab-Token",
    "X-Zendesk-Webhook-Signature",
    "webhook-signature",
)
"""Headers that say by whom something is signed."""
OTHERS = (
    "Content-Type",
    "X-GitHub-Event",
    "X-Gitlab-Event",
    "X-Zendesk-Webhook-Signature-Timestamp",
    "webhook-id",
    "webhook-timestamp",
    "ce-id",
    "ce-source",
    "ce-specversion",
    "ce-type",
)
AS_SENT = st.text(st.characters(max_codepoint=0xFF), max_size=40)
"""What WSGI makes of the value of a header."""
SIGNATURES = st.builds(
    "{}{}".format,
    st.sampled_from(["", "sha256=", "sha1=", "v1,", "v1, v1,", "Bearer ", "Basic ", "basic", "Basic 4pyT/w=="]),
    AS_SENT,
)
VALUES = AS_SENT | st.sampled_from(
    ["application/cloudevents+json", "application/json", "1788426041", "2026-09-03T09:00:41Z"]
)
HEADERS = st.builds(
    lambda trusted, others: trusted | others,
    st.dictionaries(st.sampled_from(TRUSTED), SIGNATURES, max_size=1),
    st.dictionaries(st.sampled_from(OTHERS), VALUES, max_size=4),
)


@pytest.fixture(scope="module", params=SENDERS)
def sender(request):
    """A connector, and its settings with a secret."""
    connector = connectors.load(request.param)
    said = {}
    if hasattr(connector, "events"):
        said = importlib.import_module(f"tests.fakes.{request.param}").settings("https://tool.example")
    return connector, lambda secret: connector.Settings.model_validate({**said, "webhook_secret": secret})


def test_its_settings_have_a_secret(sender):
    assert issubclass(sender[0].Settings, contract.HookedSettings)


@example(SECRETS[0], {"Authorization": "Basic \xe9"}, b"{}")
@example(SECRETS[0], {"Authorization": "Basic 4pyT/w=="}, b"{}")
@example(SECRETS[1], {"webhook-signature": "v1,\xe9", "webhook-timestamp": "\xb2"}, b"{}")
@example(SECRETS[1], {"X-Hub-Signature-256": "sha256=\xe9", "ce-id": "%FF"}, b"\xff")
@settings(max_examples=200)
@given(
    secret=st.sampled_from([*SECRETS, "\n".join(SECRETS), None]),
    headers=HEADERS,
    body=st.binary(max_size=60) | st.sampled_from([b"{}", b"[]", b'{"object_kind": "issue"}', b'{"topic": "ping"}']),
)
def test_nothing_is_read_of_what_is_not_signed(sender, secret, headers, body):
    """Not even that it cannot be read: what nobody signed must not lie in quarantine."""
    connector, read = sender
    with pytest.raises(Refused) as caught:
        list(connector.received(read(secret), CaseInsensitiveDict(headers), body))
    assert not any(known in str(caught.value) for known in SECRETS)


def test_what_the_docs_say_of_a_webhook_is_right():
    """The function that they show reads a signed webhook as a look reads what it is about."""
    ideabox, fake = documented.modules()
    code = re.search(
        r"^## Where the tool sends.*?```python\n(.*?)^```$", documented.PAGE.read_text(), re.DOTALL | re.MULTILINE
    )[1]
    shown = dict(ideabox.__dict__)
    exec(compile(code, str(documented.PAGE), "exec"), shown)

    class Settings(ideabox.Settings, contract.HookedSettings):
        pass

    read = Settings.model_validate({**fake.settings("https://tool.example"), "webhook_secret": SECRETS[0]})
    idea = fake.Account().ideas[0]
    body = orjson.dumps(idea)
    signed = {"X-Ideabox-Signature": f"sha256={hmac.digest(SECRETS[0].encode(), body, 'sha256').hex()}"}
    delivery, *items = shown["received"](read, signed, body)
    assert delivery.as_of == instant(idea["updated"])
    assert items == list(ideabox.reread(read, None)("idea", idea))
    with pytest.raises(Refused):
        list(shown["received"](read, {}, body))
