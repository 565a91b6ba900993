"""`ttv report`: the figures over all, each initiative with its stages, for people and for machines."""

from datetime import UTC, datetime
from pathlib import Path

import orjson
import pytest

from ttv.cli.report import Instant


def test_the_report_shows_the_figures_over_all_and_each_initiative(filled):
    told = filled("report", "--as-of", "2026-06-01").stdout.splitlines()
    assert [" ".join(line.split()) for line in told[:7]] == [
        "50 % 85 % 95 % last 365 days",
        "Time to value all ideas 63 d 63 d 63 d 3 ideas: 1 ended, 1 open, 1 stopped",
        "completed 63 d 63 d 63 d 1 ended",
        "Rate of turn all ideas unknown unknown unknown 1 idea: 0 ended, 1 open, 0 stopped",
        "bottom up completed unknown unknown unknown 0 ended",
        "Rate of turn all ideas 2 d 2 d 2 d 1 idea: 1 ended, 0 open, 0 stopped",
        "top down completed 2 d 2 d 2 d 1 ended",
    ]
    rows = {line.split()[0]: line for line in told[10:] if line}
    assert "realised" in rows["pay"]
    assert "63 d" in rows["pay"]
    assert "░░░░░▒▓▓▓▓" in rows["pay"]
    assert "61 d so far" in rows["find"]
    assert "stopped" in rows["drop"]
    assert told[-1] == "░ deciding  ▒ waiting  ▓ building  █ sensing"


@pytest.mark.parametrize(
    ("arguments", "keys"),
    [
        (("--team", "Search"), {"find", "drop"}),
        (("--direction", "top_down"), {"drop"}),
        (("--state", "deciding"), {"find"}),
        (("--sort", "name", "--limit", "1"), {"drop"}),
    ],
)
def test_the_report_may_be_of_some(filled, arguments, keys, reported):
    assert {item["key"] for item in reported(*arguments)["items"]} == keys


def test_the_report_is_as_of_any_instant(filled, reported):
    (pay, *_) = reported("--as-of", "2026-05-02T00:00:00Z", "--team", "Payments")["items"]
    assert pay["state"] == "sensing"


def test_the_report_says_that_there_is_more(filled):
    assert "These are 1; more with --limit." in filled("report", "--limit", "1").stdout


def test_the_report_of_nothing_says_what_to_do(run):
    told = run("report").stdout
    assert "0 ideas: 0 ended, 0 open, 0 stopped" in told
    assert "There are no initiatives here." in told


def test_the_report_s_times_and_choices_are_checked(run):
    assert "the offset is missing" in run("report", "--as-of", "2026-05-02T00:00:00", exit_code=2).stderr
    assert "'decided' is not one of" in run("report", "--state", "decided", exit_code=2).stderr


def test_names_cannot_write_to_the_terminal(run):
    evil = {"initiative": {"key": "evil", "name": "\x1b[2J[red]gone[/red]", "team": "\x07T"}}
    run("import", "-", stdin=orjson.dumps(evil).decode())
    told = run("report").stdout
    assert "[red]gone[/red]" in told
    assert "\x1b" not in told
    assert "\x07" not in told


def test_an_instant_of_the_report_is_in_utc():
    assert Instant().convert("2026-05-02", None, None) == datetime(2026, 5, 2, tzinfo=UTC)


def test_the_report_needs_no_secret_of_a_source(filled):
    Path("ttv.toml").write_text(
        '[sources.github]\ntype = "github"\nrepositories = ["a/b"]\ntoken = { env = "UNSET" }\n'
    )
    assert "Time to value" in filled("report").stdout
    filled("sync", exit_code=2)
