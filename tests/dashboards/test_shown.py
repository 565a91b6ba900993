"""What Grafana's own library makes of the committed panels: what a leader reads is what the panels are described as."""

import json
import re

import pytest
import yaml

from dashboards.__main__ import BOARDS
from dashboards.building import lettered
from dashboards.parts import VALUE
from tests.real.panels import GRAFANA

PANELS = {(board.uid, panel.title): panel for board in BOARDS for row in board.rows for panel in row.panels}
LABELS = {
    "direction": "top_down",
    "source": "jira",
    "stage": "building",
    "kind": "idea",
    "team": "Pay",
    "route": "/",
    "outcome": "4xx",
}
"""A value of each label that a legend may name."""


@pytest.fixture(scope="module")
def shown(root, grafana):
    """A function that gives what Grafana shows of one panel."""

    def shows(uid, title, *answers):
        [found], colours = grafana((committed(root, uid, title), list(answers)))
        return found, {colour: name for name, colour in colours.items()}

    return shows


def committed(root, uid, title):
    panels = json.loads((root / f"dashboards/grafana/{uid}.json").read_text())["panels"]
    [panel] = [one for one in panels if one["title"] == title and one["type"] != "row"]
    return panel


def answer(letter, value, legend="", /, **labels):
    return {"refId": letter, "labels": labels, "name": legend, "values": [[1, value]]}


def named(legend):
    return re.sub(r"\{\{(\w+)\}\}", lambda label: LABELS[label[1]], legend)


@pytest.mark.parametrize(("letter", "colour"), [("A", "green"), ("B", "red"), ("C", "text")])
def test_what_is_past_its_target_is_red(shown, letter, colour):
    [value], names = shown(
        "ttv-leadership", "Time to value: half of all ideas", answer(letter, 130.25, "half of all ideas")
    )
    assert (value["text"], names[value["colour"]]) == ("130.3 d", colour)


def test_of_two_directions_each_is_within_its_target_or_past_it(shown):
    both = answer("A", 21.0, "top_down", direction="top_down"), answer("B", 42.0, "bottom_up", direction="bottom_up")
    values, names = shown("ttv-leadership", "Rate of turn: half of all ideas", *both)
    read = [(one["name"], one["text"], names[one["colour"]]) for one in values]
    assert read == [("top down", "21.0 d", "green"), ("bottom up", "42.0 d", "red")]


def test_without_data_its_words_stand_there(shown):
    [value], _ = shown("ttv-initiative", "Time to value")
    assert value["text"] == "no customer has answered yet"


@pytest.mark.parametrize(
    ("used", "text", "colour"), [(0.5, "50%", "green"), (0.9, "90%", "orange"), (1.2, "120%", "red")]
)
def test_a_part_of_a_target_is_on_the_scale_of_the_whole(shown, used, text, colour):
    [value], names = shown("ttv-initiative", "Part of its target that is used up", answer("A", used, "time to value"))
    assert (value["text"], value["most"], names[value["colour"]]) == (text, 1, colour)


def test_a_source_is_well_or_fails(shown):
    values, names = shown("ttv-service", "Sources", answer("A", 0, "github"), answer("A", 1, "jira"))
    assert [(one["text"], names[one["colour"]]) for one in values] == [("fails", "red"), ("well", "green")]


def test_each_value_has_its_own_unit(shown):
    values, _ = shown(
        "ttv-service", "Metrics", answer("A", 90.0, "age of the figures"), answer("C", 1200, "initiatives with series")
    )
    assert [one["text"] for one in values] == ["1.50 mins", "1.20 K"]


