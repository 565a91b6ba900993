"""Deploys: each repository has its timetable, and a train leaves whenever something new was merged."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Literal

from ttv.demo.records import Deployment
from ttv.demo.times import DAY, HOUR, MINUTE, SECOND, Times
from ttv.demo.words import BASELINE, REPOSITORIES

Course = Literal["succeeds", "fails", "back"]
_BURST_EVERY = 3
_AHEAD = 420


@dataclass(frozen=True, slots=True)
class Slot:
    """A train of the timetable; `back` puts out again what the one before the last had put out."""

    created: int
    done: int
    course: Course
    regular: bool


class Timetable:
    """All trains of one repository, whether or not there is anything to carry."""

    def __init__(self, seed: str, repository: int, times: Times) -> None:
        """Draw the trains: regular ones on working days, and close ones in bursts."""
        slots = [*_regular(seed, repository, times), *_close(seed, repository, times)]
        self.slots = _in_order(slots)
        self._leave = [slot.created for slot in self.slots if slot.course == "succeeds"]
        self._arrive = [slot.done for slot in self.slots if slot.course == "succeeds"]

    def shipped(self, merged: int) -> int:
        """Give the instant at which something merged at `merged` is out."""
        return self._arrive[min(bisect_right(self._leave, merged), len(self._arrive) - 1)]


def _seconds(instant: float) -> int:
    return int(instant) // SECOND * SECOND


def _slot(rng: Random, created: int, course: Course, *, quick: bool, regular: bool = True) -> Slot:
    taken = rng.randint(2, 6) * SECOND if quick else rng.randint(150, 540) * SECOND
    return Slot(_seconds(created), _seconds(created) + taken, course, regular)


def _regular(seed: str, repository: int, times: Times) -> list[Slot]:
    every = REPOSITORIES[repository].every * DAY
    start, slots = times.origin - BASELINE * DAY, []
    for i in range(1, int((times.bursts[-1] - start + _AHEAD * DAY) / every)):
        rng = Random(f"{seed}/train/{repository}/{i}")
        created = times.within_work(int(start + (i + rng.uniform(-0.2, 0.2)) * every))
        chance, quick = rng.random(), times.bursting(created)
        first = _slot(rng, created, "fails" if chance < 0.08 else "succeeds", quick=quick)
        slots.append(first)
        if chance < 0.08:
            slots.append(_slot(rng, first.done + 2 * HOUR, "succeeds", quick=quick))
        elif chance < 0.11:
            slots.append(_slot(rng, first.done + 3 * HOUR, "back", quick=quick))
    return slots


def _close(seed: str, repository: int, times: Times) -> list[Slot]:
    apart = max(_BURST_EVERY * times.pace, 20) * SECOND
    slots = []
    for number, burst in enumerate(times.bursts):
        for i in range(1, int(times.burst_length / apart) + 1):
            rng = Random(f"{seed}/close/{repository}/{number}/{i}")
            created = int(burst + (i + rng.uniform(-0.1, 0.1)) * apart)
            chance = rng.random()
            course: Course = "fails" if chance < 0.08 else "succeeds"
            slots.append(_slot(rng, created, course, quick=True, regular=False))
            if chance > 0.97:
                slots.append(_slot(rng, created + int(apart / 2), "back", quick=True, regular=False))
    return slots


def _in_order(slots: list[Slot]) -> list[Slot]:
    """Sort by departure and let none arrive before the one that left earlier."""
    ordered: list[Slot] = []
    for slot in sorted(slots, key=lambda slot: (slot.created, slot.done)):
        if ordered and slot.created <= ordered[-1].created:
            continue
        done = max(slot.done, ordered[-1].done + SECOND) if ordered else slot.done
        ordered.append(Slot(slot.created, done, slot.course, slot.regular))
    return ordered


def deployments(repository: int, table: Timetable, merges: Sequence[int], start: int) -> list[Deployment]:
    """Make the deployments that the timetable and the instants of all merges, ascending, lead to."""
    known = REPOSITORIES[repository]
    made = _production(repository, known.environment, table, merges, start)
    if known.staging:
        made += _staging(repository, table, merges, start)
    return sorted(made, key=lambda deployment: (deployment.created, deployment.environment))


def _production(
    repository: int, environment: str, table: Timetable, merges: Sequence[int], start: int
) -> list[Deployment]:
    live = Deployment(repository, environment, start, start + 5 * MINUTE, succeeded=True, head=0)
    made, before, may_go_back = [live], live, False
    for slot in table.slots:
        back = slot.course == "back"
        head = before.head if back else bisect_right(merges, slot.created - SECOND)
        if head <= live.head and not (back and may_go_back and head < live.head):
            may_go_back = False
            continue
        fails = slot.course == "fails"
        new = Deployment(repository, environment, slot.created, slot.done, succeeded=not fails, head=head)
        made.append(new)
        may_go_back = not back and not fails
        if not fails:
            live.replaced = slot.done
            before, live = live, new
    return made


def _staging(repository: int, table: Timetable, merges: Sequence[int], start: int) -> list[Deployment]:
    live = Deployment(repository, "staging", start - HOUR, start - HOUR + MINUTE, succeeded=True, head=0)
    made = [live]
    for slot in table.slots:
        created = slot.created - 40 * MINUTE
        head = bisect_right(merges, created - SECOND)
        if not slot.regular or slot.course == "back" or head <= live.head:
            continue
        new = Deployment(repository, "staging", created, created + 2 * MINUTE, succeeded=True, head=head)
        live.replaced = new.done
        live = new
        made.append(new)
    return made
