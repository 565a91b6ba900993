"""Figures in words: durations, instants, states. What is not known says so, and is never 0."""

import re
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from ttv.words import DAY, HOUR, MINUTE, NOT_KNOWN, SMALL, ago, count, day, duration, exactly, full, minute, percent

__all__ = ["DAY", "HOUR", "MINUTE", "NOT_KNOWN", "SMALL"]
__all__ += ["ago", "count", "day", "duration", "exactly", "full", "minute", "percent"]

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
FIGURES = {"time_to_value": "Time to value", "rate_of_turn": "Rate of turn", "loop": "Loop"}
"""The figures of one initiative that can be missing, as they are called on pages."""
SUSPICIONS = {
    "filed_late": "Filed late",
    "decided_before_idea": "Decided before the idea",
    "filed_with_work": "Filed with the work",
    "implied_decision": "Decision implied",
    "own_people_only": "Own people only",
    "deployed_elsewhere": "Deployed elsewhere",
    "deploys_failed": "Deploys failed",
    "rolled_back": "Rolled back",
    "work_after_no": "Work after the no",
    "source_failing": "A source is failing",
}
"""What looks wrong about an initiative, as it is called on pages."""
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
AWAITS = {
    "deciding": "A decision",
    "waiting": "A start",
    "building": "A ship",
    "sensing": "A customer's answer",
}
"""What initiatives of a stage wait for, as it is called on pages."""
_COMMIT = re.compile(r"@([0-9a-f]{7})[0-9a-f]{33}$")
_OPEN = {
    "deciding": ("idea_at", "Heard {ago}; nobody has decided yet."),
    "waiting": ("decided_at", "Decided {ago}; work has not begun."),
    "building": ("started_at", "Work began {ago}; nothing has reached production yet."),
    "sensing": ("shipped_at", "Shipped {ago}; no customer has answered yet."),
}


def span(text: str) -> str:
    """Say how long a window of days is: `365 days`."""
    return count(int(text[:-1]), "day")


def month(instant: datetime) -> str:
    """Name the month of an instant in UTC: `Mar 2026`."""
    return f"{instant.astimezone(UTC):%b %Y}"


def half(seconds: float | None, low: float | None, high: float | None) -> str:
    """Say when half got there, with the 95 % limits if there are any."""
    middle = "not reached" if seconds is None else duration(seconds)
    return middle if low is None else f"{middle} ({limits(low, high)})"


def limits(low: float, high: float | None) -> str:
    """Say the 95 % limits of a duration; there may be no upper one."""
    return f"95 %: {duration(low)} to {'no end that is known yet' if high is None else duration(high)}"


def window(text: str) -> str:
    """Say a window in words, to follow a verb: `in the last 365 days`, `since records began`."""
    return "since records began" if text == "all" else f"in the last {int(text[:-1]):,} days"


def over(text: str) -> str:
    """Say over what each point of a trend looks: `over the 365 days before`."""
    return "over everything before" if text == "all" else f"over the {span(text)} before"


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
