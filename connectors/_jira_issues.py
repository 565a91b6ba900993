"""What Jira's issues become: artefacts with their parents and groups, events, initiatives.

An `Issues` reads the issues of one site as `_jira_sites` gives them. An idea is an issue of a type that is named so, of
a Product Discovery project, or of the query of the initiatives; a request that is feedback is nothing else besides.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, get_args

from connectors import contract
from connectors._jira_feedback import Requests
from connectors._jira_moves import Move, Past, past, person
from connectors._jira_settings import Outcome, Settings
from connectors._jira_sites import EPIC, PARENT, Facts
from connectors._reading import direction, evolution, instant
from connectors.contract import Artefact, Event, Initiative, Item, Withdrawn

_OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)
_DISCOVERY = "product_discovery"
_FIELDS = (
    *("summary", "issuetype", "status", "created", "updated", "parent", "issuelinks"),
    *("project", "components", "labels", "priority", "assignee", "reporter"),
)


class Issues:
    """Reads the issues of one site."""

    def __init__(self, settings: Settings, facts: Facts, groups: Mapping[str, Collection[str]] | None = None) -> None:
        """Learn what the settings mean; `groups` has the ids of the issues in each group."""
        named = settings.statuses
        self.requests = Requests(settings, facts)
        self._settings, self._statuses, self._groups = settings, facts.statuses, groups or {}
        self._ideas, self._links = _folded(settings.ideas), _folded(settings.parent_links)
        self._considering, self._starts_at = _folded(named.considering), _folded(named.start)
        self._outcomes = {name: one for one in reversed(_OUTCOMES) for name in _folded(getattr(named, one))}
        self._above = tuple(
            id_ for id_ in (settings.epic_field, facts.fields.get(EPIC), facts.fields.get(PARENT)) if id_
        )

    @property
    def fields(self) -> list[str]:
        """Name the fields that are read."""
        dated = (self._settings.idea_date_field,) if self._settings.idea_date_field else ()
        return list(dict.fromkeys((*_FIELDS, *self._above, *dated, *self.requests.fields)))

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
            owner=person(fields.get("assignee")),
            url=self.page(key),
            direction=direction(labels, self._settings.top_down_labels, self._settings.bottom_up_labels),
            claims=(f"jira:{key}",),
            labels={name: value for name, value in told.items() if value},
            evolution=evolution(labels),
        )
        yield from self._read(issue, idea=True)

    def issue(self, issue: Any) -> Iterator[Item]:
        """Read any other issue."""
        return self._read(issue, idea=self.is_idea(issue["fields"]))

    def is_idea(self, fields: Any) -> bool:
        """Say whether an issue is an idea by what it is."""
        project = fields.get("project") or {}
        return fields["issuetype"]["name"].casefold() in self._ideas or project.get("projectTypeKey") == _DISCOVERY

    def _read(self, issue: Any, *, idea: bool) -> Iterator[Item]:
        key, fields, told = issue["key"], issue["fields"], past(issue)
        request = not idea and self.requests.is_one(fields)
        parents = dict.fromkeys((*self._parents(key, fields, every_link=request), *self._standing_in(issue)))
        yield Artefact(f"jira:{key}", tuple(f"jira:{parent}" for parent in parents))
        yield from (Artefact(f"jira:{old}", (f"jira:{key}",)) for old in told.old_keys)
        if request:
            yield from self.requests.events(issue, self.page(key))
        else:
            yield from self.events(issue, told, idea=idea)

    def events(self, issue: Any, told: Past, *, idea: bool) -> Iterator[Event | Withdrawn]:
        """Yield what happened to an issue that is no request."""
        if idea:
            yield self.idea(issue)
            yield from (self.event(issue, "decision", move) for move in told.moves if self.outcome(move))
        elif told.retyped:
            yield Withdrawn(f"issue/{issue['id']}")
            yield from (Withdrawn(move.id) for move in told.moves if self.outcome(move))
        yield from (self.event(issue, "start", move) for move in self._starts(told.moves, idea=idea))

    def idea(self, issue: Any) -> Event:
        """Give the event that an idea's creation is, or the day on which leadership heard of it."""
        heard = issue["fields"].get(self._settings.idea_date_field) if self._settings.idea_date_field else None
        at = _day(heard) if heard else instant(issue["fields"]["created"])
        return self.event(issue, "idea", Move(f"issue/{issue['id']}", at, person(issue["fields"].get("reporter"))))

    def event(self, issue: Any, kind: contract.Kind, move: Move) -> Event:
        """Give the event that a move of an issue is."""
        key, outcome = issue["key"], self.outcome(move) if kind == "decision" else None
        told = {"outcome": outcome, "status": move.name}
        return Event(
            move.id,
            kind,
            move.at,
            subject=f"jira:{key}",
            title=issue["fields"]["summary"],
            url=self.page(key),
            actor=move.actor,
            attributes={name: value for name, value in told.items() if value},
        )

    def _starts(self, moves: Iterable[Move], *, idea: bool) -> Iterator[Move]:
        """Yield the moves into work from outside of it; from one status of work to another is no new start."""
        working = False
        for move in (move for move in moves if move.status):
            worked, working = working, self.works(move, idea=idea)
            if working and not worked:
                yield move

    def outcome(self, move: Move) -> Outcome | None:
        """Say what a move decides upon an idea, by its name as it was and, of a status, by the one that it has now."""
        found = {self._outcomes.get(name) for name in self._names(move)} - {None}
        return min(found, key=_OUTCOMES.index) if len(found) > 1 else next(iter(found), None)

    def works(self, move: Move, *, idea: bool) -> bool:
        """Say whether a status is work under way."""
        if self.outcome(move):
            return False
        if self._starts_at:
            return not self._starts_at.isdisjoint(self._names(move))
        weighed = idea and self.weighs(move)
        return self._statuses.get(move.to, ("", ""))[1] == "indeterminate" and not weighed

    def weighs(self, move: Move) -> bool:
        """Say whether a status is that of an idea which is being considered."""
        return not self._considering.isdisjoint(self._names(move))

    def _names(self, move: Move) -> tuple[str, ...]:
        now = self._statuses.get(move.to) if move.status else None
        return (move.name.casefold(), now[0].casefold()) if now else (move.name.casefold(),)

    def _parents(self, key: str, fields: Any, *, every_link: bool) -> Iterator[str]:
        found = [(fields.get("parent") or {}).get("key"), *(_above(fields.get(name)) for name in self._above)]
        found += [self._link(link, every_link=every_link) for link in fields.get("issuelinks") or ()]
        return (parent for parent in found if parent and parent != key)

    def _link(self, link: Any, *, every_link: bool) -> str | None:
        """Give the key that a link leads up to; None if it leads down or aside, which for a request is up too."""
        outward, kind = link.get("outwardIssue"), link["type"]
        named = (kind.get("outward"), kind.get("name")) if outward else (kind.get("inward"),)
        up = every_link or any(name and name.casefold() in self._links for name in named)
        return str((outward or link["inwardIssue"])["key"]) if up else None

    def _standing_in(self, issue: Any) -> Iterator[str]:
        """Name the groups that an issue stands in, each of which can be claimed."""
        fields, id_ = issue["fields"], str(issue["id"])
        project = (fields.get("project") or {}).get("key") or issue["key"].rpartition("-")[0]
        yield f"project/{project}"
        yield from (f"component/{project}/{one['name']}" for one in fields.get("components") or ())
        yield from (f"label/{label}" for label in fields.get("labels") or ())
        yield from (f"group/{name}" for name, ids in self._groups.items() if id_ in ids)

    def page(self, key: str) -> str:
        """Give the address of an issue for people."""
        return f"{self._settings.pages}/browse/{key}"


def _folded(names: Iterable[str]) -> frozenset[str]:
    return frozenset(name.casefold() for name in names)


def _above(value: Any) -> str | None:
    """Read a field that holds the issue above: its key, or on Cloud an object that may hold it."""
    if isinstance(value, dict):
        value = (value.get("data") or value).get("key")
    return str(value) if value else None


def _day(value: str) -> datetime:
    """Read a custom field's date, whose day begins at midnight UTC, or its time."""
    return instant(value) if "T" in value else datetime.fromisoformat(value).replace(tzinfo=UTC)
