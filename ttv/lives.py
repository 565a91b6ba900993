"""The instants of all initiatives as arrays, free of the clock: read once, and then kept up with the data.

What is told of many at once is computed from these. `figures.milestones` says what it means to cut them off at an
instant; `Lives.cut` does the same, and property tests hold the one to the other.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import compress
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray
from sqlalchemy import Column, ColumnElement, Connection, Table, func, select

from ttv import engines, memo
from ttv.changes import Touched
from ttv.cursors import BadQuestion
from ttv.figures import LOOP, STAGES, Selection, selected
from ttv.store import initiative, label, loop, milestone, stop

NEVER = np.iinfo(np.int64).max
"""The instant of what did not happen."""
INSTANTS = ("idea_at", "yes_at", "started_at", "shipped_at", "valued_at", "early_at")
FIELDS = ("direction", "team", "evolution")

Micros = NDArray[np.int64]
Mask = NDArray[np.bool_]
Places = NDArray[np.intp]
"""Numbers of rows."""


@dataclass(frozen=True)
class Cut:
    """The milestones of all initiatives as of an instant, in microseconds, `NEVER` where one was not reached."""

    at: int
    idea_at: Micros
    decided_at: Micros
    started_at: Micros
    shipped_at: Micros
    valued_at: Micros
    stopped_at: Micros
    early_at: Micros
    recorded: Mask
    """Where the decision was recorded, not implied."""

    def only(self, places: Places) -> "Cut":
        """Return the milestones of the initiatives in some rows, in the order of the rows."""
        if len(places) == len(self.idea_at):
            return self
        return Cut(self.at, **{name: value[places] for name, value in vars(self).items() if name != "at"})

    def begins(self) -> tuple[Micros, Micros, Micros, Micros]:
        """Return when each stage began."""
        return self.idea_at, self.decided_at, self.started_at, self.shipped_at

    def stages(self) -> dict[str, Micros]:
        """Return how long each was in each stage, so far or to its stop if that was the last; `NEVER` if in none."""
        over = np.minimum(np.minimum(self.valued_at, self.stopped_at), self.at)
        ends = (self.decided_at, self.started_at, self.shipped_at, self.valued_at)
        found = {}
        for name, begin, end in zip(STAGES, self.begins(), ends, strict=True):
            reached = begin != NEVER
            if name == "waiting":
                reached &= begin != self.stopped_at
            found[name] = np.where(reached, np.where(end == NEVER, over, end) - begin, NEVER)
        return found

    def state(self) -> NDArray[np.str_]:
        """Return how far each had come."""
        reached = [
            ("no_idea", self.idea_at == NEVER),
            ("realised", self.valued_at != NEVER),
            ("stopped", self.stopped_at != NEVER),
            ("sensing", self.shipped_at != NEVER),
            ("building", self.started_at != NEVER),
            ("waiting", self.decided_at != NEVER),
        ]
        return np.select([where for _, where in reached], [name for name, _ in reached], "deciding")


@dataclass(frozen=True)
class Lives:
    """All initiatives, a row each."""

    keys: list[str]
    fields: dict[str, NDArray[np.object_]]
    instants: dict[str, Micros]
    stops: Micros
    """Three rows: whose stop it is, by place in the others, from when it stands, and until when."""
    loops: Micros
    """Five rows: whose loop it is, which of them, and when it shipped, sensed and responded."""

    def cut(self, at: int) -> Cut:
        """Cut off at an instant."""
        idea_at, yes_at, started_at, shipped_at, valued_at = (
            np.where(self.instants[name] <= at, self.instants[name], NEVER) for name in INSTANTS[:-1]
        )
        stopped_at = self._stopped(at, valued_at)
        acted_at = np.minimum(yes_at, started_at)
        return Cut(
            at=at,
            idea_at=idea_at,
            decided_at=np.where(acted_at == NEVER, stopped_at, acted_at),
            started_at=started_at,
            shipped_at=shipped_at,
            valued_at=valued_at,
            stopped_at=stopped_at,
            early_at=np.where(idea_at == NEVER, NEVER, self.instants["early_at"]),
            recorded=(yes_at <= started_at) & ((acted_at != NEVER) | (stopped_at != NEVER)),
        )

    def renewed(self, fresh: "Lives", touched: Collection[str]) -> "Lives":
        """Return the same with those that were touched as they are now; who is left stays in the same order."""
        known = {key: place for place, key in enumerate(self.keys) if key in touched}
        present = set(fresh.keys)
        left = np.ones(len(self.keys), dtype=np.bool_)
        left[[place for key, place in known.items() if key not in present]] = False
        moved, end = np.cumsum(left) - 1, int(np.count_nonzero(left))
        new = [key for key in fresh.keys if key not in known]
        after = {key: end + number for number, key in enumerate(new)}
        whose = np.array([after[key] if key in after else moved[known[key]] for key in fresh.keys], dtype=np.intp)

        def put(value: NDArray[Any], renewed: NDArray[Any]) -> NDArray[Any]:
            found = np.concatenate((value[left], np.empty(len(new), dtype=value.dtype)))
            found[whose] = renewed
            return found

        def put_several(value: Micros, renewed: Micros) -> Micros:
            stays = np.ones(len(self.keys), dtype=np.bool_)
            stays[list(known.values())] = False
            kept = value[:, stays[value[0]]]
            return np.hstack([np.vstack([moved[kept[0]], kept[1:]]), np.vstack([whose[renewed[0]], renewed[1:]])])

        return Lives(
            keys=[*(compress(self.keys, left) if end < len(self.keys) else self.keys), *new],
            fields={name: put(value, fresh.fields[name]) for name, value in self.fields.items()},
            instants={name: put(value, fresh.instants[name]) for name, value in self.instants.items()},
            stops=put_several(self.stops, fresh.stops),
            loops=put_several(self.loops, fresh.loops),
        )

    def _stopped(self, at: int, valued_at: Micros) -> Micros:
        """Return since when a no stands at an instant that no value came before."""
        whose, stopped_at, resumed_at = self.stops
        stands = (stopped_at <= at) & (resumed_at > at)
        found = np.full(len(self.keys), NEVER)
        found[whose[stands]] = stopped_at[stands]
        return np.where(valued_at == NEVER, found, NEVER)


def lives(connection: Connection) -> Lives:
    """Return all initiatives as the transaction sees them; after a change no more is read than those it touched."""

    def renewed(known: Lives, touched: Touched) -> Lives:
        return known.renewed(_read(connection, touched.initiatives), touched.initiatives)

    return memo.of(connection).whole(connection, "lives", lambda: _read(connection), renewed)


def _read(connection: Connection, keys: Collection[str] | None = None) -> Lives:
    """Read all initiatives, or some."""

    def mine(column: Column[str]) -> ColumnElement[bool] | None:
        return None if keys is None else column.in_(keys)

    of = milestone.c.initiative
    found, *instants = engines.columns(
        connection, of, *(func.coalesce(milestone.c[name], NEVER) for name in INSTANTS), where=mine(of)
    )
    rows, of = _Rows(orjson.loads(found)), initiative.c.key
    owners, *fields = engines.columns(connection, of, *(initiative.c[name] for name in FIELDS), where=mine(of))
    order = rows.places(orjson.loads(owners))

    def several(table: Table, *columns: ColumnElement[Any]) -> Micros:
        of = table.c.initiative
        whose, *values = engines.columns(connection, of, *columns, where=mine(of))
        return np.array([rows.places(orjson.loads(whose)), *map(numbers, values)])

    turns = (func.coalesce(loop.c[name], NEVER) for name in LOOP)
    return Lives(
        keys=rows.keys,
        fields={name: _ordered(orjson.loads(values), order) for name, values in zip(FIELDS, fields, strict=True)},
        instants={name: numbers(values) for name, values in zip(INSTANTS, instants, strict=True)},
        stops=several(stop, stop.c.stopped_at, func.coalesce(stop.c.resumed_at, NEVER)),
        loops=several(loop, loop.c.number, *turns),
    )


class _Rows:
    """The rows by their keys."""

    def __init__(self, keys: list[str]) -> None:
        self.keys = keys

    def places(self, keys: list[str]) -> Micros:
        """Return in which rows keys are."""
        if keys == self.keys:  # mostly the tables are in one order
            return np.arange(len(keys))
        if not keys:
            return np.zeros(0, dtype=np.int64)
        places = {key: place for place, key in enumerate(self.keys)}
        return np.fromiter((places[key] for key in keys), dtype=np.int64, count=len(keys))


def _ordered(values: list[Any], places: Micros) -> NDArray[np.object_]:
    """Put each value into its row."""
    found = np.empty(len(values), dtype=np.object_)
    found[places] = values
    return found


def numbers(text: str) -> Micros:
    """Read a JSON array of whole numbers."""
    return np.fromstring(text[1:-1], dtype=np.int64, sep=",") if len(text) > len("[]") else np.zeros(0, dtype=np.int64)


# ---- selections and groups


def chosen(connection: Connection, found: Lives, selection: Selection, at: int | None = None) -> Places:
    """Return the rows that a selection means; its state is that as of an instant."""
    mine = np.ones(len(found.keys), dtype=np.bool_)
    for field in FIELDS:
        if (wanted := getattr(selection, field)) is not None:
            mine &= found.fields[field] == wanted
    if selection.label is not None or selection.q:
        narrow = selected(select(initiative.c.key), Selection(label=selection.label, q=selection.q))
        keys = set(connection.scalars(narrow))
        mine &= np.fromiter((key in keys for key in found.keys), dtype=np.bool_, count=len(mine))
    if selection.state is not None and at is not None:
        mine &= found.cut(at).state() == selection.state
    return np.flatnonzero(mine)


def grouped(
    connection: Connection, found: Lives, places: Places, group_by: str | None
) -> Iterator[tuple[str | None, Places]]:
    """Yield each group that some rows are in with its rows, those of no name last; one of all without `group_by`."""
    if group_by is None:
        yield "all", places
        return
    codes: dict[str | None, int] = {}
    values = _values(connection, found, group_by)[places]
    each = np.fromiter((codes.setdefault(value, len(codes)) for value in values), dtype=np.intp, count=len(values))
    for name, code in sorted(codes.items(), key=lambda group: (group[0] is None, group[0] or "")):
        yield name, places[each == code]


def _values(connection: Connection, found: Lives, group_by: str) -> NDArray[np.object_]:
    """Return the group that each row is in."""
    if group_by in FIELDS:
        return found.fields[group_by]
    name = group_by.removeprefix("label:")
    if not name or name == group_by:
        raise BadQuestion(f"group_by: {group_by!r} is none of team, direction, evolution, label:<key>")
    rows = connection.execute(select(label.c.initiative, label.c.value).where(label.c.name == name))
    values: dict[str, str] = {key: value for key, value in rows}  # noqa: C416  rows
    return np.array([values.get(key) for key in found.keys], dtype=np.object_)
