"""A GitLab with the group `acme`, its epics, and the project `acme/shop/pay` in a subgroup; two records to a page."""

import re
from datetime import datetime
from urllib.parse import urlencode

from tests.fakes.web import PAGE, Web, said

TOKEN = "glpat-token-77f0"
SPAN = datetime.fromisoformat("2026-01-01T00:00:00+00:00"), datetime.fromisoformat("2026-04-01T00:00:00+00:00")
HERE = "https://gitlab.example.com/acme/shop/pay"
ELSEWHERE = "http://gitlab.internal:8080"
"""The address that GitLab takes for its own, behind a proxy."""
EARLY, LATE = "2026-02-20T10:00:00.500Z", "2026-03-10T10:00:00.000Z"


def settings(url):
    return {"url": url, "token": TOKEN, "groups": ["acme"], "projects": ["acme/shop/pay"]}


class Account(Web):
    """The group and its one project."""

    middle = datetime.fromisoformat("2026-03-01T00:00:00+00:00")

    def __init__(self):
        super().__init__()
        self.epics, self.issues, self.requests = _epics(), _issues(), _requests()
        self.deployments, self.releases = _deployments(), []
        self.labelled, self.states, self.closes = _labelled(), _states(), _closes()
        self.environments = [
            {"id": 5, "name": "eu-west", "tier": "production"},
            {"id": 6, "name": "stage", "tier": None},
        ]
        self.members = {"41": 40}
        self.told = {"issue": None, "finished": {"205": "2026-03-10T09:30:00Z"}}
        self.main = ["a1", "b2", "c3", "d4", "e5", "f6"]
        """The main line's commits, oldest first."""
        self.messages = {"c3": "Say it louder (PAY-31)"}
        self.project = _project()
        self.shipped = []
        """Merge requests that GitLab noted with a deployment."""
        self.keyset = True
        self.permissions = {"project_access": None, "group_access": {"access_level": 20}}
        here, group = "/api/v4/projects/81", "/api/v4/groups/acme"
        self.routes = [
            ("/api/v4/version", lambda *_: {"version": "18.4.0-ee"}),
            ("/api/v4/user", lambda *_: {"username": "ttv-bot"}),
            ("/api/v4/personal_access_tokens/self", lambda *_: {"scopes": ["read_api"], "expires_at": "2027-01-31"}),
            ("/api/graphql", self._graphql),
            ("/api/v4/projects/acme/shop/pay", lambda *_: self.project),
            ("/api/v4/projects", self._own),
            (f"{group}/projects", lambda request, _: self._numbered(request, [self.project, self.project])),
            (f"{group}/epics", lambda request, _: self._listed(request, self.epics)),
            ("/api/v4/groups/(\\d+)/epics/(\\d+)", lambda *_: {"references": {"full": "acme&1"}}),
            (here, lambda *_: {**self.project, "permissions": self.permissions}),
            (f"{here}/issues/(\\d+)", lambda _r, _b, iid: self._one(self.issues, iid)),
            (f"{here}/merge_requests/(\\d+)", lambda _r, _b, iid: self._one(self.requests, iid)),
            (f"{here}/issues", lambda request, _: self._listed(request, self.issues, keyset=self.keyset)),
            (f"{here}/merge_requests", lambda request, _: self._listed(request, self.requests)),
            (f"{here}/merge_requests/(\\d+)/closes_issues", lambda _r, _b, iid: self.closes.get(iid, [])),
            (f"{here}/members/all/(\\d+)", self._member),
            (
                "(.*)/resource_label_events",
                lambda request, _, path: self._numbered(request, self.labelled.get(path, [])),
            ),
            ("(.*)/resource_state_events", lambda request, _, path: self._numbered(request, self.states.get(path, []))),
            (f"{here}/environments", lambda request, _: self._numbered(request, self.environments)),
            (f"{here}/deployments", self._deployments),
            (f"{here}/deployments/\\d+/merge_requests", lambda *_: self.shipped),
            (f"{here}/releases", lambda request, _: self._numbered(request, self.releases)),
            (f"{here}/repository/merge_base", self._merge_base),
            (f"{here}/repository/commits", self._commits),
        ]

    @property
    def touched(self):
        early, late = datetime.fromisoformat(EARLY), datetime.fromisoformat(LATE)
        return {
            "epic/901": early,
            "label-event/701": early,
            "issue/8001": late,
            "label-event/702": late,
            "issue/8002": early,
            "feedback/8003": early,
            "feedback/8004": early,
            "merge-request/6001/opened": early,
            "merge-request/6001/merged": early,
            "merge-request/6002/opened": late,
            "merge-request/6003/opened": late,
            "merge-request/6003/merged": late,
            "deployment/201": early,
            "deployment/202": early,
            "deployment/203": late,
            "deployment/204": late,
            "deployment/205": late,
        }

    def empty(self):
        self.epics, self.issues, self.requests, self.deployments = [], [], [], []

    def spoil(self):
        """Let one merge request come without its branch."""
        del self.requests[1]["source_branch"]

    def delete(self):
        """Let somebody delete an issue; returns its name."""
        self.issues = [issue for issue in self.issues if issue["iid"] != 3]
        return "gitlab:acme/shop/pay#3"

    def hide(self):
        """Let the token lose its role, and with it sight of what is confidential; and a project its merge requests."""
        self.permissions = {"project_access": {"access_level": 10}, "group_access": None}
        self.issues = [issue for issue in self.issues if issue["iid"] > 3]
        self.project["merge_requests_access_level"] = "disabled"
        self.requests = []

    def _one(self, records, iid):
        found = [record for record in records if record["iid"] == int(iid)]
        return found[0] if found else said({"message": "404 Not found"}, 404)

    def allowed(self, request):
        return request.headers.get("Authorization") == f"Bearer {TOKEN}"

    def _listed(self, request, records, *, keyset=False):
        """Give what was touched, in the order that was asked for; only a keyset knows its place while records move."""
        asked = request.args
        if (asked.get("state"), asked.get("scope")) != ("all", "all"):
            return []
        if iids := asked.getlist("iids[]"):
            return self._numbered(request, [record for record in records if str(record["iid"]) in iids])
        return self._since(request, records, keyset=keyset and asked.get("pagination") == "keyset")

    def _since(self, request, records, *, keyset=False):
        found = [record for record in records if record["updated_at"] >= request.args.get("updated_after", "")]
        found.sort(key=lambda record: record["updated_at"], reverse=request.args.get("sort") != "asc")
        return self._numbered(request, found, keyset=keyset)

    def _numbered(self, request, records, *, keyset=False):
        name = "cursor" if keyset else "page"
        page = int(request.args.get(name, 1))
        more = urlencode({**request.args.to_dict(), name: page + 1})
        link = {"Link": f'<{ELSEWHERE}{request.path}?{more}>; rel="next"'} if len(records) > page * PAGE else {}
        return said(records[(page - 1) * PAGE : page * PAGE], headers=link)

    def _own(self, request, _body):
        """Give the projects of the token's user; without membership, all the public ones of the world."""
        return self._numbered(request, [self.project] if request.args.get("membership") else [], keyset=True)

    def _deployments(self, request, _body):
        asked = request.args
        by_update, by_finish = asked.get("order_by") == "updated_at", asked.get("order_by") == "finished_at"
        wrong = ("updated_after" in asked) != by_update or ("finished_before" in asked) != by_finish
        if wrong or (by_finish and asked.get("status") != "success"):
            return said({"message": "400 Bad request - filter and sorting must be paired"}, 400)
        if not by_finish:
            return self._since(request, self.deployments)
        found = [
            told
            for told in self.deployments
            if told["status"] == "success"
            and told["environment"]["name"] == asked["environment"]
            and self._finished(told) <= asked["finished_before"]
        ]
        return sorted(found, key=self._finished, reverse=True)[: int(asked["per_page"])]

    def _finished(self, told):
        return (told["deployable"] or {}).get("finished_at") or self.told["finished"].get(str(told["iid"]), "")

    def _graphql(self, _request, body):
        asked = body["variables"]
        if "id" in asked:
            return {"data": {"issue": self.told["issue"]}}
        at = self.told["finished"].get(asked["iid"])
        return {"data": {"project": {"deployment": {"finishedAt": at} if at else None}}}

    def _member(self, _request, _body, id_):
        return {"access_level": self.members[id_]} if id_ in self.members else said({"message": "404 Not found"}, 404)

    def _merge_base(self, request, _body):
        refs = request.args.getlist("refs[]")
        if not set(refs) <= set(self.main):
            return said({"message": f"Could not find ref: {refs}"}, 400)
        return {"id": min(refs, key=self.main.index)}

    def _commits(self, request, _body):
        base, head = re.split(r"\.\.", request.args["ref_name"])
        between = self.main[self.main.index(base) + 1 : self.main.index(head) + 1]
        return self._numbered(request, [{"id": sha, "message": self.messages.get(sha, "Work")} for sha in between])


