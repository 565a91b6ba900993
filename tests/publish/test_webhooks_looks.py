"""A tool's webhook and the look that it brings forward, over HTTP on both sides: what it told of is in the log soon."""

from datetime import timedelta
from threading import Event

import pytest
import requests
from sqlalchemy import select

from tests.fakes import gitlab as fake
from ttv import config, deliveries, store
from ttv.publish import app
from ttv.publish.instruments import Instruments
from ttv.route import Route
from ttv.schedule import Schedule

SECRET = "hook-secret"
PATIENCE = 30


class Clock:
    """A clock that can be moved ahead of the real one, by which the schedule runs."""

    ahead = timedelta(0)

    def __call__(self):
        return store.now() + self.ahead


class Listened(Instruments):
    """Instruments with a bell that rings at the end of every look."""

    def __init__(self):
        super().__init__()
        self.bell = Event()

    def ran(self, source, outcome, seconds):
        super().ran(source, outcome, seconds)
        self.outcome = outcome
        self.bell.set()

    def wait(self):
        rang = self.bell.wait(PATIENCE)
        self.bell.clear()
        return rang and self.outcome


@pytest.fixture
def gitlab():
    return fake.Account()


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def running(sqlite_engine, served, gitlab, clock):
    """The address of a running service that looks at GitLab every hour, and its instruments, after the first look."""
    table = {**fake.settings(served(gitlab)), "type": "gitlab", "webhook_secret": SECRET, "every": "1h", "since": "2y"}
    sources = config.read({"sources": {"gitlab": table}}, {}, "a test", allow_plain_secrets=True).sources
    route, instruments = Route(sqlite_engine, now=clock), Listened()
    schedule = Schedule(route, sources, instruments)
    schedule.start()
    assert instruments.wait() == "succeeded"
    yield served(app.create(route, sources=sources, instruments=instruments)), instruments
    schedule.stop()


def hook(at, action):
    return {
        "object_kind": "merge_request",
        "project": {"id": 81, "path_with_namespace": "acme/shop/pay"},
        "object_attributes": {"id": 6009, "iid": 9, "action": action, "updated_at": f"{at:%Y-%m-%d %H:%M:%S} UTC"},
    }


@pytest.fixture
def ids(sqlite_engine):
    """A function that returns the ids of all events."""

    def read():
        with store.reading(sqlite_engine) as connection:
            return set(connection.scalars(select(store.event.c.id)))

    return read


def test_what_a_webhook_told_of_is_in_the_log_within_a_moment_and_once(running, gitlab, clock, ids):
    url, instruments = running

    def send(at, action):
        headers = {"X-Gitlab-Token": SECRET, "X-Gitlab-Event": "Merge Request Hook"}
        answer = requests.post(f"{url}/webhooks/gitlab", json=hook(at, action), headers=headers, timeout=PATIENCE)
        assert answer.status_code == 200
        return answer.json()["outcome"]

    assert "merge-request/6009/opened" not in ids()
    clock.ahead += deliveries.PAUSE
    opened = clock()
    told = {"id": 6009, "iid": 9, "merged_at": None, "created_at": opened.isoformat(), "updated_at": opened.isoformat()}
    gitlab.requests.append({**gitlab.requests[0], **told})
    assert send(opened, "open") == "announced"
    assert instruments.wait() == "succeeded"
    assert "merge-request/6009/opened" in ids()
    assert send(opened, "open") == "repeated"
    clock.ahead += deliveries.PAUSE
    assert send(clock(), "reopen") == "announced"
    assert instruments.wait() == "succeeded"
    assert send(opened, "update") == "unused"
    assert send(store.now() - timedelta(minutes=1), "close") == "overtaken"
