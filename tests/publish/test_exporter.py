"""`/metrics`: one look, right names and values, and never an empty page."""

import re

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics
from prometheus_client.parser import text_string_to_metric_families as text
from sqlalchemy.exc import OperationalError

from connectors.contract import Event, Initiative, SourceError
from tests.publish.conftest import NOW
from ttv.publish import app, exporter
from ttv.publish.catalogue import CATALOGUE, FROM_DATABASE
from ttv.publish.instruments import Instruments

GOLDEN = "tests/publish/golden/metrics.txt"


class Client:
    lag = 2.0


class Works:
    WINDOW = None

    @staticmethod
    def events(_settings, _client, _since, _until):
        yield Event("1", "idea", NOW, "works:1")


class Fails(Works):
    @staticmethod
    def events(_settings, _client, _since, _until):
        raise SourceError("no")
        yield


@pytest.fixture
def looked(lived, everywhere):
    """A client as `lived`, with one source that works and one that does not."""
    everywhere.sync("works", Works, None, Client(), kind="works", since=NOW)
    with pytest.raises(SourceError):
        everywhere.sync("fails", Fails, None, Client(), kind="fails", since=NOW)
    return lived


def samples(page, name, **labels):
    found = [sample for family in text(page) for sample in family.samples if sample.name == name]
    return [sample.value for sample in found if labels.items() <= sample.labels.items()]


def of_database(page):
    """The families that every replica shows alike, without the number of the version."""
    names = {metric.name for metric in FROM_DATABASE}
    lines = page.splitlines(keepends=True)
    kept = "".join(line for line in lines if re.sub(r"^# (HELP|TYPE) ", "", line).split("{")[0].split(" ")[0] in names)
    return re.sub(r'version="[^"]*"', 'version="…"', kept)


def test_the_page_is_what_it_was(looked, root):
    assert of_database(looked.get("/metrics").text) == (root / GOLDEN).read_text()


def test_promtool_has_nothing_against_the_page(looked, promtool):
    looked.get("/nowhere")
    found = promtool("check", "metrics", text=looked.get("/metrics").text)
    assert (found.returncode, found.stderr) == (0, "")


def test_the_catalogue_is_what_the_page_shows(looked):
    looked.get("/metrics")
    page = looked.get("/metrics").text
    shown = dict(re.findall(r"^# TYPE (ttv_\S+) (\S+)$", page, re.MULTILINE))
    assert shown == {one.name: one.type.replace("info", "gauge") for one in CATALOGUE}
    helps = dict(re.findall(r"^# HELP (ttv_\S+) (.+)$", page, re.MULTILINE))
    assert helps == {one.name: one.help for one in CATALOGUE}


def test_every_series_has_the_labels_of_the_catalogue(looked):
    known = {one.name: set(one.labels) for one in CATALOGUE}
    for family in text(looked.get("/metrics").text):
        for sample in family.samples:
            name = re.sub(r"_(bucket|sum|count)$", "", sample.name)
            if name in known:
                assert set(sample.labels) - {"le"} == known[name], sample.name


def test_openmetrics_is_given_to_who_asks(looked):
    answer = looked.get("/metrics", headers={"Accept": "application/openmetrics-text;version=1.0.0,text/plain;q=0.5"})
    assert answer.content_type.startswith("application/openmetrics-text; version=1.0.0")
    assert {"ttv_build", "ttv_initiative", "ttv_scheduler_runs"} <= {one.name for one in openmetrics(answer.text)}


def test_no_series_has_a_timestamp_or_says_when_it_was_made(looked):
    page = looked.get("/metrics").text
    assert "_created" not in page
    assert all(sample.timestamp is None for family in text(page) for sample in family.samples)


def test_what_is_not_known_has_no_series(client):
    page = client.get("/metrics").text
    assert samples(page, "ttv_time_to_value_seconds") == []
    assert samples(page, "ttv_source_up") == []
    assert samples(page, "ttv_initiatives") == [0] * 7


