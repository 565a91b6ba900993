"""What may be expected of what is still open, from those that once stood where it stands; knows numbers only.

The question is always the same: of all that were in this stage as long as this one is now, how many had value how
soon after? Those of them that are open still are censored, a stop competes with value (Aalen-Johansen). Nothing is
assumed of how long things take. Durations are microseconds.
"""

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
        self._over = np.flatnonzero(self._how != OPEN)

    def beyond(self, age: float) -> "Ahead":
        """Look ahead from an age in the stage, with those that were in it for longer."""
        first = int(np.searchsorted(self._lasted, age, side="right"))  # nobody is in a stage for longer than in all
        over = self._over[np.searchsorted(self._over, first) :] - first
        return Ahead(age, self._lasted[first:], self._how[first:], self._stayed[first:] > age, over)


class Ahead:
    """What became of the forerunners; only what ended moves a chance, so nothing is computed for the others."""

    def __init__(
        self,
        age: float,
        lasted: NDArray[np.float64],
        how: NDArray[np.int8],
        forerun: NDArray[np.bool_],
        over: NDArray[np.intp],
    ) -> None:
        """Take rows in order, of which some are forerunners, and the places of the rows that ended."""
        self._age, self._lasted, self._how, self._forerun = age, lasted, how, forerun
        self.count = int(np.count_nonzero(forerun))
        """How many forerunners there are."""
        self._over = over if self.count == len(forerun) else over[forerun[over]]

    @property
    def after(self) -> NDArray[np.float64]:
        """For each forerunner the time from where it stood until it ended, or was last seen; in order."""
        return self._lasted[self._forerun] - self._age

    @property
    def how(self) -> NDArray[np.int8]:
        """How each ended."""
        return self._how[self._forerun]

    def chance(self, within: float) -> float | None:
        """Give the share that has value within a time; None if too few stood here, or none was seen for so long."""
        if self.count < FEWEST or self._seen < within:
            return None
        place = int(np.searchsorted(self._ends, within, side="right"))
        return round(float(self._reached[place - 1]), _DIGITS) if place else 0.0

    def median(self) -> float | None:
        """Give the time within which half of them have value; None if too few stood here, or half never have."""
        place = int(np.searchsorted(self._reached, 0.5 - 10**-_DIGITS))
        return float(self._ends[place]) if place < len(self._over) and self.count >= FEWEST else None

    @cached_property
    def _ends(self) -> NDArray[np.float64]:
        return self._lasted[self._over] - self._age

    @cached_property
    def _seen(self) -> float:
        """Return up to when all is known: as long as the last one was seen if it is open, else for ever."""
        last = len(self._forerun) - 1 - int(self._forerun[::-1].argmax())
        return float(self._lasted[last] - self._age) if self._how[last] == OPEN else np.inf

    @cached_property
    def _reached(self) -> NDArray[np.float64]:
        """Return the cumulative incidence of value after each end: one at a time, which ties do not change."""
        everyone = self.count == len(self._forerun)
        before_it = self._over if everyone else np.cumsum(self._forerun, dtype=np.int32)[self._over] - 1
        share = 1 / (self.count - before_it)
        left = np.cumprod(1 - share)
        before = np.concatenate(([1.0], left[:-1]))
        return np.cumsum(np.where(self._how[self._over] == ENDED, before * share, 0.0))
