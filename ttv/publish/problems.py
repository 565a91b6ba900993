"""Errors as RFC 9457 has them: `application/problem+json` that says what is wrong and what would be right.

Whatever ends a request early ends here: unknown addresses and parameters, unreadable bodies, a database that is away.
Pages keep their HTML; everything that a machine reads gets a problem.
"""

from collections.abc import Iterable
from difflib import get_close_matches
from http import HTTPStatus
from typing import Any

import orjson
from flask import Flask, Response, current_app, request
from pydantic import ValidationError
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import HTTPException, InternalServerError, MethodNotAllowed, NotFound, RequestEntityTooLarge

from ttv.cursors import BadQuestion

MEDIA_TYPE = "application/problem+json"
BODY: dict[str, Any] = {
    "description": "A problem as RFC 9457 has it: what is wrong, and what would be right.",
    "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
}
"""How the document describes one."""

_MACHINE = ("/api", "/metrics", "/healthz", "/readyz", "/openapi.json", "/webhooks")


class Problem(HTTPException):
    """Ends the request with a status, a sentence, and members of its own."""

    def __init__(self, status: int, detail: str, *, headers: dict[str, str] | None = None, **members: Any) -> None:
        super().__init__(detail)
        self.code = status
        self.headers = headers or {}
        self.members = members


def install(app: Flask) -> None:
    """Let every error of an application become a problem."""
    app.register_error_handler(HTTPException, _answer)
    app.register_error_handler(OperationalError, _database_away)
    app.register_error_handler(BadQuestion, _bad_question)


def nearest(wrong: str, right: Iterable[str]) -> str:
    """Return a clause that names the right word nearest to a wrong one, or all of them if none is near."""
    words = sorted(right)
    near = get_close_matches(wrong, words, n=1)
    if near:
        return f"did you mean {near[0]!r}?"
    return f"there are {', '.join(words)}" if words else "there are none"


def of_validation(error: ValidationError, known: Iterable[str], what: str) -> Problem:
    """Make the problem of what a model refused; `known` are the names that it takes, `what` is what one is called."""
    known = list(known)
    errors = [{"name": _place(one["loc"]), "reason": _reason(one, known)} for one in error.errors(include_url=False)]
    detail = "; ".join(f"{what} {one['name']!r}: {one['reason']}" if one["name"] else one["reason"] for one in errors)
    return Problem(HTTPStatus.BAD_REQUEST, detail, errors=errors)


def response(problem: Problem) -> Response:
    """Write a problem as the answer to the current request."""
    status = HTTPStatus(problem.code or HTTPStatus.INTERNAL_SERVER_ERROR)
    body = {
        "type": "about:blank",
        "title": status.phrase,
        "status": status.value,
        "detail": problem.description,
        "instance": request.path,
        **problem.members,
    }
    return Response(orjson.dumps(body, option=orjson.OPT_UTC_Z), status, problem.headers, content_type=MEDIA_TYPE)


def _place(location: tuple[int | str, ...]) -> str:
    return ".".join(str(part) for part in location)


def _reason(error: Any, known: list[str]) -> str:
    if error["type"] == "extra_forbidden":
        return f"is unknown; {nearest(str(error['loc'][-1]), known)}"
    if error["type"] == "literal_error":
        right = error["ctx"]["expected"].replace(" or ", ", ")
        return f"{error['input']!r} is none of {right}"
    if error["type"] == "missing":
        return "is missing"
    message: str = error["msg"].removeprefix("Value error, ")
    return message[:1].lower() + message[1:]


def _answer(error: HTTPException) -> Response | HTTPException:
    if not _for_a_machine():
        return error
    if isinstance(error, Problem):
        return response(error)
    headers = {name: value for name, value in error.get_headers() if name != "Content-Type"}
    return response(Problem(error.code or HTTPStatus.INTERNAL_SERVER_ERROR, _detail(error), headers=headers))


def _for_a_machine() -> bool:
    if any(request.path == root or request.path.startswith(f"{root}/") for root in _MACHINE):
        return True
    return not request.accept_mimetypes.accept_html


def _detail(error: HTTPException) -> str:
    if isinstance(error, NotFound):
        rules = {rule.rule for rule in current_app.url_map.iter_rules() if "<" not in rule.rule}
        return f"there is nothing at {request.path}; {nearest(request.path, rules)}"
    if isinstance(error, MethodNotAllowed):
        return f"{request.path} does not take {request.method}; it takes {', '.join(sorted(error.valid_methods or ()))}"
    if isinstance(error, InternalServerError):
        return "something broke in here; the log of the server says what"
    if isinstance(error, RequestEntityTooLarge):
        limit = current_app.config["MAX_CONTENT_LENGTH"]
        return f"the body is longer than {limit} bytes; send it in parts, or bring it in as a file with `ttv import`"
    return error.description or error.name


def _bad_question(error: BadQuestion) -> Response:
    return response(Problem(HTTPStatus.BAD_REQUEST, str(error)))


def _database_away(error: OperationalError) -> Response:
    current_app.logger.error("the database does not answer: %s", error.orig)
    detail = "the database does not answer; /readyz says more"
    return response(Problem(HTTPStatus.SERVICE_UNAVAILABLE, detail, headers={"Retry-After": "5"}))
