"""From an initiative that is overdue to somebody who hears of it, by Prometheus with our rules and Alertmanager."""

from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from urllib.parse import urlsplit

import pytest
import requests
import tenacity
import yaml

from connectors.contract import Event, Initiative, SourceError
from dashboards import alerts
from tests.real.alertmanager import told_to
from ttv.publish import app
from ttv.publish.families import Scope
from ttv.route import Route

TARGETS = {"time_to_value_seconds": 100 * 86_400.0, "rate_of_turn_seconds": 30 * 86_400.0}
CONFIG = """\
global: {{scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s}}
rule_files: [{rules}]
alerting: {{alertmanagers: [{{static_configs: [{{targets: ['{alertmanager}']}}]}}]}}
scrape_configs: [{{job_name: ttv, static_configs: [{{targets: ['{ttv}']}}]}}]
"""


class Client:
    lag = 0.0


class Down:
    WINDOW = None

    @staticmethod
    def events(_settings, _client, _since, _until):
        raise SourceError("the tool is away")
        yield


class Watched(NamedTuple):
    """What is watched, and by whom."""

    route: Route
    url: str
    alertmanager: str


def at_once(rules):
    """Change rules so that they do not wait."""
    for rule in (rule for group in rules["groups"] for rule in group["rules"] if "alert" in rule):
        rule["for"] = "0s"
        rule.pop("keep_firing_for", None)
    return rules


@pytest.fixture
def watch(root, prometheus, alertmanager, heard, tmp_path):
    """A function that watches an address by our rules, which do not wait here, and our sample of routes.

    Gives Prometheus and the address of Alertmanager.
    """

    def watches(url):
        (tmp_path / "rules.yml").write_text(yaml.safe_dump(at_once(alerts.prometheus(ttv=url))))
        routes = yaml.safe_load((root / "dashboards/alertmanager/alertmanager.yml").read_text())
        to = alertmanager(told_to(routes, heard))
        config = CONFIG.format(rules=tmp_path / "rules.yml", alertmanager=to, ttv=urlsplit(url).netloc)
        return prometheus(config=config), f"http://{to}"

    return watches


@pytest.fixture
def watched(sqlite_engine, served, watch):
    """A ttv that is watched, empty."""
    route = Route(sqlite_engine)
    scope = Scope(targets=TARGETS, intervals={"tool": timedelta(minutes=5)})
    url = served(app.create(route, targets=TARGETS, scope=scope))
    _, to = watch(url)
    return Watched(route, url, to)


def event(key, kind, days):
    return Event(f"{key} {kind}", kind, datetime.now(UTC) - timedelta(days=days), f"initiative:{key}")


def idea(route, key, days):
    route.take("api", [Initiative(key, f"Name of {key}", team="Pay", direction="top_down"), event(key, "idea", days)])


def test_an_overdue_decision_is_heard_of_until_it_is_made_and_one_in_time_is_not(watched, heard):
    idea(watched.route, "SOON", 29)
    idea(watched.route, "LATE", 31)
    receiver, alert = heard.until("TtvDecisionOverdue")
    assert receiver == "team"
    assert alert["labels"] == {
        "alertname": "TtvDecisionOverdue",
        "severity": "warning",
        "initiative": "LATE",
        "name": "Name of LATE",
        "team": "Pay",
        "direction": "top_down",
        "stage": "deciding",
    }
    said = alert["annotations"]
    assert said["summary"].startswith("Name of LATE (LATE, Pay) has been undecided for 31d 0h")
    assert said["runbook_url"] == "docs/runbooks/TtvDecisionOverdue.md"
    assert said["dashboard_url"] == "http://127.0.0.1:3000/d/ttv-initiative?var-initiative=LATE"
    page = requests.get(said["ttv_url"], timeout=10)
    assert page.ok
    assert "Name of LATE" in page.text
    watched.route.take("api", [event("LATE", "decision", 0)])
    _, ended = heard.until("TtvDecisionOverdue", "resolved")
    assert ended["labels"]["initiative"] == "LATE"
    assert "SOON" not in {alert["labels"].get("initiative") for _, alert in heard.alerts}


def test_what_a_failing_source_explains_is_not_heard_of(watched, heard):
    """Nothing was read, so nothing is known to be undecided; the source is told to those who run it."""
    with pytest.raises(SourceError):
        watched.route.sync("tool", Down, None, Client(), kind="tool", since=datetime.now(UTC))
    receiver, alert = heard.until("TtvSourceFailing")
    assert (receiver, alert["labels"]["source"]) == ("platform", "tool")
    idea(watched.route, "LATE", 31)
    idea(watched.route, "OVER", 101)
    heard.until("TtvTargetMissed")  # which is not explained by the source, and came after
    held = {alert["labels"]["alertname"] for alert in inhibited(watched.alertmanager, 3)}
    assert held == {"TtvDecisionOverdue", "TtvSourceNeverRead"}
    assert not held & heard.names()


def inhibited(alertmanager, number):
    """Wait until Alertmanager holds back so many alerts because of others; give them."""
    waiting = tenacity.Retrying(
        wait=tenacity.wait_fixed(0.1),
        stop=tenacity.stop_after_delay(30),
        retry=tenacity.retry_if_result(not_all(number)),
    )
    return waiting(lambda: [one for one in told(alertmanager) if one["status"]["inhibitedBy"]])


def not_all(number):
    return lambda found: len(found) < number


def told(alertmanager):
    answer = requests.get(f"{alertmanager}/api/v2/alerts", timeout=10)
    answer.raise_for_status()
    return answer.json()
