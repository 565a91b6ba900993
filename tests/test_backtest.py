"""What would have been said in the past: only from what had happened by then, and held against simpler ways."""

from datetime import UTC, datetime, timedelta

import pytest

from connectors.contract import Event, Initiative
from ttv import backtest, outlook, store
from ttv.demo.company import INITIATIVES, SEED, Company
from ttv.route import Route

NOW = datetime(2026, 11, 1, 9, tzinfo=UTC)
DAY = 86_400.0
STEPS = {"decided": "decision", "started": "start", "shipped": "deploy", "valued": "feedback"}


def life(key, idea_at, direction="unknown", *, stopped_at=None, **reached):
    """An initiative with its milestones as events, as far as they were reached."""
    yield Initiative(key, key, direction=direction)
    yield Event(f"{key} idea", "idea", idea_at, f"initiative:{key}")
    for name, kind in STEPS.items():
        at = reached.get(f"{name}_at")
        if at is not None and (name != "decided" or at != stopped_at):
            yield Event(f"{key} {name}", kind, at, f"initiative:{key}")
    if stopped_at is not None:
        yield Event(f"{key} no", "decision", stopped_at, f"initiative:{key}", attributes={"outcome": "stopped"})


def after(days, **steps):
    """Instants so many days before now, and steps so many days after that."""
    idea_at = NOW - timedelta(days=days)
    return {"idea_at": idea_at, **{f"{name}_at": idea_at + timedelta(days=later) for name, later in steps.items()}}


def scored(engine, **more):
    with store.reading(engine) as connection:
        return backtest.backtest(connection, NOW, **more)


@pytest.fixture
def company(sqlite_engine):
    """The invented company as the demo shows it, with two years behind it."""
    route = Route(sqlite_engine, now=lambda: NOW)
    for key, told in Company(SEED, NOW, INITIATIVES).truth(NOW).items():
        instants = {name: at for name, at in told.items() if name.endswith("_at")}
        route.take("tool", life(key, direction=told["direction"], **instants))
    return sqlite_engine


def test_on_the_invented_company_the_forecast_beats_the_overall_median(company):
    found = scored(company)
    assert found["instants"] == 24
    for horizon in found["horizons"]:
        assert horizon["forecasts"] > 300
        verdicts = {name: against["verdict"] for name, against in horizon["against"].items()}
        assert verdicts["overall_median"] == verdicts["overall_share"] == "better"
        assert verdicts["overall_survival"] != "worse"
    remaining = found["remaining"]
    assert remaining["median_error_seconds"] < remaining["overall_median_error_seconds"]


def test_what_was_said_uses_only_what_had_happened_by_then(company, sqlite_engine, tmp_path):
    """The same forecasts come of a store that never heard of anything later."""
    then = NOW - timedelta(days=168)
    early = store.open(f"sqlite:///{tmp_path / 'early.sqlite'}")
    route = Route(early, now=lambda: then)
    for key, told in Company(SEED, NOW, INITIATIVES).truth(NOW).items():
        instants = {name: at for name, at in told.items() if name.endswith("_at")}
        items = life(key, direction=told["direction"], **instants)
        route.take("tool", [one for one in items if isinstance(one, Initiative) or one.occurred_at <= then])
    said = []
    for engine in (early, company):
        with store.reading(engine) as connection:
            past = outlook.History(connection, then)
        said.append({one.key: repr((one.chances, one.others, one.remaining)) for one in backtest.forecasts(past, {})})
    early.dispose()
    assert len(said[0]) > 20
    assert said[0] == said[1]


def test_a_hand_made_past_is_scored_as_by_hand(engine):
    """Twenty forerunners, shipped on day 10: half had value on day 30, half was stopped. One is open at -30 days."""
    route = Route(engine, now=lambda: NOW)
    for number in range(20):
        end = {"valued": 30} if number % 2 else {"stopped": 30}
        route.take("tool", life(f"past-{number}", **after(500, started=0, shipped=10, **end)))
    route.take("tool", life("one", **after(45, started=0, shipped=10, valued=35)))
    found = scored(engine, every=timedelta(days=30))
    month = found["horizons"][0]
    assert (found["initiatives"], month["days"], month["forecasts"]) == (21, 30, 1)
    assert month["brier"] == pytest.approx(0.25)
    assert month["calibration"] == [
        {"chance_from": 0.5, "chance_to": 0.6, "forecasts": 1, "mean_chance": 0.5, "reached_share": 1}
    ]
    assert month["too_thin"] == 20  # on the way, none had come further yet
    median = month["against"]["overall_median"]
    assert (median["yardstick_brier"], median["verdict"]) == (0, None)
    assert found["remaining"]["median_error_seconds"] == pytest.approx(5 * DAY)


def test_without_a_past_there_is_nothing_to_test(engine):
    found = scored(engine)
    assert (found["instants"], found["initiatives"]) == (0, 0)
    assert [horizon["brier"] for horizon in found["horizons"]] == [None] * 3


def test_of_very_many_some_are_tested(engine, monkeypatch):
    monkeypatch.setattr(backtest, "MOST", 4)
    route = Route(engine, now=lambda: NOW)
    for number in range(9):
        route.take("tool", life(f"open-{number}", **after(60)))
    assert scored(engine)["initiatives"] == 3