def _project():
    return {
        "id": 81,
        "path_with_namespace": "acme/shop/pay",
        "web_url": HERE,
        "default_branch": "main",
        "issues_access_level": "enabled",
        "merge_requests_access_level": "enabled",
        "environments_access_level": "private",
    }


def _user(id_, name):
    return {"id": id_, "username": name}


def _epic(id_, iid, labels, **fields):
    told = {
        "id": id_,
        "iid": iid,
        "group_id": 7,
        "parent_id": None,
        "title": f"Epic {iid}",
        "description": None,
        "labels": labels,
        "references": {"full": f"acme&{iid}"},
        "author": _user(41, "ana"),
        "web_url": f"https://gitlab.example.com/groups/acme/-/epics/{iid}",
        "created_at": "2026-01-05T10:00:00.000Z",
        "updated_at": EARLY,
    }
    return {**told, **fields}


def _epics():
    parent = {"parent_id": 901, "parent_iid": 1, "_links": {"parent": f"{ELSEWHERE}/api/v4/groups/7/epics/1"}}
    return [_epic(901, 1, ["initiative", "top-down"]), _epic(902, 2, [], **parent)]


def _issue(id_, iid, created, updated, labels, **fields):
    told = {
        "id": id_,
        "iid": iid,
        "project_id": 81,
        "title": f"Issue {iid}",
        "description": None,
        "state": "opened",
        "labels": labels,
        "author": _user(41, "ana"),
        "assignees": [],
        "moved_to_id": None,
        "service_desk_reply_to": None,
        "created_at": created,
        "updated_at": updated,
        "web_url": f"{HERE}/-/issues/{iid}",
    }
    return {**told, **fields}


