"""A GitHub repository with ideas, pull requests, deployments and releases; two to a page."""

from datetime import datetime

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
        self.main = ["a1", "b2", "c3", "d4", "e5", "f6"]
        """The main line's commits, oldest first."""
        self.messages = {"c3": "Say it louder (PAY-31)"}
        self.tags = {"v1": "b2", "v2": "d4"}
        here = "/repos/acme/pay"
        self.routes = [
            ("/rate_limit", lambda *_: {"resources": {"core": {"limit": 5000, "remaining": 4987}}}),
            (here, lambda *_: _repository()),
            (f"{here}/issues", self._issues),
            (f"{here}/issues/(\\d+)/events", lambda request, _, number: linked(request, self.events.get(number, []))),
            (f"{here}/pulls", self._pulls),
            (f"{here}/deployments", lambda request, _: linked(request, self.deployments[::-1])),
            (f"{here}/deployments/(\\d+)/statuses", lambda request, _, id_: linked(request, self.statuses[id_][::-1])),
            (f"{here}/releases", lambda request, _: linked(request, self.releases[::-1])),
            (f"{here}/commits/(.+)", lambda _r, _b, ref: {"sha": self.tags.get(ref, ref)}),
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
        }

    def empty(self):
        self.issues, self.pulls, self.deployments, self.releases = [], [], [], []

    def spoil(self):
        """Let one pull request come without its branch."""
        del self.pulls[1]["head"]

    def allowed(self, request):
        return request.headers.get("Authorization") == f"Bearer {TOKEN}"

    def _issues(self, request, _body):
        if request.args.get("state") != "all" or request.args.get("sort") != "updated":
            return linked(request, [issue for issue in self.issues if issue["state"] == "open"])
        since = request.args["since"]
        found = sorted((i for i in self.issues if i["updated_at"] >= since), key=lambda issue: issue["updated_at"])
        return linked(request, found)

    def _pulls(self, request, _body):
        return linked(request, sorted(self.pulls, key=lambda pull: pull["updated_at"], reverse=True))

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
        return linked(request, commits, lambda page: {"status": status, "commits": page})


def _repository():
    return {"full_name": "acme/pay", "private": True, "has_issues": True, "default_branch": "main"}


def _issue(id_, number, created, updated, labels, **fields):
    told = {
        "id": id_,
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
        _issue(9012, 12, "2026-02-01T10:00:00Z", early, [], pull_request={"url": "…"}),
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
        "number": number,
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
