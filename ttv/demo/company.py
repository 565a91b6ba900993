"""The company: everything that happens in it, numbered as its tools number it, and indexed by time.

A pure function of seed, origin, initiatives, pace and bursts. What is there at an instant is what happened up to it;
two processes that agree on these five agree on every answer of the tools.
"""

import gc
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from itertools import chain
from operator import attrgetter
from pathlib import Path
from random import Random
from typing import Any

from ttv.demo import records, words
from ttv.demo.life import World, initiative
from ttv.demo.noise import Noise, noise
from ttv.demo.records import Initiative, Issue
from ttv.demo.repository import Repository, Thread
from ttv.demo.shelf import Shelf
from ttv.demo.times import SECOND, Times, milliseconds
from ttv.demo.trains import Timetable
from ttv.demo.truth import truth

SEED = "quillmere"
PACE = 20.0
INITIATIVES = 200
_FILE = "company.json"
_NEW_IDEAS, _NEW_NOISE = 180, 400


class Company:
    """Everything that happens, also what is still to come; whoever asks says what time it is."""

    def __init__(
        self, seed: str, origin: datetime, initiatives: int, pace: float = PACE, bursts: Sequence[datetime] = ()
    ) -> None:
        """Live through two years before the origin (aware), and through a burst at it and at each later start."""
        starts = tuple(milliseconds(start) for start in (origin, *bursts))
        self.seed, self.origin, self.size, self.times = seed, origin, initiatives, Times(starts, pace)
        tables = [Timetable(seed, index, self.times) for index in range(len(words.REPOSITORIES))]
        world = World(seed, self.times, tables)
        with _without_collection():
            self.initiatives = [*_before_origin(world, initiatives), *_in_bursts(world, initiatives)]
            extra = noise(world, initiatives * 2, min(-(-initiatives // 2), _NEW_NOISE))
            self._file_issues(extra)
            self._file_tickets(extra)
            self._file_code(extra, tables)

    def _file_issues(self, extra: Noise) -> None:
        issues = chain.from_iterable(item.issues for item in self.initiatives)
        self.issues = sorted(chain(issues, extra.issues), key=attrgetter("created"))
        self.projects: list[list[Issue]] = [[] for _ in words.PROJECT_KEYS]
        for index, issue in enumerate(self.issues):
            self.projects[issue.project].append(issue)
            issue.index, issue.number = index, len(self.projects[issue.project])
        self.issue_shelf = Shelf(issue.history for issue in self.issues)

    def _file_tickets(self, extra: Noise) -> None:
        tickets = chain.from_iterable(item.tickets for item in self.initiatives)
        self.tickets = sorted(chain(tickets, extra.tickets), key=attrgetter("created"))
        for number, ticket in enumerate(self.tickets, 1):
            ticket.number = number
        self.ticket_shelf = Shelf(ticket.history for ticket in self.tickets)

    def _file_code(self, extra: Noise, tables: Sequence[Timetable]) -> None:
        threads: list[list[Thread]] = [[] for _ in words.REPOSITORIES]
        for pull in chain(chain.from_iterable(item.pulls for item in self.initiatives), extra.pulls):
            threads[pull.repository].append(pull)
        for report in extra.reports:
            threads[report.repository].append(report)
        self.repositories = [
            Repository(self.seed, index, self.times, table, threads[index]) for index, table in enumerate(tables)
        ]
        every = chain.from_iterable(repository.deployments for repository in self.repositories)
        for number, deployment in enumerate(sorted(every, key=attrgetter("created", "repository", "environment")), 1):
            deployment.id = 70_000 + number

    def key(self, issue: Issue) -> str:
        """Give the key by which people know an issue."""
        return f"{words.PROJECT_KEYS[issue.project]}-{issue.number}"

    def issue(self, key_or_id: str, now: int) -> Issue | None:
        """Find an issue by its key or its numeric id."""
        if key_or_id.isdigit():
            found = self.issues[int(key_or_id) - 10_000 : int(key_or_id) - 9_999] if int(key_or_id) >= 10_000 else []
        else:
            project, _, number = key_or_id.upper().partition("-")
            known = self.projects[words.PROJECT_KEYS.index(project)] if project in words.PROJECT_KEYS else []
            found = known[int(number) - 1 : int(number)] if number.isdigit() and number != "0" else []
        return found[0] if found and found[0].created <= now else None

    def name(self, item: Initiative) -> str:
        """Give an initiative's name."""
        return self.title(item.issue)

    def team(self, item: Initiative) -> str:
        """Give the name of an initiative's team."""
        return words.TEAMS[item.issue.project].name

    def title(self, issue: Issue) -> str:
        """Give an issue's summary."""
        if issue.kind == records.INITIATIVE:
            return words.initiative(issue.project, issue.word)
        if issue.kind == records.EPIC:
            return f"{self.title(issue.parent)}: delivery" if issue.parent else "Delivery"
        if issue.kind == records.IDEA:
            return words.wish(issue.parent.project if issue.parent else issue.word, issue.word)
        if issue.kind == records.BUG:
            return f"Error in {words.thing(issue.project, issue.word)}"
        return f"{words.task(issue.word)} in {words.thing(issue.project, self.story_thing(issue))}"

    def story_thing(self, issue: Issue) -> int:
        """Give the word of what a story is about: what its initiative is about."""
        return (
            self.initiatives[issue.owner].issue.word // 10 if 0 <= issue.owner < len(self.initiatives) else issue.word
        )

    def truth(self, now: datetime) -> dict[str, dict[str, Any]]:
        """Give name, state and milestones of every initiative that a reader of the tools should find now, by key."""
        return truth(self, milliseconds(now))


def _before_origin(world: World, count: int) -> Iterator[Initiative]:
    return (initiative(world, number) for number in range(count))


def _in_bursts(world: World, count: int) -> Iterator[Initiative]:
    """Let new ideas be heard at even distances; they go on at the speed of ours, being young."""
    new = min(-(-count // 8), _NEW_IDEAS)
    for number, burst in enumerate(world.times.bursts):
        apart = world.times.burst_length / max(new, 1)
        for i in range(new):
            chance = Random(f"{world.seed}/born/{number}/{i}").random()
            yield initiative(world, count + number * new + i, burst + SECOND + int((i + chance) * apart))


@contextmanager
def _without_collection() -> Iterator[None]:
    """Hold garbage collection while millions of small records are made, which refer to one another but are kept."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def remembered(
    directory: Path | str, *, initiatives: int | None = None, seed: str | None = None, now: datetime, pace: float = PACE
) -> Company:
    """Take up the company of a directory, or found one there whose origin is now (aware).

    None takes the size and the seed that are there, or 200 and the usual one. A company whose last burst is over gets a
    new one. ValueError if the directory's company has another size or seed, or if its file cannot be read.
    """
    file = Path(directory) / _FILE
    now = now.astimezone(UTC).replace(microsecond=0)
    if not file.exists():
        kept = _Kept(seed or SEED, now, initiatives or INITIATIVES, pace, ())
    else:
        kept = _read(file)
        if initiatives not in {None, kept.initiatives} or seed not in {None, kept.seed}:
            raise ValueError(
                f"{file} keeps a company of {kept.initiatives} initiatives with the seed {kept.seed!r}: "
                "choose another directory, or remove this one to begin anew"
            )
    last = milliseconds((kept.origin, *kept.bursts)[-1])
    if milliseconds(now) > Times((last,), kept.pace).burst_length + last:
        kept = replace(kept, bursts=(*kept.bursts, now))
    _write(file, kept)
    return Company(kept.seed, kept.origin, kept.initiatives, kept.pace, kept.bursts)


@dataclass(frozen=True, slots=True)
class _Kept:
    """What the file of a directory keeps."""

    seed: str
    origin: datetime
    initiatives: int
    pace: float
    bursts: tuple[datetime, ...]


def _read(file: Path) -> _Kept:
    try:
        kept = json.loads(file.read_text("utf-8"))
        bursts = tuple(datetime.fromisoformat(burst) for burst in kept["bursts"])
        origin = datetime.fromisoformat(kept["origin"])
        return _Kept(str(kept["seed"]), origin, int(kept["initiatives"]), float(kept["pace"]), bursts)
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{file} cannot be read ({error!r}): remove it to begin anew") from error


def _write(file: Path, kept: _Kept) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    new = file.with_suffix(".new")
    new.write_text(json.dumps(asdict(kept), indent=2, default=datetime.isoformat) + "\n", "utf-8")
    new.replace(file)
