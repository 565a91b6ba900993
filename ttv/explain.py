"""Why a figure is what it is: each event of an initiative with the milestones that it set, or why it set none."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, func, select

from ttv import figures, store
from ttv.log import event_
from ttv.store import event, event_version, tie

Instants = dict[str, Any]
"""`idea_at` … `stopped_at`, and `decision`."""


def events(connection: Connection, key: str, as_of: datetime) -> list[dict[str, Any]] | None:
    """List an initiative's events in order, each with `roles`, `reason` and the `path` by which it is tied; or None."""
    found = figures.initiative(connection, key, as_of)
    if found is None:
        return None
    tied = and_(tie.c.artefact == event.c.subject, tie.c.initiative == key)
    query = (
        select(event, event.c.meaning)
        .join(tie, tied)
        .where(~event.c.deleted, event.c.occurred_at <= store.micros(as_of))
        .order_by(event.c.occurred_at, event.c.source, event.c.id)
    )
    rows = connection.execute(query).all()
    earlier = _earlier(connection, key)
    ways = _ways(connection, key)
    at: Instants = {**found["milestones"], "decision": found["decision"]}
    told = [({**event_(row), "recorded_at": store.instant(row.recorded_at)}, row.meaning) for row in rows]
    setters = _setters(at, told)
    return [
        {
            **one,
            "roles": (roles := [name for name, ident in setters.items() if ident == (one["source"], one["id"])]),
            "reason": None if roles else _reason(one, meaning, at),
            "path": _path(one["subject"], ways),
            "earlier_versions": earlier.get((one["source"], one["id"]), 0),
        }
        for one, meaning in told
    ]


def _earlier(connection: Connection, key: str) -> dict[tuple[str, str], int]:
    """Count the earlier versions of the events that are tied to the initiative."""
    tied = and_(tie.c.artefact == event.c.subject, tie.c.initiative == key)
    same = and_(event_version.c.source == event.c.source, event_version.c.id == event.c.id)
    query = (
        select(event.c.source, event.c.id, func.count())
        .join(tie, tied)
        .join(event_version, same)
        .group_by(event.c.source, event.c.id)
    )
    return {(source, id_): count for source, id_, count in connection.execute(query)}


def _ways(connection: Connection, key: str) -> dict[str, str | None]:
    """Map each artefact that is tied to the initiative to the parent over which it is."""
    rows = connection.execute(select(tie.c.artefact, tie.c.via).where(tie.c.initiative == key))
    return {artefact: via for artefact, via in rows}  # noqa: C416  rows are not pairs to dict()


def _path(subject: str, ways: dict[str, str | None]) -> list[str]:
    path, via = [subject], ways.get(subject)
    while via is not None:
        path.append(via)
        via = ways.get(via)
    return path


def _setters(at: Instants, told: Iterable[tuple[dict[str, Any], str | None]]) -> dict[str, tuple[str, str]]:
    """Find the event that set each milestone: of those at its instant that can, the lowest `(source, id)`."""
    decides = {"recorded": ("yes",), "implied": ("start", "ship")}.get(at["decision"], ())
    if at["stopped_at"] is not None and at["decided_at"] == at["stopped_at"]:
        decides = ("no",)
    can = {
        "idea_at": ("idea",),
        "decided_at": decides,
        "started_at": ("start", "ship"),
        "shipped_at": ("ship",),
        "valued_at": ("sense",),
        "stopped_at": ("no",),
    }
    setters: dict[str, tuple[str, str]] = {}
    for one, meaning in told:
        ident = (one["source"], one["id"])
        for name, meanings in can.items():
            if meaning in meanings and one["occurred_at"] == at[name]:
                setters[name] = min(ident, setters.get(name, ident))
    return {name.removesuffix("_at"): ident for name, ident in setters.items()}


def _reason(one: dict[str, Any], meaning: str | None, at: Instants) -> str:
    """Say why an event set no milestone."""
    when, idea_at, attributes = one["occurred_at"], at["idea_at"], one["attributes"]
    if idea_at is None:
        return "no idea yet"
    if when < idea_at:
        return "before the idea"
    if meaning is None:
        return _powerless(one["kind"], attributes)
    return _LATE.get(meaning, _late)(when, at)


def _powerless(kind: str, attributes: dict[str, Any]) -> str:
    if kind == "feedback":
        return "not a customer"
    if kind == "decision":
        return "deferred"
    if attributes.get("environment", "production") != "production":
        return "not production"
    return "rolled back" if attributes.get("status") == "rolled_back" else "failed deploy"


def _late(_when: datetime, _at: Instants) -> str:
    return "after a milestone already set"


def _sense(when: datetime, at: Instants) -> str:
    shipped_at = at["shipped_at"]
    return "before the first ship" if shipped_at is None or when < shipped_at else _late(when, at)


def _no(_when: datetime, at: Instants) -> str:
    if at["valued_at"] is not None:
        return "a no, but value was reached"
    return (
        _late(_when, at)
        if at["stopped_at"] is not None and _when >= at["stopped_at"]
        else "a no that a later yes overruled"
    )


_LATE: dict[str, Callable[[datetime, Instants], str]] = {"sense": _sense, "no": _no}
