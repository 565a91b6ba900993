"""`ttv serve` as a process: it answers, it refuses, and it ends after what is in hand."""

import signal
import socket
from datetime import timedelta

import pytest
import requests
from click.testing import CliRunner

from tests.cli.processes import PATIENCE, ended, started
from tests.invented import SOURCE as PLAIN
from ttv import config
from ttv.cli import main
from ttv.cli.serve import scope

SOURCE = PLAIN + 'ideas = ["pay"]\n'


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_serves_page_api_and_metrics_and_ends_well_at_a_signal(tmp_path, number):
    (tmp_path / "ttv.toml").write_text(SOURCE)
    environ = {"TTV_TOOL_TOKEN": "s3cret-value"}
    with started("serve", "--port", "0", folder=tmp_path, environ=environ) as (process, url):
        for path in ("", "api/v1/initiatives", "metrics", "readyz", "openapi.json"):
            assert requests.get(url + path, timeout=PATIENCE).status_code == 200, path
        process.send_signal(number)
        said = ended(process)
    assert process.returncode == 0
    assert "ending after what is in hand" in said
    assert "Traceback" not in said
    assert "s3cret" not in said


def test_it_looks_at_the_sources_as_soon_as_it_starts(tmp_path):
    (tmp_path / "ttv.toml").write_text(f"{SOURCE}[initiatives.mine]\n")
    environ = {"TTV_TOOL_TOKEN": "s3cret-value"}
    with started("serve", "--port", "0", folder=tmp_path, environ=environ) as (process, url):
        while "2 new or changed" not in (line := process.stderr.readline()):
            assert line, "it ended"
        found = requests.get(f"{url}api/v1/initiatives", timeout=PATIENCE).json()["items"]
        assert sorted(item["key"] for item in found) == ["mine", "pay"]
        process.send_signal(signal.SIGTERM)
        ended(process)


def test_beyond_this_machine_it_asks_for_its_token(tmp_path):
    environ = {"TTV_TOKEN": "open-sesame"}
    with started("serve", "--host", "0.0.0.0", "--port", "0", folder=tmp_path, environ=environ) as (process, url):
        assert requests.get(f"{url}api/v1/initiatives", timeout=PATIENCE).status_code == 401
        answer = requests.get(
            f"{url}api/v1/initiatives", headers={"Authorization": "Bearer open-sesame"}, timeout=PATIENCE
        )
        assert answer.status_code == 200
        process.send_signal(signal.SIGTERM)
        assert "open-sesame" not in ended(process)


def test_beyond_this_machine_it_does_not_start_without_a_token(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("TTV_TOKEN", raising=False)
    for host in ("0.0.0.0", "::", "192.0.2.1", "example.org"):
        result = CliRunner().invoke(main, ["serve", "--host", host])
        assert result.exit_code == 2, host
        assert "there is no token to ask for" in result.stderr
        assert "TTV_TOKEN" in result.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("verb", ["serve", "demo"])
def test_a_port_that_is_taken_is_told(tmp_path, monkeypatch, verb):
    monkeypatch.chdir(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = CliRunner().invoke(main, [verb, "--port", str(port), "--database", f"sqlite:///{verb}.sqlite"])
    assert result.exit_code == 1
    assert f"Error: port {port} of 127.0.0.1 is taken by another program" in result.stderr
    assert f"--port {port + 1}" in result.stderr


def test_a_host_that_is_not_ours_is_told(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(main, ["serve", "--host", "192.0.2.1"], env={"TTV_TOKEN": "x"})
    assert result.exit_code == 1
    assert "'192.0.2.1' is no address of this machine" in result.stderr


def test_what_is_shown_as_metrics_is_configured():
    said = {
        "targets": {"rate_of_turn": "30d"},
        "metrics": {"recent": "7d", "initiatives": 5, "teams": 3},
        "schedule": {"figures": "1m"},
    }
    found = scope(config.read(said, {}, "here"))
    assert found.targets == {"rate_of_turn_seconds": 30 * 86_400.0}
    assert (found.recent, found.most, found.teams, found.every) == (timedelta(days=7), 5, 3, timedelta(minutes=1))
