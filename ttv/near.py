"""Orphans that look near an initiative: they name its key, what it claims, or its name, but no link ties them."""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from sqlalchemy import Connection, and_, or_, select

from ttv import store
from ttv.figures import untied
from ttv.initiatives import own_claim
from ttv.log import event_
from ttv.store import event

MOST = 10
"""Orphans that are shown: the last ones."""
_CANDIDATES = 500
"""Orphans that are looked at closely."""
_SHORTEST = 3
_FIELDS = ("title", "subject", "refs", "url")


class _Mark(NamedTuple):
    """A text by which an initiative is known."""

    text: str
    pattern: re.Pattern[str]

    def found(self, text: str | None) -> bool:
        return bool(text and self.pattern.search(text))


def orphans(connection: Connection, item: dict[str, Any]) -> list[dict[str, Any]]:
    """List the last orphans that look near an initiative, newest first; each says why, and which link would tie it."""
    marks = list(_marks(item))
    if not marks:
        return []
    columns = [event.c[name] for name in _FIELDS]
    named = (column.icontains(mark.text, autoescape=True) for mark in marks for column in columns)
    at = store.micros(item["as_of"])
    query = (
        select(event)
        .where(and_(~event.c.deleted, event.c.occurred_at <= at, or_(*named), untied()))
        .order_by(event.c.occurred_at.desc(), event.c.source, event.c.id)
        .limit(_CANDIDATES)
    )
    found, parent = [], own_claim(item["key"])
    for row in connection.execute(query):
        one = event_(row)
        said = _said(one, marks)
        if said:
            found.append({**one, "reason": said, "link": {"child": one["subject"], "parent": parent}})
    return found[:MOST]


def _said(one: dict[str, Any], marks: list[_Mark]) -> str | None:
    """Say where an event names an initiative, or None if it only names one with a longer key."""
    for mark in marks:
        for name in _FIELDS:
            texts = one[name] if name == "refs" else [one[name]]
            if any(mark.found(text) for text in texts):
                return f"its {name} {'name' if name == 'refs' else 'names'} {mark.text}"
    return None


def _marks(item: dict[str, Any]) -> Iterator[_Mark]:
    """Yield the texts by which an initiative is known: its key, the keys of what it claims, a name of several words.

    Each stands alone: PAY-1 is not in PAY-12. One that is a plain word has to be written as it is.
    """
    local = [claim.partition(":")[2] or claim for claim in item["claims"]]
    named = [item["name"]] if " " in item["name"].strip() else []
    for text in dict.fromkeys([item["key"], *local, *named]):
        if len(text) >= _SHORTEST and not text.isdigit():
            flags = re.IGNORECASE if re.search(r"[\W\d_]", text) else 0
            yield _Mark(text, re.compile(rf"(?<![^\W_]){re.escape(text)}(?![^\W_])", flags))
