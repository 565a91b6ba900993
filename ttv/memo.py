"""What was answered, kept for as long as the data is the same: asking again costs a look at its version.

Takes a connection in a read transaction, a question and the way to answer it. What moves with the clock alone may be
answered as of a moment ago; the answer says of which instant it is.
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from datetime import datetime, timedelta
from threading import Lock
from typing import Any, NamedTuple, TypeVar
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Engine

from ttv import store

_T = TypeVar("_T")

MOST = 256
"""Answers that are kept of a database; those that were not asked for the longest go first."""
MOMENT = timedelta(seconds=10)
"""How old an answer as of now may be."""


class _Kept(NamedTuple):
    version: store.Version
    as_of: datetime
    answer: Any


class Memo:
    """The answers that are kept of one database."""

    def __init__(self, most: int = MOST) -> None:
        self._kept: OrderedDict[Hashable, _Kept] = OrderedDict()
        self._most, self._lock = most, Lock()

    def answer(self, connection: Connection, question: Hashable, as_of: datetime, make: Callable[[], _T]) -> _T:
        """Return what a question was answered as of this instant or a moment before, or make the answer and keep it."""
        version = store.version(connection)
        with self._lock:
            kept = self._kept.get(question)
            if kept and kept.version == version and timedelta(0) <= as_of - kept.as_of <= MOMENT:
                self._kept.move_to_end(question)
                known: _T = kept.answer
                return known
        answer = make()
        with self._lock:
            self._kept[question] = _Kept(version, as_of, answer)
            self._kept.move_to_end(question)
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)
        return answer


_memos: WeakKeyDictionary[Engine, Memo] = WeakKeyDictionary()
_lock = Lock()


def of(connection: Connection) -> Memo:
    """Return the memo of the database that a connection leads to."""
    with _lock:
        return _memos.setdefault(connection.engine, Memo())
