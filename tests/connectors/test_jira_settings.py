"""What a source of the type `jira` can be told, and what its page says of it."""

import re

import pytest
import requests
from pydantic import ValidationError

from connectors import jira
from ttv import config


@pytest.mark.parametrize("key", ["jql", "initiatives", "groups"])
def test_a_condition_has_no_order(key):
    def told(jql):
        return jira.Settings(**{"url": "https://x.example", "token": "t", key: {"a": jql} if key == "groups" else jql})

    with pytest.raises(ValidationError, match="must have no ORDER BY"):
        told("labels = x order  by created")
    assert told("summary ~ \"order by\" AND labels = 'order by'")


def test_a_group_is_not_everything():
    with pytest.raises(ValidationError, match="at least 1 character"):
        jira.Settings(url="https://x.example", token="t", groups={"all": ""})


@pytest.mark.parametrize("name", ["", "a b", "a/b", "x" * 101])
def test_the_name_of_a_group_is_part_of_a_key(name):
    with pytest.raises(ValidationError, match="groups"):
        jira.Settings(url="https://x.example", token="t", groups={name: "labels = q3"})


def test_an_oauth_token_is_sent_as_bearer(opened):
    settings = jira.Settings(url="https://api.example/ex/jira/1/", token="t")
    assert settings.url == "https://api.example/ex/jira/1"
    request = opened(jira.client, settings)._wire._session.prepare_request(requests.Request("GET", "https://a"))
    assert request.headers["Authorization"] == "Bearer t"


@pytest.mark.parametrize(
    "url", ["example.atlassian.net", "https://ana:pw@example.net", "https://x.example?token=1", "ftp://x"]
)
def test_an_address_that_is_none_is_a_mistake_of_the_configuration(url):
    with pytest.raises(ValidationError, match="must"):
        jira.Settings(url=url, token="t")


def test_the_configuration_on_the_page_is_right(root, tmp_path):
    blocks = re.findall(r"```toml\n(.*?)```", (root / "docs/connectors/jira.md").read_text(), re.DOTALL)
    assert len(blocks) == 4
    for number, block in enumerate(blocks):
        file = tmp_path / f"{number}.toml"
        file.write_text(block)
        assert config.load(file, {"TTV_JIRA_TOKEN": "t", "TTV_JIRA_WEBHOOK": "s"})
