"""`ttv sync`: every source once, whatever becomes of another."""

from pathlib import Path

import orjson

from tests.invented import SOURCE, TOKEN


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
