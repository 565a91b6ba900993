"""Webhooks of GitHub: signed, and told as a look tells it, so that both together count once."""

import hmac
import json
from datetime import timedelta
from urllib.parse import urlencode

import pytest
from requests.structures import CaseInsensitiveDict
from sqlalchemy import select

from connectors import github
from connectors.contract import Artefact, Delivery, Event, Refused, Unreadable, Withdrawn
from tests.connectors.github_found import at
from tests.fakes import github as fake
from ttv import store
from ttv.route import Route

SECRET = "hub-secret"
HERE = {"full_name": "acme/pay", "default_branch": "main", "private": True, "has_issues": True, "fork": False}
IDEA, BUG = (fake.Account().issues[place] for place in (0, 3))


def settings(**more):
    told = {"token": "t", "repositories": ["acme/pay", "acme/plans"], "webhook_secret": SECRET}
    return github.Settings.model_validate({**told, **more})


def signed(event, body, secret=SECRET, **headers):
    signature = hmac.digest(secret.encode(), body, "sha256").hex()
    told = {"X-GitHub-Event": event, "X-Hub-Signature-256": f"sha256={signature}", "Content-Type": "application/json"}
    return CaseInsensitiveDict({**told, **headers})


def hear(event, said, **more):
    body = json.dumps({"repository": HERE, **said}).encode()
    return list(github.received(settings(**more), signed(event, body), body))


def brought(event, said, **more):
    return [item for item in hear(event, said, **more) if not isinstance(item, Delivery)]


def wants_look(event, said, **more):
    (delivery,) = [item for item in hear(event, said, **more) if isinstance(item, Delivery)]
    return delivery.look_in == timedelta(0)


@pytest.fixture
def account():
    return fake.Account()


@pytest.fixture
def looked(asking, account):
    """What a look yields, as it stands."""
    return asking(github, fake, account, closing_issues=False, repositories=["acme/pay"]).look()


def test_the_vendors_own_vector_is_right():
    secret, said = (
        "It's a Secret to Everybody",
        "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17",
    )
    headers = CaseInsensitiveDict({"X-Hub-Signature-256": said, "X-GitHub-Event": "push"})
    with pytest.raises(Unreadable, match="not JSON"):
        list(github.received(settings(webhook_secret=secret), headers, b"Hello, World!"))


@pytest.mark.parametrize("header", [None, "", "sha256=", f"sha256={'0' * 64}", "sha1=abc"])
def test_what_is_not_signed_with_the_secret_is_refused(header):
    body = json.dumps({"repository": HERE, "action": "opened", "issue": IDEA}).encode()
    headers = signed("issues", body)
    del headers["X-Hub-Signature-256"]
    headers.update({} if header is None else {"X-Hub-Signature-256": header})
    with pytest.raises(Refused, match="X-Hub-Signature-256"):
        list(github.received(settings(), headers, body))


def test_a_form_is_read_too_by_the_signature_over_it():
    said = json.dumps({"repository": HERE, "action": "edited", "issue": IDEA})
    body = urlencode({"payload": said}).encode()
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    items = list(github.received(settings(), signed("issues", body, **form), body))
    assert [item.id for item in items if isinstance(item, Event)] == ["issue/9001"]
    with pytest.raises(Unreadable, match="without a payload"):
        list(github.received(settings(), signed("issues", b"a=1", **form), b"a=1"))


@pytest.mark.parametrize("event", ["ping", "push", "star", "workflow_run", "installation"])
def test_what_says_nothing_of_use_brings_nothing(event):
    assert hear(event, {"zen": "Keep it logically awesome."}) == []


def test_a_repository_that_is_not_read_brings_nothing():
    other = {**HERE, "full_name": "acme/other"}
    assert hear("issues", {"action": "opened", "issue": IDEA, "repository": other}) == []
    assert brought("issues", {"action": "opened", "issue": IDEA, "repository": other}, repositories=["acme/*"])


def test_a_repository_is_known_by_the_name_in_the_settings_whatever_its_case():
    found = brought("issues", {"action": "opened", "issue": IDEA, "repository": {**HERE, "full_name": "Acme/Pay"}})
    assert {item.subject for item in found if isinstance(item, Event)} == {"github:acme/pay#1"}


