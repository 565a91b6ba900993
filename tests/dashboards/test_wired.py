"""The stack's own configurations, started by the programs that read them; only addresses and waits are others."""

from datetime import timedelta
from typing import NamedTuple

import pytest
import requests
import yaml

from dashboards.alerts import ALERTS, RECORDINGS
from tests.dashboards.test_alerting import inhibited
from tests.real.alertmanager import told_to
from ttv.publish import app
from ttv.publish.families import Scope
from ttv.route import Route

TOKEN = "opensesame"
SEVERITIES = {alert.name: alert.severity for alert in ALERTS}
ALERT = {
    "labels": {"alertname": "TtvDecisionOverdue", "severity": "warning", "initiative": "A", "team": "Pay"},
    "annotations": {
        "summary": "Name of A (A, Pay) has been undecided for 31d",
        "ttv_url": "http://ttv.example/initiatives/A",
        "dashboard_url": "http://grafana.example/d/ttv-initiative?var-initiative=A",
        "runbook_url": "http://wiki.example/TtvDecisionOverdue.md",
    },
}


def elsewhere(text, places):
    """Change the addresses in a configuration; each is there."""
    for place, other in places.items():
        assert place in text
        text = text.replace(place, str(other))
    return text


@pytest.fixture
def slack(root, heard, tmp_path):
    """The sample of routes, whose messages go to somebody who hears them."""
    (tmp_path / "slack").write_text(f"{heard.url}/slack")
    text = (root / "dashboards/alertmanager/alertmanager.yml").read_text()
    return yaml.safe_load(elsewhere(text, {"/run/secrets/slack": tmp_path / "slack"}))


def post(alertmanager, *found):
    requests.post(f"http://{alertmanager}/api/v2/alerts", json=list(found), timeout=10).raise_for_status()


def test_a_message_says_what_is_wrong_and_leads_on(slack, alertmanager, heard):
    post(alertmanager(slack), ALERT)
    path, told = heard.message()
    [message] = told["attachments"]
    assert (path, told["channel"]) == ("slack", "#initiatives")
    assert message["title"] == "FIRING TtvDecisionOverdue"
    said = ALERT["annotations"]
    leads = " ".join(f"<{said[f'{name}_url']}|{name}>" for name in ("ttv", "dashboard", "runbook"))
    assert message["text"].splitlines() == [said["summary"], leads]


def of(name, **labels):
    return {"labels": {"alertname": name, "severity": SEVERITIES[name], **labels}, "annotations": {}}


class Explained(NamedTuple):
    """An alert, those that it explains, which nobody hears of, and some that it does not."""

    cause: dict
    held: list[dict]
    others: list[dict]


EXPLAINED = [
    Explained(
        of("TtvMetricsBroken", part="loops"),
        [of("TtvRateOfTurnSlow"), of("TtvSourceStale", source="jira")],
        [of("TtvFiguresStale")],
    ),
    Explained(
        of("TtvSourceFailing", source="jira"),
        [of("TtvSourceStale", source="jira")],
        [of("TtvSourceStale", source="github")],
    ),
    Explained(
        of("TtvSourceStale", source="jira"),
        [of("TtvDecisionOverdue", initiative="A"), of("TtvCoverageDrops", of="idea"), of("TtvTimeToValueSlow")],
        [of("TtvTargetMissed", initiative="A"), of("TtvQuarantineGrows", source="jira")],
    ),
    Explained(
        of("TtvTargetMissed", initiative="A"),
        [of("TtvForecastMissesTarget", initiative="A"), of("TtvInitiativeStuck", initiative="A")],
        [of("TtvForecastMissesTarget", initiative="B"), of("TtvNoCustomerHeard", initiative="A")],
    ),
    Explained(
        of("TtvCoverageDrops", of="deploys"),
        [of("TtvTimeToValueSlow"), of("TtvRateOfTurnSlow")],
        [of("TtvDecisionOverdue", initiative="A")],
    ),
]


@pytest.mark.parametrize("case", EXPLAINED, ids=lambda case: case.cause["labels"]["alertname"])
def test_what_another_alert_explains_is_not_told(slack, alertmanager, heard, case):
    at = alertmanager(told_to(slack, heard))
    post(at, case.cause, *case.held, *case.others)
    held = {spelled(one) for one in case.held}
    assert {spelled(one) for one in inhibited(f"http://{at}", len(held))} == held
    for one in (case.cause, *case.others):
        heard.until(one["labels"]["alertname"], where=one["labels"])
    assert not held & {spelled(alert) for _, alert in heard.alerts}


def spelled(alert):
    return tuple(sorted(alert["labels"].items()))


@pytest.fixture
def ttv(sqlite_engine, served):
    """Where a ttv is that asks for its token."""
    scope = Scope(intervals={"tool": timedelta(minutes=5)})
    return served(app.create(Route(sqlite_engine), token=TOKEN, scope=scope)).removeprefix("http://")


@pytest.fixture
def watching(root, slack, alertmanager, prometheus, tmp_path):
    """A function that starts the stack's Prometheus on a ttv; gives it, and where its Alertmanager is."""

    def start(ttv):
        manager = alertmanager(slack)
        (tmp_path / "token").write_text(f"{TOKEN}\n")
        places = {
            "ttv:8080": ttv,
            "alertmanager:9093": manager,
            "/run/secrets/ttv_token": tmp_path / "token",
            "ttv.rules.yml": root / "dashboards/prometheus/ttv.rules.yml",
        }
        text = (root / "dashboards/prometheus/prometheus.yml").read_text()
        return prometheus(config=elsewhere(text, places)), manager

    return start


@pytest.mark.heavy  # the first scrape comes within the half minute that the configuration says
def test_prometheus_reads_ttv_with_its_token_has_the_rules_and_knows_alertmanager(ttv, watching):
    assert requests.get(f"http://{ttv}/metrics", timeout=10).status_code == requests.codes.unauthorized
    server, manager = watching(ttv)
    [scraped] = server.until('ttv_source_interval_seconds{source="tool"}')
    assert (scraped["metric"]["job"], scraped["metric"]["instance"]) == ("ttv", ttv)
    rules = [rule["name"] for group in told(server, "rules")["groups"] for rule in group["rules"]]
    assert sorted(rules) == sorted([*(one.record for one in RECORDINGS), *(one.name for one in ALERTS)])
    active = told(server, "alertmanagers")["activeAlertmanagers"]
    assert [one["url"] for one in active] == [f"http://{manager}/api/v2/alerts"]


def told(server, what):
    answer = requests.get(f"{server.url}/api/v1/{what}", timeout=10).json()
    assert answer["status"] == "success"
    return answer["data"]
