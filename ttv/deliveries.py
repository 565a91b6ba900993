"""Which webhooks were taken, so that none is taken twice; what of one a look has overtaken; and which want a look.

Everything here happens in the caller's transaction. A webhook is remembered for `REMEMBERED`; one that is sent again
later can change nothing of a source that is looked at, for by then a look has read past what it tells.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Literal, NamedTuple

from sqlalchemy import Connection, and_, or_, select

from connectors.contract import Delivery, Item, Withdrawn
from ttv import store
from ttv.collect import Outcome
from ttv.store import delivery, source

REMEMBERED = timedelta(days=30)
PATIENCE = timedelta(seconds=5)
"""How long a webhook waits for others to write; GitHub and GitLab give one up after ten seconds."""
PAUSE = timedelta(seconds=30)
"""So much time lies between two looks at a source at least, however many of its webhooks want one."""

Ended = Literal["taken", "announced", "repeated", "overtaken", "unused", "quarantined"]
"""What became of a webhook: `announced` wants a look that tells the rest, `repeated` was taken before, `overtaken`
tells what a look has read past, `unused` says nothing of use."""


class Said(NamedTuple):
    """What a webhook says, as its connector read it."""

    items: tuple[Item, ...]
    delivery: Delivery
    digest: str
    """What it is remembered by."""


@dataclass
class Heard(Outcome):
    """What became of a webhook."""

    ended: Ended = "unused"


def heard(outcome: Outcome, *, announced: bool, overtaken: bool) -> Heard:
    """Say what became of a webhook that was not taken before."""
    brought = outcome.accepted or outcome.duplicate
    ends: tuple[tuple[Ended, object], ...] = (
        ("quarantined", outcome.rejected),
        ("taken", brought),
        ("announced", announced),
        ("overtaken", overtaken),
    )
    ended: Ended = next((end for end, holds in ends if holds), "unused")
    return Heard(outcome.accepted, outcome.duplicate, outcome.rejected, ended)


def said(found: Iterable[Item | Delivery], body: bytes) -> Said:
    """Put together what a connector yields of a webhook with this body."""
    delivery_, items = Delivery(), list[Item]()
    for one in found:
        if isinstance(one, Delivery):
            delivery_ = one
        else:
            items.append(one)
    apart = blake2b(delivery_.apart.encode(), digest_size=32).digest()
    return Said(tuple(items), delivery_, blake2b(body, key=apart, digest_size=16).hexdigest())


def is_known(connection: Connection, name: str, digest: str) -> bool:
    """Say whether a webhook of a source was taken."""
    mine = delivery.c.source == name, delivery.c.digest == digest
    return connection.scalar(select(delivery.c.taken_at).where(*mine)) is not None


def remember(connection: Connection, name: str, digest: str, at: datetime) -> None:
    """Remember a webhook as taken, and forget those that were taken long ago."""
    connection.execute(delivery.delete().where(delivery.c.taken_at < store.micros(at - REMEMBERED)))
    connection.execute(delivery.insert().values(source=name, digest=digest, taken_at=store.micros(at)))


def newer(said: Said, looked_until: datetime | None) -> list[Item]:
    """List what of a webhook no look has overtaken: all of it, unless a look has read past the state it tells of.

    What was deleted is told by no look, and by no other webhook, and is always listed.
    """
    overtaken = is_overtaken(said, looked_until)
    return [item for item in said.items if not overtaken or isinstance(item, Withdrawn)]


def is_overtaken(said: Said, looked_until: datetime | None) -> bool:
    """Say whether a look has read past the state that a webhook tells of."""
    as_of = said.delivery.as_of
    return as_of is not None and looked_until is not None and as_of < looked_until


def want(connection: Connection, name: str, at: datetime) -> None:
    """Ask for a look at a source from an instant on; one that is asked for already is enough."""
    met = or_(source.c.wanted_at.is_(None), source.c.attempted_at >= source.c.wanted_at)
    connection.execute(source.update().where(source.c.name == name, met).values(wanted_at=store.micros(at)))


def wanted(connection: Connection, now: datetime) -> set[str]:
    """Name the sources at which a look is asked for now."""
    never, until = source.c.attempted_at.is_(None), store.micros(now - PAUSE)
    unmet = or_(never, and_(source.c.attempted_at < source.c.wanted_at, source.c.attempted_at <= until))
    return set(connection.scalars(select(source.c.name).where(source.c.wanted_at <= store.micros(now), unmet)))
