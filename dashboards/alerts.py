"""The alerts: one description, from which Prometheus' rules, Grafana's and the runbooks are written.

An alert says what is wrong for people, and its runbook what it means, how to look closer, what to do and when to be
silent about it. Each expression holds however many replicas are scraped.
"""

from dataclasses import dataclass
from typing import Any

RUNBOOKS = "docs/runbooks"
"""Where the runbooks are, unless they are published elsewhere: `python -m dashboards https://wiki.example/ttv`."""
_NAMED = (
    "* on (initiative) group_left (name, team, direction)"
    " max by (initiative, name, team, direction) (ttv_initiative_info)"
)
_DECIDING, _SENSING = '{stage="deciding"}', '{stage="sensing"}'
_STAGE = "(time() - max by (initiative, stage) (ttv_initiative_stage_timestamp_seconds%s))"
_WHO = "{{ $labels.name }} ({{ $labels.initiative }}{{ with $labels.team }}, {{ . }}{{ end }})"


@dataclass(frozen=True)
class Alert:
    """One alert, and its runbook."""

    name: str
    expr: str
    lasting: str
    """For how long it must hold."""
    severity: str
    summary: str
    means: str
    look: str
    act: str
    silence: str


@dataclass(frozen=True)
class Recording:
    """A figure that Prometheus computes ahead."""

    record: str
    expr: str


RECORDINGS = (
    Recording("ttv:initiative_stage:seconds", f"{_STAGE % ''} {_NAMED}"),
    Recording(
        "ttv:stage_share:ratio",
        "max by (stage, of, window) (ttv_stage_spent_seconds)"
        " / on (of, window) group_left () sum by (of, window) (max by (stage, of, window) (ttv_stage_spent_seconds))",
    ),
    Recording(
        "ttv:open_initiatives:count",
        'sum by (state) (max by (state, team, direction) (ttv_initiatives{state!~"realised|stopped|no_idea"}))',
    ),
)


def _median(figure: str) -> str:
    return (
        f'max by (direction, window) (ttv_{figure}_seconds{{method="all",quantile="0.5"}})'
        f' > on () group_left () max (ttv_target_seconds{{figure="{figure}"}})'
    )


def _status(status: str) -> str:
    return (
        f'max by (initiative) (ttv_initiative_target_status{{figure="time_to_value",status="{status}"}}) {_NAMED}'
        " and on (initiative) ttv_initiative_stage_timestamp_seconds"
    )


