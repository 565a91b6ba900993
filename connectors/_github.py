"""GitHub's client, repositories and names: what its threads, commits and deploys are read with alike.

Takes an address and a token; gives REST and GraphQL, the repositories that are configured, and the keys of artefacts.
GraphQL is asked where it tells of a hundred records what REST tells of one; it needs a token. A repository has the name
that the configuration has for it, so a renamed one keeps its keys.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from fnmatch import fnmatchcase
from functools import cached_property, partial
from itertools import chain
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from connectors._answer import Answer
from connectors._github_app import Installation
from connectors._reading import instant, keys
from connectors._turns import Turn
from connectors.client import Client, Following, Page, Params
from connectors.contract import Refused, Unavailable, remedy

HIDDEN = (404,)
"""What the token may not see is not found."""

AT_ONCE = 100
"""As many nodes as GraphQL may be asked about in one question."""
_LEAST = 10
_NO_GRAPHQL = (404, 405, 501)
_PROBE = "query Probe { rateLimit { limit remaining } }"
_CREATED = 201
_ELSEWHERE = "the url of an Enterprise Server ends with /api/v3"
_TOO_OLD = {"undefinedField", "argumentNotAccepted"}
_LASTING = {*_TOO_OLD, "FORBIDDEN", "NOT_FOUND", "INSUFFICIENT_SCOPES"}
"""Errors of GraphQL that no second try mends: a permission is missing, or the server is too old for the question."""

_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_MENTION = re.compile(
    r"https?://(?P<host>[^/\s]+)/(?P<there>[\w.-]+/[\w.-]+)/(?:issues|pull|discussions)/(?P<one>[1-9][0-9]*)\b"
    r"|#(?P<number>[1-9][0-9]*)\b"
)
"""An address of a thread, or the end of `owner/name#1` or `#1`: a text is searched for what both begin with alone."""
_BEFORE = re.compile(r"[\w./-]+\Z")
_OTHER = re.compile(r"[\w.-]{1,39}/[\w.-]{1,100}")
_LONGEST = 39 + 1 + 100 + 1
"""So far back it is told whether an owner and a name stand before `#`, and nothing that belongs to them."""
_QUOTED = frozenset("/&>[.-")
"""What stands before a `#` that is no mention: part of an address, of an entity, or `[#1](…)`, which bots quote."""
_ABOVE = re.compile(r"/repos/([\w.-]+/[\w.-]+)/issues/([1-9][0-9]*)$")


class GitHub(Client):
    """A client that speaks GraphQL too, and remembers what need not be asked twice in one pull."""

    def __init__(self, base: str, **options: Any) -> None:
        super().__init__(base, **options)
        self.remembered: dict[tuple[str, str], Any] = {}
        """What is kept from window to window of a long pull, by repository and kind."""
        self._auth = options.get("auth")
        self._signed = self._auth is not None
        self._graphql = f"{base.rstrip('/').removesuffix('/v3')}/graphql"
        self._useless = set[str]()
        self._at_once = AT_ONCE

    @cached_property
    def graphql(self) -> bool:
        """Say whether GraphQL answers: there is a token, and nothing on the way keeps it from us."""
        told = self._asked(_PROBE, {}, lambda data: [data], lambda _: None, partly=True) if self._signed else iter(())
        return next(told, None) is not None

    def ask(self, query: str, **variables: Any) -> Any:
        """Ask GraphQL; None where it may not be asked or does not know the question; nodes it cannot tell are null."""
        if not self.graphql or query in self._useless:
            return None
        return next(self._asked(query, variables, lambda data: [data], lambda _: None, partly=True), None)

    def about(self, query: str, ids: Iterable[str], **variables: Any) -> dict[str, Any]:
        """Ask GraphQL about nodes; gives them by their ids, as far as it tells of them.

        What takes it too long it does not answer at all: then nothing is told, and fewer are asked for next time.
        """
        told, rest = dict[str, Any](), list(ids)
        while rest:
            some, rest = rest[: self._at_once], rest[self._at_once :]
            try:
                data = self.ask(query, ids=some, **variables)
            except Unavailable as error:
                if error.state != "unavailable":
                    raise
                self._at_once, data = max(_LEAST, len(some) // 2), None
            told |= {node["id"]: node for node in (data or {}).get("nodes") or () if node and "id" in node}
        return told

    def nodes(self, query: str, connection: Callable[[Any], Any], **variables: Any) -> Iterator[Any]:
        """Yield the nodes of page after page of a connection of a repository; none where `ask` gives None.

        The query has the variable `after`, and asks for `pageInfo`; `connection` finds it, or None, in the repository.
        """

        def found(data: Any) -> Any:
            return (data and data["repository"] and connection(data["repository"])) or {"nodes": [], "pageInfo": {}}

        def onward(page: Page) -> Any:
            info = found(page.body["data"])["pageInfo"]
            return {"variables": {**variables, "after": info["endCursor"]}} if info.get("hasNextPage") else None

        if not self.graphql or query in self._useless:
            return iter(())
        return self._asked(query, variables, lambda data: [node for node in found(data)["nodes"] if node], onward)

    def _asked(
        self,
        query: str,
        variables: dict[str, Any],
        take: Callable[[Any], list[Any]],
        onward: Following,
        *,
        partly: bool = False,
    ) -> Iterator[Any]:
        def items(told: Any) -> list[Any]:
            return take(told["data"]) if self._is_told(query, told, partly=partly) else []

        body = {"query": query, "variables": variables}
        return self.pages(self._graphql, json=body, items=items, following=onward, absent=_NO_GRAPHQL)

    def _is_told(self, query: str, told: Any, *, partly: bool) -> bool:
        """Say whether GraphQL told what it was asked, or a part; Unavailable if it may do so later."""
        errors = told.get("errors") or []
        some = any(part is not None for part in (told.get("data") or {}).values())
        kinds = {error.get("type") or (error.get("extensions") or {}).get("code") for error in errors}
        if kinds <= _LASTING or (some and partly):
            if kinds & _TOO_OLD:
                self._useless.add(query)
            return some or not errors
        said = "; ".join(str(error.get("message")) for error in errors)
        raise Unavailable(f"{self._graphql} answered with an error: {said}")

    def _answer(self, turn: Turn) -> Answer:
        """Ask, as an app with a token that holds for a while yet."""
        if isinstance(self._auth, Installation):
            self._auth.renew(partial(self._token, self._auth.path))
        return super()._answer(turn)

    def _token(self, path: str) -> tuple[str, datetime]:
        """Ask for a token of the app's installation; gives when it ends, too."""
        address = self._address(path)
        answer = self._exchange("POST", address, None, {})
        page = self._read(replace(answer, status=200) if answer.status == _CREATED else answer, ())
        token: tuple[str, datetime] = self._taken(address, page and page.body, _token)
        return token


