"""What a webhook of GitHub tells exactly, named and shaped as a look would.

Takes the settings, the headers and the body as it came. A body tells no ids of what happened to an issue, no commits
that a deploy brought and no issues that a pull request is linked to: what hangs on these is left to the next look, and
for a decision or a deploy to production that look is made at once.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from fnmatch import fnmatchcase
from typing import Any
from urllib.parse import parse_qs

from connectors import _github_deploys, _github_releases, _signed
from connectors._github import Names, repository
from connectors._github_settings import Settings
from connectors._github_threads import Threads, names
from connectors._reading import instant
from connectors.contract import Artefact, Delivery, Event, Item, Unreadable, Withdrawn

_SIGNATURE = "X-Hub-Signature-256"
_FORM = "application/x-www-form-urlencoded"
_SECOND = timedelta(seconds=1)
"""Instants are cut to the second; what happened in it is told of by its end."""
_AT_ONCE = timedelta(0)
_DECIDING = {"labeled", "closed"}
_LEAVING = {"deleted", "transferred"}
_ENDED = {"success", "failure", "error"}


def received(settings: Settings, headers: Mapping[str, str], body: bytes) -> Iterator[Item | Delivery]:
    """Yield what a webhook says; Refused if it is not signed with the source's secret."""
    _signed.by_hex(settings, body, _SIGNATURE, headers.get(_SIGNATURE))
    said, tell = _payload(headers, body), _TOLD.get(headers.get("X-GitHub-Event", ""))
    hook = _Hook.of(settings, said) if tell and said.get("repository") else None
    if hook and tell:
        yield from tell(hook)


def _payload(headers: Mapping[str, str], body: bytes) -> Any:
    """Read the body, which is JSON, or a form with JSON in it."""
    if headers.get("Content-Type", "").startswith(_FORM):
        fields = parse_qs(body.decode(errors="replace")).get("payload")
        if not fields:
            raise Unreadable("the body of the webhook is a form without a payload")
        return _signed.payload(fields[0].encode())
    return _signed.payload(body)


@dataclass(frozen=True, slots=True)
class _Hook:
    """One webhook about a repository that is read."""

    settings: Settings
    said: Any
    names: Names
    threads: Threads
    fork: bool
    """A commit of a fork is named as its source's too, and which that is a body does not tell."""

    @classmethod
    def of(cls, settings: Settings, said: Any) -> "_Hook | None":
        """Take up a webhook; None if its repository is not read."""
        name = _configured(settings, said["repository"]["full_name"])
        if name is None:
            return None
        told = repository({"default_branch": "", **said["repository"]}, name)
        known = {one.casefold(): one for one in settings.repositories if "*" not in one}
        here = names(settings, told, known)
        return cls(settings, said, here, Threads(settings, here, told.branch), bool(said["repository"].get("fork")))

    @property
    def action(self) -> str:
        """What happened."""
        return str(self.said.get("action"))

    def issue(self) -> Iterator[Item | Delivery]:
        """Tell an issue but for its decisions, and its parents only if it says which issue is above it."""
        issue = self.said["issue"]
        deciding = self.action in _DECIDING and self.threads.is_idea(issue)
        yield _delivery(issue["updated_at"], look=deciding)
        if self.action in _LEAVING:
            yield from self._left(issue, "issue", ("issue", "feedback"))
            return
        whole = "parent_issue_url" in issue
        yield from (item for item in self.threads.issue(issue) if whole or not isinstance(item, Artefact))

    def sub_issue(self) -> Iterator[Item | Delivery]:
        """Tell an issue with the one that is above it now."""
        below, above = self.said["sub_issue"], self.said["parent_issue"]
        if not str(below["repository_url"]).endswith(f"/repos/{self.said['repository']['full_name']}"):
            return  # the repository of the sub-issue says so too
        yield _delivery(max(below["updated_at"], above["updated_at"]))
        there = f"{above['repository_url']}/issues/{above['number']}" if self.action.endswith("_added") else None
        yield from self.threads.issue({**below, "parent_issue_url": there})

    def pull(self) -> Iterator[Item | Delivery]:
        """Tell a pull request, and its parents only if neither linked issues nor changed files are wanted."""
        pull, key = self.said["pull_request"], self.names.thread(self.said["pull_request"]["number"])
        yield _delivery(pull["updated_at"])
        whole = not self.settings.closing_issues and not self.settings.paths
        for item in self.threads.pull(pull):
            if whole or not (isinstance(item, Artefact) and item.key == key):
                yield item

    def discussion(self) -> Iterator[Item | Delivery]:
        """Tell a discussion, in whole if it says its labels."""
        discussion = self.said["discussion"]
        yield _delivery(discussion["updated_at"], look=self.action in {"closed", "reopened"})
        if self.action in _LEAVING:
            yield from self._left(discussion, "discussion", ("discussion", "feedback/discussion"))
            return
        whole = "labels" in discussion
        yield from (item for item in self.threads.discussion(discussion) if whole or not isinstance(item, Artefact))

    def deployment(self) -> Iterator[Item | Delivery]:
        """Tell how a deployment ended; what it brought to production a look tells."""
        deployment, status = self.said["deployment"], self.said["deployment_status"]
        if status["state"] not in _ENDED or self.settings.deploys_from == "releases":
            return
        if _github_deploys.is_ignored(deployment, self.settings):
            return
        real = _github_deploys.is_production(deployment, self.settings)
        yield _delivery(status["created_at"], look=real or self.fork)
        if not self.fork:
            yield _github_deploys.deploy(deployment, status, self.names, self.settings)

    def release(self) -> Iterator[Item | Delivery]:
        """Tell of a release, where releases are deploys for sure; what it brought a look tells."""
        release = self.said["release"]
        if self.settings.deploys_from == "deployments" or release.get("draft"):
            return
        yield Delivery(look_in=_AT_ONCE)
        if self.settings.deploys_from == "releases" and self.action in {"deleted", "unpublished"}:
            yield Withdrawn(f"release/{release['id']}")
        elif self.settings.deploys_from == "releases" and release.get("prerelease"):
            yield _github_releases.deploy(release, self.names)

    def _left(self, thread: Any, kind: str, ids: tuple[str, str]) -> Iterator[Item]:
        """Take back what is deleted, or read elsewhere now; what was moved belongs to what it became."""
        changes = self.said.get("changes") or {}
        moved, there = changes.get(f"new_{kind}"), (changes.get("new_repository") or {}).get("full_name")
        if self.action == "deleted" or (there and _configured(self.settings, there)):
            told = {item.id for item in getattr(self.threads, kind)(thread) if isinstance(item, Event)}
            yield from (Withdrawn(f"{one}/{thread['id']}") for one in ids if f"{one}/{thread['id']}" in told)
        if moved and there:
            yield Artefact(self.names.thread(thread["number"]), (self.names.thread(moved["number"], there),))


def _configured(settings: Settings, path: str) -> str | None:
    """Find by what name a repository is read; None if it is not."""
    for name in settings.repositories:
        if fnmatchcase(path.casefold(), name.casefold()):
            return path if "*" in name else name
    return None


def _delivery(touched: str, *, look: bool = False) -> Delivery:
    return Delivery(as_of=instant(touched) + _SECOND, look_in=_AT_ONCE if look else None)


_TOLD: Mapping[str, Callable[[_Hook], Iterator[Item | Delivery]]] = {
    "issues": _Hook.issue,
    "sub_issues": _Hook.sub_issue,
    "pull_request": _Hook.pull,
    "discussion": _Hook.discussion,
    "deployment_status": _Hook.deployment,
    "release": _Hook.release,
}
