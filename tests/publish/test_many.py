"""The calls over many: trends, curves, stages, loops and the rows of a population, as they are asked for by HTTP."""

import json

import pytest

from ttv.publish import answers, moving, passage

DAY = 86_400
SHAPES = {
    "/time-to-value?rows=1": answers.CoveredPopulation,
    "/time-to-value/trend": moving.TrendOfMany,
    "/time-to-value/trend?interval=week&periods=260&window=30d&group_by=team": moving.TrendOfMany,
    "/rate-of-turn/trend?interval=quarter&team=Payments": moving.TrendOfMany,
    "/time-to-value/curve": moving.CurveOfMany,
    "/rate-of-turn/curve?window=all&steps=2": moving.CurveOfMany,
    "/stages": passage.StagesOfMany,
    "/stages?group_by=team&limit=1": passage.StagesOfMany,
    "/loops": passage.LoopsOfMany,
    "/loops?group_by=direction&rows=1": passage.LoopsOfMany,
    "/initiatives/CHECKOUT/loops": passage.LoopsOfMany,
    "/initiatives/SEARCH/loops": passage.LoopsOfMany,
}


@pytest.mark.parametrize("address", SHAPES)
def test_every_answer_has_the_documented_shape(lived, address):
    answer = lived.get(f"/api/v1{address}")
    assert answer.status_code == 200, answer.text
    SHAPES[address].model_validate_json(answer.data)


def test_every_point_of_a_trend_is_what_the_population_says_as_of_then(lived):
    for figure in ("time-to-value", "rate-of-turn"):
        found = lived.get(f"/api/v1/{figure}/trend?periods=3").json
        assert [one["period_end"] for one in found["items"]] == [f"2026-0{month}-01T00:00:00Z" for month in (2, 3, 4)]
        for point in found["items"]:
            as_of = min(point["period_end"], found["as_of"])
            assert point["groups"] == lived.get(f"/api/v1/{figure}?as_of={as_of}").json["groups"]


def test_a_trend_has_twelve_months_if_nobody_says(lived):
    found = lived.get("/api/v1/time-to-value/trend").json
    assert (found["interval"], len(found["items"])) == ("month", 12)
    assert found["items"][-1]["period_start"] == "2026-03-01T00:00:00Z"


def test_a_population_names_what_it_rests_on_only_if_asked(lived):
    [group] = lived.get("/api/v1/time-to-value?rows=1").json["groups"]
    assert group["rows"] == [
        {
            "key": "CHECKOUT",
            "duration_seconds": 32 * DAY + 23 * 3600 + 0.25,
            "end": "ended",
            "completed": True,
            "all": True,
        },
        {"key": "SEARCH", "duration_seconds": 9.5 * DAY, "end": "open", "completed": False, "all": True},
    ]
    assert "rows" not in lived.get("/api/v1/time-to-value").json["groups"][0]


def test_a_curve_steps_down_where_an_initiative_got_there(lived):
    [group] = lived.get("/api/v1/time-to-value/curve").json["groups"]
    steps = [(one["t_seconds"], one["at_risk"], one["survival"], one["reached"]) for one in group["steps"]]
    assert steps == [(0, 2, 1, 0), (32 * DAY + 23 * 3600 + 0.25, 1, 0, 1)]
    assert group["all"]["p50_seconds"] == steps[1][0]


def test_the_open_are_told_by_what_they_wait_for(lived):
    waiting = {one["stage"]: one for one in lived.get("/api/v1/stages").json["waiting"]}
    assert {stage: one["count"] for stage, one in waiting.items()} == {
        "deciding": 1,
        "waiting": 0,
        "building": 0,
        "sensing": 0,
    }
    [search] = waiting["deciding"]["items"]
    assert (search["key"], search["since"], search["stage_seconds"]) == ("SEARCH", "2026-02-20T00:00:00Z", 9.5 * DAY)


def test_the_loops_of_one_are_over_its_whole_life(lived):
    [group] = lived.get("/api/v1/initiatives/CHECKOUT/loops").json["groups"]
    [row] = group["rows"]
    assert row["ship_to_sense_seconds"] == 2 * DAY + 23 * 3600 + 0.25
    assert row["sense_to_respond_seconds"] is None


@pytest.mark.parametrize(
    "call",
    [
        *(f"{figure}{more}" for figure in ("time-to-value", "rate-of-turn") for more in ("", "/trend", "/curve")),
        "stages",
        "loops",
    ],
)
def test_what_was_not_known_yet_is_in_no_answer(lived, call):
    before = lived.get(f"/api/v1/{call}?known_at=2026-02-01T00:00:00Z&window=all").json
    points = before.get("groups") or [group for item in before.get("items", []) for group in item["groups"]]
    assert before["as_of"] == "2026-02-01T00:00:00Z"
    assert '"count": 1' not in json.dumps(points)


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("time-to-value/trend?periods=0", "greater than or equal to 1"),
        ("time-to-value/trend?periods=261", "less than or equal to 260"),
        ("time-to-value/trend?interval=day", "'day' is none of 'week'"),
        ("time-to-value/trend?as_of=0002-01-01T00:00:00Z&interval=quarter", "do not fit"),
        ("time-to-value/trend?rows=1", "parameter 'rows': is unknown"),
        ("time-to-value/curve?steps=1", "greater than or equal to 2"),
        ("time-to-value?rows=some", "boolean"),
        ("stages?limit=0", "greater than or equal to 1"),
        ("stages?group_by=colour", "'colour' is none of team"),
        ("loops?window=3", "365d"),
        ("initiatives/CHECKOUT/loops?window=3d", "parameter 'window': is unknown"),
    ],
)
def test_a_question_that_is_not_understood_is_said_to_be(client, problem, address, said):
    assert said in problem(client.get(f"/api/v1/{address}"), 400)["detail"]


def test_the_loops_of_nobody_are_not_found(client, problem):
    problem(client.get("/api/v1/initiatives/NOBODY/loops"), 404)
