"""What every reading call has in common: a read transaction as of an instant, and the answer that nothing is there."""

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from datetime import datetime
from http import HTTPStatus
from typing import Any

from flask import Response
from sqlalchemy import Connection

from ttv import memo, store
from ttv.known import Known
from ttv.publish.atonce import AtOnce
from ttv.publish.encoding import JSON, encoded
from ttv.publish.problems import Problem
from ttv.publish.questions import Many
from ttv.records import AHEAD
from ttv.route import Route

PREFIX = "/api/v1"


class Asked:
    """Opens the database for a question."""

    def __init__(self, route: Route, at_once: AtOnce) -> None:
        self._route, self._known, self._at_once = route, Known(route.engine), at_once

    @contextmanager
    def at(
        self, as_of: datetime | None = None, known_at: datetime | None = None
    ) -> Iterator[tuple[Connection, datetime]]:
        """Open a read transaction and say as of when; an instant that has not come yet is a problem.

        With `known_at` it is on what was known then, and as of then if no other instant is asked for.
        """
        now = self._route.now()
        for name, when in (("as_of", as_of), ("known_at", known_at)):
            if when is not None and when > now + AHEAD:
                detail = f"parameter {name!r}: {when.isoformat()} has not come yet; nothing can be said of the future"
                raise Problem(HTTPStatus.BAD_REQUEST, detail, errors=[{"name": name, "reason": "lies in the future"}])
        if known_at is None:
            with store.reading(self._route.engine) as connection:
                yield connection, as_of or now
        else:
            with self._known.at(known_at, now) as connection:
                yield connection, as_of or min(known_at, now)

    def many(self, what: Hashable, query: Many, answer: Callable[[Connection, datetime], dict[str, Any]]) -> Response:
        """Answer a question over many, as of now as it was answered a moment ago if the data is still the same."""
        with self.at(query.as_of, query.known_at) as (connection, as_of):
            found = memo.of(connection).answer(connection, (what, query), as_of, lambda: answer(connection, as_of))
            version = store.version(connection)
        body = encoded(found)
        if query.known_at is None:
            self._at_once.keep(version, found["as_of"] if query.as_of is None else None, body)
        return Response(body, content_type=JSON)


def missing(key: str) -> Problem:
    """Make the problem of an initiative that is not there."""
    detail = f"there is no initiative {key!r}; {PREFIX}/initiatives?q= finds one by a part of its key, name or owner"
    return Problem(HTTPStatus.NOT_FOUND, detail)