def _issues():
    epic = {"id": 902, "iid": 2, "group_id": 7, "url": "/groups/acme/-/epics/2"}
    desk = {"author": _user(3, "support-bot"), "service_desk_reply_to": "dee@customer.example"}
    text = f"since !12 it is slow, see #3 and {HERE}/-/issues/2"
    return [
        _issue(8001, 1, "2026-01-02T10:00:00.000Z", LATE, ["Idea"], epic=epic, description="for PAY-30"),
        _issue(8002, 2, "2026-01-03T10:00:00.000Z", EARLY, ["initiative", "bottom-up"], assignees=[_user(42, "ben")]),
        _issue(8003, 3, "2026-02-20T09:00:00.000Z", EARLY, ["feedback"], description=text, author=_user(99, "dee")),
        _issue(8004, 4, "2026-02-20T09:00:00.000Z", EARLY, [], **desk),
        _issue(8005, 5, "2026-02-20T09:00:00.000Z", EARLY, ["bug"], description="PAY-32"),
    ]


def _label(id_, at, name, action="add"):
    label = {"id": 1, "name": name} if name else None
    return {"id": id_, "user": _user(42, "ben"), "created_at": at, "label": label, "action": action}


def _labelled():
    return {
        "/api/v4/groups/7/epics/901": [_label(701, "2026-01-15T10:00:00.000Z", "approved")],
        "/api/v4/projects/81/issues/1": [
            _label(703, "2026-01-02T10:00:00.000Z", "Idea"),
            _label(704, "2026-01-19T10:00:00.000Z", "approved", action="remove"),
            _label(705, "2026-01-19T11:00:00.000Z", None),
            _label(702, "2026-01-20T10:00:00.000Z", "Accepted"),
        ],
    }


