"""`ttv sync`: every source once, whatever becomes of another."""

from pathlib import Path

import orjson

from tests.invented import SOURCE, TOKEN
from ttv import engines, store


def test_a_sync_takes_in_what_the_sources_have(run):
    Path("ttv.toml").write_text(f'{SOURCE}ideas = ["pay", "find"]\n[initiatives.mine]\n')
    assert run("sync", environ=TOKEN).stdout == "tool: 4 new or changed, 0 known\n"
    assert run("sync", "tool", environ=TOKEN).stdout == "tool: 0 new or changed, 4 known\n"
    assert {item["key"] for item in orjson.loads(run("report", "--json", environ=TOKEN).stdout)["items"]} == {
        "pay",
        "find",
        "mine",
    }


def test_an_initiative_that_left_the_configuration_is_gone(run):
    Path("ttv.toml").write_text(f"{SOURCE}[initiatives.mine]\n")
    run("sync", environ=TOKEN)
    Path("ttv.toml").write_text(SOURCE)
    run("sync", environ=TOKEN)
    assert orjson.loads(run("report", "--json", environ=TOKEN).stdout)["items"] == []


def test_a_source_that_fails_does_not_keep_the_others(run):
    bad = SOURCE.replace("tool]", "bad]") + 'token = { env = "TTV_TOOL_TOKEN" }\nrefuses = true\n'
    Path("ttv.toml").write_text(f'{bad}{SOURCE}ideas = ["pay"]\nunread = 2\n')
    result = run("sync", exit_code=1, environ=TOKEN)
    assert result.stdout == "tool: 2 new or changed, 0 known, 2 in quarantine (first: KeyError: 'created')\n"
    assert result.stderr == "bad: https://tool.example answered 401: the token is not valid; make a new one\n"
    answer = orjson.loads(run("sync", "--json", exit_code=1, environ=TOKEN).stdout)
    bad, tool = answer["sources"]
    assert (bad["source"], bad["complete"], bad["error"][:20]) == ("bad", False, "https://tool.example")
    assert (tool["accepted"], tool["duplicate"], tool["rejected"], tool["complete"]) == (0, 2, 2, True)


def test_a_source_that_is_not_there_is_a_usage_error(run):
    Path("ttv.toml").write_text(SOURCE)
    assert 'there is no source "tol"; did you mean "tool"?' in run("sync", "tol", exit_code=2, environ=TOKEN).stderr


def test_without_sources_a_sync_says_what_to_do(run):
    told = run("sync", exit_code=2).stderr
    assert "there is no source to look at" in told
    assert "ttv init" in told


def test_a_census_withdraws_what_is_deleted_there(run):
    Path("ttv.toml").write_text(f'{SOURCE}ideas = ["pay", "find"]\n')
    run("sync", environ=TOKEN)
    Path("ttv.toml").write_text(f'{SOURCE}ideas = ["pay", "find"]\ndeleted = ["pay"]\n')
    told = run("sync", "tool", "--census", environ=TOKEN).stdout
    assert told == ("tool: 0 new or changed, 4 known; 1 of 2 artefacts are deleted; withdrawn: 1 event, 1 initiative\n")
    answer = orjson.loads(run("sync", "--census", "--json", environ=TOKEN).stdout)["sources"][0]
    assert answer["census"] == {"asked": 2, "gone": 1, "events": 1, "links": 0, "initiatives": 1}


def test_suspiciously_many_are_withdrawn_when_their_number_is_confirmed(run):
    ideas = [f"idea-{number}" for number in "abcdefghijkl"]
    Path("ttv.toml").write_text(f"{SOURCE}ideas = {ideas}\ndeleted = {ideas}\n")
    told = run("sync", "--census", exit_code=1, environ=TOKEN).stderr
    assert "12 of 12 artefacts are gone at once, so nothing is withdrawn" in told
    assert "ttv sync tool --census --confirm 12" in told
    assert "withdrawn: 12 events" in run("sync", "tool", "--census", "--confirm", "12", environ=TOKEN).stdout


def test_a_census_of_what_cannot_tell_is_a_usage_error(run, monkeypatch):
    Path("ttv.toml").write_text(SOURCE)
    monkeypatch.delattr("tests.invented.gone")
    assert "cannot be told by: tests.invented" in run("sync", "--census", exit_code=2, environ=TOKEN).stderr


def test_what_makes_no_sense_with_a_census_is_a_usage_error(run):
    again = SOURCE.replace("tool]", "again]") + 'token = { env = "TTV_TOOL_TOKEN" }\n'
    Path("ttv.toml").write_text(SOURCE + again)
    for said in (["--confirm", "3"], ["--census", "--confirm", "3"], ["--census", "--afresh"]):
        assert run("sync", *said, exit_code=2, environ=TOKEN).stderr.startswith("Error: ")


def test_who_looks_at_a_source_already_is_left_alone(run):
    Path("ttv.toml").write_text(f'{SOURCE}ideas = ["pay"]\n')
    run("sync", environ=TOKEN)
    engine = store.open("sqlite:///ttv.sqlite")
    with engines.alone(engine, "tool") as mine:
        assert mine
        assert "tool: another process is looking at it just now" in run("sync", exit_code=1, environ=TOKEN).stderr
    engine.dispose()
    assert run("sync", environ=TOKEN).stdout == "tool: 0 new or changed, 2 known\n"
