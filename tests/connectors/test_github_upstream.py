"""GitHub as GitHub itself describes it: its GraphQL schema, its examples of webhooks, its recorded answers, its API."""

import contextlib
import hmac
import json
import shutil
import socket
import subprocess
from collections import Counter
from datetime import timedelta

import graphql
import orjson
import pytest
import requests
from requests.adapters import HTTPAdapter
from requests.structures import CaseInsensitiveDict
from urllib3 import Retry
from werkzeug.wrappers import Request, Response

from connectors import _github, _github_deploys, _github_lists, github
from connectors.contract import Artefact, Delivery, Unread, Unreadable, Withdrawn
from tests.connectors.github_found import at, carried, event
from tests.fakes.web import said

QUERIES = {
    "probe": _github._PROBE,
    "pulls": _github_lists.PULLS,
    "parents": _github_lists.PARENTS,
    "commits": _github_lists.COMMITS,
    "discussions": _github_lists.DISCUSSIONS,
    "statuses": _github_deploys.STATUSES,
}
SECRET = "a secret"


@pytest.fixture(scope="module")
def schema(npm):
    text = (npm("@octokit/graphql-schema@15.26.1") / "@octokit/graphql-schema/schema.graphql").read_text()
    return graphql.build_schema(text, assume_valid=True, assume_valid_sdl=True)


@pytest.mark.parametrize("query", QUERIES.values(), ids=QUERIES)
def test_every_question_is_valid_by_githubs_schema(schema, query):
    assert graphql.validate(schema, graphql.parse(query)) == []


def test_a_question_that_the_schema_does_not_know_would_be_found(schema):
    assert graphql.validate(schema, graphql.parse(_github_lists.PULLS.replace("mergedAt", "mergedOn"))) != []


@pytest.fixture(scope="module")
def examples(npm, request):
    """Examples of webhooks, of GitHub and of an Enterprise Server: (event, payload)."""
    folder = (
        npm("@octokit/webhooks-examples@7.6.1")
        / "@octokit/webhooks-examples"
        / getattr(request, "param", "api.github.com")
    )
    found = orjson.loads((folder / "index.json").read_bytes())
    return [(one["name"], example) for one in found for example in one["examples"]]


def hear(event, payload, **more):
    body = json.dumps(payload).encode()
    told = {
        "X-GitHub-Event": event,
        "X-Hub-Signature-256": f"sha256={hmac.digest(SECRET.encode(), body, 'sha256').hex()}",
    }
    wanted = {"repositories": ["Codertocat/*"], "webhook_secret": SECRET, "idea_labels": ["bug"], **more}
    return list(github.received(github.Settings.model_validate(wanted), CaseInsensitiveDict(told), body))


@pytest.mark.parametrize("examples", ["api.github.com", "ghes-35"], indirect=True)
def test_every_example_of_a_webhook_is_read(examples):
    ended = Counter()
    for name, payload in examples:
        for deploys in ("auto", "releases"):
            items = hear(name, payload, deploys_from=deploys, idea_categories=["general"])
            ended.update((name, type(item).__name__) for item in items if not isinstance(item, Delivery))
    there = Counter(name for name, _ in examples)
    assert {name for name, _ in ended} >= {"issues", "pull_request", "deployment_status"}
    assert ended["pull_request", "Event"] == 2 * there["pull_request"] > 0
    assert ended["issues", "Event"] > there["issues"] > 0


def example(examples, event, action):
    return next(payload for name, payload in examples if name == event and payload.get("action") == action)


def test_the_example_of_an_issue_is_an_idea_by_its_label(examples):
    _, idea = hear("issues", example(examples, "issues", "opened"))
    assert (idea.id, idea.kind, idea.occurred_at) == ("issue/444500041", "idea", at(2019, 5, 15, 15, 20, 18))
    assert idea.subject == "github:Codertocat/Hello-World#1"
    assert hear("issues", example(examples, "issues", "deleted"))[1:] == [Withdrawn("issue/444500041")]


def test_the_example_of_a_deployment_is_a_deploy(examples):
    delivery, deploy = hear("deployment_status", example(examples, "deployment_status", "created"))
    assert (deploy.id, deploy.occurred_at) == ("deployment/145988746", at(2019, 5, 15, 15, 20, 55))
    assert deploy.attributes["status"] == "succeeded"
    assert delivery.look_in == timedelta(0)


def test_the_example_of_a_moved_discussion_leads_to_where_it_is(examples):
    moved = example(examples, "discussion", "transferred")
    there = f"github:{moved['changes']['new_repository']['full_name']}#1"
    assert hear("discussion", moved)[-1] == Artefact("github:Codertocat/Hello-World#4", (there,))


@pytest.fixture
def recorded(npm, served, opened):
    """A function that serves a scenario of recorded answers, and gives a client and settings for a repository of it."""

    def play(scenario, *more):
        folder = npm("@octokit/fixtures@23.1.2") / "@octokit/fixtures/scenarios/api.github.com" / scenario
        told = orjson.loads((folder / "normalized-fixture.json").read_bytes())
        answers = {}
        for one in [*told, *more]:
            if one["method"] == "get":
                answers.setdefault(one["path"].split("?")[0] + _page(one["path"]), one)

        @Request.application
        def app(request):
            found = answers.get(request.path + _page(request.full_path), {"status": 404, "response": {}, "headers": {}})
            here = request.host_url.rstrip("/")
            kept = {name: found["headers"][name] for name in ("link", "location") if name in found["headers"]}
            headers = {name: value.replace("https://api.github.com", here) for name, value in kept.items()}
            return said(found["response"], found["status"], headers)

        wanted = {"url": served(app), "repositories": [f"octokit-fixture-org/{scenario}"]}
        settings = github.Settings.model_validate(wanted)
        return settings, opened(github.client, settings)

    return play


