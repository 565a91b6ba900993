"""Initiatives and who owns them: put, replaced and removed by the origin that named them first."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Connection, Table, select

from connectors.contract import Initiative
from ttv import store


class Conflict(Exception):  # noqa: N818  it is what the API answers: 409 Conflict
    """An initiative's key is owned by another origin."""

    def __init__(self, key: str, owner: str, origin: str) -> None:
        super().__init__(f"initiative {key!r} comes from {owner!r}; {origin!r} cannot change it")
        self.key, self.owner = key, owner


@dataclass
class Change:
    """What a batch changed, for tracing and measuring."""

    subjects: set[str] = field(default_factory=set)
    """Subjects that gained, lost or changed an event."""
    artefacts: set[str] = field(default_factory=set)
    """Artefacts that gained or lost a parent or a claim."""
    initiatives: set[str] = field(default_factory=set)
    """Initiatives that are new, changed or gone."""


def insert(connection: Connection, table: Table, rows: list[dict[str, Any]]) -> None:
    """Insert rows, of which there may be none."""
    if rows:
        connection.execute(table.insert(), rows)


def stored(connection: Connection, key: str) -> tuple[Initiative, str] | None:
    """Return an initiative as it was put, and its origin."""
    table = store.initiative
    row = connection.execute(select(table).where(table.c.key == key)).mappings().one_or_none()
    if row is None:
        return None
    claims = select(store.claim.c.artefact).where(store.claim.c.initiative == key)
    labels = select(store.label.c.name, store.label.c.value).where(store.label.c.initiative == key)
    targets = {
        f"{name}_seconds": row[f"{name}_target"]
        for name in ("time_to_value", "rate_of_turn")
        if row[f"{name}_target"] is not None
    }
    plain = ("name", "team", "owner", "url", "direction", "evolution", "north_star_input")
    return (
        Initiative(
            key=key,
            **{name: row[name] for name in plain},
            claims=tuple(sorted(c for c in connection.scalars(claims) if c != own_claim(key))),
            labels={name: value for name, value in connection.execute(labels)},  # noqa: C416  rows are not pairs to dict()
            targets=targets,
        ),
        row["origin"],
    )


def own_claim(key: str) -> str:
    """Name the artefact that every initiative claims: itself."""
    return f"initiative:{key}"


def put(connection: Connection, initiative: Initiative, origin: str, at: datetime, change: Change) -> str:
    """Create or replace an initiative; returns `created`, `replaced` or `same`; Conflict if another origin owns it."""
    known = stored(connection, initiative.key)
    wanted = _settled(initiative)
    if known is not None and known[1] != origin:
        raise Conflict(initiative.key, known[1], origin)
    if known is not None and known[0] == wanted:
        return "same"
    if known is not None:
        _remove(connection, *known, at)
    _insert_initiative(connection, wanted, origin, store.micros(at))
    change.initiatives.add(initiative.key)
    old = {*known[0].claims, own_claim(initiative.key)} if known else set()
    change.artefacts |= old ^ {*wanted.claims, own_claim(initiative.key)}
    return "replaced" if known else "created"


def _settled(initiative: Initiative) -> Initiative:
    """Return it as it will be read back: claims sorted and distinct, numbers as floats."""
    return Initiative(
        **{
            **{name: getattr(initiative, name) for name in Initiative.__dataclass_fields__},
            "claims": tuple(sorted(set(initiative.claims) - {own_claim(initiative.key)})),
            "labels": dict(initiative.labels),
            "targets": {name: float(value) for name, value in initiative.targets.items()},
        },
    )


def _insert_initiative(connection: Connection, initiative: Initiative, origin: str, recorded_at: int) -> None:
    plain = ("key", "name", "team", "owner", "url", "direction", "evolution", "north_star_input")
    row = {name: getattr(initiative, name) for name in plain}
    targets = {
        f"{name}_target": initiative.targets.get(f"{name}_seconds") for name in ("time_to_value", "rate_of_turn")
    }
    insert(connection, store.initiative, [{**row, **targets, "origin": origin, "recorded_at": recorded_at}])
    claims = (*initiative.claims, own_claim(initiative.key))
    insert(connection, store.claim, [{"artefact": claim, "initiative": initiative.key} for claim in claims])
    labels = [{"initiative": initiative.key, "name": name, "value": value} for name, value in initiative.labels.items()]
    insert(connection, store.label, labels)


def remove(connection: Connection, key: str, origin: str, at: datetime, change: Change) -> bool:
    """Remove an initiative of an origin; False if there is none, Conflict if another origin owns it."""
    known = stored(connection, key)
    if known is None:
        return False
    if known[1] != origin:
        raise Conflict(key, known[1], origin)
    _remove(connection, *known, at)
    change.initiatives.add(key)
    change.artefacts |= {*known[0].claims, own_claim(key)}
    return True


def _remove(connection: Connection, initiative: Initiative, origin: str, at: datetime) -> None:
    table, key = store.initiative, initiative.key
    recorded_at = connection.scalar(select(table.c.recorded_at).where(table.c.key == key))
    body = {name: getattr(initiative, name) for name in Initiative.__dataclass_fields__}
    aside = {
        "key": key,
        "body": orjson.dumps({**body, "origin": origin}, option=orjson.OPT_SORT_KEYS).decode(),
        "recorded_at": recorded_at,
        "superseded_at": store.micros(at),
    }
    insert(connection, store.initiative_version, [aside])
    connection.execute(table.delete().where(table.c.key == key))
    connection.execute(store.claim.delete().where(store.claim.c.initiative == key))
    connection.execute(store.label.delete().where(store.label.c.initiative == key))
