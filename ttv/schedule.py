"""Who runs what and when: one look at a source at a time, at its own interval; and what keeps the metrics current.

A webhook that tells of something which only a look can tell brings that look forward. A look that fails is recorded
with its source and tried again at the next tick; the other sources go on. Stopping waits for what is in hand: the look
ends after the batch that it is storing.
"""

import logging
import time
from collections.abc import Callable, Iterable
from contextlib import closing
from datetime import UTC
from threading import Event
from typing import Any, Literal, Protocol

from apscheduler.events import EVENT_JOB_MAX_INSTANCES, JobSubmissionEvent
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from sqlalchemy.exc import OperationalError

from connectors.client import Traffic, Unheard
from connectors.contract import SourceError
from ttv import census, deliveries, engines, quarantine, store
from ttv.census import Counted
from ttv.config import Source
from ttv.route import Looked, Route

_logger = logging.getLogger(__name__)

_FIGURES = " figures"
"""The job that keeps the metrics current; no source can have this name."""
_WISHES = " wishes"
"""The job that looks at sources whose tools have said that there is something to see."""
_RIPENING = " ripening"
"""The job that takes what lay in the future and no longer does."""
_OWN = {_FIGURES, _WISHES, _RIPENING}
_RIPE_SECONDS = 3600
_CURRENT_SECONDS = 2
"""So soon after a change the metrics are made anew, if that does not take long."""

_NEARLY = 0.9
"""A look is due after this part of its interval: the ticks of two processes are not in step."""

Ended = Literal["succeeded", "failed"]


class Stopped(Exception):  # noqa: N818  nothing went wrong
    """Somebody wished to end while something waited."""


class Stop:
    """The wish to end, which may come at any time and from any thread."""

    def __init__(self) -> None:
        self._wished = Event()

    def __call__(self) -> bool:
        """Say whether the wish is there."""
        return self._wished.is_set()

    def wish(self) -> None:
        """Ask everything to end that looks at this."""
        self._wished.set()

    def sleep(self, seconds: float) -> None:
        """Pause, unless somebody wishes to end meanwhile: then Stopped."""
        if self._wished.wait(seconds):
            raise Stopped


class Counts(Protocol):
    """Where the schedule counts what it does."""

    def expect(self, sources: Iterable[str]) -> None:
        """Start the counts of these sources at 0."""

    def ran(self, source: str, outcome: Ended, seconds: float) -> None:
        """Count one look."""

    def skipped(self, source: str) -> None:
        """Count one look that was left out because the one before was still running."""

    def brought(self, source: str, *, accepted: int, duplicate: int, rejected: int) -> None:
        """Count the records of one look."""

    def traffic(self, source: str) -> Traffic:
        """Give what counts a source's requests."""


def look(
    route: Route,
    source: Source,
    stop: Stop,
    progress: Callable[[Looked], None] = lambda _: None,
    *,
    afresh: bool = False,
) -> Looked:
    """Look at a source once, from where the last look ended, or afresh from where the first one began.

    SourceError if it cannot be read to the end.
    """
    with closing(_client(route, source, stop, Unheard())) as client:
        return _look(route, source, client, stop, progress, afresh=afresh)


def look_and_count(
    route: Route, source: Source, stop: Stop, progress: Callable[[Looked], None], confirmed: int
) -> tuple[Looked, Counted | None]:
    """Look at a source once, and then ask it what is deleted there; None if the look was stopped.

    SourceError if it cannot be read to the end, or if more is gone than could be and was confirmed.
    """
    with closing(_client(route, source, stop, Unheard())) as client:
        looked = _look(route, source, client, stop, progress)
        return looked, census.count(route, source, client, confirmed) if looked.complete else None


def _client(route: Route, source: Source, stop: Stop, traffic: Traffic) -> Any:
    return source.connector.client(source.settings, sleep=stop.sleep, now=route.now, traffic=traffic)


def _look(
    route: Route,
    source: Source,
    client: Any,
    stop: Stop,
    progress: Callable[[Looked], None],
    *,
    afresh: bool = False,
) -> Looked:
    return route.sync(
        source.name,
        source.connector,
        source.settings,
        client,
        kind=source.type,
        since=source.first(route.now()),
        window=source.window,
        stopping=stop,
        progress=progress,
        afresh=afresh,
    )


