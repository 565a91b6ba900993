"""`/metrics`: one look, right names and values, and never an empty page."""

import gzip
import re
from datetime import timedelta

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics
from prometheus_client.parser import text_string_to_metric_families as text
from sqlalchemy.exc import OperationalError

from connectors.contract import Event, Initiative, SourceError
from tests.publish.conftest import CHECKOUT, LIFE, NOW, event
from ttv.publish import app, exporter
from ttv.publish.catalogue import CATALOGUE, FROM_DATABASE
from ttv.publish.families import Scope
from ttv.publish.instruments import Instruments
from ttv.route import Route

GOLDEN = "tests/publish/golden/metrics.txt"
OPEN = "application/openmetrics-text;version=1.0.0,text/plain;q=0.5"


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


def samples_of(page, name):
    return [sample for family in text(page) for sample in family.samples if sample.name == name]


def samples(page, name, **labels):
    return [sample.value for sample in samples_of(page, name) if labels.items() <= sample.labels.items()]


def family_of(line):
    name = re.sub(r"^# (HELP|TYPE) ", "", line).split("{")[0].split(" ")[0]
    return re.sub(r"_(bucket|gsum|gcount)$", "", name)


def of_database(page):
    """The families that every replica shows alike, without the number of the version."""
    names = {metric.name for metric in FROM_DATABASE}
    lines = page.splitlines(keepends=True)
    kept = "".join(line for line in lines if family_of(line) in names)
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
    as_text = {"info": "gauge", "gaugehistogram": "histogram"}
    shown = dict(re.findall(r"^# TYPE (ttv_\S+?)(?:_gsum|_gcount)? (\S+)$", page, re.MULTILINE)[::-1])
    assert shown == {one.name: as_text.get(one.type, one.type) for one in CATALOGUE}
    helps = dict(re.findall(r"^# HELP (ttv_\S+?)(?:_gsum|_gcount)? (.+)$", page, re.MULTILINE))
    assert helps == {one.name: one.help for one in CATALOGUE}


def test_every_series_has_the_labels_of_the_catalogue(looked):
    known = {one.name: set(one.labels) for one in CATALOGUE}
    for family in text(looked.get("/metrics").text):
        for sample in family.samples:
            name = re.sub(r"_(bucket|g?sum|g?count)$", "", sample.name)
            if name in known:
                assert set(sample.labels) - {"le"} == known[name], sample.name


def test_openmetrics_is_given_to_who_asks(looked):
    answer = looked.get("/metrics", headers={"Accept": OPEN})
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
    assert samples(page, "ttv_initiatives") == []
    assert samples(page, "ttv_exporter_initiatives") == [0, 0]


def test_a_name_with_quotes_and_breaks_is_escaped(client):
    client.put("/api/v1/initiatives/A", json={"name": 'Say "hi"\n\\now'})
    [family] = [one for one in text(client.get("/metrics").text) if one.name == "ttv_initiative_info"]
    assert family.samples[0].labels["name"] == 'Say "hi"\n\\now'


@pytest.mark.parametrize("part", [*exporter.FIGURES, *exporter.SOURCES])
def test_a_broken_part_leaves_the_others(lived, monkeypatch, part):
    def broken(look):
        look.connection.exec_driver_sql("SELECT nothing FROM nowhere")

    monkeypatch.setitem(exporter.FIGURES if part in exporter.FIGURES else exporter.SOURCES, part, broken)
    page = lived.get("/metrics").text
    assert samples(page, "ttv_exporter_errors_total", part=part) == [1]
    assert sum(samples(page, "ttv_exporter_errors_total")) == 1
    others = {"initiatives": "ttv_initiative_info", "log": "ttv_events"}
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
    client, first = app.create(everywhere).test_client(), exporter.FIGURES["initiatives"]

    def late(look):
        found = list(first(look))
        everywhere.put_initiative(Initiative("A", "Late"))
        return found

    monkeypatch.setitem(exporter.FIGURES, "initiatives", late)
    page = client.get("/metrics").text
    assert samples(page, "ttv_initiative_info") == []
    assert samples(page, "ttv_coverage_observed", of="idea", window="365d") == [0]


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


# ---- when it is made


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self):
        self.at = NOW

    def __call__(self):
        return self.at


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def moving(engine, clock):
    """A client of an application on each engine in turn, whose clock can be moved."""
    client = app.create(Route(engine, now=clock)).test_client()
    client.put("/api/v1/initiatives/CHECKOUT", json=CHECKOUT)
    client.post("/api/v1/events", json=LIFE)
    return client


def made(client):
    """How often what is on the page has been made, the figures' or the sources' part."""
    return samples(client.get("/metrics").text, "ttv_exporter_read_duration_seconds_count")[0]


def test_what_has_not_changed_is_not_read_again(moving):
    assert [made(moving) for _ in range(3)] == [1, 1, 1]


def test_a_change_is_on_the_next_page(moving):
    moving.get("/metrics")
    moving.post("/api/v1/events", json=[event("new", "idea", "2026-02-27T00:00:00Z", subject="initiative:NEW")])
    moving.put("/api/v1/initiatives/NEW", json={"name": "New"})
    page = moving.get("/metrics").text
    assert samples(page, "ttv_initiative_milestone_timestamp_seconds", initiative="NEW") == [1772150400]


