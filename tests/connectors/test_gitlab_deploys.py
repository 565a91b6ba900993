"""What GitLab's deployments and releases become."""

from datetime import UTC, datetime

import pytest

from connectors import gitlab
from connectors.contract import Event, Unread
from tests.connectors.conftest import NOW
from tests.fakes import gitlab as fake
from tests.fakes.web import said


@pytest.fixture
def account():
    return fake.Account()


@pytest.fixture
def look(asking, account):
    """A function that pulls the account with some more settings; gives its deploys by their id."""

    def pull(since=fake.SPAN[0], until=None, **more):
        items = asking(gitlab, fake, account, **more).look(since, until)
        return {item.id: item for item in items if isinstance(item, Event) and item.kind == "deploy"}

    return pull


def at(*parts):
    return datetime(*parts, tzinfo=UTC)


def release(tag, released, sha, created=None, **fields):
    told = {
        "tag_name": tag,
        "name": "",
        "created_at": created or released,
        "released_at": released,
        "commit": {"id": sha},
        "author": {"username": "ana"},
        "_links": {"self": f"{fake.HERE}/-/releases/{tag}"},
    }
    return {**told, **fields}


def test_a_deploy_happened_when_its_job_finished(look):
    deploy = look()["deployment/203"]
    assert deploy.occurred_at == at(2026, 3, 1, 0, 10)
    assert (deploy.subject, deploy.actor) == ("gitlab:acme/shop/pay/deployments/203", "deploy-bot")
    assert (deploy.title, deploy.url) == ("main to eu-west", f"{fake.HERE}/-/jobs/2030")


def test_the_tier_makes_an_environment_production_and_its_name_is_kept(look):
    assert look()["deployment/203"].attributes == {
        "environment": "production",
        "environment_name": "eu-west",
        "tier": "production",
        "status": "succeeded",
    }


def test_another_environment_keeps_its_name_and_is_not_compared(look, account):
    deploy = look()["deployment/202"]
    assert (deploy.attributes["environment"], deploy.refs) == ("stage", ("gitlab:acme/shop/pay@b2",))
    assert "stage" not in {args.get("environment") for _, _, args, _ in account.asked}


def test_production_is_also_what_the_settings_call_so(look):
    assert look(production=["STAG*"])["deployment/202"].attributes["environment"] == "production"


@pytest.mark.parametrize(("name", "real"), [("prod", True), ("Production/eu", True), ("preprod", False)])
def test_without_tiers_the_usual_names_are_production(look, account, name, real):
    account.routes.insert(0, ("/api/v4/projects/81/environments", lambda *_: said({"message": "no"}, 403)))
    for deployment in account.deployments:
        deployment["environment"] = {"id": 5, "name": name}
    assert look()["deployment/203"].attributes["environment"] == ("production" if real else name)


def test_a_usual_name_of_another_tier_is_not_production(look, account):
    account.environments[1]["tier"] = "staging"
    account.deployments[1]["environment"] = {"id": 6, "name": "production"}
    told = look()["deployment/202"].attributes
    assert (told["environment"], told["environment_name"]) == ("staging", "production")


def test_a_deployment_by_the_api_finished_when_graphql_says_so(look, account):
    assert look()["deployment/205"].occurred_at == at(2026, 3, 10, 9, 30)
    asked = [body["variables"] for _, path, _, body in account.asked if path == "/api/graphql"]
    assert asked == [{"path": "acme/shop/pay", "iid": "205"}]


@pytest.mark.parametrize("hidden", [True, False])
def test_where_graphql_says_nothing_its_last_change_is_all_that_is_known(look, account, hidden):
    account.told["finished"] = {}
    if hidden:
        account.routes.insert(0, ("/api/graphql", lambda *_: said({"message": "404 Not Found"}, 404)))
    assert look()["deployment/205"].occurred_at == at(2026, 3, 10, 10)


def test_a_deploy_carries_the_commits_since_the_one_before_in_its_environment_and_the_keys_they_name(look):
    assert look()["deployment/203"].refs == (
        "gitlab:acme/shop/pay@b2",
        "gitlab:acme/shop/pay@c3",
        "gitlab:acme/shop/pay@d4",
        "jira:PAY-31",
    )


def test_the_first_deploy_of_an_environment_carries_its_own_commit_and_not_all_of_history(look, account):
    account.shipped = [{"iid": 12}]
    assert look()["deployment/201"].refs == ("gitlab:acme/shop/pay@a1",)


def test_an_older_version_put_back_is_rolled_back(look):
    deploy = look()["deployment/205"]
    assert (deploy.attributes["status"], deploy.refs) == ("rolled_back", ())


