"""How GitHub is read: by REST and GraphQL, window by window, under other names, and where something is missing."""

import re
import tomllib
from datetime import timedelta
from itertools import pairwise

import pytest
from pydantic import ValidationError

from connectors import github
from connectors._github import host
from connectors.contract import HookedSettings, Refused, Unavailable
from tests.connectors.github_found import at, event, every_parent, groups, ids, merged, parents
from tests.fakes import github as fake
from tests.fakes.web import said


@pytest.fixture
def account():
    return fake.Account()


@pytest.fixture
def look(asking, account):
    """A function that pulls the account with some more settings."""
    return lambda **more: asking(github, fake, account, **more).look()


def _without(told, id_):
    """What GraphQL told, with null for one node."""
    nodes = told["data"].get("nodes")
    return (
        {"data": {**told["data"], "nodes": [None if (n or {}).get("id") == id_ else n for n in nodes]}}
        if nodes
        else told
    )


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


def test_what_takes_graphql_too_long_is_asked_for_by_rest_and_then_fewer_at_once(asking, account):
    whole, tell, asked = asking(github, fake, account).look(), account._graphql, []

    def slow(request, body):
        ids = (body.get("variables") or {}).get("ids", [])
        asked.append(len(ids))
        return said({"message": "timeout"}, 502) if len(ids) > 10 else tell(request, body)

    more = [{**account.pulls[0], "id": 8000 + n, "node_id": f"PR_{8000 + n}", "number": 200 + n} for n in range(30)]
    account.pulls += more
    account.routes.insert(0, ("/graphql", slow))
    looked = asking(github, fake, account)
    first, second = looked.look(), looked.look()
    assert first == second
    assert {repr(item) for item in whole} <= {repr(item) for item in first}
    assert "pull/8029/merged" in ids(first, "change")
    assert max(asked) == 33
    assert asked[-1] <= 16
    assert len([path for _, path, *_ in account.asked if path == "/repos/acme/pay/pulls/229"]) >= 1


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


def test_a_server_whose_address_is_not_that_of_its_api_is_told_so(look, account):
    account.routes = []
    with pytest.raises(Refused, match="the url of an Enterprise Server ends with /api/v3"):
        look()


def test_the_windows_of_a_long_pull_read_no_list_anew(asking, account):
    looked, edges = asking(github, fake, account), [at(2026, month, 1) for month in range(1, 5)]
    for begin, end in pairwise(edges):
        looked.look(begin, end)
    asked = [path for _, path, query, _ in account.asked if query.get("page", "1") == "1"]
    assert asked.count("/repos/acme/pay/deployments") == 1
    assert asked.count("/repos/acme/pay") == 1
    looked = asking(github, fake, account, deploys_from="releases")
    account.asked.clear()
    for begin, end in pairwise(edges):
        looked.look(begin, end)
    asked += [path for _, path, query, _ in account.asked if query.get("page", "1") == "1"]
    assert asked.count("/repos/acme/pay/releases") == 1
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


def test_the_page_names_every_setting_with_what_it_is(root):
    page = (root / "docs/connectors/github.md").read_text()
    own = github.Settings.model_fields.keys() - HookedSettings.model_fields.keys()
    assert [key for key in own if f"| `{key}` | {github.Settings.model_fields[key].description} |" not in page] == []


def test_the_configuration_on_the_page_is_right(root):
    table = re.search(r"```toml\n(.*?)```", (root / "docs/connectors/github.md").read_text(), re.DOTALL)[1]
    told = tomllib.loads(table)["sources"]["github"]
    del told["type"]
    assert github.Settings.model_validate({**told, "token": "t", "webhook_secret": "s"}).url.endswith("/api/v3")
