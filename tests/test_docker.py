"""The image, as far as it can be held to its word without a Docker engine: linted, its check and its steps run."""

import contextlib
import json
import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import requests
import tenacity
from flask import Flask

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "Dockerfile").read_text().replace("\\\n", "")
CONTEXT = [word for line in re.findall(r"^COPY (?!--from)(.+) \S+$", TEXT, re.MULTILINE) for word in line.split()]
CHECK = json.loads(re.search(r"^HEALTHCHECK .*CMD (\[.*\])$", TEXT, re.MULTILINE)[1])


def run(*command, **options):
    done = subprocess.run(command, text=True, capture_output=True, check=False, **options)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_linter_finds_no_fault():
    run(Path(sys.executable).with_name("hadolint"), ROOT / "Dockerfile")


def test_everything_that_is_copied_is_there_and_let_in():
    let_in = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    assert set(CONTEXT) == let_in
    assert [name for name in CONTEXT if not (ROOT / name).exists()] == []


def test_it_does_not_run_as_root():
    assert re.search(r"^USER 10001:10001$", TEXT, re.MULTILINE)


@pytest.mark.parametrize(("status", "healthy"), [(200, True), (503, False)])
def test_the_check_asks_whether_it_is_ready(served, status, healthy):
    app = Flask("ready")
    app.add_url_rule("/readyz", view_func=lambda: ("", status))
    assert check(served(app).rpartition(":")[2]) is healthy


def test_the_check_fails_where_nothing_listens():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    assert check(port) is False


@pytest.mark.heavy
def test_its_steps_make_a_ttv_that_serves_out_of_an_empty_volume(tmp_path):
    dist, env, volume = tmp_path / "dist", tmp_path / "env", tmp_path / "volume"
    run(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", dist, ROOT)
    run(sys.executable, "-m", "venv", "--without-pip", env)
    run(sys.executable, "-m", "pip", "--python", env / "bin/python", "install", "--quiet", *dist.iterdir())
    volume.mkdir()
    assert "serve" in run(env / "bin/ttv", "--help", cwd=volume)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
    with serving(env / "bin/ttv", "serve", "--host", "0.0.0.0", "--port", port, cwd=volume):
        asking = tenacity.Retrying(wait=tenacity.wait_fixed(0.2), stop=tenacity.stop_after_delay(30))
        assert asking(requests.get, f"http://127.0.0.1:{port}/readyz", timeout=5).ok
        page = requests.get(f"http://127.0.0.1:{port}/", auth=("", "opensesame"), timeout=5)
        assert page.ok
        styles = re.findall(r'(?:href|src)="(/static/[^"]+)"', page.text)
        assert styles
        assert all(
            requests.get(f"http://127.0.0.1:{port}{one}", auth=("", "opensesame"), timeout=5).ok for one in styles
        )
        assert check(port) is True
    assert (volume / "ttv.sqlite").exists()


def check(port) -> bool:
    command = [sys.executable, *CHECK[1:-1], CHECK[-1].replace("8080", str(port))]
    return subprocess.run(command, capture_output=True, timeout=20, check=False).returncode == 0


@contextlib.contextmanager
def serving(*command, cwd):
    environ = {"PATH": os.environ["PATH"], "TTV_TOKEN": "opensesame"}
    with (cwd / "log").open("w") as log, subprocess.Popen(command, cwd=cwd, env=environ, stdout=log, stderr=log) as one:
        try:
            yield
        finally:
            one.terminate()
    assert one.returncode == 0, (cwd / "log").read_text()
