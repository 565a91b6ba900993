"""Answers that are there already: who asks what was asked before, word for word, is answered before anything is read.

Holds answers as they were sent, by the address that was asked for, for as long as the log has the same version; as of
now they may be a moment old, and say of which instant they are. The version is looked up for every answer.
"""

from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Lock
from typing import NamedTuple

from flask import Response, request
from sqlalchemy import Engine

from ttv import changes
from ttv.memo import MOMENT
from ttv.publish.encoding import JSON
from ttv.publish.ones import Ones
from ttv.store import Version

MOST = 256
"""Addresses whose answers are kept."""
LONGEST = 1 << 20
"""Bytes of an answer that is kept at most."""


class _Sent(NamedTuple):
    version: Version
    as_of: datetime | None
    """None if it was asked for as of an instant, which stays the same."""
    body: bytes


class AtOnce:
    """What was sent, of one database."""

    def __init__(self, engine: Engine, now: Callable[[], datetime], ones: Ones, one: str) -> None:
        """Take the name of the call that answers a single initiative, too."""
        self._engine, self._now, self._ones, self._one = engine, now, ones, one
        self._sent: OrderedDict[tuple[str, bytes], _Sent] = OrderedDict()
        self._lock = Lock()

    def answer(self) -> Response | None:
        """Answer the present request if that can be done at once."""
        is_one = request.endpoint == self._one and not request.query_string
        sent = None if is_one else self._sent.get((request.path, request.query_string))
        if sent is None and not is_one:
            return None
        version, now = changes.seen(self._engine), self._now()
        if version is None:
            return None
        if sent is not None:
            fits = sent.version == version and (sent.as_of is None or timedelta(0) <= now - sent.as_of <= MOMENT)
            return Response(sent.body, content_type=JSON) if fits else None
        body = self._ones.answer((request.view_args or {})["key"], version, now)
        return None if body is None else Response(body, content_type=JSON)

    def keep(self, version: Version, as_of: datetime | None, body: bytes) -> None:
        """Keep the answer to the present request."""
        if len(body) > LONGEST:
            return
        with self._lock:
            self._sent[request.path, request.query_string] = _Sent(version, as_of, body)
            self._sent.move_to_end((request.path, request.query_string))
            while len(self._sent) > MOST:
                self._sent.popitem(last=False)
