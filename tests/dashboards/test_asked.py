"""Every question of every dashboard and alert, asked of a real Prometheus that scrapes what ttv serves."""

from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest
import requests
from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics

from connectors.contract import Event, Initiative
from dashboards.__main__ import queries
from dashboards.alerts import ALERTS, RECORDINGS
from ttv.publish import app
from ttv.publish.families import Scope
from ttv.publish.instruments import Instruments
from ttv.route import Route

LIFE = ("idea", "decision", "start", "deploy", "feedback")
FILLED = {"$team": ".*", "$direction": ".*", "$window": "365d", "$initiative": "OPEN-3", "$__rate_interval": "1m"}


TWICE = """\
global: {{scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s}}
scrape_configs: [{{job_name: ttv, static_configs: [{{targets: ['{}', '{}']}}]}}]
"""
"""One ttv under two names, as two replicas are that show the same."""


class Client:
    lag = 0.0


class Tool:
    """A source that brings 60 lives: some over, some open in each stage."""

    WINDOW = None

    @staticmethod
    def events(_settings, _client, _since, _until):
        now = datetime.now(UTC)
        for number in range(60):
            lived = 5 if number >= 20 else 1 + number % 4
            key = f"{'DONE' if lived == 5 else 'OPEN'}-{number}"
            direction = ("top_down", "bottom_up")[number % 2]
            yield Initiative(key, f"Initiative {number}", team=f"team {number % 3}", direction=direction)
            begun = now - timedelta(days=300 - 2 * number)
            for place, kind in enumerate(LIFE[:lived]):
                when = begun + timedelta(days=place * (5 + number % 7))
                yield Event(f"{number} {kind}", kind, when, f"initiative:{key}")
            if number >= 50:
                yield Event(f"{number} again", "deploy", begun + timedelta(days=80), f"initiative:{key}")


@pytest.fixture
def asked(sqlite_engine, served, prometheus):
    """A Prometheus that scrapes a store of 60 lives with targets, and the address of ttv."""
    route, instruments = Route(sqlite_engine), Instruments()
    instruments.expect(["tool"])
    targets = {"time_to_value_seconds": 40 * 86_400.0, "rate_of_turn_seconds": 9 * 86_400.0}
    route.sync("tool", Tool, None, Client(), kind="tool", since=datetime.now(UTC) - timedelta(days=400))
    instruments.ran("tool", "succeeded", 0.5)
    instruments.traffic("tool").requested("2xx")
    scope = Scope(targets=targets, intervals={"tool": timedelta(minutes=5)})
    url = served(app.create(route, targets=targets, instruments=instruments, scope=scope))
    port = urlsplit(url).port
    server = prometheus(config=TWICE.format(f"127.0.0.1:{port}", f"localhost:{port}"))
    for instance in ("127.0.0.1", "localhost"):  # from two scrapes on there are rates
        scraped = f'ttv_http_request_duration_seconds_count{{instance="{instance}:{port}"}}'
        server.until(f"rate({scraped}[1m]) > 0")
    return server, url


def test_every_question_of_a_dashboard_has_an_answer_or_a_reason_for_none(asked):
    server, _ = asked
    empty = [
        f"{board.uid}, {panel.title}: {query.expr}"
        for board, panel, query in queries()
        if query.absent is None and not server.query(filled(query))
    ]
    assert empty == []


def test_of_what_two_replicas_say_alike_every_panel_shows_one(asked):
    server, _ = asked
    for board, panel, query in queries():
        found = [one["metric"] for one in server.query(filled(query))]
        assert not [labels for labels in found if "instance" in labels], f"{board.uid}, {panel.title}: {query.expr}"
    for alert in ALERTS:
        assert not [one for one in server.query(alert.expr) if "instance" in one["metric"]], alert.name


def filled(query):
    expression = query.expr
    for name, value in FILLED.items():
        expression = expression.replace(name, value)
    return expression


def test_every_variable_has_values(asked):
    server, _ = asked
    for metric, label in (
        ("ttv_initiative_info", "team"),
        ("ttv_initiative_info", "direction"),
        ("ttv_initiative_info", "initiative"),
        ("ttv_time_to_value_observed_initiatives", "window"),
    ):
        assert {one["metric"].get(label) for one in server.query(metric)} - {None}


def test_every_alert_and_recording_can_be_asked(asked):
    server, _ = asked
    found = {alert.name: len(server.query(alert.expr)) for alert in ALERTS}
    assert found["TtvDecisionOverdue"] == 5
    assert found["TtvNoCustomerHeard"] == 5
    assert found["TtvTargetMissed"] == 20
    assert found["TtvDown"] == found["TtvSourceFailing"] == found["TtvSourceStale"] == 0
    for recording in RECORDINGS:
        assert server.query(recording.expr), recording.record


def test_what_is_scraped_is_openmetrics(asked):
    _, url = asked
    page = requests.get(f"{url}/metrics", headers={"Accept": "application/openmetrics-text;version=1.0.0"}, timeout=30)
    assert sum(len(family.samples) for family in openmetrics(page.text)) > 500
