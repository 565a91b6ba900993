"""`/metrics`: one consistent look into the database, and what this process counted of itself.

Takes a database and a clock, gives Prometheus' text or OpenMetrics. Never calls a tool outside. What is of the database
is made when the data has changed, and every so often for what moves with the clock alone; it is as of the later of the
two instants, so that every replica shows the same. A scrape in between serves bytes that are there. A part that cannot
be read is left out and counted in `ttv_exporter_errors_total`; the rest of the page stands.
"""

import gzip
import logging
import time
from collections.abc import Callable, Iterable
from datetime import datetime
from threading import Lock
from typing import Any

from prometheus_client.core import Metric as Family
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

import ttv
from ttv import store
from ttv.publish import catalogue, families, series
from ttv.publish.families import Look, Scope
from ttv.publish.instruments import Instruments
from ttv.publish.series import Lines

__all__ = ["Exporter", "Instruments", "Scope"]

_logger = logging.getLogger(__name__)
_END = b"# EOF\n"
_SQUEEZED = 5
"""gzip's level: a page of 10 MB takes a tenth of a second, and a fifteenth of the room."""

_REST = 9
"""So many times as long as making took, the next making waits, unless a scrape asks for it."""

Encode = Callable[[Collector], bytes]
Part = Callable[[Look], Iterable[Family | Lines]]

FIGURES: dict[str, Part] = {
    "initiatives": series.initiatives,
    "time_to_value": families.time_to_value,
    "rate_of_turn": families.rate_of_turn,
    "stages": families.stages,
    "loops": families.loops,
    "coverage": families.coverage,
    "log": families.log,
    "quarantine": families.quarantine,
}
"""The parts of the page that rest on the log, each of which may break alone."""
SOURCES: dict[str, Part] = {"sources": families.sources}
"""The parts that rest on how the sources are."""


class Exporter:
    """The page that Prometheus reads."""

    def __init__(
        self,
        engine: Engine,
        now: Callable[[], datetime],
        scope: Scope | None = None,
        *,
        instruments: Instruments,
        timer: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._engine, self._now, self._scope = engine, now, scope or Scope()
        self._instruments = instruments
        self._figures, self._sources = _Made(FIGURES), _Made(SOURCES)
        self._kept: dict[str, Any] = {}
        self._making, self._timer, self._rest_until = Lock(), timer, 0.0
        instruments.expect_parts(("database", *FIGURES, *SOURCES))

    def page(self, accept: str = "", *, squeezed: bool = False) -> tuple[bytes, str]:
        """Return the page, squeezed by gzip if wished, and its content type, in the format that an Accept prefers."""
        encode, content_type = choose_encoder(accept)
        with self._making:
            self._refresh()
            made = [one.text(encode, content_type, squeezed=squeezed) for one in (self._figures, self._sources)]
        build, process = _text(encode, [_build()]), encode(self._instruments)
        if squeezed:  # what gzip squeezed piece by piece opens as one
            build, process = gzip.compress(build, _SQUEEZED), gzip.compress(process, _SQUEEZED)
        return b"".join((build, *made, process)), content_type

    def refresh(self) -> None:
        """Make anew what has changed, so that no scrape has to wait for it; in a tenth of the time at most."""
        with self._making:
            began = self._timer()
            if began >= self._rest_until:
                self._refresh()
                ended = self._timer()
                self._rest_until = ended + _REST * (ended - began)

    def _refresh(self) -> None:
        try:
            with store.reading(self._engine) as connection:
                self._make(connection)
        except SQLAlchemyError as error:
            self._broke("database", error)
            self._figures, self._sources = _Made(FIGURES), _Made(SOURCES)

    def _make(self, connection: Connection) -> None:
        log = store.version(connection, "log")
        as_of = self._as_of(log)
        sources = store.version(connection, "sources")
        wanted = [(made, state) for made, state in ((self._figures, (log, as_of)), (self._sources, sources))]
        stale = [(made, state) for made, state in wanted if made.state != state]
        if not stale:
            return
        look = Look(connection, as_of, self._scope, self._kept)
        with self._instruments.reading():
            for made, state in stale:
                found = [(name, self._part(name, part, look)) for name, part in made.parts.items()]
                whole = all(of_part is not None for _, of_part in found)
                made.take([one for _, of_part in found for one in of_part or ()], state if whole else None)

    def _as_of(self, log: store.Version) -> datetime:
        """Return the last instant at which the figures had to be made: on schedule, or because the data changed."""
        now, every = self._now(), self._scope.every
        on_schedule = now - (now - store.EPOCH) % every
        changed_at = store.instant(log.changed_at) or store.EPOCH
        return max(on_schedule, changed_at)

    def _part(self, name: str, part: Part, look: Look) -> list[Family | Lines] | None:
        try:
            with look.connection.begin_nested():  # PostgreSQL gives up the whole transaction without it
                return list(part(look))
        except SQLAlchemyError as error:
            self._broke(name, error)
            return None

    def _broke(self, part: str, error: SQLAlchemyError) -> None:
        _logger.error("the part %r of /metrics could not be read: %s", part, error)
        self._instruments.broke(part)


class _Made:
    """Some parts of the page as they were made last, and their text in the formats that were asked for."""

    def __init__(self, parts: dict[str, Part]) -> None:
        self.parts = parts
        self.state: object = None
        self._shown: list[Family | Lines] = []
        self._texts: dict[tuple[str, bool], bytes] = {}

    def take(self, shown: list[Family | Lines], state: object) -> None:
        """Keep what was made of a state of the data; of none if some of it is missing, so that it is tried again."""
        self._shown, self.state = shown, state
        self._texts.clear()

    def text(self, encode: Encode, content_type: str, *, squeezed: bool) -> bytes:
        """Return the text in a format, without its end."""
        if (content_type, False) not in self._texts:
            self._texts[content_type, False] = _text(encode, self._shown)
        plain = self._texts[content_type, False]
        if squeezed and (content_type, True) not in self._texts:
            self._texts[content_type, True] = gzip.compress(plain, _SQUEEZED)
        return self._texts[content_type, squeezed]


class Some(Collector):
    """Some families, for an encoder."""

    def __init__(self, found: Iterable[Family]) -> None:
        self._found = found

    def collect(self) -> Iterable[Family]:
        """Return them."""
        return self._found


def _text(encode: Encode, shown: Iterable[Family | Lines]) -> bytes:
    """Encode what is shown, without the end."""
    found = []
    for one in shown:
        family, lines = one if isinstance(one, Lines) else (one, "")
        found += [encode(Some([family])).removesuffix(_END), lines.encode()]
    return b"".join(found)


def _build() -> Family:
    family = families.info(catalogue.BUILD)
    family.add_metric([], {"version": ttv.__version__})
    return family
