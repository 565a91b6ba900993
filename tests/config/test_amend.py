"""A source is put into a configuration, and everything else in it stays as it is."""

import tomllib

import pytest

from ttv.config import ConfigError, amend

MINE = """\
# mine
[ttv]
port = 9000 # not 8080

[sources.github]  # the code
type = "github"
token = { file = "old" }
repositories = ["acme/pay"]
every = "5m"

[sources.github.extra]
a = 1

# what no tool knows
[initiatives.same-day]
name = \"\"\"
[sources.github]
\"\"\"
"""


def test_a_new_source_stands_at_the_end_and_the_rest_as_it_was():
    keys = {"type": "jira", "token": {"env": "T"}, "projects": ["PAY"], "statuses": {"approved": ["Go", "Yes"]}}
    written = amend.put(MINE, "jira", keys, {"projects": "all of them", "statuses.approved": "a yes"})
    assert written == MINE + (
        "\n[sources.jira]\n"
        'type = "jira"\n'
        'token = { env = "T" }\n'
        "# all of them\n"
        'projects = ["PAY"]\n'
        "# a yes\n"
        'statuses.approved = ["Go", "Yes"]\n'
    )


def test_a_source_is_written_anew_in_its_place_with_the_keys_that_are_not_given():
    written = amend.put(MINE, "github", {"token": {"env": "T"}, "repositories": ["acme/shop"]}, {})
    assert written == MINE.replace(
        '[sources.github]  # the code\ntype = "github"\ntoken = { file = "old" }\nrepositories = ["acme/pay"]\n'
        'every = "5m"\n\n[sources.github.extra]\na = 1\n',
        '[sources.github]\ntype = "github"\ntoken = { env = "T" }\nrepositories = ["acme/shop"]\n'
        'every = "5m"\nextra.a = 1\n',
    )


def test_a_table_within_a_source_is_merged():
    text = amend.put("", "jira", {"type": "jira", "statuses": {"approved": ["A"], "start": ["S"]}}, {})
    again = amend.put(text, "jira", {"statuses": {"approved": ["B"]}}, {})
    assert tomllib.loads(again)["sources"]["jira"]["statuses"] == {"approved": ["B"], "start": ["S"]}


def test_a_name_that_is_not_bare_is_quoted():
    assert '[sources."eu.jira"]' in amend.put("", "eu.jira", {"type": "jira"}, {})


@pytest.mark.parametrize(
    "text", ['sources = { jira = { type = "x" } }', '[sources]\njira = { type = "x" }', 'sources.jira.type = "x"']
)
def test_a_source_that_has_no_table_of_its_own_is_left_alone(text):
    with pytest.raises(ValueError, match="cannot be changed there"):
        amend.put(text, "jira", {"type": "jira"}, {})


def test_the_sources_of_a_text_are_listed_or_its_fault_is_told():
    assert list(amend.sources(MINE, "ttv.toml")) == ["github"]
    with pytest.raises(ConfigError, match=r"ttv\.toml: is not TOML"):
        amend.sources("[sources", "ttv.toml")
    with pytest.raises(ConfigError, match="must be a table"):
        amend.sources("sources = 1", "ttv.toml")
