"""Jira Cloud as its vendor describes it: what the connector asks is there, and the fake answers as is described."""

import json

import pytest

from connectors import jira
from tests.fakes import jira as fake
from tests.fakes import jira_issues as issues
from tests.fakes.described import Description, Held

KNOWN = r"\.(from|to|fromString|nextPageToken): None (is|for) not|Histories\[\d+\]\.created: \d+ is not"
"""Where Jira itself does not keep to its description: nothing is null, and bulk changelogs count milliseconds."""


@pytest.fixture(scope="module")
def description(data):
    return Description(json.loads((data / "jira" / "openapi-v3.json").read_bytes()))


@pytest.fixture
def held(asking, description):
    """A function that serves an account held against the description; gives the account's source and what it found."""

    def serve(account, **more):
        found = []

        def hold(app):
            found.append(
                Held(app, description, KNOWN, lambda path: path.replace("/api/2/serverInfo", "/api/3/serverInfo"))
            )
            return found[0]

        return asking(jira, fake, account, hold, **more), found[0]

    return serve


@pytest.fixture
def account():
    """A site with all that is read: requests, fields of parents, links, old keys, a history that bulk lacks."""
    site = fake.Account()
    at, person = "2026-02-03T09:00:00.000+0100", issues.person("Zoe Park")
    told = {
        "project": {"id": "9", "key": "HELP", "name": "Help", "projectTypeKey": "service_desk"},
        "reporter": {**person, "accountType": "customer"},
        "customfield_10031": {"rating": 4},
        "customfield_10032": at,
        "labels": ["q3"],
    }
    site.issues.append(issues.issue("10200", "HELP-1", "Service Request", "1", at, at, **told))
    site.bulk_lacks = {"502"}
    site.seen.append("HELP")
    return site


def test_all_that_is_asked_is_described_and_so_are_the_answers(held, account):
    asked, found = held(
        account, feedback={"projects": ["HELP"]}, groups={"q": "labels = q3"}, idea_date_field="customfield_1"
    )
    assert asked.look(*fake.SPAN)
    assert asked.look()
    assert asked.check()
    assert list(jira.scope(asked.settings, asked.client))
    assert list(jira.gone(asked.settings, asked.client, ["jira:PAY-1", "jira:PAY-99"])) == ["jira:PAY-99"]
    assert found.faults == []
    assert found.used >= {
        "GET /rest/api/3/serverInfo",
        "GET /rest/api/3/myself",
        "GET /rest/api/3/status",
        "GET /rest/api/3/field",
        "GET /rest/api/3/project/search",
        "GET /rest/api/3/issue/{issueIdOrKey}",
        "GET /rest/api/3/issue/{issueIdOrKey}/changelog",
        "POST /rest/api/3/issue/bulkfetch",
        "POST /rest/api/3/search/jql",
        "POST /rest/api/3/search/approximate-count",
        "POST /rest/api/3/changelog/bulkfetch",
    }


def wrong_answer(site):
    site.routes.insert(0, ("/rest/api/3/myself", lambda *_: {"displayName": 7, "accountId": "a"}))


def test_what_is_not_described_is_found(held, account):
    wrong_answer(account)
    asked, found = held(account)
    asked.look()
    asked.client.get("/rest/api/3/project/search", {"startsAt": 0, "maxResults": 1})
    asked.client.refusal("/rest/api/3/projects/search")
    asked.client.post("/rest/api/3/search/jql", {"jql": "project = PAY", "expand": ["changelog"]})
    assert found.faults == [
        "GET /rest/api/3/myself: $.displayName: 7 is not of type 'string'",
        "GET /rest/api/3/project/search: there is no parameter startsAt",
        "GET /rest/api/3/projects/search is not described",
        "POST /rest/api/3/search/jql: $.expand: ['changelog'] is not of type 'string'",
    ]
