"""A Jira Cloud site with eight issues; two to a page, and at most two histories in a search."""

import re
from base64 import b64encode
from datetime import datetime

from tests.fakes.web import PAGE, Web, said

TOKEN = "jira-token-b7e1"
EMAIL = "ana@example.com"
BASIC = b64encode(f"{EMAIL}:{TOKEN}".encode()).decode()
STATUSES = {
    "1": ("Proposed", "new"),
    "2": ("Under Review", "indeterminate"),
    "3": ("Approved", "new"),
    "4": ("In Progress", "indeterminate"),
    "5": ("In Review", "indeterminate"),
    "6": ("Done", "done"),
    "7": ("Rejected", "done"),
    "8": ("Deferred", "new"),
}


def settings(url):
    return {"url": url, "email": EMAIL, "token": TOKEN}


class Account(Web):
    """The site; `touched` says when the record that carries an event was last touched."""

    middle = datetime.fromisoformat("2026-03-01T00:00:00+00:00")

    def __init__(self):
        super().__init__()
        self.issues = [*_initiatives(), *_work()]
        self.routes = [
            ("/rest/api/3/myself", lambda *_: {"accountId": "acc-1", "displayName": "Ana Lima"}),
            ("/rest/api/3/status", lambda *_: [_status(id_) for id_ in STATUSES]),
            ("/rest/api/3/project/search", self.projects),
            ("/rest/api/3/search/approximate-count", lambda _, body: {"count": len(self.found(body["jql"]))}),
            ("/rest/api/3/search/jql", self.search),
            ("/rest/api/3/changelog/bulkfetch", self.changelogs),
            ("/rest/api/[23]/search", lambda *_: said({"errorMessages": ["The requested API has been removed."]}, 410)),
        ]

    @property
    def touched(self):
        return {
            "issue/10001": _at("2026-03-05T09:00:00.000+0100"),
            "changelog/501/0": _at("2026-03-05T09:00:00.000+0100"),
            "changelog/504/1": _at("2026-03-05T09:00:00.000+0100"),
            "issue/10002": _at("2026-02-10T12:00:00.000-0500"),
            "changelog/520/0": _at("2026-02-10T12:00:00.000-0500"),
            "changelog/521/0": _at("2026-02-10T12:00:00.000-0500"),
            "issue/10003": _at("2026-01-20T10:00:00.000+0000"),
            "issue/10003/first": _at("2026-01-20T10:00:00.000+0000"),
            "changelog/540/0": _at("2026-03-02T10:00:00.000+0000"),
            "changelog/542/0": _at("2026-03-02T10:00:00.000+0000"),
        }

    def empty(self):
        self.issues = []

    def spoil(self):
        """Let one issue say its creation without a zone."""
        self.issues[-1]["fields"]["created"] = "2026-02-01T08:00:00.000"

    def allowed(self, request):
        return request.headers.get("Authorization") == f"Basic {BASIC}"

    def projects(self, request, _body):
        values = [{"id": "1", "key": "PAY"}, {"id": "2", "key": "WEB"}, {"id": "3", "key": "ZOO"}]
        start = int(request.args.get("startAt", 0))
        last = start + PAGE >= len(values)
        return {"startAt": start, "isLast": last, "values": values[start : start + PAGE]}

    def found(self, jql):
        bounds = {sign: int(at) for sign, at in re.findall(r"updated (>=|<) (\d+)", jql)}
        kind = re.search(r"issuetype = (\w+)", jql)
        projects = re.search(r"project in \(([^)]*)\)", jql)
        return [
            issue
            for issue in self.issues
            if bounds.get(">=", 0) <= _at(issue["fields"]["updated"]).timestamp() * 1000 < bounds.get("<", 1e15)
            and (not kind or issue["fields"]["issuetype"]["name"] == kind[1])
            and (not projects or f'"{issue["fields"]["project"]["key"]}"' in projects[1])
        ]

    def search(self, _request, body):
        if not re.search(r"updated|project|issuetype", body["jql"]):
            return said({"errorMessages": ["Unbounded JQL queries are not allowed here."]}, 400)
        start = int(body.get("nextPageToken", 0))
        found = self.found(body["jql"])
        page = [self._cut(issue) for issue in found[start : start + PAGE]]
        more = {"nextPageToken": str(start + PAGE)} if start + PAGE < len(found) else {}
        return {"issues": page, "isLast": not more, **more}

    def _cut(self, issue):
        histories = issue["changelog"]["histories"]
        cut = list(reversed(histories))[:2]
        return {**issue, "changelog": {"startAt": 0, "maxResults": 2, "total": len(histories), "histories": cut}}

    def changelogs(self, _request, body):
        """Give three histories a page, with epoch times; one issue's stand on two pages."""
        start = int(body.get("nextPageToken", 0))
        wanted = [issue for issue in self.issues if issue["id"] in body["issueIdsOrKeys"]]
        flat = [
            (issue["id"], {**told, "created": int(_at(told["created"]).timestamp() * 1000)})
            for issue in wanted
            for told in issue["changelog"]["histories"]
        ]
        page = flat[start : start + 3]
        logs = [{"issueId": id_, "changeHistories": [told for i, told in page if i == id_]} for id_ in dict(page)]
        return {"issueChangeLogs": logs, "nextPageToken": str(start + 3) if start + 3 < len(flat) else None}


