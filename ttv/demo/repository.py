"""One GitHub repository of the company: its numbered threads, its main line, its deployments."""

from bisect import bisect_right
from collections.abc import Iterable
from functools import cached_property
from hashlib import sha1
from operator import attrgetter

import numpy as np

from ttv.demo import records
from ttv.demo.records import Deployment, Pull, Report
from ttv.demo.shelf import Indices, Shelf
from ttv.demo.times import DAY, NEVER, Times
from ttv.demo.trains import Timetable, deployments
from ttv.demo.words import BASELINE, ORGANISATION, REPOSITORIES

Thread = Pull | Report
_SPREAD = 2_654_435_761
_WORD = 2**32


class Repository:
    """Everything in one repository, whenever it happens; the questions take an instant."""

    def __init__(self, seed: str, index: int, times: Times, table: Timetable, threads: Iterable[Thread]) -> None:
        """Number the threads in the order in which they were opened and put the merged ones into the main line."""
        self.seed, self.index, self.name = seed, index, REPOSITORIES[index].name
        self.full_name = f"{ORGANISATION}/{self.name}"
        self.begun = times.origin - BASELINE * DAY
        self.threads = sorted(threads, key=attrgetter("created"))
        self._number()
        self.opened = [thread.created for thread in self.threads]
        self.shelf = Shelf(thread.history for thread in self.threads)
        merged = [thread for thread in self.threads if isinstance(thread, Pull) and thread.merged]
        self.main = sorted(merged, key=attrgetter("closed"))
        for place, pull in enumerate(self.main, 1):
            pull.place = place
        self.merges = [pull.closed for pull in self.main]
        self.deployments = deployments(index, table, self.merges, self.begun)
        self.left = [deployment.created for deployment in self.deployments]

    def _number(self) -> None:
        older = 0
        for number, thread in enumerate(self.threads, 1):
            thread.number = number
            if isinstance(thread, Report):
                older = number
            elif thread.word % 9 == 0:
                thread.closes = older

    def there(self, now: int) -> int:
        """Count the threads that are open or closed by now."""
        return bisect_right(self.opened, now)

    def thread(self, number: int, now: int) -> Thread | None:
        """Find a thread by its number."""
        return self.threads[number - 1] if 0 < number <= self.there(now) else None

    def tip(self, now: int) -> int:
        """Give the place of the newest commit of the main line."""
        return bisect_right(self.merges, now)

    def started(self, now: int) -> int:
        """Count the deployments that were begun by now."""
        return bisect_right(self.left, now)

    def sha(self, place: int) -> str:
        """Name the commit at a place of the main line; place 0 is the first one of the repository."""
        key = f"{self.seed}/{self.name}/{place}".encode()
        salt = int.from_bytes(self.name.encode()[:4], "big")
        return f"{(place * _SPREAD + salt) % _WORD:08x}{sha1(key, usedforsecurity=False).hexdigest()[:32]}"

    def place(self, sha: str) -> int | None:
        """Find the place of a commit by its name, without a table."""
        try:
            spread = int(sha[:8], 16)
        except ValueError:
            return None
        salt = int.from_bytes(self.name.encode()[:4], "big")
        place = (spread - salt) * pow(_SPREAD, -1, _WORD) % _WORD
        return place if place <= len(self.main) and self.sha(place) == sha else None

    def ships(self, place: int) -> list[int]:
        """Give the instants at which production deploys that carry a commit, and their forerunner not, succeeded."""
        before, head, done = self._voyages
        return [int(at) for at in done[(before < place) & (place <= head)]]

    @cached_property
    def _voyages(self) -> tuple[Indices, Indices, Indices]:
        out = [item for item in self.deployments if item.succeeded and item.environment != "staging"]
        heads = [item.head for item in out]
        return np.array([0, *heads[:-1]]), np.array(heads), np.array([item.done for item in out])

    @cached_property
    def happenings(self) -> list[tuple[int, int, str]]:
        """List (instant, thread index, what) of everything that the issue events tell, ascending."""
        told = ((at, index, what) for index, thread in enumerate(self.threads) for at, what in _happenings(thread))
        return sorted(told, key=lambda one: one[:2])

    @cached_property
    def releases(self) -> list[Deployment]:
        """List the deployments that got a release of their own: every fourth that reached production."""
        production = [item for item in self.deployments if item.succeeded and item.environment != "staging"]
        return production[4::4]


def _happenings(thread: Thread) -> list[tuple[int, str]]:
    if isinstance(thread, Pull):
        if thread.closed >= NEVER:
            return []
        return [(thread.closed, "merged"), (thread.closed, "closed")] if thread.merged else [(thread.closed, "closed")]
    found = [(thread.created, f"labeled:{thread.kind}")]
    for at, step in zip(thread.steps[::2], thread.steps[1::2], strict=True):
        if step == records.APPROVE:
            found.append((at, "labeled:approved"))
        elif step == records.REFUSE:
            found += [(at, "labeled:rejected"), (at, "closed:not_planned")]
        else:
            found.append((at, "closed:completed"))
    return found
