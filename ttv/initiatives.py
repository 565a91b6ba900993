"""Initiatives and who owns them: put, replaced and removed by the origin that named them first."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple, Self

import orjson
from sqlalchemy import Connection, RowMapping, Table, select

from connectors.contract import Initiative
from ttv import engines, store
from ttv.slices import SLICE, batched

_COLUMNS = tuple(store.initiative.c.keys())
_SAID = frozenset({"origin", "recorded_at", "by", "why"})


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

    def __bool__(self) -> bool:
        """Say whether anything was changed."""
        return bool(self.subjects or self.artefacts or self.initiatives)

    def __ior__(self, other: Self) -> Self:
        """Add what another batch changed."""
        self.subjects |= other.subjects
        self.artefacts |= other.artefacts
        self.initiatives |= other.initiatives
        return self


def insert(connection: Connection, table: Table, rows: list[dict[str, Any]]) -> None:
    """Insert rows, of which there may be none."""
    if rows:
        connection.execute(table.insert(), rows)


class Wanted(NamedTuple):
    """An initiative as an origin wants it; by hand, with who wants it so, and why."""

    initiative: Initiative
    origin: str
    by: str | None = None
    why: str | None = None


class _Standing(NamedTuple):
    """An initiative as it stands."""

    initiative: Initiative
    origin: str
    recorded_at: int
    by: str | None
    why: str | None

    @property
    def claims(self) -> set[str]:
        """Return all that it claims, itself too."""
        return {*self.initiative.claims, own_claim(self.initiative.key)}


def stored(connection: Connection, key: str) -> tuple[Initiative, str] | None:
    """Return an initiative as it was put, and its origin."""
    found = _stored(connection, [key]).get(key)
    return (found.initiative, found.origin) if found else None


def _stored(connection: Connection, keys: Iterable[str]) -> dict[str, _Standing]:
    found: dict[str, _Standing] = {}
    for some in batched(keys, SLICE):
        rows = connection.execute(select(store.initiative).where(store.initiative.c.key.in_(some))).mappings().all()
        if rows:
            claims, labels = _beside(connection, [row["key"] for row in rows])
            found |= {row["key"]: _read(row, claims[row["key"]], labels[row["key"]]) for row in rows}
    return found


def _beside(connection: Connection, keys: list[str]) -> tuple[dict[str, list[str]], dict[str, dict[str, str]]]:
    """Return the claims and the labels of some initiatives."""
    claim, label = store.claim, store.label
    claims: defaultdict[str, list[str]] = defaultdict(list)
    for key, artefact in connection.execute(
        select(claim.c.initiative, claim.c.artefact).where(claim.c.initiative.in_(keys))
    ):
        claims[key].append(artefact)
    labels: defaultdict[str, dict[str, str]] = defaultdict(dict)
    for key, name, value in connection.execute(select(label).where(label.c.initiative.in_(keys))):
        labels[key][name] = value
    return claims, labels


def _read(row: RowMapping, claims: Iterable[str], labels: Mapping[str, str]) -> _Standing:
    key = row["key"]
    targets = {
        f"{name}_seconds": row[f"{name}_target"]
        for name in ("time_to_value", "rate_of_turn")
        if row[f"{name}_target"] is not None
    }
    plain = ("name", "team", "owner", "url", "direction", "evolution", "north_star_input")
    found = Initiative(
        key=key,
        **{name: row[name] for name in plain},
        claims=tuple(sorted(claim for claim in claims if claim != own_claim(key))),
        labels=labels,
        targets=targets,
    )
    return _Standing(found, row["origin"], row["recorded_at"], row["by"], row["why"])


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
    (done,) = put_all(connection, [Wanted(initiative, origin, by, why)], at, change)
    if isinstance(done, Conflict):
        raise done
    return done


def put_all(connection: Connection, wanted: Collection[Wanted], at: datetime, change: Change) -> list[str | Conflict]:
    """Put one after the other, as `put` does, in a few statements for all; returns what became of each."""
    before = _stored(connection, dict.fromkeys(one.initiative.key for one in wanted))
    current, aside, done = dict(before), list[dict[str, Any]](), list[str | Conflict]()
    for one in wanted:
        key, known = one.initiative.key, current.get(one.initiative.key)
        said = _Standing(settled(one.initiative), one.origin, store.micros(at), one.by, one.why)
        if known is None:
            done.append("created")
        elif known.origin != one.origin:
            done.append(Conflict(key, known.origin, one.origin))
            continue
        elif (known.initiative, known.by, known.why) == (said.initiative, said.by, said.why):
            done.append("same")
            continue
        else:
            aside.append(_version(known, at, one.by, one.why))
            done.append("replaced")
        current[key] = said
        change.initiatives.add(key)
        change.artefacts |= (known.claims if known else set()) ^ said.claims
    changed = {key: one for key, one in current.items() if one is not before.get(key)}
    insert(connection, store.initiative_version, aside)
    _delete(connection, changed.keys() & before.keys())
    lay(connection, [(one.initiative, one._asdict()) for one in changed.values()])
    return done


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
    engines.insert(connection, store.initiative, [_row(one, said) for one, said in wanted])
    claims = {(claim, one.key) for one, _ in wanted for claim in (*one.claims, own_claim(one.key))}
    engines.insert(connection, store.claim, sorted(claims))
    labels = [(one.key, name, value) for one, _ in wanted for name, value in one.labels.items()]
    engines.insert(connection, store.label, labels)


def _row(initiative: Initiative, said: Mapping[str, Any]) -> tuple[Any, ...]:
    targets = {
        f"{name}_target": initiative.targets.get(f"{name}_seconds") for name in ("time_to_value", "rate_of_turn")
    }
    return tuple(
        [
            targets[name] if name in targets else said[name] if name in _SAID else getattr(initiative, name)
            for name in _COLUMNS
        ]
    )


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
    known = _stored(connection, [key]).get(key)
    if known is None:
        return False
    if known.origin != origin:
        raise Conflict(key, known.origin, origin)
    insert(connection, store.initiative_version, [_version(known, at, by, why)])
    _delete(connection, [key])
    change.initiatives.add(key)
    change.artefacts |= known.claims
    return True


def _version(known: _Standing, at: datetime, by: str | None, why: str | None) -> dict[str, Any]:
    """Return what is kept of an initiative that somebody replaces or removes."""
    body = {name: getattr(known.initiative, name) for name in Initiative.__dataclass_fields__}
    return {
        "key": known.initiative.key,
        "body": orjson.dumps({**body, "origin": known.origin}, option=orjson.OPT_SORT_KEYS).decode(),
        "recorded_at": known.recorded_at,
        "by": known.by,
        "why": known.why,
        "superseded_at": store.micros(at),
        "ended_by": by,
        "ended_why": why,
    }


def _delete(connection: Connection, keys: Iterable[str]) -> None:
    for some in batched(keys, SLICE):
        for column in (store.initiative.c.key, store.claim.c.initiative, store.label.c.initiative):
            connection.execute(column.table.delete().where(column.in_(some)))
