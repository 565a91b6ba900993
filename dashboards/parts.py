"""What dashboards are made of: a panel as it is described here, and how Grafana's own SDK builds it.

A panel says what it shows, what it means and what to do about it, and asks in PromQL. Where the demo has no data for a
question, `absent` says why that is right.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from grafana_foundation_sdk.builders import bargauge, common, dashboard, prometheus, stat, table, timeseries
from grafana_foundation_sdk.models.common import (
    BigValueColorMode,
    GraphDrawStyle,
    LegendDisplayMode,
    LegendPlacement,
    VizOrientation,
)
from grafana_foundation_sdk.models.dashboard import (
    DashboardCursorSync,
    DashboardLinkType,
    DataSourceRef,
    DataTransformerConfig,
    DynamicConfigValue,
    Threshold,
    ThresholdsMode,
    VariableRefresh,
    VariableSort,
)
from grafana_foundation_sdk.models.dashboard import DashboardLink as Link
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

SOURCE = DataSourceRef(type_val="prometheus", uid="${datasource}")
TAG = "ttv"
WHO = 'team=~"$team",direction=~"$direction"'
"""The selection of initiatives."""
SPAN = 'window="$window"'
NAMED = f"* on (initiative) group_left (name, team, direction) max by (initiative, name, team, direction) (ttv_initiative_info{{{WHO}}})"
"""Joins what an initiative is, however many replicas say so."""
LATELY = "[1d]"
"""Figures that were written by `ttv history` are a day apart; a trend looks back so far for the last."""
TO_INITIATIVE = (
    "/d/ttv-initiative?${datasource:queryparam}&${ttv:queryparam}&var-initiative=${__data.fields.initiative}"
)

Kind = Literal["stat", "line", "bars", "table"]


@dataclass(frozen=True)
class Query:
    """A question to Prometheus, and what its answer is called."""

    expr: str
    legend: str = ""
    absent: str | None = None
    """Why an organisation in which all is well has no data for it."""


@dataclass(frozen=True)
class Panel:
    """One panel: what it shows, what that means, and what to do."""

    kind: Kind
    title: str
    why: str
    queries: Sequence[Query]
    width: int = 6
    height: int = 8
    unit: str = "s"
    none: str = "nothing is known of it yet"
    """What stands there if there is no data."""
    steps: Sequence[tuple[float | None, str]] = ((None, "text"),)
    """From which value on which colour."""
    target: str | None = None
    """The legend of the query that is a target: a dashed line, or the threshold of a stat."""
    names: dict[str, str] = field(default_factory=dict)
    """Of a table: the columns that are shown, in order, and what they are called; `Value` is the value."""
    stacked: bool = False


@dataclass(frozen=True)
class Row:
    """A heading, and the panels below it."""

    title: str
    panels: Sequence[Panel]


@dataclass(frozen=True)
class Board:
    """A dashboard."""

    uid: str
    title: str
    why: str
    rows: Sequence[Row]
    variables: Sequence[dashboard.QueryVariable] = ()
    begin: str = "now-1y"


def choice(name: str, metric: str, *, several: bool = True, label: str = "") -> dashboard.QueryVariable:
    """Make a variable of the values of a label."""
    made = (
        dashboard.QueryVariable(name)
        .label(label or name.capitalize())
        .datasource(SOURCE)
        .query(f"label_values({metric}, {name})")
        .refresh(VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(VariableSort.ALPHABETICAL_ASC)
    )
    return made.multi(True).include_all(True).all_value(".*") if several else made


def built(board: Board) -> Any:
    """Build a dashboard with Grafana's SDK."""
    made = (
        dashboard.Dashboard(board.title)
        .uid(board.uid)
        .description(board.why)
        .tags([TAG])
        .timezone("utc")
        .time(board.begin, "now")
        .refresh("5m")
        .editable()
        .tooltip(DashboardCursorSync.CROSSHAIR)
        .links([_links()])
        .with_variable(dashboard.DatasourceVariable("datasource").label("Prometheus").type("prometheus"))
        .with_variable(dashboard.TextBoxVariable("ttv").label("Address of ttv").default_value("http://localhost:8080"))
    )
    for variable in board.variables:
        made = made.with_variable(variable)
    number = 0
    for row in board.rows:
        number += 1
        made = made.with_row(dashboard.Row(row.title).id(number))
        for panel in row.panels:
            number += 1
            made = made.with_panel(_panel(panel).id(number))
    return made.build()


