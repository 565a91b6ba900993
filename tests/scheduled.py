"""A schedule's counts, and tools whose looks are bodies that a test writes."""

from datetime import timedelta
from threading import Condition, Event
from types import SimpleNamespace

from connectors import contract
from connectors.client import Unheard
from ttv import log, store
from ttv.config import Source

PATIENCE = 30
"""Seconds after which a test gives up; none waits so long when all is well."""


class Counts:
    """What the schedule counted, and a bell for each kind."""

    def __init__(self):
        self.expected, self.runs, self.skips, self.records = [], [], [], []
        self.skip, self.changed = Event(), Condition()

    def expect(self, sources):
        self.expected = list(sources)

    def ran(self, source, outcome, seconds):
        with self.changed:
            self.runs.append((source, outcome))
            self.changed.notify_all()

    def wait(self, number):
        with self.changed:
            return self.changed.wait_for(lambda: len(self.runs) >= number, PATIENCE)

    def traffic(self, source):
        return Unheard()

    def brought(self, source, **records):
        self.records.append((source, records))

    def skipped(self, source):
        self.skips.append(source)
        self.skip.set()


class Tool:
    """A connector whose looks are bodies that a test writes."""

    WINDOW = None

    def __init__(self, body):
        self.body, self.clients, self.looks, self.sleep = body, [], 0, None

    def client(self, settings, *, sleep, now, traffic):
        self.sleep = sleep
        self.clients.append(SimpleNamespace(lag=0.0, closed=False))
        client = self.clients[-1]
        client.close = lambda: setattr(client, "closed", True)
        return client

    def events(self, settings, client, since, until):
        self.looks += 1
        yield from self.body(self)


def source(name, body, every=timedelta(hours=1)):
    tool = Tool(body)
    return Source(name, name, tool, contract.Settings(), every, timedelta(days=1), None), tool


def health(route):
    with store.reading(route.engine) as connection:
        return {one["name"]: one for one in log.sources(connection, route.now())["items"]}
