"""Who sent a webhook: its signature, held against the source's secret in constant time, before anything of it is read.

Takes the settings, the headers or what one of them says, and the body as it came; ends with Refused where the signature
is missing or wrong. The secret may be two, each on a line: that is how one is changed while webhooks come in.
"""

import hmac
from base64 import b64decode, b64encode
from binascii import Error as NoBase64
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import orjson

from connectors.contract import HookedSettings, Refused, Unreadable

_REMEDY = "the secret of the webhook in the tool and `webhook_secret` of the source must be the same"
_STANDARD = "whsec_"


def secrets(settings: HookedSettings) -> list[str]:
    """List the secrets that a webhook may be signed with; Refused if there is none."""
    said = settings.webhook_secret.get_secret_value() if settings.webhook_secret else ""
    found = [line.strip() for line in said.splitlines() if line.strip()]
    if not found:
        raise Refused(
            "the source has no `webhook_secret`, and takes no webhooks", remedy="set it, there and in the tool"
        )
    return found


def by_hex(settings: HookedSettings, body: bytes, header: str, said: str | None, digest: str = "sha256") -> None:
    """Verify what a header says: `sha256=` and the HMAC of the body in hex; as GitHub and Jira sign."""
    _verify(header, said, (f"{digest}={_hmac(key.encode(), body, digest).hex()}" for key in secrets(settings)))


def by_base64(settings: HookedSettings, message: bytes, header: str, said: str | None) -> None:
    """Verify what a header says: the HMAC-SHA256 of a message in base 64; as Zendesk signs."""
    _verify(header, said, (_base64(key.encode(), message) for key in secrets(settings)))


def by_token(settings: HookedSettings, header: str, said: str | None) -> None:
    """Verify what a header says: the secret itself; as GitLab does without a signing token."""
    _verify(header, said, secrets(settings))


def by_login(settings: HookedSettings, said: str | None) -> None:
    """Verify what `Authorization` says: the secret as a bearer token, or as the password of HTTP Basic."""
    scheme, _, given = (said or "").partition(" ")
    match scheme.lower():
        case "bearer":
            password = given.strip()
        case "basic":
            password = _password(given)
        case _:
            password = ""
    _verify("Authorization", password or None, secrets(settings))


def by_standard(settings: HookedSettings, headers: Mapping[str, str], body: bytes) -> datetime:
    """Verify the headers of Standard Webhooks, of which one signature is enough; returns when it was signed."""
    id_, at = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    message = f"{id_}.{at}.".encode() + body
    wanted = [f"v1,{_base64(key, message)}" for key in map(_standard_key, secrets(settings)) if key]
    if not wanted:
        raise Refused(f"no secret of the source is a signing token, which begins with {_STANDARD}", remedy=_REMEDY)
    said = headers.get("webhook-signature") or ""
    _verify("webhook-signature", said or None, wanted, said.split())
    return _second(at)


def payload(body: bytes) -> Any:
    """Read the JSON of a body that was verified; Unreadable if it is none."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Unreadable(f"the body of the webhook is not JSON ({error})") from None


def _verify(header: str, said: str | None, wanted: Iterable[str], given: Iterable[str] | None = None) -> None:
    if not said:
        raise Refused(f"the header {header} is missing: nobody signed this webhook", remedy=_REMEDY)
    expected = [one.encode() for one in wanted]
    # every pair is compared, so that the time tells nothing about which one was right
    right = [hmac.compare_digest(one.encode(), other) for one in given or [said] for other in expected]
    if not any(right):
        raise Refused(f"the header {header} does not fit the body and the secret", remedy=_REMEDY)


def _password(given: str) -> str:
    try:
        return b64decode(given, validate=True).decode().partition(":")[2]
    except ValueError:
        return ""


def _hmac(key: bytes, message: bytes, digest: str) -> bytes:
    return hmac.digest(key, message, digest)


def _base64(key: bytes, message: bytes) -> str:
    return b64encode(_hmac(key, message, "sha256")).decode()


def _standard_key(secret: str) -> bytes | None:
    if not secret.startswith(_STANDARD):
        return None
    try:
        return b64decode(secret.removeprefix(_STANDARD), validate=True) or None
    except NoBase64:
        return None


def _second(said: str) -> datetime:
    try:
        return datetime.fromtimestamp(int(said), UTC)
    except (ValueError, OverflowError, OSError):
        raise Refused(f"the header webhook-timestamp says {said[:40]!r}, which is no time") from None
