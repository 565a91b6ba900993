"""Figures in words: durations, instants, states. What is not known says so, and is never 0."""

import re
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

MINUTE, HOUR, DAY = 60, 3_600, 86_400
SMALL = 10
"""Below so many, half of them is an accident of a few."""

NOT_KNOWN = "not known"
STATES = {
    "deciding": "Deciding",
    "waiting": "Waiting",
    "building": "Building",
    "sensing": "Sensing",
    "realised": "Realised",
    "stopped": "Stopped",
    "no_idea": "No idea date",
}
"""The states in the order of an initiative's life, as they are called on pages."""
MEANINGS = {
    "deciding": "heard, not yet decided",
    "waiting": "decided, not yet begun",
    "building": "begun, not yet shipped",
    "sensing": "shipped, no customer has answered",
    "realised": "a customer has answered",
    "stopped": "a no that still stands",
    "no_idea": "nobody recorded when it was first heard, so no clock runs",
}
DIRECTIONS = {"top_down": "Top-down", "bottom_up": "Bottom-up", "unknown": "Direction unknown"}
MILESTONES = {
    "idea": "Idea heard",
    "decided": "Decided",
    "started": "Work began",
    "shipped": "Shipped to production",
    "valued": "First customer feedback",
    "stopped": "Stopped",
}
KINDS = {
    "idea": "Ideas",
    "decision": "Decisions",
    "start": "Starts",
    "change": "Changes merged",
    "deploy": "Deploys",
    "feedback": "Feedback",
}
"""The kinds of events, as their rows on the timeline are called."""
TOLD = {
    "decision": ("outcome",),
    "deploy": ("environment", "status"),
    "feedback": ("sentiment", "rating"),
}
"""The attributes that are told beside an event of a kind."""
_COMMIT = re.compile(r"@([0-9a-f]{7})[0-9a-f]{33}$")
_OPEN = {
    "deciding": ("idea_at", "Heard {ago}; nobody has decided yet."),
    "waiting": ("decided_at", "Decided {ago}; work has not begun."),
    "building": ("started_at", "Work began {ago}; nothing has reached production yet."),
    "sensing": ("shipped_at", "Shipped {ago}; no customer has answered yet."),
}


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


def window(text: str) -> str:
    """Say a window in words, to follow a verb: `in the last 365 days`, `since records began`."""
    return "since records began" if text == "all" else f"in the last {int(text[:-1]):,} days"


def artefact(key: str) -> str:
    """Shorten the key of an artefact to what a person reads: a commit to its first seven digits."""
    return _COMMIT.sub(r"@\1", key)


def web(url: str | None) -> str | None:
    """Return a URL that is safe to link: http or https, else None."""
    try:
        parts = urlsplit(url or "")
    except ValueError:
        return None
    return url if parts.scheme.lower() in ("http", "https") and parts.netloc else None


def standing(item: dict[str, Any]) -> str:
    """Say in a sentence where an initiative stands, and since when."""
    state, at, as_of = item["state"], item["milestones"], item["as_of"]
    if state == "realised":
        return f"The first customer answered {duration(item['time_to_value_seconds'])} after the idea was heard."
    if state == "stopped":
        return (
            f"A no still stands, from {ago(at['stopped_at'], as_of)}, {_since_idea(at['stopped_at'], at['idea_at'])}."
        )
    if state not in _OPEN:
        return "Nobody recorded when the idea was first heard, so no clock runs and every figure is not known."
    milestone, sentence = _OPEN[state]
    return sentence.format(ago=ago(at[milestone], as_of))


def _since_idea(instant: datetime, idea_at: datetime) -> str:
    seconds = (instant - idea_at).total_seconds()
    return "as soon as the idea was heard" if seconds == 0 else f"{duration(seconds)} after the idea was heard"
