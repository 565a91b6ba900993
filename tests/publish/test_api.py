"""The reading calls: the right figures in the documented shapes, and an error for what was not understood."""

import json

import pytest

from connectors.contract import Event, SourceError
from tests.publish.conftest import NOW
from ttv.cursors import closed
from ttv.publish import answers, outlook

DAY = 86_400
SHAPES = {
    "/initiatives": answers.InitiativeList,
    "/initiatives?q=check&team=Payments&direction=bottom_up&state=realised": answers.InitiativeList,
    "/initiatives?label=tier:gold&limit=1&sort=name": answers.InitiativeList,
    "/initiatives/CHECKOUT": outlook.InitiativeWithOutlook,
    "/initiatives/SEARCH": outlook.InitiativeWithOutlook,
    "/initiatives/CHECKOUT/events": answers.TiedEventList,
    "/initiatives/CHECKOUT/diagnosis": answers.Diagnosis,
    "/initiatives/SEARCH/diagnosis": answers.Diagnosis,
    "/time-to-value": answers.CoveredPopulation,
    "/time-to-value?group_by=team&window=all&team=Payments": answers.CoveredPopulation,
    "/rate-of-turn?group_by=label:tier": answers.CoveredPopulation,
    "/orphans": answers.OrphanList,
    "/quarantine": answers.QuarantineList,
    "/sources": answers.SourceList,
}


@pytest.mark.parametrize("address", SHAPES)
def test_every_answer_has_the_documented_shape(lived, everywhere, address):
    with pytest.raises(SourceError):
        everywhere.sync("down", Down, None, Still(), kind="down", since=NOW)
    lived.post("/api/v1/events", json=[{"id": "x"}])
    answer = lived.get(f"/api/v1{address}")
    assert answer.status_code == 200, answer.text
    found = SHAPES[address].model_validate_json(answer.data)
    assert not hasattr(found, "items") or found.items


class Still:
    lag = 0.0


class Down:
    WINDOW = None

    @staticmethod
    def events(_settings, _client, _since, _until):
        yield Event("1", "idea", NOW, "down:1")
        raise SourceError("down.example does not answer; wait")


def test_an_initiative_is_told_whole(lived):
    found = lived.get("/api/v1/initiatives/CHECKOUT").json
    assert found["state"] == "realised"
    assert found["decision"] == "recorded"
    assert found["milestones"] == {
        "idea_at": "2026-01-01T00:00:00Z",
        "decided_at": "2026-01-11T00:00:00Z",
        "started_at": "2026-01-16T00:00:00Z",
        "shipped_at": "2026-01-31T00:00:00Z",
        "valued_at": "2026-02-02T23:00:00.250000Z",
        "stopped_at": None,
    }
    assert found["stages"] == {
        "deciding": 10 * DAY,
        "waiting": 5 * DAY,
        "building": 15 * DAY,
        "sensing": 2 * DAY + 23 * 3600 + 0.25,
    }
    assert sum(found["stages"].values()) == found["time_to_value_seconds"]


def test_an_instant_is_answered_as_of_then(lived):
    found = lived.get("/api/v1/initiatives/CHECKOUT?as_of=2026-01-20T01:00:00%2B01:00").json
    assert found["state"] == "building"
    assert found["age_seconds"] == 19 * DAY
    assert found["as_of"] == "2026-01-20T00:00:00Z"


def test_the_events_of_an_initiative_tell_what_they_did(lived):
    items = lived.get("/api/v1/initiatives/CHECKOUT/events").json["items"]
    assert [(one["id"], one["roles"]) for one in items] == [
        ("e1", ["idea"]),
        ("e2", ["decided"]),
        ("e3", ["started"]),
        ("e4", ["shipped"]),
        ("e5", ["valued"]),
    ]
    assert items[3]["path"] == ["ci/deploy/7", "jira:PAY-1"]


def test_pages_of_a_list_join_to_the_whole(lived):
    first = lived.get("/api/v1/initiatives?limit=1&sort=key").json
    second = lived.get(f"/api/v1/initiatives?limit=1&sort=key&cursor={first['next']}").json
    assert [one["key"] for one in first["items"] + second["items"]] == ["CHECKOUT", "SEARCH"]
    assert second["next"] is None


