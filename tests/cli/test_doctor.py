"""`ttv doctor`: what is well, what is wrong, and nothing changed."""

from pathlib import Path

import orjson

from tests.invented import SOURCE, TOKEN


def test_the_doctor_is_content_without_a_configuration_and_makes_nothing(run, tmp_path):
    told = run("doctor").stdout
    assert "✓ configuration: there is none" in told
    assert "is not there yet; the first command that needs it makes it" in told
    assert list(tmp_path.iterdir()) == []


def test_the_doctor_tells_what_each_source_sees(run):
    Path("ttv.toml").write_text(SOURCE)
    run("report", environ=TOKEN)
    assert run("doctor", environ=TOKEN).stdout.splitlines() == [
        "✓ configuration: ttv.toml is right: sources 1, initiatives 0",
        "✓ database: sqlite:///ttv.sqlite: is reached, has the right schema, and can be written",
        "✓ source tool: signed in at https://tool.example",
    ]


def test_the_doctor_tells_every_fault_and_exits_with_1(run):
    Path("ttv.toml").write_text(f"{SOURCE}refuses = true\n[ttv]\nhost = '0.0.0.0'\n")
    database = "postgresql://ttv:s3cret@127.0.0.1:1/ttv"
    answer = orjson.loads(run("doctor", "--json", "--database", database, exit_code=1, environ=TOKEN).stdout)
    assert answer["ok"] is False
    found = [(one["place"], one["ok"]) for one in answer["findings"]]
    assert found == [
        ("configuration", True),
        ("database", False),
        ("serve", False),
        ("source tool", True),
        ("source tool", False),
    ]
    assert "s3cret" not in str(answer)


def test_the_doctor_tells_the_mistakes_of_the_configuration_and_looks_at_the_database_still(run):
    Path("ttv.toml").write_text(f"{SOURCE}[tvt]\n")
    told = run("doctor", exit_code=1).stdout.splitlines()
    assert [line[:15] for line in told] == ["✗ configuration", "✗ configuration", "✓ database: " + told[2][12:15]]
    assert "TTV_TOOL_TOKEN" in told[0]


def test_the_doctor_tells_that_a_database_has_no_schema(run):
    Path("ttv.sqlite").touch()
    told = run("doctor", exit_code=1).stdout
    assert "✗ database: sqlite:///ttv.sqlite: its schema is missing" in told
    assert "migrate it" in told


def test_the_doctor_says_that_an_engine_is_well(run, engine_url):
    assert "and can be written" in run("doctor", "--database", engine_url).stdout


def test_the_doctor_tells_a_database_that_is_none(run):
    assert "✗ database: " in run("doctor", "--database", "mysql://db/ttv", exit_code=1).stdout


def test_the_doctor_tells_a_database_that_can_only_be_read(run, postgres_url):
    only_read = f"{postgres_url}&options=-c%20default_transaction_read_only%3Don"
    told = run("doctor", "--database", only_read, exit_code=1).stdout
    assert "in a read-only transaction" in told


def test_the_doctor_tells_a_token_that_holds_nothing(run):
    told = run("doctor", environ={"TTV_TOKEN": ""}, exit_code=1).stdout
    assert "✗ serve: the token cannot be used: the environment variable TTV_TOKEN is empty" in told


def test_the_doctor_needs_no_check_of_a_connector(run, monkeypatch):
    monkeypatch.delattr("tests.invented.check")
    Path("ttv.toml").write_text(SOURCE)
    told = run("doctor", environ=TOKEN).stdout
    assert "✓ source tool: the connector tests.invented has no check of its own" in told
