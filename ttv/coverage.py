"""Coverage: how much of what happened the figures rest on, told beside them, with the numbers behind each share.

Initiatives are those that were open at some time in the window, which holds all that a figure of it rests on, and those
without an idea date, which no window can place; what begins after the instant that is asked for is not missing then.
An event that is tied to nothing has no team and no direction: deploys and feedback are shared over all, not by group.
"""

from datetime import datetime
from typing import Any

import numpy as np
from sqlalchemy import Connection

from ttv import store
from ttv.figures import Selection
from ttv.lives import NEVER, Cut, chosen, grouped, lives
from ttv.population import DEFAULT_GROUP, Figure, begin_of
from ttv.tied import heard
from ttv.words import SMALL

TIED = {"deploy": "deploys", "feedback": "feedback"}
"""The kinds whose ties are counted, and what they are called."""
_NONE = dict.fromkeys(("initiatives", "with_idea", "early", "decided", "recorded"), 0)


def beside(
    connection: Connection,
    figure: Figure,
    found: dict[str, Any],
    selection: Selection,
    *,
    group_by: str | None = None,
) -> dict[str, Any]:
    """Return the answer of `population` with the coverage of what it rests on, its groups in the same order."""
    as_of, window = found["as_of"], found["window"]
    shares = initiatives(connection, selection, as_of=as_of, window=window, group_by=group_by or DEFAULT_GROUP[figure])
    groups = [
        {
            "group": group["group"],
            **shares.get(group["group"], _shares(_NONE)),
            "small": small(group),
        }
        for group in found["groups"]
    ]
    return {**found, "coverage": {"groups": groups, **events(connection, as_of=as_of, window=window)}}


def whole(connection: Connection, *, as_of: datetime, window: str) -> dict[str, Any]:
    """Return the coverage of all initiatives together, and of the events of the window."""
    shares = initiatives(connection, Selection(), as_of=as_of, window=window)
    return {
        **shares.get("all", _shares(_NONE)),
        **events(connection, as_of=as_of, window=window),
    }


def small(group: dict[str, Any]) -> dict[str, bool]:
    """Say which figures of a group rest on fewer than ten that got there, so that one more can move them far."""
    return {"completed": group["completed"]["count"] < SMALL, "all": group["all"]["ended"] < SMALL}


def initiatives(
    connection: Connection,
    selection: Selection,
    *,
    as_of: datetime,
    window: str,
    group_by: str | None = None,
) -> dict[str | None, dict[str, Any]]:
    """Count by group the initiatives, those with an idea date, with work before it, decided on, and on record."""
    at, found = store.micros(as_of), lives(connection)
    begin, raw = begin_of(window, at), found.instants
    cut, first = found.cut(at), np.where(raw["early_at"] == NEVER, raw["idea_at"], raw["early_at"])
    placed = cut.idea_at != NEVER
    seen = placed | (first == NEVER) | (first <= at)
    if begin is not None:
        seen &= ~placed | (np.minimum(np.minimum(cut.valued_at, cut.stopped_at), at) > begin)
    places = chosen(connection, found, selection, at)
    groups = grouped(connection, found, places[seen[places]], group_by)
    return {name: _shares(_counts(cut.only(rows))) for name, rows in groups}


def _counts(cut: Cut) -> dict[str, int]:
    reached = {"with_idea": cut.idea_at, "early": cut.early_at, "decided": cut.decided_at}
    numbers = {name: int(np.count_nonzero(instants != NEVER)) for name, instants in reached.items()}
    return {"initiatives": len(cut.idea_at), **numbers, "recorded": int(np.count_nonzero(cut.recorded))}


def events(connection: Connection, *, as_of: datetime, window: str) -> dict[str, Any]:
    """Count the deploys and the feedback of a window, and those of them that are tied to an initiative."""
    at = store.micros(as_of)
    counts = heard(connection).count(begin_of(window, at), at)
    found: dict[str, Any] = {}
    for kind, name in TIED.items():
        number, tied = counts[kind]
        found |= {name: number, f"{name}_tied": tied, f"{name}_tied_share": _share(tied, number)}
    return found


def _shares(counts: dict[str, int]) -> dict[str, Any]:
    return {
        **counts,
        "idea_share": _share(counts["with_idea"], counts["initiatives"]),
        "early_share": _share(counts["early"], counts["with_idea"]),
        "decision_share": _share(counts["recorded"], counts["decided"]),
    }


def _share(part: int, of: int) -> float | None:
    return part / of if of else None
