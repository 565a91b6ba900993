"""What one HTTP answer says: its status, its limits, when to come back, and what to tell the person who must act."""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import orjson
import requests
from tenacity import RetryCallState

from connectors.contract import Refused, SourceError, Unreadable

_SECONDARY_SECONDS = 60.0
"""GitHub asks for at least a minute where it limits and does not say for how long."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer; its body is not yet parsed."""

    address: str
    status: int
    headers: Mapping[str, str]
    body: bytes
    links: Mapping[str, Mapping[str, str]]


class Again(Exception):  # noqa: N818 - a turn of the loop, never seen outside
    """Worth another attempt: after so many seconds, or after `least` seconds doubled with every attempt."""

    def __init__(self, reason: str, *, after: float | None = None, least: float = 1.0) -> None:
        super().__init__(reason)
        self.after, self.least = after, least


def pause(state: RetryCallState) -> float:
    """Wait as long as the server asks, else ever longer, with jitter so that many do not come back at once."""
    error = state.outcome.exception() if state.outcome else None
    if not isinstance(error, Again):
        return 0.0
    if error.after is not None:
        return error.after
    growth: int = 2 ** (state.attempt_number - 1)
    return error.least * growth * random.uniform(1, 1.25)  # noqa: S311 - no secret


def limit(answer: Answer, now: datetime, said: str) -> Again | None:
    """Say whether to come back, and when: server errors, 429, and GitHub's 403 with a limit's marks."""
    status, headers = answer.status, answer.headers
    limited = status == requests.codes.too_many_requests or (
        status == requests.codes.forbidden
        and ("Retry-After" in headers or headers.get("x-ratelimit-remaining") == "0" or "rate limit" in said.lower())
    )
    if not limited and status < requests.codes.internal_server_error and status != requests.codes.request_timeout:
        return None
    there = http_date(headers.get("Date")) or now
    after = _retry_after(headers.get("Retry-After"), there)
    if after is None and limited and headers.get("x-ratelimit-remaining") == "0":
        after = _until_reset(headers.get("x-ratelimit-reset"), there)
    secondary = limited and status == requests.codes.forbidden
    asked = f", asking to wait {after:.0f} s" if after else ""
    return Again(f"answered {said}{asked}", after=after, least=_SECONDARY_SECONDS if secondary else 1.0)


def _retry_after(value: str | None, there: datetime) -> float | None:
    """Read `Retry-After`, seconds or a date by the server's clock; None if it says nothing or nothing useful."""
    date = http_date(value)
    if date:
        return max(1.0, (date - there).total_seconds())
    return float(value) if value and value.strip().isdecimal() and int(value) > 0 else None


def _until_reset(value: str | None, there: datetime) -> float | None:
    """Read GitHub's `x-ratelimit-reset`, epoch seconds."""
    return max(1.0, int(value) - there.timestamp() + 1) if value and value.strip().isdecimal() else None


def http_date(value: str | None) -> datetime | None:
    """Read a date of a header; None if there is none."""
    try:
        date = parsedate_to_datetime(value or "")
    except ValueError:
        return None
    return date if date.tzinfo else date.replace(tzinfo=UTC)


def verdict(status: int) -> type[SourceError]:
    """Tell which error a status is that no waiting mends."""
    refused = {requests.codes.unauthorized, requests.codes.forbidden, requests.codes.not_found}
    return Refused if status in refused else Unreadable


def remedy(status: int) -> str:
    """Say what to do about a status."""
    return {
        401: "; check the token, and the mail address where there is one",
        403: "; the token is known, but its permissions do not suffice",
        404: "; check the address and the names: what the token may not see is not found either",
        410: "; this part of the API is gone, or the feature is switched off there",
    }.get(status, "")


def message(body: bytes) -> str:
    """Find the sentence in an error's body: Jira's, GitHub's and Zendesk's ways, else its beginning."""
    try:
        told = orjson.loads(body)
    except orjson.JSONDecodeError:
        return shown(body)
    if not isinstance(told, dict):
        return shown(told)
    errors = told.get("errorMessages")
    parts = [*errors] if isinstance(errors, list) else []
    parts += [told[name] for name in ("message", "error", "description") if isinstance(told.get(name), str)]
    return " ".join(map(str, parts)) or shown(told)


def shown(body: Any) -> str:
    """Show the beginning of what came, on one line."""
    text = body[:400].decode("utf-8", "replace") if isinstance(body, bytes) else repr(body)
    return " ".join(text.split())[:160]
