"""How a list goes on, said by a table of the configuration: by `Link` header, cursor, offset or number of the page.

Takes the table; gives the `following` of `Client.pages`, which is made anew for each list, for it counts along.
"""

from collections.abc import Callable
from hashlib import blake2b
from typing import Any, Literal, Self
from urllib.parse import parse_qsl, urljoin, urlsplit

import orjson
from pydantic import BaseModel, ConfigDict, Field, model_validator

from connectors._rest_expressions import Wanted
from connectors.client import Following, Page, Params, by_link

Records = Callable[[Any], list[Any]]


class Table(BaseModel):
    """A table within the settings of a source: nothing else in it."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class Paging(Table):
    """How one list goes on."""

    by: Literal["link", "cursor", "offset", "page", "none"] = Field(
        default="link", description="What leads on: the Link header, a cursor in the body, an offset, a page's number."
    )
    parameter: str | None = Field(
        default=None,
        description="Name of what is sent to go on: by default cursor, offset or page. A cursor that is an address "
        "needs none; with one, only what the address has under that name is sent.",
    )
    cursor: Wanted | None = Field(
        default=None, description="Where a body holds the cursor, or the address of the next page; nothing there ends."
    )
    more: Wanted | None = Field(default=None, description="What in a body is true while there are more pages.")
    size: int | None = Field(default=None, ge=1, description="Records on a full page: one with fewer is the last.")
    size_parameter: str | None = Field(default=None, description="Name under which the size is sent, if it is.")
    first: int = Field(default=1, description="Number of the first page.")

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.by == "cursor") != (self.cursor is not None):
            raise ValueError('by = "cursor" and the expression cursor belong together')
        if self.size_parameter and self.size is None:
            raise ValueError("size_parameter needs a size")
        return self

    def begin(self) -> dict[str, Any]:
        """Return what the first request says of paging."""
        sized = {self.size_parameter: self.size} if self.size_parameter else {}
        return {**sized, self.parameter or "page": self.first} if self.by == "page" else sized

    def following(self, records: Records, address: str) -> Following:
        """Return what leads through one list that begins at an address."""
        match self.by:
            case "link":
                return lambda page: (onward := by_link(page)) and urljoin(address, str(onward))
            case "none":
                return lambda _: None
            case "cursor":
                return lambda page: self._onward(page, address)
        return _Count(self, records)

    def _onward(self, page: Page, address: str) -> str | Params | None:
        found: Any = self.cursor.of(page.body) if self.cursor else None
        if found in (None, "", False) or (self.more and not self.more.holds(page.body)):
            return None
        if not _leads(found):
            return {self.parameter or "cursor": found}
        if self.parameter:
            return {self.parameter: dict(parse_qsl(urlsplit(found).query))[self.parameter]}
        return urljoin(address, str(found))


class _Count:
    """Counts records or pages, and ends after the last; the same page again is an error."""

    def __init__(self, paging: Paging, records: Records) -> None:
        self._paging, self._records = paging, records
        self._at = 0 if paging.by == "offset" else paging.first
        self._seen: set[bytes] = set()

    def __call__(self, page: Page) -> Params | None:
        paging, found = self._paging, self._records(page.body)
        if not found or (paging.more and not paging.more.holds(page.body)):
            return None
        if not paging.more and paging.size and len(found) < paging.size:
            return None
        mark = blake2b(orjson.dumps(found), digest_size=16).digest()
        if mark in self._seen:
            raise ValueError(f"the pages go round in a loop, after {len(self._seen)} of them")
        self._seen.add(mark)
        self._at += len(found) if paging.by == "offset" else 1
        return {paging.parameter or paging.by: self._at}


def _leads(found: object) -> bool:
    """Say whether a cursor is the address of the next page."""
    return isinstance(found, str) and ("://" in found or found.startswith(("/", "?")))
