"""GitLab: ideas, decisions, starts, changes, deployments and feedback of projects, and the epics of their groups.

Reads, for each project, `/issues` and `/merge_requests` by their `updated_at`, the `/resource_label_events` of issues
that are ideas, the `/closes_issues` of merge requests, and `/deployments` or `/releases`; and of each group `/epics`,
where its plan has them. GraphQL is asked for two things that REST does not tell: where an issue was moved to, and when
a deployment that came by the API finished. Yields Events, an Artefact for each issue, epic, merge request and merged
commit, and an Initiative for each issue or epic that is one.

A deployment happened when its job finished, not when it was last touched. An issue or merge request that is deleted is
found by the census. Of a project that is deleted, or no longer visible, what was known stays.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from functools import partial
from itertools import takewhile
from typing import Any, Literal
from urllib.parse import quote

from pydantic import Field, SecretStr, field_validator

from connectors import _gitlab_survey, _signed, contract
from connectors._gitlab import API, HIDDEN, Names, Project, ask, by_time, once, pages, projects, second
from connectors._gitlab_census import deleted
from connectors._gitlab_deploys import Deployments, Releases
from connectors._gitlab_history import Closed, History, Moment, who
from connectors._gitlab_hooks import announced, verify
from connectors._reading import ISSUE_KEY, Pattern, Span, WebAddress, direction, evolution, instant, same
from connectors.client import Client, Params
from connectors.contract import Artefact, Delivery, Event, Initiative, Item, Reread, Value

WINDOW: timedelta | None = timedelta(days=30)
"""A first pull is stored month by month."""

_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_EPIC = re.compile(r"/groups/([^?#]+)/-/(?:epics|work_items)/(\d+)$")
_MEMBER = 15
"""Members above guests are the organisation's own; guests may be customers."""
_MOVED = "query($id: IssueID!) { issue(id: $id) { reference(full: true) } }"


class Settings(contract.HookedSettings):
    """What to read of one GitLab."""

    url: WebAddress = Field(
        default="https://gitlab.com", description="Address of GitLab, without /api; of an own one https://HOST."
    )
    token: SecretStr = Field(description="Personal, group or project access token with the scope read_api.")
    projects: tuple[str, ...] = Field(
        default=(),
        description="The projects to read, each by its whole path; without projects and groups all of the token's.",
        examples=[["acme/shop/payments"]],
    )
    groups: tuple[str, ...] = Field(
        default=(), description="Groups to read: their epics, and every project of theirs and of their subgroups."
    )
    deploys_from: Literal["auto", "deployments", "releases"] = Field(
        default="auto",
        description="What counts as a deploy: deployments, releases, or auto: releases where a project never deployed.",
    )
    production: tuple[str, ...] = Field(
        default=(), description="Environments that are production besides those of that tier; * stands for anything."
    )
    ignored_environments: tuple[str, ...] = Field(
        default=("review/*",), description="Environments whose deployments are left out; * stands for anything."
    )
    key_pattern: Pattern = Field(
        default=ISSUE_KEY, description="Regular expression of issue keys elsewhere, in titles, branches and texts."
    )
    keys_prefix: str = Field(default="jira:", description="What stands before such a key to name its artefact.")
    closing_issues: bool = Field(
        default=True, description="Ask which issues each merge request closes: one request each; texts are read anyway."
    )
    initiative_epics: Literal["labelled", "top", "all"] = Field(
        default="labelled", description="Which epics are initiatives: those with a label, those without parent, or all."
    )
    initiative_labels: tuple[str, ...] = Field(
        default=("initiative",), description="Labels of issues and epics that are initiatives, and ideas."
    )
    idea_labels: tuple[str, ...] = Field(
        default=("idea", "proposal"), description="Labels of issues and epics that are ideas."
    )
    approved_labels: tuple[str, ...] = Field(
        default=("approved", "accepted"), description="Labels that say yes to an idea, such as state::accepted."
    )
    rejected_labels: tuple[str, ...] = Field(default=("rejected", "wontfix"), description="Labels that say no to one.")
    deferred_labels: tuple[str, ...] = Field(default=("deferred",), description="Labels that put an idea off.")
    closed_means: Closed | None = Field(
        default=None,
        description="What closing an idea says of it: rejected or stopped; leave it out where what shipped is closed.",
        examples=["stopped"],
    )
    start_labels: tuple[str, ...] = Field(
        default=(), description="Labels that say that work began; costs one request for each issue that was touched."
    )
    feedback_labels: tuple[str, ...] = Field(
        default=("feedback", "customer-feedback"), description="Labels of issues that are feedback; Service Desk is."
    )
    top_down_labels: tuple[str, ...] = Field(
        default=("top-down",), description="Labels of initiatives that leadership began."
    )
    bottom_up_labels: tuple[str, ...] = Field(
        default=("bottom-up",), description="Labels of initiatives that those who do the work began."
    )

    @field_validator("projects", "groups")
    @classmethod
    def _paths(cls, paths: tuple[str, ...]) -> tuple[str, ...]:
        wrong = [path for path in paths if not re.fullmatch(r"[\w.-]+(/[\w.-]+)*", path)]
        if wrong:
            raise ValueError(f"must each be a path such as group/subgroup/project, which {', '.join(wrong)} is not")
        return paths


