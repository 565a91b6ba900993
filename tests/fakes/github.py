"""A GitHub repository with ideas, discussions, pull requests, commits, deployments and releases; two to a page."""

from datetime import datetime

from tests.fakes import github_graphql
from tests.fakes.web import Web, linked, said

TOKEN = "github-token-51aa"
SPAN = datetime.fromisoformat("2026-01-01T00:00:00+00:00"), datetime.fromisoformat("2026-04-01T00:00:00+00:00")
HERE = "https://github.com/acme/pay"


def settings(url):
    return {"url": url, "token": TOKEN, "repositories": ["acme/pay"]}


class Account(Web):
    """The one repository `acme/pay`."""

    middle = datetime.fromisoformat("2026-03-01T00:00:00+00:00")

    def __init__(self):
        super().__init__()
        self.issues, self.pulls, self.events = _issues(), _pulls(), _events()
        self.deployments, self.statuses, self.releases = _deployments(), _statuses(), _releases()
        self.discussions, self.commits = _discussions(), _commits()
        self.files, self.above, self.forbidden = {}, {}, set[str]()
        """By number the files that a pull request changes, and the repository and number of the issue above another,
        which only GraphQL tells; the operations of GraphQL that the token may not do."""
        self.main = ["a1", "b2", "c3", "d4", "e5", "f6"]
        """The main line's commits, oldest first."""
        self.messages = {"c3": "Say it louder (PAY-31)"}
        self.tags, self.changed = {"v1": "b2", "v2": "d4"}, []
        self.repository = _repository()
        here = "/repos/acme/pay"
        self.routes = [
            ("/rate_limit", lambda *_: {"resources": {"core": {"limit": 5000, "remaining": 4987}}}),
            ("/graphql", self._graphql),
            ("/orgs/acme/repos", lambda request, _: linked(request, [self.repository])),
            (here, lambda *_: self.repository),
            (f"{here}/issues", self._issues),
            (f"{here}/issues/(\\d+)", lambda _r, _b, number: self._issue(int(number))),
            (f"{here}/issues/(\\d+)/events", lambda request, _, number: linked(request, self.events.get(number, []))),
            (f"{here}/pulls", self._pulls),
            (f"{here}/pulls/(\\d+)", lambda _r, _b, number: self._pull(int(number))),
            (f"{here}/pulls/(\\d+)/files", lambda request, _, number: linked(request, self._files(int(number)))),
            (f"{here}/deployments", self._deployments),
            (f"{here}/deployments/(\\d+)", lambda _r, _b, id_: _found(self.deployments, "id", int(id_))),
            (f"{here}/releases/tags/(.+)", lambda _r, _b, tag: _found(self.releases, "tag_name", tag)),
            (f"{here}/deployments/(\\d+)/statuses", lambda request, _, id_: linked(request, self.statuses[id_][::-1])),
            (f"{here}/releases", lambda request, _: linked(request, self.releases[::-1])),
            (f"{here}/commits/(.+)", self._commit),
            (f"{here}/compare/(.+)\\.\\.\\.(.+)", self._compare),
        ]

    @property
    def touched(self):
        early, late = datetime.fromisoformat("2026-02-20T10:00:00Z"), datetime.fromisoformat("2026-03-10T10:00:00Z")
        return {
            "issue/9001": late,
            "issue-event/801": late,
            "issue/9002": early,
            "issue-event/803": early,
            "feedback/9003": early,
            "pull/7001/opened": early,
            "pull/7001/merged": early,
            "pull/7002/opened": late,
            "pull/7003/opened": late,
            "pull/7003/merged": late,
            "deployment/61": early,
            "deployment/62": early,
            "deployment/63": late,
            "deployment/64": late,
            "deployment/65": late,
            "discussion/501": early,
            "feedback/discussion/502": late,
            "commit/c3": early,
            "commit/e5": late,
        }

    def empty(self):
        self.issues, self.pulls, self.deployments, self.releases = [], [], [], []
        self.discussions, self.commits = [], []

    def delete(self):
        """Delete an idea, which the list leaves out and its own address calls gone."""
        number = self.issues.pop(0)["number"]
        self.routes.insert(0, (f"/repos/acme/pay/issues/{number}", lambda *_: said({"message": "Gone"}, 410)))
        return f"github:acme/pay#{number}"

    def hide(self):
        """Take the token the sight of the repository."""
        self.routes = [route for route in self.routes if not route[0].startswith("/repos/")]

    def spoil(self):
        """Let one pull request come without its branch."""
        del self.pulls[1]["head"]

    def allowed(self, request):
        return request.headers.get("Authorization") == f"Bearer {TOKEN}"

    def _issues(self, request, _body):
        listed = [*self.issues, *map(_as_issue, self.pulls)]
        if request.args.get("state") != "all":
            return linked(request, [issue for issue in listed if issue["state"] == "open"])
        since = request.args.get("since", "")
        found = sorted((i for i in listed if i["updated_at"] >= since), key=lambda issue: issue["updated_at"])
        return linked(request, found)

    def _deployments(self, request, _body):
        place = request.args.get("environment")
        return linked(request, [one for one in self.deployments[::-1] if place in {None, one.get("environment")}])

    def _issue(self, number):
        return _found([*self.issues, *map(_as_issue, self.pulls)], "number", number)

    def _pull(self, number):
        return _found(self.pulls, "number", number)

    def _files(self, number):
        return [{"filename": name} for name in self.files.get(number, [])]

    def _graphql(self, _request, body):
        if github_graphql.asked(body) in self.forbidden:
            error = {"type": "FORBIDDEN", "message": "Resource not accessible by personal access token"}
            return {"data": {"repository": None}, "errors": [error]}
        nodes = {
            **{pull["node_id"]: _pull_node(pull, self.files.get(pull["number"], [])) for pull in self.pulls},
            **{one["node_id"]: self._deployment_node(one) for one in self.deployments},
            **{one["node_id"]: _issue_node(one, self.above.get(one["number"])) for one in self.issues},
        }
        there = {
            "rateLimit": {"limit": 5000, "remaining": 4990},
            "nodes": lambda given: [nodes.get(id_) for id_ in given["ids"]],
            "repository": {
                "discussions": lambda given: github_graphql.connection(
                    sorted(self.discussions, key=lambda one: one["updatedAt"], reverse=True), given
                ),
                "defaultBranchRef": {"target": {"history": self._history}} if self.commits else None,
            },
        }
        return github_graphql.answer(body, there)

    def _history(self, given):
        begin, end = given["since"], given.get("until") or "9"
        found = [one for one in self.commits if begin <= one["committedDate"] <= end]
        return github_graphql.connection(sorted(found, key=lambda one: one["committedDate"], reverse=True), given)

    def _deployment_node(self, deployment):
        statuses = [
            {"state": one["state"].upper(), "createdAt": one["created_at"], "logUrl": None}
            for one in self.statuses[str(deployment["id"])]
        ]
        return {"id": deployment["node_id"], "statuses": {"nodes": statuses, "pageInfo": {"hasNextPage": False}}}

    def _pulls(self, request, _body):
        return linked(request, sorted(self.pulls, key=lambda pull: pull["updated_at"], reverse=True))

    def _commit(self, _request, _body, ref):
        sha = self.tags.get(ref, ref)
        return {"sha": sha} if sha in self.main else said({"message": f"No commit found for SHA: {ref}"}, 422)

    def _compare(self, request, _body, base, head):
        base, head = (self.tags.get(ref, ref) for ref in (base, head))
        if base not in self.main:
            return said({"message": "Not Found"}, 404)
        start, end = self.main.index(base), self.main.index(head)
        status = "identical" if start == end else "behind" if end < start else "ahead"
        commits = [
            {"sha": sha, "commit": {"message": self.messages.get(sha, "Work")}}
            for sha in self.main[start + 1 : end + 1]
        ]
        files = [{"filename": name} for name in self.changed]
        return linked(request, commits, lambda page: {"status": status, "commits": page, "files": files})


