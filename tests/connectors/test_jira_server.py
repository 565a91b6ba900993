"""What is different with a Jira Server or Data Center: its paths, its pages, its clock, its people."""

import re
from contextlib import nullcontext
from datetime import UTC, datetime
from itertools import count

import pytest
import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors import jira
from connectors.contract import Artefact, Event, Refused, Unavailable
from tests.fakes import jira as cloud
from tests.fakes import jira_issues as issues
from tests.fakes import jira_server as fake
from tests.fakes.web import said


@pytest.fixture
def account():
    return fake.Account()


def searched(account):
    return [body for _, path, _, body in account.asked if path == "/rest/api/2/search"]


def heard(items):
    """What is told of each event, but for the address and how the tool names people."""
    return {
        (item.id, item.kind, item.occurred_at, item.subject, item.actor, *item.attributes.values())
        for item in items
        if isinstance(item, Event)
    }


def ids(items):
    return {item.id for item in items if isinstance(item, Event)}


def crowd(account, many):
    """Let there be many bugs, each created a minute after the other."""
    at = "2026-02-01T08:{:02}:00.000+0000"
    account.issues = [
        issues.issue(str(20000 + n), f"PAY-{n + 1}", "Bug", "4", at.format(n), at.format(n)) for n in range(many)
    ]


def test_a_server_tells_the_same_as_cloud(asking, account):
    assert heard(asking(jira, fake, account).look()) == heard(asking(jira, cloud).look())


@pytest.mark.parametrize("info", [{"deploymentType": "Server"}, {"version": "7.1.0"}])
def test_a_server_says_that_it_is_one_and_very_old_ones_say_nothing(asking, account, info):
    account.routes.insert(0, ("/rest/api/2/serverInfo", lambda *_: info))
    asking(jira, fake, account).look()
    assert {path.rpartition("/")[0] for _, path, *_ in account.asked} == {"/rest/api/2"}


@pytest.mark.parametrize(("deployment", "version"), [("server", "2"), ("cloud", "3")])
def test_a_setting_says_it_too(asking, account, deployment, version):
    asked = asking(jira, fake, account, deployment=deployment)
    with nullcontext() if deployment == "server" else pytest.raises(Refused):
        asked.look()
    assert all(path.startswith(f"/rest/api/{version}/") for _, path, *_ in account.asked)


def test_what_has_no_such_path_is_not_taken_for_an_empty_jira(asking, account):
    account.routes = []
    with pytest.raises(Refused, match=r"404.*check the address"):
        asking(jira, fake, account).look()


def test_a_search_is_bounded_by_the_clock_of_the_account(asking, account):
    asking(jira, fake, account).look(datetime(2026, 1, 1, 3, 29, 59, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC))
    jql = searched(account)[-1]["jql"]
    assert jql == '(updated >= "2025/12/31 23:59" AND updated < "2026/01/31 20:31") ORDER BY created ASC, key ASC'


@pytest.mark.parametrize("zone", [None, "Mars/Olympus"])
def test_an_account_without_a_clock_is_asked_in_milliseconds(asking, account, zone):
    account.zone = zone
    asking(jira, fake, account).look(datetime(2026, 1, 1, tzinfo=UTC))
    assert "updated >= 1767225600000" in searched(account)[-1]["jql"]


def test_a_look_does_not_depend_on_the_accounts_clock(asking, account):
    whole = {}
    for zone in ("America/St_Johns", "Pacific/Kiritimati", "UTC"):
        account.zone = zone
        whole[zone] = ids(asking(jira, fake, account).look(account.middle))
    assert whole["UTC"] == whole["America/St_Johns"] == whole["Pacific/Kiritimati"] != set()


def test_histories_come_with_the_search_and_are_not_asked_for_again(asking, account):
    asking(jira, fake, account).look()
    assert {tuple(body["expand"]) for body in searched(account)} == {("changelog",)}
    assert not [path for _, path, *_ in account.asked if "changelog" in path]


def test_a_list_that_holds_still_is_read_once_by_pages_that_overlap(asking, account):
    crowd(account, 20)
    asking(jira, fake, account, initiatives="").look()
    assert sorted(body["startAt"] for body in searched(account)) == list(range(19))


def test_an_issue_that_leaves_the_list_takes_no_other_with_it(asking, account):
    crowd(account, 12)
    left = iter(range(5))

    def leave():
        if len(account.issues) < 12 or len(searched(account)) == 3:
            next(left, None) is not None and account.issues.pop(0)

    account.between = leave
    items = asking(jira, fake, account, initiatives="").look()
    assert {f"issue/{20000 + n}/first" for n in range(5, 12)} <= ids(items)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(moves=st.lists(st.integers(0, 30), max_size=12))
def test_whoever_stays_in_the_list_is_read_whatever_comes_and_goes(asking, moves):
    account, left = fake.Account(), list(moves)
    crowd(account, 20)
    stays = {issue["id"] for issue in account.issues[1::2]}
    spare = []

    def stir():
        """Take one of the others out, or let one that is out in again, at its place."""
        if left:
            place = left.pop()
            others = [issue for issue in account.issues if issue["id"] not in stays]
            if place % 3 == 0 and spare:
                account.issues.append(spare.pop())
                account.issues.sort(key=lambda issue: issue["id"])
            elif others:
                spare.append(others[place % len(others)])
                account.issues.remove(spare[-1])

    account.between = stir
    items = asking(jira, fake, account, initiatives="").look()
    assert {f"issue/{id_}/first" for id_ in stays} <= ids(items)
    assert len([item for item in items if isinstance(item, Event)]) == len(ids(items))