def _token(told: Any) -> tuple[str, datetime]:
    return str(told["token"]), instant(told["expires_at"])


class Repository(NamedTuple):
    """A repository; `name` is the configuration's, `path` GitHub's own."""

    name: str
    path: str
    branch: str
    has_issues: bool
    has_discussions: bool
    private: bool
    source: str | None
    """Of a fork, the repository in which the network began: a commit is the same in both."""

    @property
    def api(self) -> str:
        """Where REST has it."""
        return f"/repos/{self.path}"


def repository(told: Any, name: str | None = None) -> Repository:
    """Read what GitHub says of a repository."""
    path, source = told["full_name"], (told.get("source") or {}).get("full_name") if told.get("fork") else None
    switched = told.get("has_issues", True), told.get("has_discussions", False), told.get("private", False)
    return Repository(name or path, path, told["default_branch"], *switched, source)


def repositories(client: GitHub, named: Iterable[str]) -> Iterator[Repository]:
    """Yield the repositories of names and patterns that the token sees, each once."""
    seen = set[str]()
    for name in named:
        for told in _matching(client, name) if "*" in name else _one(client, name):
            if told.path not in seen:
                seen.add(told.path)
                yield told


def _one(client: GitHub, name: str) -> Iterator[Repository]:
    told = client.get(f"/repos/{name}", absent=HIDDEN, read=partial(repository, name=name))
    return iter([told] if told else [])


def _matching(client: GitHub, pattern: str) -> Iterator[Repository]:
    """List what is seen of an organization, or else of a person, whose public repositories only are listed."""
    owner = pattern.partition("/")[0]
    asked: Params = {"per_page": 100, "sort": "full_name"}
    found = client.pages(f"/orgs/{owner}/repos", asked, items=_listed, absent=HIDDEN)
    first = next(found, None)
    rest = client.pages(f"/users/{owner}/repos", asked, items=_listed, absent=HIDDEN) if first is None else found
    for told in chain([first] if first else [], rest):
        if fnmatchcase(told.path.casefold(), pattern.casefold()):
            yield told


