"""Outbound HTTP: paging, retries, limits, conditional requests and redaction, on requests and tenacity.

Takes a base address and credentials; gives parsed JSON, or one of the errors of `contract.py`, each of which names the
address, what came from it, the state in which the source is and what to do. This is the only file that sleeps. The
credentials go to the origin of the base address and to no other, and stand in no log line, error or repr.

`_wire.py` makes one request, `_answer.py` and `_limits.py` read what it says, `_hosts.py` knows what each host allows,
`_patience.py` asks again, `_turns.py` goes from page to page.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Self
from urllib.parse import urljoin, urlsplit

import orjson
import requests

from connectors import _traffic
from connectors._answer import Again, Answer, limit, limited_within, message, shown, told, verdict
from connectors._hosts import HOSTS, IN_FLIGHT, Account, Hosts, origin, resource
from connectors._kept import Kept
from connectors._limits import allowance, http_date
from connectors._patience import NotNow, Patience
from connectors._traffic import ENDED, Ended, Traffic, Unheard
from connectors._turns import (
    Ahead,
    Following,
    Known,
    Onward,
    Page,
    Turn,
    by_link,
    by_next_page,
    by_start,
    to_last_link,
    to_total,
    to_total_pages,
)
from connectors._wire import Bounds, Credentials, Params, Wire
from connectors.contract import Refused, Settings, SourceError, Unreadable

__all__ = [
    "ENDED",
    "Client",
    "Credentials",
    "Ended",
    "Following",
    "Hosts",
    "Known",
    "Onward",
    "Page",
    "Params",
    "Traffic",
    "Unheard",
    "by_link",
    "by_next_page",
    "by_start",
    "listed",
    "to_last_link",
    "to_total",
    "to_total_pages",
]

_PAGES = 100_000
_REDIRECTS = {301, 302, 303, 307, 308}
_HOPS = 5
_MEGABYTE = 1024 * 1024
_ELSEWHERE = "set url to where the tool itself answers; a sign-in page elsewhere means that the token is not taken"


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
        proxy: str | None = None,
        ca_bundle: Path | None = None,
        sleep: Callable[[float], None] = time.sleep,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        timer: Callable[[], float] = time.monotonic,
        timeout: tuple[float, float] = (10, 60),
        total_seconds: float = 300,
        attempts: int = 6,
        patience_seconds: float = 900,
        limit_bytes: int = 64 * _MEGABYTE,
        traffic: Traffic | None = None,
        hosts: Hosts = HOSTS,
    ) -> None:
        """Open a session; `timeout` is to connect and between two pieces of an answer, in seconds."""
        self.now = now
        self._base = base.rstrip("/")
        self._traffic = traffic or Unheard()
        self._host, self._whose = hosts.at(self._base), hash(auth)
        self._patience = Patience(self._host, self._traffic, sleep, now, attempts, patience_seconds)
        said = {"User-Agent": "ttv", "Accept": "application/json", **(headers or {})}
        bounds = Bounds(*timeout, total_seconds, limit_bytes)
        self._wire = Wire(auth, said, bounds, timer=timer, proxy=proxy, ca_bundle=ca_bundle)
        self._safe = self._wire.safe
        self._lag, self._lock = 0.0, threading.Lock()
        self._kept = Kept()

    @classmethod
    def of(cls, settings: Settings, base: str, **options: Any) -> Self:
        """Open a session as what all sources can be told says: proxy, authorities, time-out and bound."""
        said = {
            "proxy": settings.proxy,
            "ca_bundle": settings.ca_bundle,
            "timeout": (10, settings.timeout_seconds),
            "total_seconds": max(300, 2 * settings.timeout_seconds),
            "limit_bytes": settings.limit_megabytes * _MEGABYTE,
        }
        return cls(base, **{**said, **options})

    def __repr__(self) -> str:
        return f"Client({self._base!r})"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._wire.close()

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
        turn = Turn(self._address(path), params)
        page = self._ask(turn, absent)
        return page and self._taken(turn.address, page.body, read)

    def refusal(self, path: str, params: Params | None = None) -> Refused | Unreadable | None:
        """Ask for what may be refused or gone, and say how it is; None if it is given."""
        try:
            self.get(path, params)
        except Refused as refused:
            return refused
        except Unreadable as error:
            if error.state != "gone":
                raise
            return error
        return None

    def post(self, path: str, json: Any, *, read: Callable[[Any], Any] = lambda body: body) -> Any:
        """Post JSON to where that only reads, for it may be repeated; give the parsed body, as `read` takes it."""
        turn = Turn(self._address(path), None, json)
        page = self._ask(turn, ())
        return page and self._taken(turn.address, page.body, read)

    def pages(
        self,
        path: str,
        params: Params | None = None,
        *,
        items: str | Callable[[Any], list[Any]] | None = None,
        following: Following = by_link,
        json: Mapping[str, Any] | None = None,
        absent: tuple[int, ...] = (),
        known: Known | None = None,
        in_flight: int = IN_FLIGHT,
    ) -> Iterator[Any]:
        """Yield the records of page after page, in order; the second page only when it is needed, later ones meanwhile.

        `items` names the list within a body (None: the body is the list), or takes the list out of it. With `json`
        the pages are posted for, and what `following` gives goes into that body. A page that comes round again is
        an error, not an endless loop. Where `known` tells from the first page which others there are, up to
        `in_flight` of them are asked for before their turn, once the first page is used up; 0 asks for none early.
        """
        take = items if callable(items) else lambda body: listed(body, items)
        for address, page in self._turned(Turn(self._address(path), params, json), following, absent, known, in_flight):
            yield from self._taken(address, page.body, take)

    def beside(
        self, path: str, bodies: Iterable[Mapping[str, Any]], *, items: str, following: Following
    ) -> Iterator[Any]:
        """Yield the records of several lists that are posted for, a page of each in turn.

        While a page is used, the next one of every list is asked for; what one list says has no bearing on another.
        """
        turns = deque(Turn(self._address(path), None, body) for body in bodies)
        seen = set[bytes]()
        with Ahead(partial(self._attempt_now, absent=()), IN_FLIGHT) as ahead:
            for turn in turns if len(turns) > 1 else ():
                ahead.add(turn)
            while turns:
                yield from self._next_of(turns, seen, ahead, items, following)

    def _next_of(
        self, turns: deque[Turn], seen: set[bytes], ahead: Ahead, items: str, following: Following
    ) -> list[Any]:
        """Take the page whose turn it is, and let its successor stand in line; nothing of it is kept here."""
        turn = turns.popleft()
        self._note_turn(turn, seen)
        page = self._ask(turn, (), ahead.take(turn))
        if page is None:
            return []
        if onward := self._onward(turn, page, following):
            turns.append(onward)
            if onward.key not in seen:
                ahead.add(onward)
        records: list[Any] = self._taken(turn.address, page.body, lambda body: listed(body, items))
        return records

    def gather(self, path: str, params: Params | None = None, *, items: str, absent: tuple[int, ...] = ()) -> Any:
        """Get the body of the first of pages that are linked, with the list named `items` of all of them in it."""
        bodies: list[Any] = []

        def kept(body: Any) -> list[Any]:
            bodies.append(body)
            return listed(body, items)

        records = list(self.pages(path, params, items=kept, absent=absent))
        return {**bodies[0], items: records} if bodies else None

    def _turned(
        self, first: Turn, following: Following, absent: tuple[int, ...], known: Known | None, in_flight: int
    ) -> Iterator[tuple[str, Page]]:
        turn: Turn | None = first
        seen = set[bytes]()
        with Ahead(partial(self._attempt_now, absent=absent), in_flight) as ahead:
            while turn:
                self._note_turn(turn, seen)
                page = self._ask(turn, absent, ahead.take(turn))
                if page is None:
                    return
                if known or len(seen) == 1:
                    yield turn.address, page
                    onward = self._onward(turn, page, following)
                    if known and len(seen) == 1:
                        likely = self._taken(turn.address, page, known)
                        ahead.expect(partial(turn.to, resolve=self._address)(one) for one in likely)
                    ahead.begin(len(seen))
                else:
                    onward = self._onward(turn, page, following)
                    ahead.expect([onward] if onward and onward.key not in seen else [])
                    ahead.begin(1)
                    yield turn.address, page
                turn = onward

    def _note_turn(self, turn: Turn, seen: set[bytes]) -> None:
        if turn.key in seen or len(seen) == _PAGES:
            said = f"{self._safe(turn.address)}: the pages go round in a loop, after {len(seen)} of them"
            raise told(Unreadable, said, "unreadable")
        seen.add(turn.key)

    def _onward(self, turn: Turn, page: Page, following: Following) -> Turn | None:
        onward = self._taken(turn.address, page, following)
        return None if onward is None else turn.to(onward, self._address)

    def _taken(self, address: str, came: Any, take: Callable[[Any], Any]) -> Any:
        """Take what is wanted out of a body, or say what came instead."""
        try:
            return take(came)
        except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
            why = f"{type(error).__name__}: {error}"
            body = self._safe(shown(came.body if isinstance(came, Page) else came))
            said = f"{self._safe(address)}: not what it promises ({why}): {body}"
            raise told(Unreadable, said, "unreadable") from error

    def _address(self, path: str) -> str:
        """Make a path absolute; an address of another origin is refused, for the credentials would go there."""
        address = path if "://" in path else f"{self._base}/{path.lstrip('/')}"
        if origin(address) != origin(self._base):
            said = f"{self._base} leads to another host, {self._safe(address)}; not followed"
            raise Unreadable(said, remedy=_ELSEWHERE)
        return address

    def _account(self, turn: Turn) -> Account:
        return self._whose, resource(turn.address)

    def _ask(self, turn: Turn, absent: tuple[int, ...], first: Callable[[], Page | None] | None = None) -> Page | None:
        once = partial(self._attempt, turn, absent)
        return self._patience.ask(self._safe(turn.address), self._account(turn), once, first)

    def _attempt_now(self, turn: Turn, absent: tuple[int, ...]) -> Page | None:
        """Ask once, if the host may be asked; for threads beside the one that waits."""
        if self._host.begin(self._account(turn), self.now()):
            raise NotNow
        return self._attempt(turn, absent)

    def _attempt(self, turn: Turn, absent: tuple[int, ...]) -> Page | None:
        """Ask once, through redirects on the same host; the host knows already that a request begins."""
        answer: Answer | None = None
        try:
            with self._host.turns:
                answer = self._answer(turn)
        finally:
            left = allowance(answer.headers, http_date(answer.headers.get("Date")) or self.now()) if answer else None
            self._host.end(self._account(turn), left, self.now())
        return self._read(answer, absent)

    def _answer(self, turn: Turn) -> Answer:
        address, params = turn.address, turn.params
        for _ in range(_HOPS):
            answer = self._exchange(turn.method, address, params, turn.json)
            if answer.status not in _REDIRECTS:
                return answer
            address = self._address(urljoin(answer.address, answer.headers.get("Location", "")))
            params = None if urlsplit(address).query else params
        raise told(Unreadable, f"{self._safe(address)}: redirected more than {_HOPS} times", "unreadable")

    def _exchange(self, method: str, address: str, params: Params | None, json: Any) -> Answer:
        found: list[Answer] = []

        def known(url: str) -> str | None:
            found.extend(filter(None, [self._kept.get(url)]))
            return found[0].headers["ETag"] if found else None

        try:
            answer = self._wire.exchange(method, address, params, json, known if method == "GET" else lambda _: None)
        except (Again, SourceError):
            self._traffic.requested("failed")
            raise
        limited = limit(answer, self.now(), "")
        self._traffic.requested(_traffic.ended(answer.status, limited=bool(limited and limited.state == "throttled")))
        self._note_clock(answer)
        if answer.status == requests.codes.not_modified and found:
            return found[0]
        if method == "GET" and answer.status == requests.codes.ok:
            self._kept.put(answer)
        return answer

    def _note_clock(self, answer: Answer) -> None:
        there = http_date(answer.headers.get("Date"))
        if there:
            with self._lock:
                self._lag = max(self._lag, (self.now() - there).total_seconds())

    def _read(self, answer: Answer, absent: tuple[int, ...]) -> Page | None:
        """Turn an answer into a page, or into the error that its status stands for."""
        if answer.status in absent:
            return None
        if answer.status == requests.codes.ok:
            return self._page(answer)
        said = f"{answer.status} {self._safe(message(answer.body))}".rstrip()
        again = limit(answer, self.now(), said)
        if again:
            raise again
        raise verdict(answer.status, f"{self._safe(answer.address)} answered {said}")

    def _page(self, answer: Answer) -> Page:
        try:
            body = orjson.loads(answer.body)
        except orjson.JSONDecodeError as error:
            kind = answer.headers.get("Content-Type", "no content type")
            came = self._safe(shown(answer.body)) if answer.body else "nothing"
            said = f"{self._safe(answer.address)} answered with {kind} that is no whole JSON ({error}): {came}"
            raise told(Unreadable, said, "unreadable") from error
        again = limited_within(answer, body, self.now())
        if again:
            raise again
        links = {rel: link["url"] for rel, link in answer.links.items() if "url" in link}
        return Page(body, links, answer.headers)
