"""How Jira counts its pages: by a token or by `startAt`; takes a page, gives what the next one is asked for by.

A server counts pages by their place in a list that others change meanwhile: when an issue leaves it, all that follow
move up, and the one at the edge would be on no page. So pages overlap, and one that begins with nothing known is asked
for again from further up.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from connectors.client import Client, Page, Params, listed
from connectors.contract import Unavailable

_OVERLAP = 5
"""So many issues may leave the list between two pages without harm."""
_TURNS = 20


def next_token(page: Page) -> Params | None:
    """Follow `nextPageToken`; `isLast` is not to be trusted."""
    token = page.body.get("nextPageToken")
    return {"nextPageToken": token} if token else None


def next_start(page: Page) -> Params | None:
    """Follow `startAt` until `isLast`."""
    body = page.body
    return None if body.get("isLast", True) else {"startAt": body["startAt"] + len(body["values"])}


class _Overlap:
    """Goes from page to page of one list with an overlap; `slipped` says from where to ask again."""

    def __init__(self) -> None:
        self._seen = set[str]()
        self.slipped: int | None = None

    def following(self, page: Page) -> Params | None:
        """Give the next start; None at the end, and where the page does not join those before it."""
        start, ids = page.body["startAt"], [str(issue["id"]) for issue in listed(page.body, "issues")]
        joins = start == 0 or not self._seen.isdisjoint(ids)
        self._seen.update(ids)
        self.slipped = None if joins else max(0, start - max(len(ids), _OVERLAP))
        if not joins or not ids or start + len(ids) >= page.body["total"]:
            return None
        return {"startAt": start + _step(len(ids))}

    def known(self, page: Page) -> Iterator[Params]:
        """List the starts of the other pages, if all are as long as the first."""
        start, got = page.body["startAt"], len(page.body["issues"])
        if got:
            last = page.body["total"] - got + _step(got)
            yield from ({"startAt": at} for at in range(start + _step(got), last, _step(got)))


def _step(length: int) -> int:
    """Say how far a page of that length leads on."""
    return length - min(_OVERLAP, length // 2)


def steadily(
    client: Client, path: str, body: Mapping[str, Any], items: str | Callable[[Any], list[Any]] = "issues"
) -> Iterator[Any]:
    """Yield a server's issues of page after page, some of them twice, none never.

    Pages may slip only so often, then it is Unavailable: so many issues that leave the list are no work of people.
    """
    pages, start = _Overlap(), 0
    for _ in range(_TURNS):
        asked = {**body, "startAt": start}
        yield from client.pages(path, items=items, json=asked, following=pages.following, known=pages.known)
        if pages.slipped is None:
            return
        start = pages.slipped
    raise Unavailable(f"the list of issues moves faster than it can be read, at the {start}th of them")
