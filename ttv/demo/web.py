"""What the three tools have in common: a small Flask application with a guard, a throttle and a clock."""

import itertools
from base64 import b64decode, urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from email.utils import format_datetime
from html import escape
from typing import Any

import orjson
from flask import Flask, Response, request

from ttv.demo.times import milliseconds, moment

EMAIL = "demo@quillmere.example"
TOKEN = "quillmere-demo-token"  # noqa: S105 - an invented company has no secrets; it opens loopback ports only
THROTTLE_EVERY = 997
"""Of this many requests one is answered with 429; 0 for none."""

Clock = Callable[[], datetime]
View = Callable[..., Response]
Route = tuple[str, str, View]


class Refusal(Exception):  # noqa: N818 - it is an answer, not an error of ours
    """An answer other than the one that was asked for."""

    def __init__(self, status: int, body: Any, headers: Mapping[str, str] | None = None) -> None:
        """Take the answer's status, its JSON body and further headers."""
        super().__init__(status)
        self.status, self.body, self.headers = status, body, dict(headers or {})


class Tool:
    """A tool's application; a tool gives its routes and says how it refuses."""

    def __init__(self, name: str, now: Clock, throttle_every: int) -> None:
        """Begin with an empty application; the clock gives aware moments."""
        self.clock = now
        self.flask = Flask(f"ttv.demo.{name}", static_folder=None)
        self._turns = itertools.count(1)
        self._throttle_every = throttle_every
        self.flask.before_request(self._before)
        self.flask.after_request(self._after)
        self.flask.register_error_handler(Refusal, _refused)
        self.flask.register_error_handler(404, lambda _: _refused(self.missing()))
        self.flask.register_error_handler(405, lambda _: _refused(self.missing()))

    def serve(self, routes: Iterable[Route]) -> None:
        """Add routes: (method, rule, view)."""
        for method, rule, view in routes:
            self.flask.add_url_rule(rule, f"{method} {rule}", view, methods=[method])

    @property
    def now(self) -> int:
        """Give the present instant."""
        return milliseconds(self.clock())

    @property
    def root(self) -> str:
        """Give the address by which the present request reached this tool."""
        return request.host_url.rstrip("/")

    def guarded(self) -> bool:
        """Tell whether the present request is one for the API."""
        return True

    def authorise(self) -> None:
        """Raise a Refusal unless the present request may be answered."""

    def missing(self) -> Refusal:
        """Give the refusal for an address that does not exist."""
        return Refusal(404, {})

    def throttled(self) -> Refusal:
        """Give the refusal for too many requests."""
        return Refusal(429, {}, {"Retry-After": "1"})

    def headers(self) -> dict[str, str]:
        """Give headers that every answer of the API carries."""
        return {}

    def _before(self) -> None:
        if not self.guarded():
            return
        self.authorise()
        if self._throttle_every and next(self._turns) % self._throttle_every == 0:
            raise self.throttled()

    def _after(self, response: Response) -> Response:
        response.headers["Date"] = format_datetime(moment(self.now // 1000 * 1000), usegmt=True)
        if self.guarded():
            for name, value in self.headers().items():
                response.headers.setdefault(name, value)
        return response


def _refused(refusal: Refusal) -> Response:
    response = answer(refusal.body, refusal.status)
    response.headers.update(refusal.headers)
    return response


def answer(body: Any, status: int = 200) -> Response:
    """Answer with JSON."""
    return Response(orjson.dumps(body), status, mimetype="application/json")


def basic() -> tuple[str, str] | None:
    """Read the name and the password of Basic authentication; None if there are none."""
    scheme, _, value = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        name, _, password = b64decode(value).decode().partition(":")
    except ValueError:
        return None
    return name, password


def number(text: str | None, default: int, *, least: int = 0, most: int = 2**31) -> int:
    """Read a number of a query within bounds; the default if it is absent or none."""
    try:
        value = int(text) if text else default
    except ValueError:
        value = default
    return min(max(value, least), most)


def packed(*values: str | int) -> str:
    """Pack values into an opaque token."""
    return urlsafe_b64encode(orjson.dumps(values)).decode()


def unpacked(token: str, shape: tuple[type, ...]) -> list[Any] | None:
    """Unpack a token; None if it is none of ours."""
    try:
        values = orjson.loads(urlsafe_b64decode(token))
    except ValueError:
        return None
    fits = isinstance(values, list) and [type(value) for value in values] == list(shape)
    return values if fits else None


def page(tool: str, title: str, facts: Iterable[tuple[str, object]], story: Iterable[tuple[int, str]] = ()) -> Response:
    """Show one record to a person: its facts, and what happened to it, in order."""
    rows = "".join(f"<tr><th>{escape(name)}<td>{_shown(value)}" for name, value in facts if value not in {None, ""})
    steps = "".join(f"<li><time>{moment(at):%Y-%m-%d %H:%M}</time> {escape(what)}" for at, what in story)
    return Response(_PAGE.format(tool=escape(tool), title=escape(title), rows=rows, steps=steps), mimetype="text/html")


def _shown(value: object) -> str:
    text = escape(str(value))
    return f'<a href="{text}">{text.rpartition("/")[2]}</a>' if text.startswith(("http://", "/")) else text


_PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{title}</title><style>body{{font:16px/1.5 system-ui,sans-serif;max-width:44rem;margin:2rem auto;padding:0 1rem}}
th{{text-align:left;padding-right:1.5rem;vertical-align:top;font-weight:500;color:#555}}small,time{{color:#666}}
li{{margin:.2rem 0}}</style><small>{tool} of an invented company</small><h1>{title}</h1><table>{rows}</table>
<ol>{steps}</ol></html>
"""
