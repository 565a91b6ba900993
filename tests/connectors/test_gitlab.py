"""What GitLab's issues, epics and merge requests become, and how its projects and lists are read."""

import time
from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from connectors import gitlab
from connectors._gitlab import Names
from connectors.contract import Artefact, Event, Initiative, Refused, Unread, Withdrawn
from tests.fakes import gitlab as fake
from tests.fakes.web import said


@pytest.fixture
def account():
    return fake.Account()


@pytest.fixture
def look(asking, account):
    """A function that pulls the account with some more settings."""
    return lambda **more: asking(gitlab, fake, account, **more).look()


def event(items, id_):
    return next(item for item in items if isinstance(item, Event) and item.id == id_)


def ids(items, kind):
    return [item.id for item in items if isinstance(item, Event) and item.kind == kind]


def parents(items, key):
    return next(item.parents for item in items if isinstance(item, Artefact) and item.key == key)


def at(*parts):
    return datetime(*parts, tzinfo=UTC)


def asked(account, ending):
    return [args for _, path, args, _ in account.asked if path.endswith(ending)]


def test_an_issue_with_an_idea_label_is_an_idea_from_its_creation(look):
    idea = event(look(), "issue/8001")
    assert (idea.kind, idea.subject, idea.title) == ("idea", "gitlab:acme/shop/pay#1", "Issue 1")
    assert (idea.occurred_at, idea.actor, idea.url) == (at(2026, 1, 2, 10), "ana", f"{fake.HERE}/-/issues/1")


def test_a_label_decides_when_it_was_put_on_whatever_its_case(look):
    decision = event(look(), "label-event/702")
    assert (decision.kind, decision.attributes, decision.actor) == ("decision", {"outcome": "approved"}, "ben")
    assert decision.occurred_at == at(2026, 1, 20, 10)


def test_a_label_taken_off_or_forgotten_decides_nothing(look):
    assert ids(look(), "decision") == ["label-event/701", "label-event/702"]


def test_only_ideas_are_asked_for_their_history(look, account):
    look()
    paths = {path for _, path, *_ in account.asked if path.endswith("_events")}
    assert paths == {
        "/api/v4/groups/7/epics/901/resource_label_events",
        "/api/v4/projects/81/issues/1/resource_label_events",
        "/api/v4/projects/81/issues/2/resource_label_events",
    }


def test_closing_an_idea_says_nothing_unless_the_settings_say_so(look):
    items = look(closed_means="stopped")
    decision = event(items, "state-event/803")
    assert (decision.attributes, decision.occurred_at) == ({"outcome": "stopped"}, at(2026, 2, 20, 10))
    assert "state-event/803" not in ids(look(), "decision")


def test_a_closing_that_was_taken_back_is_withdrawn(look):
    assert [item for item in look(closed_means="rejected") if isinstance(item, Withdrawn)] == [
        Withdrawn("state-event/801")
    ]


def test_a_label_may_say_that_work_began_on_whatever_it_stands(look, account):
    account.labelled["/api/v4/projects/81/issues/5"] = [fake._label(706, "2026-02-20T09:30:00.000Z", "workflow::dev")]
    items = look(start_labels=["workflow::dev"])
    start = event(items, "label-event/706")
    assert (start.kind, start.subject, start.occurred_at) == ("start", "gitlab:acme/shop/pay#5", at(2026, 2, 20, 9, 30))


def test_a_label_decides_nothing_on_what_is_no_idea(look, account):
    account.labelled["/api/v4/projects/81/issues/5"] = [fake._label(706, "2026-02-20T09:30:00.000Z", "approved")]
    assert "label-event/706" not in ids(look(start_labels=["doing"]), "decision")


def test_issues_and_epics_with_the_label_of_initiatives_are_ones_and_ideas(look):
    items = look()
    epic, issue = [item for item in items if isinstance(item, Initiative)]
    assert (epic.key, epic.name, epic.team, epic.direction) == ("acme.epic.1", "Epic 1", "acme", "top_down")
    assert (epic.claims, epic.labels) == (("gitlab:acme&1",), {"group": "acme"})
    assert (issue.key, issue.team, issue.owner) == ("acme.shop.pay.2", "pay", "ben")
    assert (issue.claims, issue.direction) == (("gitlab:acme/shop/pay#2",), "bottom_up")
    assert ids(items, "idea") == ["epic/901", "issue/8002", "issue/8001"]


