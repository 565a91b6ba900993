"""The Jira of the company: searches, pages, changelogs and refusals as Jira Cloud has them."""

import json
import re
from datetime import UTC, datetime
from itertools import pairwise

import pytest

from tests.demo.conftest import ORIGIN, basic
from tests.fakes.described import Description
from ttv.demo import jira
from ttv.demo.times import milliseconds
from ttv.demo.web import EMAIL

API = "/rest/api/3"
EVER = "updated >= 1000000000000"
KNOWN_FAULTS = re.compile(
    r"\.(from|to|fromString|nextPageToken): None (is|for) not|Histories\[\d+\]\.created: \d+ is not"
)
"""Where Jira itself does not keep to its description: nothing is null, and bulk changelogs count milliseconds."""
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d{4}$")


def search(tool, jql=EVER, **more):
    """Walk through all pages of a search."""
    found, token = [], {}
    while True:
        body = tool.post(f"{API}/search/jql", jql=jql, **more, **token)
        found += body["issues"]
        assert body["isLast"] == ("nextPageToken" not in body)
        if body["isLast"]:
            return found
        token = {"nextPageToken": body["nextPageToken"]}


def refused(tool, path, method="GET", **more):
    answer = tool.ask(API + path, method, **more)
    return answer.status_code, answer.json


@pytest.fixture
def long_lived(jira_tool):
    found = search(jira_tool, "issuetype = Initiative", fields=["summary"], expand="changelog")
    return next(issue for issue in found if issue["changelog"]["total"] > 40)


def test_pages_cover_everything_once(jira_tool, company):
    ids = [issue["id"] for issue in search(jira_tool, maxResults=37)]
    there = sum(issue.created <= milliseconds(ORIGIN) for issue in company.issues)
    assert len(ids) == len(set(ids)) == there


def test_pages_keep_looking_at_the_moment_of_the_first(jira_tool, clock):
    first = jira_tool.post(f"{API}/search/jql", jql=f"{EVER} ORDER BY updated DESC", maxResults=50)
    clock.later(minutes=30)
    rest = jira_tool.post(
        f"{API}/search/jql", jql=f"{EVER} ORDER BY updated DESC", maxResults=5000, nextPageToken=first["nextPageToken"]
    )
    clock.at = ORIGIN
    expected = [issue["id"] for issue in search(jira_tool, f"{EVER} ORDER BY updated DESC", maxResults=5000)]
    assert [issue["id"] for issue in first["issues"] + rest["issues"]] == expected


def test_get_and_post_answer_alike(jira_tool):
    asked = {"jql": "project = PAY", "fields": ["summary", "status"], "maxResults": 7}
    by_get = jira_tool.get(f"{API}/search/jql", **asked | {"fields": "summary,status"})
    assert by_get == jira_tool.post(f"{API}/search/jql", **asked)


def test_issues_come_as_ids_unless_fields_are_asked_for(jira_tool):
    assert jira_tool.post(f"{API}/search/jql", jql=EVER)["issues"][0].keys() == {"id"}


def test_only_the_named_fields_come(jira_tool):
    issue = jira_tool.post(f"{API}/search/jql", jql=EVER, fields=["summary", "created"])["issues"][0]
    assert issue["fields"].keys() == {"summary", "created"}


def test_pages_with_fields_are_shorter_than_asked_for(jira_tool):
    assert len(jira_tool.post(f"{API}/search/jql", jql=EVER, fields=["*all"], maxResults=5000)["issues"]) == 100


def test_updated_splits_into_parts_that_make_up_the_whole(jira_tool):
    middle = milliseconds(ORIGIN) - 200 * 86_400_000
    parts = [search(jira_tool, f"updated {sign} {middle}", maxResults=5000) for sign in ("<", ">=")]
    assert all(parts)
    assert sorted(one["id"] for part in parts for one in part) == sorted(
        one["id"] for one in search(jira_tool, maxResults=5000)
    )