def _found(records, name, value):
    return next((record for record in records if record.get(name) == value), said({"message": "Not Found"}, 404))


def _repository():
    switched = {"private": True, "has_issues": True, "has_discussions": True}
    return {"full_name": "acme/pay", "default_branch": "main", **switched}


def _as_issue(pull):
    """A pull request as the list of issues has it."""
    known = ("node_id", "number", "state", "title", "body", "user", "created_at", "updated_at", "html_url", "labels")
    told = {name: pull[name] for name in known if name in pull}
    return {"id": pull["id"] + 1_000_000, **told, "pull_request": {"merged_at": pull["merged_at"]}}


def _issue_node(issue, above):
    parent = {"number": above[1], "repository": {"nameWithOwner": above[0]}} if above else None
    return {"id": issue["node_id"], "parent": parent}


def _pull_node(pull, files):
    """A pull request as GraphQL has it, as far as it is asked for."""
    node = {
        "id": pull["node_id"],
        "fullDatabaseId": str(pull["id"]),
        "baseRefName": pull["base"]["ref"],
        "mergedAt": pull["merged_at"],
        "mergeCommit": {"oid": pull["merge_commit_sha"]} if pull["merged_at"] else None,
        "closingIssuesReferences": {
            "nodes": [
                {"number": number, "repository": {"nameWithOwner": name}} for name, number in pull.get("closes", [])
            ]
        },
        "files": {"nodes": [{"path": path} for path in files[:2]], "pageInfo": {"hasNextPage": len(files) > 2}},
    }
    return {**node, **({"headRefName": pull["head"]["ref"]} if "head" in pull else {})}