@pytest.mark.parametrize(("chosen", "keys"), [("top", ["acme.epic.1"]), ("all", ["acme.epic.1", "acme.epic.2"])])
def test_epics_may_be_initiatives_without_a_label(look, chosen, keys):
    found = [item.key for item in look(initiative_epics=chosen, initiative_labels=[]) if isinstance(item, Initiative)]
    assert found == keys


def test_a_long_path_gives_a_key_that_is_no_longer_than_it_may_be(look, account):
    account.project["path_with_namespace"] = "/".join(["department"] * 20)
    found = [item.key for item in look(projects=[]) if isinstance(item, Initiative)]
    assert [len(key) for key in found] == [11, 100]
    assert found[1].endswith("department.2")


def test_an_issue_belongs_to_its_epic_and_to_the_keys_that_it_names(look):
    items = look()
    assert parents(items, "gitlab:acme/shop/pay#1") == ("gitlab:acme&2", "jira:PAY-30")
    assert parents(items, "gitlab:acme/shop/pay#5") == ("jira:PAY-32",)


def test_an_epic_belongs_to_the_one_above_which_is_asked_for_past_the_proxy(look, account):
    assert parents(look(), "gitlab:acme&2") == ("gitlab:acme&1",)
    del account.epics[1]["_links"]
    assert parents(look(), "gitlab:acme&2") == ("gitlab:acme&1",)


@pytest.mark.parametrize("status", [403, 404])
def test_a_plan_without_epics_still_has_its_issues(asking, account, status):
    account.routes.insert(0, ("/api/v4/groups/acme/epics", lambda *_: said({"message": "no"}, status)))
    looked = asking(gitlab, fake, account)
    assert ids(looked.look(), "idea") == ["issue/8002", "issue/8001"]
    assert looked.check()[-1] == "group acme: epics not visible: not in its plan, or not to this token"


def test_feedback_leads_to_what_it_mentions_but_not_to_itself(look):
    assert parents(look(), "gitlab:acme/shop/pay#3") == ("gitlab:acme/shop/pay!12", "gitlab:acme/shop/pay#2")


@pytest.mark.parametrize(("level", "customer"), [(None, True), (10, True), (20, False), (50, False)])
def test_feedback_of_members_above_guest_is_no_customers(look, account, level, customer):
    account.members = {} if level is None else {"99": level}
    feedback = event(look(), "feedback/8003")
    assert (feedback.attributes, feedback.actor) == ({"channel": "gitlab", "customer": customer}, "dee")


def test_service_desk_is_feedback_of_a_customer_whose_address_is_not_kept(look):
    items = look()
    feedback = event(items, "feedback/8004")
    assert feedback.attributes == {"channel": "service desk", "customer": True}
    assert feedback.actor is None
    assert "dee@customer" not in repr(items)


def test_an_issue_that_was_moved_belongs_to_what_it_became_and_is_no_initiative_any_more(look, account):
    account.issues[1]["moved_to_id"] = 9100
    account.told["issue"] = {"reference": "acme/plans#77"}
    items = look(closed_means="rejected")
    assert parents(items, "gitlab:acme/shop/pay#2") == ("gitlab:acme/plans#77",)
    assert "acme.shop.pay.2" not in [item.key for item in items if isinstance(item, Initiative)]
    assert "state-event/803" not in ids(items, "decision")
    assert "issue/8002" in ids(items, "idea")
    variables = next(body["variables"] for _, path, _, body in account.asked if path == "/api/graphql")
    assert variables == {"id": "gid://gitlab/Issue/9100"}


def test_an_issue_that_was_moved_out_of_sight_keeps_what_is_known(look, account):
    account.issues[1]["moved_to_id"] = 9100
    assert parents(look(), "gitlab:acme/shop/pay#2") == ()


def test_a_merge_request_is_a_start_and_when_merged_a_change(look):
    items = look()
    opened = ["merge-request/6001/opened", "merge-request/6002/opened", "merge-request/6003/opened"]
    assert ids(items, "start") == opened
    assert ids(items, "change") == ["merge-request/6001/merged", "merge-request/6003/merged"]
    assert event(items, opened[0]).occurred_at == at(2026, 2, 1, 10)
    merged = event(items, "merge-request/6001/merged")
    assert (merged.occurred_at, merged.subject) == (at(2026, 2, 3, 10), "gitlab:acme/shop/pay!12")


def test_a_merge_into_another_branch_is_no_change_but_its_commit_is_known(look, account):
    account.requests[0]["target_branch"] = "release-1"
    items = look()
    assert ids(items, "change") == ["merge-request/6003/merged"]
    assert parents(items, "gitlab:acme/shop/pay@b2") == ("gitlab:acme/shop/pay!12",)