def test_what_is_touched_shows_up_as_updated(jira_tool, clock):
    before = milliseconds(clock())
    clock.later(minutes=5)
    found = search(jira_tool, f"updated >= {before}", fields=["updated"])
    assert found
    assert all(datetime.fromisoformat(one["fields"]["updated"]) >= ORIGIN for one in found)


@pytest.mark.parametrize(
    ("jql", "kinds"),
    [
        ("issuetype = Initiative", {"Initiative"}),
        ("issuetype in (Epic, 'Story')", {"Epic", "Story"}),
        ("type != story AND type not in (bug, idea, epic)", {"Initiative"}),
        (f"(issuetype = Epic) AND ({EVER})", {"Epic"}),
        ("issuetype = Idea OR (issuetype = Bug AND project is not EMPTY)", {"Idea", "Bug"}),
        ("NOT issuetype = Story AND statusCategory = Done AND labels is EMPTY", {"Epic", "Bug", "Idea", "Initiative"}),
        ("labels in (top-down)", {"Initiative"}),
        ("component = Payments", {"Initiative"}),
        ("status = 'Under Review' ORDER BY created ASC, key DESC", {"Initiative"}),
    ],
)
def test_queries_find_what_they_say(jira_tool, jql, kinds):
    found = {issue["fields"]["issuetype"]["name"] for issue in search(jira_tool, jql, fields=["issuetype"])}
    assert found
    assert found <= kinds


@pytest.mark.parametrize("name", ["created", "updated", "key"])
def test_order_is_kept(jira_tool, name):
    for turn, descending in (("ASC", False), ("DESC", True)):
        found = search(jira_tool, f"project = PAY ORDER BY {name} {turn}", fields=["created", "updated"])
        values = [int(one["key"][4:]) if name == "key" else one["fields"][name] for one in found]
        assert values == sorted(values, reverse=descending)


@pytest.mark.parametrize(
    ("literal", "instant"),
    [
        ("1772622000000", "2026-03-04T11:00:00+00:00"),
        ('"2026-03-04 06:00"', "2026-03-04T11:00:00+00:00"),
        ('"2026/03/04"', "2026-03-04T05:00:00+00:00"),
    ],
)
def test_a_bare_time_is_read_in_the_zone_of_the_account(jira_tool, literal, instant):
    assert jira_tool.get(f"{API}/myself")["timeZone"] == "Etc/GMT+5"
    exact = milliseconds(datetime.fromisoformat(instant).astimezone(UTC))
    assert search(jira_tool, f"updated < {literal}") == search(jira_tool, f"updated < {exact}")


@pytest.mark.parametrize(
    ("jql", "said"),
    [
        ("", "Unbounded"),
        ("order by created", "Unbounded"),
        ("colour = red", "Field 'colour' does not exist"),
        ("project = NOPE", "The value 'nope' does not exist for the field 'project'"),
        ("updated >= yesterday", "Date value 'yesterday'"),
        ("project ~ PAY", "not supported"),
        ("project = PAY AND", "ends too early"),
        ("project = PAY project = APP", "Expecting either 'OR' or 'AND'"),
        ("(project = PAY", "ends too early"),
        ("project = PAY ORDER BY colour", "cannot be sorted"),
    ],
)
def test_a_bad_query_is_refused_in_jiras_words(jira_tool, jql, said):
    status, body = refused(jira_tool, "/search/jql", "POST", json={"jql": jql})
    assert status == 400
    assert said in body["errorMessages"][0]


@pytest.mark.parametrize("token", ["nonsense", "WzFd"])
def test_a_token_of_another_query_is_refused(jira_tool, token):
    assert refused(jira_tool, "/search/jql", "POST", json={"jql": EVER, "nextPageToken": token})[0] == 400


def test_an_array_of_expansions_is_refused(jira_tool):
    assert refused(jira_tool, "/search/jql", "POST", json={"jql": EVER, "expand": ["changelog"]})[0] == 400


def test_the_old_search_is_gone(jira_tool):
    status, body = refused(jira_tool, "/search")
    assert status == 410
    assert "CHANGE-2046" in body["errorMessages"][0]


