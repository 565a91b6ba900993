"""What a webhook of Jira tells exactly, named and shaped as a look would; of Cloud and of a Data Center alike.

Takes the settings, the headers and the body as it came. A body tells no fields by their kind, no categories of statuses
but that of the present one, and not which queries an issue matches: what hangs on these is left to a look, which is
asked for where there may be something of that kind.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from connectors import _signed
from connectors._jira_issues import Issues
from connectors._jira_moves import Move, moved, name_of, person
from connectors._jira_settings import Settings
from connectors._jira_sites import Facts
from connectors._reading import instant, same
from connectors.contract import Artefact, Delivery, Event, Item, Withdrawn

_SIGNATURE = "X-Hub-Signature"
_INDEXED = timedelta(seconds=30)
"""After so long a search finds what was changed; it mostly takes seconds."""
_MOVED, _KEYS = frozenset({"status", "resolution"}), frozenset({"key", "issuekey"})
_NEEDED = {"summary", "issuetype", "project", "status", "created", "updated"}
"""What Jira leaves out of a body that would be too long."""
_TELLING = (
    _MOVED
    | _KEYS
    | {
        *("issuetype", "project", "summary", "priority", "labels", "component", "components", "assignee"),
        *("link", "issuelinks", "parent", "issueparentassociation", "epic link", "parent link"),
        *("satisfaction", "satisfaction date"),
    }
)
"""Fields of which a look makes something, by the names that Jira gives them itself."""


def received(settings: Settings, headers: Mapping[str, str], body: bytes) -> Iterator[Item | Delivery]:
    """Yield what a webhook says; Refused if it is not signed with the source's secret."""
    _signed.by_hex(settings, body, _SIGNATURE, headers.get(_SIGNATURE))
    said = _signed.payload(body)
    tell = _TOLD.get(said.get("webhookEvent"))
    if tell is None:
        return
    at, issue = instant(said["timestamp"]), said["issue"]
    if not (issue.get("fields") or {}).keys() >= _NEEDED:
        yield Delivery(as_of=at, look_in=_INDEXED)
        return
    hook = _Hook.of(settings, said)
    if not hook.is_read:
        yield Delivery(as_of=at)
        return
    yield Delivery(as_of=at, look_in=_INDEXED if hook.has_more else None)
    yield from tell(hook, at)


@dataclass(frozen=True, slots=True)
class _Hook:
    """One webhook about an issue, and what reads that."""

    settings: Settings
    said: Any
    issue: Any
    issues: Issues
    idea: bool
    """Whether the issue is an idea by its type or project; it may be one by a query, which is not known here."""

    @classmethod
    def of(cls, settings: Settings, said: Any) -> "_Hook":
        issue = said["issue"]
        now = issue["fields"]["status"]
        statuses = {str(now["id"]): (now["name"], (now.get("statusCategory") or {}).get("key", ""))}
        issues = Issues(settings, Facts(statuses=statuses))
        return cls(settings, said, issue, issues, issues.is_idea(issue["fields"]))

    @property
    def is_read(self) -> bool:
        """Whether a look would read issues of this project."""
        wanted, project = self.settings.read_projects, (self.issue["fields"].get("project") or {}).get("key")
        return not wanted or same(project, wanted)

    @property
    def has_more(self) -> bool:
        """Whether a look may make more of it than this webhook tells."""
        if self.said["webhookEvent"] == "jira:issue_updated":
            own = {self.settings.idea_date_field, self.settings.epic_field}
            changed = {name.casefold() for item in self._changes for name in (name_of(item), item["field"])}
            return not changed.isdisjoint(_TELLING | {name.casefold() for name in own if name})
        return bool(self.said["webhookEvent"] == "jira:issue_created")

    @property
    def _changes(self) -> list[Any]:
        return list((self.said.get("changelog") or {}).get("items") or ())

    @property
    def _may_be_request(self) -> bool:
        return not self.idea and self.issues.requests.may_be(self.issue["fields"])

    def created(self, _at: datetime) -> Iterator[Item]:
        """Tell the idea or the request, and what its first status is, unless it has been touched again since.

        Where the settings have a condition in JQL, only Jira knows whether the issue is read at all.
        """
        fields, id_ = self.issue["fields"], self.issue["id"]
        if self.settings.jql:
            return
        if self._may_be_request:
            if not self.issues.requests.by_type:
                yield from self.issues.requests.events(self.issue, self.issues.page(self.issue["key"]))
            return
        first = Move(
            f"issue/{id_}/first",
            instant(fields["created"]),
            person(fields.get("reporter")),
            fields["status"]["name"],
            str(fields["status"]["id"]),
            status=True,
        )
        if self.idea:
            yield self.issues.idea(self.issue)
        if instant(fields["updated"]) == instant(fields["created"]):
            yield from self._moved(first, before=None)

    def updated(self, at: datetime) -> Iterator[Item]:
        """Tell the moves that the changelog names, and the old key of an issue that was moved."""
        who, when = person(self.said.get("user")), min(at, instant(self.issue["fields"]["updated"]))
        named = (self.said.get("changelog") or {}).get("id")
        for index, item in enumerate(self._changes if named and not self.settings.jql else ()):
            name = name_of(item)
            if name in _KEYS and item.get("fromString"):
                yield Artefact(f"jira:{item['fromString']}", (f"jira:{self.issue['key']}",))
            if name in _MOVED and item["to"] and not self._may_be_request:
                move = moved(named, index, item, when, who, status=name == "status")
                yield from self._moved(
                    move, before=Move("", when, None, item.get("fromString") or "", "?", status=True)
                )

    def deleted(self, _at: datetime) -> Iterator[Item]:
        """Take back what is named by the issue alone; the rest is tied to nothing any more."""
        id_, key = self.issue["id"], self.issue["key"]
        told = [f"feedback/{id_}", f"feedback/{id_}/rating"] if self._may_be_request else [f"issue/{id_}/first"]
        yield from map(Withdrawn, [*told, f"issue/{id_}"] if self.idea else told)
        yield Artefact(f"jira:{key}", ())

    def _moved(self, move: Move, before: Move | None) -> Iterator[Event]:
        """Tell a decision or a start, where it would be the same whichever query the issue matches."""
        if self.idea and self.issues.outcome(move):
            yield self.issues.event(self.issue, "decision", move)
        elif move.status and self._works(move) and (before is None or self._is_idle(before)):
            yield self.issues.event(self.issue, "start", move)

    def _works(self, move: Move) -> bool:
        """Say whether a status is work; in doubt it is none, for the issue may be an idea by a query."""
        doubtful = not self.idea and bool(self.settings.initiatives) and self.issues.weighs(move)
        return not doubtful and self.issues.works(move, idea=self.idea)

    def _is_idle(self, before: Move) -> bool:
        """Say whether a status is known to be no work, by its name alone."""
        if self.settings.statuses.start:
            return not self.issues.works(before, idea=self.idea)
        return bool(self.issues.outcome(before)) or (self.idea and self.issues.weighs(before))


_TOLD = {
    "jira:issue_created": _Hook.created,
    "jira:issue_updated": _Hook.updated,
    "jira:issue_deleted": _Hook.deleted,
}
