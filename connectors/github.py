"""GitHub: ideas, decisions, changes, deployments and feedback of repositories.

Reads, for each repository, `/issues` with the `/events` of those that are ideas, `/pulls`, and `/deployments` with
their `/statuses` (or `/releases`), and `/compare` for the commits that a deployment to production brought. Takes issues
and pull requests by their `updated_at`, deployments by `created_at` and `updated_at`. Yields Events, an Artefact for
each issue, pull request and merge commit, and an Initiative for each issue with a label of `initiative_labels`.

A deployment happened when it first succeeded, or else first failed: later statuses, such as `inactive`, change nothing.
An issue that is deleted or moved elsewhere is simply not found any more, and discussions are not read.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from itertools import takewhile
from typing import Any, Literal

from pydantic import Field, SecretStr, field_validator

from connectors import _github_survey, contract
from connectors._deploys import Deployments, Names, Releases
from connectors._reading import ISSUE_KEY, Pattern, Span, WebAddress, direction, evolution, instant, same
from connectors.client import Client, Params
from connectors.contract import Artefact, Event, Initiative, Item, Value

WINDOW: timedelta | None = timedelta(days=30)
"""A first pull is stored month by month; a month's deployments fit into GitHub's hourly allowance."""

_GONE = (404,)
_SWITCHED_OFF = (410,)
_OURS = {"OWNER", "MEMBER", "COLLABORATOR"}
_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_MENTION = re.compile(
    r"(?:https?://[^/\s]+/(?P<there>[\w.-]+/[\w.-]+)/(?:issues|pull)/"
    r"|(?<![\w./-])(?P<other>[\w.-]{1,39}/[\w.-]{1,100})#"
    r"|(?<![\w/&>\[.-])#)"
    r"(?P<number>[1-9][0-9]*)\b"
)
"""An address of an issue, `owner/name#1` or `#1`; not `[#1](…)`, which bots quote from other repositories."""


class Settings(contract.Settings):
    """What to read of GitHub."""

    url: WebAddress = Field(
        default="https://api.github.com", description="Address of the API; of an own server https://HOST/api/v3."
    )
    token: SecretStr | None = Field(
        default=None, description="Token that may read; without one only public repositories, and 60 requests an hour."
    )
    repositories: tuple[str, ...] = Field(
        description="The repositories to read, each as owner/name.", examples=[["acme/shop", "acme/payments"]]
    )
    deploys_from: Literal["deployments", "releases"] = Field(
        default="deployments", description="What counts as a deploy: deployments, or published releases."
    )
    production: tuple[str, ...] = Field(
        default=("production",),
        description="Environments that are production, * stands for anything; so is what GitHub itself marks as such.",
    )
    recheck_days: int = Field(default=14, ge=0, description="For so many days a deployment may still get its result.")
    key_pattern: Pattern = Field(
        default=ISSUE_KEY, description="Regular expression of issue keys in titles, branches, texts and commits."
    )
    keys_prefix: str = Field(default="jira:", description="What stands before such a key to name its artefact.")
    initiative_labels: tuple[str, ...] = Field(
        default=("initiative",), description="Labels of issues that are initiatives, and ideas."
    )
    idea_labels: tuple[str, ...] = Field(default=("idea", "proposal"), description="Labels of issues that are ideas.")
    approved_labels: tuple[str, ...] = Field(
        default=("approved", "accepted"), description="Labels that say yes to an idea."
    )
    rejected_labels: tuple[str, ...] = Field(
        default=("rejected", "wontfix"), description="Labels that say no to an idea; closing as not planned does too."
    )
    deferred_labels: tuple[str, ...] = Field(default=("deferred",), description="Labels that put an idea off.")
    feedback_labels: tuple[str, ...] = Field(
        default=("feedback", "customer-feedback"), description="Labels of issues that are feedback."
    )
    top_down_labels: tuple[str, ...] = Field(
        default=("top-down",), description="Labels of initiatives that leadership began."
    )
    bottom_up_labels: tuple[str, ...] = Field(
        default=("bottom-up",), description="Labels of initiatives that those who do the work began."
    )

    @field_validator("repositories")
    @classmethod
    def _named(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        wrong = [name for name in names if not re.fullmatch(r"[\w.-]+/[\w.-]+", name)]
        if wrong:
            raise ValueError(f"must each be owner/name, which {', '.join(wrong)} is not")
        return names


def client(settings: Settings, **options: Any) -> Client:
    """Make a client for the API; the options are those of `Client`, such as `sleep` and `now`."""
    headers = {"Accept": "application/vnd.github+json, application/json;q=0.9", "X-GitHub-Api-Version": "2022-11-28"}
    token = settings.token.get_secret_value() if settings.token else None
    return Client.of(settings, settings.url, auth=token, headers=headers, **options)


def check(settings: Settings, client: Client) -> Iterator[str]:
    """Say what is left of the token's allowance, and what it sees of each repository."""
    core = client.get("/rate_limit", read=lambda body: body["resources"]["core"], absent=_GONE)
    who = "token accepted" if settings.token else "no token: only public repositories"
    left = f"{core['remaining']} of {core['limit']} requests left this hour" if core else "no rate limit"
    yield f"{who}; {left}"
    for name in settings.repositories:
        yield client.get(f"/repos/{name}", read=_described)


