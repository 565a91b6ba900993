"""The alert rules: they fire when they should, not when they should not, and every one has its runbook.

promtool's time begins with 1970, one sample a minute: an instant of before is negative.
"""

import re

import pytest
import yaml

from dashboards.alerts import ALERTS, RECORDINGS, grafana, prometheus

RULES = "dashboards/prometheus/ttv.rules.yml"
DAY = 86_400
LONG = "x1600"


def of(metric, value, /, **labels):
    """Give a series as promtool takes it; a value that is no series stays for long."""
    written = ",".join(f'{label}="{one}"' for label, one in labels.items())
    return f"{metric}{{{written}}}", value if isinstance(value, str) else f"{value}+0{LONG}"


def info(**more):
    labels = {"initiative": "A", "name": "Pay", "team": "T", "direction": "top_down", "state": "s", "url": ""}
    return of("ttv_initiative_info", 1, **labels, **more)


def stage(name, since=0, **more):
    return of("ttv_initiative_stage_timestamp_seconds", since, initiative="A", stage=name, **more)


def target(figure, seconds):
    return of("ttv_initiative_target_seconds", seconds, initiative="A", figure=figure)


def status(name):
    return of("ttv_initiative_target_status", 1, initiative="A", figure="time_to_value", status=name)


def usual(seconds, number, of_="realised"):
    labels = {"stage": "building", "of": of_, "window": "365d"}
    return of("ttv_stage_spent_seconds", seconds * number, **labels), of("ttv_stage_initiatives", number, **labels)


def median(figure, seconds, ended, *, direction="top_down", method="all", quantile="0.5", default=10):
    name, labels = f"ttv_{figure}", {"direction": direction, "window": "365d"}
    counts = [
        of(f"{name}_observed_initiatives", number, **labels | {"direction": which}, end="ended")
        for which, number in ended.items()
    ]
    asked = of(f"{name}_seconds", seconds, **labels, method=method, quantile=quantile)
    return asked, *counts, *([of("ttv_target_seconds", default, figure=figure)] if default else [])


def coverage(lately, observed, name="deploys", whole=0.9, window="365d", **more):
    shares = [
        of("ttv_coverage_ratio", share, of=name, window=span, **more)
        for span, share in ((window, whole), ("30d", lately))
    ]
    return *shares, of("ttv_coverage_observed", observed, of=name, window="30d", **more)


def source(up=None, succeeded=None, interval=None):
    names = ("ttv_source_up", "ttv_source_last_success_timestamp_seconds", "ttv_source_interval_seconds")
    return [
        of(name, value, source="jira")
        for name, value in zip(names, (up, succeeded, interval), strict=True)
        if value is not None
    ]


def quarantine(values, **more):
    return [of("ttv_quarantined_records", values, source="jira", **more)]


def errors(values):
    return [of("ttv_exporter_errors_total", values, part="loops")]


WAITING = (info(), stage("deciding"), target("rate_of_turn", 3600))
BUILDING = stage("building", -30 * DAY)
ENDED = {"top_down": 10}

