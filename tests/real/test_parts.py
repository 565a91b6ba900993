"""The real programs work as the other tests take them to."""

import pytest
import requests
from flask import Flask, Response, abort
from sqlalchemy import inspect, text

from tests.real.stores import empty
from ttv import store


def page(body):
    app = Flask("page")
    head = "<!doctype html><meta name=viewport content='width=device-width'>"
    said = {"": head + body, "favicon.ico": "", "metrics": "# HELP answer Of all.\n# TYPE answer gauge\nanswer 42\n"}

    @app.get("/", defaults={"path": ""})
    @app.get("/<path:path>")
    def answer(path):
        return Response(said[path] if path in said else abort(404), mimetype="text/plain" if path else "text/html")

    return app


def test_a_fresh_store_is_migrated_and_empty(engine):
    assert store.faults(engine) == []
    with engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM event")).scalar() == 0


def test_a_blank_database_has_no_table(blank_url):
    engine = store.engines.make(blank_url, ())
    assert inspect(engine).get_table_names() == []
    engine.dispose()


@pytest.mark.parametrize("turn", [1, 2])
def test_every_test_has_a_store_of_its_own(engine, turn):
    with store.writing(engine) as connection:
        connection.execute(text("INSERT INTO claim VALUES ('a', 'b')"))


def test_an_emptied_store_keeps_its_schema(engine):
    with store.writing(engine) as connection:
        connection.execute(text("INSERT INTO claim VALUES ('a', 'b')"))
    empty(engine)
    assert store.faults(engine) == []
    with engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM claim")).scalar() == 0


def test_postgresql_stands_far_from_utc_and_sorts_as_english_does(cluster):
    engine = store.engines.make(cluster.url("migrated"), ())
    with engine.connect() as connection:
        assert connection.execute(text("SHOW timezone")).scalar() == "Asia/Kathmandu"
        assert connection.execute(text("SELECT 'a' < 'B'")).scalar() is True
    engine.dispose()


def test_prometheus_scrapes_what_is_served(prometheus, served):
    series = prometheus(served(page(""))).until("answer")
    assert series[0]["metric"]["job"] == "ttv"
    assert series[0]["value"][1] == "42"


def test_promtool_finds_fault_with_a_metric_without_help(promtool):
    assert promtool("check", "metrics", text="answer 42\n").returncode == 3


def test_the_browser_runs_scripts(chromium, served):
    opened = chromium(served(page("<p id=a></p><script>a.textContent = 6 * 7</script>")))
    assert opened.text.strip() == "42"
    assert opened.errors == []


@pytest.mark.parametrize(
    "body",
    [
        "<script>nowhere()</script>",
        "<script>console.error('no')</script>",
        "<script>Promise.reject(new Error('no'))</script>",
        "<img src=/missing.png>",
        "<img src=https://elsewhere.invalid/a.png>",
    ],
)
def test_the_browser_hears_every_error(chromium, served, body):
    assert chromium(served(page(body))).errors


def test_the_browser_sees_what_stands_out_of_a_phone(chromium, served):
    wide = chromium(served(page("<div style='width: 500px'>wide</div>")), width=390)
    assert "wide" in wide.overflow[-1]
    assert chromium(served(page("<div style='width: 300px'>narrow</div>")), width=390).overflow == []


def test_the_browser_takes_a_picture(chromium, served, tmp_path):
    assert chromium(served(page("hello"))).screenshot(tmp_path / "page.png").read_bytes().startswith(b"\x89PNG")


def test_a_served_answer_that_nobody_takes_is_let_go(served):
    app = Flask("long")
    app.add_url_rule("/", view_func=lambda: bytes(20_000_000))
    address = served(app)
    with requests.get(address, stream=True, timeout=10) as answer:
        assert answer.ok
