"""Where the time goes, loop by loop and stage by stage: sums of what each initiative is told."""

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.contract import Event, Initiative
from tests.test_figures_naive import NOW, START, emptied, lives, logs, property_
from ttv import figures, statistics, store
from ttv.figures import Selection
from ttv.loops import LEGS, loops
from ttv.stages import stages

DAY = 86_400.0
NOTHING = {"count": 0, "seconds": None, "share": None}
windows = st.sampled_from(["all", "2d", "5d"])
instants = st.integers(0, 10).map(lambda days: START + timedelta(days=days))


def event(key, kind, day, **attributes):
    return Event(f"{key} {kind} {day}", kind, START + timedelta(days=day), f"initiative:{key}", attributes=attributes)


@pytest.fixture
def filled(engine):
    route = emptied(engine)
    for key, team in (("a", "Pay"), ("b", "Pay"), ("c", "Find"), ("d", None), ("e", None)):
        route.put_initiative(Initiative(key, key.upper(), team=team))
    lived = [event("a", kind, day) for kind, day in (("idea", 0), ("decision", 1), ("start", 3), ("deploy", 6))]
    lived += [event("a", "feedback", 10), event("a", "deploy", 12)]
    lived += [event("b", "idea", 5), event("b", "deploy", 9), event("b", "decision", 14, outcome="stopped")]
    lived += [event("c", "idea", 11), event("d", "idea", 2)]
    route.take("jira", lived)
    return engine


def asked(engine, answer, selection=None, **more):
    with store.reading(engine) as connection:
        return answer(connection, selection or Selection(), **{"as_of": NOW, "window": "all", **more})


def test_stages_are_summed_over_those_that_got_there_and_over_all(filled):
    [group] = asked(filled, stages)["groups"]
    assert group["realised"] == {
        "count": 1,
        "seconds": 10 * DAY,
        "stages": {
            "deciding": {"count": 1, "seconds": 1 * DAY, "share": 0.1},
            "waiting": {"count": 1, "seconds": 2 * DAY, "share": 0.2},
            "building": {"count": 1, "seconds": 3 * DAY, "share": 0.3},
            "sensing": {"count": 1, "seconds": 4 * DAY, "share": 0.4},
        },
    }
    days = 1 + 4 + 19 + 28, 2 + 0, 3 + 0, 4 + 5
    assert group["all"]["count"] == 4
    assert [one["seconds"] for one in group["all"]["stages"].values()] == [one * DAY for one in days]
    assert sum(one["share"] for one in group["all"]["stages"].values()) == pytest.approx(1)


def test_a_stage_that_nobody_was_in_is_null(filled):
    found = {one["group"]: one for one in asked(filled, stages, group_by="team")["groups"]}
    assert list(found) == ["Find", "Pay", None]
    assert found["Find"]["realised"] == {"count": 0, "seconds": None, "stages": dict.fromkeys(figures.STAGES, NOTHING)}
    assert found["Find"]["all"]["stages"]["deciding"] == {"count": 1, "seconds": 19 * DAY, "share": 1}
    assert found["Find"]["all"]["stages"]["waiting"] == NOTHING


def test_no_time_at_all_has_no_shares(filled):
    [group] = asked(filled, stages, Selection(team="Find"), as_of=START + timedelta(days=11))["groups"]
    assert group["all"]["stages"]["deciding"] == {"count": 1, "seconds": 0, "share": None}


def test_no_initiative_is_a_group_of_nothing(engine):
    emptied(engine)
    found = asked(engine, stages)
    nothing = {"count": 0, "seconds": None, "stages": dict.fromkeys(figures.STAGES, NOTHING)}
    assert found["groups"] == [{"group": "all", "realised": nothing, "all": nothing}]
    assert {one["count"] for one in found["waiting"]} == {0}


def test_the_open_ones_wait_whatever_their_age_longest_first(filled):
    found = asked(filled, stages, window="1d")["waiting"]
    assert [(one["stage"], one["awaits"], one["count"]) for one in found] == [
        ("deciding", "a decision", 2),
        ("waiting", "a start", 0),
        ("building", "a ship", 0),
        ("sensing", "a customer's feedback", 0),
    ]
    assert [(one["key"], one["stage_seconds"]) for one in found[0]["items"]] == [("d", 28 * DAY), ("c", 19 * DAY)]
    assert found[0]["items"][0]["since"] == START + timedelta(days=2)


