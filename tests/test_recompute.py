"""Computed again, everything is what it was; what was not is told."""

from datetime import UTC, datetime

from connectors.contract import Event, Initiative
from tests.test_figures_naive import derived
from ttv import store
from ttv.recompute import recompute
from ttv.route import Route

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def filled(engine):
    route = Route(engine, now=lambda: NOW)
    for key in ("x", "y", "z"):
        route.put_initiative(Initiative(key, key, claims=(f"jira:{key}",)))
        events = [Event(f"{key}{n}", kind, NOW, f"jira:{key}") for n, kind in enumerate(("idea", "deploy", "feedback"))]
        route.take("jira", events)


def test_nothing_changes_where_all_is_right(engine):
    filled(engine)
    before = derived(engine)
    assert recompute(engine) == {"tie": [], "milestone": [], "stop": [], "loop": []}
    assert derived(engine) == before


def test_what_was_wrong_is_mended_and_told(engine):
    filled(engine)
    right = derived(engine)
    with store.writing(engine) as connection:
        connection.execute(store.tie.delete().where(store.tie.c.artefact == "jira:x"))
        connection.execute(store.milestone.update().where(store.milestone.c.initiative == "y").values(idea_at=None))
        connection.execute(store.stop.insert().values(initiative="z", stopped_at=1))
    assert recompute(engine) == {"tie": ["x"], "milestone": ["y"], "stop": ["z"], "loop": []}
    assert derived(engine) == right
    assert recompute(engine)["tie"] == []


def test_it_says_what_it_does(engine):
    told = []
    recompute(engine, told.append)
    assert told == ["keeping what there is", "tying events to initiatives", "finding milestones", "comparing"]
