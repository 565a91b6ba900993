"""The reading side: the stored milestones, cut off at an instant, as the public answers of the definitions.

`milestones(as_of)` is the one definition of state and figures; every answer here is a selection of it. All functions
take a connection in a read transaction and return plain values with aware datetimes, in the shapes of the API.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from operator import itemgetter
from typing import Any

import orjson
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    CursorResult,
    Select,
    Table,
    Text,
    and_,
    bindparam,
    case,
    cast,
    exists,
    func,
    literal,
    null,
    or_,
    select,
    union_all,
)

from ttv import engines, store
from ttv.cursors import BadQuestion, closed, opened
from ttv.initiatives import own_claim
from ttv.statistics import seconds
from ttv.store import claim, label, milestone, stop

STATES = ("no_idea", "deciding", "waiting", "building", "sensing", "realised", "stopped")
STAGES = ("deciding", "waiting", "building", "sensing")
MILESTONES = ("idea_at", "decided_at", "started_at", "shipped_at", "valued_at", "stopped_at")

_OWN = ("key", "name", "team", "owner", "direction", "url", "evolution", "north_star_input", "by", "why")
LOOP = ("shipped_at", "sensed_at", "responded_at")

SORTS = ("key", "name", "team", "state", "idea_at", "age", "time_to_value", "rate_of_turn")

_Number = ColumnElement[Any]
_Loop = tuple[int, int | None, int | None]


@dataclass(frozen=True)
class Selection:
    """Which initiatives are meant; None means all."""

    team: str | None = None
    direction: str | None = None
    evolution: str | None = None
    label: str | None = None
    """`key:value`"""
    state: str | None = None
    q: str | None = None
    """Part of the key, name or owner."""


def milestones(as_of: datetime) -> Select[Any]:
    """Select a row for each initiative: its columns, instants, state, durations in microseconds, as of an instant."""
    return _milestones(literal(store.micros(as_of), BigInteger()))


def _milestones(at: _Number) -> Select[Any]:
    def seen(column: ColumnElement[Any]) -> _Number:
        return case((column <= at, column))

    stands = and_(
        stop.c.initiative == milestone.c.initiative,
        stop.c.stopped_at <= at,
        or_(stop.c.resumed_at.is_(None), stop.c.resumed_at > at),
    )
    cut = (
        select(
            milestone.c.initiative,
            *(seen(milestone.c[name]).label(name) for name in ("idea_at", "yes_at", "started_at", "shipped_at")),
            seen(milestone.c.valued_at).label("valued_at"),
            case((milestone.c.valued_at <= at, null()), else_=stop.c.stopped_at).label("stopped_at"),
            case((milestone.c.idea_at <= at, milestone.c.early_at)).label("early_at"),
        )
        .select_from(milestone)
        .outerjoin(stop, stands)
        .subquery("cut")
    )
    implied = and_(cut.c.started_at.is_not(None), or_(cut.c.yes_at.is_(None), cut.c.yes_at > cut.c.started_at))
    decided = func.coalesce(case((implied, cut.c.started_at), else_=cut.c.yes_at), cut.c.stopped_at)
    known = select(
        cut,
        decided.label("decided_at"),
        case((decided.is_(None), null()), (implied, "implied"), else_="recorded").label("decision"),
        case(
            (cut.c.idea_at.is_(None), "no_idea"),
            (cut.c.valued_at.is_not(None), "realised"),
            (cut.c.stopped_at.is_not(None), "stopped"),
            (cut.c.shipped_at.is_not(None), "sensing"),
            (cut.c.started_at.is_not(None), "building"),
            (decided.is_not(None), "waiting"),
            else_="deciding",
        ).label("state"),
    ).subquery("known")
    return select(store.initiative, *known.c, *_durations(known.c, at)).join_from(
        store.initiative,
        known,
        known.c.initiative == store.initiative.c.key,
    )


def _durations(known: Any, at: _Number) -> Iterator[ColumnElement[Any]]:
    """Yield the figures of the definitions, §3; an open stage runs to `at`, a stopped one to its stop."""
    over = case((known.idea_at.is_(None), null()), else_=func.coalesce(known.valued_at, known.stopped_at, at))
    finished = or_(known.idea_at.is_(None), known.valued_at.is_not(None), known.stopped_at.is_not(None))
    yield (known.valued_at - known.idea_at).label("time_to_value")
    yield (known.decided_at - known.idea_at).label("rate_of_turn")
    yield case((finished, null()), else_=at - known.idea_at).label("age")
    ends = (known.decided_at, known.started_at, known.shipped_at, known.valued_at)
    begins = (known.idea_at, known.decided_at, known.started_at, known.shipped_at)
    for name, begin, end in zip(STAGES, begins, ends, strict=True):
        unreached = or_(begin.is_(None), begin == known.stopped_at) if name == "waiting" else begin.is_(None)
        yield case((unreached, null()), else_=func.coalesce(end, over) - begin).label(f"{name}_stage")


# ---- selections


def selected(query: Select[Any], selection: Selection) -> Select[Any]:
    """Narrow a query of `milestones` to a selection; BadQuestion if the selection cannot be read."""
    columns = query.selected_columns
    for name in ("team", "direction", "evolution", "state"):
        if (wanted := getattr(selection, name)) is not None:
            query = query.where(columns[name] == wanted)
    if selection.label is not None:
        name, colon, value = selection.label.partition(":")
        if not colon:
            raise BadQuestion(f"label: {selection.label!r} has no colon; write key:value")
        mine = and_(label.c.initiative == store.initiative.c.key, label.c.name == name, label.c.value == value)
        query = query.where(exists().where(mine))
    if selection.q:
        part = selection.q.lower()
        texts = (store.initiative.c.key, store.initiative.c.name, store.initiative.c.owner)
        query = query.where(or_(*(func.lower(text).contains(part, autoescape=True) for text in texts)))
    return query


# ---- one and many initiatives


def initiatives(
    connection: Connection,
    selection: Selection,
    as_of: datetime,
    *,
    sort: str = "-idea_at",
    limit: int = 100,
    cursor: str | None = None,
) -> dict[str, Any]:
    """List initiatives in an order, nulls last, a page at a time; the cursor keeps the instant of the first page."""
    name, descending = sort.removeprefix("-"), sort.startswith("-")
    if name not in SORTS:
        raise BadQuestion(f"sort: {sort!r} is none of {', '.join(SORTS)}, each also with a - before it")
    place = opened(cursor, sort) if cursor else None
    if place:
        as_of = store.instant(place["as_of"]) or as_of
    query = selected(milestones(as_of), selection)
    rows = query.subquery("rows")
    ordered, key = rows.c[name], rows.c.key
    listed = select(rows).order_by(ordered.is_(None), ordered.desc() if descending else ordered, key).limit(limit + 1)
    if place:
        listed = listed.where(_after(ordered, key, place, descending=descending))
    found = _told(connection.execute(listed))
    page = found[:limit]
    claims, labels = claims_and_labels(connection, [told["key"] for told in page])
    after = None
    if len(found) > limit:
        last = page[-1]
        after = closed({"sort": sort, "as_of": store.micros(as_of), "value": last[name], "key": last["key"]})
    items = [_brief(told, claims[told["key"]], labels[told["key"]], as_of) for told in page]
    return {"items": items, "next": after}


def _told(result: CursorResult[Any]) -> list[dict[str, Any]]:
    """Return rows by the names of their columns; of so many columns that looking them up in a row takes longer."""
    names = tuple(result.keys())
    return [dict(zip(names, row, strict=True)) for row in result]


def _after(ordered: ColumnElement[Any], key: Any, place: dict[str, Any], *, descending: bool) -> ColumnElement[bool]:
    value = place["value"]
    if value is None:
        return and_(ordered.is_(None), key > place["key"])
    beyond = ordered < value if descending else ordered > value
    return or_(beyond, and_(ordered == value, key > place["key"]), ordered.is_(None))


def claims_and_labels(
    connection: Connection, keys: list[str]
) -> tuple[dict[str, list[str]], dict[str, dict[str, str]]]:
    """Fetch the claims and labels of some initiatives."""
    claims: dict[str, list[str]] = {key: [] for key in keys}
    labels: dict[str, dict[str, str]] = {key: {} for key in keys}
    wanted = select(claim.c.initiative, claim.c.artefact).where(claim.c.initiative.in_(keys)).order_by(claim.c.artefact)
    for key, artefact in connection.execute(wanted):
        if artefact != own_claim(key):
            claims[key].append(artefact)
    for key, name, value in connection.execute(
        select(label).where(label.c.initiative.in_(keys)).order_by(label.c.name)
    ):
        labels[key][name] = value
    return claims, labels


def _brief(told: dict[str, Any], claims: list[str], labels: dict[str, str], as_of: datetime) -> dict[str, Any]:
    return {
        **{name: told[name] for name in _OWN},
        "labels": labels,
        "claims": claims,
        "origin": told["origin"],
        "state": told["state"],
        "decision": told["decision"],
        "milestones": {name: store.instant(told[name]) for name in MILESTONES},
        "time_to_value_seconds": seconds(told["time_to_value"]),
        "rate_of_turn_seconds": seconds(told["rate_of_turn"]),
        "age_seconds": seconds(told["age"]),
        "worked_before_idea_at": store.instant(told["early_at"]),
        "targets": {
            "time_to_value_seconds": told["time_to_value_target"],
            "rate_of_turn_seconds": told["rate_of_turn_target"],
        },
        "as_of": as_of,
    }


def initiative(connection: Connection, key: str, as_of: datetime) -> dict[str, Any] | None:
    """Return one initiative with its stages and loops, or None."""
    for found, _ in between(connection, key, key, as_of):
        return found
    return None


def between(
    connection: Connection, first: str, last: str, as_of: datetime
) -> Iterator[tuple[dict[str, Any], datetime | None]]:
    """Yield the initiatives from one key to another, each with its stages and loops, as of an instant.

    With each comes the next instant after that at which something of what is known of it happens, or None.
    """
    at = store.micros(as_of)
    asked = {"first": first, "last": last, "at": at}
    rows = _told(_ROWS.run(connection, asked))
    several = _several(connection, asked) if rows else {}
    for told in rows:
        mine = several[told["key"]]
        found = {
            **_brief(told, mine.claims, mine.labels, as_of),
            "stages": {name: seconds(told[f"{name}_stage"]) for name in STAGES},
            "loops": [_loop(one, at) for one in sorted(mine.loops, key=itemgetter(0)) if one[0] <= at],
        }
        yield found, store.instant(min((when for when in mine.instants if when > at), default=None))


def following(connection: Connection, key: str, number: int) -> str | None:
    """Return the last of so many keys, of which a key is the first; None if there is none from there on."""
    return _LAST.run(connection, {"first": key, "number": number}).scalar()


def _rows() -> Select[Any]:
    """Select rows of `milestones`."""
    return _milestones(bindparam("at", type_=BigInteger())).where(_within(store.initiative.c.key))


def _rest() -> Select[Any]:
    """Select what initiatives have several of: claims, labels, loops, and instants free of the clock; in one text."""
    text, number = cast(null(), Text), cast(null(), BigInteger)

    def of(what: str, table: Table, *columns: ColumnElement[Any]) -> Select[Any]:
        key = table.c.initiative
        named = (column.label(f"c{place}") for place, column in enumerate((literal(what, Text), key, *columns)))
        return select(*named).where(_within(key))

    def instants(table: Table, *names: str) -> Select[Any]:
        return of("instants", table, text, text, *(table.c[name] for name in names), *[number] * (3 - len(names)))

    loop = store.loop
    each = union_all(
        of("claim", claim, claim.c.artefact, text, number, number, number),
        of("label", label, label.c.name, label.c.value, number, number, number),
        of("loop", loop, text, text, *(loop.c[name] for name in LOOP)),
        instants(milestone, "idea_at", "yes_at", "started_at"),
        instants(milestone, "shipped_at", "valued_at"),
        instants(stop, "stopped_at", "resumed_at"),
    ).subquery()
    return select(engines.Together(*each.c))


def _within(key: ColumnElement[str]) -> ColumnElement[bool]:
    first, last = (bindparam(name, type_=Text()) for name in ("first", "last"))
    return and_(key >= first, key <= last)  # BETWEEN would put a COLLATE where PostgreSQL cannot read it


def _last() -> Select[Any]:
    key = store.initiative.c.key
    some = (
        select(key)
        .where(key >= bindparam("first", type_=Text()))
        .order_by(key)
        .limit(bindparam("number", type_=BigInteger()))
    )
    return select(func.max(some.subquery().c.key))


_ROWS, _REST, _LAST = engines.Prepared(_rows), engines.Prepared(_rest), engines.Prepared(_last)


@dataclass
class _Several:
    """What one initiative has several of."""

    claims: list[str] = field(default_factory=list)
    labels: dict[str, str] = field(default_factory=dict)
    loops: list[_Loop] = field(default_factory=list)
    instants: list[int] = field(default_factory=list)
    """Of its milestones, stops and loops, whether they have come or not."""


def _several(connection: Connection, asked: dict[str, Any]) -> dict[str, _Several]:
    """Fetch the claims, labels and loops of some initiatives."""
    found: defaultdict[str, _Several] = defaultdict(_Several)
    for what, key, name, value, begun, *later in orjson.loads(_REST.run(connection, asked).scalar() or "[]"):
        mine = found[key]
        if what == "label":
            mine.labels[name] = value
        elif what == "claim":
            if name != own_claim(key):
                mine.claims.append(name)
        else:
            mine.instants += [when for when in (begun, *later) if when is not None]
            if what == "loop":
                mine.loops.append((begun, *later))
    for one in found.values():
        one.claims.sort()
        one.labels = dict(sorted(one.labels.items()))
    return found


def _loop(instants: _Loop, at: int) -> dict[str, datetime | None]:
    return {
        name: store.instant(when) if when is not None and when <= at else None
        for name, when in zip(LOOP, instants, strict=True)
    }


def stages(connection: Connection, keys: list[str], as_of: datetime) -> dict[str, dict[str, float | None]]:
    """Return the stages of some initiatives, in seconds."""
    query = milestones(as_of).where(store.initiative.c.key.in_(keys))
    return {
        row.key: {name: seconds(row._mapping[f"{name}_stage"]) for name in STAGES} for row in connection.execute(query)
    }


def counts(connection: Connection, as_of: datetime) -> dict[str, Any]:
    """Count initiatives by state, events, those that reach no initiative, and what lies in quarantine."""
    rows = milestones(as_of).subquery()
    states = connection.execute(select(rows.c.state, func.count()).group_by(rows.c.state))
    at = store.micros(as_of)
    alive = and_(~store.event.c.deleted, store.event.c.occurred_at <= at)
    lying = store.quarantine.c.dropped_at.is_(None)
    return {
        "states": {**dict.fromkeys(STATES, 0), **{state: count for state, count in states}},  # noqa: C416  rows
        "events": connection.scalar(select(func.count()).select_from(store.event).where(alive)),
        "orphans": connection.scalar(select(func.count()).select_from(store.event).where(alive, untied())),
        "quarantined": connection.scalar(select(func.count()).select_from(store.quarantine).where(lying)),
    }


def untied() -> ColumnElement[bool]:
    """Say of an event that it reaches no initiative."""
    return ~exists().where(store.tie.c.artefact == store.event.c.subject)