OF_INITIATIVES = (
    Alert(
        "TtvDecisionOverdue",
        f"({_STAGE % _DECIDING} > on (initiative) group_left ()"
        f' max by (initiative) (ttv_initiative_target_seconds{{figure="rate_of_turn"}})) {_NAMED}',
        "1h",
        "warning",
        f"{_WHO} has been undecided for {{{{ $value | humanizeDuration }}}}, longer than its target for the rate of turn",
        "Somebody had an idea, and nobody has said yes or no for longer than the target allows.",
        "Open the initiative in ttv: the events tied to it show what was said. If a decision was made and is not there, its event is not tied or the mapping of the source misses it: `GET /api/v1/initiatives/KEY/diagnosis` says which.",
        "Ask whoever may decide for a yes or a no. Record one that was made outside the tools: `POST /api/v1/events` with kind decision, `by` and `why`.",
        "If it was deferred on purpose, until the day it was deferred to.",
    ),
    Alert(
        "TtvInitiativeStuck",
        f"({_STAGE % ''} > on (stage) group_left () 3 * max by (stage)"
        ' (ttv_stage_spent_seconds{of="realised"} / (ttv_stage_initiatives{of="realised"} >= 10)))'
        f" {_NAMED}",
        "1h",
        "info",
        f"{_WHO} has been {{{{ $labels.stage }}}} for {{{{ $value | humanizeDuration }}}}, three times as long as usual",
        "It has been in one stage for more than three times what initiatives that reached value spent there on average; with fewer than ten of those nothing is said.",
        "The Flow dashboard lists what waits longest for what.",
        "Ask what it waits for; make it smaller, decide to stop it, or clear what is in its way.",
        "If it is known to be large and on its way.",
    ),
    Alert(
        "TtvNoCustomerHeard",
        f"({_STAGE % _SENSING} > 30 * 86400) {_NAMED}",
        "1h",
        "warning",
        f"{_WHO} shipped {{{{ $value | humanizeDuration }}}} ago, and no customer has been heard",
        "It is in production, and no feedback of a customer is tied to it. Until then nobody knows whether it is of value.",
        "`GET /api/v1/initiatives/KEY/diagnosis` tells how much feedback was seen and why none counts; `GET /api/v1/orphans` lists feedback that is tied to nothing.",
        "Ask a customer. If there was feedback, name the initiative or its issue in the ticket, or claim what it is about.",
        "If nobody outside can use it yet: then it has not shipped, and the deploy's environment is mapped wrongly.",
    ),
    Alert(
        "TtvForecastMissesTarget",
        _status("at_risk"),
        "6h",
        "info",
        f"{_WHO} is more likely than not to miss its target for time to value",
        "Of the initiatives that once stood where it stands, fewer than half had value in the time that is left to it.",
        "The Initiative dashboard shows its chances within 30, 60 and 90 days; its page in ttv, how many forerunners that rests on.",
        "Do less of it, or sooner: what is the smallest thing that a customer could answer?",
        "If the target was not meant seriously: change it.",
    ),
    Alert(
        "TtvTargetMissed",
        _status("missed"),
        "1h",
        "warning",
        f"{_WHO} is past its target for time to value and still open",
        "The time that it should have taken from the idea to a customer's answer is over.",
        "Its page in ttv shows in which stage the time went.",
        "Decide again: finish the smallest part of it, or stop it.",
        "Once it was decided to go on; the figures keep it.",
    ),
)
OF_FIGURES = (
    Alert(
        "TtvRateOfTurnSlow",
        _median("rate_of_turn"),
        "1h",
        "warning",
        "Half of the ideas that come {{ $labels.direction }} take {{ $value | humanizeDuration }} or more to be decided, longer than the target",
        "The rolling median, with what is undecided counted as waiting, is past the default target of the configuration.",
        "The Rate of turn dashboard: is it all, or a few that wait for very long? Which team, which direction?",
        "Find who has to agree, and let fewer have to.",
        "Not for long: the window is a year by default, so it takes months to come down. Alert on single ones meanwhile.",
    ),
    Alert(
        "TtvTimeToValueSlow",
        _median("time_to_value"),
        "1h",
        "warning",
        "Half of the ideas ({{ $labels.direction }}) take {{ $value | humanizeDuration }} or more to reach a customer's answer, longer than the target",
        "The rolling median, with what is open counted as waiting, is past the default target of the configuration.",
        "The Leadership dashboard shows where the time goes.",
        "Shorten the longest stage first.",
        "As for the rate of turn.",
    ),
    Alert(
        "TtvCoverageDrops",
        '(max by (of, window) (ttv_coverage_ratio{of!="early"} offset 1d) - max by (of, window) (ttv_coverage_ratio{of!="early"})) > 0.1',
        "30m",
        "warning",
        "The figures rest on {{ $value | humanizePercentage }} less of {{ $labels.of }} than a day ago",
        "A smaller part of what happens can be tied to initiatives, or fewer decisions are on record: the figures lose their ground.",
        "The Service dashboard shows which part; `ttv doctor` whether the mapping still fits the tool.",
        "Look for a renamed status, label, project or repository, and change the mapping; `ttv plan` shows what that changes.",
        "If the work itself changed: a new team whose deploys nothing claims yet.",
    ),
)
OF_SERVICE = (
    Alert(
        "TtvSourceFailing",
        "max by (source) (ttv_source_up) == 0",
        "30m",
        "warning",
        "{{ $labels.source }} cannot be read",
        "The last looks at the source failed. The figures go on with what was read before.",
        "`GET /api/v1/sources` or `ttv doctor` tells the state, the reason and the remedy.",
        "Do what the remedy says: most often a token that has expired.",
        "During a maintenance of the tool.",
    ),
    Alert(
        "TtvSourceStale",
        "(time() - max by (source) (ttv_source_last_success_timestamp_seconds))"
        " > on (source) 3 * max by (source) (ttv_source_interval_seconds)",
        "10m",
        "warning",
        "{{ $labels.source }} was last read {{ $value | humanizeDuration }} ago",
        "Nothing was read for three of its intervals: what happened since is not in the figures, and everything looks slower or quieter than it is.",
        "Is a look under way that takes long (`ttv_scheduler_skipped_total` grows), does it fail, or does nothing look at all?",
        "If it is throttled, look less often with `every`. If nothing looks, start `ttv serve`.",
        "During the first look at a source, which reads all of its past.",
    ),
    Alert(
        "TtvSourceNeverRead",
        "max by (source) (ttv_source_interval_seconds) unless on (source) ttv_source_last_success_timestamp_seconds",
        "6h",
        "warning",
        "{{ $labels.source }} is configured and has never been read to the end",
        "The source has been there for hours, and no look has come to its end.",
        "`ttv doctor` asks it; the log of `ttv serve` says how far a first look is.",
        "Wait if it reads its past; else do what doctor says.",
        "During a first look at a large source.",
    ),
    Alert(
        "TtvQuarantineGrows",
        "(max by (source) (ttv_quarantined_records) - (max by (source) (ttv_quarantined_records offset 1h) or 0 * max by (source) (ttv_quarantined_records))) > 0",
        "0s",
        "warning",
        "{{ $value }} records of {{ $labels.source }} could not be read within an hour",
        "Records came that do not have the shape that was promised. They are kept, and are not in the figures.",
        "`GET /api/v1/quarantine` has each with its reason and its raw text.",
        "Most often the tool's API changed, or an event has no offset in its time. Mend what sends it, or upgrade ttv.",
        "Never: the number stays until they are read.",
    ),
    Alert(
        "TtvMetricsBroken",
        "sum by (part) (increase(ttv_exporter_errors_total[15m])) > 0",
        "0s",
        "critical",
        "The part {{ $labels.part }} of /metrics could not be made",
        "A part of the metrics is missing, so alerts that rest on it are silent.",
        "The log of ttv has the error of the database.",
        "Is the database up, and its schema the program's? `GET /readyz` says.",
        "Never.",
    ),
    Alert(
        "TtvFiguresStale",
        "time() - max (ttv_figures_timestamp_seconds) > 1800",
        "5m",
        "critical",
        "The figures are of {{ $value | humanizeDuration }} ago",
        "The figures that move with the clock were not made anew for half an hour.",
        "The log of ttv; `ttv_exporter_errors_total`; the clocks of the machines.",
        "Restart ttv if it hangs, and report it.",
        "Never.",
    ),
    Alert(
        "TtvDown",
        "absent(ttv_build_info)",
        "5m",
        "critical",
        "Prometheus sees no ttv",
        "Nothing is scraped, so no other alert can come.",
        "Prometheus' targets page says why: address, token, or ttv is down.",
        "Start it; give Prometheus the token.",
        "During an upgrade.",
    ),
)
GROUPS = {"ttv-initiatives": OF_INITIATIVES, "ttv-figures": OF_FIGURES, "ttv-service": OF_SERVICE}
ALERTS = tuple(alert for group in GROUPS.values() for alert in group)


