"""What GitHub's issues, pull requests, discussions and commits become."""

import time
from datetime import timedelta
from itertools import pairwise

import pytest
from pydantic import ValidationError

from connectors import github
from connectors._github import host
from connectors.contract import Event, Initiative, Refused, Unavailable, Withdrawn
from tests.connectors.github_found import at, event, every_parent, groups, ids, parents
from tests.fakes import github as fake
from tests.fakes.web import said


@pytest.fixture
def account():
    return fake.Account()


@pytest.fixture
def look(asking, account):
    """A function that pulls the account with some more settings."""
    return lambda **more: asking(github, fake, account, **more).look()


def merged(items):
    return [id_ for id_ in ids(items, "change") if id_.startswith("pull/")]


def _without(told, id_):
    """What GraphQL told, with null for one node."""
    nodes = told["data"].get("nodes")
    return (
        {"data": {**told["data"], "nodes": [None if (n or {}).get("id") == id_ else n for n in nodes]}}
        if nodes
        else told
    )


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


@pytest.mark.parametrize("text", ["a" * 60_000, "a/" * 30_000, "http://a/b" * 6_000, "-/." * 20_000, "<!--" * 15_000])
def test_a_long_text_without_mentions_is_read_in_no_time(look, account, text):
    account.pulls[0]["body"] = text
    begun = time.process_time()
    assert parents(look(), "github:acme/pay#12") == ("jira:PAY-30",)
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


def test_a_repository_with_issues_switched_off_still_has_its_pull_requests(look, account):
    account.routes.insert(0, ("/repos/acme/pay/issues", lambda *_: said({"message": "Issues are disabled"}, 410)))
    account.repository["has_issues"] = False
    assert merged(look()) == ["pull/7003/merged", "pull/7001/merged"]


@pytest.mark.parametrize("status", [404, 405, 501])
def test_without_graphql_all_comes_but_discussions_and_commits_without_pull_requests(look, account, status):
    whole = {repr(item) for item in look()}
    account.routes.insert(0, ("/graphql", lambda *_: said({"message": "Not here"}, status)))
    account.asked.clear()
    left = look()
    lost = {event for event in whole - {repr(item) for item in left} if event.startswith("Event")}
    assert len(lost) == 4
    assert all("discussion" in one or "commit/" in one for one in lost)
    assert [path for _, path, *_ in account.asked].count("/graphql") == 1


def test_without_a_token_graphql_is_not_asked(look, account):
    account.allowed = lambda request: "Authorization" not in request.headers
    assert merged(look(token=None)) == ["pull/7003/merged", "pull/7001/merged"]
    assert not [path for _, path, *_ in account.asked if path == "/graphql"]


def test_a_pull_request_that_graphql_does_not_tell_of_is_asked_for_by_itself(look, account):
    whole = look()
    tell = account._graphql
    blind = ("/graphql", lambda request, body: _without(tell(request, body), "PR_7001"))
    account.routes.insert(0, blind)
    assert look() == whole
    assert "/repos/acme/pay/pulls/12" in [path for _, path, *_ in account.asked]


def test_a_graphql_that_fails_is_not_taken_for_one_that_has_nothing(look, account):
    tell, error = account._graphql, {"message": "Something went wrong", "type": "INTERNAL"}

    def failing(request, body):
        if "Commits" in body["query"]:
            return {"data": {"repository": {"defaultBranchRef": None}}, "errors": [error]}
        return tell(request, body)

    account.routes.insert(0, ("/graphql", failing))
    with pytest.raises(Unavailable, match="/graphql answered with an error: Something went wrong"):
        look()


def test_a_question_that_a_server_is_too_old_for_is_asked_once(asking, account):
    tell, asked = account._graphql, []

    def old(request, body):
        if "Pulls" in body["query"]:
            asked.append(body)
            return {"errors": [{"message": "no such field", "extensions": {"code": "undefinedField"}}]}
        return tell(request, body)

    account.routes.insert(0, ("/graphql", old))
    looked = asking(github, fake, account)
    assert merged(looked.look()) == merged(looked.look()) == ["pull/7001/merged", "pull/7003/merged"]
    assert len(asked) == 1


