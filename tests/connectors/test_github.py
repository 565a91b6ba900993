"""What GitHub's issues, pull requests, deployments and releases become."""

import time
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import ValidationError

from connectors import github
from connectors.contract import Artefact, Event, Initiative, Refused, Unread
from tests.fakes import github as fake


@pytest.fixture
def account():
    return fake.Account()


@pytest.fixture
def look(asking, account):
    """A function that pulls the account with some more settings."""
    return lambda **more: asking(github, fake, account, **more).look()


def event(items, id_):
    return next(item for item in items if isinstance(item, Event) and item.id == id_)


def ids(items, kind):
    return [item.id for item in items if isinstance(item, Event) and item.kind == kind]


def parents(items, key):
    return next(item.parents for item in items if isinstance(item, Artefact) and item.key == key)


def at(*parts):
    return datetime(*parts, tzinfo=UTC)


def test_an_issue_with_an_idea_label_is_an_idea_from_its_creation(look):
    idea = event(look(), "issue/9001")
    assert (idea.kind, idea.subject, idea.title) == ("idea", "github:acme/pay#1", "Issue 1")
    assert idea.occurred_at == at(2026, 1, 2, 10)
    assert (idea.actor, idea.url) == ("ana", "https://github.com/acme/pay/issues/1")


def test_a_label_decides_when_it_was_put_on(look):
    decision = event(look(), "issue-event/801")
    assert (decision.kind, decision.attributes, decision.actor) == ("decision", {"outcome": "approved"}, "ben")
    assert decision.occurred_at == at(2026, 1, 20, 10)


def test_closing_an_idea_as_not_planned_rejects_it(look):
    decision = event(look(), "issue-event/803")
    assert (decision.attributes, decision.occurred_at) == ({"outcome": "rejected"}, at(2026, 2, 20, 10))


def test_only_ideas_are_asked_for_their_history(look, account):
    look()
    asked = {path for _, path, *_ in account.asked if path.endswith("/events")}
    assert asked == {"/repos/acme/pay/issues/1/events", "/repos/acme/pay/issues/2/events"}


def test_an_issue_with_the_label_of_initiatives_is_one_and_an_idea(look):
    items = look()
    (initiative,) = [item for item in items if isinstance(item, Initiative)]
    assert (initiative.key, initiative.name, initiative.team) == ("acme.pay.2", "Issue 2", "pay")
    assert (initiative.direction, initiative.claims) == ("top_down", ("github:acme/pay#2",))
    assert ids(items, "idea") == ["issue/9002", "issue/9001"]


def test_the_parents_of_an_issue_are_the_one_above_and_the_keys_that_it_names(look):
    items = look()
    assert parents(items, "github:acme/pay#1") == ("github:acme/plans#3", "jira:PAY-30")
    assert parents(items, "github:acme/pay#4") == ("jira:PAY-32",)


def test_feedback_leads_to_what_it_mentions_but_not_to_itself(look):
    assert parents(look(), "github:acme/pay#3") == ("github:acme/pay#12",)


@pytest.mark.parametrize(("association", "customer"), [("NONE", True), ("CONTRIBUTOR", True), ("MEMBER", False)])
def test_feedback_of_the_organisations_own_people_is_no_customers(look, account, association, customer):
    account.issues[2]["author_association"] = association
    feedback = event(look(), "feedback/9003")
    assert (feedback.kind, feedback.attributes["customer"]) == ("feedback", customer)


def test_a_pull_request_is_a_start_and_when_merged_a_change(look):
    items = look()
    assert ids(items, "start") == ["pull/7002/opened", "pull/7003/opened", "pull/7001/opened"]
    assert ids(items, "change") == ["pull/7003/merged", "pull/7001/merged"]
    assert event(items, "pull/7001/opened").occurred_at == at(2026, 2, 1, 10)
    assert event(items, "pull/7001/merged").occurred_at == at(2026, 2, 3, 10)
    assert event(items, "pull/7001/merged").subject == "github:acme/pay#12"


