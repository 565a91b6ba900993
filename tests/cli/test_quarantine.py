"""`ttv quarantine`: counts by cause, the records as they came, read again after an upgrade, dropped for a reason."""

from pathlib import Path

import orjson
import pytest

from connectors import cloudevents
from connectors.contract import Unread
from tests.invented import SOURCE, TOKEN
from ttv import store
from ttv.cli.columns import Columns
from ttv.publish.bodies import opened
from ttv.route import Route

BAD = '{"id": "1", "kind": "ideaa", "occurred_at": "2026-01-01T00:00:00Z", "subject": "x:1"}\nnot json\n'


@pytest.fixture
def unread(run):
    """A folder with three records of a source that could not be read, and two lines."""
    Path("ttv.toml").write_text(f"{SOURCE}unread = 3\n")
    run("sync", environ=TOKEN)
    run("import", "-", stdin=BAD, exit_code=1)
    return run


def causes(run):
    return [(one["source"], one["records"]) for one in orjson.loads(run("quarantine", "--json").stdout)["causes"]]


def test_it_counts_by_source_and_cause(unread):
    told = unread("quarantine").stdout
    assert "tool          3" in told
    assert "KeyError: 'created'" in told
    assert causes(unread) == [("api", 1), ("api", 1), ("tool", 3)]
    assert "tool" not in unread("quarantine", "--source", "api").stdout


def test_it_shows_each_record_as_it_came(unread):
    told = unread("quarantine", "--raw", "--source", "tool", "--limit", "2").stdout
    assert told.count('{"number":') == 2
    assert told.endswith("These are 2; more with --limit.\n")
    items = orjson.loads(unread("quarantine", "--raw", "--json").stdout)["items"]
    assert "not json" in [one["raw"] for one in items]


def test_without_any_it_says_so(run):
    assert run("quarantine").stdout == "nothing lies in quarantine\n"
    assert run("quarantine", "retry").stdout == "nothing lies in quarantine\n"


def test_after_an_upgrade_a_source_s_records_are_read(unread):
    still = unread("quarantine", "retry", environ=TOKEN).stdout
    assert "tool: 0 read, with 0 new or changed; 3 stay\n  3: KeyError: 'created'\n" in still
    Path("ttv.toml").write_text(f"{SOURCE}unread = 3\nmended = true\n")
    told = unread("quarantine", "retry", "--source", "tool", environ=TOKEN).stdout
    assert told == "tool: 3 read, with 3 new or changed; 0 stay\n"
    assert causes(unread) == [("api", 1), ("api", 1)]
    assert unread("quarantine", "retry", "--source", "tool", environ=TOKEN).stdout == "nothing lies in quarantine\n"


def test_records_of_a_source_that_is_configured_no_more_stay(unread):
    Path("ttv.toml").unlink()
    told = unread("quarantine", "retry", "--source", "tool").stdout
    assert "3 of them cannot be read by themselves: ttv sync tool --afresh reads their source" in told
    assert causes(unread)[-1] == ("tool", 3)


def test_a_look_from_the_beginning_settles_what_it_finds_unreadable_no_more(unread):
    Path("ttv.toml").write_text(f"{SOURCE}unread = 1\n")
    unread("sync", environ=TOKEN)
    assert causes(unread)[-1] == ("tool", 3), "a look that goes on says nothing of what it did not read"
    unread("sync", "--afresh", environ=TOKEN)
    assert causes(unread) == [("api", 1), ("api", 1), ("tool", 1)]


def test_rows_are_read_again_by_the_mapping_that_they_came_with(run, monkeypatch):
    def older(self, value):
        raise ValueError("occurred_at: cannot be read")

    Path("ideas.csv").write_text("No.;Heard;Issue\n1;2026-05-01 09:00;PAY-1\n2;2026-05-02 09:00;PAY-2;more\n")
    mapping = ["--set", "kind=idea", "--set", "id=idea-{No.}", "--column", "occurred_at=Heard"]
    with monkeypatch.context() as before:
        before.setattr(Columns, "_time", older)
        run("import", "ideas.csv", *mapping, "--column", "subject=Issue", "--timezone", "Europe/Berlin", exit_code=1)
    told = run("quarantine", "retry").stdout
    assert "api: 1 read, with 1 new or changed; 1 stay\n  1: has 4 cells, and the header 3\n" in told
    event = orjson.loads(run("export").stdout)
    assert (event["id"], event["occurred_at"], event["subject"]) == ("idea-1", "2026-05-01T07:00:00Z", "PAY-1")


def test_cloudevents_that_came_by_the_api_are_opened_again(run, monkeypatch):
    envelope = {"specversion": "1.0", "id": "7", "source": "board", "type": "ttv.idea", "subject": "x:1"}

    def older(envelope):
        raise ValueError("type: 'ttv.idea' is unknown")

    engine = store.open("sqlite:///ttv.sqlite")
    with monkeypatch.context() as before:
        before.setattr(cloudevents, "event", older)
        Route(engine).post(opened([{**envelope, "time": "2026-05-01T07:00:00Z"}], []))
    engine.dispose()
    assert run("quarantine", "retry").stdout == "board: 1 read, with 1 new or changed; 0 stay\n"
    assert orjson.loads(run("export").stdout)["source"] == "board"


def test_records_of_a_tool_that_only_sends_are_read_again_without_asking_it(run, monkeypatch):
    Path("ttv.toml").write_text('[sources.board]\ntype = "cloudevents"\nwebhook_secret = { env = "TTV_SECRET" }\n')
    envelope = {"specversion": "1.0", "id": "7", "source": "board", "type": "ttv.idea", "subject": "x:1"}
    engine = store.open("sqlite:///ttv.sqlite")
    raw = {**envelope, "time": "2026-05-01T07:00:00Z"}
    Route(engine).take("board", [Unread(raw, "an older program", cloudevents.READER)])
    engine.dispose()
    told = run("quarantine", "retry", environ={"TTV_SECRET": "whsec_c2VjcmV0LW9mLXRoZS1ib2FyZA=="}).stdout
    assert told == "board: 1 read, with 1 new or changed; 0 stay\n"


def test_what_is_junk_is_dropped_by_who_and_why(unread):
    unread("quarantine", "drop", "--source", "tool", exit_code=2)
    assert "everything" in unread("quarantine", "drop", "--by", "ana", "--why", "junk", exit_code=2).stderr
    assert unread("quarantine", "drop", "--source", "tool", "--by", "ana", "--why", "junk").stdout == "3 dropped\n"
    assert causes(unread) == [("api", 1), ("api", 1)]
    assert "3 more were dropped as junk" in unread("quarantine").stdout


def test_one_record_is_dropped_by_its_key(unread):
    key = orjson.loads(unread("quarantine", "--raw", "--json").stdout)["items"][0]["key"]
    assert unread("quarantine", "drop", key, "--by", "ana", "--why", "junk").stdout == "1 dropped\n"


@pytest.mark.parametrize("verb", [[], ["retry"], ["drop"]])
def test_help_has_examples_and_the_options_that_hold_for_all(run, verb):
    told = run("quarantine", *verb, "--help").stdout
    for part in ("Examples:", "--database URL", "--config FILE"):
        assert part in told
