"""The writing calls of the API: events, links and initiatives; when one returns, answers include what it brought."""

from collections.abc import Sequence
from dataclasses import asdict
from http import HTTPStatus
from typing import Any

from flask import Response, request, url_for
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from pydantic import BaseModel, ValidationError

from connectors import cloudevents
from ttv import figures, records, store
from ttv.publish import answers, bodies, problems, questions
from ttv.publish.asked import missing
from ttv.publish.problems import BODY, Problem
from ttv.route import Conflict, Outcome, Route

_INTAKE = Tag(name="intake", description="Bring events, links and initiatives.")
_UNREAD: dict[str | int, type[BaseModel] | dict[Any, Any] | None] = {413: BODY, 415: BODY}


def add(api: APIBlueprint, route: Route) -> None:
    """Add the writing calls to the API."""
    _events(api, route)
    _initiatives(api, route)


def schemas() -> dict[str, Any]:
    """Return the schemas of the bodies by name, for the document."""
    models = (records.EventBody, records.WithdrawalBody, records.LinkBody, records.InitiativeBody)
    found: dict[str, Any] = {}
    for model in models:
        schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
        found |= schema.pop("$defs", {})
        found[model.__name__] = schema
    return found


def _events(api: APIBlueprint, route: Route) -> None:
    @api.post(
        "/events",
        tags=[_INTAKE],
        responses={200: answers.Taken, 422: BODY, **_UNREAD},
        openapi_extensions={"requestBody": _events_body()},
    )
    def post_events(query: questions.Question) -> Any:  # noqa: ARG001  it says that there are no parameters
        """Take one event, an array, JSON Lines or CloudEvents; the good ones of a batch are kept."""
        sent = bodies.events(request)
        return _taken(route.post(sent.records), sent.passed)

    @api.put(
        "/links",
        tags=[_INTAKE],
        responses={200: answers.Taken, 422: BODY, **_UNREAD},
        openapi_extensions={"requestBody": _body({"type": "array", "items": _reference(records.LinkBody)})},
    )
    def put_links(query: questions.Question) -> Any:  # noqa: ARG001  as above
        """Add links from child to parent, or withdraw them."""
        return _taken(route.post(bodies.links(request)))


def _initiatives(api: APIBlueprint, route: Route) -> None:
    @api.put(
        "/initiatives/<key>",
        tags=[_INTAKE],
        responses={200: answers.Initiative, 201: answers.Initiative, 409: BODY, **_UNREAD},
        openapi_extensions={"requestBody": _body(_reference(records.InitiativeBody))},
    )
    def put_initiative(path: questions.WritableKey, query: questions.Question) -> Any:  # noqa: ARG001  as above
        """Create or replace an initiative that comes from the API."""
        wanted = _initiative_of(bodies.an_object(request), path.key)
        try:
            done = route.put_initiative(wanted.initiative(path.key), by=wanted.by, why=wanted.why)
        except Conflict as conflict:
            raise _conflict(conflict) from None
        now = route.now()
        with store.reading(route.engine) as connection:
            found = figures.initiative(connection, path.key, now)
        if done != "created":
            return found
        return found, HTTPStatus.CREATED, {"Location": url_for("api.initiative", key=path.key)}

    @api.delete("/initiatives/<key>", tags=[_INTAKE], responses={204: None, 404: BODY, 409: BODY})
    def delete_initiative(path: questions.WritableKey, query: questions.Reasoned) -> Any:
        """Remove an initiative that came from the API; its events stay."""
        try:
            gone = route.delete_initiative(path.key, by=query.by, why=query.why)
        except Conflict as conflict:
            raise _conflict(conflict) from None
        if not gone:
            raise missing(path.key)
        return Response(status=HTTPStatus.NO_CONTENT)


def _initiative_of(found: dict[str, Any], key: str) -> records.InitiativeBody:
    if found.get("key", key) != key:
        raise Problem(HTTPStatus.BAD_REQUEST, f"field 'key': {found['key']!r} is not the key of the address, {key!r}")
    body = {name: value for name, value in found.items() if name != "key"}
    try:
        return records.InitiativeBody.model_validate(body)
    except ValidationError as error:
        raise problems.of_validation(error, records.InitiativeBody.model_fields, "field") from None


def _conflict(conflict: Conflict) -> Problem:
    detail = f"initiative {conflict.key!r} comes from {conflict.owner!r}; change it there, or take another key"
    return Problem(HTTPStatus.CONFLICT, detail, owner=conflict.owner)


def _taken(outcome: Outcome, passed: Sequence[bodies.Passed] = ()) -> Any:
    answer: dict[str, Any] = {
        "accepted": outcome.accepted,
        "duplicate": outcome.duplicate,
        "rejected": len(outcome.rejected),
        "rejections": [
            {"index": one.index, "source": one.source, "id": one.id, "reason": one.reason} for one in outcome.rejected
        ],
    }
    if passed:
        answer["passed_over"] = [asdict(one) for one in passed]
    if outcome.rejected and not outcome.accepted and not outcome.duplicate and not passed:
        first = outcome.rejected[0]
        detail = f"nothing was taken of {len(outcome.rejected)}; the first, {first.index}: {first.reason}"
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, detail, **answer)
    return answer


def _events_body() -> dict[str, Any]:
    event = {"anyOf": [_reference(records.EventBody), _reference(records.WithdrawalBody)]}
    envelope = {
        "type": "object",
        "description": "A CloudEvent of type ttv.<kind>, or a CDEvent in one.",
        "required": ["id", "source"],
    }
    content = {
        bodies.JSON: {"schema": {"anyOf": [event, {"type": "array", "items": event}]}},
        **{media: {"schema": {"type": "string"}} for media in bodies.EVENTS if media in bodies.LINES},
        cloudevents.STRUCTURED: {"schema": envelope},
        cloudevents.BATCH: {"schema": {"type": "array", "items": envelope}},
    }
    return {"required": True, "content": content}


def _body(schema: dict[str, Any]) -> dict[str, Any]:
    return {"required": True, "content": {bodies.JSON: {"schema": schema}}}


def _reference(model: type) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{model.__name__}"}
