"""Where a list goes on: cursors of pages, and the one error of a question that cannot be answered."""

import base64
from typing import Any

import orjson


class BadQuestion(ValueError):  # noqa: N818  it is the question that is in error
    """A question that cannot be answered; says which part of it, and what would be right."""


def closed(place: dict[str, Any]) -> str:
    """Make the cursor of a place: `sort`, `as_of`, `value` and `key` of the last row shown."""
    return base64.urlsafe_b64encode(orjson.dumps(place)).decode().rstrip("=")


def opened(cursor: str, sort: str) -> dict[str, Any]:
    """Read a cursor back; BadQuestion if it belongs to no list of this order."""
    try:
        place = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        fits = isinstance(place, dict) and place["sort"] == sort and {"as_of", "value", "key"} <= place.keys()
    except (ValueError, KeyError):
        fits = False
    if not fits:
        raise BadQuestion("cursor: is not the `next` of a page of this list in this order; leave it out to begin anew")
    return dict(place)
