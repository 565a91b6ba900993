"""What GitHub's issues, pull requests, discussions and commits become."""

import time

import pytest

from connectors import github
from connectors.contract import Event, Initiative, Withdrawn
from tests.connectors.github_found import at, event, groups, ids, merged, parents
from tests.fakes import github as fake


@pytest.fixture
def account():
    return fake.Account()


@pytest.fixture
def look(asking, account):
    """A function that pulls the account with some more settings."""
    return lambda **more: asking(github, fake, account, **more).look()


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
    assert ids(items, "idea") == ["issue/9002", "issue/9001", "discussion/501"]


def test_the_parents_of_an_issue_are_the_one_above_and_the_keys_that_it_names(look):
    items = look()
    assert parents(items, "github:acme/pay#1") == ("github:acme/plans#3", "jira:PAY-30")
    assert parents(items, "github:acme/pay#4") == ("jira:PAY-32",)


def test_the_issue_above_is_found_where_the_list_leaves_it_out(look, account):
    account.above = {4: ("acme/plans", 8), 1: ("acme/plans", 99)}
    items = look()
    assert parents(items, "github:acme/pay#4") == ("github:acme/plans#8", "jira:PAY-32")
    assert parents(items, "github:acme/pay#1") == ("github:acme/plans#3", "jira:PAY-30")
    asked = [body["variables"]["ids"] for *_, body in account.asked if body and "query Parents" in body["query"]]
    assert sorted(asked[0]) == ["I_9002", "I_9003", "I_9004"], "only of those whose list does not tell"


def test_feedback_leads_to_what_it_mentions_but_not_to_itself(look):
    assert parents(look(), "github:acme/pay#3") == ("github:acme/pay#12",)


@pytest.mark.parametrize(("association", "customer"), [("NONE", True), ("CONTRIBUTOR", True), ("MEMBER", False)])
def test_feedback_of_the_organisations_own_people_is_no_customers(look, account, association, customer):
    account.issues[2]["author_association"] = association
    feedback = event(look(), "feedback/9003")
    assert (feedback.kind, feedback.attributes["customer"]) == ("feedback", customer)


def test_a_pull_request_is_a_start_and_when_merged_a_change(look):
    items = look()
    assert ids(items, "start") == ["pull/7001/opened", "pull/7002/opened", "pull/7003/opened"]
    assert merged(items) == ["pull/7001/merged", "pull/7003/merged"]
    assert event(items, "pull/7001/opened").occurred_at == at(2026, 2, 1, 10)
    assert event(items, "pull/7001/merged").occurred_at == at(2026, 2, 3, 10)
    assert event(items, "pull/7001/merged").subject == "github:acme/pay#12"


def test_a_merge_into_another_branch_is_no_change_but_its_commit_is_known(look, account):
    account.pulls[0]["base"] = {"ref": "release-1", "repo": {"default_branch": "main"}}
    items = look()
    assert merged(items) == ["pull/7003/merged"]
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


@pytest.mark.parametrize(
    ("text", "mentioned"),
    [
        ("#1", ("acme/pay#1",)),
        ("(#1), #2.", ("acme/pay#1", "acme/pay#2")),
        ("acme/other#5 and a.b-c/d.e#6", ("acme/other#5", "a.b-c/d.e#6")),
        ("see:acme/other#5", ("acme/other#5",)),
        ("x/acme/other#5", ()),
        ("other#5", ()),
        ("&#123; >#1 [#1](x) a.#1 ##7", ("acme/pay#7",)),
        ("#012 #1a #-1", ()),
        ("#1" * 3, ("acme/pay#1",)),
        (f"{'o' * 39}/{'n' * 100}#5", (f"{'o' * 39}/{'n' * 100}#5",)),
        (f"{'o' * 40}/{'n' * 100}#5", ()),
        (f"{'o' * 400}/n#5", ()),
        ("https://github.com/acme/a/issues/3#issuecomment-9", ("acme/a#3",)),
        ("https://github.com/acme/a/issues/new and http://github.com/acme/a/pull/4/files", ("acme/a#4",)),
    ],
)
def test_a_mention_is_what_github_would_link(look, account, text, mentioned):
    account.pulls[2]["body"] = text
    assert parents(look(), "github:acme/pay#14") == tuple(f"github:{name}" for name in mentioned)


@pytest.mark.parametrize(
    "text", ["#1" * 30_000, "a" * 60_000, "a/" * 30_000, "http://a/b" * 6_000, "-/." * 20_000, "<!--" * 15_000]
)
def test_a_long_text_is_read_in_no_time(look, account, text):
    account.pulls[0]["body"] = text
    begun = time.process_time()
    assert {"jira:PAY-30"} <= set(parents(look(), "github:acme/pay#12")) <= {"jira:PAY-30", "github:acme/pay#1"}
    assert time.process_time() - begun < 5


def test_a_merge_commit_leads_to_its_pull_request(look):
    assert parents(look(), "github:acme/pay@b2") == ("github:acme/pay#12",)


def test_an_issue_that_a_pull_request_is_linked_to_by_hand_is_its_parent(look, account):
    account.pulls[1]["closes"] = [("acme/pay", 2), ("acme/plans", 8)]
    assert parents(look(), "github:acme/pay#13") == ("github:acme/pay#2", "github:acme/plans#8", "jira:PAY-31")
    assert parents(look(closing_issues=False), "github:acme/pay#13") == ("jira:PAY-31",)


