"""What an open initiative may expect: from those that stood where it stands, and from nothing that came later."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.contract import Event, Initiative
from tests.real.stores import empty
from ttv import figures, outlook, store
from ttv.outlook import ENOUGH_OWN, status
from ttv.route import Route

NOW = datetime(2026, 11, 1, tzinfo=UTC)
DAY = 86_400.0
KINDS = {"idea": "idea", "yes": "decision", "no": "decision", "start": "start", "ship": "deploy", "sense": "feedback"}


def life(key, begun, direction="top_down", targets=None, **steps):
    """An initiative that began so many days ago, with its steps so many days after the idea."""
    made = [Initiative(key, key, direction=direction, targets=targets or {})]
    for what, after in {"idea": 0, **steps}.items():
        attributes = {"outcome": "rejected"} if what == "no" else {}
        when = NOW - timedelta(days=begun) + timedelta(days=after)
        made.append(Event(f"{key} {what}", KINDS[what], when, f"initiative:{key}", attributes=attributes))
    return made


def told(engine, key, as_of=NOW, defaults=None):
    with store.reading(engine) as connection:
        found = figures.initiative(connection, key, as_of)
        return outlook.outlook(connection, found, defaults or {})


@pytest.fixture
def route(engine):
    """Twenty that were decided on day 10 and shipped on day 30: half had value on day 50, the rest was stopped then."""
    route = Route(engine, now=lambda: NOW)
    for number in range(20):
        end = {"sense": 50} if number % 2 else {"no": 50}
        route.take("tool", life(f"past-{number}", 400, yes=10, start=20, ship=30, **end))
    return route


def test_an_open_initiative_is_told_what_became_of_those_that_stood_there(route, engine):
    route.take("tool", life("open", 25, yes=10, start=20))
    found = told(engine, "open")
    assert {name: value for name, value in found.items() if name != "targets"} == {
        "chance_30d": 0.5,
        "chance_60d": 0.5,
        "chance_90d": 0.5,
        "median_remaining_seconds": 25 * DAY,
        "based_on": {
            "forerunners": 20,
            "needed": 10,
            "direction": None,
            "stage": "building",
            "stage_age_seconds": 5 * DAY,
        },
    }


def test_where_too_few_stood_nothing_is_said_but_how_few(route, engine):
    route.take("tool", life("stuck", 200))
    found = told(engine, "stuck")
    assert found["based_on"]["forerunners"] == 0
    assert {found[name] for name in ("chance_30d", "chance_60d", "chance_90d", "median_remaining_seconds")} == {None}


@pytest.mark.parametrize("steps", [{"no": 3}, {"ship": 3, "sense": 4}])
def test_what_is_over_has_nothing_to_expect(route, engine, steps):
    route.take("tool", life("over", 25, **steps))
    found = told(engine, "over")
    assert (found["based_on"], found["chance_90d"]) == (None, None)


def test_an_initiative_is_compared_with_its_own_direction_where_that_is_enough(route, engine):
    for number in range(ENOUGH_OWN):
        route.take("tool", life(f"own-{number}", 400, "bottom_up", yes=10, start=20, ship=30, sense=31))
    route.take("tool", life("up", 25, "bottom_up", yes=10, start=20))
    route.take("tool", life("down", 25, yes=10, start=20))
    assert told(engine, "up")["based_on"]["direction"] == "bottom_up"
    assert told(engine, "up")["chance_30d"] == 1
    down = told(engine, "down")
    assert (down["based_on"]["direction"], down["based_on"]["forerunners"]) == (None, 20 + ENOUGH_OWN)


def test_what_has_changed_since_is_seen_at_once(route, engine):
    route.take("tool", life("open", 25, yes=10, start=20))
    assert told(engine, "open")["based_on"]["forerunners"] == 20
    route.take("tool", life("another", 400, yes=10, start=20, ship=30))
    assert told(engine, "open")["based_on"]["forerunners"] == 21


def test_history_is_read_once_while_nothing_changes(route, engine, monkeypatch):
    route.take("tool", life("open", 25, yes=10, start=20))
    read, made = [], outlook.History
    monkeypatch.setattr(outlook, "History", lambda connection, as_of: read.append(as_of) or made(connection, as_of))
    with store.reading(engine) as connection:
        for minutes in (0, 1, 59):
            found = figures.initiative(connection, "open", NOW + timedelta(minutes=minutes))
            outlook.outlook(connection, found, {})
    assert read == [NOW]


steps = st.fixed_dictionaries(
    {}, optional={name: st.integers(0, 60) for name in ("yes", "no", "start", "ship", "sense")}
)
lives = st.lists(st.tuples(st.integers(1, 90), st.just("top_down"), steps), min_size=4, max_size=8)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(past=lives, days=st.integers(0, 60))
def test_what_happened_later_changes_nothing(sqlite_engine, past, days):
    as_of = NOW - timedelta(days=days)
    items = [item for number, (begun, *rest) in enumerate(past * 3) for item in _life(number, begun, *rest)]
    known = [item for item in items if isinstance(item, Initiative) or item.occurred_at <= as_of]
    found = []
    for some in (known, items):
        empty(sqlite_engine)
        Route(sqlite_engine, now=lambda: NOW).take("tool", some)
        targets = {"time_to_value_seconds": 50 * DAY, "rate_of_turn_seconds": 9 * DAY}
        found.append([told(sqlite_engine, f"life-{n}", as_of, targets) for n in range(len(past) * 3)])
    assert found[0] == found[1]


def _life(number, begun, direction, steps):
    return [one for one in life(f"life-{number}", begun, direction, **steps) if _has_come(one)]


def _has_come(item):
    return isinstance(item, Initiative) or item.occurred_at <= NOW


@pytest.mark.parametrize(
    ("took", "so_far", "chance", "running", "said"),
    [
        (99, 99, None, True, "met"),
        (100, 150, None, True, "met"),
        (101, 101, None, True, "missed"),
        (None, 101, None, True, "missed"),
        (None, 101, None, False, "missed"),
        (None, 50, None, False, None),
        (None, 50, 0.5, True, "on_track"),
        (None, 50, 0.49, True, "at_risk"),
        (None, 50, None, True, None),
        (None, None, None, True, None),
    ],
)
def test_a_target_is_met_missed_on_track_or_at_risk(took, so_far, chance, running, said):
    assert status(took, so_far, 100, chance, running=running) == said


def test_a_target_of_its_own_goes_before_the_default(route, engine):
    route.take("tool", life("open", 25, yes=10, start=20, targets={"time_to_value_seconds": 40 * DAY}))
    targets = told(engine, "open", defaults={"time_to_value_seconds": DAY, "rate_of_turn_seconds": 9 * DAY})["targets"]
    assert targets == {
        "time_to_value": {"target_seconds": 40 * DAY, "default": False, "status": "at_risk", "chance": 0},
        "rate_of_turn": {"target_seconds": 9 * DAY, "default": True, "status": "missed", "chance": None},
    }
    assert told(engine, "past-1")["targets"] == {"time_to_value": None, "rate_of_turn": None}


def test_a_decision_in_time_is_expected_of_those_that_deliberated_as_long(route, engine):
    route.take("tool", life("young", 5))
    for days, said in ((9, "at_risk"), (10, "on_track")):
        target = told(engine, "young", defaults={"rate_of_turn_seconds": days * DAY})["targets"]["rate_of_turn"]
        assert (target["status"], target["chance"]) == (said, float(said == "on_track"))