def test_time_to_value_is_one_group_unless_asked_otherwise(lived):
    found = lived.get("/api/v1/time-to-value").json
    assert found["as_of"] == "2026-03-01T12:00:00Z"
    assert found["window"] == "365d"
    [group] = found["groups"]
    assert group["group"] == "all"
    assert group["completed"]["count"] == 1
    assert group["completed"]["p50_seconds"] == 32 * DAY + 23 * 3600 + 0.25


def test_the_rate_of_turn_is_told_by_direction(lived):
    groups = lived.get("/api/v1/rate-of-turn").json["groups"]
    assert [(one["group"], one["completed"]["count"]) for one in groups] == [("bottom_up", 1), ("top_down", 0)]
    assert groups[1]["completed"]["p50_seconds"] is None


def test_what_is_tied_to_nothing_is_listed(lived):
    assert [one["id"] for one in lived.get("/api/v1/orphans").json["items"]] == ["e7"]


def test_what_could_not_be_read_is_listed_as_it_came(lived):
    lived.post("/api/v1/events", json=[{"id": "x", "kind": "ideaa"}])
    [one] = lived.get("/api/v1/quarantine").json["items"]
    assert json.loads(one["raw"]) == {"id": "x", "kind": "ideaa"}
    assert "ideaa" in one["reason"]


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("initiatives?limt=3", "parameter 'limt': is unknown; did you mean 'limit'?"),
        ("time-to-value?state=building", "parameter 'state': is unknown"),
        ("sources?limit=1", "parameter 'limit': is unknown; there are none"),
        ("initiatives?limit=0", "greater than or equal to 1"),
        ("initiatives?limit=ten", "valid integer"),
        ("initiatives?state=done", "'done' is none of 'no_idea'"),
        ("initiatives?sort=size", "'size' is none of key"),
        ("initiatives?label=gold", "write key:value"),
        ("initiatives?cursor=nonsense", "leave it out to begin anew"),
        ("initiatives?team=a&team=b", "parameter 'team': is given 2 times"),
        ("initiatives?team=%00", "NUL"),
        ("initiatives/%00", "NUL"),
        ("time-to-value?window=3w", "'3w' is neither a number of days"),
        ("time-to-value?group_by=owner", "'owner' is none of team"),
        ("time-to-value?as_of=2026-01-01", "the offset is missing"),
        ("time-to-value?as_of=2026-01-01T00:00:00", "the offset is missing"),
        ("time-to-value?as_of=1767225600", "is not an RFC 3339 time"),
        ("time-to-value?as_of=2026-01-01T00:00:00+01:00", "%2B"),
        ("time-to-value?as_of=2026-03-01T12:05:01Z", "has not come yet"),
    ],
)
def test_a_question_that_is_not_understood_is_said_to_be(client, problem, address, said):
    assert said in problem(client.get(f"/api/v1/{address}"), 400)["detail"]


@pytest.mark.parametrize(
    "wrong",
    [{"as_of": "x"}, {"as_of": 2**62}, {"value": {}}, {"value": "text"}, {"key": 1}, {"key": "\x00"}, {"sort": "name"}],
)
def test_a_forged_cursor_is_refused(lived, problem, wrong):
    place = {"sort": "-idea_at", "as_of": 0, "value": 1, "key": "A"}
    assert lived.get(f"/api/v1/initiatives?cursor={closed(place)}").status_code == 200
    problem(lived.get(f"/api/v1/initiatives?cursor={closed(place | wrong)}"), 400)


@pytest.mark.parametrize("address", ["initiatives/NONE", "initiatives/NONE/events"])
def test_an_initiative_that_is_not_there_is_not_found(client, problem, address):
    assert "there is no initiative 'NONE'" in problem(client.get(f"/api/v1/{address}"), 404)["detail"]


def test_a_clock_that_is_a_little_ahead_may_ask(client):
    assert client.get("/api/v1/time-to-value?as_of=2026-03-01T12:05:00Z").status_code == 200
