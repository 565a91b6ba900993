"""What Jira Cloud's issues and changelogs become."""

import json
import re
from datetime import UTC, datetime
from itertools import pairwise

import pytest
from sqlalchemy import select
from werkzeug.wrappers import Response

from connectors import jira
from connectors.contract import Artefact, Event, Initiative, Narrowed, Refused, Unread, Unreadable, Withdrawn
from tests.fakes import jira as fake
from tests.fakes import jira_issues as issues
from ttv import store
from ttv.route import Route


@pytest.fixture
def account():
    return fake.Account()


@pytest.fixture
def look(asking, account):
    """A function that pulls the account with some more settings, and returns what came by its id or key."""

    def pull(**more):
        return asking(jira, fake, account, **more).look()

    return pull


def event(items, id_):
    return next(item for item in items if isinstance(item, Event) and item.id == id_)


def kinds(items):
    return {item.id: (item.kind, item.attributes.get("outcome")) for item in items if isinstance(item, Event)}


def above(items, key):
    return next(item.parents for item in items if isinstance(item, Artefact) and item.key == key)


def parents(items, key):
    """The issues above one, without the groups that it stands in."""
    return tuple(parent for parent in above(items, key) if "/" not in parent)


def searched(account):
    return [body for _, path, _, body in account.asked if path.endswith("/search/jql")]


def changed(account, key, **fields):
    issue = next(issue for issue in account.issues if issue["key"] == key)
    issue["fields"].update(fields)
    return issue


def test_an_idea_is_the_creation_of_its_issue_in_utc(look, account):
    idea = event(look(), "issue/10001")
    assert idea.occurred_at == datetime(2026, 1, 5, 8, tzinfo=UTC)
    assert idea.subject == "jira:PAY-1"
    assert (idea.kind, idea.title, idea.actor) == ("idea", "Initiative PAY-1", "Ana Lima")
    assert idea.url.endswith("/browse/PAY-1")
    assert event(look(), "issue/10002").occurred_at == datetime(2026, 1, 6, 14, tzinfo=UTC)


def test_people_look_at_the_site_and_not_at_the_gateway(look):
    assert event(look(site="https://acme.example/"), "issue/10001").url == "https://acme.example/browse/PAY-1"


def test_a_decision_is_a_move_of_an_idea_into_a_decided_status(look):
    items = look()
    assert event(items, "changelog/501/0").attributes == {"outcome": "approved", "status": "Approved"}
    assert event(items, "changelog/501/0").occurred_at == datetime(2026, 1, 10, 9, tzinfo=UTC)
    assert event(items, "changelog/501/0").actor == "Ben Okri"
    assert kinds(items)["changelog/520/0"] == ("decision", "deferred")
    assert kinds(items)["changelog/521/0"] == ("decision", "rejected")


def test_an_idea_created_in_a_decided_status_is_decided_then(look):
    decision = event(look(), "issue/10003/first")
    assert (decision.kind, decision.attributes["outcome"]) == ("decision", "approved")
    assert decision.occurred_at == datetime(2026, 1, 20, 10, tzinfo=UTC)


def test_what_becomes_of_a_story_is_no_decision(look, account):
    changed(account, "PAY-12", status=issues.in_status("7"))
    assert "issue/10012/first" not in kinds(look())


def test_a_start_is_a_move_into_progress_and_not_from_one_such_status_to_another(look):
    assert {id_ for id_, (kind, _) in kinds(look()).items() if kind == "start"} == {
        "changelog/504/1",
        "changelog/540/0",
        "changelog/542/0",
    }


def test_an_idea_that_is_being_considered_has_not_started(look):
    assert "issue/10002/first" not in kinds(look())
    statuses = {"considering": [], "start": []}
    assert kinds(look(statuses=statuses))["issue/10002/first"] == ("start", None)


def test_statuses_of_work_may_be_named(look):
    started = {id_ for id_, (kind, _) in kinds(look(statuses={"start": ["in review"]})).items() if kind == "start"}
    assert started == {"changelog/505/0"}


def test_a_renamed_status_is_known_by_the_name_that_it_had_and_the_one_it_has(look, account):
    account.issues[0]["changelog"]["histories"][0]["items"][0]["toString"] = "Blessed"
    assert kinds(look())["changelog/501/0"] == ("decision", "approved")
    assert kinds(look(statuses={"approved": ["Blessed"]}))["changelog/501/0"] == ("decision", "approved")
    assert "changelog/501/0" not in kinds(look(statuses={"approved": ["Selected"]}))


