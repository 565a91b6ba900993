"""Webhooks of Jira: signed, and told as a look tells it, so that both together count once."""

import hmac
import json
from datetime import UTC, datetime, timedelta

import pytest
from requests.structures import CaseInsensitiveDict
from sqlalchemy import select

from connectors import jira
from connectors.contract import Artefact, Delivery, Event, Refused, Withdrawn
from tests.fakes import jira as cloud
from tests.fakes import jira_issues as issues
from tests.fakes import jira_server as server
from ttv import store
from ttv.route import Route

SECRET = "jira-secret"
NOW = datetime(2026, 11, 1, tzinfo=UTC)
FAKES = pytest.mark.parametrize("fake", [cloud, server], ids=["cloud", "server"])
LATER = timedelta(milliseconds=40)
"""How long after a change its webhook is made."""


def settings(**more):
    return jira.Settings(**{"url": "https://tool.example", "token": "t", "webhook_secret": SECRET, **more})


def hear(said, secret=SECRET, **more):
    body = json.dumps(said).encode()
    headers = CaseInsensitiveDict({"x-hub-signature": f"sha256={hmac.digest(secret.encode(), body, 'sha256').hex()}"})
    return list(jira.received(settings(**more), headers, body))


def brought(said, **more):
    """What a webhook brings besides itself."""
    return [item for item in hear(said, **more) if not isinstance(item, Delivery)]


def hook(event, issue, *, at=None, **more):
    """A webhook about an issue, made a moment after it was touched."""
    when = issues.when(at or issue["fields"]["updated"]) + LATER
    told = {name: value for name, value in issue.items() if name != "changelog"}
    return {"timestamp": round(when.timestamp() * 1000), "webhookEvent": f"jira:issue_{event}", "issue": told, **more}


def as_it_was(issue, at, status):
    """An issue in an earlier state."""
    name, kind = issues.STATUSES[status]
    now = {"id": status, "name": name, "statusCategory": {"key": kind}}
    return {**issue, "fields": {**issue["fields"], "updated": at, "status": now}}


def life(issue):
    """All the webhooks that an issue has caused."""
    histories = issue["changelog"]["histories"]
    moves = [item for told in histories for item in told["items"] if item.get("from") in issues.STATUSES]
    status = moves[0]["from"] if moves else issue["fields"]["status"]["id"]
    yield hook("created", as_it_was(issue, issue["fields"]["created"], status))
    for told in histories:
        status = next((item["to"] for item in told["items"] if item.get("to") in issues.STATUSES), status)
        changelog = {"id": told["id"], "items": told["items"]}
        then = as_it_was(issue, told["created"], status)
        yield hook("updated", then, user=told["author"], changelog=changelog)


def plain(items):
    """Items without their address, whose host differs."""
    return {
        (item.id, *repr(item).split(", url=")[0].split(", "), item.actor) for item in items if isinstance(item, Event)
    }


@FAKES
def test_what_webhooks_tell_is_what_a_look_tells(asking, fake):
    account = fake.Account()
    looked = asking(jira, fake, account).look()
    heard = [item for issue in account.issues for said in life(issue) for item in brought(said)]
    assert plain(heard) <= plain(looked)
    assert {item.id for item in looked if isinstance(item, Event)} - {
        item.id for item in heard if isinstance(item, Event)
    } == {
        "changelog/540/0",
        "changelog/542/0",
    }, "of a status that was left, a webhook does not tell whether it is work"
    assert [item for item in heard if isinstance(item, Artefact)] == [Artefact("jira:WEB-90", ("jira:PAY-11",))]


@pytest.fixture
def idea():
    return next(issues.initiatives())


def test_the_moment_is_that_of_the_change_and_of_the_state(idea):
    said = next(life(idea))
    [delivery, event, *_] = hear(said)
    at = datetime(2026, 1, 5, 8, 0, 0, 40_000, tzinfo=UTC)
    assert delivery == Delivery(as_of=at, look_in=timedelta(seconds=30))
    assert event.occurred_at == datetime(2026, 1, 5, 8, tzinfo=UTC)


def test_a_change_told_late_keeps_its_time(idea):
    said = hook(
        "updated", idea, at="2026-01-10T10:00:00.000+0100", changelog={"id": "501", "items": [issues.move("1", "3")]}
    )
    [event] = brought(said)
    assert (event.id, event.attributes["outcome"]) == ("changelog/501/0", "approved")
    assert event.occurred_at == datetime(2026, 1, 10, 9, 0, 0, 40_000, tzinfo=UTC)


def test_an_issue_that_was_touched_before_its_webhook_was_made_tells_its_creation_only(idea):
    told = as_it_was(idea, "2026-01-06T09:00:00.000+0100", "3")
    assert [item.id for item in brought(hook("created", told))] == ["issue/10001"]


@pytest.mark.parametrize("fault", ["missing", "wrong", "of another body"])
def test_what_is_not_signed_is_refused(idea, fault):
    body = json.dumps(next(life(idea))).encode()
    headers = {
        "missing": {},
        "wrong": {"X-Hub-Signature": f"sha256={hmac.digest(b'guess', body, 'sha256').hex()}"},
        "of another body": {"X-Hub-Signature": f"sha256={hmac.digest(SECRET.encode(), b'{}', 'sha256').hex()}"},
    }[fault]
    with pytest.raises(Refused, match="X-Hub-Signature"):
        list(jira.received(settings(), CaseInsensitiveDict(headers), body))


def test_the_signature_is_that_of_a_known_vector():
    body = b'{"a":1}'
    headers = {"X-Hub-Signature": "sha256=eec27d9907b5f9e152706b224d773202532fb8743d93ead29a87a902ca1459b8"}
    assert list(jira.received(settings(), CaseInsensitiveDict(headers), body)) == []


