"""Page after page: what one request asks for, where the next one is, and pages that are asked for before their turn.

The answer of each page says where the next one is; that alone decides what is yielded. From the second page on the next
one is asked for while one is used: by then whoever reads has gone on once. Where a first page tells how many there are,
an `Ahead` has the likely ones asked for by a few threads meanwhile: what they bring is used if it is what was to be
asked next, and thrown away if not. Only as many pages are ahead as were read already, four at the most, so whoever
stops early has cost the tool little, and memory does not grow with the number of pages.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Self
from urllib.parse import parse_qsl, urlencode, urlsplit

import orjson

from connectors._wire import Params

_NUMBERED = 100
"""GitHub refuses to count pages beyond about the hundredth; from there its links lead on by a cursor."""


@dataclass(frozen=True, slots=True)
class Page:
    """One answer: its parsed body, the addresses of its `Link` header by their `rel`, and its headers."""

    body: Any
    links: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)


Onward = str | Params
"""Where a page is: its address, or the parameters that differ there, of which None drops one."""
Following = Callable[[Page], Onward | None]
"""Where the next page is; None after the last."""
Known = Callable[[Page], Iterable[Onward]]
"""Where all the pages after a first one probably are, in order; none if it does not tell."""


@dataclass(frozen=True)
class Turn:
    """One request for a page."""

    address: str
    params: Params | None = None
    json: Mapping[str, Any] | None = None

    @property
    def method(self) -> str:
        """Name how it is asked for."""
        return "GET" if self.json is None else "POST"

    @cached_property
    def key(self) -> bytes:
        """Tell requests apart, whether their parameters stand in the address or beside it."""
        parts = urlsplit(self.address)
        beside = ((name, str(value)) for name, value in (self.params or {}).items() if value is not None)
        query = sorted([*parse_qsl(parts.query, keep_blank_values=True), *beside])
        told = [parts.netloc, parts.path, query, self.json]
        return orjson.dumps(told, default=str, option=orjson.OPT_SORT_KEYS)

    def to(self, onward: Onward, resolve: Callable[[str], str]) -> "Turn":
        """Give the request for the page that is onward from here."""
        if isinstance(onward, str):
            return Turn(resolve(onward), None, self.json)
        if self.json is not None:
            return replace(self, json={**self.json, **onward})
        return replace(self, params={**(self.params or {}), **onward})


class Ahead:
    """Pages that are asked for before their turn, each by one attempt and no wait; a context that ends with them."""

    def __init__(self, attempt: Callable[[Turn], Page | None], most: int) -> None:
        self._attempt, self._most = attempt, most
        self._likely: Iterator[Turn] = iter(())
        self._asked: deque[tuple[bytes, Future[Page | None]]] = deque()
        self._threads: ThreadPoolExecutor | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._forget()
        if self._threads:
            self._threads.shutdown(wait=True, cancel_futures=True)

    def expect(self, likely: Iterable[Turn]) -> None:
        """Learn which requests will probably come."""
        self._likely = iter(likely)

    def begin(self, read: int) -> None:
        """Ask for the likely ones, as many as were read already but for the most that may be under way."""
        while len(self._asked) < min(self._most, 2 * read):
            turn = next(self._likely, None)
            if turn is None:
                return
            self.add(turn)

    def add(self, turn: Turn) -> None:
        """Ask at once for what will come after everything else."""
        self._threads = self._threads or ThreadPoolExecutor(self._most, thread_name_prefix="pages")
        self._asked.append((turn.key, self._threads.submit(self._attempt, turn)))

    def take(self, turn: Turn) -> Callable[[], Page | None] | None:
        """Give what brings the answer of a request that was expected; None, and nothing expected, if it was not."""
        if self._asked and self._asked[0][0] == turn.key:
            return self._asked.popleft()[1].result
        self._forget()
        return None

    def _forget(self) -> None:
        self._likely = iter(())
        for _, future in self._asked:
            future.cancel()
        self._asked.clear()


def by_link(page: Page) -> str | None:
    """Follow `Link: <…>; rel="next"`."""
    return page.links.get("next")


def to_last_link(page: Page) -> Iterator[str]:
    """List the pages from the link `next` to the link `last`, where they differ in nothing but their number."""
    following, last = _numbered(page.links.get("next")), _numbered(page.links.get("last"))
    if following is None or last is None or following[:2] != last[:2]:
        return
    address, query, first = following
    for number in range(first, min(last[2], _NUMBERED) + 1):
        numbered = [(name, str(number) if name == "page" else value) for name, value in query]
        yield f"{address}?{urlencode(numbered)}"


def by_next_page(page: Page) -> Params | None:
    """Follow GitLab's header `X-Next-Page`, which is empty on the last page."""
    number = page.headers.get("X-Next-Page", "").strip()
    return {"page": int(number)} if number else None


def to_total_pages(page: Page) -> Iterator[Params]:
    """List the pages up to GitLab's header `X-Total-Pages`, which large lists lack."""
    first, last = page.headers.get("X-Next-Page", "").strip(), page.headers.get("X-Total-Pages", "").strip()
    if first.isdecimal() and last.isdecimal():
        yield from ({"page": number} for number in range(int(first), int(last) + 1))


def by_start(items: str) -> Following:
    """Follow Jira's `startAt` up to its `total`, by the length of the list of that name, however long it was to be."""

    def following(page: Page) -> Params | None:
        start, got = page.body["startAt"] + len(page.body[items]), len(page.body[items])
        return {"startAt": start} if got and start < page.body["total"] else None

    return following


def to_total(items: str) -> Known:
    """List the pages up to Jira's `total`, if all are as long as the first."""

    def known(page: Page) -> Iterator[Params]:
        start, got = page.body["startAt"], len(page.body[items])
        if got:
            yield from ({"startAt": at} for at in range(start + got, page.body["total"], got))

    return known


def _numbered(address: str | None) -> tuple[str, list[tuple[str, str]], int] | None:
    """Take an address apart: without its query, the query with no number of the page, and that number."""
    address, _, query = (address or "").partition("?")
    found = parse_qsl(query, keep_blank_values=True)
    numbers = [value for name, value in found if name == "page"]
    if len(numbers) != 1 or not numbers[0].isdecimal():
        return None
    return address, [(name, "" if name == "page" else value) for name, value in found], int(numbers[0])
