"""Draws one panel of a dashboard: a stat, lines, bars or a table, from Grafana's JSON and the answers of a Prometheus.

Of the JSON it minds what ours has: unit, thresholds, scale, value mappings, and per question or name the overrides.
"""

import textwrap
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from matplotlib import figure

_UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))
_GREY, _INK = "#6e7077", "#24292e"
_COLOURS = {
    "red": "#e02f44",
    "green": "#299c46",
    "orange": "#ff780a",
    "yellow": "#e0b400",
    "blue": "#3274d9",
    "light-blue": "#8ab8ff",
    "purple": "#8f3bb8",
    "text": _INK,
}
_PALETTE = ("#299c46", "#e0b400", "#3274d9", "#ff780a", "#a352cc", "#e02f44", "#1f9e9e", "#8f3bb8")
_LINE_INCHES = 0.21
_CHARACTER_INCHES = 0.068
"""Of the letters in tables."""
_SMALL = 0.02
"""A part below it is written with one digit more."""
_MAPPED = 10_000
"""Whole values below it may have words."""


_LEGEND: dict[str, Any] = {"frameon": False, "handlelength": 1.2, "columnspacing": 1, "labelspacing": 0.2}


class Box(NamedTuple):
    """A part of a sheet, in parts of its width and height, from the lower left corner."""

    x: float
    y: float
    width: float
    height: float


class Answer(NamedTuple):
    """One series that a question brought."""

    letter: str
    labels: Mapping[str, str]
    name: str
    points: Sequence[tuple[float, float]]


class _Look(NamedTuple):
    """How an answer is shown: its name, the overrides of its field, and the panel's defaults."""

    name: str
    set_: Mapping[str, Any]
    defaults: Mapping[str, Any]

    @property
    def unit(self) -> str:
        return str(self.set_.get("unit", self.defaults.get("unit", "short")))

    @property
    def band(self) -> bool:
        return self.set_.get("custom.lineWidth") == 0

    def said(self, value: float) -> str:
        return said(value, self.unit, _mapping(self.defaults))

    def colour(self, value: float, otherwise: str) -> str:
        """Choose as Grafana does: what is fixed, or by the thresholds."""
        fixed = self.set_.get("color", self.defaults.get("color", {})).get("fixedColor")
        if fixed:
            return _COLOURS[fixed]
        steps = self.defaults["thresholds"]["steps"]
        if len(steps) == 1:
            return otherwise
        return _COLOURS[[step["color"] for step in steps if step["value"] is None or value >= step["value"]][-1]]


def draw_panel(
    made: figure.Figure,
    box: Box,
    panel: dict[str, Any],
    answers: Sequence[Answer],
    span: tuple[float, float],
) -> None:
    """Draw a panel into a box of a sheet; the span is that of its time, in Unix time."""
    x, y, width, height = box
    high = made.get_figheight()
    frame = made.add_axes(box, facecolor="white")
    frame.set(xticks=[], yticks=[])
    for spine in frame.spines.values():
        spine.set_color("#d8d9da")
    letters = int(width * made.get_figwidth() / 0.085)
    title = textwrap.shorten(panel["title"], letters, placeholder="…")
    made.text(x + 0.005, y + height - 0.15 / high, title, fontsize=9, weight="bold", va="center")
    if not answers:
        text = "\n".join(textwrap.wrap(panel["fieldConfig"]["defaults"]["noValue"], max(12, letters)))
        frame.text(0.5, 0.45, text, ha="center", va="center", fontsize=9, color=_GREY, transform=frame.transAxes)
        return
    inner = made.add_axes((x + 0.008, y + 0.1 / high, width - 0.016, height - 0.45 / high))
    if panel["type"] == "timeseries":
        inner.remove()
        inner = made.add_axes((x + 0.034, y + 0.6 / high, width - 0.044, height - 0.95 / high))
        _lines(inner, panel, answers, span)
    else:
        {"stat": _stat, "bargauge": _bars, "table": _table}[panel["type"]](inner, panel, answers)


def said(value: float, unit: str, mapped: Mapping[str, str] | None = None) -> str:
    """Write a value with its unit, or the words that it is mapped to."""
    if value != value:  # noqa: PLR0124  not a number
        return "-"
    if mapped and abs(value) < _MAPPED and f"{value:g}" in mapped:
        return mapped[f"{value:g}"]
    kind, _, suffix = unit.partition(":")
    return _WRITTEN.get(kind, _number)(value) + (suffix and f" {suffix}")


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"  # noqa: PLR2004  the digits that fit


def _part(value: float) -> str:
    return f"{100 * value:.{1 if 0 < abs(value) < _SMALL else 0}f} %"