def _discussion(id_, number, category, created, updated, **fields):
    told = {
        "databaseId": id_,
        "number": number,
        "title": f"Discussion {number}",
        "body": "",
        "url": f"{HERE}/discussions/{number}",
        "createdAt": created,
        "updatedAt": updated,
        "closedAt": None,
        "stateReason": None,
        "authorAssociation": "NONE",
        "author": {"login": "cora"},
        "category": {"name": category},
        "labels": {"nodes": []},
    }
    return {**told, **fields}


def _discussions():
    early, late = "2026-02-20T10:00:00Z", "2026-03-10T10:00:00Z"
    return [
        _discussion(501, 21, "Ideas", "2026-01-05T10:00:00Z", early, body="PAY-33 would help"),
        _discussion(502, 22, "Feedback", "2026-03-09T10:00:00Z", late, body="since #12 it is fast"),
        _discussion(503, 23, "General", "2026-03-09T10:00:00Z", late),
    ]


def _commit(oid, at, message, *pulls):
    told = {"oid": oid, "message": message, "committedDate": at, "url": f"{HERE}/commit/{oid}"}
    associated = [{"mergedAt": at, "baseRepository": {"nameWithOwner": name}} for name in pulls]
    return {**told, "author": {"name": "Ben", "user": None}, "associatedPullRequests": {"nodes": associated}}


def _commits():
    return [
        _commit("b2", "2026-02-03T10:00:00Z", "PAY-30 Refund (#12)", "acme/pay"),
        _commit("c3", "2026-02-10T10:00:00Z", "Say it louder (PAY-31)\n\nCloses #1"),
        _commit("d4", "2026-03-03T10:00:00Z", "Pull 14", "acme/pay"),
        _commit("e5", "2026-03-08T10:00:00Z", "Work"),
    ]


def _issue(id_, number, created, updated, labels, **fields):
    told = {
        "id": id_,
        "node_id": f"I_{id_}",
        "number": number,
        "title": f"Issue {number}",
        "body": None,
        "state": "open",
        "labels": [{"name": label} for label in labels],
        "user": {"login": "ana"},
        "author_association": "NONE",
        "created_at": created,
        "updated_at": updated,
        "html_url": f"{HERE}/issues/{number}",
    }
    return {**told, **fields}


def _issues():
    early, late = "2026-02-20T10:00:00Z", "2026-03-10T10:00:00Z"
    above = "https://api.github.com/repos/acme/plans/issues/3"
    return [
        _issue(9001, 1, "2026-01-02T10:00:00Z", late, ["Idea", "bottom-up"], parent_issue_url=above, body="for PAY-30"),
        _issue(9002, 2, "2026-01-03T10:00:00Z", early, ["initiative", "top-down"], state="closed", user=None),
        _issue(9003, 3, "2026-02-20T09:00:00Z", early, ["feedback"], body="since #12 it is slow, see #3"),
        _issue(9004, 4, "2026-02-20T09:00:00Z", early, ["bug"], body="PAY-32"),
    ]


def _events():
    labeled = {"event": "labeled", "actor": {"login": "ben"}}
    return {
        "1": [
            {"id": 800, "created_at": "2026-01-02T10:00:00Z", **labeled, "label": {"name": "Idea"}},
            {"id": 801, "created_at": "2026-01-20T10:00:00Z", **labeled, "label": {"name": "approved"}},
            {"id": 802, "created_at": "2026-01-21T10:00:00Z", "event": "assigned", "actor": None},
        ],
        "2": [
            {
                "id": 803,
                "created_at": "2026-02-20T10:00:00Z",
                "event": "closed",
                "state_reason": "not_planned",
                "actor": None,
            }
        ],
    }