def test_issues_are_told_as_a_look_tells_them(looked, account):
    for issue in account.issues:
        found = brought("issues", {"action": "edited", "issue": {"parent_issue_url": None, **issue}})
        assert found
        assert [item for item in found if item not in looked] == []


def test_pull_requests_are_told_as_a_look_tells_them(looked, account):
    for pull in account.pulls:
        found = brought("pull_request", {"action": "closed", "pull_request": pull}, closing_issues=False)
        assert len(found) >= 2
        assert [item for item in found if item not in looked] == []


@pytest.mark.parametrize("more", [{}, {"closing_issues": False, "paths": ["docs"]}])
def test_the_parents_of_a_pull_request_are_left_to_a_look_where_a_body_does_not_tell_all(account, more):
    found = brought("pull_request", {"action": "closed", "pull_request": account.pulls[0]}, **more)
    assert [item.id for item in found if isinstance(item, Event)] == ["pull/7001/opened", "pull/7001/merged"]
    assert [item for item in found if isinstance(item, Artefact)] == [
        Artefact("github:acme/pay@b2", ("github:acme/pay#12",))
    ]


def test_the_parents_of_an_issue_are_left_to_a_look_where_it_does_not_say_what_is_above():
    found = brought("issues", {"action": "edited", "issue": BUG})
    assert found == []
    told = brought("issues", {"action": "edited", "issue": {**BUG, "parent_issue_url": None}})
    assert [type(item) for item in told] == [Artefact]


@pytest.mark.parametrize(("action", "look"), [("labeled", True), ("closed", True), ("edited", False)])
def test_what_may_decide_on_an_idea_wants_a_look(action, look):
    assert wants_look("issues", {"action": action, "issue": IDEA}) is look
    assert not wants_look("issues", {"action": action, "issue": BUG})


def test_a_state_is_over_when_its_second_is():
    (delivery, *_) = hear("issues", {"action": "edited", "issue": IDEA})
    assert delivery.as_of == at(2026, 3, 10, 10, 0, 1)


def test_a_deleted_issue_is_withdrawn():
    assert brought("issues", {"action": "deleted", "issue": IDEA}) == [Withdrawn("issue/9001")]
    assert brought("issues", {"action": "deleted", "issue": BUG}) == []


def moved(thread, kind, there):
    changes = {f"new_{kind}": {"number": 77}, "new_repository": {"full_name": there}}
    return {"action": "transferred", kind: thread, "changes": changes}


def test_an_issue_that_was_moved_belongs_to_what_it_became():
    into = Artefact("github:acme/pay#1", ("github:acme/plans#77",))
    assert brought("issues", moved(IDEA, "issue", "acme/plans")) == [Withdrawn("issue/9001"), into]
    out = Artefact("github:acme/pay#1", ("github:far/away#77",))
    assert brought("issues", moved(IDEA, "issue", "far/away")) == [out], "where it is not read, it keeps its history"


def sub_issue(action, repository="acme/pay", above="acme/plans"):
    api = "https://api.github.com/repos"
    return {
        "action": action,
        "sub_issue": {**BUG, "repository_url": f"{api}/{repository}"},
        "parent_issue": {**IDEA, "number": 3, "repository_url": f"{api}/{above}"},
    }


def test_a_sub_issue_belongs_to_the_issue_above_it_until_it_is_taken_off():
    (added,) = brought("sub_issues", sub_issue("parent_issue_added"))
    assert added.parents[:2] == ("github:acme/plans#3", "jira:PAY-32")
    (removed,) = brought("sub_issues", sub_issue("parent_issue_removed"))
    assert removed.parents == added.parents[1:]
    assert brought("sub_issues", sub_issue("sub_issue_added", repository="acme/other")) == []


def discussion(node, **more):
    """A discussion of the fake as webhooks have it."""
    from connectors._github_lists import as_discussion

    return {**as_discussion(node), "updated_at": node["updatedAt"], **more}


def test_discussions_are_told_as_a_look_tells_them(looked, account):
    for node in account.discussions:
        found = brought("discussion", {"action": "edited", "discussion": discussion(node)})
        assert found
        assert [item for item in found if item not in looked] == []


def test_a_discussion_without_labels_is_told_but_for_its_parents(account):
    told = discussion(account.discussions[0])
    del told["labels"]
    assert [item.id for item in brought("discussion", {"action": "edited", "discussion": told})] == ["discussion/501"]


