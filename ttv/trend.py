"""How a figure over many moves: the same answer as of the end of each week, month or quarter, in UTC.

The lives of all initiatives are read once, free of the clock as they are stored, and cut off at each period's end.
"""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any, Literal

from sqlalchemy import Connection

from ttv import store
from ttv.cursors import BadQuestion
from ttv.figures import Selection
from ttv.lives import chosen, grouped, lives
from ttv.population import DEFAULT_GROUP, Figure, Group, begin_of

Interval = Literal["week", "month", "quarter"]
PERIODS = 12
"""How many periods a trend has if nobody says."""
_MONTHS = {"month": 1, "quarter": 3}


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
    found = lives(connection)
    places = chosen(connection, found, selection)
    groups = list(grouped(connection, found, places, group_by or DEFAULT_GROUP[figure]))
    items = []
    for period_start, period_end in spans(interval, as_of, periods):
        at = store.micros(min(period_end, as_of))
        cut, begin = found.cut(at), begin_of(window, at)
        points = [{"group": name, **Group(figure, cut.only(rows), rows, begin).said()} for name, rows in groups]
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