def _duration(seconds: float) -> str:
    size, letter = next(((size, letter) for size, letter in _UNITS if abs(seconds) >= size), (1, "s"))
    return f"{seconds / size:.3g} {letter}"


_WRITTEN: dict[str, Callable[[float], str]] = {
    "percentunit": _part,
    "s": _duration,
    "suffix": lambda value: f"{value:,.1f}",
    "dateTimeAsIso": lambda value: time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(value / 1000)),
}


def _mapping(defaults: Mapping[str, Any]) -> dict[str, str]:
    return {value: result["text"] for one in defaults.get("mappings", []) for value, result in one["options"].items()}


def _looks(panel: dict[str, Any], answers: Sequence[Answer]) -> list[_Look]:
    """Set each answer's name and properties as the overrides do, in their order."""
    looks = []
    for answer in answers:
        set_: dict[str, Any] = {}
        for override in panel["fieldConfig"]["overrides"]:
            by, which = override["matcher"]["id"], override["matcher"]["options"]
            if which == {"byFrameRefID": answer.letter, "byName": answer.name}[by]:
                set_ |= {one["id"]: one["value"] for one in override["properties"]}
        looks.append(_Look(set_.get("displayName", answer.name), set_, panel["fieldConfig"]["defaults"]))
    return looks


def _stat(axes: Any, panel: dict[str, Any], answers: Sequence[Answer]) -> None:
    axes.axis("off")
    for place, (answer, look) in enumerate(zip(answers, _looks(panel, answers), strict=True)):
        value, high = answer.points[-1][1], 1 - (place + 0.5) / len(answers)
        written: dict[str, Any] = {"va": "center", "transform": axes.transAxes}
        size = max(11, 26 - 3 * len(answers))
        named = panel["options"]["textMode"] == "value_and_name"
        if named:
            axes.text(0.02, high, look.name, fontsize=9, color=_GREY, **written)
        where = {"x": 0.98, "ha": "right"} if named else {"x": 0.5, "ha": "center"}
        axes.text(y=high, s=look.said(value), fontsize=size, color=look.colour(value, _INK), **where, **written)


def _lines(axes: Any, panel: dict[str, Any], answers: Sequence[Answer], span: tuple[float, float]) -> None:
    looks = _looks(panel, answers)
    most = max((value for answer in answers for _, value in answer.points), default=0)
    size = next(size for size, _ in _UNITS if most >= 2 * size or size == 1) if looks[0].unit == "s" else 1
    series = [
        (
            look,
            [datetime.fromtimestamp(when, UTC) for when, _ in answer.points],
            [value / size for _, value in answer.points],
        )
        for answer, look in zip(answers, looks, strict=True)
    ]
    if panel["fieldConfig"]["defaults"]["custom"].get("stacking", {}).get("mode") == "normal":
        _stacked(axes, series)
    else:
        _plotted(axes, series)
    axes.set_ylim(0, panel["fieldConfig"]["defaults"].get("max"))
    axes.set_xlim(*(datetime.fromtimestamp(end, UTC) for end in span))
    ticks = [datetime.fromtimestamp(span[0] + part * (span[1] - span[0]), UTC) for part in (0.1, 0.3, 0.5, 0.7, 0.9)]
    format_ = "%d %b" if span[1] - span[0] > 2 * 86_400 else "%H:%M"
    axes.set_xticks(ticks, [f"{tick:{format_}}" for tick in ticks])
    letter = dict(_UNITS)[size] if looks[0].unit == "s" else looks[0].unit.partition("suffix:")[2]
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:g} {letter}" if letter else looks[0].said(value))
    axes.tick_params(labelsize=7, length=0)
    axes.grid(alpha=0.25)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    longest = max(len(look.name) for look in looks)
    columns = max(1, int(axes.get_position().width * axes.figure.get_figwidth() / (0.35 + 0.06 * longest)))
    axes.legend(fontsize=7, loc="upper left", bbox_to_anchor=(-0.04, -0.08), ncols=columns, **_LEGEND)


def _plotted(axes: Any, series: Sequence[tuple[_Look, list[datetime], list[float]]]) -> None:
    bands = [dict(zip(times, values, strict=True)) for look, times, values in series if look.band]
    plain = [one for one in series if not one[0].band]
    for number, (look, times, values) in enumerate(plain):
        axes.plot(
            times,
            values,
            label=look.name,
            color=look.colour(0, _PALETTE[number % len(_PALETTE)]),
            linewidth=1.6,
            linestyle="--" if "custom.lineStyle" in look.set_ else "-",
            marker="." if len(times) == 1 else None,
        )
    for low, high in zip(bands[::2], bands[1::2], strict=False):
        both = [when for when in low if when in high]
        sides = [[side[when] for when in both] for side in (low, high)]
        axes.fill_between(both, *sides, alpha=0.15, color=_COLOURS["blue"], linewidth=0, label="95 %")


