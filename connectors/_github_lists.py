"""The lists of one repository's threads and commits, with what stands beside each of them.

Takes a client and a span; gives records for `_github_threads.py`. Issues and pull requests come in one list that knows
a start, the longest untouched first; what it leaves out of pull requests GraphQL tells of a hundred at once. Without
GraphQL, or with issues switched off, pull requests come by their own list, which knows no start.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import chain, takewhile
from typing import Any

from connectors._github import AT_ONCE, GitHub, Names, Repository
from connectors._reading import Span, batches
from connectors.client import Params

_SWITCHED_OFF = (404, 410)
_A_SECOND = timedelta(seconds=1)

PULLS = """
query Pulls($ids: [ID!]!, $closing: Boolean!, $files: Boolean!) {
  nodes(ids: $ids) {
    ... on PullRequest {
      id fullDatabaseId headRefName baseRefName mergedAt
      mergeCommit { oid }
      closingIssuesReferences(first: 100) @include(if: $closing) { nodes { number repository { nameWithOwner } } }
      files(first: 100) @include(if: $files) { nodes { path } pageInfo { hasNextPage } }
    }
  }
}
"""
PARENTS = """
query Parents($ids: [ID!]!) {
  nodes(ids: $ids) { ... on Issue { id parent { number repository { nameWithOwner } } } }
}
"""
COMMITS = """
query Commits($owner: String!, $name: String!, $since: GitTimestamp!, $until: GitTimestamp, $after: String) {
  repository(owner: $owner, name: $name) {
    defaultBranchRef {
      target {
        ... on Commit {
          history(first: 50, since: $since, until: $until, after: $after) {
            pageInfo { hasNextPage endCursor }
            nodes {
              oid message committedDate url
              author { name user { login } }
              associatedPullRequests(first: 5) { nodes { mergedAt baseRepository { nameWithOwner } } }
            }
          }
        }
      }
    }
  }
}
"""
DISCUSSIONS = """
query Discussions($owner: String!, $name: String!, $after: String) {
  repository(owner: $owner, name: $name) {
    discussions(first: 50, after: $after, orderBy: {field: UPDATED_AT, direction: DESC}) {
      pageInfo { hasNextPage endCursor }
      nodes {
        databaseId number title body url createdAt updatedAt closedAt stateReason authorAssociation
        author { login }
        category { name }
        labels(first: 50) { nodes { name } }
      }
    }
  }
}
"""


class Lists:
    """Lists what is in one repository."""

    def __init__(self, client: GitHub, repository: Repository, names: Names) -> None:
        self._client, self._repository, self._names = client, repository, names
        owner, _, name = repository.path.partition("/")
        self._where = {"owner": owner, "name": name}

    def threads(self, span: Span, *, closing: bool, files: bool) -> Iterator[Any]:
        """List issues and pull requests that were touched, the longest untouched first, if GraphQL has the rest.

        A pull request has the key `pull_request`, and what GraphQL tells of it, or else REST, under `beside`.
        """
        if not (self._client.graphql and self._repository.has_issues):
            yield from (issue for issue in self._issues(span) if not is_pull(issue))
            yield from self._pulls(span)
            return
        for some in batches(self._issues(span), AT_ONCE):
            told = self._client.about(PULLS, _ids(filter(is_pull, some)), closing=closing, files=files)
            above = self._client.about(PARENTS, _ids(filter(_is_silent, some)))
            for record in some:
                yield self._whole(record, told) if is_pull(record) else _under(record, above)

    def happened(self, issue: Any) -> Iterator[Any]:
        """List what happened to an issue, the oldest first."""
        return self._client.pages(f"{self._repository.api}/issues/{issue['number']}/events", {"per_page": 100})

    def files(self, pull: Any) -> list[str]:
        """List the files that a pull request changes; GraphQL told the first hundred."""
        told = (pull.get("beside") or {}).get("files")
        if told and not told["pageInfo"]["hasNextPage"]:
            return [file["path"] for file in told["nodes"]]
        found = self._client.pages(f"{self._repository.api}/pulls/{pull['number']}/files", {"per_page": 100})
        return [file["filename"] for file in found]

    def discussions(self, span: Span) -> Iterator[Any]:
        """List the discussions that were touched, the last touched first; none where the token may not read them."""
        if not self._repository.has_discussions:
            return iter(())
        found = self._client.nodes(DISCUSSIONS, lambda told: told["discussions"], **self._where)
        recent = takewhile(lambda discussion: span.after_start(discussion, "updatedAt"), found)
        return (discussion for discussion in recent if span.before_end(discussion, "updatedAt"))

    def commits(self, span: Span, late: timedelta) -> Iterator[Any]:
        """List the commits of the default branch that came in the span without a pull request.

        They go by their own dates; the last span begins earlier, for a commit may be pushed long after it was made.
        """
        early = span._replace(since=span.since - (late if span.until is None else timedelta(0)))
        asked = {
            **self._where,
            "since": _second(early.since),
            "until": _second(span.until + _A_SECOND) if span.until else None,
        }
        found = self._client.nodes(COMMITS, _history, **asked)
        first = next(found, None)
        if first is None or (span.until is None and self._is_known(first["oid"], span)):
            return
        for commit in chain([first], found):
            wanted = early.after_start(commit, "committedDate") and early.before_end(commit, "committedDate")
            if wanted and not self._by_pull(commit):
                yield commit
        if span.until is None:
            self._client.remembered["head", self._repository.path] = first["oid"], span.since

    def _is_known(self, head: str, span: Span) -> bool:
        """Say whether a look read the branch up to this commit and came to its end: then the next begins later."""
        known = self._client.remembered.get(("head", self._repository.path))
        return known is not None and known[0] == head and known[1] < span.since

    def _issues(self, span: Span) -> Iterator[Any]:
        asked: Params = {"state": "all", "since": _second(span.since), "sort": "updated", "direction": "asc"}
        path = f"{self._repository.api}/issues"
        found = self._client.pages(path, {**asked, "per_page": 100}, absent=_SWITCHED_OFF)
        return takewhile(lambda issue: span.before_end(issue, "updated_at"), found)

    def _pulls(self, span: Span) -> Iterator[Any]:
        asked: Params = {"state": "all", "sort": "updated", "direction": "desc", "per_page": 100}
        found = self._client.pages(f"{self._repository.api}/pulls", asked)
        recent = takewhile(lambda pull: span.after_start(pull, "updated_at"), found)
        return ({**pull, "pull_request": {}} for pull in recent if span.before_end(pull, "updated_at"))

    def _whole(self, record: Any, beside: dict[str, Any]) -> Any:
        """Make a pull request of the list of issues what it is in its own; ask for it where GraphQL did not tell."""
        node = beside.get(record.get("node_id"))
        if node is None:
            return {**record, **self._client.get(f"{self._repository.api}/pulls/{record['number']}")}
        return {**record, "beside": node}

    def _by_pull(self, commit: Any) -> bool:
        """Say whether a pull request of this repository brought a commit; one of where it was forked from does not."""
        pulls = (commit.get("associatedPullRequests") or {}).get("nodes") or ()
        here = self._repository.path.casefold()
        return any(
            pull["mergedAt"] and ((pull["baseRepository"] or {}).get("nameWithOwner") or here).casefold() == here
            for pull in pulls
        )


def is_pull(record: Any) -> bool:
    """Say whether a record of the list of issues is a pull request; what is no record at all is read as an issue."""
    return isinstance(record, dict) and "pull_request" in record


def _ids(records: Iterable[Any]) -> list[str]:
    return [record["node_id"] for record in records if "node_id" in record]


def _is_silent(record: Any) -> bool:
    """Say whether an issue does not tell what is above it: the list of an older Enterprise Server leaves that out."""
    return isinstance(record, dict) and "parent_issue_url" not in record and "pull_request" not in record


def _under(issue: Any, beside: dict[str, Any]) -> Any:
    """Give an issue with the address of the one above it, as the list of GitHub.com has it."""
    above = (beside.get(issue.get("node_id")) or {}).get("parent") if _is_silent(issue) else None
    if not above:
        return issue
    return {**issue, "parent_issue_url": f"/repos/{above['repository']['nameWithOwner']}/issues/{above['number']}"}


def as_pull(record: Any) -> Any:
    """Give a pull request as REST has it in its own list."""
    beside = record.get("beside")
    if beside is None:
        return record
    return {
        **record,
        "id": int(beside["fullDatabaseId"]),
        "head": {"ref": beside["headRefName"]},
        "base": {"ref": beside["baseRefName"]},
        "merged_at": beside["mergedAt"],
        "merge_commit_sha": (beside["mergeCommit"] or {}).get("oid"),
    }


def as_discussion(node: Any) -> Any:
    """Give a discussion of GraphQL as webhooks have it."""
    return {
        "id": node["databaseId"],
        "number": node["number"],
        "title": node["title"],
        "body": node["body"],
        "html_url": node["url"],
        "created_at": node["createdAt"],
        "closed_at": node["closedAt"],
        "state_reason": node["stateReason"],
        "author_association": node["authorAssociation"],
        "user": node["author"],
        "category": node["category"],
        "labels": node["labels"]["nodes"] if node["labels"] else [],
    }


def closing(names: Names, record: Any) -> list[str]:
    """Name the issues that a pull request closes, as GitHub itself knows them."""
    found = ((record.get("beside") or {}).get("closingIssuesReferences") or {}).get("nodes") or ()
    return [names.thread(issue["number"], issue["repository"]["nameWithOwner"]) for issue in found if issue]


def folders(paths: Iterable[str], files: Iterable[str]) -> list[str]:
    """List the paths of which files are."""
    changed = list(files)
    return [path for path in paths if any(file == path or file.startswith(f"{path}/") for file in changed)]


def _history(repository: Any) -> Any:
    return ((repository["defaultBranchRef"] or {}).get("target") or {}).get("history")


def _second(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
