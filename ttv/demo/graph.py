"""What the company's GitHub answers to the questions of GraphQL that it knows, told apart by their names.

No language is read here: an answer holds all that a question of that name may select. Nodes are found by their ids.
"""

import re
from datetime import datetime
from typing import Any

from ttv.demo.company import Company
from ttv.demo.records import Deployment, Pull
from ttv.demo.repository import Repository
from ttv.demo.threads import MAIN, Json, Threads, node
from ttv.demo.times import milliseconds

_PAGE = 50


class Graph:
    """Answers for one company."""

    def __init__(self, company: Company) -> None:
        """Take down where each pull request and each deployment is."""
        self._company = company
        self._at: dict[str, tuple[Repository, Pull | Deployment]] = {}
        for repository in company.repositories:
            threads = Threads(company, repository, "")
            pulls = (thread for thread in repository.threads if isinstance(thread, Pull))
            self._at |= {node("PR", threads.identity(pull)): (repository, pull) for pull in pulls}
            self._at |= {node("DE", item.id): (repository, item) for item in repository.deployments}

    def answer(self, asked: Any, root: str, now: int) -> Json:
        """Answer a question at an instant; an error in GraphQL's way to one that is not known."""
        name = re.match(r"\s*query\s+(\w+)", str(asked.get("query", "")))
        given = asked.get("variables") or {}
        match name and name[1]:
            case "Probe":
                return {"data": {"rateLimit": {"limit": 5000, "remaining": 4990}}}
            case "Pulls" | "Statuses" | "Parents":
                return {"data": {"nodes": [self._node(id_, root, now) for id_ in given["ids"]]}}
            case "Commits":
                return {"data": {"repository": {"defaultBranchRef": self._branch(given, root, now)}}}
        error = {"message": "Field is not known", "extensions": {"code": "undefinedField"}}
        return {"errors": [error]}

    def _node(self, id_: str, root: str, now: int) -> Json | None:
        repository, found = self._at.get(id_, (None, None))
        if repository is None or found is None or found.created > now:
            return None
        threads = Threads(self._company, repository, root)
        if isinstance(found, Deployment):
            told = threads.statuses(found, now)[::-1]
            nodes = [{"state": s["state"].upper(), "createdAt": s["created_at"], "logUrl": None} for s in told]
            return {"id": id_, "statuses": {"nodes": nodes, "pageInfo": {"hasNextPage": False}}}
        pull = threads.pull(found, now)
        merged = pull["merged_at"]
        closes = [{"number": found.closes, "repository": {"nameWithOwner": repository.full_name}}]
        return {
            "id": id_,
            "fullDatabaseId": str(pull["id"]),
            "headRefName": pull["head"]["ref"],
            "baseRefName": pull["base"]["ref"],
            "mergedAt": merged,
            "mergeCommit": {"oid": pull["merge_commit_sha"]} if merged else None,
            "closingIssuesReferences": {"nodes": closes if found.closes else []},
        }

    def _branch(self, given: Any, root: str, now: int) -> Json | None:
        """Give the history of the main line, the newest first; all but the first commit came by a pull request."""
        name = f"{given['owner']}/{given['name']}"
        repository = next((one for one in self._company.repositories if one.full_name == name), None)
        if repository is None:
            return None
        since, until = _instant(given["since"]), _instant(given["until"]) if given.get("until") else now
        merges = [repository.begun, *repository.merges]
        places = [place for place in range(repository.tip(now), -1, -1) if since <= merges[place] <= until]
        start = int(given.get("after") or 0)
        threads = Threads(self._company, repository, root)
        nodes = [_commit(threads.commit(place), name) for place in places[start : start + _PAGE]]
        more = len(places) > start + _PAGE
        history = {"nodes": nodes, "pageInfo": {"hasNextPage": more, "endCursor": str(start + _PAGE)}}
        return {"name": MAIN, "target": {"history": history}}


def _instant(text: str) -> int:
    return milliseconds(datetime.fromisoformat(text))


def _commit(written: Json, repository: str) -> Json:
    commit = written["commit"]
    at = commit["committer"]["date"]
    pull = {"mergedAt": at, "baseRepository": {"nameWithOwner": repository}}
    return {
        "oid": written["sha"],
        "message": commit["message"],
        "committedDate": at,
        "url": written["html_url"],
        "author": {
            "name": commit["author"]["name"],
            "user": written["author"] and {"login": written["author"]["login"]},
        },
        "associatedPullRequests": {"nodes": [pull] if written["parents"] else []},
    }
