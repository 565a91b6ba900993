"""Jira Cloud: ideas, decisions and starts of work from issues and their changelogs; initiatives by a JQL query.

Reads `/rest/api/3`: `myself`, `status`, `search/jql` with `expand=changelog`, and `changelog/bulkfetch` for the
histories that the search cuts short. Takes issues by their `updated`; yields for each an `Artefact` with its parents
(parent, epic, links such as "implements"), an `Event` for its creation if it is an idea, for each decision upon an
idea, for each time work on it began, and an `Initiative` for each issue that the query `initiatives` matches.

An issue that is deleted, or that the account may no longer see, is simply not found any more: what was known stays.
A moved issue keeps its events, for these are named by its number; its old key becomes a child of the new one.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from connectors import _jira_survey, contract
from connectors._jql import both, quoted, span
from connectors._reading import WebAddress, batches, direction, evolution, instant, same
from connectors.client import Client, Page, listed
from connectors.contract import Artefact, Event, Initiative, Item, Withdrawn

WINDOW: timedelta | None = timedelta(days=30)
"""A first pull is stored month by month, by the time when issues were last touched."""

_BATCH = 100
_FIELDS = (
    *("summary", "issuetype", "status", "created", "updated", "parent", "issuelinks"),
    *("project", "components", "labels", "priority", "assignee", "reporter"),
)

Outcome = Literal["approved", "rejected", "stopped", "deferred"]


class Statuses(BaseModel):
    """Names of statuses, or of resolutions, by what they mean; case does not matter."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    approved: tuple[str, ...] = Field(
        default=("Approved", "Accepted", "Committed", "Selected for Development", "Go"),
        description="An idea got its yes.",
    )
    rejected: tuple[str, ...] = Field(
        default=("Rejected", "Declined", "Won't Do", "No Go"), description="An idea got its no before work began."
    )
    stopped: tuple[str, ...] = Field(
        default=("Cancelled", "Canceled", "Stopped", "Abandoned"),
        description="An idea was stopped after it had its yes.",
    )
    deferred: tuple[str, ...] = Field(
        default=("Deferred", "On Hold", "Parked"), description="The decision was put off: neither a yes nor a no."
    )
    considering: tuple[str, ...] = Field(
        default=("Discovery", "Under Review", "In Review", "Under Consideration"),
        description="An idea is being weighed; never a start of work, whatever the category of the status.",
    )
    start: tuple[str, ...] = Field(
        default=(), description="Work is under way; empty: every other status that Jira counts as in progress."
    )


class Settings(contract.Settings):
    """What to read of one Jira Cloud site."""

    url: WebAddress = Field(description="Address of the site.", examples=["https://example.atlassian.net"])
    email: str = Field(
        "", description="Mail address of the account of the token; empty if the token is an OAuth token."
    )
    token: SecretStr = Field(description="API token of the account.")
    projects: tuple[str, ...] = Field(
        default=(), description="Keys of the projects to read; empty: all that the account sees."
    )
    jql: str = Field(default="", description="A further condition in JQL on the issues to read, without ORDER BY.")
    initiatives: str = Field(
        default="issuetype = Initiative", description="JQL of the issues that are initiatives; empty: none of them."
    )
    ideas: tuple[str, ...] = Field(default=("Idea", "Initiative"), description="Issue types that are ideas.")
    statuses: Statuses = Field(default=Statuses(), description="What the statuses mean, as lists of names.")
    parent_links: tuple[str, ...] = Field(
        default=("implements", "is child of", "is part of", "Polaris work item link"),
        description="Links that lead from an issue to its parent: their phrase, or the name of their type if outward.",
    )
    epic_field: str | None = Field(
        default=None, description="Custom field that holds an issue's epic, where there is still one."
    )
    idea_date_field: str | None = Field(
        default=None,
        description="Custom field with the date when leadership first heard of an idea; it overrides the creation.",
    )
    top_down_labels: tuple[str, ...] = Field(
        default=("top-down",), description="Labels of initiatives that leadership began."
    )
    bottom_up_labels: tuple[str, ...] = Field(
        default=("bottom-up",), description="Labels of initiatives that those who do the work began."
    )


