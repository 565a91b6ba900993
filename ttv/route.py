"""The route: collect → trace → measure for whatever is new, in one transaction. Nothing else runs the three."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import chain
from typing import Any, Protocol

import orjson
from sqlalchemy import Connection, Engine, select

from connectors.contract import Initiative, Item, SourceError, narrowed
from ttv import changes, collect, deliveries, engines, initiatives, measure, store, trace
from ttv.collect import Outcome
from ttv.deliveries import Heard, Said
from ttv.initiatives import Change, Conflict
from ttv.records import Link, Record, Rejection
from ttv.slices import batched
from ttv.store import initiative, source, touched_initiative

__all__ = ["Conflict", "Connector", "Looked", "Outcome", "Route"]

_BATCH = 1000
"""Records taken in one transaction, where others may be waiting to write."""
BULK = 50_000
"""Records of a long file taken at once; a transaction takes batches of them for as long as it may."""
_LONG, _MANY = timedelta(seconds=20), 500_000
"""How long others may wait to write, and how many subjects may be touched, before those are traced and measured."""
OVERLAP = timedelta(minutes=10)
"""A look begins so long before the last one: search indexes lag behind, and clocks differ."""


class Client(Protocol):
    """What the route asks of a connector's client."""

    @property
    def lag(self) -> float:
        """Seconds by which the server's clock lies behind ours."""


class Connector(Protocol):
    """What the route asks of a connector; its `WINDOW`, if it has one, says how much of the past one look may cover."""

    events: Callable[[Any, Any, datetime, datetime | None], Iterator[Item]]
    """`scope(settings, client)`, if it has that too, names what it can see, so that less than before is noticed."""


@dataclass
class Looked:
    """What one look at a source brought."""

    outcome: Outcome = field(default_factory=Outcome)
    items: int = 0
    until: datetime | None = None
    """Up to where the past has been read."""
    complete: bool = False
    """False if it was asked to stop before it came to the end."""


