"""Quantiles of what has ended, and survival with what has not; knows numbers only, no tables.

Durations are whole microseconds in, seconds out. What is not known is None, never 0.
"""

import warnings
from collections.abc import Sequence
from typing import Any, TypedDict

import numpy as np
from numpy.typing import NDArray

Durations = Sequence[int] | NDArray[np.int64]
SECOND = 1_000_000
"""Microseconds."""
QUANTILES = (0.5, 0.85, 0.95)
OPEN, ENDED, STOPPED = 0, 1, 2
"""How a duration came to its end so far; all but `ENDED` are censored."""
_ROUNDING = 1e-12


class Completed(TypedDict):
    """What is known of what has ended."""

    count: int
    mean_seconds: float | None
    p50_seconds: float | None
    p85_seconds: float | None
    p95_seconds: float | None


class Step(TypedDict):
    """What is known of a time: the part of what is not stopped that has not got there, and what part of all has."""

    t_seconds: float
    at_risk: int
    survival: float
    low: float | None
    high: float | None
    reached: float
    stopped: float


class Survival(TypedDict):
    """What is known of all, those included that are still open: Kaplan-Meier and Aalen-Johansen."""

    count: int
    ended: int
    open: int
    stopped: int
    p50_seconds: float | None
    p50_low_seconds: float | None
    p50_high_seconds: float | None
    p85_seconds: float | None
    p95_seconds: float | None
    reached_share: float | None
    stopped_share: float | None


def seconds(micros: int | None) -> float | None:
    """Return whole microseconds as seconds."""
    return None if micros is None else micros / SECOND


def completed(durations: Durations) -> Completed:
    """Describe durations in microseconds: mean, and quantiles between order statistics (type 7, `percentile_cont`)."""
    took = np.asarray(durations, dtype=np.int64)
    if not len(took):
        return Completed(count=0, mean_seconds=None, p50_seconds=None, p85_seconds=None, p95_seconds=None)
    p50, p85, p95 = (float(found) / SECOND for found in np.quantile(took.astype(np.float64), QUANTILES))
    mean = total(took) / len(took) / SECOND
    return Completed(count=len(took), mean_seconds=mean, p50_seconds=p50, p85_seconds=p85, p95_seconds=p95)


