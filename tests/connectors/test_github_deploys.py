"""What GitHub's deployments and releases become, and what each brought."""

import pytest

from connectors import github
from connectors.contract import Unread
from tests.connectors.github_found import at, carried, event, ids
from tests.fakes import github as fake


@pytest.fixture
def account():
    return fake.Account()


@pytest.fixture
def look(asking, account):
    """A function that pulls the account with some more settings."""
    return lambda **more: asking(github, fake, account, **more).look()


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
    assert carried(event(items, "deployment/63")) == (
        "github:acme/pay@b2",
        "github:acme/pay@c3",
        "github:acme/pay@d4",
        "jira:PAY-31",
    )


def test_the_first_deploy_of_an_environment_carries_its_own_commit_and_says_so(look):
    deploy = event(look(), "deployment/61")
    assert (carried(deploy), deploy.attributes["contents"]) == (("github:acme/pay@a1",), "first")
    assert "contents" not in event(look(), "deployment/63").attributes


def test_a_deploy_carries_the_threads_that_its_commits_name(look, account):
    account.messages["d4"] = "Say it (#14)\n\nfor acme/other#5 and https://github.com/acme/plans/issues/9"
    named = carried(event(look(), "deployment/63"))[3:]
    assert named == ("jira:PAY-31", "github:acme/pay#14", "github:acme/other#5", "github:acme/plans#9")


def test_a_deploy_stands_in_its_repository_and_the_folders_that_it_changes(look, account):
    account.changed = ["services/checkout/a.py", "README.md"]
    deploy = event(look(paths=["services/checkout", "docs"]), "deployment/63")
    assert set(deploy.refs) - set(carried(deploy)) == {"github:acme/pay", "github:acme/pay/paths/services/checkout"}


def test_a_deploy_of_a_fork_carries_the_commits_of_where_it_was_forked_from(look, account):
    account.repository |= {"fork": True, "source": {"full_name": "up/stream"}}
    assert carried(event(look(), "deployment/63"))[:2] == ("github:acme/pay@b2", "github:up/stream@b2")


def test_the_statuses_of_many_deployments_come_by_one_question(look, account):
    look()
    assert not [path for _, path, *_ in account.asked if path.endswith("/statuses")]
    asked = [body["variables"]["ids"] for *_, body in account.asked if body and "Statuses" in body["query"]]
    assert sorted(len(ids) for ids in asked) == [6]


def test_statuses_that_graphql_does_not_tell_in_full_come_by_rest(look, account):
    whole, tell = look(), account._deployment_node

    def node(deployment):
        told = tell(deployment)
        told["statuses"]["pageInfo"]["hasNextPage"] = deployment["id"] == 63
        return told

    account._deployment_node = node
    account.asked.clear()
    assert look() == whole
    assert {path for _, path, *_ in account.asked if path.endswith("/statuses")} == {
        "/repos/acme/pay/deployments/63/statuses"
    }


def test_environments_may_be_left_out(look):
    assert "deployment/62" not in ids(look(ignored_environments=["stag*"]), "deploy")


def test_an_older_version_put_back_is_rolled_back(look):
    deploy = event(look(), "deployment/65")
    assert (deploy.attributes["status"], carried(deploy)) == ("rolled_back", ())


def test_the_same_version_again_carries_its_own_commit(look, account):
    account.deployments[4]["sha"] = "d4"
    deploy = event(look(), "deployment/65")
    assert (deploy.attributes["status"], carried(deploy)) == ("succeeded", ("github:acme/pay@d4",))
    assert deploy.attributes["contents"] == "same"


def test_a_version_whose_predecessor_was_pushed_away_carries_its_own_commit(look, account):
    account.deployments[0]["sha"] = "gone"
    deploy = event(look(), "deployment/63")
    assert (carried(deploy), deploy.attributes["contents"]) == (("github:acme/pay@d4",), "unknown")


def test_another_environment_keeps_its_name_and_is_not_compared(look, account):
    deploy = event(look(), "deployment/62")
    assert (deploy.attributes["environment"], carried(deploy)) == ("staging", ("github:acme/pay@b2",))
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
    assert carried(event(look(), "deployment/63"))[0] == "github:acme/pay@b2"


def test_releases_may_be_the_deploys(look):
    items = look(deploys_from="releases")
    assert ids(items, "deploy") == ["release/33", "release/32", "release/31"]
    second = event(items, "release/33")
    assert second.occurred_at == at(2026, 3, 5, 10)
    assert (second.subject, second.title) == ("github:acme/pay/releases/v2", "Louder")
    assert carried(second) == ("github:acme/pay@c3", "github:acme/pay@d4", "jira:PAY-31")
    assert carried(event(items, "release/31")) == ("github:acme/pay@b2",)


def test_releases_are_the_deploys_of_what_never_deployed_to_production(look, account):
    account.deployments = [one for one in account.deployments if one["environment"] == "staging"]
    items = look()
    assert ids(items, "deploy") == ["deployment/62", "release/33", "release/32", "release/31"]
    assert ids(look(deploys_from="deployments"), "deploy") == ["deployment/62"]
    account.deployments = []
    assert ids(look(), "deploy") == ["release/33", "release/32", "release/31"]


def test_what_deployed_to_production_long_ago_is_asked_for_by_its_name(look, account):
    old, new = account.deployments[0], account.deployments[1]
    account.deployments = [old, *({**new, "id": 100 + turn, "node_id": f"DE_{100 + turn}"} for turn in range(120))]
    account.statuses |= {str(100 + turn): [] for turn in range(120)}
    items = look()
    assert ids(items, "deploy") == ["deployment/61"]
    assert ("GET", "/repos/acme/pay/deployments", {"environment": "production", "per_page": "1"}, None) in account.asked


def test_a_release_whose_tag_is_gone_carries_nothing_and_says_so(look, account):
    del account.tags["v2"]
    deploy = event(look(deploys_from="releases"), "release/33")
    assert (carried(deploy), deploy.attributes["contents"]) == ((), "unknown")


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


def test_a_deployment_is_read_again_though_it_is_listed_no_more(asking, account):
    raw = {**account.deployments[2], "sha": "d4"}
    asked = asking(github, fake, account)
    (listed,) = asked.reread()("deployment acme/pay", raw)
    assert carried(listed)[:2] == ("github:acme/pay@b2", "github:acme/pay@c3")
    account.deployments = [one for one in account.deployments if one["id"] != 63]
    (unlisted,) = asked.reread()("deployment acme/pay", raw)
    assert carried(unlisted) == ("github:acme/pay@d4",)