def test_a_resolution_decides_like_a_status(look, account):
    told = {"field": "resolution", "fieldId": "resolution", "from": None, "to": "10002", "toString": "Won't Do"}
    history = {"id": "600", "created": "2026-02-20T10:00:00.000+0000", "author": None, "items": [told]}
    account.issues[2]["changelog"]["histories"] = [history]
    assert kinds(look())["changelog/600/0"] == ("decision", "rejected")


def test_the_histories_that_the_search_cuts_short_are_fetched(look, account):
    look()
    fetched = [body for _, path, _, body in account.asked if path.endswith("bulkfetch")]
    assert [body["issueIdsOrKeys"] for body in fetched] == [["10001"], ["10001"], ["10010"]]
    assert [body.get("nextPageToken") for body in fetched] == [None, "3", None]


def test_an_epoch_and_an_iso_time_of_a_history_are_the_same(look, account):
    cut = kinds(look())
    account.logged = lambda issue, _: {
        "changelog": {**issue["changelog"], "total": len(issue["changelog"]["histories"])}
    }
    assert kinds(look()) == cut
    assert len([path for _, path, *_ in account.asked if path.endswith("bulkfetch")]) == 3


def test_what_the_changelogs_in_bulk_lack_is_asked_of_each_issue(look, account):
    whole = kinds(look())
    account.bulk_lacks = {"501", "503"}
    assert kinds(look()) == whole
    assert [path for _, path, *_ in account.asked if path.endswith("/changelog")] == [
        "/rest/api/3/issue/10001/changelog"
    ] * 2


@pytest.mark.parametrize("answer", [Response(status=404), {"startAt": 0, "total": 0, "values": []}])
def test_an_issue_whose_history_is_nowhere_whole_is_kept_aside(look, account, answer):
    account.bulk_lacks = {"502"}
    account.routes.insert(0, ("/rest/api/3/issue/.*/changelog", lambda *_: answer))
    [unread] = [item for item in look() if isinstance(item, Unread)]
    assert unread.raw["key"] == "PAY-1"
    assert unread.reason == "ValueError: its history has 5 changes, and only 4 of them came"


def test_a_long_history_is_asked_for_though_it_says_that_it_is_whole(look, account):
    bug = changed(account, "PAY-12", status=issues.in_status("4"))
    done = issues.move("4", "6")
    bug["changelog"]["histories"] = [
        issues.history(str(800 + n), f"2026-02-01T09:{n:02}:00.000+0000", issues.move("1", "4"), done)
        for n in range(50)
    ]

    def logged(issue, _):
        latest = issue["changelog"]["histories"][-40:]
        return {"changelog": {"total": len(latest), "histories": latest}}

    account.logged = logged
    starts = [id_ for id_ in kinds(look()) if id_.startswith("changelog/8")]
    assert len(starts) == 50


def test_an_initiative_is_an_issue_that_the_query_matches(look):
    found = [item for item in look() if isinstance(item, Initiative)]
    assert [item.key for item in found] == ["PAY-1", "PAY-2", "WEB-3"]
    first = found[0]
    assert (first.name, first.team, first.owner) == ("Initiative PAY-1", "Payments", "Cleo Diaz")
    assert (first.direction, first.evolution) == ("bottom_up", "product")
    assert first.claims == ("jira:PAY-1",)
    assert first.labels == {"project": "PAY", "priority": "High"}
    assert (found[1].team, found[1].owner, found[1].direction) == ("Project PAY", None, "unknown")
    assert found[2].direction == "top_down"


def test_any_issue_of_the_query_is_an_idea(look):
    items = look(initiatives="issuetype = Story")
    assert [item.key for item in items if isinstance(item, Initiative)] == ["PAY-10", "PAY-11"]
    assert kinds(items)["issue/10010"] == ("idea", None)


def test_without_a_query_there_are_no_initiatives_but_still_ideas(look):
    items = look(initiatives="")
    assert not [item for item in items if isinstance(item, Initiative)]
    assert kinds(items)["issue/10001"] == ("idea", None)


