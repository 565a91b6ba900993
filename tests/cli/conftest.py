"""A command line in a folder of its own, and one whose database has three initiatives."""

from pathlib import Path

import orjson
import pytest
from click.testing import CliRunner

from ttv.cli import main

PAY = """\
{"id": "5", "kind": "feedback", "occurred_at": "2026-05-03T09:00:00Z", "subject": "zendesk:1", "refs": ["jira:PAY-1"]}
{"initiative": {"key": "pay", "name": "Faster checkout", "team": "Payments", "claims": ["jira:PAY-1"]}}
{"id": "1", "kind": "idea", "occurred_at": "2026-03-01T09:00:00Z", "subject": "jira:PAY-1", "title": "Zu langsam"}
{"id": "2", "kind": "decision", "occurred_at": "2026-03-11T09:00:00Z", "subject": "jira:PAY-1"}
{"id": "3", "kind": "start", "occurred_at": "2026-03-12T11:00:00.000001+02:00", "subject": "github:acme/pay#45"}
{"link": {"child": "github:acme/pay#45", "parent": "jira:PAY-1"}}
{"id": "4", "kind": "deploy", "occurred_at": "2026-05-01T09:00:00Z", "subject": "d:1", "refs": ["github:acme/pay#45"]}
"""
MORE = """\
{"initiative": {"key": "find", "name": "Find it", "team": "Search", "direction": "bottom_up", "labels": {"a": "b"}}}
{"id": "9", "kind": "idea", "occurred_at": "2026-04-01T00:00:00Z", "subject": "initiative:find"}
{"initiative": {"key": "drop", "name": "Drop it", "team": "Search", "direction": "top_down"}}
{"id": "10", "kind": "idea", "occurred_at": "2026-04-01T00:00:00Z", "subject": "initiative:drop"}
{"id": "11", "kind": "decision", "occurred_at": "2026-04-03T00:00:00Z", "subject": "initiative:drop",\
 "attributes": {"outcome": "rejected"}}
"""


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Run a command in a folder of its own; the exit code is checked."""
    monkeypatch.chdir(tmp_path)

    def ran(*arguments, exit_code=0, environ=None, stdin=None):
        result = CliRunner().invoke(main, [str(one) for one in arguments], env=environ, input=stdin)
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        assert result.exit_code == exit_code, result.output
        return result

    return ran


@pytest.fixture
def filled(run):
    """A folder whose database has three initiatives."""
    Path("pay.jsonl").write_text(PAY + MORE)
    run("import", "pay.jsonl")
    return run


@pytest.fixture
def reported(run):
    """The report for a machine, as of a fixed instant."""

    def report(*arguments):
        return orjson.loads(run("report", "--json", "--as-of", "2026-06-01", *arguments).stdout)

    return report
