"""Coverage is what plain counting finds, as of any instant and over any window; nothing to share is null, never 0."""

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.contract import Event, Initiative
from tests import naive
from tests.test_figures_naive import NOW, START, emptied, lives, logs, property_
from ttv import coverage, population, store
from ttv.figures import Selection
from ttv.route import Route

DAY = timedelta(days=1)


def counted(world, as_of, begin):
    """Count initiatives one after the other: all, with an idea, worked on before it, decided, by a recorded yes."""
    counts = dict.fromkeys(("initiatives", "with_idea", "early", "decided", "recorded"), 0)
    for key in world.initiatives:
        events = [event for _, event in world.tied(key)]
        idea, work = naive.first(events, lambda e: e.kind == "idea"), [e for e in events if works(e)]
        found = naive.read(world, key, as_of)
        if found["state"] == "no_idea":
            later = [idea, *(e.occurred_at for e in work if idea and e.occurred_at < idea)]
            counts["initiatives"] += idea is None or min(later) <= as_of
            continue
        if begin is not None and (found["valued"] or found["stopped"] or as_of) <= begin:
            continue
        counts["initiatives"] += 1
        counts["with_idea"] += 1
        counts["early"] += any(e.occurred_at < idea for e in work)
        counts["decided"] += found["decided"] is not None
        counts["recorded"] += found["decision"] == "recorded"
    return counts


def works(event):
    return event.kind in ("start", "change") or naive.ships(event)


def ties(world, kind, as_of, begin):
    claims = {claim for one in world.initiatives.values() for claim in (*one.claims, f"initiative:{one.key}")}
    events = [event for event in world.events.values() if event and event.kind == kind and event.occurred_at <= as_of]
    events = [event for event in events if begin is None or event.occurred_at > begin]
    return len(events), sum(bool(world.reach(event.subject) & claims) for event in events)


@settings(property_, max_examples=50)
@given(log=st.one_of(lives, logs), days=st.integers(0, 9), window=st.sampled_from([None, 1, 3, 30]))
def test_coverage_is_plain_counting(engine, log, days, window):
    route, world = emptied(engine), naive.World()
    route.post(log)
    for record in log:
        world.take(record)
    as_of = START + days * DAY
    begin = as_of - window * DAY if window else None
    with store.reading(engine) as connection:
        found = coverage.whole(connection, as_of=as_of, window=f"{window}d" if window else "all")
    counts = counted(world, as_of, begin)
    assert {name: found[name] for name in counts} == counts
    for share, part, of in (
        ("idea_share", "with_idea", "initiatives"),
        ("early_share", "early", "with_idea"),
        ("decision_share", "recorded", "decided"),
        ("deploys_tied_share", "deploys_tied", "deploys"),
        ("feedback_tied_share", "feedback_tied", "feedback"),
    ):
        assert found[share] == (found[part] / found[of] if found[of] else None)
    assert (found["deploys"], found["deploys_tied"]) == ties(world, "deploy", as_of, begin)
    assert (found["feedback"], found["feedback_tied"]) == ties(world, "feedback", as_of, begin)


@pytest.fixture
def filled(engine):
    """Two teams: one that writes everything down, one of which half is filed late, and nothing is on record."""
    route = Route(engine, now=lambda: NOW)
    for number in range(4):
        for team in ("careful", "hasty"):
            key = f"{team}-{number}"
            about = f"initiative:{key}"
            route.put_initiative(Initiative(key, key, team=team, direction="top_down"))
            late = team == "hasty" and number < 2
            events = [Event(f"{key} idea", "idea", START + DAY, about)]
            events += [Event(f"{key} start", "start", START + 3 * DAY, about)]
            events += [Event(f"{key} early", "change", START, about)] if late else []
            events += [Event(f"{key} yes", "decision", START + 2 * DAY, about)] if team == "careful" else []
            route.take("tool", events)
    route.take("tool", [Event("loose", "deploy", START, "ci:1"), Event("staging", "deploy", START, "ci:2")])
    return engine


def asked(engine, figure="time_to_value", *, as_of=NOW, window="365d", **more):
    with store.reading(engine) as connection:
        found = population.population(connection, figure, Selection(), as_of=as_of, window=window, **more)
        return coverage.beside(connection, figure, found, Selection(), **more)


def test_each_group_has_its_own_shares_in_the_order_of_its_figures(filled):
    found = asked(filled, group_by="team")
    assert [one["group"] for one in found["groups"]] == ["careful", "hasty"]
    shares = [(one["group"], one["early_share"], one["decision_share"]) for one in found["coverage"]["groups"]]
    assert shares == [("careful", 0.0, 1.0), ("hasty", 0.5, 0.0)]


def test_the_groups_themselves_are_left_as_they_were(filled):
    with store.reading(filled) as connection:
        plain = population.population(connection, "rate_of_turn", Selection(), as_of=NOW)
    assert {name: value for name, value in asked(filled, "rate_of_turn").items() if name != "coverage"} == plain


def test_what_is_tied_to_nothing_is_shared_over_all(filled):
    found = asked(filled)["coverage"]
    assert (found["deploys"], found["deploys_tied"], found["deploys_tied_share"]) == (2, 0, 0.0)
    assert (found["feedback"], found["feedback_tied"], found["feedback_tied_share"]) == (0, 0, None)


def test_a_few_are_said_to_be_few(filled):
    whole, by_team = asked(filled, "rate_of_turn"), asked(filled, "rate_of_turn", group_by="team")
    assert [one["small"] for one in whole["coverage"]["groups"]] == [{"completed": True, "all": True}]
    assert whole["groups"][0]["completed"]["count"] == 8
    assert [one["small"]["completed"] for one in by_team["coverage"]["groups"]] == [True, True]


def test_ten_are_not_few():
    assert coverage.small({"completed": {"count": 10}, "all": {"count": 99, "ended": 9}}) == {
        "completed": False,
        "all": True,
    }


def test_before_anything_began_there_is_nothing_to_share(filled):
    (group,) = asked(filled, as_of=START - DAY)["coverage"]["groups"]
    assert (group["initiatives"], group["idea_share"], group["early_share"]) == (0, None, None)


def test_work_without_an_idea_yet_lacks_one_then(filled):
    """As of the day of the early work, only its two initiatives had been seen, and neither had an idea."""
    (group,) = asked(filled, as_of=START)["coverage"]["groups"]
    assert (group["initiatives"], group["with_idea"], group["idea_share"]) == (2, 0, 0.0)
