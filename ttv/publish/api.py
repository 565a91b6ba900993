"""The reading calls of the API: each is one read transaction over the figures."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from flask import Response
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from sqlalchemy import Connection

from ttv import coverage, diagnosis, explain, figures, log
from ttv.outlook import outlook
from ttv.population import Figure, population
from ttv.publish import answers, corrections, moving, passage, questions
from ttv.publish import outlook as outlooks
from ttv.publish.asked import PREFIX, Asked, missing
from ttv.publish.atonce import AtOnce
from ttv.publish.encoding import JSON, encoded
from ttv.publish.ones import Ones
from ttv.publish.problems import BODY
from ttv.route import Route

_INITIATIVES = Tag(name="initiatives", description="Each initiative with its milestones, and the events behind them.")
_FIGURES = Tag(name="figures", description="How long it takes, over many initiatives.")
_GAPS = Tag(name="gaps", description="What is tied to nothing, what could not be read, and how the sources are.")


def blueprint(route: Route, window: str, targets: Mapping[str, float]) -> APIBlueprint:
    """Make the blueprint of the reading calls; by default populations have the window, initiatives the targets."""
    api = APIBlueprint("api", __name__, url_prefix=PREFIX, abp_responses={"400": BODY, "401": BODY})
    ones = Ones(route.engine, targets)
    at_once = AtOnce(route.engine, route.now, ones, "api.initiative")
    api.before_request(at_once.answer)
    api.before_request(questions.plain)
    asked = Asked(route, at_once)
    _initiatives(api, asked, ones, targets)
    _populations(api, asked, window)
    moving.add(api, asked, window)
    passage.add(api, asked, window)
    corrections.add(api, asked)
    _gaps(api, asked)
    return api


def _initiatives(api: APIBlueprint, asked: Asked, ones: Ones, targets: Mapping[str, float]) -> None:
    @api.get("/initiatives", tags=[_INITIATIVES], responses={200: answers.InitiativeList})
    def initiatives(query: questions.Initiatives) -> Any:
        """List initiatives."""
        selection = query.selection(state=query.state, q=query.q)
        with asked.at(query.as_of, query.known_at) as (connection, as_of):
            return figures.initiatives(
                connection, selection, as_of, sort=query.sort, limit=query.limit, cursor=query.cursor
            )

    @api.get("/initiatives/<key>", tags=[_INITIATIVES], responses={200: outlooks.InitiativeWithOutlook, 404: BODY})
    def initiative(path: questions.Key, query: questions.AsOf) -> Any:
        """Show one initiative with its stages, loops and outlook."""
        with asked.at(query.as_of, query.known_at) as (connection, as_of):
            if query.as_of is None and query.known_at is None:
                body = ones.read(connection, path.key, as_of)
            else:
                found = figures.initiative(connection, path.key, as_of)
                body = encoded({**found, "outlook": outlook(connection, found, targets)}) if found else None
        if body is None:
            raise missing(path.key)
        return Response(body, content_type=JSON)

    @api.get("/initiatives/<key>/events", tags=[_INITIATIVES], responses={200: answers.TiedEventList, 404: BODY})
    def events(path: questions.Key, query: questions.AsOf) -> Any:
        """List the events of an initiative in order, each with the milestones that it set, or why it set none."""
        with asked.at(query.as_of, query.known_at) as (connection, as_of):
            found = explain.events(connection, path.key, as_of)
        if found is None:
            raise missing(path.key)
        return {"items": found, "next": None}

    @api.get("/initiatives/<key>/diagnosis", tags=[_INITIATIVES], responses={200: answers.Diagnosis, 404: BODY})
    def diagnosed(path: questions.Key, query: questions.AsOf) -> Any:
        """Tell which figures of an initiative are missing, why, and what would fill each; and what looks wrong."""
        with asked.at(query.as_of, query.known_at) as (connection, as_of):
            found = diagnosis.diagnosis(connection, path.key, as_of)
        if found is None:
            raise missing(path.key)
        return found


def _populations(api: APIBlueprint, asked: Asked, window: str) -> None:
    def over_many(figure: Figure, query: questions.Population) -> Any:
        def told(connection: Connection, as_of: datetime) -> dict[str, Any]:
            found = population(
                connection,
                figure,
                query.selection(),
                as_of=as_of,
                window=query.window or window,
                group_by=query.group_by,
                rows=query.rows,
            )
            return coverage.beside(connection, figure, found, query.selection(), group_by=query.group_by)

        if query.rows:  # too long to be kept
            with asked.at(query.as_of, query.known_at) as (connection, as_of):
                return told(connection, as_of)
        return asked.many(figure, query, told)

    @api.get("/time-to-value", tags=[_FIGURES], responses={200: answers.CoveredPopulation})
    def time_to_value(query: questions.Population) -> Any:
        """Tell how long it takes from the idea to the first customer feedback after it shipped."""
        return over_many("time_to_value", query)

    @api.get("/rate-of-turn", tags=[_FIGURES], responses={200: answers.CoveredPopulation})
    def rate_of_turn(query: questions.Population) -> Any:
        """Tell how long it takes from the idea to the decision; by direction if not asked otherwise."""
        return over_many("rate_of_turn", query)


def _gaps(api: APIBlueprint, asked: Asked) -> None:
    def page(read: Callable[..., Any], query: questions.Page) -> Any:
        with asked.at() as (connection, _):
            return read(connection, limit=query.limit, cursor=query.cursor)

    @api.get("/orphans", tags=[_GAPS], responses={200: answers.OrphanList})
    def orphans(query: questions.Page) -> Any:
        """List the events that no initiative can be reached from."""
        return page(log.orphans, query)

    @api.get("/quarantine", tags=[_GAPS], responses={200: answers.QuarantineList})
    def quarantine(query: questions.Page) -> Any:
        """List what could not be read, with the reason and the raw text."""
        return page(log.quarantined, query)

    @api.get("/sources", tags=[_GAPS], responses={200: answers.SourceList})
    def sources(query: questions.Question) -> Any:  # noqa: ARG001  it says that there are no parameters
        """List the sources with their health, cursor and lag."""
        with asked.at() as (connection, as_of):
            return log.sources(connection, as_of)
