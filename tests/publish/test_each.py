"""The lines that are kept from page to page are those that would be written anew."""

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.contract import Event, Initiative
from tests.publish.test_atonce import TARGETS, Clock
from tests.real.stores import empty
from tests.test_changes import removed
from tests.test_figures_naive import KEYS, NOW, START, logs, property_, sizes, split
from ttv.publish import each
from ttv.publish.exporter import Exporter
from ttv.publish.families import Scope
from ttv.publish.instruments import Instruments
from ttv.route import Route

DAY = timedelta(days=1)


def exporter(engine, clock, **scope):
    return Exporter(engine, clock, Scope(targets=TARGETS, **scope), instruments=Instruments())


def figures(exporter):
    """The part of a page that rests on the database."""
    return exporter.page()[0].decode().partition("# HELP ttv_exporter_errors")[0]


@settings(property_, max_examples=30)
@given(
    log=logs,
    sizes=sizes,
    hours=st.lists(st.integers(0, 9 * 24), min_size=1, max_size=4),
    gone=st.none() | st.sampled_from(KEYS),
)
def test_a_page_that_was_kept_up_is_a_page_made_anew(engine, log, sizes, hours, gone):
    empty(engine)
    clock, writer, scope = Clock(NOW), Route(engine, lambda: NOW), {"recent": 4 * DAY}
    kept = exporter(engine, clock, **scope)
    for batch in split(log, sizes):
        writer.post(batch)
        assert figures(kept) == figures(exporter(engine, clock, **scope))
    if gone is not None:
        removed(writer, gone)
    for hour in hours:
        clock.at = START + timedelta(hours=hour)
        assert figures(kept) == figures(exporter(engine, clock, **scope))


@pytest.fixture
def written(monkeypatch):
    """What is written of whom, as it is written."""
    found = []

    def heard(name, plain):
        def write(self, place, *more):
            found.append((name, self.keys[place]))
            plain(self, place, *more)

        return write

    for name in ("_write", "_look_ahead"):
        monkeypatch.setattr(each.Each, name, heard(name, getattr(each.Each, name)))
    return found


def lives():
    for number in range(12):
        yield Initiative(f"P{number}", "x")
        for days, kind in enumerate(("idea", "start", "deploy", "feedback")):
            yield Event(f"P{number} {kind}", kind, NOW - 99 * DAY + days * 9 * DAY, f"initiative:P{number}")
    yield Initiative("OPEN", "x")
    yield Event("open", "idea", NOW - 5 * DAY, "initiative:OPEN")


def test_no_more_is_written_than_what_a_change_touched(engine, written):
    clock = Clock(NOW + timedelta(minutes=17))
    route, page = Route(engine, clock), exporter(engine, clock)
    route.take("tool", lives())
    page.page()
    written.clear()
    page.page()
    assert written == []
    clock.at += timedelta(minutes=1)
    route.take("tool", [Event("P0 more", "feedback", clock.at, "initiative:P0"), Initiative("NEW", "x")])
    page.page()
    assert written == [("_write", "NEW"), ("_look_ahead", "NEW")]
    written.clear()
    clock.at += timedelta(minutes=5)  # on schedule, what may be expected of those that are open is told anew
    page.page()
    assert written == [("_look_ahead", "OPEN")]
    written.clear()
    route.take("tool", [Event("P1 deploy", "deploy", NOW - 80 * DAY, "initiative:P1")])  # history is another
    page.page()
    assert sorted(written) == [("_look_ahead", "OPEN"), ("_look_ahead", "P1"), ("_write", "P1")]
