"""What an issue, a pull request, a discussion or a commit of GitHub says, whichever way it came.

Takes them as REST has them, from a list or a webhook; gives Events, an Artefact with all parents, and Initiatives. Asks
nobody: what is beside a record, such as the issues that a pull request closes, is given along.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from connectors._github import Names, Repository, host, text
from connectors._github_settings import Settings
from connectors._reading import direction, evolution, instant, same
from connectors.contract import Artefact, Event, Initiative, Item, Kind, Value, Withdrawn

_OURS = {"OWNER", "MEMBER", "COLLABORATOR"}


def names(settings: Settings, repository: Repository, known: Mapping[str, str] = MappingProxyType({})) -> Names:
    """Name what is in a repository as the settings say."""
    prefix, elsewhere = settings.artefacts, settings.keys_prefix
    here = repository.name, prefix, host(settings.url), settings.key_pattern, elsewhere
    return Names(*here, known, repository.source)


@dataclass(frozen=True, slots=True)
class Threads:
    """Reads what people write in one repository."""

    settings: Settings
    names: Names
    branch: str
    """The default branch."""

    def issue(self, issue: Any) -> Iterator[Item]:
        """Read an issue, but for its decisions."""
        settings, labels = self.settings, _labels(issue)
        feedback = _any(labels, settings.feedback_labels)
        above = self.names.above(issue.get("parent_issue_url"))
        yield Artefact(self.names.thread(issue["number"]), self._parents(issue, labels, above, mentions=feedback))
        if self.is_idea(issue):
            yield from self._idea(issue, f"issue/{issue['id']}", labels)
        if feedback:
            yield self._feedback(issue, f"feedback/{issue['id']}")

    def is_idea(self, issue: Any) -> bool:
        """Say whether an issue is an idea, so that what was decided about it counts."""
        return _any(_labels(issue), self.settings.initiative_labels + self.settings.idea_labels)

    def decision(self, issue: Any, happened: Any) -> Iterator[Event]:
        """Read what happened to an idea; most of it decides nothing."""
        outcome = self._outcome(happened)
        if outcome:
            id_, at = f"issue-event/{happened['id']}", happened["created_at"]
            yield self._event(issue, id_, "decision", at, {"outcome": outcome}, by=happened.get("actor"))

    def pull(self, pull: Any, closing: Iterable[str] = (), paths: Iterable[str] = ()) -> Iterator[Item]:
        """Read a pull request: it was opened, and perhaps merged into the main line."""
        key, branch = self.names.thread(pull["number"]), pull["head"]["ref"]
        above = [*closing, *self.names.mentioned(pull["title"], text(pull))]
        above += self.names.keys(pull["title"], branch, branch.upper(), text(pull))
        groups = self.names.groups(_labels(pull), paths)
        yield Artefact(key, tuple(parent for parent in dict.fromkeys([*above, *groups]) if parent != key))
        yield self._event(pull, f"pull/{pull['id']}/opened", "start", pull["created_at"])
        if not pull["merged_at"]:
            return
        if sha := pull["merge_commit_sha"]:
            yield Artefact(self.names.commit(sha), (key,))
        if pull["base"]["ref"] == self.branch:
            yield self._event(pull, f"pull/{pull['id']}/merged", "change", pull["merged_at"])

    def discussion(self, discussion: Any) -> Iterator[Item]:
        """Read a discussion: an idea or feedback, by its category or a label."""
        settings, labels = self.settings, _labels(discussion)
        category, id_ = discussion["category"]["name"], f"discussion/{discussion['id']}"
        feedback = _any(labels, settings.feedback_labels) or same(category, settings.feedback_categories)
        yield Artefact(self.names.thread(discussion["number"]), self._parents(discussion, labels, mentions=feedback))
        if self.is_idea(discussion) or same(category, settings.idea_categories):
            yield from self._idea(discussion, id_, labels)
            yield from self._closed(discussion, f"{id_}/closed")
        if feedback:
            yield self._feedback(discussion, f"feedback/discussion/{discussion['id']}")

    def commit(self, commit: Any) -> Iterator[Item]:
        """Read a commit that came into the main line without a pull request."""
        message, key = commit["message"], self.names.commit(commit["oid"])
        parents = [*self.names.mentioned(message), *self.names.keys(message), *self.names.groups()]
        yield Artefact(key, tuple(dict.fromkeys(parents)))
        by = commit.get("author") or {}
        yield Event(
            f"commit/{commit['oid']}",
            "change",
            instant(commit["committedDate"]),
            subject=key,
            title=message.partition("\n")[0],
            url=commit.get("url"),
            actor=(by.get("user") or {}).get("login") or by.get("name"),
        )

    def _idea(self, thread: Any, id_: str, labels: list[str]) -> Iterator[Item]:
        if _any(labels, self.settings.initiative_labels):
            yield self._initiative(thread, labels)
        yield self._event(thread, id_, "idea", thread["created_at"])

    def _feedback(self, thread: Any, id_: str) -> Event:
        customer = thread.get("author_association") not in _OURS
        return self._event(thread, id_, "feedback", thread["created_at"], {"customer": customer, "channel": "github"})

    def _closed(self, discussion: Any, id_: str) -> Iterator[Item]:
        """Read that an idea was closed as outdated, which is a no; one that was opened again takes it back."""
        reason = str(discussion.get("state_reason") or "").casefold()
        if reason == "outdated" and discussion.get("closed_at"):
            yield self._event(discussion, id_, "decision", discussion["closed_at"], {"outcome": "rejected"}, by={})
        elif reason == "reopened":
            yield Withdrawn(id_)

    def _initiative(self, thread: Any, labels: list[str]) -> Initiative:
        name, settings = self.names.repository, self.settings
        return Initiative(
            key=re.sub(r"[^A-Za-z0-9._-]", ".", f"{name}.{thread['number']}")[-100:],
            name=thread["title"],
            team=name.partition("/")[2],
            owner=(thread.get("assignee") or {}).get("login"),
            url=thread.get("html_url"),
            direction=direction(labels, settings.top_down_labels, settings.bottom_up_labels),
            claims=(self.names.thread(thread["number"]),),
            labels={"repository": name},
            evolution=evolution(labels),
        )

    def _outcome(self, happened: Any) -> str | None:
        if happened["event"] == "closed":
            return "rejected" if happened.get("state_reason") == "not_planned" else None
        if happened["event"] != "labeled":
            return None
        settings = self.settings
        outcomes = (
            ("approved", settings.approved_labels),
            ("rejected", settings.rejected_labels),
            ("deferred", settings.deferred_labels),
        )
        return next((outcome for outcome, labels in outcomes if same(happened["label"]["name"], labels)), None)

    def _parents(self, thread: Any, labels: list[str], above: Iterable[str] = (), *, mentions: bool) -> tuple[str, ...]:
        """List what is above, the keys in title and text, of feedback what it mentions, and the groups."""
        own, texts = self.names.thread(thread["number"]), (thread["title"], text(thread))
        found = [*above, *self.names.keys(*texts), *(self.names.mentioned(*texts) if mentions else ())]
        return tuple(key for key in dict.fromkeys([*found, *self.names.groups(labels)]) if key != own)

    def _event(
        self, thread: Any, id_: str, kind: Kind, at: str, told: Mapping[str, Value] | None = None, *, by: Any = None
    ) -> Event:
        who = thread.get("user") if by is None else by
        return Event(
            id_,
            kind,
            instant(at),
            subject=self.names.thread(thread["number"]),
            title=thread["title"],
            url=thread.get("html_url"),
            actor=(who or {}).get("login"),
            attributes=told or {},
        )


def _labels(thread: Any) -> list[str]:
    return [label["name"] if isinstance(label, dict) else label for label in thread.get("labels") or ()]


def _any(labels: Iterable[str], names: Iterable[str]) -> bool:
    return any(same(label, names) for label in labels)
