"""What the company's tools keep: issues, pull requests, reports, deployments and tickets.

Each holds only numbers and references; the tools write the text when they are asked. `steps` is a flat tuple
(instant, code, instant, code, …) in ascending order: what happened to a record after it was created.
"""

from dataclasses import dataclass, field
from typing import Literal

from ttv.demo.times import NEVER

INITIATIVE, EPIC, STORY, BUG, IDEA = range(5)
ISSUE_TYPES = ("Initiative", "Epic", "Story", "Bug", "Idea")

(
    PROPOSED,
    UNDER_REVIEW,
    APPROVED,
    DEFERRED,
    REJECTED,
    STOPPED,
    BACKLOG,
    IN_PROGRESS,
    IN_REVIEW,
    DONE,
    HEARD,
    TAKEN_UP,
) = range(12)
STATUSES = (
    ("Proposed", "new"),
    ("Under Review", "new"),
    ("Approved", "indeterminate"),
    ("Deferred", "new"),
    ("Rejected", "done"),
    ("Stopped", "done"),
    ("Backlog", "new"),
    ("In Progress", "indeterminate"),
    ("In Review", "indeterminate"),
    ("Done", "done"),
    ("Heard", "new"),
    ("Taken up", "done"),
)
FIRST_STATUS = (PROPOSED, BACKLOG, BACKLOG, BACKLOG, HEARD)
PARENT, RANK, PRIORITY, DESCRIPTION = range(32, 36)
"""Steps of an issue that change no status."""

SOLVED, GOOD, BAD, DELETED = range(4)
"""Steps of a ticket."""
APPROVE, REFUSE, CLOSE = range(3)
"""Steps of a report."""

Tone = Literal["praise", "blame", "wish", "question"]
ReportKind = Literal["bug", "idea", "feedback"]
Mention = Literal["title", "branch", "body", "field", "tag", "nowhere"]


@dataclass(slots=True, eq=False)
class Issue:
    """A Jira issue; `owner` is the number of its initiative, -1 for none."""

    kind: int
    project: int
    owner: int
    created: int
    word: int
    parent: "Issue | None" = None
    linked: bool = False
    """Its parent is named by an "Implements" link."""
    adopted: int = 0
    """When its parent was named; 0: from the beginning."""
    steps: tuple[int, ...] = ()
    number: int = 0
    index: int = 0
    direction: str = ""
    evolution: str = ""

    @property
    def history(self) -> tuple[int, ...]:
        """Give the instants at which it was touched."""
        return (self.created, *self.steps[::2])


@dataclass(slots=True, eq=False)
class Pull:
    """A pull request; its squashed commit is one step of the main line."""

    repository: int
    opened: int
    closed: int
    merged: bool
    word: int
    issue: Issue | None = None
    mention: Mention = "nowhere"
    number: int = 0
    place: int = -1
    """Place of its commit in the main line, from 1; -1 while not merged."""
    closes: int = 0
    """Number of an older issue of the repository that its text closes; 0 for none."""

    @property
    def created(self) -> int:
        """Give the instant at which it was opened."""
        return self.opened

    @property
    def history(self) -> tuple[int, ...]:
        """Give the instants at which it was touched."""
        return (self.opened, self.closed) if self.closed < NEVER else (self.opened,)


@dataclass(slots=True, eq=False)
class Report:
    """A GitHub issue."""

    repository: int
    created: int
    kind: ReportKind
    outside: bool
    word: int
    steps: tuple[int, ...] = ()
    number: int = 0

    @property
    def history(self) -> tuple[int, ...]:
        """Give the instants at which it was touched."""
        return (self.created, *self.steps[::2])


@dataclass(slots=True, eq=False)
class Ticket:
    """A Zendesk ticket."""

    created: int
    customer: bool
    word: int
    tone: Tone
    team: int
    issue: Issue | None = None
    mention: Mention = "nowhere"
    steps: tuple[int, ...] = ()
    number: int = 0

    @property
    def history(self) -> tuple[int, ...]:
        """Give the instants at which it was touched."""
        return (self.created, *self.steps[::2])


@dataclass(slots=True, eq=False)
class Deployment:
    """A deployment; `head` is the place in the main line that it puts out."""

    repository: int
    environment: str
    created: int
    done: int
    succeeded: bool
    head: int
    replaced: int = NEVER
    """When the next one succeeded in its environment, which makes it inactive."""
    id: int = 0


@dataclass(slots=True, eq=False)
class Initiative:
    """One initiative with all that is tied to it."""

    number: int
    issue: Issue
    issues: list[Issue] = field(default_factory=list)
    pulls: list[Pull] = field(default_factory=list)
    tickets: list[Ticket] = field(default_factory=list)
