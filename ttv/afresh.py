"""A look at a source from the beginning, after which the log holds no more of it than its mapping yields now.

A look that goes on from the last one never hears again of what a changed mapping yields no more. After this one, what
was said before about an artefact that the source spoke of again, and is said no more, is withdrawn. All else stays.
What it finds unreadable no more leaves the quarantine.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from types import ModuleType
from typing import Any, cast

from sqlalchemy import select

from connectors.contract import Artefact, Event, Initiative, Item, Withdrawn
from ttv import quarantine, store
from ttv.config import Source
from ttv.records import Record
from ttv.route import Looked, Route
from ttv.schedule import Stop, look

WHY = "a look from the beginning yields it no more"


@dataclass
class _Heard:
    """A connector that is listened to."""

    connector: Any
    events_said: set[str] = field(default_factory=set)
    initiatives_said: set[str] = field(default_factory=set)
    spoken_of: set[str] = field(default_factory=set)
    """Artefacts."""

    @property
    def WINDOW(self) -> timedelta | None:  # noqa: N802  the contract's name
        """Return how much of the past one look should cover."""
        return cast("timedelta | None", getattr(self.connector, "WINDOW", None))

    def client(self, settings: Any, **options: Any) -> Any:
        """Make the connector's client."""
        return self.connector.client(settings, **options)

    @property
    def scope(self) -> Callable[[Any, Any], Iterable[str]] | None:
        """Return how the connector says what it can see, if it does."""
        return cast("Callable[[Any, Any], Iterable[str]] | None", getattr(self.connector, "scope", None))

    def events(self, settings: Any, client: Any, since: datetime, until: datetime | None) -> Iterator[Item]:
        """Yield what the connector yields, and remember what it was about."""
        for item in self.connector.events(settings, client, since, until):
            match item:
                case Event(id=id_, subject=subject):
                    self.events_said.add(id_)
                    self.spoken_of.add(subject)
                case Withdrawn(id=id_):
                    self.events_said.add(id_)
                case Artefact(key=key):
                    self.spoken_of.add(key)
                case Initiative(key=key):
                    self.initiatives_said.add(key)
                case _:
                    pass
            yield item


def look_afresh(
    route: Route, source: Source, stop: Stop, progress: Callable[[Looked], None] = lambda _: None
) -> tuple[Looked, int]:
    """Look at a source from where its first look began; returns what it brought and how much was withdrawn.

    SourceError, and nothing withdrawn, if it cannot be read to the end. Nothing is withdrawn either if it was stopped,
    or if records of it could not be read: they may be what is missing.
    """
    heard = _Heard(source.connector)
    listening = replace(source, connector=cast("ModuleType", heard))
    began = route.now()
    looked = look(route, listening, stop, progress, afresh=True)
    if looked.complete:
        quarantine.settle(route, source.name, began)
    return looked, _withdraw(route, source.name, heard) if looked.complete and not looked.outcome.rejected else 0


def _withdraw(route: Route, name: str, heard: _Heard) -> int:
    event, initiative, claim = store.event, store.initiative, store.claim
    with store.reading(route.engine) as connection:
        events = connection.execute(
            select(event.c.id, event.c.subject).where(event.c.source == name, ~event.c.deleted)
        ).all()
        claims = connection.execute(
            select(initiative.c.key, claim.c.artefact)
            .join(claim, claim.c.initiative == initiative.c.key)
            .where(initiative.c.origin == name)
        ).all()
    gone = [id_ for id_, subject in events if id_ not in heard.events_said and subject in heard.spoken_of]
    route.post(Record(index, name, Withdrawn(id_), why=WHY) for index, id_ in enumerate(gone))
    left = {key for key, artefact in claims if key not in heard.initiatives_said and artefact in heard.spoken_of}
    for key in sorted(left):
        route.delete_initiative(key, origin=name, why=WHY)
    return len(gone) + len(left)