def _listed(body: Any) -> list[Repository]:
    return [repository(told) for told in body]


def missing(named: Iterable[str], seen: Iterable[Repository], url: str) -> Refused | None:
    """Say which names nothing was found for; None if there are none."""
    found = {one.casefold() for repository in seen for one in (repository.name, repository.path)}
    gone = [name for name in named if not any(fnmatchcase(one, name.casefold()) for one in found)]
    own = host(url) == urlsplit(url).netloc.casefold() and not url.endswith("/api/v3")
    rest = "the others were read" if found else _ELSEWHERE if own else "and no other is named"
    said = f"GitHub answered 404 for {', '.join(gone)}: not there, or the token does not see it; {rest}"
    return Refused(said, state="not_found", remedy=remedy("not_found")) if gone else None


@dataclass(frozen=True, slots=True)
class Names:
    """The names of one repository's artefacts, and what texts of it name."""

    repository: str
    prefix: str
    """What stands before `owner/name`: `github:`."""
    host: str
    """Where people see this GitHub."""
    pattern: str
    """Finds keys of issues elsewhere."""
    elsewhere: str
    """What stands before such keys."""
    known: Mapping[str, str] = field(default_factory=dict)
    """Names of the repositories that are read, by what they are called anywhere, in lower case."""
    source: str | None = None

    def thread(self, number: int | str, repository: str | None = None) -> str:
        """Name an issue, a pull request or a discussion, of this repository or another; case means nothing there."""
        return f"{self.prefix}{self._known(repository or self.repository)}#{number}"

    def commit(self, sha: str) -> str:
        """Name a commit."""
        return f"{self.prefix}{self.repository}@{sha}"

    def commits(self, shas: Iterable[str]) -> list[str]:
        """Name commits; of a fork also as the repository names them that it was forked from."""
        places = [self.repository, *([self._known(self.source)] if self.source else [])]
        return [f"{self.prefix}{place}@{sha}" for sha in shas for place in places]

    def deployment(self, number: int | str) -> str:
        """Name a deployment."""
        return f"{self.prefix}{self.repository}/deployments/{number}"

    def release(self, tag: str) -> str:
        """Name a release."""
        return f"{self.prefix}{self.repository}/releases/{tag}"

    def groups(self, labels: Iterable[str] = (), paths: Iterable[str] = ()) -> list[str]:
        """Name the groups that something stands in: its labels, the folders that it changes, its repository."""
        here = f"{self.prefix}{self.repository}"
        return [*(f"{here}/labels/{label}" for label in labels), *(f"{here}/paths/{path}" for path in paths), here]

    def keys(self, *texts: str | None) -> list[str]:
        """Name the issues elsewhere whose keys stand in texts."""
        return [self.elsewhere + key for key in keys(self.pattern, *texts)]

    def mentioned(self, *texts: str | None) -> list[str]:
        """Name the threads that texts mention."""
        found = (self._read(match) for text in texts if _may_mention(text) for match in _MENTION.finditer(text or ""))
        return list(dict.fromkeys(key for key in found if key))

    def above(self, address: str | None) -> list[str]:
        """Name the issue whose address in the API this is; none if there is none."""
        found = _ABOVE.search(address or "")
        return [self.thread(found[2], found[1])] if found else []

    def _read(self, found: re.Match[str]) -> str | None:
        if found["number"]:
            before = _BEFORE.search(found.string, max(0, found.start() - _LONGEST), found.start())
            if before is None:
                quoted = found.string[max(0, found.start() - 1) : found.start()] in _QUOTED
                return None if quoted else self.thread(found["number"])
            return self.thread(found["number"], before[0]) if _OTHER.fullmatch(before[0]) else None
        host = found["host"].casefold().removeprefix("www.")
        if host == self.host:
            return self.thread(found["one"], found["there"])
        return f"github:{found['there']}#{found['one']}" if host == "github.com" else None

    def _known(self, repository: str) -> str:
        return self.known.get(repository.casefold(), repository)


def host(url: str) -> str:
    """Tell where people see the GitHub whose API has this address."""
    return urlsplit(url).netloc.casefold().removeprefix("api.")


def _may_mention(text: str | None) -> bool:
    """Say whether a text is worth a closer look, which takes a quarter of a millisecond; most mention nothing."""
    return text is not None and ("#" in text or "://" in text)


def text(thread: Any) -> str:
    """Give what a person wrote, without the hints of a template."""
    return _COMMENT.sub("", thread.get("body") or "")