def survey(settings: Settings, client: Client) -> contract.Survey:
    """Say which repositories the token sees, and propose what their labels and environments mean."""
    return _github_survey.survey(client, signed_in=settings.token is not None)


def events(settings: Settings, client: Client, since: datetime, until: datetime | None) -> Iterator[Item]:
    """Yield what issues, pull requests and deployments say that were touched in [since, until)."""
    span = Span(since, until)
    for name in settings.repositories:
        repository = _Repository(settings, client, name)
        yield from contract.each(repository.issues(span), repository.issue)
        yield from contract.each(repository.pulls(span), repository.pull)
        if settings.deploys_from == "releases":
            releases = Releases(client, repository.names)
            yield from contract.each(releases.published(span), releases.read)
        else:
            recheck = timedelta(days=settings.recheck_days)
            deployments = Deployments(client, repository.names, settings.production, recheck)
            yield from contract.each(deployments.touched(span), deployments.read)


class _Repository:
    """Reads the issues and pull requests of one repository."""

    def __init__(self, settings: Settings, client: Client, name: str) -> None:
        self.names = Names(name, settings.key_pattern, settings.keys_prefix)
        self._settings, self._client, self._path = settings, client, f"/repos/{name}"

    def issues(self, span: Span) -> Iterator[Any]:
        """List the issues that were touched, pull requests among them, the longest untouched first."""
        start = span.since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        asked: Params = {"state": "all", "since": start, "sort": "updated", "direction": "asc", "per_page": 100}
        found = self._client.pages(f"{self._path}/issues", asked, absent=_SWITCHED_OFF)
        return takewhile(lambda issue: span.before_end(issue, "updated_at"), found)

    def pulls(self, span: Span) -> Iterator[Any]:
        """List the pull requests that were touched, the last touched first: this list knows no start."""
        asked: Params = {"state": "all", "sort": "updated", "direction": "desc", "per_page": 100}
        found = self._client.pages(f"{self._path}/pulls", asked)
        recent = takewhile(lambda pull: span.after_start(pull, "updated_at"), found)
        return (pull for pull in recent if span.before_end(pull, "updated_at"))

    def issue(self, issue: Any) -> Iterator[Item]:
        """Read an issue; a pull request, which GitHub lists among them, is read as one elsewhere."""
        if "pull_request" in issue:
            return
        settings = self._settings
        labels = [label["name"] if isinstance(label, dict) else label for label in issue["labels"]]
        feedback = _any(labels, settings.feedback_labels)
        yield Artefact(self.names.thread(issue["number"]), tuple(self._parents(issue, mentions=feedback)))
        if _any(labels, settings.initiative_labels):
            yield self._initiative(issue, labels)
        if _any(labels, settings.initiative_labels + settings.idea_labels):
            yield self._event(issue, f"issue/{issue['id']}", "idea", issue["created_at"])
            yield from self._decisions(issue)
        if feedback:
            customer = issue.get("author_association") not in _OURS
            told: dict[str, Value] = {"customer": customer, "channel": "github"}
            yield self._event(issue, f"feedback/{issue['id']}", "feedback", issue["created_at"], told)

    def pull(self, pull: Any) -> Iterator[Item]:
        """Read a pull request: it was opened, and perhaps merged into the main line."""
        key, branch = self.names.thread(pull["number"]), pull["head"]["ref"]
        named = self.names.keys(pull["title"], branch, branch.upper(), _text(pull))
        yield Artefact(key, tuple(dict.fromkeys([*self._mentioned(pull), *named])))
        yield self._event(pull, f"pull/{pull['id']}/opened", "start", pull["created_at"])
        if not pull["merged_at"]:
            return
        yield Artefact(self.names.commit(pull["merge_commit_sha"]), (key,))
        if pull["base"]["ref"] == ((pull["base"].get("repo") or {}).get("default_branch") or pull["base"]["ref"]):
            yield self._event(pull, f"pull/{pull['id']}/merged", "change", pull["merged_at"])

    def _initiative(self, issue: Any, labels: list[str]) -> Initiative:
        name = self.names.repository
        return Initiative(
            key=f"{name.replace('/', '.')}.{issue['number']}",
            name=issue["title"],
            team=name.partition("/")[2],
            owner=(issue.get("assignee") or {}).get("login"),
            url=issue.get("html_url"),
            direction=direction(labels, self._settings.top_down_labels, self._settings.bottom_up_labels),
            claims=(self.names.thread(issue["number"]),),
            labels={"repository": name},
            evolution=evolution(labels),
        )

    def _decisions(self, issue: Any) -> Iterator[Event]:
        happened = self._client.pages(f"{self._path}/issues/{issue['number']}/events", {"per_page": 100})
        for event in happened:
            outcome = self._outcome(event)
            if outcome:
                by, told = event.get("actor"), {"outcome": outcome}
                yield self._event(issue, f"issue-event/{event['id']}", "decision", event["created_at"], told, by=by)

    def _outcome(self, event: Any) -> str | None:
        if event["event"] == "closed":
            return "rejected" if event.get("state_reason") == "not_planned" else None
        if event["event"] != "labeled":
            return None
        settings = self._settings
        outcomes = (
            ("approved", settings.approved_labels),
            ("rejected", settings.rejected_labels),
            ("deferred", settings.deferred_labels),
        )
        return next((outcome for outcome, labels in outcomes if same(event["label"]["name"], labels)), None)

    def _event(
        self,
        thread: Any,
        id_: str,
        kind: contract.Kind,
        at: str,
        attributes: Mapping[str, Value] | None = None,
        *,
        by: Any = None,
    ) -> Event:
        return Event(
            id_,
            kind,
            instant(at),
            subject=self.names.thread(thread["number"]),
            title=thread["title"],
            url=thread.get("html_url"),
            actor=(by or thread.get("user") or {}).get("login"),
            attributes=attributes or {},
        )

    def _parents(self, issue: Any, *, mentions: bool) -> list[str]:
        """List the parent issue, the keys in title and text, and of feedback the issues that it mentions."""
        above = _MENTION.search((issue.get("parent_issue_url") or "").replace("/repos/", "/"))
        found = [self._thread(above)] if above else []
        found += self.names.keys(issue["title"], _text(issue))
        return list(dict.fromkeys([*found, *(self._mentioned(issue) if mentions else ())]))

    def _mentioned(self, thread: Any) -> list[str]:
        """List the issues and pull requests that a title and text name, but for the thread itself."""
        own = self.names.thread(thread["number"])
        named = (self._thread(found) for text in (thread["title"], _text(thread)) for found in _MENTION.finditer(text))
        return [key for key in dict.fromkeys(named) if key != own]

    def _thread(self, found: re.Match[str]) -> str:
        return self.names.thread(found["number"], found["there"] or found["other"])


def _text(thread: Any) -> str:
    """Give what a person wrote, without the hints of a template."""
    return _COMMENT.sub("", thread.get("body") or "")


def _any(labels: Iterable[str], names: Iterable[str]) -> bool:
    return any(same(label, names) for label in labels)


def _described(repository: Any) -> str:
    seen = "private" if repository["private"] else "public"
    issues = "issues on" if repository["has_issues"] else "issues off"
    return f"repository {repository['full_name']}: {seen}, default branch {repository['default_branch']}, {issues}"
