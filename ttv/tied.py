"""When deploys and feedback were, and which of them are tied, as arrays: read once, and then kept up with the log.

Takes a connection in a read transaction. Of a subject no more is kept than a number of 64 bits made of it, so that a
deploy takes 18 bytes: of millions of subjects two have the same number once in a million times.
"""

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import orjson
from numpy.typing import NDArray
from sqlalchemy import Connection, Integer, and_, case, cast

from ttv import engines, memo
from ttv.changes import Touched
from ttv.figures import untied
from ttv.lives import Mask, Micros, numbers
from ttv.store import event

KINDS = ("deploy", "feedback")
"""What is counted."""


@dataclass(frozen=True)
class Heard:
    """A row for each deploy and each feedback of the log, in the order of the numbers of their subjects."""

    subject: Micros
    at: Micros
    kind: NDArray[np.int8]
    """The place in `KINDS`."""
    tied: Mask

    def count(self, begin: int | None, at: int) -> dict[str, tuple[int, int]]:
        """Count each kind after an instant, or from the first, up to another: all of it, and what is tied."""
        seen = self.at <= at if begin is None else (self.at <= at) & (self.at > begin)
        found = {}
        for place, kind in enumerate(KINDS):
            mine = seen & (self.kind == place)
            found[kind] = int(np.count_nonzero(mine)), int(np.count_nonzero(mine & self.tied))
        return found

    def renewed(self, fresh: "Heard", subjects: Collection[str]) -> "Heard":
        """Return the same with what some subjects have as it is now."""
        numbers_ = np.unique(_hashed(subjects))
        begin, end = (np.searchsorted(self.subject, numbers_, side=side) for side in ("left", "right"))
        gone = np.concatenate([np.arange(*span) for span in zip(begin, end, strict=True)] or [begin])
        left = {name: np.delete(value, gone) for name, value in vars(self).items()}
        places = np.searchsorted(left["subject"], fresh.subject)
        return Heard(**{name: np.insert(value, places, getattr(fresh, name)) for name, value in left.items()})


def heard(connection: Connection) -> Heard:
    """Return all deploys and feedback as the transaction sees them."""

    def renewed(known: Heard, touched: Touched) -> Heard:
        return known.renewed(_read(connection, touched.artefacts), touched.artefacts)

    return memo.of(connection).whole(connection, "heard", lambda: _read(connection), renewed)


def _read(connection: Connection, subjects: Collection[str] | None = None) -> Heard:
    """Read all of them, or those of some subjects."""
    wanted = and_(~event.c.deleted, event.c.kind.in_(KINDS))
    if subjects is not None:
        wanted = and_(wanted, event.c.subject.in_(subjects))
    kind = case({name: place for place, name in enumerate(KINDS)}, value=event.c.kind)
    found, *others = engines.columns(
        connection, event.c.subject, event.c.occurred_at, kind, cast(~untied(), Integer), where=wanted
    )
    subject = _hashed(orjson.loads(found))
    order = np.argsort(subject)
    at, kinds, tied = (numbers(values)[order] for values in others)
    return Heard(subject[order], at, kinds.astype(np.int8), tied.astype(np.bool_))


def _hashed(subjects: Collection[str]) -> Micros:
    return np.fromiter(map(hash, subjects), dtype=np.int64, count=len(subjects))