def test_a_merge_into_another_branch_is_no_change_but_its_commit_is_known(look, account):
    account.pulls[0]["base"] = {"ref": "release-1", "repo": {"default_branch": "main"}}
    items = look()
    assert ids(items, "change") == ["pull/7003/merged"]
    assert parents(items, "github:acme/pay@b2") == ("github:acme/pay#12",)


def test_a_pull_request_belongs_to_the_issues_that_its_text_names(look):
    assert parents(look(), "github:acme/pay#12") == (
        "github:acme/pay#1",
        "github:acme/other#5",
        "github:acme/plans#9",
        "jira:PAY-30",
    )


def test_a_key_in_the_name_of_a_branch_is_found_in_lower_case(look):
    assert parents(look(), "github:acme/pay#13") == ("jira:PAY-31",)


def test_a_link_to_another_repository_is_no_mention_of_this_ones_issue(look):
    assert parents(look(), "github:acme/pay#14") == ("github:up/stream#77",)


@pytest.mark.parametrize("text", ["a" * 60_000, "a/" * 30_000, "http://a/b" * 6_000, "-/." * 20_000, "<!--" * 15_000])
def test_a_long_text_without_mentions_is_read_in_no_time(look, account, text):
    account.pulls[0]["body"] = text
    begun = time.process_time()
    assert parents(look(), "github:acme/pay#12") == ("jira:PAY-30",)
    assert time.process_time() - begun < 5


def test_a_merge_commit_leads_to_its_pull_request(look):
    assert parents(look(), "github:acme/pay@b2") == ("github:acme/pay#12",)


def test_a_deploy_happened_when_it_first_succeeded(look):
    deploy = event(look(), "deployment/63")
    assert deploy.occurred_at == at(2026, 3, 1, 0, 10)
    assert deploy.attributes == {"environment": "production", "environment_name": "production", "status": "succeeded"}
    assert (deploy.subject, deploy.actor) == ("github:acme/pay/deployments/63", "deploy-bot[bot]")


def test_a_deploy_that_never_succeeded_failed_when_it_first_failed(look):
    deploy = event(look(), "deployment/64")
    assert (deploy.attributes["status"], deploy.occurred_at) == ("failed", at(2026, 3, 10, 10))


def test_a_deploy_without_a_result_is_none_yet(look):
    assert "deployment/66" not in ids(look(), "deploy")


def test_a_deploy_carries_the_commits_since_the_one_before_in_its_environment_and_the_keys_they_name(look):
    items = look()
    assert event(items, "deployment/63").refs == (
        "github:acme/pay@b2",
        "github:acme/pay@c3",
        "github:acme/pay@d4",
        "jira:PAY-31",
    )


def test_the_first_deploy_of_an_environment_carries_its_own_commit(look):
    assert event(look(), "deployment/61").refs == ("github:acme/pay@a1",)


def test_an_older_version_put_back_is_rolled_back(look):
    deploy = event(look(), "deployment/65")
    assert (deploy.attributes["status"], deploy.refs) == ("rolled_back", ())


def test_the_same_version_again_carries_its_own_commit(look, account):
    account.deployments[4]["sha"] = "d4"
    deploy = event(look(), "deployment/65")
    assert (deploy.attributes["status"], deploy.refs) == ("succeeded", ("github:acme/pay@d4",))


def test_a_version_whose_predecessor_was_pushed_away_carries_its_own_commit(look, account):
    account.deployments[0]["sha"] = "gone"
    assert event(look(), "deployment/63").refs == ("github:acme/pay@d4",)


def test_another_environment_keeps_its_name_and_is_not_compared(look, account):
    deploy = event(look(), "deployment/62")
    assert (deploy.attributes["environment"], deploy.refs) == ("staging", ("github:acme/pay@b2",))
    assert not [path for _, path, *_ in account.asked if path.endswith("...b2") and "a1" in path and "staging" in path]


@pytest.mark.parametrize("more", [{"production": ["stag*"]}, {"production": ["STAGING"]}])
def test_production_is_what_the_settings_call_so(look, more):
    deploy = event(look(**more), "deployment/62")
    assert (deploy.attributes["environment"], deploy.attributes["environment_name"]) == ("production", "staging")


def test_production_is_what_github_calls_so(look, account):
    account.deployments[1]["production_environment"] = True
    assert event(look(), "deployment/62").attributes["environment"] == "production"


