"""Every figure of `/metrics` as of many instants, as OpenMetrics with timestamps: the time before Prometheus was there.

Takes a database and instants in order, gives the lines of one document, which `promtool tsdb create-blocks-from
openmetrics` makes blocks of. What is known today is told as of each instant, as `as_of` does; what only this moment
knows (quarantine, how the sources are, what a process counted) is left out.
"""

import re
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from datetime import datetime
from typing import Any

from prometheus_client.core import Metric as Family
from prometheus_client.openmetrics.exposition import generate_latest
from sqlalchemy import Engine

from ttv import store
from ttv.publish import families, series
from ttv.publish.each import escaped
from ttv.publish.exporter import Encode, Some
from ttv.publish.families import Look, Scope
from ttv.publish.series import Lines

PARTS = (
    series.initiatives,
    families.time_to_value,
    families.rate_of_turn,
    families.stages,
    families.loops,
    families.coverage,
    families.log,
)
_latest: Encode = generate_latest
_WITHIN = re.compile(r'(?:le|quantile)="[^"]*",?')
"""The labels that are not the series' own: lines that differ in them only belong together."""


def history(
    engine: Engine,
    scope: Scope,
    instants: Iterable[datetime],
    *,
    labels: Mapping[str, str] | None = None,
    told: Callable[[datetime], None] = lambda _: None,
) -> Iterator[str]:
    """Yield the lines of the document, of every metric its help and type, and then its series, each in order of time.

    The labels go on every series, so that it goes on where Prometheus' own began (`job`, `instance`). `told` hears each
    instant that was done. All is of one state of the database.
    """
    more = ",".join(f'{name}="{escaped(value)}"' for name, value in sorted((labels or {}).items()))
    kept: dict[str, Any] = {}
    with closing(_Spool()) as spool, store.reading(engine) as connection:
        for instant in instants:
            stamp = f"{instant.timestamp():.3f}".removesuffix(".000")
            for part in PARTS:
                for shown in part(Look(connection, instant, scope, kept)):
                    header, lines = _encoded(shown)
                    spool.add(header, (_stamped(line, more, stamp) for line in lines))
            spool.end_of_instant()
            told(instant)
        yield from spool.lines()
    yield "# EOF\n"


def _encoded(shown: Family | Lines) -> tuple[str, list[str]]:
    """Return the lines of help and type, and those of the samples."""
    family, written = shown if isinstance(shown, Lines) else (shown, "")
    lines = _latest(Some([family])).decode().removesuffix("# EOF\n").splitlines(keepends=True)
    head = "".join(line for line in lines if line.startswith("#"))
    return head, [line for line in lines if not line.startswith("#")] + written.splitlines(keepends=True)


def _stamped(line: str, more: str, stamp: str) -> str:
    series_, _, value = line.rstrip("\n").rpartition(" ")
    if more:
        name, brace, own = series_.partition("{")
        series_ = f"{name}{{{more},{own}" if brace else f"{name}{{{more}}}"
    return f"{series_} {value} {stamp}\n"


class _Spool:
    """The lines of all instants, on disk, until they can be told metric by metric and series by series."""

    def __init__(self) -> None:
        self._database = sqlite3.connect("", isolation_level=None)  # a file of SQLite's own, gone when it is closed
        self._database.execute("PRAGMA journal_mode = OFF")
        self._database.execute("BEGIN")
        self._database.execute(
            "CREATE TABLE line (head INTEGER, series TEXT, instant INTEGER, place INTEGER, text TEXT,"
            " PRIMARY KEY (head, series, instant, place)) WITHOUT ROWID"
        )
        self._heads: dict[str, int] = {}
        self._instant = self._place = 0

    def add(self, head: str, lines: Iterable[str]) -> None:
        """Take the lines of a metric as of the present instant."""
        number = self._heads.setdefault(head, len(self._heads))
        rows = []
        for line in lines:
            self._place += 1
            own = line.partition("{")[2].rpartition("} ")[0]
            rows.append((number, _WITHIN.sub("", own), self._instant, self._place, line))
        self._database.executemany("INSERT INTO line VALUES (?, ?, ?, ?, ?)", rows)

    def end_of_instant(self) -> None:
        """Go on to the next instant."""
        self._instant += 1

    def lines(self) -> Iterator[str]:
        """Yield what was taken, in the order of metric, series and instant."""
        for head, number in self._heads.items():
            found = self._database.execute(
                "SELECT text FROM line WHERE head = ? ORDER BY series, instant, place", (number,)
            )
            for position, (text,) in enumerate(found):
                if position == 0:
                    yield head
                yield text

    def close(self) -> None:
        """Throw all of it away."""
        self._database.close()