def test_a_merge_request_belongs_to_what_it_closes_and_what_its_text_names(look):
    assert parents(look(), "gitlab:acme/shop/pay!12") == (
        "gitlab:acme/shop/pay#2",
        "gitlab:acme/shop/pay#1",
        "gitlab:acme/other#5",
        "gitlab:acme/shop/tools#6",
        "gitlab:acme/plans/road#9",
        "jira:PAY-30",
    )


def test_an_issue_of_another_tracker_that_is_closed_is_known_by_its_key(look):
    assert parents(look(), "gitlab:acme/shop/pay!14") == ("jira:PAY-33",)


def test_what_is_closed_need_not_be_asked_for(look, account):
    assert parents(look(closing_issues=False), "gitlab:acme/shop/pay!14") == ()
    assert not asked(account, "/closes_issues")


def test_a_key_in_the_name_of_a_branch_is_found_in_lower_case(look):
    assert parents(look(), "gitlab:acme/shop/pay!13") == ("jira:PAY-31",)


def test_merge_squash_and_head_commits_lead_to_the_merge_request(look):
    items = look()
    request = ("gitlab:acme/shop/pay!12",)
    assert [parents(items, f"gitlab:acme/shop/pay@{sha}") for sha in ("b2", "s2", "head12")] == [request] * 3


def test_a_fast_forward_is_known_by_its_head_and_what_is_open_not_at_all(look):
    commits = {item.key: item.parents for item in look() if isinstance(item, Artefact) and "@" in item.key}
    assert commits["gitlab:acme/shop/pay@d4"] == ("gitlab:acme/shop/pay!14",)
    assert "gitlab:acme/shop/pay@head13" not in commits


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("see https://gitlab.example.com/a/b/c/-/merge_requests/7", ["gitlab:a/b/c!7"]),
        ("https://gitlab.example.com/a/b/-/work_items/8#note_1", ["gitlab:a/b#8"]),
        ("https://gitlab.example.com/groups/a/b/-/epics/9", ["gitlab:a/b&9"]),
        ("https://other.example.com/a/b/-/issues/7", []),
        ("[#77](https://github.com/up/stream/issues/77) &#39; a#b #0", []),
        ("!3, (#4) and Renamed/Pay#5", ["gitlab:acme/pay!3", "gitlab:acme/pay#4", "gitlab:renamed/old#5"]),
    ],
)
def test_what_a_text_mentions(text, keys):
    names = Names(("https://gitlab.example.com",), "[A-Z]+-[0-9]+", "jira:", {"renamed/pay": "renamed/old"})
    assert names.mentioned("acme/pay", text) == keys


@pytest.mark.parametrize("text", ["a" * 60_000, "a/" * 30_000, "http://a/b" * 6_000, "-/." * 20_000, "<!--" * 15_000])
def test_a_long_text_without_mentions_is_read_in_no_time(look, account, text):
    account.requests[2]["description"] = text
    begun = time.process_time()
    assert parents(look(), "gitlab:acme/shop/pay!14") == ("jira:PAY-33",)
    assert time.process_time() - begun < 5


def test_a_project_is_asked_for_by_its_path_and_then_by_its_number(look, account):
    look()
    paths = [path for _, path, *_ in account.asked if "/projects/" in path and path.count("/") > 4]
    assert [path for path in paths if not path.startswith("/api/v4/projects/81/")] == ["/api/v4/projects/acme/shop/pay"]


def test_a_project_that_was_renamed_keeps_the_name_in_the_configuration(look, account):
    account.project["path_with_namespace"] = "acme/shop/payments"
    account.requests[0]["description"] = "acme/shop/payments#1"
    items = look()
    assert event(items, "issue/8001").subject == "gitlab:acme/shop/pay#1"
    assert "gitlab:acme/shop/pay#1" in parents(items, "gitlab:acme/shop/pay!12")


def test_a_project_that_is_named_and_in_a_group_is_read_once(look, account):
    look()
    assert len(asked(account, "/81/merge_requests")) == 2


def test_projects_of_a_group_and_its_subgroups_are_found(look, account):
    items = look(projects=[])
    assert event(items, "issue/8001").subject == "gitlab:acme/shop/pay#1"
    assert asked(account, "/groups/acme/projects")[0]["include_subgroups"] == "true"


