"""Outbound HTTP: paging, retries, rate limits, conditional requests and redaction, on requests and tenacity.

Takes a base address and credentials; gives parsed JSON, or one of the three errors of `contract.py`, each of which
names the address and what came from it. This is the only file that sleeps. The credentials go to the origin of the
base address and to no other, and stand in no log line, error or repr.
"""

import logging
import time
from base64 import b64encode
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Self
from urllib.parse import SplitResult, urljoin, urlsplit

import orjson
import requests
from requests.auth import AuthBase
from tenacity import RetryCallState, Retrying, retry_if_exception_type

from connectors._answer import Again, Answer, http_date, limit, message, pause, remedy, shown, verdict
from connectors.contract import Refused, Unavailable, Unreadable

Params = Mapping[str, str | int | None]
Credentials = tuple[str, str] | str | None
"""A name and a password for Basic, one token for Bearer, or nothing."""

_log = logging.getLogger(__name__)

_PIECE_BYTES = 64 * 1024
_KEPT_ANSWERS = 512
_KEPT_BYTES = 32 * 1024 * 1024
_PAGES = 100_000
_REDIRECTS = {301, 302, 303, 307, 308}
_HOPS = 5


@dataclass(frozen=True, slots=True)
class Page:
    """One answer: its parsed body, and the addresses of its `Link` header by their `rel`."""

    body: Any
    links: Mapping[str, str] = field(default_factory=dict)


Following = Callable[[Page], str | Params | None]
"""Where the next page is: its address, the parameters that differ there (None drops one), or None after the last."""


def by_link(page: Page) -> str | None:
    """Follow `Link: <…>; rel="next"`."""
    return page.links.get("next")


def listed(body: Any, name: str | None) -> list[Any]:
    """Take the list of that name out of a body, or the body itself; TypeError if there is none."""
    found = body if name is None else body.get(name) if isinstance(body, dict) else None
    if not isinstance(found, list):
        what = "a list" if name is None else f"an object with the list {name!r}"
        raise TypeError(f"not {what}")
    return found


