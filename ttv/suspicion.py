"""Suspicions: what makes the figures of an initiative look better or worse than they were, and what would settle it."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, or_, select

from ttv import store, words
from ttv.evidence import Event, Evidence, meaning, named, tally

Finding = tuple[str, str, list[Event]]
"""Why in a sentence, what would settle it, and the events that it rests on."""

_AT_ONCE = timedelta(hours=1)
"""Work that begins so soon after the idea was recorded was probably decided on before."""


def suspicions(known: Evidence) -> list[dict[str, Any]]:
    """List what looks wrong about an initiative."""
    return [
        {"suspicion": name, "why": why, "fill": fill, "events": named(events)}
        for name, look in _LOOKS.items()
        for why, fill, events in look(known)
    ]


def failing(connection: Connection, as_of: datetime) -> list[dict[str, Any]]:
    """List the sources that fail and were not read up to an instant: what is missing may have happened there."""
    table = store.source
    unread = or_(table.c.looked_until.is_(None), table.c.looked_until < store.micros(as_of))
    rows = connection.execute(select(table).where(table.c.error.is_not(None), unread).order_by(table.c.name))
    return [
        {
            "suspicion": "source_failing",
            "why": f"The source {row.name} could not be read at the last look ({row.message or row.error}); "
            + (
                f"it was read last on {words.day(read)}."
                if (read := store.instant(row.succeeded_at))
                else "it never was."
            ),
            "fill": "What its message says; `ttv doctor` tries it.",
            "events": [],
        }
        for row in rows
    ]


def _filed_late(known: Evidence) -> Iterator[Finding]:
    early = known.before_idea(lambda one: meaning(one) in ("start", "ship"))
    idea_at = known.at("idea")
    if not early or idea_at is None:
        return
    sooner = words.duration((idea_at - early[0]["occurred_at"]).total_seconds())
    pieces = words.count(len(early), "piece of work", "pieces of work")
    why = f"{pieces} came before the idea was recorded, the first {sooner} before it"
    yield f"{why}: it was filed late, so it looks fast.", _HEARD.format(key=known.item["key"]), early


_HEARD = "An idea event about initiative:{key} with the day it was first heard; the earliest idea counts."


def _decided_before(known: Evidence) -> Iterator[Finding]:
    early = known.before_idea(lambda one: meaning(one) in ("yes", "no"))
    if early:
        decisions = words.count(len(early), "decision was", "decisions were")
        why = f"{decisions} taken before the idea was recorded, the first on {words.day(early[0]['occurred_at'])}."
        yield why, _HEARD.format(key=known.item["key"]), early


def _filed_with_work(known: Evidence) -> Iterator[Finding]:
    idea_at, started_at = known.at("idea"), known.at("started")
    if known.item["worked_before_idea_at"] or idea_at is None or started_at is None:
        return
    if known.item["decision"] == "implied" and started_at - idea_at <= _AT_ONCE:
        first = [one for one in known.events if "started" in one["roles"]]
        later = words.duration((started_at - idea_at).total_seconds())
        after = later if later == "at once" else f"{later} after it"
        why = f"Work began {after}, as soon as the idea was recorded: it was probably heard, and decided on, earlier."
        yield why, _HEARD.format(key=known.item["key"]), first


def _implied(known: Evidence) -> Iterator[Finding]:
    if known.item["decision"] != "implied":
        return
    started_at = known.at("started")
    later = [one for one in known.of("decision", started_at) if meaning(one) == "yes"]
    told = "nobody recorded a yes"
    if later and started_at is not None:
        told = f"the yes was recorded {words.duration((later[0]['occurred_at'] - started_at).total_seconds())} after it"
    fill = (
        "A decision event with the day of the yes; or, in the source's settings, the name of the status that means yes."
    )
    yield f"The decision is implied by the first work: {told}.", fill, later[:1]


def _own_people_only(known: Evidence) -> Iterator[Finding]:
    if known.state != "sensing":
        return
    own = known.of("feedback", known.at("shipped"))
    if own:
        told = (
            "The only feedback since the ship is" if len(own) == 1 else f"All {len(own):,} feedbacks since the ship are"
        )
        why = f"{told} marked as the organisation's own: {_by_source(own)}."
        yield why, "If one of them is a customer's, the source counts too many as internal.", own


def _elsewhere(known: Evidence) -> Iterator[Finding]:
    if known.state not in ("waiting", "building", "deciding"):
        return
    deploys = [one for one in known.of("deploy", known.at("idea")) if _succeeded(one) and not _in_production(one)]
    if deploys:
        places = Counter(f"to {one['attributes']['environment']}" for one in deploys)
        why = f"It was deployed, but not to production: {tally(places)}."
        yield why, "If one of these is where customers are, name it in the source's `production`.", deploys


def _failed(known: Evidence) -> Iterator[Finding]:
    if known.state not in ("waiting", "building", "deciding"):
        return
    failed = [one for one in known.of("deploy", known.at("idea")) if _in_production(one) and not _succeeded(one)]
    if failed:
        deploys = words.count(len(failed), "deploy")
        why = f"{deploys} to production did not succeed, the last {known.ago(failed[-1]['occurred_at'])}."
        yield why, "A deploy that succeeds; or the status that the source should have reported.", failed


def _put_back(known: Evidence) -> Iterator[Finding]:
    shipped_at = known.at("shipped")
    if shipped_at is None or known.state != "sensing":
        return
    deploys = [one for one in known.of("deploy", shipped_at) if _in_production(one)]
    ships = [place for place, one in enumerate(deploys) if meaning(one) == "ship"]
    back = [one for one in deploys[ships[-1] + 1 :] if one["attributes"].get("status") == "rolled_back"]
    if back:
        when = known.ago(back[-1]["occurred_at"])
        yield (
            f"It was rolled back {when} and has not shipped again: customers may have nothing to answer to.",
            "The next ship.",
            back,
        )


def _goes_on(known: Evidence) -> Iterator[Finding]:
    stopped_at = known.at("stopped")
    if stopped_at is None:
        return
    later = [one for one in known.events if one["occurred_at"] > stopped_at and meaning(one) in ("start", "ship")]
    if later:
        pieces = words.count(len(later), "piece of work", "pieces of work")
        why = f"A no stands, and {pieces} came after it, the last {known.ago(later[-1]['occurred_at'])}."
        yield why, "A yes, if it was taken up again.", later


def _in_production(deploy: Event) -> bool:
    return bool(deploy["attributes"].get("environment", "production") == "production")


def _succeeded(deploy: Event) -> bool:
    return bool(deploy["attributes"].get("status", "succeeded") == "succeeded")


def _by_source(events: Iterable[Event]) -> str:
    return tally(Counter(f"from {one['source']}" for one in events))


_LOOKS: dict[str, Callable[[Evidence], Iterator[Finding]]] = {
    "filed_late": _filed_late,
    "decided_before_idea": _decided_before,
    "filed_with_work": _filed_with_work,
    "implied_decision": _implied,
    "own_people_only": _own_people_only,
    "deployed_elsewhere": _elsewhere,
    "deploys_failed": _failed,
    "rolled_back": _put_back,
    "work_after_no": _goes_on,
}
