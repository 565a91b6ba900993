"""Which of GitHub's artefacts a census takes for deleted."""

import pytest

from connectors import github
from connectors.contract import Unreadable
from tests.fakes import github as fake
from tests.fakes.web import said

KNOWN = [f"github:acme/pay{rest}" for rest in ("#1", "#12", "#21", "@c3", "/deployments/61", "/releases/v1")]


@pytest.fixture
def account():
    return fake.Account()


@pytest.fixture
def asked(asking, account):
    return asking(github, fake, account)


def test_deployments_and_releases_that_are_not_found_are_deleted(asked, account):
    account.deployments, account.releases = account.deployments[1:], account.releases[1:]
    assert asked.gone(KNOWN) == ["github:acme/pay/deployments/61", "github:acme/pay/releases/v1"]


def test_an_issue_that_was_moved_elsewhere_is_not_deleted(asked, account):
    account.issues = account.issues[1:]
    there = said({}, 301, {"Location": "/repositories/8/issues/77"})
    moved = [("/repos/acme/pay/issues/1", lambda *_: there), ("/repositories/8/issues/77", lambda *_: {"number": 77})]
    account.routes[:0] = moved
    assert asked.gone(KNOWN) == []


def test_an_issue_is_not_deleted_where_issues_are_switched_off(asked, account):
    account.repository["has_issues"] = False
    account.routes.insert(0, ("/repos/acme/pay/issues.*", lambda *_: said({"message": "Issues are disabled"}, 410)))
    assert asked.gone(KNOWN) == []


def test_of_many_the_list_tells_which_are_there(asked, account):
    told = account.issues[0]
    account.issues += [{**told, "id": number, "number": number} for number in range(100, 160)]
    known = [f"github:acme/pay#{number}" for number in range(100, 161)]
    account.routes.insert(0, ("/repos/acme/pay/issues/160", lambda *_: said({"message": "Gone"}, 410)))
    assert asked.gone(known) == ["github:acme/pay#160"]
    assert sum(path.startswith("/repos/acme/pay/issues/") for _, path, *_ in account.asked) == 1


def test_nothing_is_said_where_a_list_is_not_shown(asked, account):
    account.routes.insert(0, ("/repos/acme/pay/deployments", lambda *_: said({"message": "no such thing"}, 422)))
    with pytest.raises(Unreadable, match="422"):
        asked.gone(KNOWN)


def test_of_what_is_not_here_nothing_is_said(asked, account):
    assert asked.gone(["github:acme/other#1", "jira:PAY-1", "github:acme/pay", "github:acme/pay/labels/x"]) == []
    assert {path for _, path, *_ in account.asked} == {"/repos/acme/pay"}
