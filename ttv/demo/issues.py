"""Issues of the company as Jira's REST API v3 writes them: fields, links and changelogs at an instant."""

from collections.abc import Callable, Collection
from datetime import timedelta, timezone
from typing import Any

from ttv.demo import records, words
from ttv.demo.company import Company
from ttv.demo.jql import ACCOUNT_ZONE
from ttv.demo.records import Issue
from ttv.demo.times import moment

EPIC_LINK = "customfield_10014"
POINTS = "customfield_10016"
RANK = "customfield_10019"
EMBEDDED = 40
"""Histories that are embedded in an issue at most."""
CATEGORIES = {
    "new": (2, "blue-gray", "To Do"),
    "indeterminate": (4, "yellow", "In Progress"),
    "done": (3, "green", "Done"),
}
CUSTOM = {EPIC_LINK: "Epic Link", POINTS: "Story point estimate", RANK: "Rank"}
_ZONES = [timezone(timedelta(minutes=offset)) for offset in words.OFFSETS]

Json = dict[str, Any]
_NOTHING = (None, None)
_RESOLUTIONS: dict[int, tuple[str | None, str | None]] = {
    records.DONE: ("10000", "Done"),
    records.TAKEN_UP: ("10000", "Done"),
    records.REJECTED: ("10001", "Won't Do"),
    records.STOPPED: ("10001", "Won't Do"),
}