@dataclass(frozen=True)
class Route:
    """The way of what is new into the figures, of one database."""

    engine: Engine
    now: Callable[[], datetime] = store.now

    def post(self, records: Iterable[Record | Rejection], batch: int = _BATCH) -> Outcome:
        """Take records of any sources in order of arrival, so many at once; then all answers include them.

        Each transaction takes one batch, or of bulk as many as there is time for, and measures what they touch once.
        """
        total, batches = Outcome(), batched(records, batch)
        for some in batches:
            bulk = len(some) >= BULK
            total += self._take(chain([some], batches) if bulk else [some], bulk=bulk)
        return total

    def take(self, name: str, items: Iterable[Item]) -> Outcome:
        """Take what a source yields."""
        return self.post(Record(index, name, item) for index, item in enumerate(items))

    def hear(self, name: str, kind: str, said: Said) -> Heard:
        """Take what a webhook of a source says, once, in one transaction; what a look has overtaken is left out.

        OperationalError if others write for so long that its sender would give it up.
        """
        at = self.now()
        with store.writing(self.engine, deliveries.PATIENCE) as connection:
            until = self._known(connection, name, kind, {"heard_at": store.micros(at)})
            if deliveries.is_known(connection, name, said.digest):
                return Heard(ended="repeated")
            items, overtaken = deliveries.newer(said, until), deliveries.is_overtaken(said, until)
            outcome, change = collect.take(connection, (Record(n, name, item) for n, item in enumerate(items)), at)
            look_in = None if overtaken else said.delivery.look_in
            if look_in is not None:
                deliveries.want(connection, name, at + look_in)
            if outcome.accepted or outcome.duplicate or not outcome.rejected:  # of the others nothing was taken yet
                deliveries.remember(connection, name, said.digest, at)
            follow(connection, change, at, rejected=bool(outcome.rejected))
        return deliveries.heard(outcome, announced=look_in is not None, overtaken=overtaken)

    def put_links(self, links: Iterable[Link]) -> Outcome:
        """Add or withdraw links by hand."""
        return self.post(Record(index, "api", link) for index, link in enumerate(links))

    def put_initiative(
        self, wanted: Initiative, origin: str = "api", *, by: str | None = None, why: str | None = None
    ) -> str:
        """Create or replace an initiative: `created`, `replaced` or `same`; Conflict if another origin owns its key."""
        change = Change()
        with store.writing(self.engine) as connection:
            done = initiatives.put(connection, wanted, origin, self.now(), change, by=by, why=why)
            follow(connection, change, self.now())
        return done

    def delete_initiative(
        self, key: str, origin: str = "api", *, by: str | None = None, why: str | None = None
    ) -> bool:
        """Remove an initiative; False if there is none, Conflict if another origin owns it."""
        change = Change()
        with store.writing(self.engine) as connection:
            done = initiatives.remove(connection, key, origin, self.now(), change, by=by, why=why)
            follow(connection, change, self.now())
        return done

    def put_configured(self, wanted: Iterable[Initiative]) -> list[Conflict]:
        """Make the initiatives of the configuration what they are there; returns those that another origin owns."""
        change, conflicts, kept = Change(), [], set()
        with store.writing(self.engine) as connection:
            for one in wanted:
                kept.add(one.key)
                try:
                    initiatives.put(connection, one, "config", self.now(), change)
                except Conflict as conflict:
                    conflicts.append(conflict)
            known = select(initiative.c.key).where(initiative.c.origin == "config")
            for key in set(connection.scalars(known)) - kept:
                initiatives.remove(connection, key, "config", self.now(), change)
            follow(connection, change, self.now())
        return conflicts

    def rebuild(self) -> None:
        """Throw ties and milestones away and make them again from the events."""
        with store.writing(self.engine) as connection:
            rebuild(connection)
            store.changed(connection, "log", self.now())

    def sync(
        self,
        name: str,
        connector: Connector,
        settings: Any,
        client: Client,
        *,
        kind: str,
        since: datetime,
        window: timedelta | None = None,
        stopping: Callable[[], bool] = lambda: False,
        progress: Callable[[Looked], None] = lambda _: None,
        afresh: bool = False,
    ) -> Looked:
        """Look at a source from its cursor, or from `since` at first and afresh, up to now, window by window.

        The cursor moves in the transaction that stores the last of what a window brought. A SourceError is recorded as
        the source's health and goes on to the caller. Between transactions `stopping` is asked and `progress` told.
        """
        looked, began = Looked(), self.now()
        until = self._begin(name, kind, began)
        start = since if afresh or until is None else until
        try:
            for start_, end in _windows(start, began, window or getattr(connector, "WINDOW", None)):
                found = connector.events(settings, client, start_, end)
                for batch in batched(enumerate(found, start=looked.items), _BATCH):
                    looked.outcome += self._take([[Record(index, name, item) for index, item in batch]])
                    looked.items += len(batch)
                    progress(looked)
                    if stopping():
                        return looked
                looked.until = end or began - timedelta(seconds=client.lag)
                self._mark(name, {"looked_until": store.micros(looked.until)})
                progress(looked)
            health = self._health(name, connector, settings, client, afresh=afresh)
        except SourceError as error:
            self._mark(name, {"error": type(error).__name__, **_told(error)})
            raise
        self._mark(name, {"succeeded_at": store.micros(began), "error": None, **health})
        looked.complete = True
        return looked

    def _take(self, batches: Iterable[Iterable[Record | Rejection]], *, bulk: bool = False) -> Outcome:
        total, touched, began = Outcome(), Change(), None
        with store.writing(self.engine) as connection, engines.roomy(connection) if bulk else nullcontext():
            with engines.indexes_last(connection, store.event) if bulk else nullcontext():
                for batch in batches:
                    at = self.now()
                    outcome, change = collect.take(connection, batch, at)
                    total += outcome
                    touched |= change
                    began = began or at
                    if at - began >= _LONG or len(touched.subjects) >= _MANY:
                        break
            follow(connection, touched, at, rejected=bool(total.rejected))
            if total.accepted >= BULK:
                weigh(connection)
        return total

    def _begin(self, name: str, kind: str, at: datetime) -> datetime | None:
        """Note that a look begins; returns from where, or None at the first look."""
        with store.writing(self.engine) as connection:
            until = self._known(connection, name, kind, {"attempted_at": store.micros(at)})
        return until - OVERLAP if until else None

    def _known(self, connection: Connection, name: str, kind: str, values: dict[str, Any]) -> datetime | None:
        """Note something of a source, which may be new; returns up to where it has been read."""
        row = connection.execute(select(source.c.looked_until).where(source.c.name == name)).one_or_none()
        if row is None:
            connection.execute(source.insert().values(name=name, connector=kind))
        self._write(connection, name, {"connector": kind, **values})
        return store.instant(row.looked_until) if row else None

    def _health(
        self, name: str, connector: Connector, settings: Any, client: Client, *, afresh: bool
    ) -> dict[str, Any]:
        """Say how a source is that was read to the end: it may see less than it ever did, or a census was refused.

        Afresh what it ever saw is forgotten.
        """
        scope = getattr(connector, "scope", None)
        seen = set(scope(settings, client)) if scope else set()
        with store.reading(self.engine) as connection:
            row = connection.execute(select(source.c.scope, source.c.census_fault).where(source.c.name == name)).one()
        standing: dict[str, Any] = orjson.loads(row.census_fault) if row.census_fault else _told(None)
        if scope is None:
            return standing
        before = set(orjson.loads(row.scope)) if row.scope and not afresh else set()
        less = narrowed(before, seen)
        kept = orjson.dumps(sorted(before | seen)).decode()
        return {**(_told(less) if less else standing), "scope": kept}

    def _mark(self, name: str, values: dict[str, Any]) -> None:
        with store.writing(self.engine) as connection:
            self._write(connection, name, values)

    def _write(self, connection: Connection, name: str, values: dict[str, Any]) -> None:
        connection.execute(source.update().where(source.c.name == name).values(values))
        store.changed(connection, "sources", self.now())