def client(settings: Settings, **options: Any) -> Client:
    """Make a client for GitLab; the options are those of `Client`, such as `sleep` and `now`."""
    return Client.of(settings, settings.url, auth=settings.token.get_secret_value(), **options)


def check(settings: Settings, client: Client) -> Iterator[str]:
    """Say who is signed in and until when, and what the token sees of each project and group."""
    version, user = client.get(f"{API}/version", read=lambda told: told["version"]), client.get(f"{API}/user", read=who)
    yield f"signed in as {user}; GitLab {version}"
    token = client.get(f"{API}/personal_access_tokens/self", absent=(400, *HIDDEN))
    if token and token.get("expires_at"):
        yield f"the token expires on {token['expires_at']}"
    for project in projects(client, settings.projects, settings.groups):
        off = [feature for feature in ("issues", "merge_requests", "environments") if not project.has(feature)]
        switched = f"; switched off: {', '.join(off).replace('_', ' ')}" if off else ""
        yield f"project {project.path}: default branch {project.branch or 'unknown'}{switched}"
    for group in settings.groups:
        seen = client.get(f"{_group(group)}/epics", {"per_page": 1}, absent=HIDDEN)
        told = "visible" if seen is not None else "not visible: not in its plan, or not to this token"
        yield f"group {group}: epics {told}"


def survey(settings: Settings, client: Client) -> contract.Survey:
    """Say which projects the token's user is a member of, and propose what their labels mean."""
    return _gitlab_survey.survey(client, settings.url)


def scope(settings: Settings, client: Client) -> Iterator[str]:
    """Yield the paths of the projects that the token sees."""
    return (project.path for project in projects(client, settings.projects, settings.groups))


def events(settings: Settings, client: Client, since: datetime, until: datetime | None) -> Iterator[Item]:
    """Yield what epics, issues, merge requests and deployments say that were touched in [since, until)."""
    span, read = Span(since, until), list(projects(client, settings.projects, settings.groups))
    threads = _threads(settings, client, read)
    for group in settings.groups:
        found = _touched(client, f"{_group(group)}/epics", span, absent=HIDDEN)
        yield from contract.each(found, threads.epic, "epic")
    for project in read:
        yield from _of_project(settings, client, threads, project, span)


def received(settings: Settings, headers: Mapping[str, str], body: bytes) -> Iterator[Delivery]:
    """Ask for a look where a webhook tells of what one makes something of."""
    signed_at = verify(settings, headers, body)
    yield announced(_signed.payload(body), settings.projects, settings.groups, signed_at)


