"""How good chances were, once it is known what came; knows numbers only, no tables.

The Brier score is the mean square of what a chance was off by: 0 is perfect, 0.25 is what a coin would get.
"""

from collections.abc import Iterator
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

Verdict = Literal["better", "worse", "no clear difference"]

FEWEST = 20
"""Fewer initiatives than these cannot tell one way of forecasting from another."""
_BINS = 10
_Z95 = 1.959963984540054
_Numbers = NDArray[np.float64]


def brier(chances: ArrayLike, came: ArrayLike) -> float | None:
    """Give the mean square of what chances were off by; None without any."""
    off = np.asarray(chances, dtype=np.float64) - np.asarray(came, dtype=np.float64)
    return float(np.mean(off**2)) if len(off) else None


def calibration(chances: ArrayLike, came: ArrayLike) -> list[dict[str, Any]]:
    """Tell by tenths of what was said how often it came; tenths in which nothing was said are left out."""
    said, did = np.asarray(chances, dtype=np.float64), np.asarray(came, dtype=np.float64)
    tenth = np.minimum((said * _BINS + 1e-9).astype(int), _BINS - 1)
    return [
        {
            "chance_from": number / _BINS,
            "chance_to": (number + 1) / _BINS,
            "forecasts": int(inside.sum()),
            "mean_chance": float(said[inside].mean()),
            "reached_share": float(did[inside].mean()),
        }
        for number, inside in _tenths(tenth)
    ]


def _tenths(tenth: NDArray[np.int_]) -> Iterator[tuple[int, NDArray[np.bool_]]]:
    return ((int(number), tenth == number) for number in np.unique(tenth))


def compared(chances: ArrayLike, others: ArrayLike, came: ArrayLike, whose: ArrayLike) -> dict[str, Any]:
    """Compare chances with a yardstick's where both spoke (not a number is silence): the difference of their scores.

    Forecasts of one initiative resemble one another, so the 95 % interval of the difference takes each initiative
    (`whose`) as one observation.
    """
    said, other = np.asarray(chances, dtype=np.float64), np.asarray(others, dtype=np.float64)
    both = ~np.isnan(said) & ~np.isnan(other)
    did = np.asarray(came, dtype=np.float64)[both]
    ours, theirs = (said[both] - did) ** 2, (other[both] - did) ** 2
    low, high, initiatives = _interval(ours - theirs, np.asarray(whose)[both])
    return {
        "forecasts": len(did),
        "initiatives": initiatives,
        "brier": float(ours.mean()) if len(did) else None,
        "yardstick_brier": float(theirs.mean()) if len(did) else None,
        "difference": float((ours - theirs).mean()) if len(did) else None,
        "low": low,
        "high": high,
        "verdict": _verdict(low, high),
    }


def _interval(differences: _Numbers, whose: NDArray[Any]) -> tuple[float | None, float | None, int]:
    names, place = np.unique(whose, return_inverse=True)
    count = len(names)
    if count < FEWEST:
        return None, None, count
    mean = differences.mean()
    sums = np.bincount(place, weights=differences - mean)
    spread = _Z95 * float(np.sqrt(count / (count - 1) * (sums**2).sum())) / len(differences)
    return float(mean - spread), float(mean + spread), count


def _verdict(low: float | None, high: float | None) -> Verdict | None:
    if low is None or high is None:
        return None
    if high < 0:
        return "better"
    return "worse" if low > 0 else "no clear difference"