def test_a_list_of_initiatives_leads_to_each(shown):
    labels = {"name": "Pay later", "team": "Pay", "direction": "top_down", "stage": "building"}
    columns, _ = shown("ttv-leadership", "Longest in their stage", answer("A", 12.34, initiative="12", **labels))
    assert [(column["name"], *column["cells"]) for column in columns] == [
        ("initiative", "12"),
        ("name", "Pay later"),
        ("team", "Pay"),
        ("direction", "top down"),
        ("stage", "building"),
        ("in this stage for", "12.3 d"),
    ]
    [[link]] = columns[0]["links"]
    assert link["title"] == "Show this initiative"
    assert link["href"].endswith("&var-initiative=12")
    assert [column["links"] for column in columns[1:]] == [[[]]] * 5


def test_one_initiative_leads_to_its_page_and_to_where_it_is_kept(shown):
    columns, _ = shown(
        "ttv-initiative", "What it is", answer("A", 1, initiative="A-1", url="https://jira.example/browse/A-1?x=1&y=2")
    )
    hrefs = {column["name"]: [link["href"] for row in column["links"] for link in row] for column in columns}
    assert hrefs == {
        "initiative": ["${ttv}/initiatives/A-1"],
        "url": ["https://jira.example/browse/A-1?x=1&y=2"],
    }


def test_milestones_are_words_and_instants(shown):
    columns, _ = shown("ttv-initiative", "Milestones", answer("A", 1_767_225_600_000, milestone="idea"))
    assert [column["cells"] for column in columns] == [["idea"], ["2026-01-01 00:00:00"]]


def test_an_interval_is_a_band_and_a_target_is_dashed(root):
    panel = committed(root, "ttv-leadership", "Time to value over time")
    letters = {query["legendFormat"]: query["refId"] for query in panel["targets"]}
    set_ = {
        override["matcher"]["options"]: {one["id"]: one["value"] for one in override["properties"]}
        for override in panel["fieldConfig"]["overrides"]
    }
    assert set_[letters["95 % to"]]["custom.fillBelowTo"] == "95 % from"
    assert set_[letters["target"]]["custom.lineStyle"]["fill"] == "dash"
    assert set_[letters["target"]]["color"]["fixedColor"] == "red"


def test_a_direction_has_its_own_hue_which_says_nothing_of_its_target(shown):
    lines = (answer("A", 1.0, one, direction=one) for one in ("top_down", "bottom_up", "unknown"))
    found, _ = shown("ttv-rate-of-turn", "Rate of turn over time", *lines, answer("B", 2.0, "target"))
    hues = {one["name"]: one["colour"] for one in found}
    assert hues == {"top down": "blue", "bottom up": "purple", "unknown": "yellow", "target": "red"}


def test_no_panel_shows_people_the_spelling_of_a_label(root, grafana):
    asked = {
        place: [answer(letter, 0.5, named(query.legend), **LABELS) for letter, query in lettered(panel)]
        for place, panel in PANELS.items()
        if panel.kind != "table"
    }
    found, _ = grafana(*((committed(root, *place), answers) for place, answers in asked.items()))
    for (place, answers), values in zip(asked.items(), found, strict=True):
        assert len(values) == len(answers), place
        assert not [one["name"] for one in values if "_" in one["name"] or "{{" in one["name"]], place


def test_a_table_shows_the_columns_that_it_is_described_with(root, grafana):
    tables = {place: panel for place, panel in PANELS.items() if panel.kind == "table"}
    more = {"instance": "a", "job": "ttv", "window": "365d", "__name__": "ttv_initiative_info"}
    asked = [
        (committed(root, *place), [answer("A", 1, **dict.fromkeys(set(panel.names) - {VALUE}, "x"), **more)])
        for place, panel in tables.items()
    ]
    found, _ = grafana(*asked)
    for (place, panel), columns in zip(tables.items(), found, strict=True):
        assert [column["name"] for column in columns] == list(panel.names.values()), place


def test_the_library_is_of_the_grafana_of_the_stack(root):
    image = yaml.safe_load((root / "compose.yaml").read_text())["services"]["grafana"]["image"]
    assert image == f"grafana/grafana:{GRAFANA}"
