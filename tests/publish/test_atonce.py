"""What is answered at once is what reading it anew would answer, whoever changed the data, and however time goes on."""

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.contract import Event, Initiative
from tests.publish.conftest import NOW
from tests.real.stores import empty
from tests.test_figures_naive import KEYS, START, logs, property_, sizes, split
from ttv import engines, figures, outlook, store
from ttv.publish import app, ones
from ttv.publish.encoding import encoded
from ttv.route import Route

TARGETS = {"time_to_value_seconds": 5 * 86_400.0, "rate_of_turn_seconds": 86_400.0}
DAY = timedelta(days=1)


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self, at=NOW):
        self.at = at

    def __call__(self):
        return self.at


def afresh(engine, key, as_of):
    """Return the answer of one initiative, or None, with nothing but what is in the tables."""
    with store.reading(engine) as connection:
        found = figures.initiative(connection, key, as_of)
        if found is None:
            return None
        hour = as_of.replace(minute=0, second=0, microsecond=0)
        is_open = found["state"] in figures.STAGES
        ahead = (
            outlook.expected(outlook.History(connection, hour), found, TARGETS)
            if is_open
            else outlook.outlook(connection, found, TARGETS)
        )
    return encoded({**found, "outlook": ahead})


@settings(property_, max_examples=40)
@given(
    log=logs,
    sizes=sizes,
    clocks=st.lists(st.integers(0, 9 * 24 * 60).map(lambda minutes: START + timedelta(minutes=minutes)), max_size=3),
)
def test_an_initiative_is_answered_at_once_as_it_would_be_afresh(engine, log, sizes, clocks):
    empty(engine)
    clock = Clock()
    client, writer = app.create(Route(engine, now=clock), targets=TARGETS).test_client(), Route(engine, lambda: NOW)
    for batch in split(log, sizes):
        writer.post(batch)
        for clock.at in (*clocks, NOW, NOW + timedelta(seconds=1)):
            for key in KEYS:
                answers = [client.get(f"/api/v1/initiatives/{key}") for _ in range(2)]
                wanted = afresh(engine, key, clock.at)
                assert [answer.status_code for answer in answers] == [404 if wanted is None else 200] * 2
                assert wanted is None or [answer.data for answer in answers] == [wanted] * 2


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def client(engine, clock):
    Route(engine, now=lambda: NOW).take("tool", _two())
    return app.create(Route(engine, now=clock), targets=TARGETS).test_client()


def _two():
    for key, kinds in {"OPEN": ("idea", "start"), "OVER": ("idea", "deploy", "feedback")}.items():
        yield Initiative(key, key)
        for days, kind in enumerate(kinds):
            yield Event(f"{key} {kind}", kind, NOW - 9 * DAY + days * DAY, f"initiative:{key}")


ADDRESSES = (
    "initiatives/OPEN",
    "initiatives/OVER",
    "time-to-value",
    "rate-of-turn?group_by=team",
    "time-to-value/trend?periods=2",
    "stages?window=all",
    "stages?as_of=2026-02-01T00:00:00Z",
)


@pytest.mark.parametrize("address", ADDRESSES)
def test_what_was_asked_before_is_answered_without_a_transaction(client, monkeypatch, address):
    first = client.get(f"/api/v1/{address}")

    def never(_engine):
        raise AssertionError("it was read anew")

    monkeypatch.setattr(store, "reading", never)
    again = client.get(f"/api/v1/{address}")
    assert (again.status_code, again.data, dict(again.headers)) == (200, first.data, dict(first.headers))
    mark = "&" if "?" in address else "?"
    assert client.get(f"/api/v1/{address}{mark}known_at=2026-02-01T00:00:00Z").status_code == 500


@pytest.mark.parametrize("address", ADDRESSES)
def test_what_another_process_has_changed_is_in_the_next_answer(client, engine, engine_url, address):
    client.get(f"/api/v1/{address}")
    other = store.open(engine_url)
    Route(other, now=lambda: NOW).take("tool", [Event("OPEN yes", "idea", NOW - 99 * DAY, "initiative:OPEN")])
    other.dispose()
    again, plain = client.get(f"/api/v1/{address}").json, app.create(Route(engine, now=lambda: NOW), targets=TARGETS)
    assert again == plain.test_client().get(f"/api/v1/{address}").json


def test_figures_over_many_as_of_now_are_a_moment_old_at_most(client, clock):
    told = []
    for seconds in (0, 10, 11):
        clock.at = NOW + timedelta(seconds=seconds)
        told.append(client.get("/api/v1/time-to-value").json["as_of"])
    assert told == ["2026-03-01T12:00:00Z", "2026-03-01T12:00:00Z", "2026-03-01T12:00:11Z"]


def test_those_that_follow_are_read_along(client, engine, monkeypatch):
    Route(engine, now=lambda: NOW).take("tool", (Initiative(f"N{number}", "x") for number in range(5)))
    monkeypatch.setattr(ones, "ALONG", 3)
    asked, plain = [], figures.between
    monkeypatch.setattr(
        figures,
        "between",
        lambda connection, *keys_and_when: asked.append(keys_and_when[:2]) or plain(connection, *keys_and_when),
    )
    for key in ("N0", "N2", "N1", "N3"):
        assert client.get(f"/api/v1/initiatives/{key}").status_code == 200
    assert asked == [("N0", "N2"), ("N3", "OPEN")]
    Route(engine, now=lambda: NOW).take("tool", [Event("more", "idea", NOW, "initiative:N1")])
    for key in ("N0", "N1", "N2"):
        assert client.get(f"/api/v1/initiatives/{key}").status_code == 200
    assert asked[2:] == [("N1", "N1")]


def test_no_more_than_so_many_are_kept(client, monkeypatch):
    monkeypatch.setattr(ones, "MOST", 1)
    for key in ("OPEN", "OVER", "OPEN", "OPEN"):
        assert client.get(f"/api/v1/initiatives/{key}").json["key"] == key


def test_where_the_version_cannot_be_told_at_once_it_is_read_in_a_transaction(client, monkeypatch):
    client.get("/api/v1/initiatives/OPEN")
    monkeypatch.setattr(engines.Glance, "row", lambda *_: None)
    assert client.get("/api/v1/initiatives/OPEN").json["key"] == "OPEN"


def test_a_connection_that_broke_is_thrown_away(sqlite_engine):
    Route(sqlite_engine, now=lambda: NOW).take("tool", [Initiative("A", "A")])
    glance = engines.Glance(sqlite_engine, store._VERSION.params(part="log"))
    assert glance.row(sqlite_engine) == (1, store.micros(NOW))
    glance._idle[0].connection.close()
    assert glance.row(sqlite_engine) is None
    assert glance.row(sqlite_engine) == (1, store.micros(NOW))
    sqlite_engine.dispose()
    assert not glance._idle
