"""The life of one initiative: what was decided, built, put out and said about it.

The same number, seed and origin give the same life, however many others there are. What is drawn here is a plan in
days; `times` turns it into instants, and the timetable of the repository says when merged work is out.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from ttv.demo import records, words
from ttv.demo.records import Initiative, Issue, Mention, Pull, Ticket, Tone
from ttv.demo.times import DAY, MINUTE, NEVER, SECOND, Life, Times
from ttv.demo.trains import Timetable

YEARS = 728
"""Days before the origin in which ideas were heard."""

_SHAPES = (
    ("plain", 52),
    ("rejected", 7),
    ("stopped", 5),
    ("deferred", 6),
    ("implied", 8),
    ("silent", 7),
    ("stuck", 8),
    ("reopened", 4),
    ("filed late", 3),
)
_MENTIONS: tuple[tuple[Mention, int], ...] = (("title", 55), ("branch", 25), ("body", 10), ("nowhere", 10))
_TICKET_MENTIONS: tuple[tuple[Mention, int], ...] = (("field", 50), ("tag", 25), ("title", 15), ("body", 10))
_GOLDEN = 0.6180339887
"""Steps of the golden section spread any number of births evenly over the two years."""
_YOUNG = 60
"""Days of age below which an initiative has no forerunner in the idea box: it could still be waiting there."""
_LONG_LIVED = 40
_MANY = (55, 130)


@dataclass(frozen=True, slots=True)
class World:
    """What every life shares."""

    seed: str
    times: Times
    tables: Sequence[Timetable]


def initiative(world: World, number: int, born: int | None = None) -> Initiative:
    """Tell the life of an initiative that was born at an instant, or some time in the two years before the origin."""
    return _Story(world, number, born).told()


def _whole(instant: int) -> int:
    return instant // SECOND * SECOND


class _Story:
    def __init__(self, world: World, number: int, born: int | None) -> None:
        self.world = world
        self.rng = rng = Random(f"{world.seed}/initiative/{number}")
        origin = world.times.origin
        spread = (number * _GOLDEN + rng.random() / 8) % 1
        days_ago = YEARS * spread if born is None else 0
        self.young = days_ago < _YOUNG
        self.team = rng.choices(range(len(words.TEAMS)), [team.share for team in words.TEAMS])[0]
        self.direction = rng.choices(("top-down", "bottom-up", ""), (50, 45, 5))[0]
        self.shape = rng.choices([name for name, _ in _SHAPES], [share for _, share in _SHAPES])[0]
        self.slowness = 0.72 + 0.6 * days_ago / YEARS
        self.number = number
        self.life = Life(
            world.times, rng, world.times.within_work(int(origin - days_ago * DAY)) if born is None else born
        )
        self.issue = self._issue(records.INITIATIVE, self.life.at, evolution=rng.choice(words.EVOLUTIONS))
        self.issue.direction = self.direction
        if born is not None and self.shape == "filed late":
            self.shape = "plain"
        self.tale = Initiative(number, self.issue, [self.issue])
        self.steps: list[tuple[int, int]] = []
        self.epic = self.issue

    def told(self) -> Initiative:
        """Live through everything and close the books."""
        forerun = self.rng.random() < (0.25 if self.direction == "bottom-up" else 0.08)
        if forerun and not self.young:
            self._from_the_idea_box()
        early = self._work_before_filing() if self.shape == "filed late" else None
        if self._decide():
            self._build(early)
        if self.number % _LONG_LIVED == 7 and self.issue.created < self.world.times.origin:
            self._fuss()
        self.issue.steps = tuple(value for step in sorted(self.steps) for value in step)
        return self.tale

    def _days(self, median: float, spread: float = 0.4) -> float:
        return median * self.slowness * self.rng.lognormvariate(0, spread)

    @property
    def _top_down(self) -> bool:
        return self.direction == "top-down"

    def _issue(self, kind: int, created: int, *, evolution: str = "") -> Issue:
        word = self.rng.getrandbits(24)
        return Issue(kind, self.team, self.number, created, word, evolution=evolution)

    def _move(self, days: float, status: int) -> None:
        self.steps.append((self.life.pass_(days), status))

    def _from_the_idea_box(self) -> None:
        """Begin with somebody's idea; the initiative is filed later and takes it up."""
        idea = self._issue(records.IDEA, self.life.at)
        idea.project, idea.parent = words.IDEA_BOX, self.issue
        self.issue.created = self.life.pass_(self._days(9))
        idea.adopted = self.issue.created + 2 * MINUTE
        idea.steps = (idea.adopted, records.PARENT, idea.adopted + MINUTE, records.TAKEN_UP)
        self.life.at = idea.adopted + MINUTE
        self.tale.issues.append(idea)

    def _decide(self) -> bool:
        """Walk to the yes; False if there is none."""
        days = self._days(17 if self._top_down else 41, 0.35)
        if self.shape == "stuck":
            days = 215 + self.rng.expovariate(1 / 420)
        self._move(min(days * 0.3, 20), records.UNDER_REVIEW)
        days -= min(days * 0.3, 20)
        if self.shape == "rejected":
            self._move(days, records.REJECTED)
            return False
        if self.shape == "implied":
            later = self.life.fork()
            self.steps.append((later.pass_(days + self._days(25)), records.APPROVED))
            self.life.pass_(days * 0.4)
            return True
        if self.shape in {"deferred", "reopened"}:
            self._move(days * 0.6, records.DEFERRED if self.shape == "deferred" else records.REJECTED)
            self._move(self._days(50), records.UNDER_REVIEW)
            days *= 0.5
        self._move(days, records.APPROVED)
        return True

    def _work_before_filing(self) -> tuple[Issue, Pull]:
        """Start a story and its pull request before anybody wrote the initiative down."""
        start = self.issue.created
        story = self._issue(records.STORY, start - 21 * DAY)
        story.steps = (start - 16 * DAY, records.IN_PROGRESS)
        pull = self._pull(story, _whole(start - 9 * DAY), "title")
        self.tale.issues.append(story)
        return story, pull

    def _build(self, early: tuple[Issue, Pull] | None) -> None:
        rng, team = self.rng, words.TEAMS[self.team]
        self._epic()
        self.life.pass_(self._days(11 if self._top_down else 5))
        days = self._days((48 if self._top_down else 25) * team.building)
        ships, started = [], self.life.fork()
        count = rng.randint(2, 4)
        merges = self.shape != "stopped" or self.number % 2 == 0
        for i in range(count):
            begun, filed = self.life.fork(), self.epic.created + (i + 1) * 7 * MINUTE
            if i > 1:
                filed = begun.pass_(rng.uniform(0.1, 0.5) * days)
            begun.pass_(0 if i == 0 else rng.uniform(0.05, 0.2) * days)
            ships.append(self._story(begun, filed, days * (1 if i == 0 else rng.uniform(0.3, 0.9)), merges=merges))
        if early:
            ships.append(self._finish_early(early, started.at, days))
        self.steps.append((started.pass_(0.2), records.IN_PROGRESS))
        out = [ship for ship in ships if ship < NEVER]
        asked = self.life.fork()
        if out:
            self.life = self.life.fork(min(out))
            self.life.age += int((days + 3) * DAY)
        if self.shape == "stopped":
            self._move(days * 0.7 + 40, records.STOPPED)
            return
        if rng.random() < 0.25:
            self._ticket(asked, rng.uniform(0.05, 0.7) * days, "wish", customer=True)
        if out:
            self._sense(team, max(out))

    def _epic(self) -> None:
        filed = self.life.fork()
        self.epic = self._issue(records.EPIC, filed.pass_(self.rng.uniform(0.2, 2)))
        self.epic.parent = self.issue
        self.tale.issues.append(self.epic)

    def _finish_early(self, early: tuple[Issue, Pull], start: int, days: float) -> int:
        story, pull = early
        story.parent, story.adopted = self.epic, self.epic.created + 3 * MINUTE
        end = self.life.fork(max(start, story.adopted))
        pull.closed, pull.merged = _whole(end.pass_(days * 0.8)), True
        story.steps += (story.adopted, records.PARENT, end.pass_(0.1), records.DONE)
        return self.world.tables[pull.repository].shipped(pull.closed)

    def _story(self, life: Life, filed: int, days: float, *, merges: bool) -> int:
        """Work on one story; give the instant at which it is out for customers, as far as anybody can tell."""
        rng = self.rng
        story = self._issue(records.STORY, filed)
        story.parent, story.linked = self.epic, rng.random() < 0.08
        steps = [max(life.at, story.created + MINUTE), records.IN_PROGRESS]
        life.at = steps[0]
        mention = rng.choices([name for name, _ in _MENTIONS], [share for _, share in _MENTIONS])[0]
        pull = self._pull(story, _whole(life.pass_(days * rng.uniform(0.2, 0.5))), mention)
        steps += [life.pass_(0.1), records.IN_REVIEW]
        pull.closed, pull.merged = _whole(life.pass_(days * 0.6)), merges and rng.random() > 0.04
        steps += [life.pass_(0.1), records.DONE if merges else records.BACKLOG]
        again = rng.random() < 0.05
        if again and merges:
            steps += [life.pass_(1), records.IN_PROGRESS, life.pass_(2), records.DONE]
        story.steps = tuple(steps)
        self.tale.issues.append(story)
        known = pull.merged and mention != "nowhere"
        return self.world.tables[pull.repository].shipped(pull.closed) if known else NEVER

    def _pull(self, story: Issue, opened: int, mention: Mention) -> Pull:
        shared = self.rng.random() < 0.15
        repository = words.SHARED_REPOSITORY if shared else words.TEAMS[self.team].repository
        pull = Pull(
            repository, opened, NEVER, merged=False, word=self.rng.getrandbits(24), issue=story, mention=mention
        )
        self.tale.pulls.append(pull)
        return pull

    def _sense(self, team: words.Team, all_out: int) -> None:
        """Hear what people say: own people first, customers later, and answer with more work."""
        rng, first = self.rng, self.life.fork()
        days = self._days(9 * team.sensing, 0.6)
        if self.shape == "silent":
            days = 200 + rng.expovariate(1 / 500)
        if rng.random() < 0.5 or self.shape == "silent":
            self._ticket(first.fork(), days * 0.3 if days < 200 else 15, "praise", customer=False)
        for loop in range(4):
            self._ticket(self.life, days, "praise" if rng.random() < 0.7 else "blame", customer=True)
            self._more_tickets(int(rng.expovariate(0.5)))
            if loop == 3 or self.shape == "silent" or rng.random() < 0.45:
                break
            filed = self.life.pass_(self._days(9))
            begun = self.life.fork()
            begun.pass_(self._days(5))
            ship = self._story(begun, filed, self._days(14 * team.building), merges=True)
            if ship == NEVER:
                break
            self.life, days = begun.fork(ship), self._days(8 * team.sensing, 0.5)
        if rng.random() < 0.7:
            self.life.at = max(self.life.at, all_out)
            self._move(10, records.DONE)

    def _more_tickets(self, count: int) -> None:
        for _ in range(min(count, 12)):
            tone: Tone = "praise" if self.rng.random() < 0.6 else "blame"
            self._ticket(self.life.fork(), self.rng.uniform(0.5, 80), tone, customer=self.rng.random() < 0.85)

    def _ticket(self, life: Life, days: float, tone: Tone, *, customer: bool) -> None:
        rng = self.rng
        created = _whole(life.pass_(days, work=not customer))
        about = rng.choices((self.issue, self.epic), (70, 30))[0]
        mention = rng.choices([name for name, _ in _TICKET_MENTIONS], [share for _, share in _TICKET_MENTIONS])[0]
        ticket = Ticket(created, customer, rng.getrandbits(24), tone, self.team, about, mention)
        ticket.steps = aftermath(rng, life.fork(max(created, life.at)), tone)
        self.tale.tickets.append(ticket)

    def _fuss(self) -> None:
        """Touch the initiative again and again, so that its history is longer than a tool shows at once."""
        rng, start = self.rng, self.issue.created
        last = max((at for at, _ in self.steps), default=start + DAY)
        origin = self.world.times.origin
        end = min(last, origin) if start < origin else last
        for _ in range(rng.randint(*_MANY)):
            at = rng.random()
            kind = rng.choice((records.RANK, records.PRIORITY, records.DESCRIPTION))
            self.steps.append((start + SECOND + int(at * max(end - start - SECOND, 1)), kind))


def aftermath(rng: Random, life: Life, tone: Tone) -> tuple[int, ...]:
    """Solve a ticket, and let some people rate how that went."""
    solved = _whole(life.pass_(rng.uniform(0.2, 4)))
    rated = max(_whole(life.pass_(rng.uniform(0.1, 2), work=False)), solved + SECOND)
    rates, glad = rng.random() < 0.35, tone == "praise" or rng.random() < 0.5
    if not rates:
        return (solved, records.SOLVED)
    return (solved, records.SOLVED, rated, records.GOOD if glad else records.BAD)
