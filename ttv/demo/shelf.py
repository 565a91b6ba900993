"""An index of records by when they were last touched, for any instant, without looking at all of them."""

from array import array
from collections.abc import Iterable, Sequence
from itertools import repeat

import numpy as np
from numpy.typing import NDArray

from ttv.demo.times import NEVER

Indices = NDArray[np.int64]


class Shelf:
    """The touches of all records, ascending; each knows until when it was its record's last one."""

    def __init__(self, histories: Iterable[Sequence[int]]) -> None:
        """Take for each record, in order, the instants at which it was touched, ascending."""
        at, who, until = array("q"), array("q"), array("q")
        for index, history in enumerate(histories):
            at.extend(history)
            who.extend(repeat(index, len(history)))
            until.extend(history[1:])
            until.append(NEVER)
        touched, owners, ends = (np.array(values, dtype=np.int64) for values in (at, who, until))
        order = np.lexsort((owners, touched))
        self._at, self._who, self._until = touched[order], owners[order], ends[order]

    def version(self, now: int) -> int:
        """Count the touches up to an instant: two instants of one version look the same."""
        return int(np.searchsorted(self._at, now, side="right"))

    def moment(self, version: int) -> int:
        """Give the earliest instant of a version; -1 before anything was touched."""
        return int(self._at[min(version, len(self._at)) - 1]) if version > 0 and len(self._at) else -1

    def touched(self, now: int, since: int = -NEVER, until: int = NEVER) -> Indices:
        """List the records whose last touch up to `now` lies in [since, until), in the order of these touches."""
        low = int(np.searchsorted(self._at, since, side="left"))
        high = min(int(np.searchsorted(self._at, until, side="left")), self.version(now))
        return self._who[low:high][self._until[low:high] > now]

    def after(self, now: int, position: int, limit: int) -> tuple[list[tuple[int, int]], int, bool]:
        """Read on in the order of last touches.

        Gives (record, touch) pairs, the position to go on from, and whether that is the end as of `now`.
        """
        end = self.version(now)
        found: list[tuple[int, int]] = []
        while position < end and len(found) < limit:
            if self._until[position] > now:
                found.append((int(self._who[position]), int(self._at[position])))
            position += 1
        return found, position, position >= end

    def position(self, since: int) -> int:
        """Give the position of the first touch not before `since`."""
        return int(np.searchsorted(self._at, since, side="left"))
