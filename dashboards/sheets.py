"""Pictures of the dashboards where there is no Grafana: `python -m dashboards.sheets PROMETHEUS FOLDER [--to UNIX]`.

Reads the committed JSON, asks a Prometheus what each panel asks, and draws one sheet a dashboard: the same grid, titles,
units and words for no data. It is what a leader would see but for Grafana's own looks.
"""

import argparse
import json
import textwrap
import time
from pathlib import Path
from typing import Any

import matplotlib as mpl
import requests

mpl.use("Agg")
from matplotlib import dates, figure

HERE = Path(__file__).parent / "grafana"
_WIDE, _HIGH = 0.72, 0.42
"""Inches of a cell of the grid."""
_SPANS = {"now-1y": 365 * 86_400, "now-24h": 86_400}
_FEW = 3
"""Fewer points than these are drawn as dots."""
_UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))


class Server:
    """A Prometheus, asked as of an instant."""

    def __init__(self, url: str, at: float, begin: float, chosen: dict[str, str]) -> None:
        """Take its address, the span of the sheet, and what is chosen of the variables."""
        self._url, self._at, self._begin, self._chosen = url, at, begin, chosen

    def ask(self, panel: dict[str, Any]) -> list[tuple[dict[str, str], str, list[tuple[float, float]]]]:
        """Return the series of a panel: labels, name, and points."""
        found = []
        for target in panel["targets"]:
            ranged = panel["type"] == "timeseries"
            params: dict[str, Any] = {"query": self._filled(target["expr"])}
            params |= (
                {"start": self._begin, "end": self._at, "step": max(60, (self._at - self._begin) / 240)}
                if ranged
                else {"time": self._at}
            )
            answer = requests.get(f"{self._url}/api/v1/query{'_range' * ranged}", params=params, timeout=60).json()
            for one in answer["data"]["result"]:
                values = one["values"] if ranged else [one["value"]]
                points = [(float(when), float(value)) for when, value in values]
                found.append((one["metric"], _name(target.get("legendFormat", ""), one["metric"]), points))
        return found

    def _filled(self, expr: str) -> str:
        for name, value in self._chosen.items():
            expr = expr.replace(name, value)
        return expr


def _name(legend: str, labels: dict[str, str]) -> str:
    for name, value in labels.items():
        legend = legend.replace(f"{{{{{name}}}}}", value)
    return legend


def said(value: float, unit: str) -> str:
    """Write a value with its unit."""
    if value != value:  # noqa: PLR0124  not a number
        return "-"
    if unit == "percentunit":
        return f"{100 * value:.0f} %"
    if unit == "dateTimeAsIso":
        return time.strftime("%Y-%m-%d %H:%M", time.gmtime(value / 1000))
    if unit == "s":
        size, letter = next(((size, letter) for size, letter in _UNITS if abs(value) >= size), (1, "s"))
        return f"{value / size:.3g} {letter}"
    return f"{value:,.3g}" + {"reqps": "/s", "cps": "/s"}.get(unit, "")


def sheet(board: dict[str, Any], server: Server) -> figure.Figure:
    """Draw a dashboard."""
    panels = board["panels"]
    rows = max(panel["gridPos"]["y"] + panel["gridPos"]["h"] for panel in panels)
    made = figure.Figure(figsize=(24 * _WIDE, rows * _HIGH + 0.6), facecolor="#f4f5f5")
    made.text(0.01, 1 - 0.25 / (rows * _HIGH + 0.6), board["title"], fontsize=15, weight="bold", va="center")
    for panel in panels:
        at = panel["gridPos"]
        top = 0.6 + at["y"] * _HIGH
        whole = rows * _HIGH + 0.6
        if panel["type"] == "row":
            made.text(0.01, 1 - (top + 0.2) / whole, panel["title"], fontsize=12, weight="bold", va="center")
            continue
        box = (
            at["x"] / 24 + 0.004,
            1 - (top + at["h"] * _HIGH) / whole + 0.08 / whole,
            at["w"] / 24 - 0.008,
            (at["h"] * _HIGH - 0.12) / whole,
        )
        _draw(made, box, panel, server)
    return made


def _draw(made: figure.Figure, box: tuple[float, float, float, float], panel: dict[str, Any], server: Server) -> None:
    x, y, width, height = box
    frame = made.add_axes(box, facecolor="white")
    frame.set(xticks=[], yticks=[])
    for spine in frame.spines.values():
        spine.set_color("#d8d9da")
    made.text(
        x + 0.005, y + height - 0.14 / made.get_figheight(), panel["title"], fontsize=9, weight="bold", va="center"
    )
    high = 0.30 / made.get_figheight()
    found = server.ask(panel)
    defaults = panel["fieldConfig"]["defaults"]
    if not found:
        text = "\n".join(textwrap.wrap(defaults["noValue"], max(12, int(width * 120))))
        frame.text(0.5, 0.45, text, ha="center", va="center", fontsize=9, color="#6e7077", transform=frame.transAxes)
        return
    left = 0.008 if panel["type"] == "table" else 0.035
    inner = made.add_axes(
        (x + left, y + 0.25 / made.get_figheight(), width - left - 0.01, height - high - 0.3 / made.get_figheight())
    )
    {"stat": _stat, "timeseries": _lines, "bargauge": _bars, "table": _table}[panel["type"]](
        inner, panel, found, defaults["unit"]
    )