def _links() -> Any:
    link = Link("ttv", DashboardLinkType.DASHBOARDS, "external link", "", tags=[TAG], include_vars=True, keep_time=True)
    return dashboard.DashboardLink(link.title).type(link.type_val).tags([TAG]).include_vars(True).keep_time(True)


def _panel(panel: Panel) -> Any:
    make = {"stat": _stat, "line": _line, "bars": _bars, "table": _table}[panel.kind]
    made = (
        make(panel)
        .title(panel.title)
        .description(panel.why)
        .datasource(SOURCE)
        .unit(panel.unit)
        .no_value(panel.none)
        .span(panel.width)
        .height(panel.height)
        .thresholds(_steps(panel))
    )
    for letter, query in zip("ABCDEFGH", panel.queries, strict=False):
        made = made.with_target(_target(panel, letter, query))
    return made


def _target(panel: Panel, letter: str, query: Query) -> prometheus.Dataquery:
    asked = prometheus.Dataquery().expr(query.expr).ref_id(letter).datasource(SOURCE).legend_format(query.legend)
    if panel.kind == "line":
        return asked.range()
    return asked.instant().format(PromQueryFormat.TABLE if panel.kind == "table" else PromQueryFormat.TIME_SERIES)


def _steps(panel: Panel) -> Any:
    steps = [Threshold(value, colour) for value, colour in panel.steps]
    return dashboard.ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE).steps(steps)


def _stat(panel: Panel) -> stat.Panel:
    made = (
        stat.Panel()
        .color_mode(BigValueColorMode.VALUE)
        .reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]).values(False))
    )
    if panel.target:
        options = {
            "configRefId": "ABCDEFGH"[[query.legend for query in panel.queries].index(panel.target)],
            "mappings": [{"fieldName": panel.target, "handlerKey": "threshold1"}],
        }
        made = made.with_transformation(DataTransformerConfig("configFromData", options=options))
    return made


def _line(panel: Panel) -> timeseries.Panel:
    legend = (
        common.VizLegendOptions()
        .show_legend(True)
        .display_mode(LegendDisplayMode.LIST)
        .placement(LegendPlacement.BOTTOM)
    )
    made = timeseries.Panel().legend(legend).min(0).line_width(2).fill_opacity(20 if panel.stacked else 0)
    made = made.draw_style(GraphDrawStyle.LINE).span_nulls(False)
    if panel.stacked:
        made = made.stacking(common.StackingConfig().mode("normal").group("A"))
    if panel.target:
        dashed = {"fill": "dash", "dash": [8, 8]}
        style = [DynamicConfigValue("custom.lineStyle", dashed), DynamicConfigValue("color", _fixed("red"))]
        made = made.override_by_name(panel.target, style)
    for query in panel.queries:
        if query.legend.startswith("95 %"):
            thin = [DynamicConfigValue("custom.lineWidth", 0), DynamicConfigValue("color", _fixed("blue"))]
            if query.legend.endswith("to"):
                thin += [
                    DynamicConfigValue("custom.fillBelowTo", query.legend.removesuffix("to") + "from"),
                    DynamicConfigValue("custom.fillOpacity", 15),
                ]
            made = made.override_by_name(query.legend, thin)
    return made


def _fixed(colour: str) -> dict[str, str]:
    return {"mode": "fixed", "fixedColor": colour}


def _bars(_panel: Panel) -> bargauge.Panel:
    calcs = common.ReduceDataOptions().calcs(["lastNotNull"]).values(False)
    return bargauge.Panel().orientation(VizOrientation.HORIZONTAL).min(0).reduce_options(calcs)


def _table(panel: Panel) -> table.Panel:
    order = {name: place for place, name in enumerate(panel.names)}
    hidden = dict.fromkeys(("Time", "__name__", "instance", "job", "window"), True)
    options = {
        "indexByName": order,
        "renameByName": panel.names,
        "excludeByName": {name: gone for name, gone in hidden.items() if name not in panel.names},
        "includeByName": dict.fromkeys(panel.names, True),
    }
    made = table.Panel().with_transformation(DataTransformerConfig("organize", options=options))
    if "initiative" in panel.names:
        link = {
            "title": "Show this initiative",
            "url": TO_INITIATIVE.replace("initiative}", f"{panel.names['initiative']}}}"),
        }
        made = made.override_by_name(panel.names["initiative"], [DynamicConfigValue("links", [link])])
    return made
