"""CDEvents → events: changes, deploys, and, where the settings say so, tickets and approvals; and what belongs to what.

Takes the envelope of a CloudEvent whose data is a whole CDEvent, of any version; gives the items that it says, or the
reason why it says nothing of use. A type is read without its version at the end, for producers are of all ages.

Every CDEvent is an artefact too, `cdevents:<id of its context>`, whose parents are what it names: its subject, what
came before it by its links, its chain. So a deploy leads to its change over builds that are no events themselves.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

import orjson

from connectors._cdevents_names import Names
from connectors._reading import instant, same
from connectors.contract import Artefact, Event, Item, Kind, Value

PREFIX = "dev.cdevents."
_TYPE = re.compile(r"dev\.cdevents\.([a-z]+)\.([a-z]+)(?:\..*)?", re.IGNORECASE)
_CHANGES: dict[str, Kind] = {"created": "start", "merged": "change"}
_SERVICES = {"deployed": "succeeded", "upgraded": "succeeded", "published": "succeeded", "rolledback": "rolled_back"}
_VERDICTS = {"approved": "approved", "rejected": "rejected"}


@dataclass(frozen=True, slots=True)
class Rules:
    """What the settings of a source make of its CDEvents."""

    names: Names
    production: tuple[str, ...]
    """Patterns of environments that are production."""
    ideas: tuple[str, ...]
    """Types and labels of tickets that are ideas."""
    feedback: tuple[str, ...]
    """Types and labels of tickets that are feedback."""


class Read(NamedTuple):
    """What a CDEvent says."""

    items: list[Item]
    passed: str | None
    """Why it is no event of ours; None if it is one."""


def read(envelope: Any, rules: Rules, within: str = "") -> Read:
    """Read a CDEvent from its CloudEvent; ValueError, KeyError or TypeError where it is none.

    The ids of its events begin with `within`, which tells apart the senders of one source.
    """
    found = _TYPE.fullmatch(envelope["type"])
    if not found:
        raise ValueError(f"type: {envelope['type']!r} is no type of CDEvents, such as dev.cdevents.change.merged.0.3.0")
    said = _Said(envelope.get("data"), found[1].lower(), found[2].lower(), rules)
    event = said.event(within)
    if event is None:
        return Read([*said.packaged(), Artefact(said.key, said.parents())], said.reason())
    items: list[Item] = [event]
    if event.subject != said.key:
        items.append(Artefact(said.key, tuple(dict.fromkeys([event.subject, *said.before()]))))
    return Read(items, None)


class _Said:
    """One CDEvent, read by the subject and the predicate of its type."""

    def __init__(self, data: Any, subject: str, predicate: str, rules: Rules) -> None:
        if not isinstance(data, dict) or "context" not in data or "subject" not in data:
            raise ValueError("data: must be a whole CDEvent, with its context and its subject")
        self._context, self._subject, self._custom = data["context"], data["subject"], data.get("customData")
        self._content: dict[str, Any] = self._subject.get("content") or {}
        self._what, self._predicate, self._rules, self._names = subject, predicate, rules, rules.names
        self._source = self._subject.get("source") or self._context["source"]
        self._id: str = self._subject["id"]
        self.key = f"cdevents:{self._context['id']}"

    def event(self, within: str) -> Event | None:
        """Return the event that it is, or None."""
        match self._what:
            case "change" if self._predicate in _CHANGES:
                return self._event(within, _CHANGES[self._predicate], self._change(), self._content.get("description"))
            case "service" if self._predicate in _SERVICES:
                return self._deploy(within, _SERVICES[self._predicate])
            case "ticket":
                return self._ticket(within)
            case "approval" if self._predicate == "closed":
                return self._approval(within)
            case _:
                return None

    def reason(self) -> str:
        """Say why it is no event."""
        if self._what == "ticket" and self._predicate == "created":
            return "no ticketType or label of it is among `idea_tickets` or `feedback_tickets`"
        if self._what == "approval" and self._predicate == "closed":
            return "it ends without a verdict, or lets a step of a pipeline go on: only one upon an issue is a decision"
        return f"{self._what} {self._predicate} is nothing that a figure is made of"

    def parents(self) -> tuple[str, ...]:
        """List what it belongs to, if it is no event: its subject, where others know that, and what came before."""
        known = self._names.known(self._id)
        own = self._change() if self._what == "change" else known or self._id if self._what == "artifact" else known
        return tuple(dict.fromkeys([*([own] if own else []), *self.before()]))

    def packaged(self) -> Iterator[Artefact]:
        """Yield an artefact that was packaged, which belongs to its change."""
        change = self._content.get("change") or {}
        if (self._what, self._predicate) == ("artifact", "packaged") and change.get("id"):
            parent = self._names.change(change.get("source") or self._source, change["id"])
            yield Artefact(self._names.known(self._id) or self._id, (parent,))

    def before(self) -> list[str]:
        """List what came before it and what it is said to belong to, by its links, its chain, and keys in its texts."""
        chain = self._context.get("chainId")
        linked = (
            self._linked(link.get("from") or link.get("target") or {}) for link in self._context.get("links") or ()
        )
        custom = self._custom if isinstance(self._custom, str) else orjson.dumps(self._custom or {}).decode()
        texts = self._id, self._content.get("description"), self._content.get("summary"), custom
        found = [key for keys in linked for key in keys]
        return [*found, *([f"cdevents:chain/{chain}"] if chain else []), *self._names.issues(*texts)]

    def _linked(self, end: Any) -> Iterator[str]:
        """Name the other end of a link: another CDEvent, or something of a tool."""
        if end.get("contextId"):
            yield f"cdevents:{end['contextId']}"
        if end.get("domainId"):
            yield self._names.known(end["domainId"]) or end["domainId"]

    def _event(
        self, within: str, kind: Kind, subject: str, title: str | None, /, *refs: str, **attributes: Value
    ) -> Event:
        parents = dict.fromkeys(ref for ref in (*refs, *self.before()) if ref not in (subject, self.key))
        url = self._content.get("uri") or self._content.get("approvalDetailsUrl")
        by = ("creator", "updatedBy", "responder")
        return Event(
            within + self._context["id"],
            kind,
            instant(self._context["timestamp"]),
            subject,
            tuple(parents),
            title or self._id,
            url,
            next((self._content[name] for name in by if self._content.get(name)), None),
            {name: value for name, value in attributes.items() if value is not None},
        )

    def _change(self) -> str:
        repository = self._content.get("repository") or {}
        return self._names.change(self._source, self._id, repository.get("id") or "", repository.get("source") or "")

    def _deploy(self, within: str, status: str) -> Event:
        """Read a deploy; the deployment is the event itself, for the subject is the service, which stays."""
        told = self._content["environment"]
        place = told if isinstance(told, str) else told["id"]
        real = any(fnmatchcase(place.casefold(), pattern.casefold()) for pattern in self._rules.production)
        artefact = self._content.get("artifactId")
        refs = [self._names.known(artefact) or artefact] if artefact else []
        return self._event(
            within,
            "deploy",
            self.key,
            f"{self._id} to {place}",
            *refs,
            environment="production" if real else place,
            environment_name=place if real and place != "production" else None,
            status=status,
            service=self._id,
        )

    def _ticket(self, within: str) -> Event | None:
        """Read a ticket: an idea or feedback when it is created, a no to an idea when it is closed as withdrawn."""
        kinds = [self._content.get("ticketType"), *(self._content.get("labels") or ())]
        idea, feedback = (
            any(same(kind, names) for kind in kinds) for names in (self._rules.ideas, self._rules.feedback)
        )
        key, title = self._names.own("ticket", self._source, self._id), self._content.get("summary")
        if known := self._names.known(self._content.get("uri") or ""):
            key = known
        if self._predicate == "created" and (idea or feedback):
            return self._event(within, "idea" if idea else "feedback", key, title)
        if self._predicate == "closed" and idea and self._content.get("resolution") == "withdrawn":
            return self._event(within, "decision", key, title, outcome="stopped")
        return None

    def _approval(self, within: str) -> Event | None:
        """Read a verdict upon an issue; what lets a step of a pipeline go on is not the decision to do something."""
        target = self._names.known(self._content["resourceTargetUrl"])
        outcome = _VERDICTS.get(self._content["status"])
        if outcome is None and self._content.get("decision") == "deferred":
            outcome = "deferred"
        if target is None or outcome is None or not self._names.is_work(target):
            return None
        return self._event(within, "decision", target, None, outcome=outcome)
