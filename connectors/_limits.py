"""What the headers of an answer say of limits: how long to stay away, and how much of an allowance is left.

Read are `Retry-After` in both its forms, and the remaining number and the reset of GitHub, GitLab, Zendesk and Jira,
which is in seconds, epoch seconds, epoch milliseconds, or ISO 8601. All times count by the server's clock.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import NamedTuple

_EPOCH_FROM, _MILLISECONDS_FROM = 1e9, 1e11
"""A number below is seconds from now; from here on epoch seconds (since 2001); from there on milliseconds."""


class Allowance(NamedTuple):
    """How many requests are left, and after how many seconds there are more."""

    left: int
    seconds: float


def http_date(value: str | None) -> datetime | None:
    """Read a date of a header; None if there is none."""
    try:
        date = parsedate_to_datetime(value or "")
    except ValueError:
        return None
    return date if date.tzinfo else date.replace(tzinfo=UTC)


def retry_after(headers: Mapping[str, str], there: datetime) -> float | None:
    """Read `Retry-After`, seconds or a date by the server's clock; None if it says nothing or nothing useful."""
    value = headers.get("Retry-After", "").strip()
    date = http_date(value)
    if date:
        return max(1.0, (date - there).total_seconds())
    return float(value) if value.isdecimal() and int(value) > 0 else None


def reset(headers: Mapping[str, str], there: datetime) -> float | None:
    """Read after how many seconds a limit is lifted, with one more for what the header rounds away."""
    value = (headers.get("X-RateLimit-Reset") or headers.get("RateLimit-Reset") or "").strip()
    interval = headers.get("X-RateLimit-Interval-Seconds", "").strip()
    if not value:
        return float(interval) if interval.isdecimal() and int(interval) > 0 else None
    if not value.isdecimal():
        return _until(value, there)
    number = float(value)
    if number < _EPOCH_FROM:
        return max(1.0, number)
    seconds = number if number < _MILLISECONDS_FROM else number / 1000
    return max(1.0, seconds - there.timestamp() + 1)


def remaining(headers: Mapping[str, str]) -> int | None:
    """Read how many requests are left."""
    value = (headers.get("X-RateLimit-Remaining") or headers.get("RateLimit-Remaining") or "").strip()
    return int(value) if value.isdecimal() else None


def allowance(headers: Mapping[str, str], there: datetime) -> Allowance | None:
    """Read what is left; None where the host does not say it, or not until when."""
    left = remaining(headers)
    seconds = (retry_after(headers, there) if left == 0 else None) or reset(headers, there)
    return None if left is None or seconds is None else Allowance(left, seconds)


def _until(value: str, there: datetime) -> float | None:
    try:
        at = datetime.fromisoformat(value)
    except ValueError:
        return None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return max(1.0, (at - there).total_seconds() + 1)
