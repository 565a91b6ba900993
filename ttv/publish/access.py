"""Who may ask, and what a browser may do with the answer.

With a token every address but the two health checks asks for it: as `Authorization: Bearer <token>`, or as the password
of HTTP Basic, which is what a browser can send. Without one the application answers only to names of the machine it
runs on, so that a page from elsewhere cannot reach it through a DNS name that it points at 127.0.0.1. Webhooks are
apart: a tool knows no token and has its own name for the server, and each carries a signature that is verified there.
"""

from functools import lru_cache
from hmac import compare_digest
from http import HTTPStatus
from ipaddress import ip_address
from urllib.parse import urlsplit

from flask import Flask, Response, request

from ttv.publish.problems import Problem, response

OPEN = frozenset({"/healthz", "/readyz"})
"""What answers without a token: an orchestrator has none."""

SIGNED = "/webhooks/"
"""Below this stands what carries a signature of its own."""

_CHALLENGE = 'Bearer realm="ttv", Basic realm="ttv", charset="UTF-8"'
_POLICY = "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'"
_DOCS_POLICY = (
    f"{_POLICY}; style-src 'self' 'unsafe-inline'; img-src 'self' data:"  # Swagger UI writes style attributes
)


def protect(app: Flask, token: str | None) -> None:
    """Ask for a token on every request, or without one for a loopback name; ValueError if the token is empty."""
    if token is not None and not token.strip():
        raise ValueError("an empty token protects nothing; give one of at least one character, or None")

    @app.before_request
    def _admit() -> Response | None:
        if request.path.startswith(SIGNED):
            return None
        if token is None:
            return None if _is_loopback(request.host) else response(_foreign_name())
        if request.path in OPEN or any(compare_digest(given, token.encode()) for given in _given()):
            return None
        return response(_without_token())

    app.after_request(_guarded)


def _given() -> list[bytes]:
    sent = request.authorization
    if sent is None:
        return []
    return [word.encode() for word in (sent.token, sent.password) if word]


@lru_cache(maxsize=64)
def _is_loopback(host: str) -> bool:
    name = urlsplit(f"//{host}").hostname or ""
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return name == "localhost"


def _foreign_name() -> Problem:
    return Problem(
        HTTPStatus.MISDIRECTED_REQUEST,
        f"without a token only names of this machine are answered, and {request.headers.get('Host', '')!r} is none; "
        "ask for 127.0.0.1 or localhost, or start the server with a token",
    )


def _without_token() -> Problem:
    return Problem(
        HTTPStatus.UNAUTHORIZED,
        "this server asks for its token: send the header `Authorization: Bearer <token>`, "
        "or in a browser any name with the token as the password",
        headers={"WWW-Authenticate": _CHALLENGE},
    )


def _guarded(answer: Response) -> Response:
    said = {name.lower() for name, _ in answer.headers}
    for name, value in _guards(request.path):
        if name.lower() not in said:
            answer.headers.add(name, value)
    return answer


def _guards(path: str) -> tuple[tuple[str, str], ...]:
    """Name the headers that an address has unless it says otherwise itself."""
    if path.startswith("/api/"):
        return _OF_API
    return _OF_DOCS if path == "/docs" or path.startswith("/docs/") else _OF_ALL


_OF_DOCS, _OF_ALL = (
    (("Content-Security-Policy", policy), ("X-Content-Type-Options", "nosniff"), ("Referrer-Policy", "same-origin"))
    for policy in (_DOCS_POLICY, _POLICY)
)
_OF_API = (*_OF_ALL, ("Cache-Control", "no-store"))
