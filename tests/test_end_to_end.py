"""The whole route: an invented company's tools over real HTTP, and what its plan says must come out."""

from datetime import UTC, datetime, timedelta

import pytest

from ttv import config, figures, log, store
from ttv.demo import serve
from ttv.demo.company import Company
from ttv.route import Route
from ttv.schedule import Stop, look

ORIGIN = datetime(2026, 11, 1, 9, tzinfo=UTC)
PACE = 20.0
"""Seconds in which a planned day of the company passes."""


class Clock:
    """A clock that is set by hand."""

    def __init__(self):
        self.time = ORIGIN

    def __call__(self):
        return self.time


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def pulled(engine, clock, tmp_path):
    """A function that lets time pass, looks at all sources once and returns what every initiative became."""
    invented = Company(seed="end to end", origin=ORIGIN, initiatives=60, pace=PACE)
    route = Route(engine, now=clock)
    with serve.start(invented, clock, ports=(0, 0, 0)) as tools:
        found = config.read(serve.configuration(tools, tmp_path), {}, "demo", allow_plain_secrets=True)

        def pull(later):
            clock.time += later
            for source in found.sources:
                assert look(route, source, Stop()).outcome.rejected == []
            return read(engine, clock.time), invented.truth(clock.time)

        yield pull


def read(engine, as_of):
    with store.reading(engine) as connection:
        items = figures.initiatives(connection, figures.Selection(), as_of, limit=1000)["items"]
    return {one["key"]: one for one in items}


def compared(read, truth):
    """Both sides as far as the plan speaks of it, only where they differ."""
    assert read.keys() == truth.keys()
    return {
        key: (said(read[key], wanted), wanted) for key, wanted in truth.items() if said(read[key], wanted) != wanted
    }


def said(one, wanted):
    flat = {**one, **one["milestones"], **{name.removesuffix("_at"): at for name, at in one["milestones"].items()}}
    return {name: flat[name] for name in wanted}


def test_what_is_read_over_http_is_what_happened_at_first_and_while_it_goes_on(pulled):
    assert compared(*pulled(timedelta(0))) == {}
    states = []
    for _ in range(4):
        read, truth = pulled(timedelta(minutes=12))
        assert compared(read, truth) == {}
        states.append({key: one["state"] for key, one in read.items()})
    assert states[0] != states[-1]


def test_looking_again_brings_nothing_new(pulled, engine, clock):
    pulled(timedelta(0))
    before = exported(engine)
    pulled(timedelta(0))
    assert exported(engine) == before


def exported(engine):
    with store.reading(engine) as connection:
        return list(log.export(connection))