class Issues:
    """Writes issues of a company; `root` is the address of the Jira that is asked, `now` an instant."""

    def __init__(self, company: Company) -> None:
        """Take the company whose issues are written."""
        self.company = company
        self._fields: dict[str, Callable[[Issue, str, int], Any]] = {
            "summary": lambda issue, _, __: company.title(issue),
            "description": self._description,
            "issuetype": lambda issue, root, _: self.type(issue.kind, root),
            "project": lambda issue, root, _: self.project(issue.project, root),
            "status": lambda issue, root, now: self.status(self.state(issue, now), root),
            "created": lambda issue, _, __: self.time(issue, issue.created),
            "updated": lambda issue, _, now: self.time(issue, self.updated(issue, now)),
            "resolution": self._resolution,
            "resolutiondate": lambda issue, _, now: self.time(issue, self.resolved(issue, now)),
            "labels": lambda issue, _, __: self.labels(issue),
            "components": self._components,
            "priority": self._priority,
            "assignee": self._assignee,
            "reporter": lambda issue, root, _: self.person(issue.word // 7, root),
            "creator": lambda issue, root, _: self.person(issue.word // 7, root),
            "parent": self._parent,
            "issuelinks": self._links,
            "subtasks": lambda *_: [],
            "fixVersions": lambda *_: [],
            "duedate": lambda *_: None,
            EPIC_LINK: self._epic_link,
            POINTS: lambda issue, _, __: float(1 + issue.word % 8) if issue.kind == records.STORY else None,
            RANK: lambda issue, _, __: f"0|i{issue.index:05x}:",
        }

    @property
    def names(self) -> list[str]:
        """List the fields that there are."""
        return list(self._fields)

    def issue(self, issue: Issue, root: str, now: int, fields: Collection[str], *, changelog: bool) -> Json:
        """Write one issue with the named fields; with its changelog embedded as far as Jira embeds it."""
        written: Json = {
            "expand": "operations,versionedRepresentations,editmeta,changelog,renderedFields",
            "id": self.id(issue),
            "self": f"{root}/rest/api/3/issue/{self.id(issue)}",
            "key": self.company.key(issue),
        }
        if fields:
            written["fields"] = {name: self._fields[name](issue, root, now) for name in fields if name in self._fields}
            if written["fields"].get("parent", "") is None:
                del written["fields"]["parent"]
        if changelog:
            histories = self.histories(issue, root, now)
            embedded = histories[::-1][:EMBEDDED]
            written["changelog"] = {
                "startAt": 0,
                "maxResults": len(embedded),
                "total": len(histories),
                "histories": embedded,
            }
        return written

    @staticmethod
    def id(issue: Issue) -> str:
        """Give the id that stays when an issue moves."""
        return str(10_000 + issue.index)

    @staticmethod
    def time(issue: Issue, instant: int | None) -> str | None:
        """Write an instant in the zone of the issue's project, the offset without a colon."""
        if instant is None:
            return None
        text = moment(instant).astimezone(_ZONES[issue.project]).isoformat(timespec="milliseconds")
        return f"{text[:-3]}{text[-2:]}"

    @staticmethod
    def state(issue: Issue, now: int) -> int:
        """Give the status that an issue is in."""
        current = records.FIRST_STATUS[issue.kind]
        for at, step in zip(issue.steps[::2], issue.steps[1::2], strict=True):
            if at <= now and step < records.PARENT:
                current = step
        return current

    @staticmethod
    def updated(issue: Issue, now: int) -> int:
        """Give the instant at which an issue was last touched."""
        return max((at for at in issue.history if at <= now), default=issue.created)

    def resolved(self, issue: Issue, now: int) -> int | None:
        """Give the instant at which an issue came into its final status, None while it is open."""
        if records.STATUSES[self.state(issue, now)][1] != "done":
            return None
        steps = zip(issue.steps[::2], issue.steps[1::2], strict=True)
        return max((at for at, step in steps if at <= now and step < records.PARENT), default=issue.created)

    @staticmethod
    def parent(issue: Issue, now: int) -> Issue | None:
        """Give the issue that an issue is filed under by now."""
        return issue.parent if issue.parent and max(issue.adopted, issue.parent.created) <= now else None

    @staticmethod
    def labels(issue: Issue) -> list[str]:
        """List the labels of an issue."""
        if issue.kind != records.INITIATIVE:
            return [] if issue.word % 5 else ["paper-cut"]
        return [label for label in (issue.direction, issue.evolution) if label]

    @staticmethod
    def component(issue: Issue) -> str | None:
        """Give the name of an issue's component: of most initiatives, the team."""
        named = issue.kind == records.INITIATIVE and issue.word % 5 != 0
        return words.TEAMS[issue.project].name if named else None

    def histories(self, issue: Issue, root: str, now: int) -> list[Json]:
        """Write the whole changelog up to now, oldest first."""
        before, written = records.FIRST_STATUS[issue.kind], []
        for place, (at, step) in enumerate(zip(issue.steps[::2], issue.steps[1::2], strict=True)):
            if at > now:
                break
            written.append(
                {
                    "id": str(1_000_000 + issue.index * 1_000 + place),
                    "author": self.person(issue.word // 11 + place // 3, root),
                    "created": self.time(issue, at),
                    "items": self._items(issue, before, step, place),
                }
            )
            before = step if step < records.PARENT else before
        return written

    def _items(self, issue: Issue, before: int, step: int, place: int) -> list[Json]:
        if step >= records.PARENT:
            return [self._other(issue, step, place)]
        names = [records.STATUSES[status][0] for status in (before, step)]
        status = _change("status", (str(10_100 + before), names[0]), (str(10_100 + step), names[1]))
        if step == records.IN_PROGRESS and before not in _RESOLUTIONS:
            return [_change("assignee", _NOTHING, (account(issue.word), words.person(issue.word))), status]
        ends = [_RESOLUTIONS.get(state, _NOTHING) for state in (before, step)]
        return [status] if ends[0] == ends[1] else [_change("resolution", *ends), status]

    def _other(self, issue: Issue, step: int, place: int) -> Json:
        if step == records.PARENT and issue.parent:
            parent = issue.parent
            return _change("IssueParentAssociation", _NOTHING, (self.id(parent), self.company.key(parent)))
        if step == records.RANK:
            return _change("Rank", ("", ""), ("", "Ranked higher")) | {"fieldtype": "custom", "fieldId": RANK}
        if step == records.PRIORITY:
            old, new = ((issue.word + place + i) % 4 for i in range(2))
            pair = [(str(number + 1), words.PRIORITIES[number]) for number in (old, new)]
            return _change("priority", *pair)
        return _change("description", (None, f"Draft {place}"), (None, f"Draft {place + 1}"))

    def _description(self, issue: Issue, _root: str, _now: int) -> Json | None:
        if issue.word % 3 == 0:
            return None
        sentence = {
            "type": "text",
            "text": f"{self.company.title(issue)}. What people told us, and what we make of it.",
        }
        return {"type": "doc", "version": 1, "content": [{"type": "paragraph", "content": [sentence]}]}

    def _resolution(self, issue: Issue, root: str, now: int) -> Json | None:
        number, name = _RESOLUTIONS.get(self.state(issue, now), _NOTHING)
        if number is None:
            return None
        return {"self": f"{root}/rest/api/3/resolution/{number}", "id": number, "name": name, "description": ""}

    def _components(self, issue: Issue, root: str, _now: int) -> list[Json]:
        name = self.component(issue)
        number = str(10_300 + issue.project)
        return [{"self": f"{root}/rest/api/3/component/{number}", "id": number, "name": name}] if name else []

    @staticmethod
    def _priority(issue: Issue, root: str, now: int) -> Json:
        fuss = enumerate(zip(issue.steps[::2], issue.steps[1::2], strict=True))
        last = max((place for place, (at, step) in fuss if at <= now and step == records.PRIORITY), default=-1)
        number = (issue.word + last + 1) % 4
        return {
            "self": f"{root}/rest/api/3/priority/{number + 1}",
            "iconUrl": f"{root}/images/icons/priorities/{words.PRIORITIES[number].lower()}.svg",
            "name": words.PRIORITIES[number],
            "id": str(number + 1),
        }

    def _assignee(self, issue: Issue, root: str, now: int) -> Json | None:
        taken = issue.kind in {records.INITIATIVE, records.EPIC} or self.state(issue, now) in {
            records.IN_PROGRESS,
            records.IN_REVIEW,
            records.DONE,
        }
        return self.person(issue.word, root) if taken else None

    def _parent(self, issue: Issue, root: str, now: int) -> Json | None:
        parent = self.parent(issue, now)
        if parent is None or issue.linked or self._classic(issue):
            return None
        return self._brief(parent, root, now)

    def _epic_link(self, issue: Issue, _root: str, now: int) -> str | None:
        parent = self.parent(issue, now)
        return self.company.key(parent) if parent and self._classic(issue) and not issue.linked else None

    @staticmethod
    def _classic(issue: Issue) -> bool:
        return issue.kind == records.STORY and words.TEAMS[issue.project].classic

    def _links(self, issue: Issue, root: str, now: int) -> list[Json]:
        parent = self.parent(issue, now)
        if issue.linked and parent:
            return [self._link(issue, "outwardIssue", parent, root, now)]
        if issue.kind != records.EPIC:
            return []
        family = self.company.initiatives[issue.owner].issues
        children = [other for other in family if other.linked and other.parent is issue and other.created <= now]
        return [self._link(child, "inwardIssue", child, root, now) for child in children]

    def _link(self, child: Issue, side: str, other: Issue, root: str, now: int) -> Json:
        number = str(50_000 + child.index)
        kind = {"id": "10003", "name": "Implements", "inward": "is implemented by", "outward": "implements"}
        return {
            "id": number,
            "self": f"{root}/rest/api/3/issueLink/{number}",
            "type": kind | {"self": f"{root}/rest/api/3/issueLinkType/10003"},
            side: self._brief(other, root, now),
        }

    def _brief(self, issue: Issue, root: str, now: int) -> Json:
        number = self.id(issue)
        return {
            "id": number,
            "key": self.company.key(issue),
            "self": f"{root}/rest/api/3/issue/{number}",
            "fields": {
                "summary": self.company.title(issue),
                "status": self.status(self.state(issue, now), root),
                "priority": self._priority(issue, root, now),
                "issuetype": self.type(issue.kind, root),
            },
        }

    @staticmethod
    def project(index: int, root: str) -> Json:
        """Write a project."""
        return {
            "self": f"{root}/rest/api/3/project/{10_200 + index}",
            "id": str(10_200 + index),
            "key": words.PROJECT_KEYS[index],
            "name": words.PROJECT_NAMES[index],
            "projectTypeKey": "software",
            "simplified": False,
        }

    @staticmethod
    def type(kind: int, root: str) -> Json:
        """Write an issue type."""
        return {
            "self": f"{root}/rest/api/3/issuetype/{10_400 + kind}",
            "id": str(10_400 + kind),
            "name": records.ISSUE_TYPES[kind],
            "description": "",
            "iconUrl": f"{root}/images/icons/issuetypes/{kind}.svg",
            "subtask": False,
            "hierarchyLevel": (2, 1, 0, 0, 0)[kind],
        }

    @staticmethod
    def status(status: int, root: str) -> Json:
        """Write a status with its category."""
        name, category = records.STATUSES[status]
        number, colour, title = CATEGORIES[category]
        return {
            "self": f"{root}/rest/api/3/status/{10_100 + status}",
            "description": "",
            "iconUrl": f"{root}/images/icons/statuses/generic.png",
            "name": name,
            "id": str(10_100 + status),
            "statusCategory": {
                "self": f"{root}/rest/api/3/statuscategory/{number}",
                "id": number,
                "key": category,
                "colorName": colour,
                "name": title,
            },
        }

    @staticmethod
    def person(word: int, root: str) -> Json:
        """Write an account."""
        return {
            "self": f"{root}/rest/api/3/user?accountId={account(word)}",
            "accountId": account(word),
            "accountType": "atlassian",
            "displayName": words.person(word),
            "active": True,
            "timeZone": ACCOUNT_ZONE,
        }


def account(word: int) -> str:
    """Give the account id of a person."""
    return f"5b10{word % 126:020x}"


def _change(name: str, old: tuple[str | None, str | None], new: tuple[str | None, str | None]) -> Json:
    """Write a changed field, each side by its id and its text."""
    return {
        "field": name,
        "fieldtype": "jira",
        "fieldId": name,
        "from": old[0],
        "fromString": old[1],
        "to": new[0],
        "toString": new[1],
    }
