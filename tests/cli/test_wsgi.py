"""Several workers on one database: every one of them shows the same, and what they count is one sum."""

import os
import re
import subprocess
import sys

import pytest
import requests
from prometheus_client.parser import text_string_to_metric_families as text

from tests.cli.processes import PATIENCE
from ttv.cli.wsgi import app
from ttv.config import ConfigError
from ttv.publish.catalogue import FROM_DATABASE

LIFE = [
    {"source": "test", "id": kind, "kind": kind, "occurred_at": when, "subject": "initiative:A"}
    for kind, when in (("idea", "2026-01-01T00:00:00Z"), ("deploy", "2026-02-01T00:00:00Z"))
]


@pytest.fixture
def workers(tmp_path):
    """The address of three workers of gunicorn, and the folder in which they count."""
    shared = tmp_path / "shared"
    shared.mkdir()
    (tmp_path / "ttv.toml").write_text("[initiatives.A]\n")
    environ = os.environ | {
        "TTV_DATABASE": f"sqlite:///{tmp_path}/ttv.sqlite",
        "TTV_CONFIG": str(tmp_path / "ttv.toml"),
        "PROMETHEUS_MULTIPROC_DIR": str(shared),
    }
    command = [sys.executable, "-m", "gunicorn", "--workers", "3", "--bind", "127.0.0.1:0", "ttv.cli.wsgi:app()"]
    with subprocess.Popen(command, env=environ, cwd=tmp_path, stderr=subprocess.PIPE, text=True) as process:
        try:
            while not (at := re.search(r"Listening at: (http://\S+)", line := process.stderr.readline())):
                assert line, "it ended"
            yield at[1], shared
        finally:
            process.terminate()
            process.communicate(timeout=PATIENCE)


def asked(url):
    """Ask for the metrics over a connection that any worker may take; give families and requests so far."""
    answer = requests.get(f"{url}/metrics", headers={"Connection": "close"}, timeout=PATIENCE)
    families = {one.name: one.samples for one in text(answer.text)}
    counted = [
        one.value
        for one in families["ttv_http_request_duration_seconds"]
        if one.name.endswith("_count") and one.labels["route"] == "/metrics"
    ]
    names = {metric.name.removesuffix("_total") for metric in FROM_DATABASE}
    return {name: samples for name, samples in families.items() if name in names}, sum(counted)


def test_all_workers_show_the_same_and_count_together(workers):
    url, shared = workers
    answer = requests.post(f"{url}/api/v1/events", json=LIFE, timeout=PATIENCE)
    assert answer.json()["accepted"] == 2
    pages, counts = [], []
    while len(pages) < 10 or len(list(shared.glob("histogram_*.db"))) < 2:
        page, count = asked(url)
        pages.append(page)
        counts.append(count)
        assert len(pages) < 1000, "one worker alone answers"
    assert all(page == pages[0] for page in pages)
    assert pages[0]["ttv_events"][0].value == 2
    assert counts == list(range(len(counts)))


def test_it_is_told_what_is_wrong_with_the_configuration(tmp_path):
    (tmp_path / "ttv.toml").write_text("[ttv]\nport = 0\n")
    with pytest.raises(ConfigError, match="port"):
        app({"TTV_CONFIG": str(tmp_path / "ttv.toml")})
