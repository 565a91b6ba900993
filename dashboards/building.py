"""Builds Grafana's JSON of what a dashboard is described as, with Grafana's own SDK.

Takes a `Board` and the address of ttv. Which colour a value has is asked of Prometheus (one question for what is past the
target, one for the rest) and set per question: a threshold that comes from a query looks different from version to
version of Grafana, see https://github.com/grafana/grafana/pull/96781 and /issues/122379.
"""

from collections.abc import Iterator
from string import ascii_uppercase
from typing import Any

from grafana_foundation_sdk.builders import bargauge, common, dashboard, prometheus, stat, table, timeseries
from grafana_foundation_sdk.models.common import (
    BarGaugeDisplayMode,
    BigValueColorMode,
    BigValueGraphMode,
    BigValueTextMode,
    GraphDrawStyle,
    LegendDisplayMode,
    LegendPlacement,
    VizOrientation,
)
from grafana_foundation_sdk.models.dashboard import (
    DashboardCursorSync,
    DashboardLinkType,
    DataTransformerConfig,
    DynamicConfigValue,
    FieldColorModeId,
    Threshold,
    ThresholdsMode,
    ValueMap,
    ValueMappingResult,
)
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

from dashboards.parts import DAYS, SOURCE, VALUE, WORDS, Board, Panel, Query

TAG = "ttv"
_COLOURS = {"stat": "text", "bars": "blue", "table": "text"}
_DIRECTION = "{{direction}}"
_HUES = {"top_down": "blue", "bottom_up": "purple", "unknown": "yellow"}
"""Of lines; green and red say how something stands to its target."""
_BAR = 48
"""Pixels of a bar's height at most."""
_BAND = "95 %"
"""What the legends of an interval begin with; it is drawn from the one that ends with `from` to the one with `to`."""


def built(board: Board, ttv: str) -> Any:
    """Build a dashboard that leads to the address of ttv."""
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
        .links([_to_dashboards(), *(_to(title, url) for title, url in board.links.items())])
        .with_variable(dashboard.DatasourceVariable("datasource").label("Prometheus").type("prometheus"))
        .with_variable(dashboard.TextBoxVariable("ttv").label("Address of ttv").default_value(ttv))
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


def lettered(panel: Panel) -> Iterator[tuple[str, Query]]:
    """Give each question of a panel its letter."""
    return zip(ascii_uppercase, panel.queries, strict=False)


def _to_dashboards() -> dashboard.DashboardLink:
    link = dashboard.DashboardLink("ttv").type(DashboardLinkType.DASHBOARDS).tags([TAG])
    return link.include_vars(True).keep_time(True)


def _to(title: str, url: str) -> dashboard.DashboardLink:
    link = dashboard.DashboardLink(title).type(DashboardLinkType.LINK).icon("external link")
    return link.url(url).target_blank(True)


def _panel(panel: Panel) -> Any:
    make = {"stat": _stat, "line": _line, "bars": _bars, "table": _table}[panel.kind]
    made = (
        make(panel)
        .title(panel.title)
        .description(panel.why)
        .datasource(SOURCE)
        .no_value(panel.none)
        .span(panel.width)
        .height(panel.height)
        .thresholds(_steps(panel))
    )
    if panel.kind == "table":
        made = made.override_by_name(panel.names.get(VALUE, VALUE), _unit(panel))
    else:
        made = made.unit(panel.unit)
        made = made.decimals(1) if panel.unit == DAYS and panel.kind != "line" else made
    if panel.most is not None:
        made = made.max(panel.most)
    if panel.kind in _COLOURS and not panel.steps:
        made = made.color_scheme(_fixed(_COLOURS[panel.kind]))
    if panel.mapped:
        made = made.mappings([ValueMap({value: ValueMappingResult(text) for value, text in panel.mapped.items()})])
    for letter, query in lettered(panel):
        made = made.with_target(_target(panel, letter, query))
        if style := list(_style(query)):
            made = made.override_by_query(letter, style)
    for name, spoken in _spoken(panel):
        made = made.override_by_name(name, spoken)
    return made


def _target(panel: Panel, letter: str, query: Query) -> prometheus.Dataquery:
    asked = prometheus.Dataquery().expr(query.expr).ref_id(letter).datasource(SOURCE).legend_format(query.legend)
    if panel.kind == "line":
        return asked.range()
    return asked.instant().format(PromQueryFormat.TABLE if panel.kind == "table" else PromQueryFormat.TIME_SERIES)