def test_the_same_version_again_carries_its_own_commit(look, account):
    account.deployments[4]["sha"] = "d4"
    deploy = look()["deployment/205"]
    assert (deploy.attributes["status"], deploy.refs) == ("succeeded", ("gitlab:acme/shop/pay@d4",))


def test_a_failed_deploy_carries_its_own_commit_and_is_no_predecessor(look):
    deploys = look()
    assert deploys["deployment/204"].attributes["status"] == "failed"
    assert deploys["deployment/204"].refs == ("gitlab:acme/shop/pay@e5",)
    assert deploys["deployment/205"].attributes["status"] == "rolled_back"


@pytest.mark.parametrize("status", [400, 403, 404])
def test_where_commits_cannot_be_compared_the_merge_requests_that_gitlab_noted_are_carried(look, account, status):
    account.shipped = [{"iid": 12}, {"iid": 14}]
    path = "/api/v4/projects/81/repository/merge_base"
    account.routes.insert(0, (path, lambda *_: said({"message": "no"}, status)))
    deploy = look()["deployment/203"]
    assert deploy.refs == ("gitlab:acme/shop/pay@d4", "gitlab:acme/shop/pay!12", "gitlab:acme/shop/pay!14")


@pytest.mark.parametrize("status", ["created", "running", "blocked", "skipped", "canceled"])
def test_what_did_not_come_to_a_result_is_no_deploy_yet(look, account, status):
    account.deployments[2]["status"] = status
    assert "deployment/203" not in look()


def test_review_environments_are_left_out_unless_the_settings_want_them(look):
    assert "deployment/208" not in look()
    assert look(ignored_environments=[])["deployment/208"].attributes["environment"] == "review/work"


def test_deployments_are_asked_for_as_gitlab_wants_it(look, account):
    look()
    asked = [args for _, path, args, _ in account.asked if path.endswith("/81/deployments")]
    assert {args.get("order_by") for args in asked} == {None, "updated_at", "finished_at"}
    first = next(args for args in asked if args.get("order_by") == "updated_at")
    assert (first["updated_after"], first["sort"]) == ("2026-01-01T00:00:00Z", "asc")


def test_a_malformed_deployment_is_kept_aside(asking, account):
    del account.deployments[2]["sha"]
    items = asking(gitlab, fake, account).look()
    assert [item.raw["id"] for item in items if isinstance(item, Unread)] == [203]


def test_releases_are_the_deploys_of_a_project_that_never_deployed(look, account):
    account.releases = [
        release("v2", "2026-03-05T10:00:00.000Z", "d4"),
        release("v1", "2026-02-10T10:00:00.000Z", "b2"),
    ]
    assert "deployment/203" in look()
    account.deployments = []
    deploys = look()
    assert list(deploys) == ["release/81/v2", "release/81/v1"]
    second = deploys["release/81/v2"]
    assert (second.occurred_at, second.subject) == (at(2026, 3, 5, 10), "gitlab:acme/shop/pay/releases/v2")
    assert (second.title, second.url) == ("v2", f"{fake.HERE}/-/releases/v2")
    assert second.refs == ("gitlab:acme/shop/pay@c3", "gitlab:acme/shop/pay@d4", "jira:PAY-31")
    assert second.attributes == {"environment": "production", "status": "succeeded"}
    assert deploys["release/81/v1"].refs == ("gitlab:acme/shop/pay@b2",)


@pytest.mark.parametrize(("chosen", "found"), [("releases", ["release/81/v1"]), ("deployments", [])])
def test_what_counts_as_a_deploy_may_be_said(look, account, chosen, found):
    account.releases = [release("v1", "2026-02-10T10:00:00.000Z", "b2")]
    account.deployments = []
    assert list(look(deploys_from=chosen)) == found


def test_a_release_filed_late_comes_when_it_was_filed_and_counts_when_it_happened(look, account):
    account.deployments = []
    account.releases = [release("v1", "2026-01-10T10:00:00.000Z", "b2", created="2026-03-05T10:00:00.000Z")]
    assert look(until=at(2026, 2, 1)) == {}
    assert look(at(2026, 3, 1))["release/81/v1"].occurred_at == at(2026, 1, 10, 10)


def test_a_release_to_come_is_none_yet(look, account):
    account.deployments = []
    account.releases = [release("v1", "2026-12-24T10:00:00.000Z", "b2", created="2026-03-05T10:00:00.000Z")]
    assert at(2026, 12, 24) > NOW
    assert look() == {}


def test_a_release_whose_tag_is_gone_carries_nothing(look, account):
    account.deployments = []
    account.releases = [release("v1", "2026-02-10T10:00:00.000Z", None, commit=None)]
    assert look()["release/81/v1"].refs == ()