def _states():
    def told(id_, at, state):
        return {"id": id_, "user": _user(42, "ben"), "created_at": at, "state": state}

    return {
        "/api/v4/projects/81/issues/2": [
            told(801, "2026-02-01T10:00:00.000Z", "closed"),
            told(802, "2026-02-02T10:00:00.000Z", "reopened"),
            told(803, "2026-02-20T10:00:00.000Z", "closed"),
        ]
    }


def _request(id_, iid, created, updated, merged, **fields):
    told = {
        "id": id_,
        "iid": iid,
        "title": f"Request {iid}",
        "description": None,
        "author": _user(42, "ben"),
        "source_branch": "work",
        "target_branch": "main",
        "created_at": created,
        "updated_at": updated,
        "merged_at": merged,
        "sha": f"head{iid}",
        "merge_commit_sha": None,
        "squash_commit_sha": None,
        "web_url": f"{HERE}/-/merge_requests/{iid}",
    }
    return {**told, **fields}


def _requests():
    text = "Part of #1, acme/other#5, tools#6 and acme/plans/road#9 <!-- closes #99 -->"
    return [
        _request(
            6001,
            12,
            "2026-02-01T10:00:00.000Z",
            EARLY,
            "2026-02-03T10:00:00.000Z",
            title="PAY-30 Refund",
            description=text,
            merge_commit_sha="b2",
            squash_commit_sha="s2",
        ),
        _request(6002, 13, "2026-03-02T10:00:00.000Z", LATE, None, source_branch="feature/pay-31_louder"),
        _request(6003, 14, "2026-03-02T11:00:00.000Z", LATE, "2026-03-03T10:00:00.000Z", sha="d4"),
    ]


def _closes():
    return {
        "12": [{"iid": 2, "references": {"full": "acme/shop/pay#2"}}],
        "14": [{"id": "PAY-33", "title": "An issue of Jira"}],
    }


def _deployment(id_, sha, updated, finished, status="success", **fields):
    told = {
        "id": id_,
        "iid": id_,
        "sha": sha,
        "ref": "main",
        "status": status,
        "environment": {"id": 5, "name": "eu-west"},
        "deployable": {"finished_at": finished, "web_url": f"{HERE}/-/jobs/{id_}0"},
        "user": _user(50, "deploy-bot"),
        "created_at": "2026-01-10T10:00:00.000Z",
        "updated_at": updated,
    }
    return {**told, **fields}


def _deployments():
    stage = {"environment": {"id": 6, "name": "stage"}}
    review = {"environment": {"id": 9, "name": "review/work"}}
    return [
        _deployment(201, "a1", EARLY, "2026-01-10T10:06:40.512Z"),
        _deployment(202, "b2", EARLY, "2026-02-19T10:06:40.000Z", **stage),
        _deployment(203, "d4", LATE, "2026-03-01T00:10:00.000Z"),
        _deployment(204, "e5", LATE, "2026-03-09T10:06:40.000Z", "failed"),
        _deployment(205, "b2", LATE, None, deployable=None),
        _deployment(206, "f6", LATE, None, "running"),
        _deployment(207, "f6", LATE, "2026-03-10T10:00:00.000Z", "canceled"),
        _deployment(208, "b2", LATE, "2026-03-10T10:00:00.000Z", **review),
    ]