def _stat(axes: Any, panel: dict[str, Any], found: Any, unit: str) -> None:
    axes.axis("off")
    configured = {
        one["options"]["configRefId"] for one in panel.get("transformations", []) if one["id"] == "configFromData"
    }
    shown = [one for one in found if not (configured and one[1] == "target")]
    limit = next((points[-1][1] for _, name, points in found if configured and name == "target"), None)
    for place, (_, name, points) in enumerate(shown):
        value = points[-1][1]
        colour = "#e02f44" if limit is not None and value >= limit else ("#299c46" if limit is not None else "#24292e")
        high = 1 - (place + 0.5) / len(shown)
        axes.text(0.0, high, name, fontsize=9, va="center", transform=axes.transAxes, color="#6e7077")
        axes.text(
            1.0,
            high,
            said(value, unit),
            fontsize=max(10, 22 - 2 * len(shown)),
            va="center",
            ha="right",
            transform=axes.transAxes,
            color=colour,
        )


def _lines(axes: Any, _panel: dict[str, Any], found: Any, unit: str) -> None:
    size = 86_400 if unit == "s" and max(value for *_, points in found for _, value in points) > 2 * 86_400 else 1
    bands = {}
    for _, name, points in found:
        times = [dates.epoch2num(when) if hasattr(dates, "epoch2num") else when / 86_400 for when, _ in points]
        values = [value / size for _, value in points]
        if name.startswith("95 %"):
            bands[name] = dict(zip(times, values, strict=True))
            continue
        style = {"linestyle": "--", "color": "#e02f44"} if name == "target" else {}
        axes.plot(times, values, label=name, linewidth=1.6, marker="." if len(points) < _FEW else None, **style)
    if len(bands) == 2:  # noqa: PLR2004
        low, high = bands["95 % from"], bands["95 % to"]
        both = [when for when in low if when in high]
        axes.fill_between(both, [low[when] for when in both], [high[when] for when in both], alpha=0.15, label="95 %")
    axes.set_ylim(bottom=0)
    axes.xaxis_date()
    axes.xaxis.set_major_formatter(dates.ConciseDateFormatter(axes.xaxis.get_major_locator()))
    axes.tick_params(labelsize=7)
    axes.set_ylabel({"s": "days" if size > 1 else "s", "percentunit": "part"}.get(unit, ""), fontsize=7)
    axes.grid(alpha=0.25)
    axes.legend(fontsize=7, loc="best", ncols=2, frameon=False)


def _bars(axes: Any, _panel: dict[str, Any], found: Any, unit: str) -> None:
    names, values = [name for _, name, _ in found], [points[-1][1] for *_, points in found]
    axes.barh(range(len(values)), values, color="#5794f2")
    axes.set_yticks(range(len(names)), ["" for _ in names])
    axes.invert_yaxis()
    axes.set_xticks([])
    most = max([value for value in values if value == value] or [1]) or 1  # noqa: PLR0124
    axes.set_xlim(0, most * 1.5)
    for place, (name, value) in enumerate(zip(names, values, strict=True)):
        axes.text(most * 0.02, place, f"{name}  {said(value, unit)}", fontsize=8, va="center")
    for spine in axes.spines.values():
        spine.set_visible(False)


def _table(axes: Any, panel: dict[str, Any], found: Any, unit: str) -> None:
    axes.axis("off")
    organized = next(one["options"] for one in panel["transformations"] if one["id"] == "organize")
    places = organized["indexByName"]
    names = dict(sorted(organized["renameByName"].items(), key=lambda one: places[one[0]]))
    rows = [
        [said(points[-1][1], unit) if name == "Value" else labels.get(name, "") for name in names]
        for labels, _, points in found
    ]
    most = max(3, int(axes.get_position().height * axes.figure.get_figheight() / 0.21) - 1)
    shown = [[textwrap.shorten(cell, 28, placeholder="…") for cell in row] for row in rows[:most]]
    drawn = axes.table(
        cellText=shown, colLabels=list(names.values()), loc="upper left", cellLoc="left", edges="horizontal"
    )
    drawn.auto_set_font_size(False)
    drawn.set_fontsize(7.5)
    drawn.auto_set_column_width(list(range(len(names))))


def draw(url: str, folder: Path, at: float, initiative: str) -> list[Path]:
    """Draw every dashboard over a Prometheus as of an instant; returns the files."""
    folder.mkdir(parents=True, exist_ok=True)
    chosen = {"$team": ".*", "$direction": ".*", "$window": "365d", "$initiative": initiative, "$__rate_interval": "5m"}
    made = []
    for file in sorted(HERE.glob("*.json")):
        board = json.loads(file.read_text())
        begin = at - _SPANS[board["time"]["from"]]
        made.append(folder / f"{file.stem}.png")
        sheet(board, Server(url, at, begin, chosen)).savefig(made[-1], dpi=80)
    return made


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("prometheus", help="its address, like http://127.0.0.1:9090")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--to", type=float, default=time.time(), help="the end of the sheets, in Unix time")
    parser.add_argument("--initiative", default="", help="the key of the one that the Initiative dashboard shows")
    said_ = parser.parse_args()
    draw(said_.prometheus.rstrip("/"), said_.folder, said_.to, said_.initiative)
