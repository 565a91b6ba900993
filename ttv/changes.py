"""What each version of the log touched: who keeps something of the log reads no more than that anew.

The transaction that makes a version notes whom it touched, a reading one asks what was touched since the version that
it knows. One that touched very much, or came long ago, has no note; after it everything may be different.
"""

from collections.abc import Collection
from threading import Lock
from typing import NamedTuple
from weakref import WeakKeyDictionary

import orjson
from sqlalchemy import (
    BigInteger,
    Connection,
    Delete,
    Engine,
    Insert,
    Select,
    Text,
    bindparam,
    delete,
    insert,
    literal,
    select,
)

from ttv import engines
from ttv.store import Version, change, data_version

MOST = 5_000
"""Names that a note holds at most."""
LAST = 256
"""Versions whose notes are kept."""


class Touched(NamedTuple):
    """What may be different."""

    initiatives: frozenset[str]
    """Keys of those whose own fields, milestones, stops or loops were made anew, or that are new or gone."""
    artefacts: frozenset[str]
    """Subjects that gained, lost or changed an event, and artefacts that were tied anew."""


def note(connection: Connection, initiatives: Collection[str], artefacts: Collection[str]) -> None:
    """Note what the present version of the log touched, in the transaction that made it, if it is not too much."""
    if len(initiatives) + len(artefacts) > MOST:
        return
    touched = orjson.dumps([sorted(initiatives), sorted(artefacts)]).decode()
    _NOTE.run(connection, {"touched": touched})
    _FORGET.run(connection, {"last": LAST})


def since(connection: Connection, known: Version, now: Version) -> Touched | None:
    """Return what was touched after a version up to the one that the transaction sees; None if that is not known."""
    if now.number <= known.number:  # of another database, laid in its place
        return None
    rows = _SINCE.run(connection, {"known": known.number, "now": now.number}).all()
    if len(rows) < now.number - known.number:
        return None
    notes = [orjson.loads(row.touched) for row in rows]
    return Touched(*(frozenset(name for one in notes for name in one[part]) for part in (0, 1)))


def seen(engine: Engine) -> Version | None:
    """Return the version of the log that whoever asks now would see; None if that cannot be told at once."""
    with _lock:
        if (glance := _glances.get(engine)) is None:
            of_log = select(data_version.c.number, data_version.c.changed_at).where(data_version.c.of == literal("log"))
            glance = _glances[engine] = engines.Glance(engine, of_log)
    row = glance.row(engine)
    return Version(*row) if row else None


_glances: WeakKeyDictionary[Engine, engines.Glance] = WeakKeyDictionary()
_lock = Lock()


def _noted() -> Insert:
    of_log = select(data_version.c.number, bindparam("touched", type_=Text())).where(data_version.c.of == "log")
    return insert(change).from_select(["number", "touched"], of_log)


def _forgotten() -> Delete:
    last = (
        select(data_version.c.number - bindparam("last", type_=BigInteger()))
        .where(data_version.c.of == "log")
        .scalar_subquery()
    )
    return delete(change).where(change.c.number <= last)


def _told() -> Select[tuple[str]]:
    known, now = (bindparam(name, type_=BigInteger()) for name in ("known", "now"))
    return select(change.c.touched).where(change.c.number > known, change.c.number <= now)


_NOTE, _FORGET, _SINCE = engines.Prepared(_noted), engines.Prepared(_forgotten), engines.Prepared(_told)
