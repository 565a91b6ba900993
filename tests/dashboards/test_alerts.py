"""The alert rules: they fire when they should, not when they should not, and every one has its runbook."""

import subprocess

import pytest
import yaml

from dashboards.alerts import ALERTS, GROUPS

RULES = "dashboards/prometheus/ttv.rules.yml"

DAY = 86_400


def series(text):
    name, values = text.rsplit(" ", 1)
    return {"series": name, "values": values}


def stage(stage_, since=0):
    return f'ttv_initiative_stage_timestamp_seconds{{initiative="A",stage="{stage_}"}} {since}+0x400'


def target(figure, seconds):
    return f'ttv_initiative_target_seconds{{initiative="A",figure="{figure}"}} {seconds}+0x400'


INITIATIVE = 'ttv_initiative_info{initiative="A",name="Pay",team="T",direction="top_down",state="s",url=""} 1+0x400'
TWICE = INITIATIVE.replace('url=""', 'url="",instance="b"')
USUAL = [
    'ttv_stage_spent_seconds{stage="building",of="realised",window="365d"} 100000+0x400',
    'ttv_stage_initiatives{stage="building",of="realised",window="365d"} 10+0x400',
]  # 10,000 seconds each


def status(name):
    return f'ttv_initiative_target_status{{initiative="A",figure="time_to_value",status="{name}"}} 1+0x400'


def source(name, value):
    return f'{name}{{source="jira"}} {value}'


