"""The calls that tell where the time goes: stages and loops, over many and for one."""

from datetime import datetime
from typing import Any, Literal

from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from pydantic import Field
from sqlalchemy import Connection, select

from ttv import store
from ttv.figures import Selection
from ttv.loops import loops
from ttv.publish.answers import Answer, Completed, Survival
from ttv.publish.asked import Asked, missing
from ttv.publish.problems import BODY
from ttv.publish.questions import LIMIT, AsOf, Key, Many
from ttv.stages import stages

_TAG = Tag(name="passage", description="Where the time goes: from stage to stage, and round the loop.")
_Stage = Literal["deciding", "waiting", "building", "sensing"]


class Passage(Many):
    limit: int = Field(20, ge=1, le=LIMIT, description="How many open initiatives of each stage to list at most.")


class Turning(Many):
    rows: bool = Field(default=False, description="Name the loops that each group rests on, the last ship first.")


class Share(Answer):
    count: int
    """How many were in the stage."""
    seconds: float | None
    share: float | None
    """Of the seconds of all stages."""


class StageShares(Answer):
    deciding: Share
    waiting: Share
    building: Share
    sensing: Share


class Sum(Answer):
    count: int
    seconds: float | None
    stages: StageShares


class PassageGroup(Answer):
    group: str | None
    realised: Sum
    """Over those that reached value in the window."""
    all: Sum
    """Over those whose idea came in the window, with the time that the open ones have waited so far."""


class Waiting(Answer):
    """An open initiative, and how long it has been in its stage."""

    key: str
    name: str
    team: str | None
    owner: str | None
    since: datetime
    stage_seconds: float
    age_seconds: float


class WaitingStage(Answer):
    stage: _Stage
    awaits: str
    """What ends the stage, in words."""
    count: int
    items: list[Waiting]
    """Those that have been in it longest first."""


class StagesOfMany(Answer):
    as_of: datetime
    window: str
    groups: list[PassageGroup]
    waiting: list[WaitingStage]
    """All open initiatives of the selection, whatever their age."""


class Leg(Answer):
    """What is known of a part of the loops."""

    completed: Completed
    all: Survival


class LoopRow(Answer):
    key: str
    number: int
    shipped_at: datetime
    sensed_at: datetime | None
    responded_at: datetime | None
    ship_to_sense_seconds: float | None
    sense_to_respond_seconds: float | None
    ship_to_respond_seconds: float | None


class LoopGroup(Answer):
    group: str | None
    ship_to_sense: Leg
    sense_to_respond: Leg
    ship_to_respond: Leg
    rows: list[LoopRow] | None = None
    """Only if asked for."""


class LoopsOfMany(Answer):
    as_of: datetime
    window: str
    groups: list[LoopGroup]


def add(api: APIBlueprint, asked: Asked, window: str) -> None:
    """Add the calls to the blueprint of the API; `window` is the default."""

    @api.get("/stages", tags=[_TAG], responses={200: StagesOfMany})
    def stages_of_many(query: Passage) -> Any:
        """Tell in which stages the time goes, and what the open initiatives are waiting for, longest first."""

        def told(connection: Connection, as_of: datetime) -> dict[str, Any]:
            return stages(
                connection,
                query.selection(),
                as_of=as_of,
                window=query.window or window,
                group_by=query.group_by,
                limit=query.limit,
            )

        return asked.many("stages", query, told)

    @api.get("/loops", tags=[_TAG], responses={200: LoopsOfMany})
    def loops_of_many(query: Turning) -> Any:
        """Tell how soon a ship is answered, and how soon the answer is acted on."""
        with asked.at(query.as_of, query.known_at) as (connection, as_of):
            return loops(
                connection,
                query.selection(),
                as_of=as_of,
                window=query.window or window,
                group_by=query.group_by,
                rows=query.rows,
            )

    @api.get("/initiatives/<key>/loops", tags=[_TAG], responses={200: LoopsOfMany, 404: BODY})
    def loops_of_one(path: Key, query: AsOf) -> Any:
        """Tell the loops of one initiative, each with its times, over its whole life."""
        with asked.at(query.as_of, query.known_at) as (connection, as_of):
            known = select(store.initiative.c.key).where(store.initiative.c.key == path.key)
            if connection.scalar(known) is None:
                raise missing(path.key)
            return loops(connection, Selection(), as_of=as_of, window="all", key=path.key, rows=True)