def _told(error: SourceError | None) -> dict[str, Any]:
    """Say how a source is and what to do about it; of one that is well, nothing."""
    if error is None:
        return dict.fromkeys(("message", "state", "remedy"))
    return {"message": str(error), "state": error.state, "remedy": error.remedy}


def rebuild(connection: Connection, told: Callable[[str], None] = lambda _: None) -> None:
    """Make all ties and milestones anew; `told` hears what is being done."""
    told("tying events to initiatives")
    trace.retrace(connection)
    told("finding milestones")
    measure.remeasure(connection)
    weigh(connection)


def weigh(connection: Connection) -> None:
    """Let the engine know at once how much the tables hold after much has come; left alone it would within minutes."""
    for table in store.metadata.sorted_tables:
        engines.weigh(connection, table)


def follow(connection: Connection, change: Change, at: datetime, *, rejected: bool = False) -> None:
    """Trace and measure what a change reaches, in its transaction; what lies in quarantine is counted with the log."""
    if not change and not rejected:
        return
    store.changed(connection, "log", at)
    tied = trace.trace(connection, change.artefacts, change.subjects)
    most = None if change.initiatives else changes.MOST + 1  # of more there is no note
    known = set(connection.scalars(select(touched_initiative.c.initiative).limit(most)))
    engines.insert(connection, touched_initiative, [(key,) for key in change.initiatives - known])
    if known or change.initiatives:
        measure.measure(connection)
    changes.note(connection, known | change.initiatives, tied | change.subjects)


def _windows(
    since: datetime,
    now: datetime,
    window: timedelta | None,
) -> Iterator[tuple[datetime, datetime | None]]:
    """Cut the time from a start to now; the last window has no end, so that nothing that moves meanwhile is missed."""
    if window is not None:
        while since + window < now:
            yield since, since + window
            since += window
    yield since, None
