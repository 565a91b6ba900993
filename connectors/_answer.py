"""What one HTTP answer says: whether to come back and when, or which error it is, in the tool's own words."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
import requests

from connectors._limits import http_date, remaining, reset, retry_after
from connectors.contract import Refused, SourceError, State, Unavailable, Unreadable

_SECONDARY_SECONDS = 60.0
"""GitHub asks for at least a minute where it limits and does not say for how long."""

_VERDICTS: Mapping[int, tuple[type[SourceError], State]] = {
    400: (Unreadable, "bad_request"),
    401: (Refused, "unauthorized"),
    403: (Refused, "forbidden"),
    404: (Refused, "not_found"),
    407: (Unavailable, "unreachable"),
    410: (Unreadable, "gone"),
    422: (Unreadable, "bad_request"),
}
_AT_A_PROXY = "the proxy wants a name and a password: put an address that has them into HTTPS_PROXY"


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

    def __init__(
        self, reason: str, *, state: State = "unavailable", after: float | None = None, least: float = 1.0
    ) -> None:
        super().__init__(reason)
        self.state, self.after, self.least = state, after, least

    @property
    def limited(self) -> bool:
        """Say whether the host is to be left alone, by everybody."""
        return self.state == "throttled" or self.after is not None


def limit(answer: Answer, now: datetime, said: str) -> Again | None:
    """Say whether to come back, and when: server errors, 429, and GitHub's 403 with a limit's marks."""
    status, headers = answer.status, answer.headers
    limited = status == requests.codes.too_many_requests or (status == requests.codes.forbidden and _marked(answer))
    if not limited and status < requests.codes.internal_server_error and status != requests.codes.request_timeout:
        return None
    there = http_date(headers.get("Date")) or now
    after = retry_after(headers, there)
    if after is None and limited and not remaining(headers):
        after = reset(headers, there)
    secondary = limited and (status == requests.codes.forbidden or b"secondary" in answer.body)
    asked = f", asking to wait {after:.0f} s" if after else ""
    state: State = "throttled" if limited else "unavailable"
    return Again(f"answered {said}{asked}", state=state, after=after, least=_SECONDARY_SECONDS if secondary else 1.0)


def _marked(answer: Answer) -> bool:
    """Say whether a 403 is a limit, and not a permission that is missing."""
    if "X-GitHub-SSO" in answer.headers:
        return False
    told = message(answer.body).lower()
    said = "rate limit" in told or "abuse detection" in told
    return said or "Retry-After" in answer.headers or remaining(answer.headers) == 0


def limited_within(answer: Answer, body: Any, now: datetime) -> Again | None:
    """Find the limit that GraphQL tells with 200: an error of the type RATE_LIMITED, or the secondary limit's words."""
    errors = body.get("errors") if isinstance(body, dict) else None
    told = [error for error in errors if isinstance(error, dict)] if isinstance(errors, list) else []
    primary = any(error.get("type") == "RATE_LIMITED" for error in told)
    if not primary and not any("secondary rate limit" in str(error.get("message")) for error in told):
        return None
    there = http_date(answer.headers.get("Date")) or now
    after = retry_after(answer.headers, there) or (reset(answer.headers, there) if primary else None)
    return Again(f"answered 200 {message(answer.body)}", state="throttled", after=after, least=_SECONDARY_SECONDS)


def verdict(status: int, said: str) -> SourceError:
    """Give the error that a status is which no waiting mends."""
    error, state = _VERDICTS.get(status, (Unreadable, "unreadable"))
    return error(said, state=state, remedy=_AT_A_PROXY) if status == 407 else told(error, said, state)  # noqa: PLR2004


def told(error: type[SourceError], said: str, state: State) -> SourceError:
    """Make an error whose text ends with the remedy of its state."""
    return error(said, state=state, remedy=error(said, state=state).remedy)


def message(body: bytes) -> str:
    """Find the sentence in an error's body: Jira's, GitHub's and Zendesk's ways, else its beginning."""
    try:
        said = orjson.loads(body)
    except orjson.JSONDecodeError:
        return shown(body)
    if not isinstance(said, dict):
        return shown(said)
    errors = said.get("errorMessages")
    parts = [*errors] if isinstance(errors, list) else []
    parts += [said[name] for name in ("message", "error", "description") if isinstance(said.get(name), str)]
    return " ".join(map(str, parts)) or shown(said)


def shown(body: Any) -> str:
    """Show the beginning of what came, on one line."""
    text = body[:400].decode("utf-8", "replace") if isinstance(body, bytes) else repr(body)
    return " ".join(text.split())[:160]
