"""Issues of other projects: ideas of Product Discovery, and requests of Service Management as feedback."""

from datetime import UTC, datetime

import pytest

from connectors import jira
from connectors.contract import Artefact, Event, Initiative, Unread
from tests.fakes import jira as fake
from tests.fakes import jira_issues as issues

AT, LATER = "2026-02-03T09:00:00.000+0100", "2026-02-10T09:00:00.000+0100"
POLARIS = {"name": "Polaris work item link", "inward": "is implemented by", "outward": "implements"}
RELATES = {"name": "Relates", "inward": "relates to", "outward": "relates to"}


@pytest.fixture
def account():
    return fake.Account()


def in_project(key, kind):
    return {"id": "9", "key": key, "name": key, "projectTypeKey": kind}


def looked(asking, account, subject, **more):
    """What is told of one issue: its events by their id, and its parents."""
    items = asking(jira, fake, account, **more).look()
    assert not [item for item in items if isinstance(item, Unread)]
    [above] = [item.parents for item in items if isinstance(item, Artefact) and item.key == subject]
    return {item.id: item for item in items if isinstance(item, Event) and item.subject == subject}, above


@pytest.fixture
def discovery(account):
    """An idea of Product Discovery, of a type of the team's own, and the story that delivers it."""
    past = [
        issues.history("601", "2026-02-05T09:00:00.000+0100", issues.move("1", "2")),
        issues.history("602", LATER, issues.move("2", "3")),
    ]
    project = in_project("DISC", "product_discovery")
    back = [{"type": POLARIS, "inwardIssue": {"key": "PAY-12"}}]
    idea = issues.issue("10100", "DISC-1", "Wish", "3", AT, LATER, past, project=project, issuelinks=back)
    story = next(issue for issue in account.issues if issue["key"] == "PAY-12")
    story["fields"]["issuelinks"] = [{"type": POLARIS, "outwardIssue": {"key": "DISC-1"}}]
    account.issues.append(idea)
    return account


def test_every_issue_of_product_discovery_is_an_idea_and_decided_upon(asking, discovery):
    found, above = looked(asking, discovery, "jira:DISC-1")
    assert {id_: one.kind for id_, one in found.items()} == {"issue/10100": "idea", "changelog/602/0": "decision"}
    assert found["changelog/602/0"].attributes["outcome"] == "approved"
    assert above == ("jira:project/DISC",)


def test_what_delivers_an_idea_belongs_to_it(asking, discovery):
    assert looked(asking, discovery, "jira:PAY-12")[1] == ("jira:DISC-1", "jira:project/PAY")


def test_ideas_of_product_discovery_are_initiatives_if_the_query_says_so(asking, discovery):
    items = asking(jira, fake, discovery, initiatives="issuetype = Wish").look()
    [found] = [item for item in items if isinstance(item, Initiative)]
    assert (found.key, found.claims, found.labels["project"]) == ("DISC-1", ("jira:DISC-1",), "DISC")


@pytest.fixture
def desk(account):
    """A function that adds a request of a customer, already under way, with some more fields."""

    def ask(**fields):
        past = [issues.history("701", LATER, issues.move("1", "4"))]
        told = {
            "project": in_project("HELP", "service_desk"),
            "reporter": {**issues.person("Zoe Park"), "accountType": "customer"},
            "customfield_10030": {"requestType": {"id": "5", "name": "Report a fault"}},
            **fields,
        }
        account.issues.append(issues.issue("10200", "HELP-1", "Service Request", "4", AT, LATER, past, **told))
        return account

    return ask


def test_a_request_is_feedback_and_not_a_start_of_work(asking, desk):
    found, _ = looked(asking, desk(), "jira:HELP-1", feedback={"projects": ["HELP"]})
    [one] = found.values()
    assert (one.id, one.kind, one.occurred_at) == ("feedback/10200", "feedback", datetime(2026, 2, 3, 8, tzinfo=UTC))
    assert one.attributes == {"customer": True, "sentiment": "neutral"}
    assert one.actor is None