@pytest.mark.parametrize("path", ["/issue/PAY-99999", "/issue/NOPE-1", "/issue/5/changelog", "/nothing/there"])
def test_what_is_not_there_is_not_found(jira_tool, path):
    status, body = refused(jira_tool, path)
    assert (status, body["errors"]) == (404, {})


def test_wrong_credentials_are_refused(jira_tool):
    for headers in (basic(EMAIL, "wrong"), basic("nobody@quillmere.example")):
        assert refused(jira_tool, "/search/jql?jql=project=PAY", headers=headers)[0] == 401


def test_without_credentials_there_is_less_to_see_not_an_error(jira_tool):
    assert refused(jira_tool, "/search/jql?jql=project=PAY", headers={}) == (200, {"issues": [], "isLast": True})
    assert refused(jira_tool, "/myself", headers={})[0] == 401


def test_every_so_many_requests_one_comes_too_soon(company, clock):
    client = jira.app(company, clock, throttle_every=3).test_client()
    answers = [client.get(f"{API}/status", headers=basic(EMAIL)) for _ in range(6)]
    assert [answer.status_code for answer in answers] == [200, 200, 429] * 2
    assert answers[2].headers["Retry-After"] == "1"
    assert answers[2].headers["RateLimit-Reason"] == "jira-burst-based"


def test_times_carry_the_offset_of_their_project_without_a_colon(jira_tool):
    offsets = {}
    for issue in search(jira_tool, "issuetype = Initiative", fields=["created", "project"]):
        assert TIME.match(issue["fields"]["created"])
        offsets.setdefault(issue["fields"]["project"]["key"], set()).add(issue["fields"]["created"][-5:])
    assert offsets["PAY"] == {"+0200"}
    assert offsets["SHIP"] == {"-0500"}
    assert offsets["APP"] == {"+0530"}


def test_a_long_changelog_is_cut_short_newest_first(long_lived):
    log = long_lived["changelog"]
    assert len(log["histories"]) == log["maxResults"] == 40 < log["total"]
    times = [datetime.fromisoformat(history["created"]) for history in log["histories"]]
    assert times == sorted(times, reverse=True)


def test_the_whole_changelog_comes_oldest_first_page_by_page(jira_tool, long_lived):
    path, found, last = f"{API}/issue/{long_lived['key']}/changelog", [], False
    while not last:
        page = jira_tool.get(path, startAt=len(found), maxResults=25)
        found, last = found + page["values"], page["isLast"]
        assert ("nextPage" in page) == (not last)
    assert len({history["id"] for history in found}) == len(found) == long_lived["changelog"]["total"]
    assert found[::-1][:40] == long_lived["changelog"]["histories"]


def test_changelogs_of_many_issues_come_by_time_in_milliseconds(jira_tool):
    issues = search(jira_tool, "issuetype = Initiative", fields=["summary"], expand="changelog")
    found, token = {}, {}
    while True:
        body = jira_tool.post(
            f"{API}/changelog/bulkfetch", issueIdsOrKeys=[one["key"] for one in issues], maxResults=100, **token
        )
        for log in body["issueChangeLogs"]:
            found.setdefault(log["issueId"], []).extend(log["changeHistories"])
        if not body["nextPageToken"]:
            break
        token = {"nextPageToken": body["nextPageToken"]}
    totals = {one["id"]: one["changelog"]["total"] for one in issues if one["changelog"]["total"]}
    assert {key: len(histories) for key, histories in found.items()} == totals
    assert all(isinstance(history["created"], int) for histories in found.values() for history in histories)


def test_bulk_changelogs_can_be_of_some_fields(jira_tool, long_lived):
    body = jira_tool.post(f"{API}/changelog/bulkfetch", issueIdsOrKeys=[long_lived["id"]], fieldIds=["status"])
    items = [i for log in body["issueChangeLogs"] for history in log["changeHistories"] for i in history["items"]]
    assert {item["fieldId"] for item in items} == {"status"}


def test_a_history_may_hold_several_items(jira_tool):
    found = search(jira_tool, "issuetype = Story AND status = Done", fields=["summary"], expand="changelog")
    kinds = {tuple(i["field"] for i in history["items"]) for one in found for history in one["changelog"]["histories"]}
    assert {("assignee", "status"), ("status",), ("resolution", "status")} <= kinds