def test_a_list_that_never_holds_still_is_unavailable(asking, account):
    at, ids = "2026-02-01T08:00:00.000+0000", count()
    account.found = lambda _: [issues.issue(str(next(ids)), "PAY-1", "Bug", "4", at, at) for _ in range(9)]
    with pytest.raises(Unavailable, match="moves faster than it can be read"):
        asking(jira, fake, account, initiatives="").look()


def test_a_name_and_a_password_or_a_token_alone(opened):
    for more, header in (({"email": "ana"}, "Basic YW5hOnQ="), ({}, "Bearer t")):
        at = jira.Settings(url="https://jira.example/jira", token="t", **more)
        request = opened(jira.client, at)._wire._session.prepare_request(requests.Request("GET", "https://a"))
        assert request.headers["Authorization"] == header


def test_a_check_counts_what_the_account_sees(asking, account):
    assert asking(jira, fake, account, projects=["PAY", "GONE"], groups={"top": "labels = top-down"}).check() == [
        "signed in as Ana Lima on Jira Server or Data Center",
        "project GONE: not visible to this account",
        "project PAY: 5 issues",
        "initiatives: 2",
        "group top: 0 issues",
    ]


def test_the_scope_is_the_projects_that_are_read_and_seen(asking, account):
    asked = asking(jira, fake, account)
    assert list(jira.scope(asked.settings, asked.client)) == ["PAY", "WEB", "ZOO"]
    narrow = asking(jira, fake, account, projects=["PAY"])
    assert list(jira.scope(narrow.settings, narrow.client)) == ["PAY"]


def census(asked, *subjects):
    return list(jira.gone(asked.settings, asked.client, subjects))


def test_a_server_knows_what_is_deleted_and_what_is_hidden_or_moved(asking, account):
    account.hidden = {"PAY-2"}
    asked = asking(jira, fake, account)
    subjects = [
        "jira:PAY-1",
        "jira:PAY-2",
        "jira:PAY-99",
        "jira:WEB-90",
        "github:acme/pay#1",
        "jira:project/PAY",
        "jira:label/x-1",
    ]
    assert census(asked, *subjects) == ["jira:PAY-99"]
    body = searched(account)[0]
    assert body["validateQuery"] is False
    assert body["jql"] == 'key in ("PAY-1", "PAY-2", "PAY-99", "WEB-90") ORDER BY key ASC'


def test_issues_that_are_there_are_not_asked_for_one_by_one(asking, account):
    assert census(asking(jira, fake, account), *(f"jira:{issue['key']}" for issue in account.issues)) == []
    assert not [path for _, path, *_ in account.asked if "/issue/" in path]


def test_an_answer_in_other_words_is_no_proof(asking, account):
    account.one = lambda *_: None
    account.routes.insert(
        0,
        (
            "/rest/api/2/issue/.*",
            lambda *_: said({"errorMessages": ["Issue does not exist or you do not have permission"]}, 404),
        ),
    )
    assert census(asking(jira, fake, account), "jira:PAY-99") == []


def test_cloud_is_not_asked_for_what_it_cannot_tell(asking):
    account = cloud.Account()
    assert census(asking(jira, cloud, account, absent_is_deleted=False), "jira:PAY-99") == []
    assert not [path for _, path, *_ in account.asked if "/issue/" in path]


def test_cloud_is_asked_where_the_account_sees_everything(asking):
    account = cloud.Account()
    asked = asking(jira, cloud, account, absent_is_deleted=True)
    found = census(asked, "jira:PAY-1", "jira:WEB-90", "jira:PAY-99", "jira:PAY-98", "jira:GONE-1")
    assert found == ["jira:PAY-99", "jira:PAY-98"]
    [bulk] = [body for _, path, _, body in account.asked if path.endswith("/issue/bulkfetch")]
    assert bulk["issueIdsOrKeys"] == ["PAY-1", "WEB-90", "PAY-99", "PAY-98"]
    assert [path.rpartition("/")[2] for _, path, *_ in account.asked if re.search(r"/issue/[A-Z]", path)] == [
        "WEB-90",
        "PAY-99",
        "PAY-98",
    ]


def test_a_token_that_is_lost_during_a_census_deletes_nothing(asking, account):
    asked = asking(jira, fake, account)
    account.allowed = lambda request: "/issue/" not in request.path
    assert census(asked, "jira:PAY-99") == []


def test_parents_are_found_by_the_fields_of_epics_and_of_plans(asking, account):
    bug = next(issue for issue in account.issues if issue["key"] == "PAY-12")
    bug["fields"] |= {"customfield_10014": "PAY-2", "customfield_10018": "WEB-3", "parent": {"key": "PAY-10"}}
    [found] = [
        item for item in asking(jira, fake, account).look() if isinstance(item, Artefact) and item.key == "jira:PAY-12"
    ]
    assert found.parents == ("jira:PAY-10", "jira:PAY-2", "jira:WEB-3", "jira:project/PAY")