def test_the_parents_are_the_parent_and_what_the_issue_implements(look):
    items = look()
    assert parents(items, "jira:PAY-10") == ("jira:PAY-1", "jira:WEB-3")
    assert parents(items, "jira:PAY-12") == ()


def test_an_inward_link_leads_up_where_its_phrase_says_so(look, account):
    kind = {"name": "Hierarchy", "inward": "is child of", "outward": "is parent of"}
    changed(account, "PAY-12", issuelinks=[{"type": kind, "inwardIssue": {"key": "PAY-2"}}])
    assert parents(look(), "jira:PAY-12") == ("jira:PAY-2",)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("customfield_10014", "PAY-2"),
        ("customfield_10018", "PAY-2"),
        ("customfield_10018", {"showField": True, "data": {"id": 10002, "key": "PAY-2"}}),
        ("customfield_77", "PAY-2"),
    ],
)
def test_the_fields_of_epic_and_parent_are_found_by_their_kind_or_named(look, account, field, value):
    changed(account, "PAY-12", **{field: value})
    assert parents(look(epic_field="customfield_77"), "jira:PAY-12") == ("jira:PAY-2",)
    assert all(field in body["fields"] for body in searched(account))


def test_a_parent_field_without_an_issue_names_none(look, account):
    changed(account, "PAY-12", customfield_10018={"hasEpicLinkFieldDependency": False, "showField": False})
    assert parents(look(), "jira:PAY-12") == ()


def test_an_issue_stands_in_its_project_components_and_labels(look, account):
    changed(account, "PAY-12", labels=["top-ten"], components=[{"name": "Check out"}, {"name": "Ledger"}])
    assert above(look(), "jira:PAY-12") == (
        "jira:project/PAY",
        "jira:component/PAY/Check out",
        "jira:component/PAY/Ledger",
        "jira:label/top-ten",
    )


def test_a_group_is_what_its_query_finds(look, account):
    changed(account, "PAY-12", labels=["q3"])
    items = look(groups={"checkout": "labels = q3"})
    standing = {item.key for item in items if isinstance(item, Artefact) and "jira:group/checkout" in item.parents}
    assert standing == {"jira:PAY-12"}
    [asked] = [body for body in searched(account) if "(labels = q3)" in body["jql"]]
    assert (asked["fields"], asked["maxResults"]) == (["key"], 5000)


def test_the_old_key_of_a_moved_issue_leads_to_the_new_one(look):
    assert parents(look(), "jira:WEB-90") == ("jira:PAY-11",)


@pytest.mark.parametrize(
    ("value", "at"),
    [
        ("2025-12-24", datetime(2025, 12, 24, tzinfo=UTC)),
        ("2025-12-24T10:00:00.000+0100", datetime(2025, 12, 24, 9, tzinfo=UTC)),
    ],
)
def test_a_date_field_says_when_leadership_first_heard(look, account, value, at):
    changed(account, "PAY-1", customfield_1=value)
    items = look(idea_date_field="customfield_1")
    assert event(items, "issue/10001").occurred_at == at
    assert event(items, "issue/10002").occurred_at == datetime(2026, 1, 6, 14, tzinfo=UTC)


def test_an_issue_that_is_no_idea_any_more_withdraws_its_events(look, account):
    told = {
        "field": "issuetype",
        "fieldId": "issuetype",
        "from": "1",
        "fromString": "Idea",
        "to": "2",
        "toString": "Bug",
    }
    issue = changed(account, "PAY-12", status=issues.in_status("3"))
    issue["changelog"]["histories"] = [issues.history("700", "2026-02-01T08:00:00.000+0000", told)]
    assert [item for item in look() if isinstance(item, Withdrawn)] == [
        Withdrawn("issue/10012"),
        Withdrawn("issue/10012/first"),
    ]