def _page(address):
    query = address.partition("?")[2]
    return next((f" {one}" for one in query.split("&") if one.startswith("page=") and one != "page=1"), "")


def test_a_repository_that_was_renamed_is_followed(recorded):
    settings, client = recorded("rename-repository")
    (found,) = _github.repositories(client, settings.repositories)
    assert (found.name, found.path) == (
        "octokit-fixture-org/rename-repository",
        "octokit-fixture-org/rename-repository-newname",
    )


def test_the_pages_of_recorded_issues_are_read_to_the_end(recorded):
    name = "/repos/octokit-fixture-org/paginate-issues"
    here = {"full_name": name.removeprefix("/repos/"), "default_branch": "main"}
    more = [
        {"method": "get", "path": path, "status": 200, "response": body, "headers": {}}
        for path, body in {
            name: here,
            **{f"{name}/{what}": [] for what in ("pulls", "deployments", "releases")},
        }.items()
    ]
    settings, client = recorded("paginate-issues", *more)
    items = list(github.events(settings, client, at(2017, 1, 1), None))
    assert {item.key for item in items} == {f"github:{name[7:]}#{number}" for number in range(1, 14)}


@pytest.fixture(scope="module", params=["api.github.com", "ghes-3.19"])
def prism(npm, npm_file, real, request):
    """The address of Prism, which answers by the examples in GitHub's own description of its API."""
    description = npm_file("@octokit/openapi@23.0.2", f"generated/{request.param}.json")
    program = npm("@stoplight/prism-cli@5.14.2") / ".bin/prism"
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    command = [real(shutil.which("node"), "node, to run Prism"), program, "mock", "-h", "127.0.0.1", "-p", str(port)]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with subprocess.Popen([*command, description], **quiet) as process, requests.Session() as session:
        try:
            session.mount("http://", HTTPAdapter(max_retries=Retry(60, backoff_factor=0.5, backoff_max=1)))
            session.get(f"http://127.0.0.1:{port}/rate_limit", timeout=5)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


@pytest.fixture
def described(prism, served, opened):
    """A function that looks at Prism's GitHub, and what it was asked that its description does not allow."""
    wrong = []

    @Request.application
    def alone(request):
        """Give what Prism answers, without the further pages of which its examples speak."""
        answer = requests.request(
            request.method, f"{prism}{request.full_path}", headers={"Accept": request.headers["Accept"]}, timeout=30
        )
        if answer.status_code == 422 or '"request"' in answer.headers.get("sl-violations", ""):
            wrong.append((request.full_path, answer.text))
        return Response(answer.content, answer.status_code, content_type="application/json")

    def look(**more):
        wanted = {"url": served(alone), "token": "t", "repositories": ["octocat/Hello-World"], **more}
        settings = github.Settings.model_validate(wanted)
        with contextlib.closing(opened(github.client, settings)) as client:
            return list(github.events(settings, client, at(2000, 1, 1), None)), wrong

    return look


@pytest.mark.heavy
def test_the_examples_of_githubs_own_description_are_read(described):
    items, wrong = described(idea_labels=["bug"], production=["production"], paths=["file1.txt"])
    assert wrong == []
    assert [item for item in items if isinstance(item, Unread)] == []
    opened_, merged = event(items, "pull/1/opened"), event(items, "pull/1/merged")
    assert opened_.subject == merged.subject == "github:octocat/Hello-World#1347"
    assert (opened_.occurred_at, merged.occurred_at) == (at(2011, 1, 26, 19, 1, 12), at(2011, 1, 26, 19, 1, 12))
    (pull,) = [item for item in items if isinstance(item, Artefact) and item.key == merged.subject]
    assert "github:octocat/Hello-World/paths/file1.txt" in pull.parents
    deploy = event(items, "deployment/1")
    assert deploy.occurred_at == at(2012, 7, 20, 1, 19, 13)
    assert (carried(deploy)[0], deploy.attributes["contents"]) == (
        "github:octocat/Hello-World@a84d88e7554fc1fa21bcbc4efae3c782a70d2b9d",
        "first",
    )


@pytest.mark.heavy
def test_releases_commits_and_organisations_are_asked_for_as_described(described):
    items, wrong = described(deploys_from="releases", repositories=["octocat/*"])
    assert wrong == []
    release = event(items, "release/1")
    assert (release.subject, release.occurred_at) == (
        "github:octocat/Hello-World/releases/v1.0.0",
        at(2013, 2, 27, 19, 35, 32),
    )
    assert carried(release) == ("github:octocat/Hello-World@6dcb09b5b57875f334f61aebed695e2e4193db5e",)


@pytest.mark.heavy
def test_a_page_elsewhere_is_not_followed_with_the_token(prism, opened):
    settings = github.Settings.model_validate({"url": prism, "token": "t", "repositories": ["octocat/Hello-World"]})
    with pytest.raises(Unreadable, match="leads to another host"):
        list(github.events(settings, opened(github.client, settings), at(2000, 1, 1), None))