class Client:
    """A session with one tool."""

    def __init__(
        self,
        base: str,
        *,
        auth: Credentials = None,
        headers: Mapping[str, str] | None = None,
        sleep: Callable[[float], None] = time.sleep,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        timeout: tuple[float, float] = (10, 60),
        attempts: int = 6,
        patience_seconds: float = 900,
        limit_bytes: int = 64 * 1024 * 1024,
    ) -> None:
        """Open a session; `timeout` is to connect and between two pieces of an answer, in seconds."""
        self.now = now
        self._base = base.rstrip("/")
        self._secrets = _secrets(auth)
        self._sleep, self._attempts, self._patience = sleep, attempts, patience_seconds
        self._timeout, self._limit = timeout, limit_bytes
        self._lag = 0.0
        self._kept = _Kept()
        self._session = requests.Session()
        self._session.auth = _Credential(auth)
        self._session.headers.update({"User-Agent": "ttv", "Accept": "application/json", **(headers or {})})

    def __repr__(self) -> str:
        return f"Client({self._base!r})"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    @property
    def lag(self) -> float:
        """How far the server's clock was seen to lie behind ours, in seconds; 0 if it is ahead or unknown."""
        return self._lag

    def get(
        self,
        path: str,
        params: Params | None = None,
        *,
        read: Callable[[Any], Any] = lambda body: body,
        absent: tuple[int, ...] = (),
    ) -> Any:
        """Get one parsed body, as `read` takes it; None where the status is one of `absent`."""
        address = self._address(path)
        page = self._ask("GET", address, params, None, absent)
        return page and self._taken(address, page.body, read)

    def post(self, path: str, json: Any, *, read: Callable[[Any], Any] = lambda body: body) -> Any:
        """Post JSON to where that only reads, for it may be repeated; give the parsed body, as `read` takes it."""
        address = self._address(path)
        page = self._ask("POST", address, None, json, ())
        return page and self._taken(address, page.body, read)

    def pages(
        self,
        path: str,
        params: Params | None = None,
        *,
        items: str | Callable[[Any], list[Any]] | None = None,
        following: Following = by_link,
        json: Mapping[str, Any] | None = None,
        absent: tuple[int, ...] = (),
    ) -> Iterator[Any]:
        """Yield the records of page after page, each page only when it is needed.

        `items` names the list within a body (None: the body is the list), or takes the list out of it. With `json`
        the pages are posted for, and what `following` gives goes into that body. A page that comes round again is
        an error, not an endless loop.
        """
        take = items if callable(items) else lambda body: listed(body, items)
        for address, page in self._turned(path, params, following, json, absent):
            yield from self._taken(address, page.body, take)

    def gather(self, path: str, params: Params | None = None, *, items: str, absent: tuple[int, ...] = ()) -> Any:
        """Get the body of the first of pages that are linked, with the list named `items` of all of them in it."""
        bodies: list[Any] = []

        def kept(body: Any) -> list[Any]:
            bodies.append(body)
            return listed(body, items)

        records = list(self.pages(path, params, items=kept, absent=absent))
        return {**bodies[0], items: records} if bodies else None

    def _turned(
        self,
        path: str,
        params: Params | None,
        following: Following,
        json: Mapping[str, Any] | None,
        absent: tuple[int, ...],
    ) -> Iterator[tuple[str, Page]]:
        address, seen = self._address(path), set[bytes]()
        while True:
            turn = orjson.dumps([address, params, json], default=str, option=orjson.OPT_SORT_KEYS)
            if turn in seen or len(seen) == _PAGES:
                raise Unreadable(f"{self._safe(address)}: the pages go round in a loop, after {len(seen)} of them")
            seen.add(turn)
            page = self._ask("POST" if json is not None else "GET", address, params, json, absent)
            if page is None:
                return
            yield address, page
            onward = self._taken(address, page, following)
            if onward is None:
                return
            if isinstance(onward, str):
                address, params = self._address(onward), None
            elif json is not None:
                json = {**json, **onward}
            else:
                params = {**(params or {}), **onward}

    def _taken(self, address: str, came: Any, take: Callable[[Any], Any]) -> Any:
        """Take what is wanted out of a body, or say what came instead."""
        try:
            return take(came)
        except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
            told = f"{type(error).__name__}: {error}"
            body = self._safe(shown(came.body if isinstance(came, Page) else came))
            raise Unreadable(f"{self._safe(address)}: not what it promises ({told}): {body}") from error

    def _address(self, path: str) -> str:
        """Make a path absolute; an address of another origin is refused, for the credentials would go there."""
        address = path if "://" in path else f"{self._base}/{path.lstrip('/')}"
        if _origin(address) != _origin(self._base):
            raise Unreadable(f"{self._base} leads to another host, {self._safe(address)}; not followed")
        return address

    def _ask(self, method: str, address: str, params: Params | None, json: Any, absent: tuple[int, ...]) -> Page | None:
        retrying = Retrying(
            retry=retry_if_exception_type(Again),
            wait=pause,
            stop=self._enough,
            sleep=self._sleep,
            before_sleep=self._say,
            reraise=True,
        )
        try:
            return retrying(self._once, method, address, params, json, absent)
        except Again as again:
            tried = retrying.statistics.get("attempt_number", 1)
            raise Unavailable(f"{self._safe(address)}: {again}; gave up after {tried} attempts") from again.__cause__

    def _enough(self, state: RetryCallState) -> bool:
        waited = state.idle_for + state.upcoming_sleep
        return state.attempt_number >= self._attempts or waited > self._patience

    def _say(self, state: RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        _log.info("%s: %s; again in %.1f s", self._base, error, state.upcoming_sleep)

    def _once(
        self, method: str, address: str, params: Params | None, json: Any, absent: tuple[int, ...]
    ) -> Page | None:
        for _ in range(_HOPS):
            answer = self._exchange(method, address, params, json)
            if answer.status not in _REDIRECTS:
                return self._read(answer, absent)
            address = self._address(urljoin(answer.address, answer.headers.get("Location", "")))
            params = None if urlsplit(address).query else params
        raise Unreadable(f"{self._safe(address)}: redirected more than {_HOPS} times")

    def _exchange(self, method: str, address: str, params: Params | None, json: Any) -> Answer:
        wanted = {name: value for name, value in (params or {}).items() if value is not None}
        request = self._session.prepare_request(requests.Request(method, address, params=wanted, json=json))
        url = request.url or address
        kept = self._kept.get(url) if method == "GET" else None
        if kept:
            request.headers["If-None-Match"] = kept.headers["ETag"]
        settings = self._session.merge_environment_settings(url, {}, stream=True, verify=None, cert=None)
        try:
            with self._session.send(request, timeout=self._timeout, allow_redirects=False, **settings) as response:
                self._note_clock(response)
                answer = Answer(url, response.status_code, response.headers, self._body(response), response.links)
        except (requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError) as error:
            raise Again(f"no whole answer ({self._safe(type(error).__name__)})") from error
        except requests.RequestException as error:
            raise Unreadable(f"{self._safe(url)}: {self._safe(str(error))}") from error
        _log.debug("%s %s answered %s", method, self._safe(url), answer.status)
        if answer.status == requests.codes.not_modified and kept:
            return kept
        if method == "GET" and answer.status == requests.codes.ok:
            self._kept.put(answer)
        return answer

    def _body(self, response: requests.Response) -> bytes:
        pieces, size = [], 0
        for piece in response.iter_content(_PIECE_BYTES):
            size += len(piece)
            if size > self._limit:
                raise Unreadable(f"{self._safe(response.url)}: the answer is larger than {self._limit} bytes")
            pieces.append(piece)
        return b"".join(pieces)

    def _note_clock(self, response: requests.Response) -> None:
        there = http_date(response.headers.get("Date"))
        if there:
            self._lag = max(self._lag, (self.now() - there).total_seconds())

    def _read(self, answer: "Answer", absent: tuple[int, ...]) -> Page | None:
        """Turn an answer into a page, or into the error that its status stands for."""
        if answer.status in absent:
            return None
        if answer.status == requests.codes.ok:
            return Page(self._parsed(answer), {rel: link["url"] for rel, link in answer.links.items() if "url" in link})
        said = f"{answer.status} {self._safe(message(answer.body))}".rstrip()
        again = limit(answer, self.now(), said)
        if again:
            raise again
        raise verdict(answer.status)(f"{self._safe(answer.address)} answered {said}{remedy(answer.status)}")

    def _parsed(self, answer: "Answer") -> Any:
        try:
            return orjson.loads(answer.body)
        except orjson.JSONDecodeError as error:
            kind = answer.headers.get("Content-Type", "no content type")
            came = self._safe(shown(answer.body)) if answer.body else "nothing"
            where = self._safe(answer.address)
            raise Unreadable(f"{where} answered with {kind} that is no whole JSON ({error}): {came}") from error

    def _safe(self, text: str) -> str:
        """Take the credentials out of a text, and its length down to what a person reads."""
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return text if len(text) <= 400 else f"{text[:400]}…"  # noqa: PLR2004 - about five lines


class _Credential(AuthBase):
    """Sets the Authorization header; always given, for otherwise requests looks into ~/.netrc."""

    def __init__(self, auth: Credentials) -> None:
        self._header = f"Basic {_basic(auth)}" if isinstance(auth, tuple) else f"Bearer {auth}" if auth else ""

    def __repr__(self) -> str:
        return "_Credential(***)"

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if not (self._header.isascii() and self._header.isprintable()):
            raise Refused("the token holds a line break or another character that no token has")
        if self._header:
            request.headers["Authorization"] = self._header
        return request


class _Kept:
    """The last answers that carry an ETag; bounded in number and bytes, the longest unused goes first."""

    def __init__(self) -> None:
        self._answers: OrderedDict[str, Answer] = OrderedDict()
        self._size = 0

    def get(self, address: str) -> Answer | None:
        if address in self._answers:
            self._answers.move_to_end(address)
        return self._answers.get(address)

    def put(self, answer: Answer) -> None:
        old = self._answers.pop(answer.address, None)
        self._size -= len(old.body) if old else 0
        if "ETag" not in answer.headers:
            return
        self._answers[answer.address] = answer
        self._size += len(answer.body)
        while len(self._answers) > _KEPT_ANSWERS or self._size > _KEPT_BYTES:
            self._size -= len(self._answers.popitem(last=False)[1].body)


def _basic(auth: tuple[str, str]) -> str:
    return b64encode(":".join(auth).encode()).decode()


def _secrets(auth: Credentials) -> tuple[str, ...]:
    found = (auth[1], _basic(auth)) if isinstance(auth, tuple) else (auth,) if auth else ()
    return tuple(secret for secret in found if secret)


def _origin(address: str) -> tuple[str, str | None, int | None]:
    parts: SplitResult = urlsplit(address)
    return parts.scheme, parts.hostname, parts.port or {"https": 443, "http": 80}.get(parts.scheme)