def client(settings: Settings, **options: Any) -> Client:
    """Make a client for the site; the options are those of `Client`, such as `sleep` and `now`."""
    token = settings.token.get_secret_value()
    return Client.of(settings, settings.url, auth=(settings.email, token) if settings.email else token, **options)


def check(settings: Settings, client: Client) -> Iterator[str]:
    """Say who is signed in, and how many issues and initiatives the account sees in each project."""
    yield f"signed in as {_myself(client)}"
    _categories(client)
    search = client.pages("/rest/api/3/project/search", {"maxResults": 100}, items=_keys, following=_next_start)
    seen = sorted(search)
    yield from (f"project {key}: not visible to this account" for key in settings.projects if key not in seen)
    for key in (key for key in seen if key in settings.projects or not settings.projects):
        yield f"project {key}: {_count(client, f'project in ({quoted(key)})', settings.jql)} issues"
    if settings.initiatives:
        yield f"initiatives: {_count(client, *_chosen(settings), settings.initiatives)}"


def survey(settings: Settings, client: Client) -> contract.Survey:
    """Say what the account sees of the site, and propose what its statuses, types and fields mean."""
    return _jira_survey.survey(client, settings.url)


def events(settings: Settings, client: Client, since: datetime, until: datetime | None) -> Iterator[Item]:
    """Yield what the issues say that were touched in [since, until), initiatives first."""
    _myself(client)
    site = _Site(settings, _categories(client))
    touched = span(since, until)
    seen: set[str] = set()
    if settings.initiatives:
        found = _issues(settings, client, seen, settings.initiatives, touched)
        yield from contract.each(found, site.initiative)
    yield from contract.each(_issues(settings, client, seen, touched), site.issue)


@dataclass(frozen=True, slots=True)
class _Move:
    """A change of an issue's status or resolution; the first status is a change from nothing."""

    id: str
    at: datetime
    actor: str | None
    name: str = ""
    to: str = ""
    status: bool = False


