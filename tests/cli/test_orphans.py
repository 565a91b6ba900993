"""`ttv orphans`: causes with examples, and proposals that can be pasted into the configuration."""

import tomllib
from pathlib import Path

import orjson
import pytest

LINES = """\
{"id": "1", "kind": "idea", "occurred_at": "2026-03-01T09:00:00Z", "subject": "jira:SHOP-1", "title": "Search \\"it\\""}
{"id": "2", "kind": "start", "occurred_at": "2026-03-02T09:00:00Z", "subject": "jira:SHOP-2", "refs": ["jira:SHOP-1"]}
{"id": "3", "kind": "change", "occurred_at": "2026-03-03T09:00:00Z", "subject": "github:acme/shop@4f1c", "title": "Fix"}
{"id": "4", "kind": "start", "occurred_at": "2026-03-02T09:00:00Z", "subject": "github:acme/shop#1",\
 "refs": ["jira:OPS-1"]}
"""


@pytest.fixture
def loose(filled):
    """The folder of three initiatives, with four events of none."""
    filled("import", "-", stdin=LINES)
    return filled


def test_it_says_why_how_many_with_examples_and_what_to_claim(loose):
    told = loose("orphans").stdout
    for part in (
        "of 4 that reach no initiative",
        "the commit names no issue and no pull request",
        "change github:acme/shop@4f1c: Fix",
        "     1 jira:OPS-",
        '[initiatives.SHOP-1]  # ties 2 events\nname = "Search \\"it\\""\nclaims = ["jira:SHOP-1"]\n',
    ):
        assert part in told


def test_the_proposals_pasted_into_the_configuration_tie_what_they_said(loose):
    Path("ttv.toml").write_text(loose("orphans", "--toml").stdout)
    assert tomllib.loads(Path("ttv.toml").read_text())["initiatives"]["SHOP-1"] == {
        "name": 'Search "it"',
        "claims": ["jira:SHOP-1"],
    }
    loose("doctor")
    assert orjson.loads(loose("orphans", "--json").stdout)["events"] == 4


def test_where_nothing_is_loose_it_says_so(filled):
    assert filled("orphans").stdout == "every event reaches an initiative\n"
    assert orjson.loads(filled("orphans", "--json").stdout)["events"] == 0