# name of the alert, why, series, minute, how many fire
CASES = [
    ("TtvDecisionOverdue", "an hour past an hour", WAITING, 130, 1),
    ("TtvDecisionOverdue", "two replicas", (*WAITING, info(instance="b"), stage("deciding", instance="b")), 130, 1),
    ("TtvDecisionOverdue", "not yet for an hour", WAITING, 119, 0),
    ("TtvDecisionOverdue", "before its target", (info(), stage("deciding"), target("rate_of_turn", 7800)), 130, 0),
    ("TtvDecisionOverdue", "no target", WAITING[:2], 130, 0),
    ("TtvDecisionOverdue", "decided", (info(), stage("building"), WAITING[2]), 130, 0),
    ("TtvDecisionOverdue", "ended", (info(), WAITING[2]), 130, 0),
    ("TtvDecisionOverdue", "the other target", (*WAITING[:2], target("time_to_value", 3600)), 130, 0),
    ("TtvDecisionOverdue", "the scrape after it was down for ten minutes", (
        of("ttv_initiative_info", f"1+0x130 stale _x8 1+0{LONG}", initiative="A", name="Pay"),
        of("ttv_initiative_stage_timestamp_seconds", f"0+0x130 stale _x8 0+0{LONG}", initiative="A", stage="deciding"),
        WAITING[2],
    ), 141, 1),
    ("TtvDecisionOverdue", "decided a quarter of an hour ago", (
        info(),
        of("ttv_initiative_stage_timestamp_seconds", "0+0x130 stale", initiative="A", stage="deciding"),
        WAITING[2],
    ), 150, 0),
    ("TtvInitiativeStuck", "thirty days where nine are usual", (info(), BUILDING, *usual(9 * DAY, 10)), 70, 1),
    ("TtvInitiativeStuck", "less than three times", (info(), BUILDING, *usual(11 * DAY, 10)), 70, 0),
    ("TtvInitiativeStuck", "nine are not usual", (info(), BUILDING, *usual(9 * DAY, 9)), 70, 0),
    ("TtvInitiativeStuck", "all are not realised", (info(), BUILDING, *usual(9 * DAY, 10, "all")), 70, 0),
    ("TtvInitiativeStuck", "another stage", (info(), stage("sensing", -30 * DAY), *usual(9 * DAY, 10)), 70, 0),
    ("TtvInitiativeStuck", "usually no time at all", (info(), stage("building", -6 * DAY), *usual(0, 10)), 70, 0),
    ("TtvInitiativeStuck", "ended", (info(), *usual(9 * DAY, 10)), 70, 0),
    ("TtvNoCustomerHeard", "thirty days", (info(), stage("sensing", -30 * DAY)), 70, 1),
    ("TtvNoCustomerHeard", "not yet thirty days", (info(), stage("sensing", -30 * DAY + 4200)), 70, 0),
    ("TtvNoCustomerHeard", "not shipped", (info(), stage("building", -40 * DAY)), 70, 0),
    ("TtvNoCustomerHeard", "ended", (info(),), 70, 0),
    ("TtvForecastMissesTarget", "at risk", (info(), BUILDING, status("at_risk")), 370, 1),
    ("TtvForecastMissesTarget", "at risk since lately", (info(), BUILDING, status("at_risk")), 350, 0),
    ("TtvForecastMissesTarget", "on track", (info(), BUILDING, status("on_track")), 370, 0),
    ("TtvForecastMissesTarget", "nobody knows", (info(), BUILDING), 370, 0),
    ("TtvTargetMissed", "open", (info(), BUILDING, status("missed")), 70, 1),
    ("TtvTargetMissed", "ended", (info(), status("missed")), 70, 0),
    ("TtvTargetMissed", "met", (info(), BUILDING, status("met")), 70, 0),
    ("TtvRateOfTurnSlow", "past the target", median("rate_of_turn", 11, ENDED), 70, 1),
    ("TtvRateOfTurnSlow", "at the target", median("rate_of_turn", 10, ENDED), 70, 0),
    ("TtvRateOfTurnSlow", "nine decisions", median("rate_of_turn", 11, {"top_down": 9, "bottom_up": 10}), 70, 0),
    ("TtvRateOfTurnSlow", "those that got there only", median("rate_of_turn", 11, ENDED, method="completed"), 70, 0),
    ("TtvRateOfTurnSlow", "no target", median("rate_of_turn", 11, ENDED, default=None), 70, 0),
    ("TtvTimeToValueSlow", "past it, of all ten", median(
        "time_to_value", 11, {"top_down": 6, "bottom_up": 4}, direction="all"
    ), 70, 1),
    ("TtvTimeToValueSlow", "of all nine", median(
        "time_to_value", 11, {"top_down": 6, "bottom_up": 3}, direction="all"
    ), 70, 0),
    ("TtvTimeToValueSlow", "another quantile", median("time_to_value", 11, ENDED, quantile="0.85"), 70, 0),
    ("TtvCoverageDrops", "a quarter lower in the last days", coverage(0.65, 20), 70, 1),
    ("TtvCoverageDrops", "of two shares", (*coverage(0.65, 20), *coverage(0.65, 20, "feedback")), 70, 2),
    ("TtvCoverageDrops", "two replicas", (*coverage(0.65, 20), *coverage(0.65, 20, instance="b")), 70, 1),
    ("TtvCoverageDrops", "not yet for an hour", coverage(0.65, 20), 59, 0),
    ("TtvCoverageDrops", "by a little", coverage(0.75, 20), 70, 0),
    ("TtvCoverageDrops", "of few", coverage(0.65, 19), 70, 0),
    ("TtvCoverageDrops", "what looks fast", coverage(0.1, 20, "early"), 70, 0),
    ("TtvCoverageDrops", "it rises", coverage(0.9, 20, whole=0.5), 70, 0),
    ("TtvCoverageDrops", "no longer window", coverage(0.65, 20, window="30d"), 70, 0),
    ("TtvCoverageDrops", "nothing happened lately", coverage(0.65, 20)[:1], 70, 0),
    ("TtvSourceFailing", "a quarter of an hour", source(up=0, interval=300), 16, 1),
    ("TtvSourceFailing", "it came back", source(up=f"0+0x10 1+0{LONG}", interval=300), 16, 0),
    ("TtvSourceFailing", "no longer configured", source(up=0), 40, 0),
    ("TtvSourceFailing", "never looked at", source(interval=300), 40, 0),
    ("TtvSourceStale", "three intervals and ten minutes", source(succeeded=0, interval=300), 26, 1),
    ("TtvSourceStale", "three intervals", source(succeeded=0, interval=300), 25, 0),
    ("TtvSourceStale", "every five minutes", source(succeeded=f"0+60{LONG}", interval=300), 90, 0),
    ("TtvSourceStale", "never read", source(interval=300), 90, 0),
    ("TtvSourceStale", "no longer configured", source(succeeded=0), 90, 0),
    ("TtvSourceNeverRead", "six hours", source(interval=300), 361, 1),
    ("TtvSourceNeverRead", "not yet six hours", source(interval=300), 359, 0),
    ("TtvSourceNeverRead", "read once", source(succeeded=0, interval=300), 361, 0),
    ("TtvQuarantineGrows", "one more", quarantine(f"2+0x60 3+0{LONG}"), 70, 1),
    ("TtvQuarantineGrows", "an hour ago", quarantine(f"2+0x60 3+0{LONG}"), 125, 0),
    ("TtvQuarantineGrows", "it was so when Prometheus began", quarantine(7), 10, 0),
    ("TtvQuarantineGrows", "it was so before ttv was away", quarantine(f"7+0x60 stale _x60 7+0{LONG}"), 130, 0),
    ("TtvQuarantineGrows", "another replica", [*quarantine("7+0x60 stale", instance="a"), *quarantine(
        f"_x60 7+0{LONG}", instance="b"
    )], 70, 0),
    ("TtvQuarantineGrows", "it was read after all", quarantine(f"7+0x60 3+0{LONG}"), 70, 0),
    ("TtvMetricsBroken", "each scrape", errors(f"0+1{LONG}"), 12, 1),
    ("TtvMetricsBroken", "one scrape", errors(f"0+0x5 1+0{LONG}"), 12, 0),
    ("TtvMetricsBroken", "a restart", errors(f"5+0x5 0+0{LONG}"), 12, 0),
    ("TtvFiguresStale", "half an hour", [of("ttv_figures_timestamp_seconds", 0)], 36, 1),
    ("TtvFiguresStale", "not yet for long", [of("ttv_figures_timestamp_seconds", 0)], 35, 0),
    ("TtvFiguresStale", "every five minutes", [of("ttv_figures_timestamp_seconds", f"0+60{LONG}")], 90, 0),
    ("TtvDown", "for five minutes", [of("ttv_build_info", "1+0x10 stale", version="1")], 17, 1),
    ("TtvDown", "a restart", [of("ttv_build_info", f"1+0x10 stale _x3 1+0{LONG}", version="1")], 17, 0),
    ("TtvDown", "one of two", [
        of("ttv_build_info", "1+0x10 stale", instance="a"), of("ttv_build_info", 1, instance="b")
    ], 17, 0),
]  # fmt: skip


