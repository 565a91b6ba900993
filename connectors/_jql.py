"""Conditions in JQL, Jira's query language; takes times and names, gives text."""

from datetime import datetime
from math import ceil


def span(since: datetime, until: datetime | None) -> str:
    """Bound `updated` by epoch milliseconds, which need no zone; from a whole minute, for that is JQL's own grain."""
    start = int(since.timestamp()) // 60 * 60_000
    end = f" AND updated < {ceil(until.timestamp() * 1000)}" if until else ""
    return f"updated >= {start}{end}"


def both(*conditions: str) -> str:
    """Join conditions; empty ones are left out, and each is put in brackets, for it may hold an OR."""
    return " AND ".join(f"({condition})" for condition in conditions if condition)


def quoted(text: str) -> str:
    """Quote a name."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
