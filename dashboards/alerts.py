"""The alerts as Prometheus, Grafana and people read them, all from the one description in `watched`.

They lead to a runbook, a page of ttv and a dashboard, at the addresses that `python -m dashboards` was given.
"""

from textwrap import fill
from typing import Any

from dashboards.watched import ALERTS, GROUPS, RECORDINGS, Alert

__all__ = ["ALERTS", "GRAFANA", "GROUPS", "RECORDINGS", "RUNBOOKS", "TTV", "Alert", "grafana", "prometheus", "runbook"]

RUNBOOKS = "docs/runbooks"
TTV = "http://127.0.0.1:8080"
GRAFANA = "http://127.0.0.1:3000"
"""Where runbooks, ttv and Grafana are, if nobody says otherwise: in this folder, and where `compose.yaml` puts them."""
_SOURCE, _EXPRESSION = (
    {"type": kind, "uid": uid} for kind, uid in (("prometheus", "ttv-prometheus"), ("__expr__",) * 2)
)
_INTERVAL_MINUTES = 1


def prometheus(runbooks: str = RUNBOOKS, ttv: str = TTV, grafana: str = GRAFANA) -> dict[str, Any]:
    """Return the rules as Prometheus reads them."""
    recorded = {"name": "ttv-recordings", "rules": [{"record": one.record, "expr": one.expr} for one in RECORDINGS]}
    alerting = [
        {"name": name, "rules": [_rule(alert, _annotations(alert, runbooks, ttv, grafana)) for alert in group]}
        for name, group in GROUPS.items()
    ]
    return {"groups": [recorded, *alerting]}


def _rule(alert: Alert, annotations: dict[str, str]) -> dict[str, Any]:
    return {
        "alert": alert.name,
        "expr": alert.expr,
        "for": alert.lasting,
        **({} if alert.kept == "0s" else {"keep_firing_for": alert.kept}),
        "labels": {"severity": alert.severity},
        "annotations": annotations,
    }


def _annotations(alert: Alert, runbooks: str, ttv: str, grafana: str) -> dict[str, str]:
    return {
        "summary": alert.summary,
        "description": alert.means,
        "runbook_url": f"{runbooks}/{alert.name}.md",
        "ttv_url": f"{ttv}/{alert.page}",
        "dashboard_url": f"{grafana}/d/{alert.dashboard}",
    }


def grafana(runbooks: str = RUNBOOKS, ttv: str = TTV, grafana: str = GRAFANA) -> dict[str, Any]:
    """Return the same alerts as Grafana's provisioning reads them."""
    groups = [
        {
            "orgId": 1,
            "name": name,
            "folder": "ttv",
            "interval": f"{_INTERVAL_MINUTES}m",
            "rules": [_managed(alert, _annotations(alert, runbooks, ttv, grafana)) for alert in group],
        }
        for name, group in GROUPS.items()
    ]
    return {"apiVersion": 1, "groups": groups}


def _managed(alert: Alert, annotations: dict[str, str]) -> dict[str, Any]:
    """Describe an alert that Grafana evaluates: the question has an answer only when something is wrong.

    Grafana's `$value` is a text about all that was asked; the number is the value of A. An answer that is missing for
    two evaluations has ended there, unless more are asked for.
    """
    asked = {"refId": "A", "expr": alert.expr, "instant": True, "range": False, "datasource": _SOURCE}
    there = {
        "refId": "C",
        "type": "threshold",
        "expression": "A",
        "datasource": _EXPRESSION,
        "conditions": [{"evaluator": {"type": "gt", "params": [-1]}}],
    }
    span = {"from": 600, "to": 0}
    kept = int(alert.kept.removesuffix("m")) if alert.kept.endswith("m") else 0
    return {
        "uid": "".join(f"-{letter.lower()}" if letter.isupper() else letter for letter in alert.name).strip("-"),
        "title": alert.name,
        "condition": "C",
        "for": alert.lasting,
        **({"keepFiringFor": alert.kept, "missing_series_evals_to_resolve": kept // _INTERVAL_MINUTES} if kept else {}),
        "noDataState": "OK",
        "execErrState": "Error",
        "labels": {"severity": alert.severity},
        "annotations": {name: text.replace("$value", "$values.A.Value") for name, text in annotations.items()},
        "data": [
            {"refId": "A", "relativeTimeRange": span, "datasourceUid": _SOURCE["uid"], "model": asked},
            {"refId": "C", "relativeTimeRange": span, "datasourceUid": _EXPRESSION["uid"], "model": there},
        ],
    }


def runbook(alert: Alert) -> str:
    """Write the page that an alert leads to."""
    goes_on = "" if alert.kept == "0s" else f" It goes on for {alert.kept} after that."
    subject = next((f" {name}=…" for name in ("initiative", "source") if f"$labels.{name}" in alert.summary), "")
    parts = {
        "What it means": _filled(alert.means),
        "How to look closer": _filled(alert.look),
        "What to do": _filled(alert.act),
        "When to be silent": f"{_filled(alert.silence)}\n\n"
        f'```sh\namtool silence add --alertmanager.url=http://127.0.0.1:9093 --duration=7d --comment="why" '
        f"alertname={alert.name}{subject}\n```",
        "The rule": f"```promql\n{alert.expr}\n```\n\n"
        f"It must hold for {alert.lasting}.{goes_on} Its severity is {alert.severity}.",
    }
    return f"# {alert.name}\n\n" + "\n\n".join(f"## {title}\n\n{text}" for title, text in parts.items()) + "\n"


def _filled(text: str) -> str:
    paragraphs = (fill(part, 120, break_long_words=False, break_on_hyphens=False) for part in text.split("\n\n"))
    return "\n\n".join(paragraphs)
