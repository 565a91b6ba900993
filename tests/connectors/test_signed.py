"""Signatures of webhooks, against values that the tools' own documentation has or that were made by hand."""

from datetime import UTC, datetime

import pytest

from connectors import _signed, contract
from connectors.contract import Refused, Unreadable

BODY = b'{"a":1}'
STANDARD = {
    "webhook-id": "msg_1",
    "webhook-timestamp": "1788426041",
    "webhook-signature": "v1,BG+Z/w6cKV3J5Vsi1KHsR4PUgTb5/fVBqKFnRRrQiUU=",
}
TOKEN = "whsec_dGVzdHRlc3R0ZXN0dGVzdHRlc3R0ZXN0dGVzdHRlc3Q="


def hooked(secret):
    return contract.HookedSettings(webhook_secret=secret)


@pytest.mark.parametrize(
    ("secret", "body", "said"),
    [
        (
            "It's a Secret to Everybody",
            b"Hello, World!",
            "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17",
        ),
        ("jira-secret", BODY, "sha256=eec27d9907b5f9e152706b224d773202532fb8743d93ead29a87a902ca1459b8"),
    ],
)
def test_a_signature_in_hex_is_verified(secret, body, said):
    _signed.by_hex(hooked(secret), body, "X-Hub-Signature-256", said)
    for wrong in (said[:-1], said.upper(), f"{said} ", said.partition("=")[2], said.replace("sha256", "sha1")):
        with pytest.raises(Refused, match="does not fit"):
            _signed.by_hex(hooked(secret), body, "X-Hub-Signature-256", wrong)
    with pytest.raises(Refused, match="does not fit"):
        _signed.by_hex(hooked(secret), body + b" ", "X-Hub-Signature-256", said)


def test_a_signature_in_hex_of_another_digest_is_verified():
    said = "sha1=5515c9b72cc7949b1f0bd540019f095c47368b1b"
    _signed.by_hex(hooked("client-secret"), BODY, "X-Hub-Signature", said, "sha1")
    with pytest.raises(Refused, match="X-Hub-Signature does not fit"):
        _signed.by_hex(hooked("client-secret"), BODY, "X-Hub-Signature", said)


def test_a_signature_in_base_64_is_verified():
    message, said = b"2026-09-03T09:00:41Z" + BODY, "9kbPnpsthhlLWdNWbvEpwAMhoJsVOf5FhS5g7cHsf68="
    _signed.by_base64(hooked("zd-secret"), message, "X-Zendesk-Webhook-Signature", said)
    with pytest.raises(Refused, match="X-Zendesk-Webhook-Signature does not fit"):
        _signed.by_base64(hooked("zd-secret"), BODY, "X-Zendesk-Webhook-Signature", said)


def test_a_token_is_verified():
    _signed.by_token(hooked("a-token"), "X-Gitlab-Token", "a-token")
    for wrong in ("a-toke", "a-token2", "A-token"):
        with pytest.raises(Refused, match="does not fit"):
            _signed.by_token(hooked("a-token"), "X-Gitlab-Token", wrong)


def test_a_standard_webhook_is_verified_and_says_when_it_was_signed():
    assert _signed.by_standard(hooked(TOKEN), STANDARD, BODY) == datetime(2026, 9, 3, 9, 0, 41, tzinfo=UTC)


def test_of_several_signatures_one_is_enough_and_so_is_one_of_two_secrets():
    said = {**STANDARD, "webhook-signature": f"v1a,other v1,AAAA {STANDARD['webhook-signature']}"}
    assert _signed.by_standard(hooked(f"plain token\nwhsec_AAAA\n{TOKEN}"), said, BODY)


@pytest.mark.parametrize(
    "more",
    [
        {"webhook-id": "msg_2"},
        {"webhook-timestamp": "1788426042"},
        {"webhook-signature": "BG+Z/w6cKV3J5Vsi1KHsR4PUgTb5/fVBqKFnRRrQiUU="},
        {"webhook-signature": ""},
        {"webhook-signature": " "},
        {"webhook-signature": "é"},
    ],
)
def test_a_standard_webhook_is_signed_as_a_whole(more):
    with pytest.raises(Refused, match="webhook-signature"):
        _signed.by_standard(hooked(TOKEN), {**STANDARD, **more}, BODY)


@pytest.mark.parametrize("secret", ["plain", "whsec_", "whsec_not base 64"])
def test_a_standard_webhook_needs_a_signing_token(secret):
    with pytest.raises(Refused, match="signing token, which begins with whsec_"):
        _signed.by_standard(hooked(secret), STANDARD, BODY)


def test_without_a_secret_nothing_is_trusted():
    with pytest.raises(Refused, match="no `webhook_secret`"):
        _signed.by_token(hooked(None), "X-Gitlab-Token", "")


def test_no_secret_stands_in_an_error():
    with pytest.raises(Refused) as caught:
        _signed.by_token(hooked("s3cret-value"), "X-Gitlab-Token", "wrong-value")
    assert "value" not in f"{caught.value} {caught.value!r} {hooked('s3cret-value')!r}"


def test_a_body_that_is_no_json_is_unreadable():
    with pytest.raises(Unreadable, match="not JSON"):
        _signed.payload(b"payload=%7B%7D")