@dataclass(frozen=True, slots=True)
class _Site:
    """Reads the issues of one site."""

    settings: Settings
    categories: Mapping[str, tuple[str, str]]
    """Name and category of each status, by its id."""

    def initiative(self, issue: Any) -> Iterator[Item]:
        """Read an issue that the query of the initiatives matches."""
        key, fields = issue["key"], issue["fields"]
        labels = list(fields.get("labels") or ())
        components = fields.get("components") or [fields.get("project") or {}]
        told = {
            "project": (fields.get("project") or {}).get("key"),
            "priority": (fields.get("priority") or {}).get("name"),
        }
        yield Initiative(
            key=key,
            name=fields["summary"],
            team=components[0].get("name"),
            owner=_person(fields.get("assignee")),
            url=self._page(key),
            direction=direction(labels, self.settings.top_down_labels, self.settings.bottom_up_labels),
            claims=(f"jira:{key}",),
            labels={name: value for name, value in told.items() if value},
            evolution=evolution(labels),
        )
        yield from self._read(issue, idea=True)

    def issue(self, issue: Any) -> Iterator[Item]:
        """Read any other issue."""
        return self._read(issue, idea=same(issue["fields"]["issuetype"]["name"], self.settings.ideas))

    def _read(self, issue: Any, *, idea: bool) -> Iterator[Item]:
        key, fields = issue["key"], issue["fields"]
        histories = sorted(
            issue["changelog"]["histories"], key=lambda told: (instant(told["created"]), int(told["id"]))
        )
        moves = list(_moved(issue, histories))
        yield Artefact(f"jira:{key}", tuple(f"jira:{parent}" for parent in self._parents(key, fields)))
        yield from (Artefact(f"jira:{old}", (f"jira:{key}",)) for old in _old_keys(key, histories))
        if idea:
            heard = fields.get(self.settings.idea_date_field) if self.settings.idea_date_field else None
            at = _day(heard) if heard else instant(fields["created"])
            yield self._event(issue, "idea", _Move(f"issue/{issue['id']}", at, _person(fields.get("reporter"))))
            yield from (self._event(issue, "decision", move) for move in moves if self._outcome(move))
        elif any(_field(item) == "issuetype" for _, _, item in _items(histories)):
            yield Withdrawn(f"issue/{issue['id']}")
            yield from (Withdrawn(move.id) for move in moves if self._outcome(move))
        yield from (self._event(issue, "start", move) for move in self._starts(moves, idea=idea))

    def _event(self, issue: Any, kind: contract.Kind, move: _Move) -> Event:
        key, outcome = issue["key"], self._outcome(move) if kind == "decision" else None
        told = {"outcome": outcome, "status": move.name}
        return Event(
            move.id,
            kind,
            move.at,
            subject=f"jira:{key}",
            title=issue["fields"]["summary"],
            url=self._page(key),
            actor=move.actor,
            attributes={name: value for name, value in told.items() if value},
        )

    def _starts(self, moves: list[_Move], *, idea: bool) -> Iterator[_Move]:
        """Yield the moves into work from outside of it; from one status of work to another is no new start."""
        working = False
        for move in (move for move in moves if move.status):
            worked, working = working, self._works(move, idea=idea)
            if working and not worked:
                yield move

    def _outcome(self, move: _Move) -> Outcome | None:
        outcomes: tuple[Outcome, ...] = ("approved", "rejected", "stopped", "deferred")
        return next((name for name in outcomes if self._is(move, getattr(self.settings.statuses, name))), None)

    def _works(self, move: _Move, *, idea: bool) -> bool:
        named = self.settings.statuses
        if self._outcome(move):
            return False
        if named.start:
            return self._is(move, named.start)
        weighed = idea and self._is(move, named.considering)
        return self._status(move)[1] == "indeterminate" and not weighed

    def _is(self, move: _Move, names: tuple[str, ...]) -> bool:
        """Compare with the name as it was and, of a status, with the one that it has now."""
        return same(move.name, names) or (move.status and same(self._status(move)[0], names))

    def _status(self, move: _Move) -> tuple[str, str]:
        return self.categories.get(move.to, ("", ""))

    def _parents(self, key: str, fields: Any) -> list[str]:
        found = [(fields.get("parent") or {}).get("key")]
        if self.settings.epic_field:
            found.append(fields.get(self.settings.epic_field))
        found += [self._link(link) for link in fields.get("issuelinks") or ()]
        return list(dict.fromkeys(parent for parent in found if parent and parent != key))

    def _link(self, link: Any) -> str | None:
        """Give the key that a link leads up to; None if it leads down or aside."""
        outward = link.get("outwardIssue")
        named = (link["type"].get("outward"), link["type"].get("name")) if outward else (link["type"].get("inward"),)
        up = any(same(name, self.settings.parent_links) for name in named)
        return str((outward or link["inwardIssue"])["key"]) if up else None

    def _page(self, key: str) -> str:
        return f"{self.settings.url}/browse/{key}"


def _moved(issue: Any, histories: list[Any]) -> Iterator[_Move]:
    """Yield how an issue's status and resolution came to be, oldest first; the changelog lacks the first status."""
    fields = issue["fields"]
    changed = [place for place in _items(histories) if _field(place[-1]) in {"status", "resolution"}]
    first = next((item for *_, item in changed if _field(item) == "status"), None)
    to, name = (first["from"], first["fromString"]) if first else (fields["status"]["id"], fields["status"]["name"])
    who = _person(fields.get("reporter"))
    yield _Move(f"issue/{issue['id']}/first", instant(fields["created"]), who, name, str(to), status=True)
    for history, index, item in changed:
        if item["to"]:
            id_, who = f"changelog/{history['id']}/{index}", _person(history.get("author"))
            at, is_status = instant(history["created"]), _field(item) == "status"
            yield _Move(id_, at, who, item["toString"], str(item["to"]), status=is_status)


def _items(histories: list[Any]) -> Iterator[tuple[Any, int, Any]]:
    """Yield each change with its history and its place therein."""
    return ((history, index, item) for history in histories for index, item in enumerate(history["items"]))


def _field(item: Any) -> str:
    """Name the field that an item of the changelog is about; `field` alone may be in the site's language."""
    return str(item.get("fieldId") or item["field"]).casefold()


def _old_keys(key: str, histories: list[Any]) -> list[str]:
    old = (item.get("fromString") for *_, item in _items(histories) if _field(item) in {"key", "issuekey"})
    return list(dict.fromkeys(name for name in old if name and name != key))


