"""What Grafana's own library shows of a panel: names, units, colours, columns, links. There is no Grafana around it."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

GRAFANA = "12.1.0"
SCRIPT = Path(__file__).with_name("shown.cjs")


@pytest.fixture(scope="session")
def grafana(real, npm):
    """A function that gives what is shown of panels with the answers to their questions, and Grafana's colours."""
    program = real(shutil.which("node"), "Node, for Grafana's library")
    environ = os.environ | {"NODE_PATH": str(npm(f"@grafana/data@{GRAFANA}", "jsdom@26.1.0"))}

    def shows(*asked: tuple[dict, list[dict]]) -> tuple[list, dict[str, str]]:
        said = json.dumps([{"panel": panel, "answers": answers} for panel, answers in asked])
        command = [program, SCRIPT]
        found = subprocess.run(command, input=said, text=True, capture_output=True, check=False, env=environ)
        assert found.returncode == 0, found.stderr
        told = json.loads(found.stdout)
        return told["panels"], told["colours"]

    return shows
