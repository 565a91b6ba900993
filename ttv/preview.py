"""What initiatives are now, and what they would be: the difference between two stores, as of one instant."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, select

from ttv import known, store
from ttv.figures import MILESTONES, milestones
from ttv.initiatives import own_claim
from ttv.statistics import seconds
from ttv.store import claim, label

_OWN = ("name", "team", "owner", "direction", "evolution", "north_star_input", "origin")
_FIGURES = ("time_to_value", "rate_of_turn")

Standing = dict[str, dict[str, Any]]
"""By key, what there is to say of an initiative."""


def copy(engine: Engine) -> Engine:
    """Make a store in memory that holds what a database does, to try things on; its owner disposes of it."""
    made = known.scratch()
    with store.reading(engine) as connection, store.writing(made) as filled:
        known.fill(filled, connection)
    return made


def standing(connection: Connection, as_of: datetime) -> Standing:
    """Describe every initiative as of an instant, by what a mapping can change."""
    found: Standing = {}
    for row in connection.execute(milestones(as_of)).mappings():
        found[row["key"]] = {
            **{name: row[name] for name in (*_OWN, "state", "decision")},
            **{name: store.instant(row[name]) for name in MILESTONES},
            **{f"{name}_seconds": seconds(row[name]) for name in _FIGURES},
            "claims": [],
            "labels": {},
        }
    for key, artefact in connection.execute(select(claim.c.initiative, claim.c.artefact).order_by(claim.c.artefact)):
        if artefact != own_claim(key):
            found[key]["claims"].append(artefact)
    for key, name, value in connection.execute(select(label.c.initiative, label.c.name, label.c.value)):
        found[key]["labels"][name] = value
    return found


def difference(before: Standing, after: Standing) -> list[dict[str, Any]]:
    """List the initiatives that differ: `key`, `change` (new, gone, changed), and only what differs `from` and `to`."""
    changes = []
    for key in sorted(before.keys() | after.keys()):
        was, becomes = before.get(key), after.get(key)
        if was == becomes:
            continue
        change = "new" if was is None else "gone" if becomes is None else "changed"
        was, becomes = was or {}, becomes or {}
        names = [name for name in (becomes or was) if was.get(name) != becomes.get(name)]
        changes.append(
            {
                "key": key,
                "name": becomes.get("name") or was.get("name"),
                "change": change,
                "from": {name: was[name] for name in names} if was else None,
                "to": {name: becomes[name] for name in names} if becomes else None,
            }
        )
    return changes
