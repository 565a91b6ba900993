"""CSV as people have it, and JSON Lines of other tools: columns find their fields, wrong rows their lines."""

from pathlib import Path

import orjson
import pytest

SURVEY = """\
No.;Date;Issue;Score;Customer;Text
1;01.03.2026 09:30;PAY-12;9;TRUE;"Too slow;
and ""odd""."
2;01.03.2026 09:31;PAY-13;;false;
3;31.02.2026 09:31;PAY-14;7;true;No such day
4;01.03.2026 09:32;;7;true;Of no issue
5;01.03.2026;PAY-15
"""
MAPPING = """\
timezone = "Europe/Berlin"
date_format = "%d.%m.%Y %H:%M"
[columns]
occurred_at = "date"
title = "Text"
"attributes.rating" = "Score"
"attributes.customer" = "Customer"
[set]
kind = "feedback"
source = "survey"
id = "answer-{No.}"
subject = "jira:{Issue}"
"""


@pytest.fixture
def events(run):
    """A function that exports what came in, the events by their ids."""

    def exported():
        lines = (orjson.loads(line) for line in run("export").stdout.splitlines())
        return {line["id"]: line for line in lines if "id" in line}

    return exported


def test_columns_with_the_names_of_fields_need_no_mapping(run, events):
    Path("ideas.csv").write_text(
        "\ufeffID,Kind,Occurred_at,Subject,Refs,Title,attributes.customer\n"
        'a,idea,2026-03-01T09:00:00+02:00,jira:PAY-1,"jira:PAY-9, jira:PAY-8","Zu langsam, leider",\n'
        "\n"
        "b,feedback,2026-03-02T09:00:00Z,zendesk:1,jira:PAY-1,,false\n"
    )
    result = run("import", "ideas.csv")
    assert result.stdout == "2 new or changed, 0 known\n"
    assert result.stderr == ""
    idea, feedback = events()["a"], events()["b"]
    assert (idea["occurred_at"], idea["title"]) == ("2026-03-01T07:00:00Z", "Zu langsam, leider")
    assert idea["refs"] == ["jira:PAY-8", "jira:PAY-9"]
    assert feedback["attributes"] == {"customer": False}
    assert "title" not in feedback or feedback["title"] is None


def test_a_mapping_says_which_column_is_what(run, events):
    Path("survey.csv").write_text(SURVEY)
    Path("survey.toml").write_text(MAPPING)
    result = run("import", "survey.csv", "--map", "survey.toml", exit_code=1)
    assert result.stdout == "2 new or changed, 0 known, 3 rejected\n"
    first, second = events()["answer-1"], events()["answer-2"]
    assert (first["source"], first["kind"], first["subject"]) == ("survey", "feedback", "jira:PAY-12")
    assert first["occurred_at"] == "2026-03-01T08:30:00Z"
    assert first["title"] == 'Too slow;\nand "odd".'
    assert first["attributes"] == {"rating": 9, "customer": True}
    assert second["attributes"] == {"customer": False}


def test_wrong_rows_are_told_with_their_lines_and_kept_as_they_came(run):
    Path("survey.csv").write_text(SURVEY)
    Path("survey.toml").write_text(MAPPING)
    result = run("import", "survey.csv", "--map", "survey.toml", "--json", exit_code=1)
    told = [line.split(": ", 1) for line in result.stderr.splitlines()]
    assert [place for place, _ in told] == ["survey.csv:5", "survey.csv:6", "survey.csv:7"]
    assert "occurred_at: " in told[0][1]
    assert "subject: is missing" in told[1][1]
    assert told[2][1] == "has 3 cells, and the header 6"
    assert [one["line"] for one in orjson.loads(result.stdout)["rejected"]] == [5, 6, 7]


def test_a_mapping_can_be_said_in_words(run, events):
    Path("survey.csv").write_text("nr,when,what\n1,2026-03-01 09:30,PAY-1\n")
    said = ["--column", "occurred_at=When", "--set", "kind=idea", "--set", "id=s{nr}", "--set", "subject=jira:{what}"]
    run("import", "survey.csv", *said, "--timezone", "Asia/Kathmandu")
    assert events()["s1"]["occurred_at"] == "2026-03-01T03:45:00Z"


@pytest.mark.parametrize(
    ("time", "said"),
    [
        ("2026-03-01 09:30", "has no offset from UTC, and it is never guessed; say its zone: --timezone Europe/Berlin"),
        (
            "yesterday",
            "'yesterday' is not written like 2026-05-01T09:30:00Z, or no day that exists; say how it is written",
        ),
    ],
)
def test_a_time_is_never_guessed(run, time, said):
    result = run("import", "-", "--csv", stdin=f"id,kind,subject,occurred_at\n1,idea,jira:A-1,{time}\n", exit_code=1)
    assert said in result.stderr


def test_times_may_be_written_in_several_forms_and_one_that_fits_none_says_which(run, events):
    rows = "id,kind,subject,occurred_at\n1,idea,x:1,01.05.2026 09:30\n2,idea,x:2,02.05.2026\n3,idea,x:3,31.04.2026\n"
    said = ["--date-format", "%d.%m.%Y %H:%M|%d.%m.%Y", "--timezone", "Europe/Berlin"]
    told = run("import", "-", "--csv", *said, stdin=rows, exit_code=1).stderr
    assert "'31.04.2026' is not written as %d.%m.%Y %H:%M|%d.%m.%Y, or no day that exists\n" in told
    times = {id_: event["occurred_at"] for id_, event in events().items()}
    assert times == {"1": "2026-05-01T07:30:00Z", "2": "2026-05-01T22:00:00Z"}