def test_a_stage_since_when_it_is_waited_for_is_not_the_age(filled):
    found = asked(filled, stages, as_of=START + timedelta(days=8))["waiting"]
    [sensing] = found[3]["items"]
    assert (sensing["key"], sensing["stage_seconds"], sensing["age_seconds"]) == ("a", 2 * DAY, 8 * DAY)


def test_more_that_wait_than_are_asked_for_are_counted_still(filled):
    deciding = asked(filled, stages, limit=1)["waiting"][0]
    assert (deciding["count"], [one["key"] for one in deciding["items"]]) == (2, ["d"])


def test_legs_of_loops_are_timed_from_their_own_begin(filled):
    [group] = asked(filled, loops)["groups"]
    assert {leg: (group[leg]["completed"]["count"], group[leg]["completed"]["p50_seconds"]) for leg in LEGS} == {
        "ship_to_sense": (1, 4 * DAY),
        "sense_to_respond": (1, 2 * DAY),
        "ship_to_respond": (1, 6 * DAY),
    }


def test_an_open_leg_is_censored_at_now_or_at_the_stop(filled):
    [group] = asked(filled, loops)["groups"]
    counts = {leg: [group[leg]["all"][name] for name in ("count", "ended", "open", "stopped")] for leg in LEGS}
    assert counts == {
        "ship_to_sense": [3, 1, 1, 1],
        "sense_to_respond": [1, 1, 0, 0],
        "ship_to_respond": [3, 1, 1, 1],
    }


def test_the_rows_of_loops_are_their_instants_and_times(filled):
    [group] = asked(filled, loops, key="a", rows=True)["groups"]
    assert [(one["number"], one["ship_to_sense_seconds"], one["ship_to_respond_seconds"]) for one in group["rows"]] == [
        (2, None, None),
        (1, 4 * DAY, 6 * DAY),
    ]
    assert group["rows"][1]["sensed_at"] == START + timedelta(days=10)


def test_a_group_without_loops_is_there_with_nothing(filled):
    found = {one["group"]: one for one in asked(filled, loops, group_by="team", rows=True)["groups"]}
    assert list(found) == ["Find", "Pay", None]
    assert found["Find"]["rows"] == []
    assert found["Find"]["ship_to_sense"]["completed"] == statistics.completed([])


@settings(property_, max_examples=60)
@given(log=st.one_of(lives, logs), as_of=instants, window=windows)
def test_the_stages_of_many_are_the_sums_of_each(engine, log, as_of, window):
    emptied(engine).post(log)
    begin = as_of - timedelta(days=int(window[:-1])) if window != "all" else START - timedelta(days=1)
    with store.reading(engine) as connection:
        [group] = stages(connection, Selection(), as_of=as_of, window=window)["groups"]
        items = figures.initiatives(connection, Selection(), as_of)["items"]
        each = figures.stages(connection, [one["key"] for one in items], as_of)
    for name, end in (("realised", "valued_at"), ("all", "idea_at")):
        mine = [each[one["key"]] for one in items if (when := one["milestones"][end]) is not None and when > begin]
        assert group[name]["count"] == len(mine)
        for stage, told in group[name]["stages"].items():
            took = [one[stage] for one in mine if one[stage] is not None]
            assert told["count"] == len(took)
            assert told["seconds"] == (pytest.approx(sum(took), abs=1e-6) if took else None)


@settings(property_, max_examples=60)
@given(log=st.one_of(lives, logs), as_of=instants, window=windows)
def test_the_loops_of_many_are_those_of_each(engine, log, as_of, window):
    emptied(engine).post(log)
    begin = as_of - timedelta(days=int(window[:-1])) if window != "all" else START - timedelta(days=1)
    with store.reading(engine) as connection:
        [group] = loops(connection, Selection(), as_of=as_of, window=window)["groups"]
        keys = [one["key"] for one in figures.initiatives(connection, Selection(), as_of)["items"]]
        each = [loop for key in keys for loop in figures.initiative(connection, key, as_of)["loops"]]
    for leg, (begins, ends) in LEGS.items():
        done = [(one[ends] - one[begins]) for one in each if one[ends] is not None and one[ends] > begin]
        assert group[leg]["completed"] == statistics.completed([one // timedelta(microseconds=1) for one in done])
        begun = [one for one in each if one[begins] is not None and one[begins] > begin]
        assert group[leg]["all"]["count"] == len(begun)
        assert group[leg]["all"]["ended"] == sum(one[ends] is not None for one in begun)