def total(durations: NDArray[np.int64]) -> int:
    """Add durations up, in two parts lest the sum overflow."""
    return int((durations // SECOND).sum()) * SECOND + int((durations % SECOND).sum())


def survival(durations: Durations, ends: Durations) -> Survival:
    """Describe durations of which some are censored: when value is reached, and what part of all gets there at all.

    A quantile is the smallest time at which no more than its complement is left (Kaplan-Meier); the limits of the
    median are where Greenwood's 95 % limits, transformed log-log, pass one half. The shares are cumulative incidences
    at the last observed time (Aalen-Johansen): a stop competes with value there, while the curve takes it as censored.
    """
    took, how = np.asarray(durations, dtype=np.float64), np.asarray(ends, dtype=np.int8)
    ended, stopped = int((how == ENDED).sum()), int((how == STOPPED).sum())
    p50, low, high, p85, p95 = _quantiles(took[how == ENDED], took[how != ENDED])
    reached_share, stopped_share = (
        (float(share[-1]) for share in _incidences(took, how)[2:]) if len(took) else (None, None)
    )
    return Survival(
        count=len(took),
        ended=ended,
        open=len(took) - ended - stopped,
        stopped=stopped,
        p50_seconds=p50,
        p50_low_seconds=low,
        p50_high_seconds=high,
        p85_seconds=p85,
        p95_seconds=p95,
        reached_share=reached_share,
        stopped_share=stopped_share,
    )


def _quantiles(ended: NDArray[np.float64], censored: NDArray[np.float64]) -> list[float | None]:
    """Return p50, its limits, p85 and p95 of the Kaplan-Meier curve in seconds."""
    if not len(ended):
        return [None] * 5
    from scipy.stats import CensoredData, ecdf  # noqa: PLC0415  takes a second, which most commands need not wait for

    curve = ecdf(CensoredData(uncensored=ended, right=censored)).sf
    with np.errstate(all="ignore"):
        limits = _limits(curve)

    def first(below: NDArray[np.bool_]) -> float | None:
        return float(curve.quantiles[np.argmax(below)]) / SECOND if below.any() else None

    p50, p85, p95 = (first(curve.probabilities <= 1 - p + _ROUNDING) for p in QUANTILES)
    return [p50, *(first(limit <= 1 - QUANTILES[0]) for limit in limits), p85, p95]


def _limits(curve: Any) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the lower and the upper limit at each time, not a number where the curve is at 0 or 1."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="The confidence interval is undefined", category=RuntimeWarning)
        interval = curve.confidence_interval(confidence_level=0.95, method="log-log")
    return interval.low.probabilities, interval.high.probabilities


def _incidences(took: NDArray[np.float64], how: NDArray[np.int8]) -> tuple[NDArray[Any], ...]:
    """Return the observed times, how many are at risk there, and the cumulative incidences of an end and of a stop."""
    order = np.argsort(took)
    took, how = took[order], how[order]
    first = np.flatnonzero(np.concatenate(([True], took[1:] != took[:-1])))
    times, at_risk = took[first], len(took) - first
    ended, stopped = (np.add.reduceat(how == kind, first, dtype=np.int64) for kind in (ENDED, STOPPED))
    left = np.cumprod(1 - (ended + stopped) / at_risk)
    before = np.concatenate(([1.0], left[:-1]))
    return times, at_risk, np.cumsum(before * ended / at_risk), np.cumsum(before * stopped / at_risk)


def curve(durations: Durations, ends: Durations) -> list[Step]:
    """Return the whole curve, a step for each time at which something ended or stopped, and the last observed time.

    It begins at 1 at time 0. The limits are Greenwood's 95 %, log-log, and None where the curve is at 0 or 1. `at_risk`
    counts those that were neither ended nor censored just before.
    """
    if not len(durations):
        return []
    took, how = np.asarray(durations, dtype=np.float64), np.asarray(ends, dtype=np.int8)
    times, at_risk, reached, stopped = _incidences(took, how)
    left, low, high = _left(took, how)
    moved = np.isin(times, took[how != OPEN])
    moved[-1] = True
    steps = [
        Step(
            t_seconds=float(times[n]) / SECOND,
            at_risk=int(at_risk[n]),
            survival=float(left[n]),
            low=_number(low[n]),
            high=_number(high[n]),
            reached=float(reached[n]),
            stopped=float(stopped[n]),
        )
        for n in np.flatnonzero(moved)
    ]
    if steps[0]["t_seconds"] > 0:
        begin = Step(t_seconds=0.0, at_risk=len(took), survival=1.0, low=None, high=None, reached=0.0, stopped=0.0)
        return [begin, *steps]
    return steps


def thinned(steps: Sequence[Step], most: int) -> list[Step]:
    """Return no more than so many steps, two at least, evenly chosen, with the first and the last."""
    if len(steps) <= most:
        return list(steps)
    return [steps[n] for n in np.linspace(0, len(steps) - 1, max(most, 2)).round().astype(int)]


def _left(took: NDArray[np.float64], how: NDArray[np.int8]) -> tuple[NDArray[np.float64], ...]:
    """Return the Kaplan-Meier curve and its limits at each observed time."""
    from scipy.stats import CensoredData, ecdf  # noqa: PLC0415  as above

    if not (how == ENDED).any():
        whole = np.ones(len(np.unique(took)))
        return whole, whole * np.nan, whole * np.nan
    found = ecdf(CensoredData(uncensored=took[how == ENDED], right=took[how != ENDED])).sf
    with np.errstate(all="ignore"):
        return found.probabilities, *_limits(found)


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