def reread(settings: Settings, client: Client) -> Reread:
    """Read single records again, each by its kind and the number of its project."""
    read = {str(project.id): project for project in projects(client, settings.projects, settings.groups)}
    threads = _threads(settings, client, read.values())

    def again(reader: str, record: Any) -> Iterable[Item]:
        kind, _, number = reader.partition(" ")
        if kind == "epic":
            return threads.epic(record)
        if number not in read:
            raise LookupError(f"the project {number} is not read any more")
        return _readers(settings, client, threads, read[number])[kind](record)

    return again


def gone(settings: Settings, client: Client, subjects: Iterable[str]) -> Iterator[str]:
    """Yield the issues and merge requests that are deleted, of projects in which the token sees all of them."""
    return deleted(client, projects(client, settings.projects, settings.groups), subjects)


def _threads(settings: Settings, client: Client, read: Iterable[Project]) -> "_Threads":
    known = {project.path.casefold(): project.name for project in read}
    addresses = tuple(dict.fromkeys([settings.url, *(project.address for project in read)]))
    return _Threads(settings, client, Names(addresses, settings.key_pattern, settings.keys_prefix, known))


def _readers(
    settings: Settings, client: Client, threads: "_Threads", project: Project
) -> Mapping[str, Callable[[Any], Iterable[Item]]]:
    """Name what reads the records of a project."""
    return {
        "issue": partial(threads.issue, project),
        "merge_request": partial(threads.merge_request, project),
        "deployment": _deployments(settings, client, threads.names, project).read,
        "release": Releases(client, threads.names, project).read,
    }


def _of_project(
    settings: Settings, client: Client, threads: "_Threads", project: Project, span: Span
) -> Iterator[Item]:
    if project.has("issues"):
        found = _touched(client, f"{API}{project.api}/issues", span, pagination="keyset")
        yield from contract.each(found, partial(threads.issue, project), f"issue {project.id}")
    if project.has("merge_requests", "repository"):
        found = _touched(client, f"{API}{project.api}/merge_requests", span)
        yield from contract.each(found, partial(threads.merge_request, project), f"merge_request {project.id}")
    yield from _deploys(settings, client, threads.names, project, span)


def _deploys(settings: Settings, client: Client, names: Names, project: Project, span: Span) -> Iterator[Item]:
    deployments = _deployments(settings, client, names, project)
    wanted = settings.deploys_from != "releases" and project.has("environments", "repository")
    if wanted and (settings.deploys_from == "deployments" or deployments.any()):
        yield from contract.each(deployments.touched(span), deployments.read, f"deployment {project.id}")
    elif settings.deploys_from != "deployments" and project.has("releases"):
        releases = Releases(client, names, project)
        yield from contract.each(releases.published(span), releases.read, f"release {project.id}")


def _deployments(settings: Settings, client: Client, names: Names, project: Project) -> Deployments:
    return Deployments(client, names, project, settings.production, settings.ignored_environments)


def _touched(
    client: Client, path: str, span: Span, *, pagination: str | None = None, absent: tuple[int, ...] = ()
) -> Iterator[Any]:
    """List what was touched, the longest untouched first; by cursor where GitLab has one, since 18.3 for issues."""
    asked: Params = {
        "scope": "all",
        "state": "all",
        "updated_after": second(span.since),
        "order_by": "updated_at",
        "sort": "asc",
        "per_page": 100,
        "pagination": pagination,
    }
    found = once(client.pages(path, asked, following=by_time, absent=absent))
    return takewhile(lambda record: span.before_end(record, "updated_at"), found)