def test_a_discussion_may_be_closed_deleted_and_moved(account):
    told = discussion(account.discussions[0])
    assert wants_look("discussion", {"action": "closed", "discussion": told})
    assert brought("discussion", {"action": "deleted", "discussion": told}) == [Withdrawn("discussion/501")]
    into = Artefact("github:acme/pay#21", ("github:acme/plans#77",))
    assert brought("discussion", moved(told, "discussion", "acme/plans")) == [Withdrawn("discussion/501"), into]


def deployed(deployment, state, when="2026-03-01T00:10:00Z", **more):
    status = {"state": state, "created_at": when, "log_url": "", "target_url": ""}
    return {"action": "created", "deployment": deployment, "deployment_status": status, **more}


def test_deployments_are_told_as_a_look_tells_them_but_for_what_they_brought(looked, account):
    by_id = {item.id: item for item in looked if isinstance(item, Event)}
    staging, failed, shipped = (account.deployments[place] for place in (1, 3, 2))
    assert brought("deployment_status", deployed(staging, "success", "2026-02-20T10:00:00Z")) == [
        by_id["deployment/62"]
    ]
    assert brought("deployment_status", deployed(failed, "failure", "2026-03-10T10:00:00Z")) == [by_id["deployment/64"]]
    (told,) = brought("deployment_status", deployed(shipped, "success"))
    full = by_id["deployment/63"]
    assert (told.id, told.occurred_at, told.subject, told.attributes) == (
        full.id,
        full.occurred_at,
        full.subject,
        full.attributes,
    )
    assert set(told.refs) < set(full.refs)


def test_a_deploy_to_production_wants_a_look_for_what_it_brought(account):
    assert wants_look("deployment_status", deployed(account.deployments[2], "success"))
    assert not wants_look("deployment_status", deployed(account.deployments[1], "success"))


@pytest.mark.parametrize("state", ["in_progress", "queued", "pending", "inactive"])
def test_a_deployment_that_has_not_ended_is_none_yet(account, state):
    assert hear("deployment_status", deployed(account.deployments[2], state)) == []


def test_a_deployment_that_no_look_reads_is_not_told(account):
    staging = deployed(account.deployments[1], "success")
    assert hear("deployment_status", staging, ignored_environments=["stag*"]) == []
    assert hear("deployment_status", staging, deploys_from="releases") == []


def test_what_a_fork_deployed_is_left_to_a_look(account):
    told = deployed(account.deployments[2], "success", repository={**HERE, "fork": True})
    assert wants_look("deployment_status", told)
    assert brought("deployment_status", told) == []


def test_a_release_wants_a_look_where_releases_may_be_deploys(asking, account):
    release = {"action": "published", "release": account.releases[2]}
    assert wants_look("release", release)
    assert brought("release", release) == []
    assert hear("release", release, deploys_from="deployments") == []
    assert hear("release", {**release, "release": account.releases[3]}) == []
    pre = {"action": "prereleased", "release": account.releases[1]}
    looked = asking(github, fake, account, deploys_from="releases").look()
    (told,) = brought("release", pre, deploys_from="releases")
    assert told in looked
    gone = {"action": "deleted", "release": account.releases[2]}
    assert brought("release", gone, deploys_from="releases") == [Withdrawn("release/33")]


def test_webhooks_and_looks_count_once_whichever_comes_first(asking, account, sqlite_engine):
    route = Route(sqlite_engine, now=lambda: at(2026, 9, 1))
    said = [brought("issues", {"action": "edited", "issue": issue}) for issue in account.issues]
    said += [brought("pull_request", {"action": "closed", "pull_request": pull}) for pull in account.pulls]
    said += [brought("deployment_status", deployed(account.deployments[2], "success"))]
    hooked, looked = [item for items in said for item in items], asking(github, fake, account).look()
    everything = {item.id for item in looked if isinstance(item, Event)}
    route.take("github", hooked)
    route.take("github", looked)
    with store.reading(sqlite_engine) as connection:
        stored = connection.execute(select(store.event.c.id, store.event.c.deleted)).all()
    assert {id_ for id_, deleted in stored if not deleted} == everything
    assert len(stored) == len(everything)
    again = route.take("github", [item for item in hooked if getattr(item, "id", "") != "deployment/63"])
    assert again.accepted == 0
