"""What is answered: the shape of every answer, as the OpenAPI document describes it and the tests check it."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from connectors.contract import Direction, Evolution, Kind, Value
from connectors.contract import State as SourceState
from ttv import deliveries
from ttv.publish.questions import State


class Answer(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Milestones(Answer):
    """When the initiative reached each milestone; null until it does."""

    idea_at: datetime | None
    decided_at: datetime | None
    started_at: datetime | None
    shipped_at: datetime | None
    valued_at: datetime | None
    stopped_at: datetime | None


class Stages(Answer):
    """Seconds in each stage; null for a stage that was not reached."""

    deciding: float | None
    waiting: float | None
    building: float | None
    sensing: float | None


class Loop(Answer):
    """One turn of ship, sense, respond."""

    shipped_at: datetime
    sensed_at: datetime | None
    responded_at: datetime | None


class Targets(Answer):
    """How soon it should be where."""

    time_to_value_seconds: float | None
    rate_of_turn_seconds: float | None


class InitiativeItem(Answer):
    """An initiative in a list."""

    key: str
    name: str
    team: str | None
    owner: str | None
    direction: Direction
    labels: dict[str, str]
    url: str | None
    evolution: Evolution | None
    north_star_input: str | None
    by: str | None
    """Who said it by hand, and why; null for what came from a source or the configuration."""
    why: str | None
    origin: str
    claims: list[str]
    state: State
    decision: Literal["recorded", "implied"] | None
    milestones: Milestones
    time_to_value_seconds: float | None
    rate_of_turn_seconds: float | None
    age_seconds: float | None
    worked_before_idea_at: datetime | None
    targets: Targets
    as_of: datetime


class Initiative(InitiativeItem):
    """One initiative, whole."""

    stages: Stages
    loops: list[Loop]


class InitiativeList(Answer):
    items: list[InitiativeItem]
    next: str | None


class Logged(Answer):
    """An event of the log."""

    source: str
    id: str
    kind: Kind
    occurred_at: datetime
    subject: str
    refs: list[str]
    title: str | None
    url: str | None
    actor: str | None
    attributes: dict[str, Value]
    by: str | None
    """Who said it by hand, and why; null for what a connector brought."""
    why: str | None


class TiedEvent(Logged):
    """An event of an initiative, with what it did to it."""

    roles: list[str]
    reason: str | None
    path: list[str]
    recorded_at: datetime
    """Since when it is known like this."""
    earlier_versions: int
    """How often it was known otherwise before; `GET /events/versions` shows how."""


class TiedEventList(Answer):
    items: list[TiedEvent]
    next: str | None


class Completed(Answer):
    """Over initiatives whose clock ended in the window."""

    count: int
    mean_seconds: float | None
    p50_seconds: float | None
    p85_seconds: float | None
    p95_seconds: float | None


class Survival(Answer):
    """Over initiatives whose idea came in the window, those included that are open still."""

    count: int
    ended: int
    open: int
    stopped: int
    p50_seconds: float | None
    """Null where the Kaplan-Meier curve does not get there."""
    p50_low_seconds: float | None
    p50_high_seconds: float | None
    p85_seconds: float | None
    p95_seconds: float | None
    reached_share: float | None
    """What part of all ideas gets there at all (Aalen-Johansen, at the last observed time)."""
    stopped_share: float | None


class Group(Answer):
    group: str | None
    completed: Completed
    all: Survival


class Row(Answer):
    """An initiative that a group rests on."""

    key: str
    duration_seconds: float
    """Until its clock ended, it was stopped, or `as_of`."""
    end: Literal["ended", "open", "stopped"]
    completed: bool
    """Whether it counts in `completed`, and in `all`."""
    all: bool


class PopulationGroup(Group):
    rows: list[Row] | None = None
    """Only if asked for."""


class Population(Answer):
    as_of: datetime
    window: str
    groups: list[PopulationGroup]


class Small(Answer):
    """Whether fewer than ten got there, so that one more can move the figure far."""

    completed: bool
    all: bool


class GroupCoverage(Answer):
    """What the figures of a group rest on: initiatives open at some time in the window, or without an idea date."""

    group: str | None
    initiatives: int
    with_idea: int
    early: int
    """Of those with an idea date: worked on or shipped before it, so that they look fast."""
    decided: int
    recorded: int
    """Of the decided: by a recorded decision, not implied by the work."""
    idea_share: float | None
    early_share: float | None
    decision_share: float | None
    small: Small


class Coverage(Answer):
    """How much of what happened the figures rest on; what is tied to nothing has no group, and is told over all."""

    groups: list[GroupCoverage]
    deploys: int
    deploys_tied: int
    deploys_tied_share: float | None
    feedback: int
    feedback_tied: int
    feedback_tied_share: float | None


class CoveredPopulation(Population):
    coverage: Coverage


class Named(Answer):
    """An event by its name."""

    source: str
    id: str


class Missing(Answer):
    """A figure that is null, and why."""

    figure: str
    """`time_to_value`, `rate_of_turn`, a stage, or `loop`."""
    because: str
    why: str
    needs: list[str]
    """The milestones that would bring it, in order."""
    fill: str
    events: list[Named]
    """The last of the events that are counted in `why`."""


class Suspicion(Answer):
    """What makes a figure look other than it was."""

    suspicion: str
    why: str
    fill: str
    events: list[Named]


class Tie(Answer):
    child: str
    parent: str


class Orphan(Logged):
    """An event that no initiative can be reached from."""


class Near(Orphan):
    """An orphan that names the initiative."""

    reason: str
    """What of the initiative it names, and where."""
    link: Tie
    """The link that would tie it, for `PUT /api/v1/links`."""


class Diagnosis(Answer):
    """Why figures of an initiative are missing, and what looks wrong."""

    key: str
    state: State
    missing: list[Missing]
    suspicions: list[Suspicion]
    near: list[Near]
    as_of: datetime


class OrphanList(Answer):
    items: list[Orphan]
    next: str | None


class Quarantined(Answer):
    """A record that could not be read, as it came; a long one only as it begins."""

    source: str
    key: str
    id: str | None
    reason: str
    raw: str
    length: int
    first_at: datetime
    last_at: datetime
    times: int


class QuarantineList(Answer):
    items: list[Quarantined]
    next: str | None


class Source(Answer):
    """The health of one configured source."""

    name: str
    connector: str
    up: bool | None
    looked_until: datetime | None
    attempted_at: datetime | None
    succeeded_at: datetime | None
    heard_at: datetime | None
    """When it last sent a webhook that could be trusted."""
    census_at: datetime | None
    """When it was last asked what is deleted there."""
    lag_seconds: float | None
    error: str | None
    message: str | None
    state: SourceState | None
    """What is wrong; null while all is well."""
    remedy: str | None
    events: int


class SourceList(Answer):
    items: list[Source]
    next: str | None


class Rejection(Answer):
    """A record that was not taken, and why."""

    index: int
    """Its place in the array, from 0; in JSON Lines its line, from 1."""
    source: str | None
    id: str | None
    reason: str


class PassedOver(Answer):
    """A CDEvent that is no event, and why."""

    index: int
    reason: str


class Taken(Answer):
    """What became of the records that were sent."""

    accepted: int
    duplicate: int
    rejected: int
    rejections: list[Rejection]
    passed_over: list[PassedOver] = []
    """Stands only where there are some."""


class Heard(Answer):
    """What became of a webhook."""

    outcome: deliveries.Ended
    accepted: int
    duplicate: int
    rejected: int


class Alive(Answer):
    status: Literal["ok"]


class Problem(BaseModel):
    """RFC 9457."""

    model_config = ConfigDict(extra="allow")

    type: str
    title: str
    status: int
    detail: str
    instance: str
    errors: list[dict[str, Any]] | None = None
