"""What one process counts about itself: runs of the schedule, broken parts of the exporter, requests."""

import os
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from itertools import product
from typing import Literal, NamedTuple, get_args

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector, disable_created_metrics
from prometheus_client.core import Metric as Family
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from connectors.client import ENDED, Ended
from ttv import deliveries
from ttv.publish import catalogue
from ttv.publish.catalogue import Metric

disable_created_metrics()  # type: ignore[no-untyped-call]  # one more series for each of ours, and nobody asks for it

Outcome = Literal["succeeded", "failed"]
Answered = deliveries.Ended | Literal["refused", "failed"]
"""What became of a webhook: besides what the route says, `refused` was not trusted, `failed` the database was away."""

_SYNC_BOUNDS = (0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600)
_READ_BOUNDS = (0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
_REQUEST_BOUNDS = (0.005, 0.025, 0.1, 0.25, 0.5, 1, 2.5, 10)
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"})


class Instruments(Collector):
    """Counters of one process, in a registry of their own; the schedule and the application write, `/metrics` reads."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._errors = self._counter(catalogue.EXPORTER_ERRORS)
        self._runs = self._counter(catalogue.RUNS)
        self._skipped = self._counter(catalogue.SKIPPED)
        self._run_seconds = self._histogram(catalogue.RUN_SECONDS, _SYNC_BOUNDS)
        self._records = self._counter(catalogue.RECORDS)
        self._requests = self._counter(catalogue.REQUESTS)
        self._retries = self._counter(catalogue.RETRIES)
        self._throttled = self._counter(catalogue.THROTTLED)
        self._webhooks = self._counter(catalogue.WEBHOOKS)
        self._read_seconds = self._histogram(catalogue.READ_SECONDS, _READ_BOUNDS)
        self._request_seconds = self._histogram(catalogue.REQUEST_SECONDS, _REQUEST_BOUNDS)
        self._shared: Collector | None = None
        if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
            self._shared = MultiProcessCollector(None)  # type: ignore[no-untyped-call]
        ProcessCollector(registry=self._registry)

    def collect(self) -> Iterator[Family]:
        """Yield every family with what was counted so far, by all workers if they share a folder."""
        yield from (self._shared or self._registry).collect()

    def expect(self, sources: Iterable[str]) -> None:
        """Start the series of the configured sources at 0, so that the first failure is seen as an increase."""
        for source in sources:
            self._runs.labels(source, "succeeded")
            self._runs.labels(source, "failed")
            self._skipped.labels(source)
            self._run_seconds.labels(source)
            self._retries.labels(source)
            self._throttled.labels(source)
            for ended in ENDED:
                self._requests.labels(source, ended)
            for outcome in ("accepted", "duplicate", "rejected"):
                self._records.labels(source, outcome)

    def ran(self, source: str, outcome: Outcome, seconds: float) -> None:
        """Count one look at a source."""
        self._runs.labels(source, outcome).inc()
        self._run_seconds.labels(source).observe(seconds)

    def skipped(self, source: str) -> None:
        """Count one look that was left out because the one before was still running."""
        self._skipped.labels(source).inc()

    def brought(self, source: str, *, accepted: int, duplicate: int, rejected: int) -> None:
        """Count what a look at a source brought."""
        for outcome, number in (("accepted", accepted), ("duplicate", duplicate), ("rejected", rejected)):
            self._records.labels(source, outcome).inc(number)

    def traffic(self, source: str) -> "Heard":
        """Give what counts a source's requests."""
        return Heard(self._requests, self._retries.labels(source), self._throttled.labels(source), source)

    def expect_webhooks(self, sources: Iterable[str]) -> None:
        """Start the counts of the webhooks of these sources at 0."""
        for source, answered in product(sources, (*get_args(deliveries.Ended), "refused", "failed")):
            self._webhooks.labels(source, answered)

    def heard(self, source: str, answered: Answered) -> None:
        """Count one webhook of a source."""
        self._webhooks.labels(source, answered).inc()

    def reading(self) -> AbstractContextManager[object]:
        """Time one look into the database for a page of metrics."""
        return self._read_seconds.time()

    def expect_parts(self, parts: Iterable[str]) -> None:
        """Start the error counts of the exporter's parts at 0."""
        for part in parts:
            self._errors.labels(part)

    def broke(self, part: str) -> None:
        """Count one part of a scrape that could not be read."""
        self._errors.labels(part).inc()

    def answered(self, route: str, method: str, status: int, seconds: float) -> None:
        """Count one request by its route template; methods that nobody defined count as `other`."""
        known = method if method in _METHODS else "other"
        self._request_seconds.labels(route, known, f"{status // 100}xx").observe(seconds)

    def _counter(self, metric: Metric) -> Counter:
        return Counter(metric.name, metric.help, metric.labels, registry=self._registry)

    def _histogram(self, metric: Metric, bounds: tuple[float, ...]) -> Histogram:
        return Histogram(metric.name, metric.help, metric.labels, buckets=bounds, registry=self._registry)


class Heard(NamedTuple):
    """What one source's client does outside."""

    requests: Counter
    retries: Counter
    waits: Counter
    source: str

    def requested(self, ended: Ended) -> None:
        """Count one request that went out."""
        self.requests.labels(self.source, ended).inc()

    def retried(self) -> None:
        """Count one request that had to be made again."""
        self.retries.inc()

    def throttled(self, seconds: float) -> None:
        """Count a wait that the host asked for."""
        self.waits.inc(seconds)