@pytest.mark.parametrize(
    ("time", "said"), [("2026-10-25 02:30", "was twice in Europe/Berlin"), ("2026-03-29 02:30", "never was in")]
)
def test_an_hour_that_the_clocks_took_or_gave_is_not_guessed(run, time, said):
    rows = f"id,kind,subject,occurred_at\n1,idea,jira:A-1,{time}\n"
    assert said in run("import", "-", "--csv", "--timezone", "Europe/Berlin", stdin=rows, exit_code=1).stderr


def test_another_encoding_is_asked_for_and_read(run, events):
    Path("alt.csv").write_bytes(
        "id,kind,subject,occurred_at,title\n1,idea,x:1,2026-03-01,Gr\u00f6\u00dfe\n".encode("cp1252")
    )
    refused = run("import", "alt.csv", "--timezone", "UTC", exit_code=1).stderr
    assert "alt.csv:2: is no utf-8-sig text; say which it is with --encoding" in refused
    run("import", "alt.csv", "--timezone", "UTC", "--encoding", "cp1252")
    assert events()["1"]["title"] == "Gr\u00f6\u00dfe"


def test_utf_16_of_a_spreadsheet_is_read(run, events):
    Path("wide.csv").write_bytes(
        "id\tkind\tsubject\toccurred_at\n1\tidea\tx:1\t2026-03-01T00:00:00Z\n".encode("utf-16")
    )
    assert "its header is no utf-8-sig text" in run("import", "wide.csv", exit_code=1).stderr
    run("import", "wide.csv", "--encoding", "utf-16")
    assert list(events()) == ["1"]


def test_initiatives_and_links_come_as_csv_too(run, reported):
    Path("wishes.csv").write_text("key,name,claims,labels.area\npay,Faster checkout,jira:PAY-1 jira:PAY-2,x\n")
    Path("links.csv").write_text("child,parent\njira:PAY-3,jira:PAY-1\n")
    run("import", "wishes.csv", "--as", "initiative")
    run("import", "links.csv", "--as", "link")
    lines = [orjson.loads(line) for line in run("export").stdout.splitlines()]
    (wish,) = (line["initiative"] for line in lines if "initiative" in line)
    assert (wish["name"], wish["labels"]) == ("Faster checkout", {"area": "x"})
    assert wish["claims"] == ["jira:PAY-1", "jira:PAY-2"]
    assert {"child": "jira:PAY-3", "parent": "jira:PAY-1"} in [line.get("link") for line in lines]


def test_json_lines_of_another_tool_are_mapped_too(run, events):
    rows = '{"key": 7, "fields": {"created": 1772355600, "links": ["jira:PAY-1"]}}\n5\n{"key": 8}\n'
    said = ["--column", "id=key", "--column", "occurred_at=fields.created", "--column", "refs=fields.links"]
    result = run("import", "-", *said, "--set", "kind=idea", "--set", "subject=x:{key}", stdin=rows, exit_code=1)
    assert [line.split(": ")[0] for line in result.stderr.splitlines()] == ["-:2", "-:3"]
    assert events()["7"]["occurred_at"] == "2026-03-01T09:00:00Z"
    assert events()["7"]["refs"] == ["jira:PAY-1"]


def test_columns_that_mean_nothing_are_told(run):
    rows = "id,kind,subject,occurred_at,Owner\n1,idea,x:1,2026-03-01T00:00:00Z,me\n"
    assert run("import", "-", "--csv", stdin=rows).stderr == "-: columns that mean nothing here: Owner\n"


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["--column", "occurred_at=Dat"], 1, "has no column \"Dat\"; did you mean 'Date'?"),
        ([], 1, "none of its columns is a field of ours: Date, Issue"),
        (["--column", "occured_at=Date"], 2, "occured_at: no field of events"),
        (["--column", "Date"], 2, '"Date" says no field: write --column FIELD=…'),
        (["--timezone", "Mars/Base"], 2, 'timezone: there is no time zone "Mars/Base"'),
        (["--map", "none.toml"], 2, "none.toml cannot be read: no such file or directory"),
        (["--encoding", "utf-9"], 1, 'there is no encoding "utf-9"'),
    ],
)
def test_a_mapping_that_does_not_fit_is_told_before_anything_is_taken(run, arguments, code, said):
    Path("some.csv").write_text("Date,Issue\n2026-03-01,PAY-1\n")
    assert said in run("import", "some.csv", *arguments, exit_code=code).stderr


def test_an_unclosed_quote_is_told_and_the_rows_before_it_are_kept(run, events):
    rows = 'id,kind,subject,occurred_at\n1,idea,x:1,2026-03-01T00:00:00Z\n2,"idea,x:2,2026-03-01T00:00:00Z\n3,idea\n'
    result = run("import", "-", "--csv", stdin=rows, exit_code=1)
    assert result.stderr.startswith("-:3: is no CSV (")
    assert list(events()) == ["1"]