def _pull(id_, number, created, updated, merged, sha, **fields):  # noqa: PLR0917 - a table, one row a line
    told = {
        "id": id_,
        "node_id": f"PR_{id_}",
        "number": number,
        "state": "closed",
        "title": f"Pull {number}",
        "body": None,
        "user": {"login": "ben"},
        "head": {"ref": "work"},
        "base": {"ref": "main", "repo": {"default_branch": "main"}},
        "created_at": created,
        "updated_at": updated,
        "merged_at": merged,
        "merge_commit_sha": sha,
        "html_url": f"{HERE}/pull/{number}",
    }
    return {**told, **fields}


def _pulls():
    early, late = "2026-02-20T10:00:00Z", "2026-03-10T10:00:00Z"
    text = "Fixes #1, acme/other#5 and https://github.com/acme/plans/issues/9 <!-- closes #99 -->"
    return [
        _pull(7001, 12, "2026-02-01T10:00:00Z", early, "2026-02-03T10:00:00Z", "b2", title="PAY-30 Refund", body=text),
        _pull(7002, 13, "2026-03-02T10:00:00Z", late, None, "zz", head={"ref": "feature/pay-31_louder"}),
        _pull(
            7003,
            14,
            "2026-03-02T11:00:00Z",
            late,
            "2026-03-03T10:00:00Z",
            "d4",
            body="[#77](https://github.com/up/stream/issues/77)",
        ),
    ]


def _deployment(id_, sha, created, updated, environment="production", **fields):
    told = {
        "id": id_,
        "node_id": f"DE_{id_}",
        "sha": sha,
        "ref": "main",
        "environment": environment,
        "production_environment": False,
        "created_at": created,
        "updated_at": updated,
        "creator": {"login": "deploy-bot[bot]"},
    }
    return {**told, **fields}


def _deployments():
    return [
        _deployment(61, "a1", "2026-01-10T10:00:00Z", "2026-02-20T10:00:00Z"),
        _deployment(62, "b2", "2026-02-19T10:00:00Z", "2026-02-20T10:00:00Z", "staging"),
        _deployment(63, "d4", "2026-02-28T23:00:00Z", "2026-03-10T10:00:00Z"),
        _deployment(64, "e5", "2026-03-09T10:00:00Z", "2026-03-10T10:00:00Z"),
        _deployment(65, "b2", "2026-03-10T09:00:00Z", "2026-03-10T10:00:00Z"),
        _deployment(66, "f6", "2026-03-10T10:00:00Z", "2026-03-10T10:00:00Z"),
    ]


def _statuses():
    def told(id_, *states):
        return [{"id": id_ * 10 + turn, "state": state, "created_at": at} for turn, (state, at) in enumerate(states)]

    return {
        "61": told(61, ("success", "2026-01-10T10:06:40Z"), ("inactive", "2026-02-20T10:00:00Z")),
        "62": told(62, ("success", "2026-02-20T10:00:00Z")),
        "63": told(
            63,
            ("failure", "2026-03-01T00:01:00Z"),
            ("success", "2026-03-01T00:10:00Z"),
            ("inactive", "2026-03-10T10:00:00Z"),
        ),
        "64": told(64, ("in_progress", "2026-03-09T10:00:10Z"), ("failure", "2026-03-10T10:00:00Z")),
        "65": told(65, ("success", "2026-03-10T09:30:00Z")),
        "66": told(66, ("in_progress", "2026-03-10T10:00:00Z")),
    }


def _releases():
    told = {"draft": False, "prerelease": False, "author": {"login": "ana"}, "html_url": HERE, "name": ""}
    return [
        {**told, "id": 31, "tag_name": "v1", "published_at": "2026-02-10T10:00:00Z"},
        {**told, "id": 32, "tag_name": "v2-rc1", "published_at": "2026-03-01T10:00:00Z", "prerelease": True},
        {**told, "id": 33, "tag_name": "v2", "published_at": "2026-03-05T10:00:00Z", "name": "Louder"},
        {**told, "id": 34, "tag_name": "v3", "published_at": None, "draft": True},
    ]