def test_a_renamed_repository_keeps_its_name_and_is_known_by_the_new_one(look, account):
    account.repository["full_name"] = "acme/payments"
    account.routes += [(route[0].replace("acme/pay", "acme/payments"), route[1]) for route in account.routes]
    account.issues[2]["body"] = "acme/payments#13 and Acme/Pay#14"
    items = look()
    assert parents(items, "github:acme/pay#3") == ("github:acme/pay#13", "github:acme/pay#14")
    assert merged(items) == ["pull/7001/merged", "pull/7003/merged"]


def test_an_address_counts_where_it_leads_to_this_github_or_to_github_com(look, account):
    account.issues[2]["body"] = (
        "https://gitlab.com/acme/pay/issues/7 https://www.github.com/acme/a/pull/8 https://github.com/acme/b/discussions/9"
    )
    assert parents(look(), "github:acme/pay#3") == ("github:acme/a#8", "github:acme/b#9")


def test_an_enterprise_server_has_its_own_graphql_links_and_keys(served, opened, account):
    account.issues[2]["body"] = "https://ghe.example/acme/pay/pull/12 https://github.com/up/stream/issues/7"
    account.routes = [(f"/api/v3{pattern}", answer) for pattern, answer in account.routes]
    account.routes += [("/api/graphql", account._graphql)]
    settings = github.Settings.model_validate({**fake.settings(f"{served(account)}/api/v3"), "artefacts": "ghe:"})
    items = list(github.events(settings, opened(github.client, settings), fake.SPAN[0], None))
    assert event(items, "discussion/501").subject == "ghe:acme/pay#21"
    assert event(items, "deployment/61").refs == ("ghe:acme/pay@a1", "ghe:acme/pay")
    assert every_parent(items, "ghe:acme/pay#3")[:1] == ("github:up/stream#7",)
    assert groups(items, "ghe:acme/pay#3") == {"ghe:acme/pay", "ghe:acme/pay/labels/feedback"}
    assert "/api/graphql" in [path for _, path, *_ in account.asked]
    assert host("https://ghe.example/api/v3") == "ghe.example"
    assert host("https://api.github.com") == "github.com"
    assert host("https://api.acme.ghe.com") == "acme.ghe.com"


def test_all_of_an_organization_are_read_that_match(look, asking, account):
    assert asking(github, fake, account, repositories=["acme/*"]).scope() == ["acme/pay"]
    assert merged(look(repositories=["acme/p*", "acme/pay"])) == ["pull/7001/merged", "pull/7003/merged"]


def test_of_a_person_what_is_public_is_read(look, account):
    account.routes = [route for route in account.routes if not route[0].startswith("/orgs/")]
    account.routes += [("/users/acme/repos", lambda *_: [account.repository])]
    assert merged(look(repositories=["acme/*"])) == ["pull/7001/merged", "pull/7003/merged"]


def test_a_repository_that_is_not_found_is_named_after_the_others_were_read(asking, account):
    looked = asking(github, fake, account, repositories=["acme/pay", "acme/other", "nobody/*"])
    found = []
    with pytest.raises(Refused, match=r"404 for acme/other, nobody/\*: .* the others were read") as refused:
        found.extend(github.events(looked.settings, looked.client, fake.SPAN[0], None))
    assert refused.value.state == "not_found"
    assert looked.scope() == ["acme/pay"]
    with pytest.raises(Refused, match="acme/other"):
        looked.check()


def test_the_windows_of_a_long_pull_read_no_list_anew(asking, account):
    looked, edges = asking(github, fake, account), [at(2026, month, 1) for month in range(1, 5)]
    for begin, end in pairwise(edges):
        looked.look(begin, end)
    asked = [path for _, path, query, _ in account.asked if query.get("page", "1") == "1"]
    assert asked.count("/repos/acme/pay/deployments") == 1
    assert asked.count("/repos/acme/pay") == 1
    assert "/repos/acme/pay/pulls" not in asked


def test_the_own_list_of_pull_requests_is_read_only_as_far_back_as_needed(asking, account):
    account.routes.insert(0, ("/graphql", lambda *_: said({"message": "Not here"}, 404)))
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
        "token accepted; 4987 of 5000 requests left this hour; GraphQL answers",
        "repository acme/pay: private, default branch main, issues on, discussions on",
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