# name, series at one a minute from 1970 on, minute, whether it fires
CASES = [
    ("TtvDecisionOverdue", [INITIATIVE, stage("deciding"), target("rate_of_turn", 3600)], 130, True),
    ("TtvDecisionOverdue", [INITIATIVE, TWICE, stage("deciding"), target("rate_of_turn", 3600)], 130, True),
    ("TtvDecisionOverdue", [INITIATIVE, stage("deciding"), target("rate_of_turn", 3600)], 100, False),
    ("TtvDecisionOverdue", [INITIATIVE, stage("deciding"), target("rate_of_turn", 9000)], 130, False),
    ("TtvDecisionOverdue", [INITIATIVE, stage("building"), target("rate_of_turn", 3600)], 130, False),
    ("TtvDecisionOverdue", [INITIATIVE, stage("deciding"), target("time_to_value", 3600)], 130, False),
    ("TtvInitiativeStuck", [INITIATIVE, stage("building", -30_000), *USUAL], 70, True),
    ("TtvInitiativeStuck", [INITIATIVE, stage("building", -20_000), *USUAL], 70, False),
    (
        "TtvInitiativeStuck",
        [INITIATIVE, stage("building", -30_000), USUAL[0], USUAL[1].replace("10+", "9+")],
        70,
        False,
    ),
    ("TtvInitiativeStuck", [INITIATIVE, stage("sensing", -30_000), *USUAL], 70, False),
    ("TtvNoCustomerHeard", [INITIATIVE, stage("sensing", -30 * DAY)], 70, True),
    ("TtvNoCustomerHeard", [INITIATIVE, stage("sensing", -29 * DAY)], 70, False),
    ("TtvNoCustomerHeard", [INITIATIVE, stage("building", -40 * DAY)], 70, False),
    ("TtvForecastMissesTarget", [INITIATIVE, stage("building"), status("at_risk")], 370, True),
    ("TtvForecastMissesTarget", [INITIATIVE, stage("building"), status("on_track")], 370, False),
    ("TtvTargetMissed", [INITIATIVE, stage("building"), status("missed")], 70, True),
    ("TtvTargetMissed", [INITIATIVE, status("missed")], 70, False),  # it is over
    (
        "TtvRateOfTurnSlow",
        [
            'ttv_rate_of_turn_seconds{method="all",quantile="0.5",direction="top_down",window="365d"} 11+0x400',
            'ttv_target_seconds{figure="rate_of_turn"} 10+0x400',
        ],
        70,
        True,
    ),
    (
        "TtvRateOfTurnSlow",
        [
            'ttv_rate_of_turn_seconds{method="all",quantile="0.5",direction="top_down",window="365d"} 10+0x400',
            'ttv_target_seconds{figure="rate_of_turn"} 10+0x400',
        ],
        70,
        False,
    ),
    (
        "TtvRateOfTurnSlow",
        [
            'ttv_rate_of_turn_seconds{method="completed",quantile="0.5",direction="top_down",window="365d"} 11+0x400',
            'ttv_target_seconds{figure="rate_of_turn"} 10+0x400',
        ],
        70,
        False,
    ),
    (
        "TtvRateOfTurnSlow",
        ['ttv_rate_of_turn_seconds{method="all",quantile="0.5",direction="top_down",window="365d"} 11+0x400'],
        70,
        False,
    ),
    (
        "TtvTimeToValueSlow",
        [
            'ttv_time_to_value_seconds{method="all",quantile="0.5",direction="all",window="365d"} 11+0x400',
            'ttv_target_seconds{figure="time_to_value"} 10+0x400',
        ],
        70,
        True,
    ),
    (
        "TtvTimeToValueSlow",
        [
            'ttv_time_to_value_seconds{method="all",quantile="0.85",direction="all",window="365d"} 11+0x400',
            'ttv_target_seconds{figure="time_to_value"} 10+0x400',
        ],
        70,
        False,
    ),
    ("TtvCoverageDrops", ['ttv_coverage_ratio{of="deploys",window="365d"} 0.9+0x1440 0.7+0x400'], 1500, True),
    ("TtvCoverageDrops", ['ttv_coverage_ratio{of="deploys",window="365d"} 0.9+0x1440 0.85+0x400'], 1500, False),
    ("TtvCoverageDrops", ['ttv_coverage_ratio{of="early",window="365d"} 0.9+0x1440 0.1+0x400'], 1500, False),
    ("TtvSourceFailing", [source("ttv_source_up", "0+0x400")], 40, True),
    ("TtvSourceFailing", [source("ttv_source_up", "0+0x20 1+0x400")], 40, False),
    (
        "TtvSourceStale",
        [
            source("ttv_source_last_success_timestamp_seconds", "0+0x400"),
            source("ttv_source_interval_seconds", "300+0x400"),
        ],
        30,
        True,
    ),
    (
        "TtvSourceStale",
        [
            source("ttv_source_last_success_timestamp_seconds", "0+60x400"),
            source("ttv_source_interval_seconds", "300+0x400"),
        ],
        30,
        False,
    ),
    ("TtvSourceStale", [source("ttv_source_interval_seconds", "300+0x400")], 30, False),
    ("TtvSourceNeverRead", [source("ttv_source_interval_seconds", "300+0x400")], 370, True),
    (
        "TtvSourceNeverRead",
        [
            source("ttv_source_interval_seconds", "300+0x400"),
            source("ttv_source_last_success_timestamp_seconds", "0+0x400"),
        ],
        370,
        False,
    ),
    ("TtvQuarantineGrows", [source("ttv_quarantined_records", "2+0x60 3+0x60")], 70, True),
    ("TtvQuarantineGrows", [source("ttv_quarantined_records", "2+0x60 3+0x120")], 130, False),
    ("TtvQuarantineGrows", [source("ttv_quarantined_records", "7+0x60")], 10, True),
    ("TtvQuarantineGrows", [source("ttv_quarantined_records", "0+0x60")], 10, False),
    ("TtvMetricsBroken", ['ttv_exporter_errors_total{part="loops"} 0+0x5 1+0x60'], 10, True),
    ("TtvMetricsBroken", ['ttv_exporter_errors_total{part="loops"} 5+0x5 0+0x60'], 10, False),  # a restart
    ("TtvFiguresStale", ["ttv_figures_timestamp_seconds 0+0x400"], 40, True),
    ("TtvFiguresStale", ["ttv_figures_timestamp_seconds 0+0x400"], 30, False),
    ("TtvDown", ['ttv_build_info{version="1"} 1+0x10 stale'], 20, True),
    ("TtvDown", ['ttv_build_info{version="1"} 1+0x400'], 20, False),
]


@pytest.mark.parametrize(("group", "place"), [(name, n) for name, group in GROUPS.items() for n in range(len(group))])
def test_every_alert_is_tried_both_ways(group, place):
    name = GROUPS[group][place].name
    assert {fires for tried, _, _, fires in CASES if tried == name} == {True, False}


def test_alerts_fire_when_they_should_and_not_otherwise(root, promtool, tmp_path):
    tests = [
        {
            "interval": "1m",
            "name": f"{name} {minute} {fires}",
            "input_series": [series(one) for one in given],
            "promql_expr_test": [
                {
                    "expr": f'count by (alertname) (ALERTS{{alertname="{name}",alertstate="firing"}})',
                    "eval_time": f"{minute}m",
                    "exp_samples": [{"labels": f'{{alertname="{name}"}}', "value": 1}] if fires else [],
                }
            ],
        }
        for name, given, minute, fires in CASES
    ]
    file = tmp_path / "rules.test.yml"
    file.write_text(yaml.safe_dump({"rule_files": [str(root / RULES)], "evaluation_interval": "1m", "tests": tests}))
    found = promtool("test", "rules", str(file))
    assert found.returncode == 0, found.stdout + found.stderr


