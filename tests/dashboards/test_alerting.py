"""From an initiative that is overdue to somebody who hears of it, by Prometheus with our rules and Alertmanager."""

import re
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest

from connectors.contract import Event, Initiative, SourceError
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


@pytest.fixture
def watched(root, sqlite_engine, served, prometheus, alertmanager, tmp_path):  # noqa: PLR0917  all of them are real
    """The route of a ttv that our rules watch, which do not wait here, with our sample of Alertmanager's routes."""
    route = Route(sqlite_engine)
    scope = Scope(targets=TARGETS, intervals={"tool": timedelta(minutes=5)})
    url = served(app.create(route, targets=TARGETS, scope=scope))
    rules = (root / "dashboards/prometheus/ttv.rules.yml").read_text()
    (tmp_path / "rules.yml").write_text(re.sub(r"for: \S+", "for: 0s", rules))
    to = alertmanager((root / "dashboards/alertmanager/alertmanager.yml").read_text())
    prometheus(config=CONFIG.format(rules=tmp_path / "rules.yml", alertmanager=to, ttv=urlsplit(url).netloc))
    return route


def idea(route, key, days):
    when = datetime.now(UTC) - timedelta(days=days)
    route.take("api", [Initiative(key, f"Name of {key}", team="Pay", direction="top_down")])
    route.take("api", [Event(f"{key} idea", "idea", when, f"initiative:{key}")])


def test_an_overdue_decision_is_heard_of_and_one_in_time_is_not(watched, heard):
    idea(watched, "SOON", 29)
    idea(watched, "LATE", 31)
    receiver, alert = heard.until("TtvDecisionOverdue")
    assert receiver == "team"
    assert alert["status"] == "firing"
    assert alert["labels"]["initiative"] == "LATE"
    assert alert["annotations"]["summary"].startswith("Name of LATE (LATE, Pay) has been undecided for 31d 0h")
    assert alert["annotations"]["runbook_url"] == "docs/runbooks/TtvDecisionOverdue.md"
    late = {alert["labels"].get("initiative") for _, alert in heard.alerts}
    assert "SOON" not in late


def test_what_a_failing_source_explains_is_not_heard_of(watched, heard):
    """Nothing was read, so nothing is known to be undecided; the source is told to those who run it."""
    with pytest.raises(SourceError):
        watched.sync("tool", Down, None, Client(), kind="tool", since=datetime.now(UTC))
    receiver, alert = heard.until("TtvSourceFailing")
    assert (receiver, alert["labels"]["source"]) == ("platform", "tool")
    idea(watched, "LATE", 31)
    idea(watched, "OVER", 101)
    heard.until("TtvTargetMissed")  # which is not explained by the source, and came after
    assert "TtvDecisionOverdue" not in heard.names()
    assert "TtvSourceNeverRead" not in heard.names()