def test_statuses_follow_from_the_changelog(jira_tool):
    for issue in search(jira_tool, "project = JOIN", fields=["status"], expand="changelog"):
        items = [i for h in issue["changelog"]["histories"][::-1] for i in h["items"] if i["field"] == "status"]
        assert all(a["toString"] == b["fromString"] for a, b in pairwise(items))
        if items:
            assert items[-1]["toString"] == issue["fields"]["status"]["name"]


def test_stories_lead_to_their_initiative_by_parent_epic_link_or_link(jira_tool):
    ways = {"parent": 0, "customfield_10014": 0, "issuelinks": 0}
    for story in search(jira_tool, "issuetype = Story", fields=list(ways)):
        used = [way for way in ways if story["fields"].get(way)]
        assert len(used) == 1
        ways[used[0]] += 1
    assert all(ways.values())


def test_a_link_shows_on_both_sides(jira_tool):
    linked = next(s for s in search(jira_tool, "issuetype = Story", fields=["issuelinks"]) if s["fields"]["issuelinks"])
    [out] = linked["fields"]["issuelinks"]
    other = jira_tool.get(f"{API}/issue/{out['outwardIssue']['key']}")
    assert linked["key"] in {link["inwardIssue"]["key"] for link in other["fields"]["issuelinks"]}


def test_the_count_is_that_of_the_search(jira_tool):
    count = jira_tool.post(f"{API}/search/approximate-count", jql="project = PAY")["count"]
    assert count == len(search(jira_tool, "project = PAY"))


def test_projects_and_fields_are_listed(jira_tool):
    page = jira_tool.get(f"{API}/project/search", maxResults=3)
    assert ([one["key"] for one in page["values"]], page["isLast"], page["total"]) == (
        ["PAY", "FIND", "JOIN"],
        False,
        7,
    )
    names = {field["id"]: field["name"] for field in jira_tool.get(f"{API}/field")}
    assert names["customfield_10014"] == "Epic Link"


def test_it_says_what_it_is_to_whoever_asks_as_one_asks_any_jira(jira_tool):
    assert jira_tool.get("/rest/api/2/serverInfo")["deploymentType"] == "Cloud"


def test_a_person_can_look_at_an_issue(jira_tool):
    shown = jira_tool.ask("/browse/PAY-1", headers={})
    assert (shown.status_code, shown.mimetype) == (200, "text/html")
    assert "PAY-1" in shown.text


def test_the_clock_of_the_answers_is_the_companys(jira_tool):
    assert jira_tool.ask(f"{API}/status").headers["Date"] == "Wed, 04 Mar 2026 12:00:00 GMT"


@pytest.mark.parametrize(
    ("path", "template", "asked"),
    [
        ("/search/jql", "/search/jql", {"jql": EVER, "fields": ["*all"], "expand": "changelog"}),
        ("/search/approximate-count", "/search/approximate-count", {"jql": EVER}),
        ("/changelog/bulkfetch", "/changelog/bulkfetch", {"issueIdsOrKeys": ["PAY-1", "PAY-2"]}),
        ("/issue/PAY-1/changelog", "/issue/{issueIdOrKey}/changelog", None),
        ("/myself", "/myself", None),
        ("/status", "/status", None),
        ("/field", "/field", None),
        ("/serverInfo", "/serverInfo", None),
        ("/project/search", "/project/search", None),
    ],
)
def test_answers_have_the_shape_of_the_vendors_description(jira_tool, described, path, template, asked):
    method = "POST" if asked else "GET"
    found, operation = described.operation(method, API + path)
    assert found == API + template
    answer = jira_tool.ask(API + path, method, **({"json": asked} if asked else {}))
    faults = described.answered(operation, answer.status_code, answer.json)
    assert [fault for fault in faults if not KNOWN_FAULTS.search(fault)][:5] == []


@pytest.fixture(scope="module")
def described(data):
    return Description(json.loads((data / "jira" / "openapi-v3.json").read_bytes()))