def test_an_issue_stands_in_its_repository_and_under_its_labels(look):
    here = "github:acme/pay"
    assert groups(look(), "github:acme/pay#1") == {here, f"{here}/labels/Idea", f"{here}/labels/bottom-up"}


def test_a_pull_request_stands_under_its_labels_and_the_folders_that_it_changes(look, account):
    account.pulls[0]["labels"] = [{"name": "top ten"}]
    account.files = {12: ["services/checkout/a.py", "services/checkout-old/b.py"], 14: ["a", "b", "docs/c"]}
    items, here = look(paths=["/services/checkout/", "docs"]), "github:acme/pay"
    assert groups(items, "github:acme/pay#12") == {here, f"{here}/labels/top ten", f"{here}/paths/services/checkout"}
    assert groups(items, "github:acme/pay#14") == {here, f"{here}/paths/docs"}
    asked = [path for _, path, *_ in account.asked if path.endswith("/files")]
    assert set(asked) == {"/repos/acme/pay/pulls/14/files"}, "only of what GraphQL did not tell in full"


def test_a_discussion_of_the_category_ideas_is_one(look):
    items = look()
    idea = event(items, "discussion/501")
    assert (idea.kind, idea.subject, idea.title) == ("idea", "github:acme/pay#21", "Discussion 21")
    assert (idea.occurred_at, idea.actor) == (at(2026, 1, 5, 10), "cora")
    assert idea.url == "https://github.com/acme/pay/discussions/21"
    assert parents(items, "github:acme/pay#21") == ("jira:PAY-33",)


def test_a_discussion_may_be_feedback_and_leads_to_what_it_mentions(look):
    items = look()
    feedback = event(items, "feedback/discussion/502")
    assert feedback.attributes == {"customer": True, "channel": "github"}
    assert parents(items, "github:acme/pay#22") == ("github:acme/pay#12",)
    assert [item.id for item in items if isinstance(item, Event) and item.subject.endswith("#23")] == []


def test_a_label_makes_a_discussion_an_initiative(look, account):
    account.discussions[2]["labels"] = {"nodes": [{"name": "Initiative"}]}
    items = look()
    assert {item.key for item in items if isinstance(item, Initiative)} == {"acme.pay.2", "acme.pay.23"}
    assert "discussion/503" in ids(items, "idea")


def test_an_idea_that_is_closed_as_outdated_is_rejected_until_it_is_opened_again(look, account):
    account.discussions[0] |= {"closedAt": "2026-02-01T10:00:00Z", "stateReason": "OUTDATED"}
    decision = event(look(), "discussion/501/closed")
    assert (decision.attributes, decision.occurred_at) == ({"outcome": "rejected"}, at(2026, 2, 1, 10))
    account.discussions[0] |= {"closedAt": None, "stateReason": "REOPENED"}
    assert Withdrawn("discussion/501/closed") in look()


def test_discussions_that_the_token_may_not_read_are_left_out(look, account):
    whole = look()
    account.forbidden.add("Discussions")
    left = look()
    assert {item.id for item in whole if isinstance(item, Event)} - {
        item.id for item in left if isinstance(item, Event)
    } == {"discussion/501", "feedback/discussion/502"}


def test_a_commit_without_a_pull_request_is_a_change(look):
    items = look()
    change = event(items, "commit/c3")
    assert (change.kind, change.subject, change.title) == ("change", "github:acme/pay@c3", "Say it louder (PAY-31)")
    assert (change.occurred_at, change.actor) == (at(2026, 2, 10, 10), "Ben")
    assert parents(items, "github:acme/pay@c3") == ("github:acme/pay#1", "jira:PAY-31")
    assert [id_ for id_ in ids(items, "change") if id_.startswith("commit/")] == ["commit/e5", "commit/c3"]
    assert [id_ for id_ in ids(look(trunk_commits=False), "change") if id_.startswith("commit/")] == []


def test_a_commit_of_a_fork_is_not_brought_by_a_pull_request_of_its_source(look, account):
    account.commits[2]["associatedPullRequests"]["nodes"][0]["baseRepository"]["nameWithOwner"] = "up/stream"
    assert "commit/d4" in ids(look(), "change")


def test_a_commit_that_was_pushed_long_after_it_was_made_is_found(asking, account):
    looked = asking(github, fake, account)
    assert "commit/e5" in ids(looked.look(at(2026, 3, 20)), "change")
    assert "commit/e5" not in ids(looked.look(at(2026, 3, 20), at(2026, 3, 21)), "change")
    assert "commit/e5" not in ids(looked.look(at(2026, 3, 25)), "change")


def test_a_branch_that_did_not_move_is_not_read_again_after_a_look_that_came_to_its_end(asking, account):
    looked = asking(github, fake, account)

    def pages(since):
        account.asked.clear()
        looked.look(since)
        return sum("history" in str(body) for *_, body in account.asked)

    assert [pages(at(2026, 1, 1)), pages(at(2026, 1, 1)), pages(at(2026, 1, 2))] == [2, 2, 1]
