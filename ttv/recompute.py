"""Ties and milestones made again from the log, held against what was stored: there should be no difference."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, Engine, Table, column, except_, select, table, text, union

from ttv import store
from ttv.route import rebuild

_DERIVED = (store.tie, store.milestone, store.stop, store.loop)


def recompute(engine: Engine, told: Callable[[str], None] = lambda _: None) -> dict[str, list[str]]:
    """Make everything again that is computed from the log; returns whose ties, milestones, stops or loops differed.

    The answer maps the table to the keys of the initiatives. `told` hears what is being done. One transaction: readers
    see the old until the new is whole.
    """
    with store.writing(engine) as connection:
        told("keeping what there is")
        for derived in _DERIVED:
            connection.execute(text(f"CREATE TEMPORARY TABLE {_before(derived)} AS SELECT * FROM {derived.name}"))
        rebuild(connection, told)
        store.changed(connection, "log", store.now())
        told("comparing")
        found = {str(derived.name): _differing(connection, derived) for derived in _DERIVED}
        for derived in _DERIVED:
            connection.execute(text(f"DROP TABLE {_before(derived)}"))
    return found


def _before(derived: Table) -> str:
    return f"{derived.name}_before"


def _differing(connection: Connection, derived: Table) -> list[str]:
    names = derived.c.keys()
    earlier: Any = table(_before(derived), *(column(name, derived.c[name].type) for name in names))
    now, then = select(*derived.c), select(*(earlier.c[name] for name in names))
    come, gone = except_(now, then).subquery("come"), except_(then, now).subquery("gone")
    return sorted(connection.scalars(union(select(come.c.initiative), select(gone.c.initiative))))