def test_lists_are_asked_for_all_that_was_touched_in_its_order(asking, account):
    asking(gitlab, fake, account).look(datetime.fromisoformat("2026-02-20T10:00:00.500400-05:00"))
    first = asked(account, "/81/merge_requests")[0]
    assert (first["scope"], first["state"], first["per_page"]) == ("all", "all", "100")
    assert (first["updated_after"], first["order_by"], first["sort"]) == ("2026-02-20T15:00:00Z", "updated_at", "asc")
    assert "pagination" not in first


def test_issues_are_paged_by_cursor_where_gitlab_has_one_and_by_time_before_that(look, account):
    whole = look()
    assert [page.get("cursor") for page in asked(account, "/81/issues")] == [None, "2", "3"]
    account.asked.clear()
    account.keyset = False
    assert look() == whole
    assert [(page["updated_after"], page.get("page")) for page in asked(account, "/81/issues")] == [
        ("2026-01-01T00:00:00Z", None),
        ("2026-01-01T00:00:00Z", "2"),
        ("2026-01-01T00:00:00Z", "3"),
    ]


def test_a_record_that_moves_while_the_list_is_read_hides_no_other(look, account):
    times = ["2026-02-01", "2026-02-02", "2026-02-03", "2026-02-04", "2026-02-05"]
    account.keyset = False
    for day, issue in zip(times, account.issues, strict=True):
        issue.update(updated_at=f"{day}T10:00:00.000Z", labels=["idea"])
    listed = account._listed

    def moving(request, records, **more):
        answer = listed(request, records, **more)
        if records is account.issues:
            records[0]["updated_at"] = fake.LATE
        return answer

    account._listed = moving
    assert set(ids(look(), "idea")) >= {f"issue/800{number}" for number in range(1, 6)}


def test_what_stands_on_both_sides_of_a_page_comes_once(look, account):
    account.keyset = False
    for number, issue in enumerate(account.issues):
        issue.update(updated_at=f"2026-02-0{1 + number // 2}T10:00:00.000Z", labels=["idea"])
    found = [id_ for id_ in ids(look(), "idea") if id_.startswith("issue/")]
    assert len(found) == len(set(found)) == 5


def test_a_link_to_another_host_is_never_followed(look, account):
    assert look()
    assert all(fake.ELSEWHERE not in path for _, path, *_ in account.asked)


def test_the_list_is_read_no_further_than_the_end(asking, account):
    asking(gitlab, fake, account).look(fake.SPAN[0], at(2026, 2, 1))
    assert len(asked(account, "/81/merge_requests")) == 1


def test_what_is_switched_off_is_not_asked_for(look, account):
    account.project.update(issues_access_level="disabled", repository_access_level="disabled")
    items = look()
    assert ids(items, "start") == ids(items, "deploy") == []
    assert [item.subject for item in items if isinstance(item, Event)] == ["gitlab:acme&1"] * 2
    assert not asked(account, "/81/issues") + asked(account, "/81/merge_requests") + asked(account, "/81/deployments")


def test_a_project_that_the_token_does_not_see_is_refused(look):
    with pytest.raises(Refused, match=r"/projects/acme%2Fgone answered 404"):
        look(projects=["acme/gone"])


def test_merge_requests_that_the_token_may_not_read_are_refused(look, account):
    account.routes.insert(0, ("/api/v4/projects/81/merge_requests", lambda *_: said({"message": "403 Forbidden"}, 403)))
    with pytest.raises(Refused, match=r"403.*permissions do not suffice"):
        look()


def test_one_malformed_issue_of_a_page_is_kept_aside(look, account):
    del account.issues[0]["labels"]
    items = look()
    assert [item.raw["id"] for item in items if isinstance(item, Unread)] == [8001]
    assert "issue/8002" in ids(items, "idea")


def test_a_check_says_who_is_signed_in_until_when_and_what_is_seen(asking, account):
    account.project["issues_access_level"] = "disabled"
    assert asking(gitlab, fake, account).check() == [
        "signed in as ttv-bot; GitLab 18.4.0-ee",
        "the token expires on 2027-01-31",
        "project acme/shop/pay: default branch main; switched off: issues",
        "group acme: epics visible",
    ]


def test_a_path_that_is_none_is_a_mistake_of_the_configuration():
    with pytest.raises(ValidationError, match="which /acme pay is not"):
        gitlab.Settings(token="t", projects=["/acme pay"])


def test_without_names_all_projects_of_the_token_are_read(look):
    items = look(projects=[], groups=[])
    assert ids(items, "idea") == ["issue/8002", "issue/8001"]


def test_the_scope_is_what_the_token_sees(asking, account):
    looked = asking(gitlab, fake, account)
    assert list(gitlab.scope(looked.settings, looked.client)) == ["acme/shop/pay"]
