"""The command line as a whole: help, the options that hold for all, errors for people."""

import logging
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import PAY

VERBS = ("demo", "doctor", "export", "import", "init", "report", "serve", "sync")


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_s_help_has_examples_and_the_options_that_hold_for_all(run, verb):
    told = run(verb, "--help").stdout
    for part in (f"Usage: ttv {verb} ", "Examples:", f"  ttv {verb}", "--database URL", "--config FILE"):
        assert part in told


def test_the_help_lists_every_verb_whole(run):
    told = run("--help").stdout
    assert [verb for verb in VERBS if f"\n  {verb} " not in told] == []
    assert "..." not in told.partition("Commands:")[2]


def test_it_runs_as_a_module():
    done = subprocess.run([sys.executable, "-m", "ttv", "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("ttv, version ")


def test_an_unknown_verb_is_a_usage_error_that_names_the_nearest(run):
    assert "report" in run("repotr", exit_code=2).stderr


def test_the_database_may_be_said_before_or_after_the_verb(run, tmp_path):
    run("--database", "sqlite:///before.sqlite", "import", "-", stdin=PAY)
    run("import", "-", "--database", "sqlite:///after.sqlite", stdin=PAY)
    run("--database", "sqlite:///lost.sqlite", "import", "-", "--database", "sqlite:///wins.sqlite", stdin=PAY)
    assert sorted(path.name for path in tmp_path.glob("*.sqlite")) == ["after.sqlite", "before.sqlite", "wins.sqlite"]


def test_the_command_line_s_database_stands_before_the_environment_s_before_the_file_s(run, tmp_path):
    Path("ttv.toml").write_text('[ttv]\ndatabase = "sqlite:///file.sqlite"\n')
    environ = {"TTV_DATABASE": "sqlite:///environ.sqlite"}
    run("report")
    run("report", environ=environ)
    run("report", "--database", "sqlite:///said.sqlite", environ=environ)
    names = ["environ.sqlite", "file.sqlite", "said.sqlite"]
    assert sorted(path.name for path in tmp_path.glob("*.sqlite")) == names


def test_without_anything_the_database_is_a_file_in_the_working_directory(run, tmp_path):
    run("report")
    assert (tmp_path / "ttv.sqlite").exists()


@pytest.mark.parametrize("before", [True, False])
def test_the_configuration_may_be_said_before_or_after_the_verb(run, before):
    Path("my.toml").write_text("[tvt]\n")
    arguments = ("--config", "my.toml", "report") if before else ("report", "--config", "my.toml")
    assert 'my.toml:1: tvt: is no key here; did you mean "ttv"?' in run(*arguments, exit_code=2).stderr


def test_every_mistake_of_the_configuration_is_told(run):
    Path("ttv.toml").write_text('[ttv]\nport = 0\n[sources.tool]\ntype = "tests.invented"\ntoken = "s3cret-value"\n')
    told = run("report", exit_code=2).stderr
    assert told.splitlines()[0] == "Error: 3 mistakes in the configuration:"
    assert [line.split(": ")[1] for line in told.splitlines()[1:]] == [
        "ttv.port",
        "sources.tool.url",
        "sources.tool.token",
    ]
    assert "s3cret" not in told


@pytest.mark.parametrize(
    ("url", "exit_code", "said"),
    [
        ("postgresql://ttv:s3cret@127.0.0.1:1/ttv", 1, "Error: the database cannot be used: connection"),
        ("mysql://db/ttv", 2, "SQLite or PostgreSQL, not in 'mysql'"),
        ("sqlite:////proc/none/ttv.sqlite", 1, "Error: sqlite:////proc/none/ttv.sqlite cannot be made"),
        ("sqlite:///ttv.toml", 1, "Error: the database cannot be used: file is not a database"),
    ],
)
def test_a_database_that_cannot_be_used_is_told_with_a_remedy_and_without_its_password(run, url, exit_code, said):
    Path("ttv.toml").write_text("# " + "x" * 4096)
    told = run("report", "--database", url, exit_code=exit_code).stderr
    assert said in told
    assert "s3cret" not in told
    assert "Traceback" not in told


def test_a_database_of_a_newer_ttv_is_told_to_be_so(run):
    from ttv import store

    engine = store.open("sqlite:///ttv.sqlite")
    with store.writing(engine) as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    engine.dispose()
    told = run("report", exit_code=1).stderr
    assert "has a schema that this ttv does not know" in told
    assert "upgrade this one" in told


@pytest.mark.parametrize("arguments", [["report"], ["report", "-v"], ["-v", "report"]])
def test_a_command_leaves_the_log_as_it_was(run, arguments):
    names = (None, "ttv", "connectors", "apscheduler.scheduler", "waitress.queue")

    def now():
        return [(logging.getLogger(name).level, [*logging.getLogger(name).handlers]) for name in names]

    before = now()
    run(*arguments)
    assert now() == before