def _steps(panel: Panel) -> dashboard.ThresholdsConfig:
    steps = [Threshold(value, colour) for value, colour in panel.steps or ((None, "text"),)]
    return dashboard.ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE).steps(steps)


def _unit(panel: Panel) -> list[DynamicConfigValue]:
    """Set the unit of a table's values alone: a key that is a number, or a word beside instants, is none of them."""
    decimals = [DynamicConfigValue("decimals", 1)] if panel.unit == DAYS else []
    return [DynamicConfigValue("unit", panel.unit), *decimals]


def _fixed(colour: str) -> dashboard.FieldColor:
    return dashboard.FieldColor().mode(FieldColorModeId.FIXED).fixed_color(colour)


def _style(query: Query) -> Iterator[DynamicConfigValue]:
    if query.colour:
        yield _coloured(query.colour)
    if query.unit:
        yield DynamicConfigValue("unit", query.unit)
    if query.dashed:
        yield DynamicConfigValue("custom.lineStyle", {"fill": "dash", "dash": [8, 8]})
    if query.legend.startswith(_BAND):
        yield DynamicConfigValue("custom.lineWidth", 0)
        if query.legend.endswith("to"):
            yield DynamicConfigValue("custom.fillBelowTo", query.legend.removesuffix("to") + "from")
            yield DynamicConfigValue("custom.fillOpacity", 15)


def _spoken(panel: Panel) -> Iterator[tuple[str, list[DynamicConfigValue]]]:
    """Yield the names that answers have by values of labels, with what people read instead, and the hue of their line."""
    for legend in dict.fromkeys(query.legend for query in panel.queries if _DIRECTION in query.legend):
        for direction, hue in _HUES.items():
            name, spoken = (legend.replace(_DIRECTION, one) for one in (direction, WORDS.get(direction, direction)))
            colour = [_coloured(hue)] if panel.kind == "line" else []
            if colour or name != spoken:
                yield name, [DynamicConfigValue("displayName", spoken), *colour]


def _coloured(colour: str) -> DynamicConfigValue:
    return DynamicConfigValue("color", {"mode": "fixed", "fixedColor": colour})


def _stat(panel: Panel) -> stat.Panel:
    """Build a stat; where it may answer more than one thing, each value has its name, also when there is but one."""
    calcs = common.ReduceDataOptions().calcs(["lastNotNull"]).values(False)
    legends = {query.legend for query in panel.queries}
    one = len(legends) == 1 and "{{" not in legends.pop()
    made = stat.Panel().color_mode(BigValueColorMode.VALUE).graph_mode(BigValueGraphMode.NONE)
    made = made.text_mode(BigValueTextMode.VALUE if one else BigValueTextMode.VALUE_AND_NAME)
    return made.orientation(VizOrientation.HORIZONTAL).reduce_options(calcs)


def _line(panel: Panel) -> timeseries.Panel:
    legend = (
        common.VizLegendOptions()
        .show_legend(True)
        .display_mode(LegendDisplayMode.LIST)
        .placement(LegendPlacement.BOTTOM)
    )
    made = timeseries.Panel().legend(legend).min(0).line_width(2).fill_opacity(20 if panel.stacked else 0)
    made = made.draw_style(GraphDrawStyle.LINE).span_nulls(False)
    return made.stacking(common.StackingConfig().mode("normal").group("A")) if panel.stacked else made


def _bars(_panel: Panel) -> bargauge.Panel:
    calcs = common.ReduceDataOptions().calcs(["lastNotNull"]).values(False)
    made = bargauge.Panel().orientation(VizOrientation.HORIZONTAL).display_mode(BarGaugeDisplayMode.BASIC)
    return made.min(0).max_viz_height(_BAR).reduce_options(calcs)


def _table(panel: Panel) -> table.Panel:
    options = {
        "indexByName": {name: place for place, name in enumerate(panel.names)},
        "renameByName": dict(panel.names),
        "excludeByName": dict.fromkeys({"Time", VALUE} - set(panel.names), True),
        "includeByName": dict.fromkeys(panel.names, True),
    }
    made = table.Panel().with_transformation(DataTransformerConfig("organize", options=options))
    for column, (title, url) in panel.links.items():
        link = {"title": title, "url": url}
        made = made.override_by_name(panel.names[column], [DynamicConfigValue("links", [link])])
    return made
