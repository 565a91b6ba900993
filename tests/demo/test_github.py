"""The GitHub of the company: lists, links, tags, deployments and comparisons as GitHub has them."""

import re
from datetime import timedelta
from itertools import pairwise

import pytest

from tests.demo.conftest import ORIGIN
from ttv.demo import github
from ttv.demo.company import Company
from ttv.demo.times import milliseconds
from ttv.demo.web import TOKEN

REPO = "/repos/quillmere/payments"
AT = milliseconds(ORIGIN)
TIME = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")


def walk(tool, path, meanwhile=lambda: None, **query):
    """Follow `Link: rel="next"` to the end; the page addresses are the server's own."""
    answer = tool.ask(path, query_string=query)
    found = list(answer.json)
    while following := re.search(r'<http://localhost([^>]*)>; rel="next"', answer.headers.get("Link", "")):
        meanwhile()
        answer = tool.ask(following[1])
        found += answer.json
    return found


@pytest.fixture
def payments(company):
    return company.repositories[0]


@pytest.mark.parametrize("size", [1, 7, 100])
def test_pages_of_issues_cover_everything_once(github_tool, payments, size):
    found = walk(github_tool, f"{REPO}/issues", state="all", per_page=size)
    assert sorted(one["number"] for one in found) == list(range(1, payments.there(AT) + 1))


def test_pages_of_issues_keep_looking_at_the_moment_of_the_first(github_tool, clock, payments):
    there = payments.there(AT)
    found = walk(
        github_tool, f"{REPO}/issues", lambda: clock.later(minutes=10), state="all", sort="updated", per_page=20
    )
    assert sorted(one["number"] for one in found) == list(range(1, there + 1))


@pytest.mark.parametrize("path", ["pulls", "issues/events", "deployments", "releases", "commits"])
def test_pages_cover_everything_once(github_tool, path):
    found = walk(github_tool, f"{REPO}/{path}", state="all", per_page=9)
    names = [one.get("sha") if path == "commits" else one["id"] for one in found]
    assert len(names) > 9
    assert len(names) == len(set(names)) == len(github_tool.get(f"{REPO}/{path}", state="all", per_page=100)) or (
        len(names) == len(set(names)) > 100
    )


def test_issues_are_the_open_ones_unless_all_are_asked_for(github_tool):
    for path in ("issues", "pulls"):
        assert {one["state"] for one in walk(github_tool, f"{REPO}/{path}")} <= {"open"}
        assert {one["state"] for one in walk(github_tool, f"{REPO}/{path}", state="closed")} == {"closed"}


def test_pull_requests_are_issues_too(github_tool):
    issues = {one["number"]: one for one in walk(github_tool, f"{REPO}/issues", state="all", per_page=100)}
    for pull in walk(github_tool, f"{REPO}/pulls", state="all", per_page=100):
        assert issues[pull["number"]]["pull_request"]["merged_at"] == pull["merged_at"]
        assert issues[pull["number"]]["id"] != pull["id"]


def test_since_means_updated_at_or_after(github_tool):
    start = "2026-01-01T00:00:00Z"
    every = walk(github_tool, f"{REPO}/issues", state="all", per_page=100)
    found = walk(github_tool, f"{REPO}/issues", state="all", since=start, per_page=100)
    assert {one["number"] for one in found} == {one["number"] for one in every if one["updated_at"] >= start}


@pytest.mark.parametrize("path", ["issues", "pulls"])
@pytest.mark.parametrize("direction", ["asc", "desc"])
@pytest.mark.parametrize("sort", ["created", "updated"])
def test_order_is_kept(github_tool, path, sort, direction):
    found = walk(github_tool, f"{REPO}/{path}", state="all", sort=sort, direction=direction, per_page=100)
    times = [one[f"{sort}_at"] for one in found]
    assert times == sorted(times, reverse=direction == "desc")


