"""What may be expected of what is still open, from those that once stood where it stands; knows numbers only.

The question is always the same: of all that were in this stage as long as this one is now, how many had value how
soon after? Those of them that are open still are censored, a stop competes with value (Aalen-Johansen). Nothing is
assumed of how long things take. Durations are microseconds.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ttv.statistics import ENDED, OPEN

FEWEST = 10
"""Fewer forerunners than these are no ground for a forecast."""
_DIGITS = 12
"""So far a sum of shares can be trusted: what is one half is not a little less."""


class Passage:
    """All that ever entered a stage: how long they stayed in it, and how and how long after entering it all ended."""

    def __init__(self, stayed: ArrayLike, lasted: ArrayLike, how: ArrayLike) -> None:
        """Take a row each: the time in the stage, the time from its beginning to the end or till now, and which end."""
        ends, times = np.asarray(how, dtype=np.int8), np.asarray(lasted, dtype=np.float64)
        order = np.lexsort((ends == OPEN, times))  # at one time the ends come before what is only seen so far
        self._stayed = np.asarray(stayed, dtype=np.float64)[order]
        self._lasted, self._how = times[order], ends[order]

    def beyond(self, age: float) -> "Ahead":
        """Look ahead from an age in the stage, with those that were in it for longer."""
        forerun = self._stayed > age
        return Ahead(self._lasted[forerun] - age, self._how[forerun])


@dataclass(frozen=True)
class Ahead:
    """What became of the forerunners, in order: the time from where they stood, and how it ended."""

    after: NDArray[np.float64]
    how: NDArray[np.int8]

    @property
    def count(self) -> int:
        """How many forerunners there are."""
        return len(self.after)

    def chance(self, within: float) -> float | None:
        """Give the share that has value within a time; None if too few stood here, or none was seen for so long."""
        if self.count < FEWEST or (self.after[-1] < within and self.how[-1] == OPEN):
            return None
        place = int(np.searchsorted(self.after, within, side="right"))
        return round(float(self._reached[place - 1]), _DIGITS) if place else 0.0

    def median(self) -> float | None:
        """Give the time within which half of them have value; None if too few stood here, or half never have."""
        place = int(np.searchsorted(self._reached, 0.5 - 10**-_DIGITS))
        return float(self.after[place]) if place < self.count >= FEWEST else None

    @cached_property
    def _reached(self) -> NDArray[np.float64]:
        """Return the cumulative incidence of value after each row: one row at a time, which ties do not change."""
        share = 1 / np.arange(self.count, 0, -1)
        left = np.cumprod(np.where(self.how == OPEN, 1.0, 1 - share))
        before = np.concatenate(([1.0], left[:-1]))
        return np.cumsum(np.where(self.how == ENDED, before * share, 0.0))
