"""Write the dashboards, the alert rules and the runbooks: `python -m dashboards [RUNBOOKS [TTV [GRAFANA]]]`.

The three are the addresses that alerts lead to, and dashboards to the second.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import yaml
from grafana_foundation_sdk.cog.encoder import JSONEncoder

from dashboards import alerts
from dashboards.building import built
from dashboards.flow import FLOW
from dashboards.initiative import INITIATIVE
from dashboards.leadership import LEADERSHIP
from dashboards.operation import SERVICE
from dashboards.parts import Board, Panel, Query
from dashboards.rate_of_turn import RATE_OF_TURN

BOARDS = (LEADERSHIP, INITIATIVE, RATE_OF_TURN, FLOW, SERVICE)


def files(runbooks: str = alerts.RUNBOOKS, ttv: str = alerts.TTV, grafana: str = alerts.GRAFANA) -> dict[str, str]:
    """Return what is written: the paths from the project's root, and the texts, which lead to the addresses."""
    boards = {f"dashboards/grafana/{board.uid}.json": _json(built(board, ttv)) for board in BOARDS}
    pages = {f"docs/runbooks/{alert.name}.md": alerts.runbook(alert) for alert in alerts.ALERTS}
    rules = {
        "dashboards/prometheus/ttv.rules.yml": _yaml(alerts.prometheus(runbooks, ttv, grafana)),
        "dashboards/provisioning/alerting/ttv.yml": _yaml(alerts.grafana(runbooks, ttv, grafana)),
    }
    return boards | rules | pages


def _json(value: object) -> str:
    return json.dumps(value, cls=JSONEncoder, sort_keys=True, indent=2) + "\n"


def _yaml(value: object) -> str:
    return "# Written by `python -m dashboards`.\n" + yaml.safe_dump(
        value, sort_keys=False, width=120, allow_unicode=True
    )


def queries() -> Iterator[tuple[Board, Panel, Query]]:
    """Yield every question of every dashboard."""
    for board in BOARDS:
        for row in board.rows:
            for panel in row.panels:
                for query in panel.queries:
                    yield board, panel, query


def write(root: Path, *addresses: str) -> None:
    """Write all files below the project's root; they lead to what is beside them, or to the addresses."""
    for name, text in files(*addresses).items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


if __name__ == "__main__":
    write(Path(__file__).parent.parent, *sys.argv[1:4])