class Schedule:
    """The looks at all sources, from `start` to `stop`."""

    def __init__(
        self,
        route: Route,
        sources: Iterable[Source],
        counts: Counts,
        *,
        refresh: Callable[[], None] = lambda: None,
        stop: Stop | None = None,
        timer: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._route, self._counts, self._timer = route, counts, timer
        self._refresh = refresh
        self._sources = tuple(sources)
        self._stop = stop or Stop()
        self._looking: set[str] = set()
        self._clients: dict[str, Any] = {}  # kept from look to look, so that what has not changed is not sent again
        self._scheduler = BackgroundScheduler(
            timezone=UTC,
            executors={"default": ThreadPoolExecutor(len(self._sources) + len(_OWN))},
            job_defaults={"max_instances": 1, "coalesce": True, "misfire_grace_time": None},
        )
        self._scheduler.add_listener(self._skipped, EVENT_JOB_MAX_INSTANCES)

    def start(self) -> None:
        """Look at every source at once, and from then on at its own interval."""
        self._counts.expect(source.name for source in self._sources)
        now = self._route.now()
        for source in self._sources:
            seconds = source.every.total_seconds()
            self._scheduler.add_job(
                self._run, "interval", seconds=seconds, args=[source], id=source.name, next_run_time=now
            )
        own = (
            (_FIGURES, self._refresh, _CURRENT_SECONDS),
            (_WISHES, self._hasten, _CURRENT_SECONDS),
            (_RIPENING, self._ripen, _RIPE_SECONDS),
        )
        for name, what, pause in own:
            self._scheduler.add_job(what, "interval", seconds=pause, id=name, next_run_time=now)
        self._scheduler.start()

    def stop(self) -> None:
        """End after what is in hand."""
        self._stop.wish()
        self._scheduler.shutdown(wait=True)
        for client in self._clients.values():
            client.close()

    def _hasten(self) -> None:
        """Look at once where a webhook told of something that only a look can tell."""
        wanted = self._wanted()
        for source in self._sources:
            if source.name in wanted and source.name not in self._looking:
                self._scheduler.modify_job(source.name, next_run_time=store.now())  # the clock that it runs by

    def _ripen(self) -> None:
        try:
            ripe = quarantine.ripen(self._route)
        except OperationalError as error:
            _logger.error("the database does not answer: %s", error.orig)  # noqa: TRY400  the next hour tries again
        else:
            if ripe.taken:
                _logger.info("%d records lay in the future and no longer do: taken from the quarantine", ripe.taken)

    def _wanted(self) -> set[str]:
        try:
            with store.reading(self._route.engine) as connection:
                return deliveries.wanted(connection, self._route.now())
        except OperationalError:
            return set()  # the next tick asks again

    def _run(self, source: Source) -> None:
        if self._stop():
            return
        began = self._timer()
        self._looking.add(source.name)
        outcome: Ended | None = "failed"  # also if the connector has a defect, of which APScheduler logs the traceback
        try:
            with engines.alone(self._route.engine, source.name) as mine:
                if not mine or not self._is_due(source):
                    outcome = None
                    return
                looked = self._look(source)
                if looked.complete and census.is_due(self._route, source):
                    self._count(source)
            outcome = "succeeded" if looked.complete else None
            brought = looked.outcome
            self._counts.brought(
                source.name,
                accepted=brought.accepted,
                duplicate=brought.duplicate,
                rejected=len(brought.rejected),
            )
            _logger.log(*said(source.name, looked))
        except Stopped:
            outcome = None
        except (SourceError, OperationalError) as error:
            why = f"the database does not answer: {error.orig}" if isinstance(error, OperationalError) else error
            _logger.error("%s: %s; the next try is in %s", source.name, why, source.every)  # noqa: TRY400  it is expected
        finally:
            self._looking.discard(source.name)
            if outcome:
                self._counts.ran(source.name, outcome, self._timer() - began)

    def _look(self, source: Source) -> Looked:
        if source.name not in self._clients:
            self._clients[source.name] = _client(self._route, source, self._stop, self._counts.traffic(source.name))
        return _look(self._route, source, self._clients[source.name], self._stop, lambda _: None)

    def _count(self, source: Source) -> None:
        """Ask what is deleted there; that it cannot be told leaves the look as it is, and is the source's health."""
        try:
            counted = census.count(self._route, source, self._clients[source.name])
        except SourceError as error:
            _logger.error("%s: the census failed: %s", source.name, error)  # noqa: TRY400  it is expected
        else:
            _logger.log(logging.INFO if counted.gone else logging.DEBUG, "%s: %s", source.name, census.words(counted))

    def _is_due(self, source: Source) -> bool:
        """Say whether nobody has looked at a source within its interval, or since a webhook wanted it.

        The first look of a process is always due.
        """
        if source.name not in self._clients or source.name in self._wanted():
            return True
        with store.reading(self._route.engine) as connection:
            attempted_at = store.attempted_at(connection, source.name)
        return attempted_at is None or self._route.now() - attempted_at >= source.every * _NEARLY

    def _skipped(self, event: JobSubmissionEvent) -> None:
        if event.job_id in _OWN:
            return
        self._counts.skipped(event.job_id)
        _logger.warning("%s: the look before is still running; this one is skipped", event.job_id)


def said(name: str, looked: Looked) -> tuple[int, str]:
    """Say in a line what a look brought, with the level at which it is worth saying."""
    outcome = looked.outcome
    line = f"{name}: {outcome.accepted} new or changed, {outcome.duplicate} known"
    if outcome.rejected:
        return logging.WARNING, f"{line}, {len(outcome.rejected)} in quarantine"
    return logging.INFO if outcome.accepted else logging.DEBUG, line