def test_every_initiative_is_shown_however_many_there_are(lived, monkeypatch):
    monkeypatch.setattr(exporter, "_PAGE", 1)
    assert len(samples(lived.get("/metrics").text, "ttv_initiative_info")) == 2


def test_a_name_with_quotes_and_breaks_is_escaped(client):
    client.put("/api/v1/initiatives/A", json={"name": 'Say "hi"\n\\now'})
    [family] = [one for one in text(client.get("/metrics").text) if one.name == "ttv_initiative_info"]
    assert family.samples[0].labels["name"] == 'Say "hi"\n\\now'


@pytest.mark.parametrize("part", list(exporter.PARTS))
def test_a_broken_part_leaves_the_others(lived, monkeypatch, part):
    def broken(look):
        look.connection.exec_driver_sql("SELECT nothing FROM nowhere")

    monkeypatch.setitem(exporter.PARTS, part, broken)
    page = lived.get("/metrics").text
    assert samples(page, "ttv_exporter_errors_total", part=part) == [1]
    assert sum(samples(page, "ttv_exporter_errors_total")) == 1
    others = {"initiatives": "ttv_initiative_info", "counts": "ttv_events"}
    assert all(samples(page, name) for other, name in others.items() if other != part)


def test_a_database_that_is_away_leaves_the_process(route, monkeypatch):
    def away(_engine):
        raise OperationalError("BEGIN", {}, Exception("down"))

    client = app.create(route).test_client()
    monkeypatch.setattr(exporter.store, "reading", away)
    page = client.get("/metrics").text
    assert samples(page, "ttv_exporter_errors_total", part="database") == [1]
    assert samples(page, "ttv_build_info") == [1]


def test_all_of_a_page_is_of_one_state(everywhere, monkeypatch):
    """An initiative that is put while the page is made is on none of its parts."""
    client, counts = app.create(everywhere).test_client(), exporter.figures.counts

    def late(*arguments):
        everywhere.put_initiative(Initiative("A", "Late"))
        return counts(*arguments)

    monkeypatch.setattr(exporter.figures, "counts", late)
    page = client.get("/metrics").text
    assert samples(page, "ttv_initiative_info") == []
    assert sum(samples(page, "ttv_initiatives")) == 0


def test_requests_are_timed_by_route_method_and_class_of_status(route):
    ticks = iter(range(100))
    client = app.create(route, timer=lambda: next(ticks)).test_client()
    client.get("/api/v1/initiatives/A")
    client.get("/api/v1/initiatives/B")
    client.open("/nowhere", method="BREW")
    page = client.get("/metrics").text
    labels = {"route": "/api/v1/initiatives/<key>", "method": "GET", "status": "4xx"}
    assert samples(page, "ttv_http_request_duration_seconds_count", **labels) == [2]
    assert samples(page, "ttv_http_request_duration_seconds_sum", **labels) == [2]
    assert samples(page, "ttv_http_request_duration_seconds_count", route="none", method="other") == [1]


def test_runs_of_the_schedule_are_counted(route):
    instruments = Instruments()
    client = app.create(route, instruments=instruments).test_client()
    instruments.expect(["jira"])
    assert samples(client.get("/metrics").text, "ttv_scheduler_runs_total", source="jira") == [0, 0]
    instruments.ran("jira", "failed", 2.0)
    instruments.skipped("jira")
    page = client.get("/metrics").text
    assert samples(page, "ttv_scheduler_runs_total", source="jira", outcome="failed") == [1]
    assert samples(page, "ttv_scheduler_skipped_total", source="jira") == [1]
    assert samples(page, "ttv_scheduler_run_duration_seconds_sum", source="jira") == [2]


def test_looks_into_the_database_are_timed(client):
    assert samples(client.get("/metrics").text, "ttv_exporter_read_duration_seconds_count") == [1]
