"""An invented log of events, made once as columns and given out as often as needed, a slice at a time."""

import time
from datetime import UTC, datetime, timedelta

import numpy as np

from connectors.contract import Event
from ttv import store
from ttv.records import Record

BEGIN = datetime(2023, 1, 1, tzinfo=UTC)
KINDS = ("idea", "decision", "start", "change", "deploy", "feedback")
ODDS = (0.10, 0.10, 0.15, 0.35, 0.15, 0.15)
DAY = 86_400
_SLICE = 50_000


class Log:
    """Events of initiatives in order of arrival, their ids out of order as issue keys come; 21 bytes an event."""

    def __init__(self, events: int, initiatives: int) -> None:
        chance = np.random.default_rng(11)
        begun = chance.integers(0, 700 * DAY, initiatives)
        self.events, self.initiatives = events, initiatives
        self._number = chance.permutation(np.arange(events, dtype=np.int32))
        self._kind = chance.choice(len(KINDS), events, p=ODDS).astype(np.int8)
        self._initiative = chance.integers(0, initiatives, events)
        later = chance.exponential(20 * DAY, events) * (1 + self._kind) / 3
        self._second = begun[self._initiative] + later.astype(np.int64)

    def records(self):
        """Return the records to load."""
        return Made(self._records, self.events)

    def rows(self):
        """Return the same as rows of the anchors."""
        return Made(self._rows, self.events)

    def _records(self, begin: int) -> list[Record]:
        return [
            Record(n, "jira", Event(id_, kind, BEGIN + timedelta(seconds=second), f"initiative:I{one}"))
            for n, (id_, kind, second, one) in enumerate(self._slice(begin), start=begin)
        ]

    def _rows(self, begin: int) -> list[tuple]:
        base = store.micros(BEGIN)
        return [("jira", id_, one, kind, base + second * 1_000_000) for id_, kind, second, one in self._slice(begin)]

    def _slice(self, begin: int):
        columns = (self._number, self._kind, self._second, self._initiative)
        for number, kind, second, one in zip(*(c[begin : begin + _SLICE].tolist() for c in columns), strict=True):
            yield f"VAL-{number:09d}", KINDS[kind], second, one


class Made:
    """Things that are made when they are asked for, many at a time: so many never lie in memory together."""

    def __init__(self, make, count: int) -> None:
        self._make, self._count = make, count
        self.seconds = 0.0
        """What the making of them has taken so far."""

    def __iter__(self):
        """Yield them from the first."""
        for begin in range(0, self._count, _SLICE):
            began = time.perf_counter()
            some = self._make(begin)
            self.seconds += time.perf_counter() - began
            yield from some


def timed(job, made=None):
    """Return the seconds that a job takes, without those in which its input was made."""
    before = made.seconds if made else 0
    began = time.perf_counter()
    job()
    return time.perf_counter() - began - (made.seconds - before if made else 0)
