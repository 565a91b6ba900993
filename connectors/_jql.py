"""Conditions in JQL, Jira's query language; takes times and names, gives text."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from math import ceil
from zoneinfo import ZoneInfo

_MINUTE = timedelta(minutes=1)
_WALL = "%Y/%m/%d %H:%M"


def span(since: datetime, until: datetime | None) -> str:
    """Bound `updated` by epoch milliseconds, which need no zone; from a whole minute, for that is JQL's own grain."""
    start = int(since.timestamp()) // 60 * 60_000
    end = f" AND updated < {ceil(until.timestamp() * 1000)}" if until else ""
    return f"updated >= {start}{end}"


def span_in(zone: ZoneInfo, since: datetime, until: datetime | None) -> str:
    """Bound `updated` by the clock of a zone, to the minute; by more than was asked for, never by less."""
    start = _once(since, zone, -_MINUTE)
    end = f' AND updated < "{_once(until + _MINUTE, zone, _MINUTE):{_WALL}}"' if until else ""
    return f'updated >= "{start:{_WALL}}"{end}'


def _once(at: datetime, zone: ZoneInfo, step: timedelta) -> datetime:
    """Go on from an instant to one whose time of day comes only once; in autumn an hour comes twice."""
    local = at.astimezone(zone)
    while local.utcoffset() != local.replace(fold=1 - local.fold).utcoffset():
        at += step
        local = at.astimezone(zone)
    return local


def both(*conditions: str) -> str:
    """Join conditions; empty ones are left out, and each is put in brackets, for it may hold an OR."""
    return " AND ".join(f"({condition})" for condition in conditions if condition)


def quoted(text: str) -> str:
    """Quote a name."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def among(field: str, names: Iterable[str]) -> str:
    """Ask that a field is one of these names; of none it asks nothing."""
    listed = ", ".join(map(quoted, names))
    return f"{field} in ({listed})" if listed else ""
