"""Pictures of the dashboards where there is no Grafana: `python -m dashboards.sheets PROMETHEUS FOLDER [--to UNIX]`.

Reads the committed JSON, asks a Prometheus what each panel asks, and draws one sheet a dashboard: the same grid, titles,
units, names, colours and words for no data. It is what a leader would see but for Grafana's own looks.
"""

import argparse
import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import matplotlib as mpl
import requests

from dashboards.drawing import Answer, Box, draw_panel

mpl.use("Agg")
from matplotlib import figure

HERE = Path(__file__).parent / "grafana"
DPI = 80
PAPER = "#f4f5f5"
_WIDE, _HIGH, _HEAD = 0.72, 0.42, 0.6
"""Inches of a cell of the grid, and of what is above it."""
_SPANS = {"now-1y": 365 * 86_400, "now-180d": 180 * 86_400}
"""What the longer ones look back, in seconds."""
_DAY = "now-24h"
_POINTS = 240
"""Of a line at most."""
_CHOSEN = {"$team": ".*", "$direction": ".*", "$window": "365d", "$__rate_interval": "5m"}


class Shown(NamedTuple):
    """A panel on a sheet."""

    title: str
    answers: int
    """It was drawn with so many; without, the words for no data stand there."""
    box: Box
    """Where it is."""


class Server:
    """A Prometheus, asked as of an instant."""

    def __init__(self, url: str, at: float, chosen: Mapping[str, str]) -> None:
        """Take its address, the instant, and what is chosen of the variables."""
        self._url, self._at, self._chosen = url, at, chosen

    def answers(self, panel: dict[str, Any], begin: float) -> list[Answer]:
        """Return what a panel shows."""
        return [answer for target in panel["targets"] for answer in self._asked(panel, target, begin)]

    def _asked(self, panel: dict[str, Any], target: dict[str, Any], begin: float) -> Iterator[Answer]:
        params: dict[str, Any] = {"query": self._filled(target["expr"])}
        ranged = panel["type"] == "timeseries"
        if ranged:
            params |= {"start": begin, "end": self._at, "step": max(60, (self._at - begin) / _POINTS)}
        else:
            params["time"] = self._at
        said = requests.get(f"{self._url}/api/v1/query{'_range' * ranged}", params=params, timeout=60).json()
        if said["status"] != "success":
            raise ValueError(f"{panel['title']}: {said['error']}, in {params['query']}")
        for one in said["data"]["result"]:
            values = one["values"] if ranged else [one["value"]]
            points = [(float(when), float(value)) for when, value in values]
            yield Answer(target["refId"], one["metric"], _named(target.get("legendFormat", ""), one["metric"]), points)

    def _filled(self, expr: str) -> str:
        for name, value in self._chosen.items():
            expr = expr.replace(name, value)
        return expr


def _named(legend: str, labels: Mapping[str, str]) -> str:
    for name, value in labels.items():
        legend = legend.replace(f"{{{{{name}}}}}", value)
    return legend


@dataclass(frozen=True)
class _Place:
    """Where things are on a sheet of so many rows of the grid."""

    rows: int

    @property
    def height(self) -> float:
        return self.rows * _HIGH + _HEAD

    def line(self, row: float) -> float:
        return 1 - (_HEAD + row * _HIGH) / self.height

    def box(self, at: Mapping[str, int]) -> Box:
        bottom = self.line(at["y"] + at["h"]) + 0.08 / self.height
        return Box(at["x"] / 24 + 0.004, bottom, at["w"] / 24 - 0.008, (at["h"] * _HIGH - 0.12) / self.height)


def sheet(board: dict[str, Any], server: Server, at: float, begin: float) -> tuple[figure.Figure, list[Shown]]:
    """Draw a dashboard from one instant to another; returns the sheet, and its panels."""
    panels = board["panels"]
    place = _Place(max(panel["gridPos"]["y"] + panel["gridPos"]["h"] for panel in panels))
    made = figure.Figure(figsize=(24 * _WIDE, place.height), facecolor=PAPER)
    made.text(0.01, 1 - 0.3 / place.height, board["title"], fontsize=15, weight="bold", va="center")
    shown = []
    for panel in panels:
        grid = panel["gridPos"]
        if panel["type"] == "row":
            made.text(0.01, place.line(grid["y"] + 0.5), panel["title"], fontsize=12, weight="bold", va="center")
            continue
        answers = server.answers(panel, begin)
        box = place.box(grid)
        draw_panel(made, box, panel, answers, (begin, at))
        shown.append(Shown(panel["title"], len(answers), box))
    return made, shown


def draw(url: str, folder: Path, at: float, initiative: str, hours: float = 24) -> dict[Path, list[Shown]]:
    """Draw every dashboard over a Prometheus as of an instant; returns the files, and what is on each.

    A dashboard of a day shows so many hours of it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    server = Server(url, at, {"$initiative": initiative, **_CHOSEN})
    made = {}
    for file in sorted(HERE.glob("*.json")):
        board = json.loads(file.read_text())
        begin = board["time"]["from"]
        drawn, made[folder / f"{file.stem}.png"] = sheet(
            board, server, at, at - (hours * 3600 if begin == _DAY else _SPANS[begin])
        )
        drawn.savefig(folder / f"{file.stem}.png", dpi=DPI)
    return made


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("prometheus", help="its address, like http://127.0.0.1:9090")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--to", type=float, default=time.time(), help="the end of the sheets, in Unix time")
    parser.add_argument("--initiative", default="", help="the key of the one that the Initiative dashboard shows")
    parser.add_argument("--hours", type=float, default=24, help="how much of its day the Service dashboard shows")
    said = parser.parse_args()
    draw(said.prometheus.rstrip("/"), said.folder, said.to, said.initiative, said.hours)
