"""The dashboards: what is committed is what the code says, valid for Grafana, and asks only for metrics that exist."""

import json
import re

import pytest
from jsonschema import Draft7Validator

from dashboards.__main__ import BOARDS, files, queries
from ttv.publish.catalogue import CATALOGUE

ADDED = {"le", "initiative", "job", "instance"}
OWN = {metric.name: set(metric.labels) for metric in CATALOGUE}
SUFFIX = {"histogram": ("_bucket", "_sum", "_count"), "gaugehistogram": ("_bucket", "_gsum", "_gcount")}
NAMES = OWN | {
    metric.name + end: set(metric.labels) | {"le"} for metric in CATALOGUE for end in SUFFIX.get(metric.type, ())
}
PANELS = [(board.uid, panel) for board in BOARDS for row in board.rows for panel in row.panels]


def committed(root, uid):
    return json.loads((root / f"dashboards/grafana/{uid}.json").read_text())


def schema(data, name):
    """Read one of Grafana's schemas; what may be anything is an object there, and any text or number in dashboards."""
    found = json.loads((data / f"grafana/{name}.jsonschema.json").read_text())
    for definition, of in (("MatcherConfig", "options"), ("DynamicConfigValue", "value")):
        assert found["definitions"][definition]["properties"][of]["type"] == "object"
        found["definitions"][definition]["properties"][of] = {}
    return Draft7Validator(found)


def test_what_is_committed_is_what_the_code_writes(root):
    for name, text in files().items():
        assert (root / name).read_text() == text, f"{name}: run python -m dashboards"


@pytest.mark.parametrize("board", BOARDS, ids=lambda board: board.uid)
def test_a_dashboard_is_valid_by_grafana_s_own_schemas(root, data, board):
    found = committed(root, board.uid)
    assert [error.message for error in schema(data, "dashboard").iter_errors(found)] == []
    for panel in found["panels"]:
        if panel["type"] == "row":
            continue
        of_kind = json.loads((data / f"grafana/{panel['type']}.jsonschema.json").read_text())
        for part, name in (
            (panel.get("options", {}), "Options"),
            (panel["fieldConfig"]["defaults"].get("custom"), "FieldConfig"),
        ):
            if part is not None and name in of_kind["definitions"]:
                whole = Draft7Validator({"$ref": f"#/definitions/{name}", "definitions": of_kind["definitions"]})
                assert [error.message for error in whole.iter_errors(part)] == [], panel["title"]


@pytest.mark.parametrize("board", BOARDS, ids=lambda board: board.uid)
def test_every_panel_can_be_found_and_asked(root, board):
    found = committed(root, board.uid)
    panels = found["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    assert "id" not in found or found["id"] is None
    for panel in panels:
        if panel["type"] == "row":
            continue
        assert panel["datasource"]["uid"] == "${datasource}"
        letters = [target["refId"] for target in panel["targets"]]
        assert letters == list("ABCDEFGH"[: len(letters)])
        assert all(target["datasource"]["uid"] == "${datasource}" for target in panel["targets"])


@pytest.mark.parametrize("board", BOARDS, ids=lambda board: board.uid)
def test_panels_lie_in_the_grid_and_on_no_other(root, board):
    taken = set()
    for panel in committed(root, board.uid)["panels"]:
        at = panel["gridPos"]
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert at["x"] + at["w"] <= 24
        assert not cells & taken, panel["title"]
        taken |= cells


@pytest.mark.parametrize(("uid", "panel"), PANELS, ids=lambda value: getattr(value, "title", value))
def test_a_panel_says_what_it_means_and_what_stands_there_without_data(uid, panel):
    assert len(panel.why) > 30
    assert panel.none != "0"


def test_every_metric_and_label_that_is_asked_for_is_in_the_catalogue():
    asked = 0
    for board, panel, query in queries():
        for name, selected in re.findall(r"(ttv_[a-z_]+)(?:\{([^}]*)\})?", query.expr):
            assert name in NAMES, f"{board.uid}, {panel.title}: {name}"
            labels = set(re.findall(r"([a-z_]+)(?:=~|!~|!=|=)", selected))
            assert labels <= NAMES[name], f"{board.uid}, {panel.title}: {name} has no {labels - NAMES[name]}"
            asked += 1
    assert asked > len(PANELS)


def test_nothing_takes_a_rate_of_what_a_correction_can_lower():
    counters = {metric.name for metric in CATALOGUE if metric.type in {"counter", "histogram"}}
    for _, _, query in queries():
        for name in re.findall(r"(?:rate|increase)\((ttv_[a-z_]+?)(?:_bucket)?[{[]", query.expr):
            assert name in counters, query.expr


def test_every_metric_is_on_a_dashboard_or_said_not_to_be():
    shown = {name for *_, query in queries() for name in re.findall(r"ttv_[a-z_]+", query.expr)}
    not_shown = {
        "ttv_build_info": "the version is no question of a dashboard",
        "ttv_time_to_value_completed_initiatives": "the distribution counts the same by team",
        "ttv_rate_of_turn_completed_initiatives": "the distribution counts the same by team",
        "ttv_rate_of_turn_median_bound_seconds": "two directions with two bands would hide each other",
        "ttv_rate_of_turn_outcome_ratio": "counts of decided and waiting say it",
        "ttv_time_to_value_distribution_seconds": "for histogram_quantile by whoever wants another cut",
        "ttv_stage_initiatives": "for the alert on what is stuck",
        "ttv_loop_observed": "how many the loops rest on: the API has it",
        "ttv_coverage_observed": "how many coverage rests on: the API has it",
        "ttv_events": "how large the log is answers no question here",
        "ttv_source_last_attempt_timestamp_seconds": "the last success says more",
        "ttv_source_last_webhook_timestamp_seconds": "the counts of webhooks say more",
        "ttv_exporter_read_duration_seconds": "part of how long answers take",
    }
    families = {
        name
        for name in OWN
        if any(
            one == name or one.removesuffix(end) == name
            for one in shown
            for end in ("_bucket", "_gcount", "_gsum", "_sum", "_count")
        )
    }
    assert set(OWN) - families == set(not_shown)