def test_the_search_is_bounded_by_epoch_milliseconds_and_ordered_by_what_never_changes(asking, account):
    account.seen += ['A"B']
    asked = asking(jira, fake, account, projects=["PAY", 'A"B'], jql="labels = x OR labels = y")
    asked.look(datetime(2026, 1, 1, 0, 0, 59, tzinfo=UTC), datetime(2026, 2, 1, 0, 0, 0, 500, tzinfo=UTC))
    queries = [body["jql"] for body in searched(account)]
    assert "AND (issuetype = Initiative) AND (updated >= 1767225600000 AND updated < 1769904000001)" in queries[0]
    chosen = '(project in ("A\\"B", "PAY")) AND (labels = x OR labels = y) AND (updated >= '
    assert all(query.startswith(chosen) for query in queries[1:])
    assert all(query.endswith(") ORDER BY created ASC, key ASC") for query in queries[1:])
    parts = sorted(tuple(map(int, re.findall(r"updated [>=<]+ (\d+)", query))) for query in queries[1:])
    assert (parts[0][0], parts[-1][1]) == (1767225600000, 1769904000001)
    assert len(parts) == 4
    assert all(start <= end < start + 60_001 for (_, end), (start, _) in pairwise(parts))
    account.asked.clear()
    asked.look(datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC))
    assert len(searched(account)) == 2


def test_only_the_fields_that_are_read_are_asked_for(look, account):
    look()
    assert not any("description" in body["fields"] for body in searched(account))
    assert {body["expand"] for body in searched(account)} == {"changelog"}


def test_the_account_is_checked_first_for_anonymous_access_looks_like_few_issues(look, account):
    look()
    assert [path for _, path, *_ in account.asked[:2]] == ["/rest/api/2/serverInfo", "/rest/api/3/myself"]
    account.allowed = lambda request: not request.path.endswith("/myself")
    with pytest.raises(Refused, match="myself"):
        look()


def test_an_api_that_is_gone_is_an_error_and_not_an_empty_answer(look, account):
    gone = Response(json.dumps({"errorMessages": ["The requested API has been removed."]}), 410)
    account.search = None
    account.routes.insert(0, ("/rest/api/3/search/jql", lambda *_: gone))
    with pytest.raises(Unreadable, match=r"410 The requested API has been removed\.; this part of the API is gone"):
        look()


def test_a_project_that_is_seen_no_more_does_not_keep_the_others_from_being_read(asking, account):
    asked = asking(jira, fake, account, projects=["web", "GONE"])
    assert {item.subject for item in asked.look() if isinstance(item, Event)} == {"jira:WEB-3"}
    assert all('project in ("WEB")' in body["jql"] for body in searched(account))
    with pytest.raises(Narrowed, match="not GONE; give the account its permission back, or take the names out"):
        jira.scope(asked.settings, asked.client)


def test_what_is_seen_is_in_the_log_before_the_source_says_what_is_missing(asking, account, sqlite_engine):
    asked, route = asking(jira, fake, account, projects=["WEB", "GONE"]), Route(sqlite_engine)
    with pytest.raises(Narrowed):
        route.sync("jira", jira, asked.settings, asked.client, kind="jira", since=fake.SPAN[0])
    with store.reading(sqlite_engine) as connection:
        assert set(connection.scalars(select(store.event.c.subject))) == {"jira:WEB-3"}
        [one] = connection.execute(select(store.source)).all()
    assert (one.state, one.looked_until is None) == ("narrowed", False)
    assert "GONE" in one.message


@pytest.mark.parametrize("named", [{"projects": ["GONE"]}, {"projects": ["GONE"], "feedback": {"projects": ["HELP"]}}])
def test_where_none_of_the_named_projects_is_seen_nothing_else_is_read_instead(asking, account, named):
    with pytest.raises(Narrowed, match="sees 0 of the"):
        asking(jira, fake, account, **named).look()
    assert searched(account) == []


def test_a_service_project_that_is_not_seen_is_missed_though_all_are_read(asking, account):
    asked = asking(jira, fake, account, feedback={"projects": ["HELP"]})
    assert asked.look()
    with pytest.raises(Narrowed, match="not HELP"):
        jira.scope(asked.settings, asked.client)


def test_a_query_that_jira_refuses_says_jiras_words(look, account):
    words = "The value 'Initiative' does not exist for the field 'issuetype'."
    account.routes.insert(
        0, ("/rest/api/3/search/jql", lambda *_: Response(json.dumps({"errorMessages": [words]}), 400))
    )
    with pytest.raises(Unreadable, match=words):
        look()


def test_a_check_counts_what_the_account_sees(asking, account):
    assert asking(jira, fake, account, projects=["PAY", "GONE"]).check() == [
        "signed in as Ana Lima on Jira Cloud",
        "project GONE: not visible to this account",
        "project PAY: 5 issues",
        "initiatives: 2",
    ]
