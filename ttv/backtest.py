"""How the forecasts did: what would have been said at earlier instants, from what had happened by then, and what came.

It is held against three simpler ways: that everything takes the overall median; the overall survival, which knows the
age but not the stage; and the share of all ideas that have value so soon, which knows nothing of the one in question.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, func, select

from ttv import scores, statistics, store
from ttv.figures import MILESTONES, STAGES
from ttv.forecast import Ahead
from ttv.outlook import DAY, DAYS, History

YARDSTICKS = ("overall_median", "overall_survival", "overall_share")
MOST = 1_000
"""Open initiatives that are forecast at one instant at most, taken at even distances."""
_Numbers = NDArray[np.float64]


def backtest(connection: Connection, as_of: datetime, every: timedelta = timedelta(days=28)) -> dict[str, Any]:
    """Forecast at each instant that lies a multiple of `every` before, and compare with what had come by `as_of`."""
    now = History(connection, as_of)
    came = dict(zip(now.keys, now.at["valued_at"], strict=True))
    instants = list(_instants(connection, as_of, every))
    said = [one for instant in instants for one in forecasts(History(connection, instant), came)]
    return {
        "as_of": as_of,
        "every_days": every / timedelta(days=1),
        "instants": len(instants),
        "initiatives": len({one.key for one in said}),
        "horizons": [_horizon(said, days, now.now) for days in DAYS],
        "remaining": _remaining(said, now.now),
    }


@dataclass(frozen=True)
class Said:
    """What was said of one initiative at one instant, and when value came, if it did; not a number is silence."""

    key: str
    at: float
    chances: tuple[float, ...]
    """One for each of `DAYS`."""
    others: dict[str, tuple[float, ...]]
    """The same by each yardstick."""
    remaining: float
    """The median, in microseconds."""
    overall_remaining: float
    valued: float


def _instants(connection: Connection, as_of: datetime, every: timedelta) -> Iterator[datetime]:
    """Yield the instants from the latest whose first horizon is over, back to the first idea."""
    begin = store.instant(connection.scalar(select(func.min(store.milestone.c.idea_at))))
    instant = as_of - every * -(-timedelta(days=DAYS[0]) // every)
    while begin is not None and instant > begin:
        yield instant
        instant -= every


def forecasts(past: History, came: dict[str, float]) -> Iterator[Said]:
    """Forecast what was open at the instant of a history."""
    begins = np.array([past.at[name] for name in MILESTONES[: len(STAGES)]])
    open_ = ~np.isnan(begins[0]) & np.isnan(past.at["valued_at"]) & np.isnan(past.at["stopped_at"])
    places = np.flatnonzero(open_)
    whole, _ = past.ahead("life", None, 0)
    median, share = _overall_median(whole), _chances(whole)
    for place in places[:: -(-len(places) // MOST) or 1]:
        stage = int(np.flatnonzero(~np.isnan(begins[:, place]))[-1])
        age = past.now - begins[0, place]
        ahead, _ = past.ahead(STAGES[stage], past.directions[place], past.now - begins[stage, place])
        left = median - age
        yield Said(
            key=past.keys[place],
            at=past.now,
            chances=_chances(ahead),
            others={
                "overall_median": tuple(_due(left, days * DAY) for days in DAYS),
                "overall_survival": _chances(past.ahead("life", None, age)[0]),
                "overall_share": share,
            },
            remaining=_number(ahead.median()),
            overall_remaining=max(left, 0.0),
            valued=came.get(past.keys[place], np.nan),
        )


def _chances(ahead: Ahead) -> tuple[float, ...]:
    return tuple(_number(ahead.chance(days * DAY)) for days in DAYS)


def _due(left: float, within: float) -> float:
    """Give all or nothing: whether a date lies within a time; one that is over already says nothing will come soon."""
    return np.nan if np.isnan(left) else float(0 < left <= within)


def _number(found: float | None) -> float:
    return np.nan if found is None else found


def _overall_median(whole: Ahead) -> float:
    """Give the median time to value of all that is not stopped, as the figures tell it; not a number if unknown."""
    p50 = statistics.survival([int(after) for after in whole.after], whole.how.tolist())["p50_seconds"]
    return np.nan if p50 is None else p50 * statistics.SECOND


def _horizon(said: list[Said], days: int, now: float) -> dict[str, Any]:
    """Score the forecasts for one horizon that is over by now."""
    over = [one for one in said if one.at + days * DAY <= now]
    which = DAYS.index(days)
    chances = np.array([one.chances[which] for one in over], dtype=np.float64)
    came = np.array([one.valued <= one.at + days * DAY for one in over], dtype=np.float64)
    spoke = ~np.isnan(chances)
    whose = [one.key for one in over]
    against = {name: np.array([one.others[name][which] for one in over], dtype=np.float64) for name in YARDSTICKS}
    return {
        "days": days,
        "forecasts": int(spoke.sum()),
        "too_thin": int((~spoke).sum()),
        "reached_share": float(came[spoke].mean()) if spoke.any() else None,
        "brier": scores.brier(chances[spoke], came[spoke]),
        "calibration": scores.calibration(chances[spoke], came[spoke]),
        "against": {name: scores.compared(chances, other, came, whose) for name, other in against.items()},
    }


def _remaining(said: list[Said], now: float) -> dict[str, Any]:
    """Score the median remaining times: those that are over by now, and where value came, by how far they were off."""
    over = [one for one in said if one.at + one.remaining <= now]
    came = [one for one in said if not any(np.isnan((one.valued, one.remaining, one.overall_remaining)))]
    off, overall_off = (
        [abs(one.at + getattr(one, name) - one.valued) / statistics.SECOND for one in came]
        for name in ("remaining", "overall_remaining")
    )
    return {
        "forecasts": len(over),
        "reached_share": float(np.mean([one.valued <= one.at + one.remaining for one in over])) if over else None,
        "came": len(came),
        "median_error_seconds": float(np.median(off)) if came else None,
        "overall_median_error_seconds": float(np.median(overall_off)) if came else None,
    }
