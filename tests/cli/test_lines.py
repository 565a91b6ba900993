"""`ttv import` and `ttv export`: the good lines are kept, the wrong ones told; out and in again is the same."""

import gzip
from pathlib import Path

import orjson
import pytest

from tests.cli.conftest import PAY


def test_what_was_imported_is_in_every_answer(run, reported):
    Path("pay.jsonl").write_text(PAY)
    assert run("import", "pay.jsonl").stdout == "7 new or changed, 0 known\n"
    (pay,) = reported()["items"]
    assert (pay["state"], pay["time_to_value_seconds"], pay["stages"]["waiting"]) == (
        "realised",
        63 * 86_400,
        86_400.000001,
    )


def test_the_same_again_is_known(run):
    run("import", "-", stdin=PAY)
    assert run("import", "-", stdin=PAY).stdout == "0 new or changed, 7 known\n"


def test_wrong_lines_are_told_with_their_number_and_the_good_ones_are_kept(run, reported):
    lines = PAY.splitlines()
    lines[1:1] = [
        '{"id": "6", "kind": "ide',
        '{"id": "7", "kind": "ideas", "occurred_at": "2026-01-01T00:00:00Z", "subject": "x"}',
    ]
    lines += ["", '{"id": "8", "kind": "idea", "occurred_at": "2026-01-01T00:00:00", "subject": "x"}', "5", '{"id": 5}']
    Path("torn.jsonl").write_text("\n".join(lines))
    result = run("import", "torn.jsonl", exit_code=1)
    told = [line.split(": ", 1) for line in result.stderr.splitlines()]
    assert [place for place, _ in told] == [f"torn.jsonl:{n}" for n in (2, 3, 11, 12, 13)]
    reasons = [reason for _, reason in told]
    assert "is not JSON" in reasons[0]
    assert "did you mean 'idea'?" in reasons[1]
    assert "the offset is missing, and it is never guessed" in reasons[2]
    assert "must be an object" in reasons[3]
    assert "kind: is missing" in reasons[4]
    assert result.stdout == "7 new or changed, 0 known, 5 rejected\n"
    assert len(reported()["items"]) == 1


def test_rejections_are_there_for_machines_too(run):
    result = run("import", "-", "--json", stdin=PAY + '{"id": "6", "kind": "ideas"}\n', exit_code=1)
    answer = orjson.loads(result.stdout)
    (rejected,) = answer.pop("rejected")
    assert answer == {"accepted": 7, "duplicate": 0}
    assert (rejected["line"], rejected["id"]) == (8, "6")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"\n<!DOCTYPE html>\n<html>\n<body>Sign in</body>\n</html>\n", "is a page of HTML or XML, not JSON Lines"),
        (b'[\n {"id": "1"}\n]\n', "is one JSON array, not JSON Lines"),
        (gzip.compress(PAY.encode()), "is compressed"),
    ],
)
def test_a_file_of_something_else_is_told_once(run, content, said):
    Path("other.jsonl").write_bytes(content)
    told = run("import", "other.jsonl", exit_code=1).stderr.splitlines()
    assert told[0] == f"Error: other.jsonl: {said}; nothing was taken"
    assert len(told) == 2


def test_a_file_that_is_not_there_is_told(run):
    assert "there is no file none.jsonl" in run("import", "none.jsonl", exit_code=1).stderr


def test_an_empty_file_is_nothing_wrong(run):
    assert run("import", "-", stdin="").stdout == "0 new or changed, 0 known\n"


def test_what_was_exported_gives_the_same_figures_elsewhere(filled, tmp_path, reported):
    before = reported()
    filled("export", "all.jsonl")
    filled("import", "all.jsonl", "--database", "sqlite:///other.sqlite")
    assert reported("--database", "sqlite:///other.sqlite") == before
    assert before["time_to_value"]["groups"][0]["completed"]["count"] == 1
    assert sorted(path.name for path in tmp_path.glob("*.jsonl")) == ["all.jsonl", "pay.jsonl"]


def test_an_export_goes_to_standard_output_and_is_one_object_a_line(filled):
    lines = [orjson.loads(line) for line in filled("export").stdout.splitlines()]
    assert [sorted(line) == ["initiative"] for line in lines].count(True) == 3
    assert {"child": "github:acme/pay#45", "parent": "jira:PAY-1"} in [line.get("link") for line in lines]
    assert {line["id"] for line in lines if "id" in line} == {"1", "2", "3", "4", "5", "9", "10", "11"}


def test_an_export_to_where_nothing_can_be_written_is_told(filled):
    assert "cannot be written" in filled("export", "none/all.jsonl", exit_code=1).stderr