def test_a_record_that_goes_into_quarantine_is_on_the_next_page(moving):
    assert samples(moving.get("/metrics").text, "ttv_quarantined_records") == []
    moving.post("/api/v1/events", json=[{"source": "test", "id": "x"}])
    assert samples(moving.get("/metrics").text, "ttv_quarantined_records") == [1]


def test_what_moves_with_the_clock_is_made_anew_on_schedule(moving, clock):
    clock.at = NOW + timedelta(minutes=4, seconds=59)
    before = moving.get("/metrics").text
    clock.at = NOW + timedelta(minutes=5)
    after = moving.get("/metrics").text
    assert samples(before, "ttv_figures_timestamp_seconds") == [NOW.timestamp()]
    assert samples(after, "ttv_figures_timestamp_seconds") == [NOW.timestamp() + 300]
    assert samples(after, "ttv_exporter_read_duration_seconds_count") == [2]


def test_the_figures_are_as_of_the_change_not_of_the_schedule_before_it(moving, clock):
    clock.at = NOW + timedelta(minutes=2)
    moving.post("/api/v1/events", json=[event("now", "idea", "2026-03-01T12:01:30Z", subject="initiative:CHECKOUT")])
    page = moving.get("/metrics").text
    assert samples(page, "ttv_figures_timestamp_seconds") == [NOW.timestamp() + 120]


def test_replicas_show_the_same_whenever_each_made_it(engine, clock):
    first, second = (app.create(Route(engine, now=clock)).test_client() for _ in range(2))
    first.put("/api/v1/initiatives/CHECKOUT", json=CHECKOUT)
    first.post("/api/v1/events", json=LIFE)
    one = of_database(first.get("/metrics").text)
    clock.at = NOW + timedelta(minutes=3)
    assert of_database(second.get("/metrics").text) == one


def test_a_broken_part_is_tried_again(moving, monkeypatch):
    def broken(look):
        look.connection.exec_driver_sql("SELECT nothing FROM nowhere")

    with monkeypatch.context() as patched:
        patched.setitem(exporter.FIGURES, "initiatives", broken)
        assert samples(moving.get("/metrics").text, "ttv_initiative_info") == []
    assert samples(moving.get("/metrics").text, "ttv_initiative_info") == [1]


def test_refreshing_takes_a_tenth_of_the_time_at_most(engine, clock):
    """Making took a second; nine seconds long nobody but a scrape has it made again."""
    times = iter([0, 1, 9.9, 10, 11])
    exported = exporter.Exporter(engine, clock, instruments=Instruments(), timer=lambda: next(times))
    looks = []
    exported._refresh = lambda: looks.append(1)
    for _ in range(3):
        exported.refresh()
    assert len(looks) == 2


def test_a_page_can_be_had_squeezed(looked):
    plain = looked.get("/metrics", headers={"Accept": OPEN})
    squeezed = looked.get("/metrics", headers={"Accept": OPEN, "Accept-Encoding": "gzip"})
    assert squeezed.content_encoding == "gzip"
    of_process = re.compile(r"^(?:process_|ttv_http_|# EOF).*\n", re.MULTILINE)
    assert of_process.sub("", gzip.decompress(squeezed.data).decode()) == of_process.sub("", plain.text)


def test_a_source_says_how_often_it_is_looked_at_before_it_ever_was(route):
    client = app.create(route, scope=Scope(intervals={"jira": timedelta(minutes=15)})).test_client()
    assert samples(client.get("/metrics").text, "ttv_source_interval_seconds", source="jira") == [900]


def test_records_of_the_sources_are_counted(route):
    instruments = Instruments()
    client = app.create(route, instruments=instruments).test_client()
    instruments.expect(["jira"])
    instruments.brought("jira", accepted=3, duplicate=2, rejected=0)
    page = client.get("/metrics").text
    found = {sample.labels["outcome"]: sample.value for sample in samples_of(page, "ttv_source_records_total")}
    assert found == {"accepted": 3, "duplicate": 2, "rejected": 0}


def test_requests_to_a_source_are_counted(route):
    instruments = Instruments()
    client = app.create(route, instruments=instruments).test_client()
    instruments.expect(["jira"])
    heard = instruments.traffic("jira")
    heard.requested("2xx")
    heard.requested("2xx")
    heard.retried()
    heard.throttled(2.5)
    page = client.get("/metrics").text
    assert samples(page, "ttv_source_requests_total", source="jira", outcome="2xx") == [2]
    assert samples(page, "ttv_source_requests_total", source="jira", outcome="5xx") == [0]
    assert samples(page, "ttv_source_retries_total", source="jira") == [1]
    assert samples(page, "ttv_source_throttled_seconds_total", source="jira") == [2.5]


def test_what_is_wrong_with_a_source_is_named(looked):
    [state] = samples_of(looked.get("/metrics").text, "ttv_source_state")
    assert state.labels == {"source": "fails", "state": "unreadable"}