@pytest.mark.parametrize("query", [{"state": "ajar"}, {"since": "notadate"}, {"sort": "size"}])
def test_a_bad_parameter_is_refused(github_tool, query):
    assert github_tool.ask(f"{REPO}/issues", query_string=query).status_code == 422


@pytest.mark.parametrize("path", ["/repos/nobody/payments", "/repos/quillmere/none", f"{REPO}/pulls/99999", "/zen"])
def test_what_is_not_there_is_not_found(github_tool, path):
    answer = github_tool.ask(path)
    assert (answer.status_code, answer.json["message"], answer.json["status"]) == (404, "Not Found", "404")


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic eDp5"}])
def test_wrong_credentials_are_refused(github_tool, headers):
    assert github_tool.ask(REPO, headers=headers).status_code == 401


def test_an_unchanged_answer_is_304_and_costs_nothing(github_tool, clock):
    first = github_tool.ask(f"{REPO}/pulls?state=all")
    again = {**github_tool.credentials, "If-None-Match": first.headers["ETag"]}
    second = github_tool.ask(f"{REPO}/pulls?state=all", headers=again)
    assert (second.status_code, second.data) == (304, b"")
    assert second.headers["X-RateLimit-Remaining"] == first.headers["X-RateLimit-Remaining"]
    clock.later(hours=1)
    assert github_tool.ask(f"{REPO}/pulls?state=all", headers=again).status_code == 200


def test_the_budget_is_told_and_shrinks(github_tool):
    left = [int(github_tool.ask(REPO).headers["X-RateLimit-Remaining"]) for _ in range(3)]
    assert left[0] - 1 == left[1] == left[2] + 1
    reset = int(github_tool.ask(REPO).headers["X-RateLimit-Reset"])
    assert AT / 1000 < reset <= AT / 1000 + 3600


def test_every_so_many_requests_one_comes_too_soon(company, clock):
    client = github.app(company, clock, throttle_every=2).test_client()
    answers = [client.get(REPO, headers={"Authorization": f"Bearer {TOKEN}"}) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 429] * 2
    assert answers[1].headers["Retry-After"] == "1"


def test_times_are_whole_seconds_in_utc(github_tool):
    for pull in github_tool.get(f"{REPO}/pulls", state="all"):
        assert all(TIME.match(pull[name]) for name in ("created_at", "updated_at", "merged_at") if pull[name])


def test_a_key_stands_in_title_branch_or_text_or_nowhere(company, github_tool):
    found = [one for r in company.repositories for one in walk(github_tool, f"/repos/{r.full_name}/pulls", state="all")]
    places = {"title": lambda p: p["title"], "branch": lambda p: p["head"]["ref"], "body": lambda p: p["body"]}
    named = [{place for place, text in places.items() if re.search(r"[A-Z]+-\d+", text(pull))} for pull in found]
    assert {frozenset(one) for one in named} == {frozenset(), *(frozenset({place}) for place in places)}


def test_the_newest_status_of_a_deployment_comes_first(github_tool):
    superseded = github_tool.get(f"{REPO}/deployments", per_page=20)[10]
    states = [one["state"] for one in github_tool.get(f"{REPO}/deployments/{superseded['id']}/statuses")]
    assert states in (["inactive", "success", "in_progress"], ["failure", "in_progress"])


def test_a_superseded_deployment_is_updated_by_its_successor(github_tool):
    for deployment in github_tool.get(f"{REPO}/deployments", per_page=20):
        newest = github_tool.get(f"{REPO}/deployments/{deployment['id']}/statuses")[0]
        assert deployment["updated_at"] == newest["created_at"]


def test_a_merged_pull_request_is_a_commit_of_the_next_deploy(github_tool, payments):
    deploys = [one for one in payments.deployments if one.succeeded and one.done <= AT]
    before, after = next((a, b) for a, b in pairwise(deploys) if b.head > a.head)
    body = github_tool.get(f"{REPO}/compare/{payments.sha(before.head)}...{payments.sha(after.head)}")
    assert (body["status"], body["ahead_by"]) == ("ahead", after.head - before.head)
    for commit in body["commits"]:
        [pull] = github_tool.get(f"{REPO}/commits/{commit['sha']}/pulls")
        assert pull["merge_commit_sha"] == commit["sha"]


