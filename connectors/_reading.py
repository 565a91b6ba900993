"""What several connectors read alike: instants, keys of issues, web addresses; takes JSON values as they came."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import islice
from typing import Annotated, Any, NamedTuple, TypeVar
from urllib.parse import urlsplit

from pydantic import AfterValidator

from connectors.contract import Direction, Evolution

T = TypeVar("T")

ISSUE_KEY = r"(?<![A-Za-z0-9])[A-Z][A-Z0-9_]{1,49}-[1-9][0-9]{0,9}(?![A-Za-z0-9])"
"""A Jira key within a text; a word boundary will not do, for branches read `PAY-12_refund`."""

_SECONDS_BELOW = 1e11
"""A number below is epoch seconds (until the year 5138), one above is milliseconds (from 1973)."""


def _web(address: str) -> str:
    parts = urlsplit(address)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("must begin with https:// or http:// and name a host")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ValueError("must hold no name, password, query or fragment: a token has its own key")
    return address.rstrip("/")


def _pattern(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise ValueError(f"is no regular expression: {error}") from error
    return text


WebAddress = Annotated[str, AfterValidator(_web)]
Pattern = Annotated[str, AfterValidator(_pattern)]


def instant(value: Any) -> datetime:
    """Read an instant, ISO 8601 text with an offset or epoch seconds or milliseconds; ValueError without an offset."""
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise TypeError(f"{value!r} is no instant")
    if isinstance(value, str):
        read = datetime.fromisoformat(value)
        if read.tzinfo is None:
            raise ValueError(f"{value!r} has no offset from UTC")
        return read.astimezone(UTC)
    return datetime.fromtimestamp(value if abs(value) < _SECONDS_BELOW else value / 1000, UTC)


def touched(record: Any, name: str) -> datetime | None:
    """Read when a record was touched; None where it does not say, so that it goes on to where it is read whole."""
    try:
        return instant(record[name])
    except (KeyError, TypeError, ValueError, IndexError, OverflowError, OSError):
        return None


class Span(NamedTuple):
    """The time asked for: `since` is in it, `until` no more; None is without end."""

    since: datetime
    until: datetime | None

    def before_end(self, record: Any, name: str) -> bool:
        """Say whether a record lies before the end; one that does not say goes on to where it is read."""
        at = touched(record, name)
        return at is None or self.until is None or at < self.until

    def after_start(self, record: Any, name: str, earlier: timedelta = timedelta(0)) -> bool:
        """Say whether a record lies after the start, or so much earlier."""
        at = touched(record, name)
        return at is None or at >= self.since - earlier


def keys(pattern: str, *texts: str | None) -> list[str]:
    """List the keys that texts name, each once, in their order."""
    return list(dict.fromkeys(key for text in texts if text for key in _found(pattern, text)))


def _found(pattern: str, text: str) -> Iterable[str]:
    if pattern == ISSUE_KEY and "-" not in text:
        return ()
    return (match[0] for match in re.finditer(pattern, text))


def batches(records: Iterable[T], size: int) -> Iterable[list[T]]:
    """Cut a stream into lists."""
    rest = iter(records)
    return iter(lambda: list(islice(rest, size)), [])


def same(name: str | None, names: Iterable[str]) -> bool:
    """Say whether a name is among names, whatever its case."""
    return name is not None and name.casefold() in _folded(tuple(names))


@lru_cache(maxsize=256)
def _folded(names: tuple[str, ...]) -> frozenset[str]:
    """Fold the names of a setting once, not for every record."""
    return frozenset(name.casefold() for name in names)


def direction(labels: Iterable[str], top_down: Iterable[str], bottom_up: Iterable[str]) -> Direction:
    """Tell by an initiative's labels where the change comes from."""
    found = list(labels)
    if any(same(label, top_down) for label in found):
        return "top_down"
    return "bottom_up" if any(same(label, bottom_up) for label in found) else "unknown"


def evolution(labels: Iterable[str]) -> Evolution | None:
    """Tell by an initiative's labels where it stands on the map."""
    stages: dict[str, Evolution] = {
        "genesis": "genesis",
        "custom": "custom",
        "product": "product",
        "commodity": "commodity",
    }
    return next((stages[label.casefold()] for label in labels if label.casefold() in stages), None)
