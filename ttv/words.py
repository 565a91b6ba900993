"""Plain words: durations, instants, shares and counts. What is not known says so, and is never 0."""

from datetime import UTC, datetime

MINUTE, HOUR, DAY = 60, 3_600, 86_400
NOT_KNOWN = "not known"
SMALL = 10
"""Below so many, half of them is an accident of a few."""


def duration(seconds: float | None) -> str:
    """Say how long something took: `43 days`, `5 h`, `at once`, or `not known` where there is nothing."""
    if seconds is None:
        return NOT_KNOWN
    if seconds == 0:
        return "at once"
    if seconds < MINUTE:
        return "under a minute"
    if seconds < 2 * HOUR:
        return f"{seconds / MINUTE:.0f} min"
    if seconds < 2 * DAY:
        return f"{seconds / HOUR:.0f} h"
    return f"{seconds / DAY:,.0f} days"


def exactly(seconds: float | None) -> str:
    """Say a duration to the second, for whoever wants to check: `43 d 5 h 07 min 09 s`."""
    if seconds is None:
        return NOT_KNOWN
    days, rest = divmod(round(seconds), DAY)
    hours, rest = divmod(rest, HOUR)
    minutes, left = divmod(rest, MINUTE)
    return f"{days:,} d {hours} h {minutes:02} min {left:02} s"


def ago(instant: datetime | None, as_of: datetime) -> str:
    """Say how long before another an instant was: `4 min ago`, `just now`, `never`."""
    if instant is None:
        return "never"
    seconds = (as_of - instant).total_seconds()
    return "just now" if seconds < MINUTE else f"{duration(seconds)} ago"


def day(instant: datetime) -> str:
    """Write the date of an instant in UTC: `3 Mar 2025`."""
    utc = instant.astimezone(UTC)
    return f"{utc.day} {utc:%b %Y}"


def minute(instant: datetime) -> str:
    """Write an instant in UTC to the minute: `3 Mar 2025, 08:11`."""
    return f"{day(instant)}, {instant.astimezone(UTC):%H:%M}"


def full(instant: datetime) -> str:
    """Write an instant in UTC to the microsecond, as RFC 3339."""
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")


def percent(share: float | None) -> str:
    """Write a share of one as whole percent, with a space that does not break."""
    return NOT_KNOWN if share is None else f"{share * 100:.0f}\u00a0%"


def count(number: int, one: str, many: str | None = None) -> str:
    """Write a number with its noun: `1 idea`, `1,204 ideas`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"
