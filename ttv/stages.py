"""Where the time goes over many initiatives, and what the open ones are waiting for."""

from datetime import datetime
from typing import Any

import numpy as np
from sqlalchemy import Connection, select

from ttv import statistics, store
from ttv.figures import STAGES, Selection
from ttv.lives import NEVER, Cut, Lives, Mask, Micros, Places, chosen, grouped, lives
from ttv.population import begin_of
from ttv.statistics import seconds

AWAITED = {"deciding": "a decision", "waiting": "a start", "building": "a ship", "sensing": "a customer's feedback"}
"""What ends each stage."""

_NAMES = ("key", "name", "team", "owner")


def stages(
    connection: Connection,
    selection: Selection,
    *,
    as_of: datetime,
    window: str = "365d",
    group_by: str | None = None,
    limit: int = 20,
) -> dict[str, Any]:
    """Sum the stages up in groups, twice: over those that reached value in the window, and over all that began in it.

    `waiting` lists the open initiatives by stage, whatever their age, those that have been in it longest first.
    """
    found = lives(connection)
    at = store.micros(as_of)
    cut, begin = found.cut(at), begin_of(window, at)
    places = chosen(connection, found, selection, at)
    took = cut.stages()
    groups = []
    for name, rows in grouped(connection, found, places, group_by):
        ends = {"realised": cut.valued_at[rows], "all": cut.idea_at[rows]}
        counted = {which: rows[_recent(end, begin)] for which, end in ends.items()}
        groups.append({"group": name, **{which: _told(took, mine) for which, mine in counted.items()}})
    return {
        "as_of": as_of,
        "window": window,
        "groups": groups,
        "waiting": _waiting(connection, found, cut, places, limit),
    }


def _recent(end: Micros, begin: int | None) -> Mask:
    known: Mask = end != NEVER
    return known if begin is None else known & (end > begin)


def _told(took: dict[str, Micros], mine: Places) -> dict[str, Any]:
    """Describe a set of initiatives by how long they were in each stage; what none of them was in is not known."""
    known = {stage: each[mine] for stage, each in took.items()}
    counted = {stage: each[each != NEVER] for stage, each in known.items()}
    sums = {stage: statistics.total(each) for stage, each in counted.items() if len(each)}
    total = sum(sums.values())
    return {
        "count": len(mine),
        "seconds": seconds(total) if sums else None,
        "stages": {
            stage: {
                "count": len(each),
                "seconds": seconds(sums.get(stage)),
                "share": sums[stage] / total if stage in sums and total else None,
            }
            for stage, each in counted.items()
        },
    }


def _waiting(connection: Connection, found: Lives, cut: Cut, places: Places, limit: int) -> list[dict[str, Any]]:
    """List the open initiatives by stage, and how many there are of each."""
    states, since = cut.state()[places], dict(zip(STAGES, cut.begins(), strict=True))
    listed = []
    for stage, awaited in AWAITED.items():
        mine = places[states == stage]
        begun = since[stage][mine]
        last = np.partition(begun, limit)[limit] if len(mine) > limit else NEVER
        longest = sorted((int(begun[n]), found.keys[mine[n]], int(mine[n])) for n in np.flatnonzero(begun <= last))
        named = _named(connection, [key for _, key, _ in longest[:limit]])
        items = [
            {
                **named[key],
                "since": store.instant(when),
                "stage_seconds": seconds(cut.at - when),
                "age_seconds": seconds(cut.at - int(cut.idea_at[place])),
            }
            for when, key, place in longest[:limit]
        ]
        listed.append({"stage": stage, "awaits": awaited, "count": len(mine), "items": items})
    return listed


def _named(connection: Connection, keys: list[str]) -> dict[str, dict[str, Any]]:
    """Fetch what people call some initiatives."""
    columns = (store.initiative.c[name] for name in _NAMES)
    rows = connection.execute(select(*columns).where(store.initiative.c.key.in_(keys)))
    return {row.key: dict(zip(_NAMES, row, strict=True)) for row in rows}
