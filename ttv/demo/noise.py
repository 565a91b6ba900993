"""What belongs to no initiative: chores, bugs, everyday tickets, reports from outside, ideas that nobody took up."""

from dataclasses import dataclass, field
from random import Random

from ttv.demo import records, words
from ttv.demo.life import YEARS, World, aftermath
from ttv.demo.records import Issue, Pull, Report, Ticket
from ttv.demo.times import DAY, SECOND, Life

_KINDS: tuple[records.ReportKind, ...] = ("bug", "idea", "feedback")


@dataclass(slots=True)
class Noise:
    """Records that are tied to nothing."""

    issues: list[Issue] = field(default_factory=list)
    pulls: list[Pull] = field(default_factory=list)
    reports: list[Report] = field(default_factory=list)
    tickets: list[Ticket] = field(default_factory=list)


def noise(world: World, count: int, per_burst: int) -> Noise:
    """Make `count` bits of everyday life in the two years before the origin, and some in every burst."""
    made = Noise()
    for i in range(count):
        rng = Random(f"{world.seed}/noise/{i}")
        start = int(world.times.origin - rng.random() * YEARS * DAY)
        _bit(made, world, rng, start)
    for number, burst in enumerate(world.times.bursts):
        for i in range(per_burst):
            rng = Random(f"{world.seed}/noise/{number}/{i}")
            _bit(made, world, rng, burst + SECOND + int(rng.random() * world.times.burst_length))
    return made


def _bit(made: Noise, world: World, rng: Random, start: int) -> None:
    start = start // SECOND * SECOND
    life = Life(world.times, rng, start, hasty=True)
    what = rng.choices(("ticket", "chore", "bug", "report", "idea"), (52, 18, 10, 12, 8))[0]
    if what == "ticket":
        made.tickets.append(_ticket(rng, life))
    elif what == "chore":
        made.pulls.append(_pull(rng, life, None))
    elif what == "bug":
        bug = _bug(rng, life)
        made.issues.append(bug)
        made.pulls.append(_pull(rng, life, bug))
    elif what == "report":
        made.reports.append(_report(rng, life))
    else:
        made.issues.append(_idea(rng, life))


def _whole(instant: int) -> int:
    return instant // SECOND * SECOND


def _ticket(rng: Random, life: Life) -> Ticket:
    team, word = rng.randrange(len(words.TEAMS)), rng.getrandbits(24)
    ticket = Ticket(life.at, rng.random() < 0.93, word, "question", team)
    steps = aftermath(rng, life, "question")
    if rng.random() < 0.05:
        steps += (max(_whole(life.pass_(3)), steps[-2] + SECOND), records.DELETED)
    ticket.steps = steps
    return ticket


def _pull(rng: Random, life: Life, bug: Issue | None) -> Pull:
    team = words.TEAMS[bug.project] if bug else words.TEAMS[rng.randrange(len(words.TEAMS))]
    opened = _whole(life.at)
    closed = max(_whole(life.pass_(rng.uniform(0.1, 3))), opened + SECOND)
    mention: records.Mention = "title" if bug else "nowhere"
    return Pull(team.repository, opened, closed, rng.random() < 0.9, rng.getrandbits(24), bug, mention)


def _bug(rng: Random, life: Life) -> Issue:
    team = rng.randrange(len(words.TEAMS))
    bug = Issue(records.BUG, team, -1, life.at, rng.getrandbits(24))
    start = life.pass_(rng.uniform(0.1, 4))
    bug.steps = (start, records.IN_PROGRESS, life.fork().pass_(4), records.DONE)
    return bug


def _idea(rng: Random, life: Life) -> Issue:
    idea = Issue(records.IDEA, words.IDEA_BOX, -1, life.at, rng.getrandbits(24))
    refused = life.pass_(rng.uniform(5, 90))
    if rng.random() < 0.5:
        idea.steps = (refused, records.REJECTED)
    return idea


def _report(rng: Random, life: Life) -> Report:
    kind = rng.choice(_KINDS)
    repository, outside = rng.randrange(len(words.REPOSITORIES)), rng.random() < 0.7
    report = Report(repository, life.at, kind, outside, rng.getrandbits(24))
    first = max(_whole(life.pass_(rng.uniform(1, 30))), life.born + SECOND, report.created + SECOND)
    closed = max(_whole(life.pass_(rng.uniform(1, 30))), first + SECOND)
    refused, ends = rng.random() < 0.5, rng.random() < 0.7
    if kind == "idea":
        report.steps = (first, records.REFUSE if refused else records.APPROVE)
    if ends and not (kind == "idea" and refused):
        report.steps += (closed, records.CLOSE)
    return report
