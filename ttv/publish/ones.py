"""The answers of single initiatives as they are sent, kept until something touches the initiative.

Takes the version of the log that is seen now, and the instant; gives the bytes. Of an answer no more moves with the
clock than the instant, and of an open initiative its age, its stage and its outlook: the rest is written once. Whoever
asks for one that is not there has those that follow it read along.
"""

from collections import OrderedDict
from collections.abc import Mapping
from datetime import datetime
from threading import Lock
from typing import Any, NamedTuple

import orjson
from sqlalchemy import Connection, Engine

from ttv import changes, figures, store
from ttv.figures import MILESTONES, STAGES
from ttv.outlook import expected, known_history, outlook
from ttv.publish.encoding import encoded
from ttv.statistics import SECOND
from ttv.store import Version

MOST = 100_000
"""Initiatives whose answers are kept, of one or two kB each; those that were not asked for the longest go first."""
ALONG = 32
"""Initiatives that are read at once, in the order of their keys."""
_GAP = orjson.Fragment(b"\0")
"""Stands in an answer for what moves; nothing that is written contains it."""


class _Open(NamedTuple):
    """What moves in the answer of an open initiative rests on this."""

    item: dict[str, Any]
    idea_at: int
    since: int
    """When its stage began; both in microseconds."""

    @classmethod
    def of(cls, found: Mapping[str, Any]) -> "_Open":
        """Take it out of an answer."""
        instants = found["milestones"]
        names = ("state", "direction", "milestones", "targets", "time_to_value_seconds", "rate_of_turn_seconds")
        since = instants[MILESTONES[STAGES.index(found["state"])]]
        return cls({name: found[name] for name in names}, store.micros(instants["idea_at"]), store.micros(since))


class _Written(NamedTuple):
    """An answer with gaps for what moves."""

    parts: list[bytes]
    since: datetime
    until: datetime | None
    """From when until when it holds; None for as long as nothing touches it."""
    open: _Open | None


class Ones:
    """The answers of single initiatives of one database."""

    def __init__(self, engine: Engine, targets: Mapping[str, float]) -> None:
        self._engine, self._targets = engine, targets
        self._written: OrderedDict[str, _Written | None] = OrderedDict()
        """None where one was touched."""
        self._version: Version | None = None
        self._lock = Lock()

    def answer(self, key: str, version: Version, as_of: datetime) -> bytes | None:
        """Return the answer as of an instant if it is there in that version of the log."""
        with self._lock:
            found = self._written.get(key) if version == self._version else None
            if found is None or as_of < found.since or (found.until is not None and as_of >= found.until):
                return None
            self._written.move_to_end(key)
        if found.open is None:
            return encoded(as_of).join(found.parts)
        past = known_history(self._engine, version, as_of)
        return None if past is None else _filled(found.parts, found.open, as_of, self._moving(found.open, past, as_of))

    def _moving(self, of: _Open, past: Any, as_of: datetime) -> dict[str, Any]:
        return expected(past, {**of.item, "as_of": as_of}, self._targets)

    def read(self, connection: Connection, key: str, as_of: datetime) -> bytes | None:
        """Read the answer of an initiative as of now, and keep those of the ones that follow; None if there is none."""
        version = self._follow(connection)
        if version and (known := self.answer(key, version, as_of)):
            return known
        last = None if key in self._written else figures.following(connection, key, ALONG)
        wanted, written = None, {}
        for found, until in figures.between(connection, key, last or key, as_of):
            is_open = found["state"] in STAGES
            if found["key"] == key:
                wanted = encoded({**found, "outlook": outlook(connection, found, self._targets)})
            ahead = _GAP if is_open else outlook(connection, found, self._targets)
            written[found["key"]] = _Written(_cut(found, ahead), as_of, until, _Open.of(found) if is_open else None)
        self._keep(written, version)
        return wanted

    def _follow(self, connection: Connection) -> Version | None:
        """Throw away what was touched up to the version that a transaction sees; None if later ones are kept."""
        version = store.version(connection)
        with self._lock:
            known = self._version
            if known == version:
                return version
            if known is not None and known.number > version.number and known.changed_at >= version.changed_at:
                return None
            touched = changes.since(connection, known, version) if known else None
            if touched is None:
                self._written.clear()
            else:
                self._written.update(dict.fromkeys(touched.initiatives & self._written.keys()))
            self._version = version
        return version

    def _keep(self, written: dict[str, _Written], version: Version | None) -> None:
        with self._lock:
            if version == self._version:
                self._written.update(written)
                while len(self._written) > MOST:
                    self._written.popitem(last=False)


def _cut(found: dict[str, Any], ahead: Any) -> list[bytes]:
    """Write an answer but for what moves, and cut it there."""
    gaps = {"as_of": _GAP, "outlook": ahead}
    if ahead is _GAP:
        gaps |= {"age_seconds": _GAP, "stages": {**found["stages"], found["state"]: _GAP}}
    return encoded({**found, **gaps}).split(b"\0")


def _filled(parts: list[bytes], of: _Open, as_of: datetime, ahead: dict[str, Any]) -> bytes:
    """Fill the gaps of an open initiative's answer, in the order in which they are in it."""
    at = store.micros(as_of)
    age, stage = (encoded((at - begin) / SECOND) for begin in (of.idea_at, of.since))
    before, between, after, last, end = parts
    return b"".join((before, age, between, encoded(as_of), after, stage, last, encoded(ahead), end))