@pytest.fixture
def tried(root, promtool, tmp_path):
    """A function that tries one of the committed rules on tests; all of them hold."""
    groups = yaml.safe_load((root / RULES).read_text())["groups"]

    def tries(name, tests):
        [rule] = [one for group in groups for one in group["rules"] if name in one.values()]
        (tmp_path / "rules.yml").write_text(yaml.safe_dump({"groups": [{"name": "alone", "rules": [rule]}]}))
        file = tmp_path / "rules.test.yml"
        file.write_text(yaml.safe_dump({"rule_files": ["rules.yml"], "evaluation_interval": "1m", "tests": tests}))
        found = promtool("test", "rules", str(file))
        assert found.returncode == 0, found.stdout + found.stderr

    return tries


def given(series):
    return {"interval": "1m", "input_series": [{"series": name, "values": values} for name, values in series]}


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert.name)
def test_an_alert_fires_when_it_should_and_not_otherwise(alert, tried):
    counted = f'count by (alertname) (ALERTS{{alertname="{alert.name}",alertstate="firing"}})'
    tests = [
        {
            **given(series),
            "name": why,
            "promql_expr_test": [
                {
                    "expr": counted,
                    "eval_time": f"{minute}m",
                    "exp_samples": [{"labels": f'{{alertname="{alert.name}"}}', "value": number}] if number else [],
                }
            ],
        }
        for name, why, series, minute, number in CASES
        if name == alert.name
    ]
    assert {bool(test["promql_expr_test"][0]["exp_samples"]) for test in tests} == {True, False}, "tried both ways"
    tried(alert.name, tests)


