"""One Flask application of everything that is published: API, metrics, pages, health, and the document of it all."""

import time
from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus

from flask import Flask, Response, g, request
from flask_openapi3.models.info import Info
from flask_openapi3.openapi import OpenAPI
from flask_openapi3.types import SecuritySchemesDict

import ttv
from ttv.config import Source
from ttv.publish import access, answers, api, docs, health, intake, pages, problems, questions, webhooks
from ttv.publish.encoding import Json
from ttv.publish.exporter import Exporter
from ttv.publish.families import Scope
from ttv.publish.instruments import Instruments
from ttv.route import Route

BODY_BYTES = 16 * 1024 * 1024
"""The longest body that is read; longer files come in by `ttv import`."""

EXPORTER = "ttv.exporter"
"""Under this name the application's extensions hold its exporter."""

_DESCRIPTION = """How long this organisation takes to turn an idea into value, and how fast it can turn at all.

Instants are RFC 3339 in UTC with `Z`; durations are seconds, in fields named `…_seconds`. Errors are RFC 9457 problems.
Lists are `{"items": […], "next": cursor or null}`. What is not known is null, never 0."""

_SCHEMES: SecuritySchemesDict = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "The token that the server was started with."},
    "basic": {"type": "http", "scheme": "basic", "description": "Any name, with the token as the password."},
}


def create(
    route: Route,
    *,
    token: str | None = None,
    window: str = "365d",
    targets: Mapping[str, float] | None = None,
    instruments: Instruments | None = None,
    scope: Scope | None = None,
    sources: Iterable[Source] = (),
    timer: Callable[[], float] = time.perf_counter,
) -> Flask:
    """Put the application together; without a token it answers only to names of this machine.

    The targets (`time_to_value_seconds`, `rate_of_turn_seconds`) are for initiatives that have none of their own. The
    scope is what `/metrics` shows; without one it has this window and these targets. The sources are those whose
    tools may send webhooks.
    """
    targets = targets or {}
    instruments = instruments or Instruments()
    app = OpenAPI(
        __name__,
        info=Info(title="ttv", version=ttv.__version__, description=_DESCRIPTION),
        security_schemes=_SCHEMES,
        openapi_extensions={"security": [{"bearer": []}, {"basic": []}]} if token else {},
        validation_error_status=HTTPStatus.BAD_REQUEST.value,
        validation_error_model=answers.Problem,
        validation_error_callback=questions.refused,
        doc_ui=False,
        static_folder=None,
    )
    app.config["MAX_CONTENT_LENGTH"] = BODY_BYTES
    app.json = Json(app)
    _time(app, instruments, timer)
    access.protect(app, token)
    problems.install(app)
    exporter = app.extensions[EXPORTER] = Exporter(
        route.engine, route.now, scope or Scope(window, targets), instruments=instruments
    )
    calls = api.blueprint(route, window, targets)
    intake.add(calls, route)  # to the same blueprint: of two, the document keeps only one's calls at an address
    app.register_api(calls)
    app.register_api(webhooks.blueprint(route, sources, instruments))
    app.register_api(health.blueprint(route.engine, exporter))
    app.components_schemas.update(intake.schemas())
    app.register_blueprint(docs.blueprint())
    app.register_blueprint(pages.blueprint(route.engine, route.now, window, targets))
    app.add_url_rule("/openapi.json", "openapi", lambda: app.api_doc)
    return app


def _time(app: Flask, instruments: Instruments, timer: Callable[[], float]) -> None:
    """Measure every request by its route template."""

    @app.before_request
    def begin() -> None:
        g.begun = timer()

    @app.after_request
    def end(answer: Response) -> Response:
        rule = request.url_rule.rule if request.url_rule else "none"
        instruments.answered(rule, request.method, answer.status_code, timer() - g.begun)
        return answer
