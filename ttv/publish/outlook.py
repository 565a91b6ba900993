"""The shape in which an initiative's outlook is answered."""

from typing import Literal

from connectors.contract import Direction
from ttv.outlook import Status
from ttv.publish import answers
from ttv.publish.answers import Answer


class Target(Answer):
    """How the initiative stands to a target."""

    target_seconds: float
    default: bool
    """Whether it is the configuration's, because the initiative has none of its own."""
    status: Status | None
    """Null if it was stopped in time, or if too little is known to say whether an open one is on track."""
    chance: float | None
    """The chance to end in time, of one that is open and may still."""


class TargetStatuses(Answer):
    time_to_value: Target | None
    rate_of_turn: Target | None


class BasedOn(Answer):
    """The forerunners: initiatives that were in the same stage for longer than this one is now."""

    forerunners: int
    needed: int
    """With fewer forerunners than these nothing is forecast."""
    direction: Direction | None
    """The direction that they share with it; null if they are of all directions."""
    stage: Literal["deciding", "waiting", "building", "sensing"]
    stage_age_seconds: float


class Outlook(Answer):
    """What an open initiative may expect, from what became of its forerunners; null where they are too few to say."""

    chance_30d: float | None
    """The chance of value within 30 days."""
    chance_60d: float | None
    chance_90d: float | None
    median_remaining_seconds: float | None
    """After so long half of such initiatives have value; null if fewer than half ever have."""
    based_on: BasedOn | None
    """Null if the initiative is not open."""
    targets: TargetStatuses


class InitiativeWithOutlook(answers.Initiative):
    """One initiative, whole, with its outlook."""

    outlook: Outlook
