"""Which webhooks were taken, so that none is taken twice, and what of one a look at the source has overtaken.

Everything here happens in the caller's transaction. A webhook is remembered for `REMEMBERED`; one that is sent again
later can change nothing of a source that is looked at, for by then a look has read past what it tells.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Literal, NamedTuple, Self

from sqlalchemy import Connection, select

from connectors.contract import Delivery, Item, Withdrawn
from ttv import store
from ttv.collect import Outcome
from ttv.store import delivery

REMEMBERED = timedelta(days=30)

Ended = Literal["taken", "repeated", "overtaken", "unused", "quarantined"]
"""What became of a webhook: `repeated` was taken before, `overtaken` tells what a look has read past, `unused` says
nothing of use."""


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

    @classmethod
    def of(cls, said: Said, outcome: Outcome) -> Self:
        """Tell the outcome of what was new in a webhook."""
        brought = outcome.accepted or outcome.duplicate
        ended: Ended = (
            "quarantined" if outcome.rejected else "taken" if brought else "overtaken" if said.items else "unused"
        )
        return cls(outcome.accepted, outcome.duplicate, outcome.rejected, ended)


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


def is_known(connection: Connection, source: str, digest: str) -> bool:
    """Say whether a webhook of a source was taken."""
    mine = delivery.c.source == source, delivery.c.digest == digest
    return connection.scalar(select(delivery.c.taken_at).where(*mine)) is not None


def remember(connection: Connection, source: str, digest: str, at: datetime) -> None:
    """Remember a webhook as taken, and forget those that were taken long ago."""
    connection.execute(delivery.delete().where(delivery.c.taken_at < store.micros(at - REMEMBERED)))
    connection.execute(delivery.insert().values(source=source, digest=digest, taken_at=store.micros(at)))


def newer(said: Said, looked_until: datetime | None) -> list[Item]:
    """List what of a webhook no look has overtaken: all of it, unless a look has read past the state it tells of.

    What was deleted is told by no look, and by no other webhook, and is always listed.
    """
    as_of = said.delivery.as_of
    overtaken = as_of is not None and looked_until is not None and as_of < looked_until
    return [item for item in said.items if not overtaken or isinstance(item, Withdrawn)]
