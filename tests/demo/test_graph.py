"""The GraphQL of the company's GitHub: that it tells what REST tells."""

from datetime import timedelta

import pytest

from connectors import _github_deploys, _github_lists
from tests.demo.conftest import ORIGIN

REPO = "/repos/quillmere/payments"
WHERE = {"owner": "quillmere", "name": "payments"}


@pytest.fixture
def ask(github_tool):
    """A function that asks a question."""
    return lambda query, **variables: github_tool.post("/graphql", query=query, variables=variables)


def test_pull_requests_are_those_of_their_list(github_tool, ask):
    pulls = github_tool.get(f"{REPO}/pulls", state="all", per_page=50)
    told = ask(_github_lists.PULLS, ids=[pull["node_id"] for pull in pulls], closing=True, files=False)
    assert [
        (int(node["fullDatabaseId"]), node["headRefName"], node["baseRefName"], node["mergedAt"])
        for node in told["data"]["nodes"]
    ] == [(pull["id"], pull["head"]["ref"], pull["base"]["ref"], pull["merged_at"]) for pull in pulls]
    merged = [(node["mergeCommit"] or {}).get("oid") for node in told["data"]["nodes"]]
    assert merged == [pull["merge_commit_sha"] if pull["merged_at"] else None for pull in pulls]


def test_statuses_are_those_of_each_deployment(github_tool, ask):
    deployments = github_tool.get(f"{REPO}/deployments", per_page=20)
    told = ask(_github_deploys.STATUSES, ids=[one["node_id"] for one in deployments])["data"]["nodes"]
    for deployment, node in zip(deployments, told, strict=True):
        rest = github_tool.get(f"{REPO}/deployments/{deployment['id']}/statuses")
        nodes = node["statuses"]["nodes"]
        assert [(one["state"].lower(), one["createdAt"]) for one in nodes][::-1] == [
            (one["state"], one["created_at"]) for one in rest
        ]


def test_the_history_is_the_main_line_page_by_page(github_tool, ask):
    found, after = [], None
    since, until = (ORIGIN - timedelta(days=800)).isoformat(), (ORIGIN - timedelta(days=10)).isoformat()
    while True:
        asked = ask(_github_lists.COMMITS, **WHERE, since=since, until=until, after=after)
        history = asked["data"]["repository"]["defaultBranchRef"]["target"]["history"]
        found += [one["oid"] for one in history["nodes"]]
        if not history["pageInfo"]["hasNextPage"]:
            break
        after = history["pageInfo"]["endCursor"]
    rest, page = [], 1
    while some := github_tool.get(f"{REPO}/commits", since=since, until=until, per_page=100, page=page):
        rest += [one["sha"] for one in some]
        page += 1
    assert len(found) > 50
    assert found == rest


def test_what_is_not_there_or_not_known_is_said_so(ask):
    assert ask(_github_lists.PULLS, ids=["PR_0"], closing=False, files=False)["data"]["nodes"] == [None]
    nowhere = ask(_github_lists.COMMITS, owner="nobody", name="payments", since=ORIGIN.isoformat())
    assert nowhere["data"]["repository"]["defaultBranchRef"] is None
    assert ask("query Other { viewer { login } }")["errors"][0]["extensions"]["code"] == "undefinedField"


def test_graphql_wants_the_token(github_tool):
    assert github_tool.ask("/graphql", "POST", headers={}, json={"query": "query Probe { x }"}).status_code == 401
