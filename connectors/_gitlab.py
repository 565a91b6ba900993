"""GitLab's pages, projects and names: what its issues, merge requests and deployments are read with alike.

Takes a client; gives the records of lists that GitLab pages by number, by cursor or not at all, and the names of
artefacts. Of the link to a next page only its cursor is taken, never its address: behind a proxy that ends TLS, GitLab
writes links that lead to another scheme or host.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

from connectors._reading import keys, touched
from connectors.client import Client, Page, Params, by_link, listed

API = "/api/v4"
HIDDEN = (403, 404)
"""What a plan does not have answers 403, what a token may not see 404."""

_CURSORS = {"cursor", "id_after", "page"}
_NAMESPACE = r"[\w.-]{1,255}(?:/[\w.-]{1,255}){0,20}"


def onward(page: Page) -> Params | None:
    """Go on to the page that the link names, by its cursor or its number."""
    link = by_link(page)
    if link is None:
        return None
    found = {name: value for name, value in parse_qsl(urlsplit(link).query) if name in _CURSORS}
    if not found:
        raise ValueError(f"the link to the next page, {link}, holds no cursor")
    return found


def by_time(page: Page) -> Params | None:
    """Go on from the time of the last record, where GitLab would count pages.

    A numbered page skips what moved up while the one before was read, and GitLab numbers no more than 50,000 records.
    """
    found = onward(page)
    if found is None or "page" not in found:
        return found
    first, last = (touched(page.body[place], "updated_at") for place in (0, -1))
    if first is None or last is None or first >= last:
        return found
    return {"updated_after": page.body[-1]["updated_at"], "page": None}


def once(records: Iterable[Any]) -> Iterator[Any]:
    """Leave out what comes again at the boundary of two pages, where both hold the records of one instant."""
    at, seen = None, set[Any]()
    for record in records:
        if isinstance(record, dict) and "id" in record:
            at, seen = (at, seen) if record.get("updated_at") == at else (record.get("updated_at"), set())
            if record["id"] in seen:
                continue
            seen.add(record["id"])
        yield record


def second(at: datetime) -> str:
    """Write an instant as GitLab reads it, rounded down: it keeps more digits than it prints."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def pages(client: Client, path: str, params: Params | None = None, *, absent: tuple[int, ...] = ()) -> Iterator[Any]:
    """Yield the records of a list that has no order by time."""
    return client.pages(API + path, {"per_page": 100, **(params or {})}, following=onward, absent=absent)


def ask(client: Client, query: str, **variables: str) -> Any:
    """Ask GraphQL for what REST does not tell; None where it is not reached, or tells nothing."""
    body = {"query": query, "variables": variables}
    answered = client.pages(
        "/api/graphql", json=body, items=lambda told: [told.get("data")], following=lambda _: None, absent=HIDDEN
    )
    return next(answered, None)


@dataclass(frozen=True, slots=True)
class Project:
    """A project; `name` is its path, as the configuration has it if it is named there."""

    id: int
    name: str
    path: str
    branch: str | None
    address: str
    """Where GitLab says that people see it."""
    told: Mapping[str, Any]

    @property
    def api(self) -> str:
        """Where the API has it: by its number, which stays when it is renamed."""
        return f"/projects/{self.id}"

    def has(self, *features: str) -> bool:
        """Say whether no feature of these, such as `issues`, is switched off."""
        return all(self.told.get(f"{feature}_access_level") != "disabled" for feature in features)


def projects(client: Client, named: Iterable[str], groups: Iterable[str]) -> Iterator[Project]:
    """Yield the projects that are named and those of groups and their subgroups, each once.

    Where nothing is named, yield those of which the token's user is a member.
    """
    seen = set[int]()
    for name in named:
        found = client.get(f"{API}/projects/{quote(name, safe='')}", read=partial(_project, name=name))
        if found.id not in seen:
            seen.add(found.id)
            yield found
    lists: list[tuple[str, Params]] = [
        (f"/groups/{quote(group, safe='')}/projects", {"include_subgroups": "true"}) for group in groups
    ]
    if not seen and not lists:
        lists = [("/projects", {"membership": "true", "pagination": "keyset"})]
    for path, more in lists:
        asked: Params = {"order_by": "id", "sort": "asc", "per_page": 100, **more}
        for found in client.pages(API + path, asked, items=_listed_projects, following=onward):
            if found.id not in seen:
                seen.add(found.id)
                yield found


def _project(told: Any, name: str | None = None) -> Project:
    path = told["path_with_namespace"]
    address = told["web_url"].removesuffix(f"/{path}")
    return Project(told["id"], name or path, path, told.get("default_branch"), address, told)


def _listed_projects(body: Any) -> list[Any]:
    return [_project(told) for told in listed(body, None)]


@dataclass(frozen=True, slots=True)
class Names:
    """The names of artefacts, as GitLab and the texts of people call them."""

    addresses: tuple[str, ...]
    """Where people see GitLab: as the configuration has it, and as GitLab calls itself."""
    pattern: str
    prefix: str
    known: Mapping[str, str] = field(default_factory=dict)
    """Names of the projects that are read, by their path in lower case."""
    _mention: re.Pattern[str] = field(init=False)

    def __post_init__(self) -> None:
        here = f"(?:{'|'.join(map(re.escape, self.addresses))})"
        mention = (
            rf"{here}/(?P<there>{_NAMESPACE})/-/(?P<what>issues|work_items|merge_requests|epics)/(?P<number>[1-9]\d*)\b"
            rf"|(?<![\w./&>\[-])(?P<other>{_NAMESPACE})?(?P<sign>[#!])(?P<short>[1-9]\d*)\b"
        )
        object.__setattr__(self, "_mention", re.compile(mention, re.ASCII))

    def thread(self, path: str, sign: str, number: int | str) -> str:
        """Name an issue (`#`), a merge request (`!`) or an epic (`&`); paths differ in case and mean the same."""
        return f"gitlab:{self.known.get(path.casefold(), path)}{sign}{number}"

    def reference(self, full: str) -> str:
        """Name what GitLab calls `group/project#12`."""
        path, sign, number = re.split(r"([#!&])", full)
        return self.thread(path, sign, number)

    def keys(self, *texts: str | None) -> list[str]:
        """Name the issues elsewhere whose keys stand in texts."""
        return [self.prefix + key for key in keys(self.pattern, *texts)]

    def mentioned(self, path: str, *texts: str | None) -> list[str]:
        """Name what texts of a project mention: addresses, `group/project#12`, `project#12`, `#12` and `!34`."""
        found = (match for text in texts if text for match in self._mention.finditer(text))
        return list(dict.fromkeys(self._read(path, match) for match in found))

    def _read(self, path: str, match: re.Match[str]) -> str:
        if match["there"]:
            group = re.fullmatch(r"groups/(.+)", match["there"])
            sign = "&" if group else "!" if match["what"] == "merge_requests" else "#"
            return self.thread(group[1] if group else match["there"], sign, match["number"])
        other = match["other"] or path
        if "/" not in other:
            other = f"{path.rpartition('/')[0]}/{other}"
        return self.thread(other, match["sign"], match["short"])