@pytest.mark.parametrize("left", [{}, None, {"summary": "short"}])
def test_a_body_that_was_cut_down_brings_a_look_forward_and_nothing_else(idea, left):
    said = hook("updated", idea)
    said["issue"]["fields"] = left
    assert hear(said) == [
        Delivery(as_of=datetime(2026, 3, 5, 8, 0, 0, 40_000, tzinfo=UTC), look_in=timedelta(seconds=30))
    ]


@FAKES
def test_webhooks_and_looks_together_count_once(asking, fake, sqlite_engine):
    account, route = fake.Account(), Route(sqlite_engine, now=lambda: NOW)
    asked = asking(jira, fake, account)
    for issue in account.issues:
        for said in life(issue):
            route.take("jira", brought(said, url=asked.settings.url))
    route.sync("jira", jira, asked.settings, asked.client, kind="jira", since=fake.SPAN[0])
    with store.reading(sqlite_engine) as connection:
        current = set(connection.scalars(select(store.event.c.id).where(~store.event.c.deleted)))
        replaced = connection.execute(select(store.event_version.c.id)).all()
    assert current == set(account.touched)
    assert replaced == []


@pytest.mark.parametrize("event", ["comment_created", "sprint_closed", None])
def test_of_other_webhooks_nothing_is_of_use(event):
    assert hear({"webhookEvent": event, "timestamp": 1}) == []


def change(field, **more):
    return {"field": field, "from": "1", "fromString": "a", "to": "2", "toString": "b", **more}


@pytest.mark.parametrize(
    ("item", "looked"),
    [
        (change("status"), True),
        (change("Link"), True),
        (change("Epic Link", fieldId="customfield_10014"), True),
        (change("Idea date", fieldId="customfield_1"), True),
        (change("labels"), True),
        (change("description"), False),
        (change("Rank", fieldId="customfield_10019"), False),
    ],
)
def test_what_only_a_look_can_tell_brings_one_forward(story, item, looked):
    said = hook("updated", story, changelog={"id": "9", "items": [item]})
    [delivery] = [one for one in hear(said, idea_date_field="customfield_1") if isinstance(one, Delivery)]
    assert (delivery.look_in is not None) is looked


def test_changes_without_the_number_of_their_history_are_left_to_a_look(idea):
    [delivery] = hear(hook("updated", idea, changelog={"items": [issues.move("1", "3")]}))
    assert delivery.look_in is not None


def test_for_an_issue_that_is_not_read_or_is_deleted_there_is_no_look(story):
    told = hook("updated", story, changelog={"id": "9", "items": [change("status")]})
    for said, more in ((told, {"projects": ["WEB"]}), (hook("deleted", story), {})):
        [delivery] = [one for one in hear(said, **more) if isinstance(one, Delivery)]
        assert delivery.look_in is None


def test_a_deleted_idea_is_taken_back_and_tied_to_nothing(idea):
    assert brought(hook("deleted", idea)) == [
        Withdrawn("issue/10001/first"),
        Withdrawn("issue/10001"),
        Artefact("jira:PAY-1", ()),
    ]


def test_issues_that_a_look_would_not_read_are_left_alone(idea):
    for said in life(idea):
        assert brought(said, projects=["WEB"]) == []
        assert brought(said, jql="labels = x") == []
    assert brought(hook("deleted", idea), jql="labels = x")


@pytest.fixture
def story():
    return next(issues.work())


def updated(issue, before, after):
    then = as_it_was(issue, issue["fields"]["updated"], after)
    return hook("updated", then, changelog={"id": "9", "items": [issues.move(before, after)]})


@pytest.mark.parametrize(
    ("before", "after", "kind"),
    [("3", "4", "start"), ("8", "4", "start"), ("1", "4", None), ("2", "4", None), ("4", "6", None), ("3", "2", None)],
)
def test_a_start_is_told_where_the_status_before_is_known_to_be_no_work(story, before, after, kind):
    assert [item.kind for item in brought(updated(story, before, after))] == ([kind] if kind else [])


def test_named_starts_are_known_by_their_names(story):
    named = {"statuses": {"start": ["In Progress", "In Review"]}}
    assert [item.kind for item in brought(updated(story, "1", "4"), **named)] == ["start"]
    assert brought(updated(story, "5", "4"), **named) == []


def test_an_issue_that_is_no_idea_for_sure_starts_while_it_is_weighed_too(story):
    assert [item.kind for item in brought(updated(story, "3", "2"), initiatives="")] == ["start"]


@pytest.fixture
def request_():
    at = "2026-02-03T09:00:00.000+0100"
    project = {"id": "9", "key": "HELP", "name": "Help", "projectTypeKey": "service_desk"}
    return issues.issue("10200", "HELP-1", "Service Request", "1", at, at, project=project)


def test_a_request_is_feedback_from_the_first_moment(request_):
    [event] = brought(hook("created", request_), feedback={"projects": ["HELP"]})
    assert (event.id, event.kind, event.attributes["customer"]) == ("feedback/10200", "feedback", False)
    assert brought(updated(request_, "3", "4"), feedback={"projects": ["HELP"]}) == []


def test_a_request_whose_type_must_be_known_is_left_to_the_look(request_):
    asked = {"projects": ["HELP"], "request_types": ["Report a fault"]}
    at = request_["fields"]["created"]
    assert brought(hook("created", as_it_was(request_, at, "4")), feedback=asked) == []


def test_a_deleted_request_takes_its_feedback_with_it(request_):
    assert brought(hook("deleted", request_), feedback={"projects": ["HELP"]}) == [
        Withdrawn("feedback/10200"),
        Withdrawn("feedback/10200/rating"),
        Artefact("jira:HELP-1", ()),
    ]