def test_an_alert_tells_people_what_is_wrong_and_where_to_read_on(root, promtool, tmp_path):
    [alert] = [one for one in ALERTS if one.name == "TtvDecisionOverdue"]
    expected = {
        "exp_labels": {
            "severity": "warning",
            "initiative": "A",
            "name": "Pay",
            "team": "T",
            "direction": "top_down",
            "stage": "deciding",
        },
        "exp_annotations": {
            "summary": "Pay (A, T) has been undecided for 2h 10m 0s, longer than its target for the rate of turn",
            "description": alert.means,
            "runbook_url": "docs/runbooks/TtvDecisionOverdue.md",
        },
    }
    test = {
        "interval": "1m",
        "input_series": [series(one) for one in CASES[0][1]],
        "alert_rule_test": [{"eval_time": "130m", "alertname": alert.name, "exp_alerts": [expected]}],
    }
    file = tmp_path / "rules.test.yml"
    file.write_text(yaml.safe_dump({"rule_files": [str(root / RULES)], "evaluation_interval": "1m", "tests": [test]}))
    found = promtool("test", "rules", str(file))
    assert found.returncode == 0, found.stdout + found.stderr


def test_the_rules_have_no_fault_that_promtool_knows(root, promtool):
    found = promtool("check", "rules", "--lint=all", "--lint-fatal", str(root / RULES))
    assert found.returncode == 0, found.stdout + found.stderr


def test_the_configurations_have_no_fault_that_their_programs_know(root, real, promtool, tmp_path):
    import shutil

    config = (root / "dashboards/prometheus/prometheus.yml").read_text()
    token = tmp_path / "token"
    token.write_text("t")
    shutil.copy(root / RULES, tmp_path)
    (tmp_path / "prometheus.yml").write_text(config.replace("/run/secrets/ttv_token", str(token)))
    found = promtool("check", "config", str(tmp_path / "prometheus.yml"))
    assert found.returncode == 0, found.stdout + found.stderr
    amtool = real(shutil.which("amtool"), "amtool (apt-get install prometheus-alertmanager)")
    said = subprocess.run(
        [amtool, "check-config", root / "dashboards/alertmanager/alertmanager.yml"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert said.returncode == 0, said.stdout + said.stderr


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert.name)
def test_every_alert_has_a_runbook(root, alert):
    page = (root / f"docs/runbooks/{alert.name}.md").read_text()
    for part in ("What it means", "How to look closer", "What to do", "When to be silent"):
        assert f"## {part}\n\n" in page


def test_grafana_gets_the_same_alerts(root):
    found = yaml.safe_load((root / "dashboards/provisioning/alerting/ttv.yml").read_text())
    rules = [rule for group in found["groups"] for rule in group["rules"]]
    assert [rule["title"] for rule in rules] == [alert.name for alert in ALERTS]
    assert len({rule["uid"] for rule in rules}) == len(rules)
    for rule, alert in zip(rules, ALERTS, strict=True):
        assert rule["data"][0]["model"]["expr"] == alert.expr
        assert rule["condition"] in {one["refId"] for one in rule["data"]}
        assert len(rule["uid"]) <= 40


def test_the_stack_is_wired_to_what_is_there(root):
    stack = yaml.safe_load((root / "compose.yaml").read_text())
    services, secrets = stack["services"], stack["secrets"]
    for name, service in services.items():
        for volume in service.get("volumes", []):
            place = volume.split(":")[0]
            made_by_hand = {"./ttv.toml"}
            assert place in stack["volumes"] or place in made_by_hand or (root / place).exists(), f"{name}: {place}"
        assert set(service.get("secrets", [])) <= set(secrets)
        assert set(service.get("depends_on", [])) <= set(services)
        for port in service.get("ports", []):
            assert port.startswith("127.0.0.1:"), f"{name}: {port}"
        assert "build" in service or ":" in service["image"], f"{name} is pinned"
    scraped = yaml.safe_load((root / "dashboards/prometheus/prometheus.yml").read_text())["scrape_configs"][0]
    assert scraped["static_configs"][0]["targets"][0].split(":")[0] in services
    source = yaml.safe_load((root / "dashboards/provisioning/datasources/ttv.yml").read_text())["datasources"][0]
    assert source["url"] == "http://prometheus:9090"
    assert source["uid"] == "ttv-prometheus"
