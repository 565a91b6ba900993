"""Initiatives and who owns them: put, replaced and removed by the origin that named them first."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Connection, RowMapping, Table, select

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
    row = _row(connection, key)
    return (_read(connection, row), row["origin"]) if row else None


def _row(connection: Connection, key: str) -> RowMapping | None:
    table = store.initiative
    return connection.execute(select(table).where(table.c.key == key)).mappings().one_or_none()


def _read(connection: Connection, row: RowMapping) -> Initiative:
    key = row["key"]
    claims = select(store.claim.c.artefact).where(store.claim.c.initiative == key)
    labels = select(store.label.c.name, store.label.c.value).where(store.label.c.initiative == key)
    targets = {
        f"{name}_seconds": row[f"{name}_target"]
        for name in ("time_to_value", "rate_of_turn")
        if row[f"{name}_target"] is not None
    }
    plain = ("name", "team", "owner", "url", "direction", "evolution", "north_star_input")
    return Initiative(
        key=key,
        **{name: row[name] for name in plain},
        claims=tuple(sorted(c for c in connection.scalars(claims) if c != own_claim(key))),
        labels={name: value for name, value in connection.execute(labels)},  # noqa: C416  rows are not pairs to dict()
        targets=targets,
    )


def own_claim(key: str) -> str:
    """Name the artefact that every initiative claims: itself."""
    return f"initiative:{key}"


def put(
    connection: Connection,
    initiative: Initiative,
    origin: str,
    at: datetime,
    change: Change,
    *,
    by: str | None = None,
    why: str | None = None,
) -> str:
    """Create or replace an initiative; returns `created`, `replaced` or `same`; Conflict if another origin owns it.

    `by` and `why` say who wants it so by hand; other words about the same are another version.
    """
    row = _row(connection, initiative.key)
    wanted, old = settled(initiative), set()
    if row is not None:
        if row["origin"] != origin:
            raise Conflict(initiative.key, row["origin"], origin)
        known = _read(connection, row)
        if known == wanted and (row["by"], row["why"]) == (by, why):
            return "same"
        _remove(connection, known, row, at, by=by, why=why)
        old = {*known.claims, own_claim(initiative.key)}
    lay(connection, [(wanted, {"origin": origin, "recorded_at": store.micros(at), "by": by, "why": why})])
    change.initiatives.add(initiative.key)
    change.artefacts |= old ^ {*wanted.claims, own_claim(initiative.key)}
    return "replaced" if row else "created"


def settled(initiative: Initiative) -> Initiative:
    """Return it as it will be read back: claims sorted and distinct, numbers as floats."""
    return Initiative(
        **{
            **{name: getattr(initiative, name) for name in Initiative.__dataclass_fields__},
            "claims": tuple(sorted(set(initiative.claims) - {own_claim(initiative.key)})),
            "labels": dict(initiative.labels),
            "targets": {name: float(value) for name, value in initiative.targets.items()},
        },
    )


def lay(connection: Connection, wanted: Collection[tuple[Initiative, Mapping[str, Any]]]) -> None:
    """Store initiatives that are not there, each with its `origin`, `recorded_at`, `by` and `why`."""
    insert(connection, store.initiative, [{**_columns(one), **said} for one, said in wanted])
    claims = [(claim, one.key) for one, _ in wanted for claim in (*one.claims, own_claim(one.key))]
    insert(connection, store.claim, [{"artefact": claim, "initiative": key} for claim, key in claims])
    labels = [(one.key, name, value) for one, _ in wanted for name, value in one.labels.items()]
    insert(connection, store.label, [dict(zip(("initiative", "name", "value"), one, strict=True)) for one in labels])


def _columns(initiative: Initiative) -> dict[str, Any]:
    plain = ("key", "name", "team", "owner", "url", "direction", "evolution", "north_star_input")
    targets = {
        f"{name}_target": initiative.targets.get(f"{name}_seconds") for name in ("time_to_value", "rate_of_turn")
    }
    return {**{name: getattr(initiative, name) for name in plain}, **targets}


def remove(
    connection: Connection,
    key: str,
    origin: str,
    at: datetime,
    change: Change,
    *,
    by: str | None = None,
    why: str | None = None,
) -> bool:
    """Remove an initiative of an origin; False if there is none, Conflict if another origin owns it."""
    row = _row(connection, key)
    if row is None:
        return False
    if row["origin"] != origin:
        raise Conflict(key, row["origin"], origin)
    known = _read(connection, row)
    _remove(connection, known, row, at, by=by, why=why)
    change.initiatives.add(key)
    change.artefacts |= {*known.claims, own_claim(key)}
    return True


def _remove(
    connection: Connection, initiative: Initiative, row: RowMapping, at: datetime, *, by: str | None, why: str | None
) -> None:
    key = initiative.key
    body = {name: getattr(initiative, name) for name in Initiative.__dataclass_fields__}
    aside = {
        "key": key,
        "body": orjson.dumps({**body, "origin": row["origin"]}, option=orjson.OPT_SORT_KEYS).decode(),
        **{name: row[name] for name in ("recorded_at", "by", "why")},
        "superseded_at": store.micros(at),
        "ended_by": by,
        "ended_why": why,
    }
    insert(connection, store.initiative_version, [aside])
    connection.execute(store.initiative.delete().where(store.initiative.c.key == key))
    connection.execute(store.claim.delete().where(store.claim.c.initiative == key))
    connection.execute(store.label.delete().where(store.label.c.initiative == key))
