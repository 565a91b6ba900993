"""`ttv plan` shows what a changed configuration would change, and `ttv sync --afresh` does just that."""

from pathlib import Path

import orjson
import pytest

from tests.invented import SOURCE, TOKEN


@pytest.fixture
def planned(run):
    def plan(*arguments, exit_code=0):
        return orjson.loads(run("plan", "--json", *arguments, exit_code=exit_code, environ=TOKEN).stdout)

    return plan


@pytest.fixture
def exported(run):
    return lambda: run("export", environ=TOKEN).stdout


def write(text):
    Path("ttv.toml").write_text(text)


def test_where_nothing_changed_nothing_would(run, planned):
    write(f'{SOURCE}ideas = ["pay", "find"]\n')
    run("sync", environ=TOKEN)
    found = planned()
    assert (found["initiatives"], found["complete"]) == ([], True)
    assert run("plan", environ=TOKEN).stdout == "0 initiatives would change, 0 come, 0 go\n"


def test_what_would_change_is_shown_and_nothing_is_written(run, planned, exported):
    write(f'{SOURCE}ideas = ["pay", "find"]\n[initiatives.mine]\nname = "Mine"\n')
    run("sync", environ=TOKEN)
    before = exported()
    write(f'{SOURCE}ideas = ["pay", "new"]\n[initiatives.mine]\nname = "Ours"\nclaims = ["tool:pay"]\n')
    mine, new = planned()["initiatives"]
    assert (mine["key"], mine["change"]) == ("mine", "changed")
    assert mine["from"]["state"] == "no_idea"
    assert mine["to"]["idea_at"] == "2026-01-02T00:00:00Z"
    assert mine["to"] == {**mine["to"], "name": "Ours", "state": "deciding", "claims": ["tool:pay"]}
    assert "team" not in mine["to"]
    assert (new["key"], new["change"], new["from"], new["to"]["state"]) == ("new", "new", None, "deciding")
    assert exported() == before
    told = run("plan", environ=TOKEN).stdout
    assert "~ mine  Ours\n    name: Mine → Ours\n    state: no_idea → deciding\n" in told
    assert told.endswith("1 initiatives would change, 1 come, 0 go\n")


def test_what_a_mapping_yields_no_more_goes_afresh(run, planned, exported):
    write(f'{SOURCE}ideas = ["pay", "find"]\n')
    run("sync", environ=TOKEN)
    write(f'{SOURCE}ideas = ["pay", "find"]\nfewer = ["find"]\n')
    (gone,) = planned()["initiatives"]
    assert (gone["key"], gone["change"], gone["to"]) == ("find", "gone", None)
    assert run("sync", environ=TOKEN).stdout == "tool: 0 new or changed, 2 known\n"
    assert run("sync", "--afresh", environ=TOKEN).stdout == "tool: 0 new or changed, 2 known, 2 withdrawn\n"
    assert planned()["initiatives"] == []
    assert '"find"' not in exported()


def test_what_a_source_does_not_speak_of_stays(run, planned):
    write(f'{SOURCE}ideas = ["pay", "find"]\n')
    run("sync", environ=TOKEN)
    write(f'{SOURCE}ideas = ["pay"]\n')
    assert planned()["initiatives"] == []


def test_a_source_that_fails_makes_the_plan_incomplete(run, planned):
    write(f'{SOURCE}ideas = ["pay"]\n')
    run("sync", environ=TOKEN)
    write(f"{SOURCE}refuses = true\n")
    found = planned(exit_code=1)
    assert (found["complete"], found["initiatives"]) == (False, [])
    assert "401" in found["sources"][0]["error"]
    assert "what it would change is not known" in run("plan", exit_code=1, environ=TOKEN).stderr


def test_where_records_cannot_be_read_nothing_is_withdrawn(run, planned):
    write(f'{SOURCE}ideas = ["pay"]\n')
    run("sync", environ=TOKEN)
    write(f'{SOURCE}ideas = ["pay"]\nfewer = ["pay"]\nunread = 1\n')
    assert planned(exit_code=1)["initiatives"] == []


def test_recompute_says_that_nothing_changed(filled):
    assert filled("recompute").stdout == "everything was computed again, and nothing changed\n"
    assert orjson.loads(filled("recompute", "--json").stdout)["changed"] == []


def test_an_import_can_say_who_and_why(filled, exported):
    line = '{"id": "n", "kind": "idea", "occurred_at": "2026-04-01T00:00:00Z", "subject": "x"}\n'
    own = line.replace('"n"', '"o"').replace("}", ', "by": "bob"}')
    filled("import", "-", "--by", "ann", "--why", "told me", stdin=line + own)
    found = {one.get("id"): one for one in map(orjson.loads, exported().splitlines())}
    assert (found["n"]["by"], found["n"]["why"]) == ("ann", "told me")
    assert (found["o"]["by"], found["o"]["why"]) == ("bob", "told me")