def test_going_back_compares_as_behind(github_tool, company):
    for repository in company.repositories:
        done = [one for one in repository.deployments if one.succeeded and one.environment != "staging"]
        for a, b in pairwise(done):
            if b.head < a.head and b.done <= AT:
                path = f"/repos/{repository.full_name}/compare/{repository.sha(a.head)}...{repository.sha(b.head)}"
                body = github_tool.get(path)
                assert (body["status"], body["commits"], body["ahead_by"]) == ("behind", [], 0)
                return
    pytest.fail("nothing was ever rolled back")


def test_a_comparison_shows_the_newest_250_commits_or_pages(clock):
    company = Company("quillmere", ORIGIN, 900)
    client = github.app(company, clock, throttle_every=0).test_client()
    repository = max(company.repositories, key=lambda one: one.tip(AT))
    head, path = repository.tip(AT), f"/repos/{repository.full_name}/compare/{repository.sha(0)}..."
    headers = {"Authorization": f"Bearer {TOKEN}"}
    body = client.get(path + repository.sha(head), headers=headers).json
    assert head > 250 == len(body["commits"])
    assert body["commits"][-1]["sha"] == repository.sha(head)
    first = client.get(f"{path}{repository.sha(head)}?per_page=100", headers=headers)
    assert 'rel="next"' in first.headers["Link"]
    assert [one["sha"] for one in first.json["commits"]] == [repository.sha(place) for place in range(1, 101)]


@pytest.mark.parametrize("span", ["main", "0000000000...main", "main...ffffffffffffffffffffffffffffffffffffffff"])
def test_commits_that_are_not_there_cannot_be_compared(github_tool, span):
    assert github_tool.ask(f"{REPO}/compare/{span}").status_code == 404


def test_a_commit_of_tomorrow_is_not_there(github_tool, clock, payments):
    clock.at = ORIGIN - timedelta(days=300)
    assert github_tool.ask(f"{REPO}/commits/{payments.sha(payments.tip(AT))}").status_code == 404


def test_issue_events_tell_labels_and_ends(company, github_tool):
    found = [
        one
        for r in company.repositories
        for one in walk(github_tool, f"/repos/{r.full_name}/issues/events", per_page=100)
    ]
    assert {one["event"] for one in found} == {"labeled", "merged", "closed"}
    assert {"idea", "feedback", "approved", "rejected"} <= {one["label"]["name"] for one in found if "label" in one}
    assert "not_planned" in {one.get("state_reason") for one in found}


def test_events_of_one_issue_come_oldest_first(github_tool):
    pull = next(one for one in github_tool.get(f"{REPO}/pulls", state="all") if one["merged_at"])
    assert [one["event"] for one in github_tool.get(f"{REPO}/issues/{pull['number']}/events")] == ["merged", "closed"]


def test_a_release_is_published_when_it_was_out(github_tool):
    releases = github_tool.get(f"{REPO}/releases")
    assert releases
    assert all(one["created_at"] <= one["published_at"] for one in releases)


@pytest.mark.parametrize("path", ["", "/pull/1", "/issues/1", "/deployments", "/deployments/production"])
def test_a_person_can_look_at_it(github_tool, path):
    shown = github_tool.ask(f"/quillmere/payments{path}", headers={})
    assert (shown.status_code, shown.mimetype) == (200, "text/html")


def test_links_for_people_lead_somewhere(github_tool):
    pull = github_tool.get(f"{REPO}/pulls", state="all")[0]
    commit, release = github_tool.get(f"{REPO}/commits")[0], github_tool.get(f"{REPO}/releases")[0]
    for address in (pull["html_url"], commit["html_url"], release["html_url"]):
        assert github_tool.ask(address.removeprefix("http://localhost"), headers={}).status_code == 200
