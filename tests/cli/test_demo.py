"""`ttv demo` as a process: it shows its company, and goes on with it at the next start."""

import signal
from pathlib import Path

import requests
from click.testing import CliRunner

from tests.cli.processes import PATIENCE, ended, started
from ttv import store
from ttv.cli import main
from ttv.cli.demo import _prepare
from ttv.demo import company


def _demo(folder, *arguments):
    return started("demo", "--port", "0", "--initiatives", "12", *arguments, folder=folder)


def test_the_demo_shows_its_company_and_goes_on_with_it(tmp_path):
    with _demo(tmp_path) as (process, url):
        first = requests.get(f"{url}api/v1/initiatives?limit=100&sort=key", timeout=PATIENCE).json()["items"]
        assert len(first) >= 10
        assert requests.get(url, timeout=PATIENCE).status_code == 200
        process.send_signal(signal.SIGINT)
        said = ended(process)
        assert process.returncode == 0, said
        assert "Traceback" not in said
    with _demo(tmp_path) as (process, url):
        again = requests.get(f"{url}api/v1/initiatives?limit=100&sort=key", timeout=PATIENCE).json()["items"]
        assert {item["key"] for item in first} <= {item["key"] for item in again}
        process.send_signal(signal.SIGINT)
        ended(process)
    assert process.returncode == 0
    assert Path(tmp_path / ".demo" / "ttv.sqlite").exists()


def test_a_demo_of_another_size_is_refused_until_it_begins_anew(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    company.remembered(".", initiatives=3, now=store.now())
    mine = tmp_path / "mine.txt"
    mine.touch()
    result = CliRunner().invoke(main, ["demo", "--directory", ".", "--initiatives", "4"])
    assert result.exit_code == 2
    assert "--fresh" in result.stderr
    _prepare(Path(), fresh=True)
    assert list(tmp_path.iterdir()) == [mine]