def test_an_alert_tells_people_what_is_wrong_and_where_to_read_on(tried):
    [alert] = [one for one in ALERTS if one.name == "TtvDecisionOverdue"]
    labels = {"initiative": "A", "name": "Pay", "team": "T", "direction": "top_down", "stage": "deciding"}
    annotations = {
        "summary": "Pay (A, T) has been undecided for 2h 10m 0s, longer than its target for the rate of turn",
        "description": alert.means,
        "runbook_url": "docs/runbooks/TtvDecisionOverdue.md",
        "ttv_url": "http://127.0.0.1:8080/initiatives/A",
        "dashboard_url": "http://127.0.0.1:3000/d/ttv-initiative?var-initiative=A",
    }
    expected = {"exp_labels": {"severity": "warning", **labels}, "exp_annotations": annotations}
    test = {"eval_time": "130m", "alertname": alert.name, "exp_alerts": [expected]}
    tried(alert.name, [{**given(WAITING), "alert_rule_test": [test]}])


def test_a_share_of_a_stage_is_of_all_stages(tried):
    labels = {"of": "realised", "window": "365d"}
    spent = [
        of("ttv_stage_spent_seconds", seconds, stage=name, **labels, instance=instance)
        for name, seconds in (("deciding", 30), ("building", 10))
        for instance in "ab"
    ]
    told = [
        {"labels": f'ttv:stage_share:ratio{{of="realised",stage="{name}",window="365d"}}', "value": share}
        for name, share in (("building", 0.25), ("deciding", 0.75))
    ]
    test = {"expr": "ttv:stage_share:ratio", "eval_time": "5m", "exp_samples": told}
    tried("ttv:stage_share:ratio", [{**given(spent), "promql_expr_test": [test]}])


def test_the_rules_have_no_fault_that_promtool_knows(root, promtool):
    found = promtool("check", "rules", "--lint=all", "--lint-fatal", str(root / RULES))
    assert found.returncode == 0, found.stdout + found.stderr
    assert f"{len(ALERTS) + len(RECORDINGS)} rules found" in found.stdout


def test_the_alerts_lead_where_they_are_told_to():
    told = ("https://wiki.example/ttv", "https://ttv.example", "https://grafana.example")
    for written in (prometheus(*told), grafana(*told)):
        rules = [rule for group in written["groups"] for rule in group["rules"] if "annotations" in rule]
        assert len(rules) == len(ALERTS)
        for rule in rules:
            addresses = [rule["annotations"][name] for name in ("runbook_url", "ttv_url", "dashboard_url")]
            assert [one.startswith(f"{place}/") for one, place in zip(addresses, told, strict=True)] == [True] * 3


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert.name)
def test_every_alert_has_a_runbook_and_a_dashboard(root, alert):
    page = (root / f"docs/runbooks/{alert.name}.md").read_text()
    for part in ("What it means", "How to look closer", "What to do", "When to be silent"):
        assert re.search(rf"^## {part}\n\n\S.{{15,}}", page, re.MULTILINE)
    assert (root / f"dashboards/grafana/{alert.dashboard.partition('?')[0]}.json").exists()


def test_no_page_is_left_of_an_alert_that_is_no_more(root):
    assert {page.stem for page in (root / "docs/runbooks").glob("*.md")} == {alert.name for alert in ALERTS}
