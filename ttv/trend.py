"""How a figure over many moves: the same answer as of the end of each week, month or quarter, in UTC.

The instants of all initiatives are read once, free of the clock as they are stored, and cut off here at each period's
end. `figures.milestones` says what the cut means; a property test holds every point to the population as of then.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, select

from ttv import statistics, store
from ttv.cursors import BadQuestion
from ttv.figures import Selection, selected
from ttv.population import DEFAULT_GROUP, Figure, begin_of, group_column, ordered
from ttv.store import initiative, milestone, stop

Interval = Literal["week", "month", "quarter"]
PERIODS = 12
"""How many periods a trend has if nobody says."""
_MONTHS = {"month": 1, "quarter": 3}
_NEVER = np.iinfo(np.int64).max
_INSTANTS = ("idea_at", "yes_at", "started_at", "valued_at")

_Micros = NDArray[np.int64]


def trend(
    connection: Connection,
    figure: Figure,
    selection: Selection,
    *,
    as_of: datetime,
    interval: Interval = "month",
    periods: int = PERIODS,
    window: str = "365d",
    group_by: str | None = None,
) -> dict[str, Any]:
    """Describe a figure as of the end of each of some periods, the last of which is the one that `as_of` lies in."""
    if selection.state is not None:
        raise BadQuestion("state: it changes from period to period; a trend is over initiatives of every state")
    groups = _lives(connection, selection, group_by or DEFAULT_GROUP[figure])
    items = []
    for period_start, period_end in spans(interval, as_of, periods):
        at = store.micros(min(period_end, as_of))
        begin = begin_of(window, at)
        points = [{"group": name, **lives.said(figure, at, begin)} for name, lives in ordered(groups)]
        items.append({"period_start": period_start, "period_end": period_end, "groups": points})
    return {"as_of": as_of, "window": window, "interval": interval, "items": items}


def spans(interval: Interval, as_of: datetime, periods: int) -> list[tuple[datetime, datetime]]:
    """Return the first instants of some periods and of those next to them; the last period is that of `as_of`."""
    today = as_of.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    try:
        if interval == "week":
            monday, week = today - timedelta(days=today.weekday()), timedelta(weeks=1)
            edges = [monday + week * n for n in range(1 - periods, 2)]
        else:
            length = _MONTHS[interval]
            current = (today.year * 12 + today.month - 1) // length
            edges = [_first_of((current + n) * length) for n in range(1 - periods, 2)]
    except (OverflowError, ValueError):
        raise BadQuestion(f"periods: {periods} {interval}s do not fit between the years 1 and 9999") from None
    return list(pairwise(edges))


def _first_of(month: int) -> datetime:
    """Return the first instant of a month, counted from the year 0."""
    return datetime(month // 12, month % 12 + 1, 1, tzinfo=UTC)


@dataclass
class _Lives:
    """The instants of a group's initiatives in microseconds, `_NEVER` where there is none, free of the clock."""

    stops: _Micros
    """Three rows: whose stop it is, by place in the other arrays, from when it stands, and until when."""
    idea_at: _Micros
    yes_at: _Micros
    started_at: _Micros
    valued_at: _Micros

    def said(self, figure: Figure, at: int, begin: int | None) -> dict[str, Any]:
        """Describe a figure as of an instant, over what came after another, or over everything."""
        idea_at, yes_at, started_at, valued_at = (
            np.where(when <= at, when, _NEVER) for when in (self.idea_at, self.yes_at, self.started_at, self.valued_at)
        )
        stopped_at, ended_at = self._stopped(at), valued_at
        if figure == "rate_of_turn":
            acted_at = np.minimum(yes_at, started_at)
            ended_at = np.where(acted_at == _NEVER, stopped_at, acted_at)
        known, ended = idea_at != _NEVER, ended_at != _NEVER
        recent = known & (idea_at > begin) if begin is not None else known
        completed = known & ended & (ended_at > begin) if begin is not None else known & ended
        how = np.select([ended, stopped_at != _NEVER], [statistics.ENDED, statistics.STOPPED], statistics.OPEN)
        until = np.minimum(np.where(ended, ended_at, stopped_at), at)
        return {
            "completed": statistics.completed((ended_at - idea_at)[completed].tolist()),
            "all": statistics.survival((until - idea_at)[recent].tolist(), how[recent].tolist()),
        }

    def _stopped(self, at: int) -> _Micros:
        """Return since when a no stands at an instant, also one that value came after."""
        whose, stopped_at, resumed_at = self.stops
        stands = (stopped_at <= at) & (resumed_at > at)
        found = np.full(len(self.idea_at), _NEVER)
        found[whose[stands]] = stopped_at[stands]
        return found


def _lives(connection: Connection, selection: Selection, group_by: str | None) -> dict[str | None, _Lives]:
    """Read the instants of the initiatives of each group."""
    every = select(initiative, *(milestone.c[name] for name in _INSTANTS)).join_from(
        initiative, milestone, milestone.c.initiative == initiative.c.key
    )
    query = selected(every, selection)
    columns = query.selected_columns
    plain = query.with_only_columns(
        group_column(columns, group_by), columns["key"], *(columns[name] for name in _INSTANTS)
    )
    rows: dict[str | None, list[Sequence[int | None]]] = {} if group_by else {"all": []}
    places: dict[str, tuple[str | None, int]] = {}
    for name, key, *instants in connection.execute(plain):
        group = rows.setdefault(name, [])
        places[key] = name, len(group)
        group.append(instants)
    stops: dict[str | None, list[Sequence[int | None]]] = defaultdict(list)
    for key, stopped_at, resumed_at in connection.execute(select(stop)):
        if key in places:
            name, place = places[key]
            stops[name].append((place, stopped_at, resumed_at))
    return {name: _Lives(_columns(stops[name], 3), *_columns(group, len(_INSTANTS))) for name, group in rows.items()}


def _columns(rows: Sequence[Sequence[int | None]], width: int) -> _Micros:
    """Turn rows into an array of columns, `_NEVER` for None."""
    flat = [_NEVER if value is None else value for row in rows for value in row]
    return np.array(flat, dtype=np.int64).reshape(len(rows), width).T