def _at(text):
    return datetime.fromisoformat(text)


def _status(id_):
    name, category = STATUSES[id_]
    return {"id": id_, "name": name, "statusCategory": {"key": category}}


def _history(id_, created, *items):
    return {"id": id_, "created": created, "author": {"displayName": "Ben Okri"}, "items": list(items)}


def _moved(before, after):
    names = STATUSES[before][0], STATUSES[after][0]
    told = {"from": before, "fromString": names[0], "to": after, "toString": names[1]}
    return {"field": "État", "fieldId": "status", **told}


def _issue(id_, key, kind, status, created, updated, histories=(), **fields):  # noqa: PLR0917 - a table
    project = key.partition("-")[0]
    told = {
        "summary": f"{kind} {key}",
        "issuetype": {"name": kind},
        "status": _status(status),
        "created": created,
        "updated": updated,
        "parent": None,
        "labels": [],
        "components": [],
        "project": {"key": project, "name": f"Project {project}"},
        "assignee": None,
        "reporter": {"displayName": "Ana Lima"},
        "priority": {"name": "High"},
        "issuelinks": [],
    }
    return {"id": id_, "key": key, "fields": {**told, **fields}, "changelog": {"histories": list(histories)}}


def _initiatives():
    assigned = {"field": "assignee", "fieldId": "assignee", "from": None, "to": "acc-2", "toString": "Ben"}
    long = [
        _history("501", "2026-01-10T10:00:00.000+0100", _moved("1", "3")),
        _history("502", "2026-01-11T10:00:00.000+0100", assigned),
        _history("503", "2026-01-12T10:00:00.000+0100", assigned),
        _history("504", "2026-01-15T10:00:00.000+0100", assigned, _moved("3", "4")),
        _history("505", "2026-03-05T09:00:00.000+0100", _moved("4", "5")),
    ]
    yield _issue(
        "10001",
        "PAY-1",
        "Initiative",
        "5",
        "2026-01-05T09:00:00.000+0100",
        "2026-03-05T09:00:00.000+0100",
        long,
        labels=["bottom-up", "product"],
        components=[{"name": "Payments"}],
        assignee={"displayName": "Cleo Diaz"},
    )
    moves = [
        _history("520", "2026-02-01T12:00:00.000-0500", _moved("2", "8")),
        _history("521", "2026-02-10T12:00:00.000-0500", _moved("8", "7")),
    ]
    yield _issue(
        "10002", "PAY-2", "Initiative", "7", "2026-01-06T09:00:00.000-0500", "2026-02-10T12:00:00.000-0500", moves
    )
    at = "2026-01-20T10:00:00.000+0000"
    yield _issue("10003", "WEB-3", "Initiative", "3", at, at, labels=["top-down"])


def _work():
    story = [
        _history("540", "2026-02-20T10:00:00.000+0000", _moved("1", "4")),
        _history("541", "2026-02-22T10:00:00.000+0000", _moved("4", "6")),
        _history("542", "2026-03-02T10:00:00.000+0000", _moved("6", "4")),
    ]
    yield _issue(
        "10010",
        "PAY-10",
        "Story",
        "4",
        "2026-02-19T10:00:00.000+0000",
        "2026-03-02T10:00:00.000+0000",
        story,
        parent={"id": "10001", "key": "PAY-1"},
        issuelinks=[
            {"type": _implements(), "outwardIssue": {"key": "WEB-3"}},
            {"type": _implements(), "inwardIssue": {"key": "PAY-11"}},
            {
                "type": {"name": "Blocks", "inward": "is blocked by", "outward": "blocks"},
                "outwardIssue": {"key": "PAY-2"},
            },
        ],
    )
    moved = {"field": "Key", "from": None, "fromString": "WEB-90", "to": None, "toString": "PAY-11"}
    at = "2026-02-15T10:00:00.000+0000"
    yield _issue("10011", "PAY-11", "Story", "1", at, at, [_history("560", at, moved)])
    at = "2026-02-01T08:00:00.000+0000"
    yield _issue("10012", "PAY-12", "Bug", "1", at, at)


def _implements():
    return {"name": "Implements", "inward": "is implemented by", "outward": "implements"}


SPAN = datetime.fromisoformat("2026-01-01T00:00:00+00:00"), datetime.fromisoformat("2026-04-01T00:00:00+00:00")
