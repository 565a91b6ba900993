"""A source that only receives: every verb copes with it, and every process that serves takes its webhooks."""

import json
import signal
from pathlib import Path

import orjson
import pytest
import requests

from tests.cli.processes import PATIENCE, ended, started
from tests.invented import SOURCE, TOKEN
from ttv.cli.wsgi import app

CI = '[sources.ci]\ntype = "cloudevents"\n'
SECRET = {"TTV_CI_WEBHOOK_SECRET": "s3cret-of-ci"}
BEARER = {"Authorization": "Bearer s3cret-of-ci", "Content-Type": "application/cloudevents+json"}
DEPLOY = {
    "specversion": "1.0",
    "id": "7",
    "source": "/ci/shop",
    "type": "ttv.deploy",
    "subject": "shop/77",
    "time": "2026-02-01T10:00:00Z",
}


def configured(text=CI):
    Path("ttv.toml").write_text(text)


def test_the_doctor_says_where_it_receives_and_when_it_last_did(run, tmp_path):
    configured()
    where = "✓ source ci: takes webhooks at /webhooks/ci; "
    assert f"{where}none has come yet\n" in run("doctor", environ=SECRET).stdout
    database = {"TTV_DATABASE": f"sqlite:///{tmp_path}/ttv.sqlite", "TTV_CONFIG": "ttv.toml"}
    app({**database, **SECRET}).test_client().post("/webhooks/ci", data=json.dumps(DEPLOY), headers=BEARER)
    assert f"{where}the last came just now\n" in run("doctor", environ=SECRET).stdout
    told = run("doctor", exit_code=1).stdout
    assert "✗ source ci: has no webhook_secret" in told


def test_a_source_that_is_looked_at_too_needs_no_secret(run):
    configured(SOURCE + '[sources.support]\ntype = "zendesk"\nurl = "http://127.0.0.1:1"\n')
    told = run("doctor", exit_code=1, environ={**TOKEN, "TTV_SUPPORT_TOKEN": "t"}).stdout
    assert "webhook" not in told


def test_a_sync_leaves_it_out(run):
    configured(SOURCE + CI)
    assert run("sync", environ=TOKEN).stdout == "tool: 0 new or changed, 0 known\n"
    assert 'source "ci" cannot be looked at' in run("sync", "ci", exit_code=2, environ=TOKEN).stderr


def test_a_plan_leaves_it_out(run):
    configured()
    run("report")
    assert "0 initiatives would change" in run("plan").stdout


@pytest.fixture
def serving(tmp_path):
    """The address of a `ttv serve` with this one source, and the process."""
    (tmp_path / "ttv.toml").write_text(CI)
    with started("serve", "--port", "0", folder=tmp_path, environ=SECRET) as (process, url):
        yield url, process


def test_a_server_takes_what_it_sends(serving):
    url, process = serving
    answer = requests.post(f"{url}webhooks/ci", json.dumps(DEPLOY), headers=BEARER, timeout=PATIENCE)
    assert (answer.status_code, answer.json()["accepted"]) == (200, 1)
    (found,) = requests.get(f"{url}api/v1/orphans", timeout=PATIENCE).json()["items"]
    assert (found["source"], found["id"], found["subject"]) == ("ci", "/ci/shop/7", "shop/77")
    (source,) = requests.get(f"{url}api/v1/sources", timeout=PATIENCE).json()["items"]
    assert (source["name"], source["up"], source["events"]) == ("ci", None, 1)
    assert source["heard_at"]
    page = requests.get(f"{url}metrics", timeout=PATIENCE).text
    assert 'ttv_source_interval_seconds{source="ci"}' not in page
    assert 'ttv_scheduler_runs_total{outcome="failed",source="ci"}' not in page
    process.send_signal(signal.SIGTERM)
    assert "s3cret" not in ended(process)


def test_a_worker_behind_gunicorn_takes_it_too_with_the_secret_and_never_without(tmp_path):
    """A worker looks at no source, and needs no token; but who may send it must know."""
    (tmp_path / "ttv.toml").write_text(CI + SOURCE)
    environ = {"TTV_CONFIG": str(tmp_path / "ttv.toml"), "TTV_DATABASE": f"sqlite:///{tmp_path}/ttv.sqlite"}
    sealed = {**BEARER, "Authorization": "Bearer sealed"}
    for more, headers, status in ((SECRET, BEARER, 200), (SECRET, sealed, 401), ({}, BEARER, 403), ({}, sealed, 403)):
        client = app({**environ, **more}).test_client()
        assert client.post("/webhooks/ci", data=json.dumps(DEPLOY), headers=headers).status_code == status


def test_what_could_not_be_read_is_read_again(run, tmp_path):
    """One of the API, one of the source, each with a kind that this program does not know."""
    configured()
    database = {"TTV_DATABASE": f"sqlite:///{tmp_path}/ttv.sqlite", "TTV_CONFIG": "ttv.toml"}
    client = app({**database, **SECRET}).test_client()
    wrong = json.dumps({**DEPLOY, "type": "dev.cdevents.change.merged.0.3.0", "data": {"context": {}, "subject": {}}})
    assert client.post("/webhooks/ci", data=wrong, headers=BEARER).json["outcome"] == "quarantined"
    assert client.post("/api/v1/events", data=wrong, headers=BEARER).status_code == 422
    told = run("quarantine", "retry").stdout
    assert told.count("0 read, with 0 new or changed; 1 stay") == 2
    assert "by themselves" not in told
    causes = orjson.loads(run("quarantine", "--json").stdout)["causes"]
    assert {one["source"] for one in causes} == {"ci", "/ci/shop"}
