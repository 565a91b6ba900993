"""Diagnosis: which figures of an initiative are missing, why, in words with numbers, and what would fill each.

A figure waits for the first milestone that was not reached; what was seen and does not count is told with its number.
Nothing is missing that cannot be: a realised initiative has no age, one that is still deciding no time to value *yet*.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from ttv import explain, figures, near, store, words
from ttv.evidence import Event, Evidence, artefacts, listed, meaning, named, tally
from ttv.suspicion import failing, suspicions

Reason = tuple[str, str, list[Event]]
"""Why in a word, why in a sentence, and the events that the sentence counts."""

_NEEDS = {
    "idea": "an idea event with the day it was first heard",
    "decided": "a decision, yes or no, or the first work: doing is deciding",
    "started": "the first work: a start, a change, or a ship",
    "shipped": "a deploy that succeeded in production",
    "valued": "the first feedback of a customer at or after the ship",
}
"""What each milestone is reached by."""
_BEFORE = {"idea": (), "decided": ("idea",), "started": ("idea",), "shipped": ("idea",), "valued": ("idea", "shipped")}
_REVIVES = "a yes later than the no, or the first work in spite of it"
_TIES = "a claim on the artefacts that are its own, or a link from them"
_FIGURES = {"time_to_value": "valued", "rate_of_turn": "decided"}
_STAGES = {"deciding": "idea", "waiting": "decided", "building": "started", "sensing": "shipped"}
"""The milestone that gives each figure its value, and each stage its begin."""


def diagnosis(connection: Connection, key: str, as_of: datetime) -> dict[str, Any] | None:
    """Tell what is missing, what looks wrong, and which orphans look near; None if there is no such initiative."""
    item, events = figures.initiative(connection, key, as_of), explain.events(connection, key, as_of)
    return None if item is None or events is None else diagnosed(connection, Evidence(item, events))


def diagnosed(connection: Connection, known: Evidence) -> dict[str, Any]:
    """Tell of an initiative that was read already what `diagnosis` does."""
    missing = list(_missing(connection, known))
    found = suspicions(known)
    if known.state not in ("realised", "stopped"):
        found += failing(connection, known.item["as_of"])
    return {
        "key": known.item["key"],
        "state": known.state,
        "missing": missing,
        "suspicions": found,
        "near": near.orphans(connection, known.item) if known.state != "realised" else [],
        "as_of": known.item["as_of"],
    }


def _missing(connection: Connection, known: Evidence) -> Iterator[dict[str, Any]]:
    if known.state == "realised":
        yield from _loop(known)
        return
    because, why, events = _WHY[known.state](connection, known)
    rest = {"because": because, "why": why, "events": named(events)}
    for figure, milestone in _FIGURES.items():
        if known.at(milestone) is None:
            yield {"figure": figure, **rest, **_fill(known, milestone)}
    for stage, milestone in _STAGES.items():
        if known.item["stages"][stage] is None:
            yield {"figure": stage, **rest, **_fill(known, milestone)}


def _fill(known: Evidence, milestone: str) -> dict[str, Any]:
    """Say what would bring a milestone: what it cannot be without, and itself; a ship is a start and a decision too."""
    needs = [*(name for name in _BEFORE[milestone] if known.at(name) is None), milestone]
    told = [_NEEDS[name] for name in needs]
    if known.state == "stopped":
        told[0] = _REVIVES if milestone == "decided" else f"{told[0]}, in spite of the no"
    if not known.events:
        told[0] = f"{_TIES}; then {told[0]}"
    told[0] += f", tied to it over {artefacts(known.item)}"
    return {"needs": needs, "fill": _sentence("; then ".join(told))}


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."


# ---- why


def _no_idea(connection: Connection, known: Evidence) -> Reason:
    table = store.milestone
    idea_at = store.instant(
        connection.scalar(select(table.c.idea_at).where(table.c.initiative == known.item["key"])),
    )
    if idea_at is not None:
        return "no_idea", f"Its idea was heard on {words.day(idea_at)}, after the instant that is asked for.", []
    if not known.events:
        claims = known.item["claims"]
        told = f"it claims {', '.join(claims)}, and no event leads there" if claims else "it claims no artefact"
        return "nothing_tied", f"No event is tied to it: {told}.", []
    kinds = Counter(one["kind"] for one in known.events).most_common()
    some = words.count(len(known.events), "event is", "events are")
    told = ", ".join(words.count(number, kind) for kind, number in kinds)
    return "no_idea", f"{some} tied, but no idea: {told}.", known.events


def _not_decided(_connection: Connection, known: Evidence) -> Reason:
    idea_at = known.at("idea")
    seen = known.of("decision", idea_at)
    early = known.before_idea(lambda one: one["kind"] == "decision")
    told = (
        f"{words.count(len(seen), 'decision')} seen, {_all_of(len(seen), 'deferred')}" if seen else "no decision seen"
    )
    return "not_decided", f"Heard {known.ago(idea_at)}, {listed([told, _ignored(early, 'decision')])}.", seen + early


def _not_started(_connection: Connection, known: Evidence) -> Reason:
    decided_at = known.at("decided")
    early = known.before_idea(lambda one: meaning(one) in ("start", "ship"))
    deploys = known.of("deploy", known.at("idea"))
    parts = ["no work seen", _idle(deploys), _ignored(early, "piece of work", "pieces of work")]
    return "not_started", f"Decided {known.ago(decided_at)}, {listed(parts)}.", deploys + early


def _not_shipped(_connection: Connection, known: Evidence) -> Reason:
    started_at = known.at("started")
    deploys = known.of("deploy", known.at("idea"))
    changes = len(known.of("change", known.at("idea")))
    early = known.before_idea(lambda one: meaning(one) == "ship")
    merged = f"{words.count(changes, 'change')} merged" if changes else ""
    parts = [merged, _idle(deploys) or "no deploy seen", _ignored(early, "ship")]
    return "not_shipped", f"Work began {known.ago(started_at)}, {listed(parts)}.", deploys + early


def _not_sensed(_connection: Connection, known: Evidence) -> Reason:
    shipped_at, idea_at = known.at("shipped"), known.at("idea")
    since = known.of("feedback", shipped_at)
    before = known.of("feedback", idea_at)[: -len(since) or None]
    told = "no feedback seen"
    if since:
        who = "not from a customer" if len(since) == 1 else "none from a customer"
        told = f"{words.count(len(since), 'feedback')} seen, {who}"
    early = f"{words.count(len(before), 'feedback')} from before the ship cannot be about it" if before else ""
    return "not_sensed", f"Shipped {known.ago(shipped_at)}, {listed([told, early])}.", before + since


def _stopped(_connection: Connection, known: Evidence) -> Reason:
    stopped_at = known.at("stopped")
    noes = [one for one in known.of("decision", stopped_at) if meaning(one) == "no"]
    outcome = noes[0]["attributes"]["outcome"]
    again = f", and was said {words.count(len(noes), 'time')}" if len(noes) > 1 else ""
    stage = next((name for name in reversed(_STAGES) if known.item["stages"][name] is not None), "deciding")
    return "stopped", f"It was {outcome} {known.ago(stopped_at)}, while {stage}, and the no still stands{again}.", noes


_WHY: dict[str, Callable[[Connection, Evidence], Reason]] = {
    "no_idea": _no_idea,
    "deciding": _not_decided,
    "waiting": _not_started,
    "building": _not_shipped,
    "sensing": _not_sensed,
    "stopped": _stopped,
}


def _loop(known: Evidence) -> Iterator[dict[str, Any]]:
    """Yield what the last loop of a realised initiative waits for, if it is open."""
    last, number = known.item["loops"][-1], len(known.item["loops"])
    if last["responded_at"] is not None:
        return
    if last["sensed_at"] is None:
        begin, milestone = last["shipped_at"], "valued"
        said = f"Loop {number} shipped {known.ago(begin)}, no customer has answered since."
        seen = known.of("feedback", begin)
    else:
        begin, milestone = last["sensed_at"], "shipped"
        said = f"In loop {number} a customer answered {known.ago(begin)}, nothing has shipped in response."
        seen = known.of("deploy", begin)
    because = "not_sensed" if milestone == "valued" else "not_responded"
    fill = _sentence(_NEEDS[milestone] if milestone == "valued" else f"{_NEEDS['shipped']}, after that answer")
    yield {"figure": "loop", "because": because, "why": said, "events": named(seen), "needs": [milestone], "fill": fill}


# ---- numbers in words


def _all_of(number: int, what: str) -> str:
    return what if number == 1 else f"all of them {what}"


def _ignored(events: list[Event], one: str, many: str | None = None) -> str:
    does = "does" if len(events) == 1 else "do"
    return f"{words.count(len(events), one, many)} from before the idea {does} not count" if events else ""


def _idle(deploys: list[Event]) -> str:
    """Tell of deploys that did not ship how many went where, or how they ended."""
    if not deploys:
        return ""
    seen = words.count(len(deploys), "deploy")
    none = "which did not ship" if len(deploys) == 1 else "none of which shipped"
    return f"{seen} seen, {none}: {tally(Counter(map(_end, deploys)))}"


def _end(deploy: Event) -> str:
    environment = deploy["attributes"].get("environment", "production")
    if environment != "production":
        return f"to {environment}"
    return "rolled back" if deploy["attributes"].get("status") == "rolled_back" else "failed"
