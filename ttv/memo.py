"""What was answered, kept for as long as the data is the same: asking again costs a look at its version.

Takes a connection in a read transaction, a question and the way to answer it. What moves with the clock alone may be
answered as of a moment ago; the answer says of which instant it is. What is read of the log as a whole is kept up with
it: after a change no more is read anew than what that touched.
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from datetime import datetime, timedelta
from threading import Lock
from typing import Any, NamedTuple, TypeVar
from weakref import WeakKeyDictionary, WeakValueDictionary

from sqlalchemy import Connection, Engine

from ttv import changes, store
from ttv.changes import Touched

_T = TypeVar("_T")

MOST = 256
"""Answers that are kept of a database; those that were not asked for the longest go first."""
MOMENT = timedelta(seconds=10)
"""How old an answer as of now may be."""


class _Kept(NamedTuple):
    version: store.Version
    as_of: datetime
    answer: Any


class _Whole(NamedTuple):
    version: store.Version
    value: Any


class Memo:
    """The answers that are kept of one database, and what was read of it as a whole."""

    def __init__(self, most: int = MOST) -> None:
        self._kept: OrderedDict[Hashable, _Kept] = OrderedDict()
        self._wholes: dict[str, _Whole] = {}
        self._making: WeakValueDictionary[Hashable, _Making] = WeakValueDictionary()
        self._most, self._lock = most, Lock()

    def answer(self, connection: Connection, question: Hashable, as_of: datetime, make: Callable[[], _T]) -> _T:
        """Return what a question was answered as of this instant or a moment before, or make the answer and keep it.

        Who asks while the answer is being made waits for it: many who make it at once take many times as long.
        """
        version = store.version(connection)
        kept = self._find(question, version, as_of)
        if kept is None:
            with self._lock:
                making = self._making.setdefault(question, _Making())
            with making.lock:
                kept = self._find(question, version, as_of) or self._keep(question, _Kept(version, as_of, make()))
        known: _T = kept.answer
        return known

    def kept(self, question: Hashable, version: store.Version, as_of: datetime) -> Any | None:
        """Return what a question was answered in a version as of this instant or a moment before, if it was asked."""
        found = self._find(question, version, as_of)
        return None if found is None else found.answer

    def last(self, question: Hashable) -> Any | None:
        """Return what a question was answered last, be the data what it may since."""
        with self._lock:
            kept = self._kept.get(question)
        return None if kept is None else kept.answer

    def whole(
        self, connection: Connection, name: str, read: Callable[[], _T], renew: Callable[[_T, Touched], _T]
    ) -> _T:
        """Return what is read of the log as the transaction sees it; what was read before is renewed where touched."""
        version = store.version(connection)
        kept = self._wholes.get(name)
        if kept is None or kept.version != version:
            with self._lock:
                making = self._making.setdefault(name, _Making())
            with making.lock:
                kept = self._renewed(connection, name, version, read, renew)
        known: _T = kept.value
        return known

    def _renewed(
        self,
        connection: Connection,
        name: str,
        version: store.Version,
        read: Callable[[], Any],
        renew: Callable[..., Any],
    ) -> _Whole:
        kept = self._wholes.get(name)
        if kept is None:
            made = _Whole(version, read())
        elif kept.version == version:
            return kept
        elif kept.version.number > version.number and kept.version.changed_at >= version.changed_at:
            return _Whole(version, read())  # others see a later state already
        else:
            touched = changes.since(connection, kept.version, version)
            made = _Whole(version, read() if touched is None else renew(kept.value, touched))
        self._wholes[name] = made
        return made

    def _find(self, question: Hashable, version: store.Version, as_of: datetime) -> _Kept | None:
        with self._lock:
            kept = self._kept.get(question)
            if kept is None or kept.version != version or not timedelta(0) <= as_of - kept.as_of <= MOMENT:
                return None
            self._kept.move_to_end(question)
            return kept

    def _keep(self, question: Hashable, made: _Kept) -> _Kept:
        with self._lock:
            self._kept[question] = made
            self._kept.move_to_end(question)
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)
        return made


class _Making:
    """Held by who makes an answer; it goes with the last who waits for it."""

    def __init__(self) -> None:
        self.lock = Lock()


_memos: WeakKeyDictionary[Engine, Memo] = WeakKeyDictionary()
_lock = Lock()


def of(where: Connection | Engine) -> Memo:
    """Return the memo of a database, or of that which a connection leads to."""
    with _lock:
        return _memos.setdefault(where.engine, Memo())
