"""Where a list goes on: cursors of pages, and the one error of a question that cannot be answered."""

import base64
from typing import Any

import orjson

_TEXTS = frozenset({"key", "name", "team", "state", "orphans", "quarantine"})
"""The orders whose first column is text; of all others it is a number."""
_LAST = 253_402_300_799_999_999
"""The last microsecond that there is a date for."""


class BadQuestion(ValueError):  # noqa: N818  it is the question that is in error
    """A question that cannot be answered; says which part of it, and what would be right."""


def closed(place: dict[str, Any]) -> str:
    """Make the cursor of a place: `sort`, `as_of`, `value` and `key` of the last row shown."""
    return base64.urlsafe_b64encode(orjson.dumps(place)).decode().rstrip("=")


def opened(cursor: str, sort: str) -> dict[str, Any]:
    """Read a cursor back; BadQuestion if it belongs to no list of this order."""
    try:
        place = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        fits = isinstance(place, dict) and place["sort"] == sort and _is_whole(place)
    except (ValueError, KeyError):
        fits = False
    if not fits:
        raise BadQuestion("cursor: is not the `next` of a page of this list in this order; leave it out to begin anew")
    return dict(place)


def _is_whole(place: dict[str, Any]) -> bool:
    """Say whether a place holds what the statements can compare with: a cursor may be anybody's text."""
    as_of, value, key = place["as_of"], place["value"], place["key"]
    kind = str if place["sort"].removeprefix("-") in _TEXTS else int
    whole = isinstance(as_of, int) and 0 <= as_of <= _LAST and isinstance(key, str) and isinstance(value, kind | None)
    return whole and "\x00" not in f"{value}{key}"