def _day(value: str) -> datetime:
    """Read a custom field's date, whose day begins at midnight UTC, or its time."""
    return instant(value) if "T" in value else datetime.fromisoformat(value).replace(tzinfo=UTC)


def _person(user: Any) -> str | None:
    return user.get("displayName") if user else None


def _id(issue: Any) -> str | None:
    return str(issue["id"]) if isinstance(issue, dict) and "id" in issue else None


def _issues(settings: Settings, client: Client, seen: set[str], *conditions: str) -> Iterator[Any]:
    """Search issues that were not seen yet, each with its whole changelog."""
    extra = [name for name in (settings.epic_field, settings.idea_date_field) if name]
    jql = f"{both(*_chosen(settings), *conditions)} ORDER BY created ASC, key ASC"
    body = {"jql": jql, "maxResults": _BATCH, "fields": [*_FIELDS, *extra], "expand": "changelog"}
    found = client.pages("/rest/api/3/search/jql", items="issues", following=_next_token, json=body)
    return chain.from_iterable(_completed(client, batch) for batch in batches(_new(found, seen), _BATCH))


def _new(issues: Iterator[Any], seen: set[str]) -> Iterator[Any]:
    """Pass on the issues that are not among those seen, and note them."""
    for issue in issues:
        id_ = _id(issue)
        if id_ not in seen:
            yield issue
        if id_:
            seen.add(id_)


def _completed(client: Client, issues: list[Any]) -> list[Any]:
    """Fetch the histories that the search has cut short; Jira names no limit, 40 and 100 were seen."""
    short = {str(issue["id"]) for issue in issues if _is_short(issue)}
    if not short:
        return issues
    body = {"issueIdsOrKeys": sorted(short), "maxResults": 1000}
    whole: dict[str, list[Any]] = {}
    for id_, history in client.pages(
        "/rest/api/3/changelog/bulkfetch", items=_histories, following=_next_token, json=body
    ):
        whole.setdefault(id_, []).append(history)
    return [
        {**issue, "changelog": {"histories": whole[str(issue["id"])]}} if _id(issue) in whole else issue
        for issue in issues
    ]


def _histories(body: Any) -> list[tuple[str, Any]]:
    """List the histories of a page with their issue; one issue's may stand on several pages."""
    logs = listed(body, "issueChangeLogs")
    return [(str(log["issueId"]), history) for log in logs for history in log["changeHistories"]]


def _is_short(issue: Any) -> bool:
    log = issue.get("changelog") if _id(issue) else None
    return (
        isinstance(log, dict) and isinstance(log.get("histories"), list) and log.get("total") != len(log["histories"])
    )


def _next_token(page: Page) -> dict[str, Any] | None:
    token = page.body.get("nextPageToken")
    return {"nextPageToken": token} if token else None


def _next_start(page: Page) -> dict[str, Any] | None:
    body = page.body
    return None if body.get("isLast", True) else {"startAt": body["startAt"] + len(body["values"])}


def _keys(body: Any) -> list[str]:
    return [str(project["key"]) for project in listed(body, "values")]


def _chosen(settings: Settings) -> tuple[str, str]:
    """Give the conditions on every issue that is read."""
    projects = f"project in ({', '.join(map(quoted, settings.projects))})" if settings.projects else ""
    return projects, settings.jql


def _count(client: Client, *conditions: str) -> int:
    body = {"jql": both(*conditions)}
    return int(client.post("/rest/api/3/search/approximate-count", body, read=lambda answer: answer["count"]))


def _myself(client: Client) -> str:
    """Name the account; without one Jira answers with what the public may see, which looks like few issues."""
    return str(client.get("/rest/api/3/myself", read=lambda me: me.get("displayName") or me["accountId"]))


def _categories(client: Client) -> dict[str, tuple[str, str]]:
    def read(statuses: Any) -> dict[str, tuple[str, str]]:
        return {str(status["id"]): (status["name"], status["statusCategory"]["key"]) for status in statuses}

    found: dict[str, tuple[str, str]] = client.get("/rest/api/3/status", read=read)
    return found
