"""A naive reading of the definitions in plain Python: one initiative after the other, one event after the other."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from connectors.contract import Artefact, Event, Initiative, Withdrawn
from ttv.records import Link, Record

MICROSECOND = timedelta(microseconds=1)


@dataclass
class World:
    """What is known after some records, the last received winning."""

    events: dict = field(default_factory=dict)
    artefacts: dict = field(default_factory=dict)
    links: set = field(default_factory=set)
    initiatives: dict = field(default_factory=dict)

    def take(self, record: Record) -> None:
        match record.item:
            case Event(id=id_):
                self.events[record.source, id_] = record.item
            case Withdrawn(id=id_):
                self.events[record.source, id_] = None
            case Artefact(key=key, parents=parents):
                self.artefacts[record.source, key] = parents
            case Link(child=child, parent=parent, deleted=deleted):
                (self.links.discard if deleted else self.links.add)((record.source, child, parent))
                # a connector's word about all parents and a single link are the same row, so they share a fate
            case Initiative(key=key):
                self.initiatives[key] = record.item

    def parents(self, artefact: str) -> set:
        lent = {ref for event in self.events.values() if event and event.subject == artefact for ref in event.refs}
        reported = {parent for (_, child), parents in self.artefacts.items() if child == artefact for parent in parents}
        said = {parent for _, child, parent in self.links if child == artefact}
        return lent | reported | said

    def reach(self, artefact: str) -> set:
        found, edge = {artefact}, {artefact}
        for _ in range(8):
            edge = {parent for one in edge for parent in self.parents(one)} - found
            found |= edge
        return found

    def tied(self, key: str) -> list:
        claims = {*self.initiatives[key].claims, f"initiative:{key}"}
        return [
            (ident, event)
            for ident, event in sorted(self.events.items())
            if event and self.reach(event.subject) & claims
        ]


def outcome(event: Event) -> str | None:
    return event.attributes.get("outcome", "approved") if event.kind == "decision" else None


def ships(event: Event) -> bool:
    right = event.attributes.get("environment", "production") == "production"
    return event.kind == "deploy" and right and event.attributes.get("status", "succeeded") == "succeeded"


def senses(event: Event) -> bool:
    return event.kind == "feedback" and event.attributes.get("customer", True)


def first(events, fits, since=None):
    return min((e.occurred_at for e in events if fits(e) and (since is None or e.occurred_at >= since)), default=None)


def read(world: World, key: str, as_of: datetime) -> dict:
    """Return state, decision, milestones, durations in microseconds and loops of an initiative."""
    events = [event for _, event in world.tied(key) if event.occurred_at <= as_of]
    idea = first(events, lambda e: e.kind == "idea")
    if idea is None:
        nothing = dict.fromkeys(("idea", "decided", "started", "shipped", "valued", "stopped"))
        return {"state": "no_idea", "decision": None, **nothing, "stages": dict.fromkeys(STAGES), "loops": []}
    events = [event for event in events if event.occurred_at >= idea]
    started = first(events, lambda e: e.kind in ("start", "change") or ships(e))
    yes = first(events, lambda e: outcome(e) == "approved")
    shipped = first(events, ships)
    valued = first(events, senses, shipped) if shipped else None
    stopped = None if valued else standing_no(events, started, shipped)
    decided = min((when for when in (yes, started) if when), default=None) or stopped
    implied = started is not None and (yes is None or yes > started)
    state = (
        ("realised" if valued else None)
        or ("stopped" if stopped else None)
        or ("sensing" if shipped else None)
        or ("building" if started else None)
        or ("waiting" if decided else "deciding")
    )
    at = {
        "idea": idea,
        "decided": decided,
        "started": started,
        "shipped": shipped,
        "valued": valued,
        "stopped": stopped,
    }
    return {
        "state": state,
        "decision": ("implied" if implied else "recorded") if decided else None,
        **at,
        "stages": stages(at, as_of),
        "loops": loops(events, shipped),
    }


def standing_no(events, started, shipped):
    verdicts = [
        (e.occurred_at, outcome(e) == "approved") for e in events if outcome(e) in ("approved", "rejected", "stopped")
    ]
    verdicts += [(when, True) for when in (started, shipped) if when]
    stopped = None
    for when, is_yes in sorted(verdicts):
        if is_yes:
            stopped = None
        elif stopped is None:
            stopped = when
    return stopped


STAGES = ("deciding", "waiting", "building", "sensing")


def stages(at: dict, as_of: datetime) -> dict:
    over = at["valued"] or at["stopped"] or as_of
    edges = [at["idea"], at["decided"], at["started"], at["shipped"], at["valued"]]
    if at["stopped"] and at["decided"] == at["stopped"] and not at["started"]:
        edges[1] = None  # it was stopped while deciding: there was nothing to wait for
    found = {}
    for name, begin, end in zip(STAGES, edges, edges[1:], strict=False):
        found[name] = None if begin is None else ((end or over) - begin) // MICROSECOND
    return found


def loops(events, shipped):
    found, ship = [], shipped
    while ship is not None:
        sense = first(events, senses, ship)
        respond = first(events, ships, sense + MICROSECOND) if sense else None
        found.append((ship, sense, respond))
        ship = respond
    return found
