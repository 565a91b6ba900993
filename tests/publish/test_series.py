"""The series of each initiative on `/metrics`: which initiatives have them, what they say, how they are written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.openmetrics.exposition import generate_latest as openmetrics_latest

from tests.publish.conftest import CHECKOUT, LIFE, NOW, SEARCH, event
from tests.publish.test_exporter import samples, samples_of
from ttv.publish import app, catalogue, each, exporter, series
from ttv.publish.families import Scope
from ttv.route import Route

# ---- which initiatives have series


def shown(client):
    found = samples_of(client.get("/metrics").text, "ttv_initiative_info")
    return {sample.labels["initiative"] for sample in found}


def ended(key, end):
    """The life of an initiative that got its feedback at an instant."""
    subject = f"initiative:{key}"
    times = ("idea", "2025-01-01T00:00:00Z"), ("deploy", "2025-02-01T00:00:00Z"), ("feedback", end)
    return [event(f"{key}-{kind}", kind, when, subject=subject) for kind, when in times]


@pytest.fixture
def five(engine):
    """Five initiatives: two open, two that ended within 90 days, one that ended before."""

    def serve(**scope):
        client = app.create(Route(engine, now=lambda: NOW), scope=Scope(**scope)).test_client()
        for key in ("OPEN-1", "OPEN-2", "LATE", "EARLY", "LONG-AGO"):
            client.put(f"/api/v1/initiatives/{key}", json={"name": key})
        lives = [
            *ended("LONG-AGO", "2025-12-01T12:00:00Z"),
            *ended("EARLY", "2025-12-01T12:00:01Z"),
            *ended("LATE", "2026-02-28T00:00:00Z"),
            event("o1", "idea", "2020-01-01T00:00:00Z", subject="initiative:OPEN-1"),
        ]
        assert client.post("/api/v1/events", json=lives).json["accepted"] == len(lives)
        return client

    return serve


def test_what_ended_long_ago_is_in_the_sums_only(five):
    client = five()
    assert shown(client) == {"OPEN-1", "OPEN-2", "LATE", "EARLY"}
    page = client.get("/metrics").text
    assert samples(page, "ttv_initiatives", state="realised") == [3]
    assert samples(page, "ttv_exporter_initiatives", series="own") == [4]
    assert samples(page, "ttv_exporter_initiatives", series="none") == [1]


def test_open_ones_come_before_those_that_ended_last(five):
    assert shown(five(most=3)) == {"OPEN-1", "OPEN-2", "LATE"}


def test_no_initiative_has_series_if_none_is_wished(five):
    client = five(most=0)
    assert shown(client) == set()
    assert sum(samples(client.get("/metrics").text, "ttv_initiatives")) == 5


def test_the_largest_teams_are_counted_under_their_names_and_the_rest_together(engine):
    client = app.create(Route(engine, now=lambda: NOW), scope=Scope(teams=2)).test_client()
    for number, team in enumerate(("B", "B", "A", "A", "C", "D", None)):
        client.put(f"/api/v1/initiatives/I{number}", json={"name": "I", **({"team": team} if team else {})})
    lives = [one for number in range(7) for one in ended(f"I{number}", "2026-02-28T00:00:00Z")]
    assert client.post("/api/v1/events", json=lives).json["accepted"] == len(lives)
    page = client.get("/metrics").text
    counted = {
        one.labels["team"]: one.value
        for one in samples_of(page, "ttv_initiatives")
        if one.labels["state"] == "realised"
    }
    assert counted == {"A": 2, "B": 2, "other": 3}
    spread = {one.labels["team"] for one in samples_of(page, "ttv_time_to_value_distribution_seconds_bucket")}
    assert spread == {"A", "B", "other"}
    assert {one.labels.get("team") for one in samples_of(page, "ttv_initiative_info")} == {"A", "B", "C", "D", ""}


def test_what_the_figures_rest_on_is_told_of_the_window_and_of_the_last_month(engine):
    def windows(**scope):
        client = app.create(Route(engine, now=lambda: NOW), scope=Scope(**scope)).test_client()
        found = samples_of(client.get("/metrics").text, "ttv_coverage_observed")
        return [one.labels["window"] for one in found if one.labels["of"] == "idea"]

    assert windows() == ["365d", "30d"]
    assert windows(window="30d") == ["30d"]


# ---- how it is written

LABELS = st.text(max_size=20)


@given(rows=st.lists(st.tuples(LABELS, LABELS, LABELS, LABELS, LABELS, LABELS, st.floats(allow_nan=False))))
def test_lines_are_what_the_library_writes(rows):
    metric = catalogue.INITIATIVE._replace(name="ttv_x", type="gauge")
    write = each.line(metric)
    family, lines = series.written(metric, (write(tuple(map(each.escaped, row[:6])), row[6]) for row in rows))
    whole = GaugeMetricFamily(metric.name, metric.help, labels=metric.labels)
    for row in rows:
        whole.add_metric(row[:6], row[6])
    for encode in (generate_latest, openmetrics_latest):
        header, expected = (encode(exporter.Some([one])).decode() for one in (family, whole))
        assert header.removesuffix("# EOF\n") + lines == expected.removesuffix("# EOF\n")


def test_distributions_count_what_ended_in_the_window_by_team_and_direction(lived):
    page = lived.get("/metrics").text
    name, labels = "ttv_time_to_value_distribution_seconds", {"team": "Payments", "direction": "bottom_up"}
    took = 33 * 86_400 - 3_600 + 0.25
    below = [sample.labels["le"] for sample in samples_of(page, f"{name}_bucket") if sample.value == 0]
    assert max(map(float, below)) == 30 * 86_400
    assert samples(page, f"{name}_gcount", **labels) == [1]
    assert samples(page, f"{name}_gsum", **labels) == [took]
    assert samples(page, f"{name}_bucket", team="Search") == []


def test_targets_and_how_initiatives_stand_to_them(route):
    client = app.create(route, targets={"rate_of_turn_seconds": 8 * 86_400.0}).test_client()
    client.put("/api/v1/initiatives/CHECKOUT", json=CHECKOUT)
    client.put("/api/v1/initiatives/SEARCH", json={**SEARCH, "targets": {"time_to_value_seconds": 86_400}})
    client.post("/api/v1/events", json=LIFE)
    page = client.get("/metrics").text
    status = {
        (one.labels["initiative"], one.labels["figure"]): one.labels["status"]
        for one in samples_of(page, "ttv_initiative_target_status")
    }
    assert status == {
        ("CHECKOUT", "rate_of_turn"): "missed",
        ("SEARCH", "rate_of_turn"): "missed",
        ("SEARCH", "time_to_value"): "missed",
    }
    assert samples(page, "ttv_target_seconds", figure="rate_of_turn") == [8 * 86_400]
    assert samples(page, "ttv_target_seconds", figure="time_to_value") == []
    assert samples(page, "ttv_initiative_target_seconds", initiative="SEARCH", figure="time_to_value") == [86_400]
    standing = {"figure": "time_to_value", "direction": "top_down"}
    assert samples(page, "ttv_open_initiatives_by_target", status="missed", **standing) == [1]
    assert samples(page, "ttv_open_initiatives_by_target", status="on_track", **standing) == [0]