def test_a_deployment_may_still_get_its_result_days_after_it_was_created(asking, account):
    since = at(2026, 3, 10)
    found = asking(github, fake, account).look(since)
    assert "deployment/63" in ids(found, "deploy")
    late = asking(github, fake, account, recheck_days=1).look(since)
    assert "deployment/63" not in ids(late, "deploy")


def test_a_deployment_changed_after_the_end_is_read_with_the_month_that_it_was_created_in(asking, account):
    found = asking(github, fake, account).look(at(2026, 1, 1), at(2026, 2, 1))
    assert ids(found, "deploy") == ["deployment/61"]


def test_a_list_that_shifts_while_it_is_read_does_not_make_a_deployment_its_own_predecessor(look, account):
    account.deployments.insert(3, account.deployments[2])
    assert event(look(), "deployment/63").refs[0] == "github:acme/pay@b2"


def test_releases_may_be_the_deploys(look):
    items = look(deploys_from="releases")
    assert ids(items, "deploy") == ["release/33", "release/32", "release/31"]
    second = event(items, "release/33")
    assert second.occurred_at == at(2026, 3, 5, 10)
    assert (second.subject, second.title) == ("github:acme/pay/releases/v2", "Louder")
    assert second.refs == ("github:acme/pay@c3", "github:acme/pay@d4", "jira:PAY-31")
    assert event(items, "release/31").refs == ("github:acme/pay@b2",)


def test_a_pre_release_is_not_production(look):
    assert event(look(deploys_from="releases"), "release/32").attributes["environment"] == "prerelease"


def test_a_release_counts_when_it_was_published(asking, account):
    found = asking(github, fake, account, deploys_from="releases").look(at(2026, 3, 1), at(2026, 3, 2))
    assert ids(found, "deploy") == ["release/32"]


def test_a_malformed_deployment_is_kept_aside(look, account):
    del account.deployments[3]["sha"]
    account.statuses["64"][1]["state"] = "success"
    items = look()
    assert [item.raw["id"] for item in items if isinstance(item, Unread)] == [64]
    assert "deployment/63" in ids(items, "deploy")


def test_a_repository_with_issues_switched_off_still_has_its_pull_requests(look, account):
    from tests.fakes.web import said

    account.routes.insert(0, ("/repos/acme/pay/issues", lambda *_: said({"message": "Issues are disabled"}, 410)))
    assert ids(look(), "change") == ["pull/7003/merged", "pull/7001/merged"]


def test_a_repository_that_the_token_does_not_see_is_refused(look):
    with pytest.raises(Refused, match=r"/repos/acme/other/issues\S* answered 404"):
        look(repositories=["acme/other"])


def test_the_pages_of_pull_requests_are_read_only_as_far_back_as_needed(asking, account):
    asking(github, fake, account).look(at(2026, 3, 1))
    assert len([path for _, path, *_ in account.asked if path.endswith("/pulls")]) == 2
    account.asked.clear()
    asking(github, fake, account).look(at(2026, 3, 11))
    assert len([path for _, path, *_ in account.asked if path.endswith("/pulls")]) == 1


def test_a_second_look_asks_by_etag(asking, account):
    looked = asking(github, fake, account)
    assert looked.look() == looked.look()


def test_a_check_names_each_repository(look, asking, account):
    assert asking(github, fake, account).check() == [
        "token accepted; 4987 of 5000 requests left this hour",
        "repository acme/pay: private, default branch main, issues on",
    ]


def test_without_a_token_none_is_sent(asking, account):
    account.allowed = lambda request: "Authorization" not in request.headers
    assert asking(github, fake, account, token=None).check()[0].startswith("no token: only public repositories")


def test_a_repository_is_named_with_its_owner():
    with pytest.raises(ValidationError, match="owner/name, which pay is not"):
        github.Settings(repositories=["pay"])


def test_a_pattern_that_is_none_is_a_mistake_of_the_configuration():
    with pytest.raises(ValidationError, match="no regular expression"):
        github.Settings(repositories=["a/b"], key_pattern="(")


def test_a_window_is_a_month():
    assert timedelta(days=30) == github.WINDOW
