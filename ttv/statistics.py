"""Quantiles of durations; knows numbers only, no tables."""

from collections.abc import Sequence
from typing import TypedDict

import numpy as np

SECOND = 1_000_000
"""Microseconds."""
QUANTILES = (0.5, 0.85, 0.95)


class Completed(TypedDict):
    """What is known of what has ended; seconds, null where nothing has."""

    count: int
    mean_seconds: float | None
    p50_seconds: float | None
    p85_seconds: float | None
    p95_seconds: float | None


def seconds(micros: int | None) -> float | None:
    """Return whole microseconds as seconds."""
    return None if micros is None else micros / SECOND


def completed(durations: Sequence[int]) -> Completed:
    """Describe durations in microseconds: mean, and quantiles between order statistics (type 7, `percentile_cont`)."""
    if not durations:
        return Completed(count=0, mean_seconds=None, p50_seconds=None, p85_seconds=None, p95_seconds=None)
    p50, p85, p95 = (float(found) / SECOND for found in np.quantile(np.asarray(durations, dtype=np.float64), QUANTILES))
    mean = sum(durations) / len(durations) / SECOND
    return Completed(count=len(durations), mean_seconds=mean, p50_seconds=p50, p85_seconds=p85, p95_seconds=p95)