def prometheus(runbooks: str = RUNBOOKS) -> dict[str, Any]:
    """Return the rules as Prometheus reads them."""
    recorded = {"name": "ttv-recordings", "rules": [{"record": one.record, "expr": one.expr} for one in RECORDINGS]}
    alerting = [{"name": name, "rules": [_rule(alert, runbooks) for alert in group]} for name, group in GROUPS.items()]
    return {"groups": [recorded, *alerting]}


def _rule(alert: Alert, runbooks: str) -> dict[str, Any]:
    return {
        "alert": alert.name,
        "expr": alert.expr,
        "for": alert.lasting,
        "labels": {"severity": alert.severity},
        "annotations": _annotations(alert, runbooks),
    }


def _annotations(alert: Alert, runbooks: str) -> dict[str, str]:
    return {"summary": alert.summary, "description": alert.means, "runbook_url": f"{runbooks}/{alert.name}.md"}


def grafana(runbooks: str = RUNBOOKS) -> dict[str, Any]:
    """Return the same alerts as Grafana's provisioning reads them."""
    groups = [
        {
            "orgId": 1,
            "name": name,
            "folder": "ttv",
            "interval": "1m",
            "rules": [_managed(alert, runbooks) for alert in group],
        }
        for name, group in GROUPS.items()
    ]
    return {"apiVersion": 1, "groups": groups}


def _managed(alert: Alert, runbooks: str) -> dict[str, Any]:
    """Describe an alert that Grafana evaluates: the question has an answer only when something is wrong."""
    asked = {
        "refId": "A",
        "expr": alert.expr,
        "instant": True,
        "datasource": {"type": "prometheus", "uid": "ttv-prometheus"},
    }
    there = {
        "refId": "C",
        "type": "threshold",
        "expression": "A",
        "datasource": {"type": "__expr__", "uid": "__expr__"},
        "conditions": [{"evaluator": {"type": "gt", "params": [-1]}}],
    }
    return {
        "uid": "".join(f"-{letter.lower()}" if letter.isupper() else letter for letter in alert.name).strip("-"),
        "title": alert.name,
        "condition": "C",
        "for": alert.lasting,
        "noDataState": "OK",
        "execErrState": "Error",
        "labels": {"severity": alert.severity},
        "annotations": _annotations(alert, runbooks),
        "data": [
            {
                "refId": "A",
                "relativeTimeRange": {"from": 600, "to": 0},
                "datasourceUid": "ttv-prometheus",
                "model": asked,
            },
            {"refId": "C", "relativeTimeRange": {"from": 600, "to": 0}, "datasourceUid": "__expr__", "model": there},
        ],
    }


def runbook(alert: Alert) -> str:
    """Write the page that an alert leads to."""
    parts = {
        "What it means": alert.means,
        "How to look closer": alert.look,
        "What to do": alert.act,
        "When to be silent": alert.silence,
        "The rule": f"```promql\n{alert.expr}\n```\n\nIt must hold for {alert.lasting}; severity {alert.severity}.",
    }
    return f"# {alert.name}\n\n" + "\n\n".join(f"## {title}\n\n{text}" for title, text in parts.items()) + "\n"