def _stacked(axes: Any, series: Sequence[tuple[_Look, list[datetime], list[float]]]) -> None:
    ground: dict[datetime, float] = {}
    for number, (look, times, values) in enumerate(series):
        colour = look.colour(0, _PALETTE[number % len(_PALETTE)])
        below = [ground.get(when, 0.0) for when in times]
        top = [low + value for low, value in zip(below, values, strict=True)]
        axes.fill_between(times, below, top, alpha=0.2, color=colour, linewidth=0)
        axes.plot(times, top, color=colour, linewidth=1.6, label=look.name)
        ground |= dict(zip(times, top, strict=True))


def _bars(axes: Any, panel: dict[str, Any], answers: Sequence[Answer]) -> None:
    axes.axis("off")
    looks = _looks(panel, answers)
    values = [answer.points[-1][1] for answer in answers]
    end = panel["fieldConfig"]["defaults"].get("max") or max([0, *(one for one in values if one == one)]) or 1  # noqa: PLR0124
    high = min(0.5, 0.35 * (len(values) + 0.4) / (axes.get_position().height * axes.figure.get_figheight()))
    for place, (value, look) in enumerate(zip(values, looks, strict=True)):
        colour = look.colour(value, _COLOURS["blue"])
        axes.barh(place, end, height=high, color="#eef0f2")
        axes.barh(place, min(max(value, 0), end), height=high, color=colour)
        axes.text(0, place - high / 2 - 0.04, look.name, fontsize=8, va="bottom", color=_GREY)
        axes.text(end * 1.03, place, look.said(value), fontsize=9, va="center", color=colour)
    axes.set(xlim=(0, end * 1.25), ylim=(len(values) - 0.4, -0.8))


def _table(axes: Any, panel: dict[str, Any], answers: Sequence[Answer]) -> None:
    axes.axis("off")
    defaults = panel["fieldConfig"]["defaults"]
    organized = next(one["options"] for one in panel["transformations"] if one["id"] == "organize")
    names = dict(sorted(organized["renameByName"].items(), key=lambda one: organized["indexByName"][one[0]]))
    mapped, unit = _mapping(defaults), _unit(panel, names.get("Value", ""))
    rows = [
        [
            said(answer.points[-1][1], unit) if name == "Value" else _worded(answer.labels.get(name, ""), mapped)
            for name in names
        ]
        for answer in answers
    ]
    place = axes.get_position()
    fit = int(place.height * axes.figure.get_figheight() / _LINE_INCHES) - 1
    shown = rows if len(rows) <= fit else [*rows[: fit - 1], [f"{len(rows) - fit + 1} more", *[""] * (len(names) - 1)]]
    widths = _widths([list(names.values()), *shown], int(place.width * axes.figure.get_figwidth() / _CHARACTER_INCHES))
    cells = [[_cut(cell, width) for cell, width in zip(row, widths, strict=True)] for row in shown]
    high = (len(cells) + 1) * _LINE_INCHES / (place.height * axes.figure.get_figheight())
    drawn = axes.table(
        cellText=cells,
        colLabels=list(names.values()),
        colWidths=[width / sum(widths) for width in widths],
        bbox=(0, 1 - high, 1, high),
        cellLoc="left",
        colLoc="left",
        edges="horizontal",
    )
    drawn.auto_set_font_size(value=False)
    drawn.set_fontsize(7.5)
    for (row, _), cell in drawn.get_celld().items():
        cell.set_edgecolor("#e4e5e6")
        cell.get_text().set_color(_GREY if row == 0 else _INK)


def _unit(panel: dict[str, Any], column: str) -> str:
    """Find the unit of a table's values."""
    found = [one for one in panel["fieldConfig"]["overrides"] if one["matcher"]["options"] == column]
    return next((str(set_["value"]) for one in found for set_ in one["properties"] if set_["id"] == "unit"), "short")


def _worded(value: str, mapped: Mapping[str, str]) -> str:
    return mapped.get(value, value)


def _widths(rows: Sequence[Sequence[str]], room: int) -> list[int]:
    """Give each column the letters that it needs, taking from the widest ones what there is no room for."""
    widths = [max(len(row[place]) for row in rows) + 2 for place in range(len(rows[0]))]
    while sum(widths) > room and max(widths) > 1:
        widths[widths.index(max(widths))] -= 1
    return widths


def _cut(text: str, width: int) -> str:
    return text if len(text) < width else f"{text[: width - 2]}…"