class _Threads:
    """Reads epics, issues and merge requests."""

    def __init__(self, settings: Settings, client: Client, names: Names) -> None:
        self.names = names
        self._settings, self._client = settings, client
        labels = settings.approved_labels, settings.rejected_labels, settings.deferred_labels, settings.start_labels
        self._history = History(client, *labels, settings.closed_means)
        self._above: dict[str, str | None] = {}
        self._members: dict[tuple[int, int], bool] = {}

    def epic(self, epic: Any) -> Iterator[Item]:
        """Read an epic; it belongs to the one above it, perhaps of another group."""
        key, group = self.names.reference(epic["references"]["full"]), epic["references"]["full"].partition("&")[0]
        above, mentioned = self._epic_above(epic), self.names.keys(epic["title"], _text(epic))
        yield Artefact(key, tuple(dict.fromkeys([*([above] if above else []), *mentioned])))
        chosen = self._settings.initiative_epics
        initiative = chosen == "all" or (chosen == "top" and not epic.get("parent_id"))
        initiative = initiative or _any(epic["labels"], self._settings.initiative_labels)
        if initiative:
            yield self._initiative(epic, key, group, f"{group}.epic.{epic['iid']}")
        idea = initiative or _any(epic["labels"], self._settings.idea_labels)
        if idea:
            yield _event(epic, key, Moment(f"epic/{epic['id']}", "idea", instant(epic["created_at"]), _author(epic)))
        history = self._history.of(f"/groups/{epic['group_id']}/epics/{epic['id']}", idea=idea)
        yield from (_event(epic, key, told) if isinstance(told, Moment) else told for told in history)

    def issue(self, project: Project, issue: Any) -> Iterator[Item]:
        """Read an issue; one that was moved away belongs to what it became, and is an initiative there."""
        key, labels, settings = self.names.thread(project.path, "#", issue["iid"]), issue["labels"], self._settings
        desk = bool(issue.get("service_desk_reply_to"))
        feedback = desk or _any(labels, settings.feedback_labels)
        left = bool(issue.get("moved_to_id"))
        yield Artefact(key, tuple(self._parents(project, issue, mentions=feedback)))
        initiative = _any(labels, settings.initiative_labels)
        if initiative and not left:
            yield self._initiative(issue, key, project.name, f"{project.name}.{issue['iid']}")
        idea = initiative or _any(labels, settings.idea_labels)
        created = instant(issue["created_at"])
        if idea:
            yield _event(issue, key, Moment(f"issue/{issue['id']}", "idea", created, _author(issue)))
        history = self._history.of(f"{project.api}/issues/{issue['iid']}", idea=idea, left=left)
        yield from (_event(issue, key, told) if isinstance(told, Moment) else told for told in history)
        if feedback:
            told: dict[str, Value] = {"channel": "service desk" if desk else "gitlab"}
            told["customer"] = desk or not self._own(project, issue)
            by = None if desk else _author(issue)
            yield _event(issue, key, Moment(f"feedback/{issue['id']}", "feedback", created, by), told)

    def merge_request(self, project: Project, request: Any) -> Iterator[Item]:
        """Read a merge request: it was opened, and perhaps merged into the main line, as one commit or several."""
        key, branch = self.names.thread(project.path, "!", request["iid"]), request["source_branch"]
        named = self.names.keys(request["title"], branch, branch.upper(), _text(request))
        mentioned = self.names.mentioned(project.path, request["title"], _text(request))
        parents = dict.fromkeys([*self._closed(project, request), *mentioned, *named])
        yield Artefact(key, tuple(parent for parent in parents if parent != key))
        id_, by = f"merge-request/{request['id']}", _author(request)
        yield _event(request, key, Moment(f"{id_}/opened", "start", instant(request["created_at"]), by))
        if not request["merged_at"]:
            return
        commits = (request.get("merge_commit_sha"), request.get("squash_commit_sha"), request.get("sha"))
        yield from (Artefact(f"gitlab:{project.name}@{sha}", (key,)) for sha in dict.fromkeys(commits) if sha)
        if request["target_branch"] == (project.branch or request["target_branch"]):
            yield _event(request, key, Moment(f"{id_}/merged", "change", instant(request["merged_at"]), by))

    def _initiative(self, thread: Any, key: str, path: str, name: str) -> Initiative:
        settings, labels = self._settings, thread["labels"]
        assignees = thread.get("assignees") or [thread.get("assignee")]
        return Initiative(
            key=re.sub(r"[^A-Za-z0-9._-]", ".", name)[-100:],
            name=thread["title"],
            team=path.rpartition("/")[2],
            owner=who(assignees[0]),
            url=thread.get("web_url"),
            direction=direction(labels, settings.top_down_labels, settings.bottom_up_labels),
            claims=(key,),
            labels={"group" if "&" in key else "project": path},
            evolution=evolution(labels),
        )

    def _parents(self, project: Project, issue: Any, *, mentions: bool) -> list[str]:
        """List an issue's epic, what it was moved to, keys in its text, and of feedback what it mentions."""
        own = self.names.thread(project.path, "#", issue["iid"])
        epic = _EPIC.search(str((issue.get("epic") or {}).get("url") or ""))
        found = [self.names.thread(epic[1], "&", epic[2])] if epic else []
        if issue.get("moved_to_id"):
            told = ask(self._client, _MOVED, id=f"gid://gitlab/Issue/{issue['moved_to_id']}")
            moved = ((told or {}).get("issue") or {}).get("reference")
            found += [self.names.reference(moved)] if moved else []
        texts = issue["title"], _text(issue)
        found += self.names.keys(*texts)
        found += self.names.mentioned(project.path, *texts) if mentions else ()
        return [key for key in dict.fromkeys(found) if key != own]

    def _epic_above(self, epic: Any) -> str | None:
        """Name the epic above, whose group only its own answer tells."""
        link = str((epic.get("_links") or {}).get("parent") or "").rpartition(API)[2]
        if not link and epic.get("parent_id") and epic.get("parent_iid"):
            link = f"/groups/{epic['group_id']}/epics/{epic['parent_iid']}"
        if link and link not in self._above:
            told = self._client.get(API + link, absent=HIDDEN)
            self._above[link] = self.names.reference(told["references"]["full"]) if told else None
        return self._above.get(link)

    def _closed(self, project: Project, request: Any) -> list[str]:
        """List the issues that a merge request closes; those of another tracker have a key and no number."""
        if not self._settings.closing_issues:
            return []
        closed = pages(self._client, f"{project.api}/merge_requests/{request['iid']}/closes_issues", absent=HIDDEN)
        found = [
            [self.names.reference(issue["references"]["full"])] if "iid" in issue else self.names.keys(str(issue["id"]))
            for issue in closed
        ]
        return [key for keys in found for key in keys]

    def _own(self, project: Project, issue: Any) -> bool:
        """Say whether the author is a member of the project above guest; asks once for each author."""
        who_ = project.id, issue["author"]["id"]
        if who_ not in self._members:
            member = self._client.get(f"{API}{project.api}/members/all/{who_[1]}", absent=HIDDEN)
            self._members[who_] = bool(member) and member["access_level"] >= _MEMBER
        return self._members[who_]


def _event(thread: Any, key: str, told: Moment, more: Mapping[str, Value] | None = None) -> Event:
    outcome: dict[str, Value] = {"outcome": told.outcome} if told.outcome else {}
    return Event(
        told.id,
        told.kind,
        told.at,
        subject=key,
        title=thread["title"],
        url=thread.get("web_url"),
        actor=told.by,
        attributes={**outcome, **(more or {})},
    )


def _author(thread: Any) -> str | None:
    return who(thread.get("author"))


def _text(thread: Any) -> str:
    """Give what a person wrote, without the hints of a template."""
    return _COMMENT.sub("", thread.get("description") or "")


def _any(labels: Iterable[str], names: Iterable[str]) -> bool:
    return any(same(label, names) for label in labels)


def _group(path: str) -> str:
    return f"{API}/groups/{quote(path, safe='')}"