def test_a_request_is_an_issue_like_others_unless_the_settings_say_so(asking, desk):
    found, _ = looked(asking, desk(), "jira:HELP-1")
    assert [one.kind for one in found.values()] == ["start"]


@pytest.mark.parametrize(("wanted", "kinds"), [("report a FAULT", ["feedback"]), ("Get help", ["start"])])
def test_only_the_types_that_are_named_are_feedback(asking, desk, wanted, kinds):
    asked = {"projects": ["HELP"], "request_types": [wanted]}
    assert [one.kind for one in looked(asking, desk(), "jira:HELP-1", feedback=asked)[0].values()] == kinds


def test_service_projects_are_read_besides_those_that_are_named(asking, desk):
    account = desk()
    account.seen.append("HELP")
    looked(asking, account, "jira:HELP-1", projects=["PAY"], feedback={"projects": ["HELP"]})
    asked = [body["jql"] for _, path, _, body in account.asked if path.endswith("/search/jql")]
    assert all(jql.startswith('(project in ("HELP", "PAY"))') for jql in asked)


def test_a_rating_is_feedback_of_its_own_at_its_own_time(asking, desk):
    rated = {"customfield_10031": {"rating": 2}, "customfield_10032": "2026-02-12T10:00:00.000+0000"}
    found, _ = looked(asking, desk(**rated), "jira:HELP-1", feedback={"projects": ["HELP"]})
    one = found["feedback/10200/rating"]
    assert one.occurred_at == datetime(2026, 2, 12, 10, tzinfo=UTC)
    assert (one.attributes["rating"], one.attributes["sentiment"]) == (2, "negative")
    assert found["feedback/10200"].attributes["sentiment"] == "neutral"


def test_a_rating_without_a_time_goes_with_the_request(asking, desk):
    found, _ = looked(asking, desk(customfield_10031={"rating": 5}), "jira:HELP-1", feedback={"projects": ["HELP"]})
    [one] = found.values()
    assert (one.attributes["rating"], one.attributes["sentiment"]) == (5, "positive")


@pytest.mark.parametrize(
    ("reporter", "customer"),
    [
        ({"accountType": "customer"}, True),
        ({"accountType": "atlassian"}, False),
        ({"accountType": "app"}, False),
        ({"accountType": "atlassian", "emailAddress": "zoe@shop.example"}, True),
        ({"accountType": "customer", "emailAddress": "ben@ACME.example"}, False),
        ({"name": "zoe", "emailAddress": "zoe@shop.example"}, True),
        ({"name": "ben", "emailAddress": "ben@acme.example"}, False),
        ({"name": "zoe"}, True),
        (None, True),
    ],
)
def test_customers_are_told_apart_by_their_mail_or_their_account(asking, desk, reporter, customer):
    asked = {"projects": ["HELP"], "own_domains": ["acme.example"]}
    found, _ = looked(asking, desk(reporter=reporter), "jira:HELP-1", feedback=asked)
    assert found["feedback/10200"].attributes["customer"] is customer


def test_a_request_belongs_to_whatever_it_is_linked_to(asking, desk):
    links = [{"type": RELATES, "inwardIssue": {"key": "PAY-1"}}, {"type": RELATES, "outwardIssue": {"key": "PAY-10"}}]
    _, above = looked(asking, desk(issuelinks=links), "jira:HELP-1", feedback={"projects": ["HELP"]})
    assert above == ("jira:PAY-1", "jira:PAY-10", "jira:project/HELP")


def test_the_fields_of_requests_are_asked_for_where_requests_are_read_only(asking, desk):
    account = desk()
    for more in ({}, {"feedback": {"projects": ["HELP"]}}):
        account.asked.clear()
        looked(asking, account, "jira:HELP-1", **more)
        fields = next(body["fields"] for _, path, _, body in account.asked if path.endswith("/search/jql"))
        assert ("customfield_10031" in fields) is bool(more)
