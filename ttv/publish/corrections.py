"""The calls that show what was known otherwise before: the versions of events and of initiatives."""

from datetime import datetime
from http import HTTPStatus
from typing import Any

from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from pydantic import Field

from connectors.contract import Direction, Evolution, Kind, Value
from ttv import corrections
from ttv.publish import questions
from ttv.publish.answers import Answer, Targets
from ttv.publish.asked import Asked, missing
from ttv.publish.problems import BODY, Problem

_CORRECTIONS = Tag(name="corrections", description="What was known otherwise before, and who changed it and why.")


class EventVersions(questions.Page):
    source: str = Field(description="The event's source.")
    id: str = Field(description="The event's id within its source.")


class EventVersion(Answer):
    """An event as it was believed for a time; all but its name is null where it was withdrawn."""

    source: str
    id: str
    kind: Kind | None
    occurred_at: datetime | None
    subject: str | None
    refs: list[str]
    title: str | None
    url: str | None
    actor: str | None
    attributes: dict[str, Value]
    deleted: bool
    by: str | None
    why: str | None
    recorded_at: datetime
    superseded_at: datetime | None
    """Null for the version that stands."""


class EventVersionList(Answer):
    items: list[EventVersion]
    next: str | None


class InitiativeVersion(Answer):
    """An initiative as it was believed for a time."""

    key: str
    name: str
    team: str | None
    owner: str | None
    url: str | None
    direction: Direction
    evolution: Evolution | None
    north_star_input: str | None
    claims: list[str]
    labels: dict[str, str]
    targets: Targets
    origin: str
    by: str | None
    why: str | None
    recorded_at: datetime
    superseded_at: datetime | None
    ended_by: str | None
    """Who replaced or removed it by hand, and why."""
    ended_why: str | None


class InitiativeVersionList(Answer):
    items: list[InitiativeVersion]
    next: str | None


def add(api: APIBlueprint, asked: Asked) -> None:
    """Add the calls to the API."""

    @api.get("/events/versions", tags=[_CORRECTIONS], responses={200: EventVersionList, 404: BODY})
    def event_versions(query: EventVersions) -> Any:
        """List what was believed of an event, the newest first; a withdrawal is a version too."""
        with asked.at() as (connection, _):
            found = corrections.of_event(connection, query.source, query.id, limit=query.limit, cursor=query.cursor)
        if found is None:
            raise Problem(HTTPStatus.NOT_FOUND, f"there never was an event {query.id!r} of the source {query.source!r}")
        return found

    @api.get("/initiatives/<key>/versions", tags=[_CORRECTIONS], responses={200: InitiativeVersionList, 404: BODY})
    def initiative_versions(path: questions.Key, query: questions.Page) -> Any:
        """List what was believed of an initiative, the newest first, also of one that is gone."""
        with asked.at() as (connection, _):
            found = corrections.of_initiative(connection, path.key, limit=query.limit, cursor=query.cursor)
        if found is None:
            raise missing(path.key)
        return found
