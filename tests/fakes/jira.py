"""A Jira Cloud site with six issues; two to a page, and at most two histories in a search."""

import re
from base64 import b64encode
from datetime import datetime

from tests.fakes.jira_issues import SPAN, STATUSES, in_status, initiatives, person, when, work
from tests.fakes.web import PAGE, Web, said

TOKEN = "jira-token-b7e1"
EMAIL = "ana@example.com"
BASIC = b64encode(f"{EMAIL}:{TOKEN}".encode()).decode()
FIELDS = {
    "customfield_10014": ("Epic Link", "com.pyxis.greenhopper.jira:gh-epic-link"),
    "customfield_10018": ("Parent Link", "com.atlassian.jpo:jpo-custom-field-parent"),
    "customfield_10030": ("Request Type", "com.atlassian.servicedesk:vp-origin"),
    "customfield_10031": ("Satisfaction", "com.atlassian.servicedesk:sd-request-feedback"),
    "customfield_10032": ("Satisfaction date", "com.atlassian.servicedesk:sd-request-feedback-date"),
}
REMOVED = {"errorMessages": ["The requested API has been removed."]}
ABSENT = {"errorMessages": ["Issue does not exist or you do not have permission to see it."], "errors": {}}


def settings(url):
    return {"url": url, "email": EMAIL, "token": TOKEN, "absent_is_deleted": True}


class Account(Web):
    """The site; `touched` says when the record that carries an event was last touched."""

    middle = datetime.fromisoformat("2026-03-01T00:00:00+00:00")

    def __init__(self):
        super().__init__()
        self.issues = [*initiatives(), *work()]
        self.seen = ["PAY", "WEB", "ZOO"]
        """Keys of the projects that the account sees."""
        self.moved = {"WEB-90": "PAY-11"}
        """The new key of what was moved, by its old one."""
        self.bulk_lacks = set()
        """Ids of histories that the changelogs in bulk leave out."""
        self.routes = self.paths()

    def paths(self):
        return [
            ("/rest/api/2/serverInfo", lambda *_: {"deploymentType": "Cloud", "version": "1001.0.0-SNAPSHOT"}),
            ("/rest/api/3/myself", lambda *_: {**person("Ana Lima"), "timeZone": "Europe/Berlin"}),
            ("/rest/api/3/status", lambda *_: [in_status(id_) for id_ in STATUSES]),
            ("/rest/api/3/field", lambda *_: [told_field(*one) for one in FIELDS.items()]),
            ("/rest/api/3/project/search", self.projects),
            ("/rest/api/3/search/approximate-count", lambda _, body: {"count": len(self.found(body["jql"]))}),
            ("/rest/api/3/search/jql", self.search),
            ("/rest/api/3/changelog/bulkfetch", self.changelogs),
            ("/rest/api/3/issue/bulkfetch", self.fetched),
            ("/rest/api/3/issue/([^/]+)/changelog", self.changelog),
            ("/rest/api/3/issue/([^/]+)", self.one),
            ("/rest/api/[23]/search", lambda *_: said(REMOVED, 410)),
        ]

    @property
    def touched(self):
        return {
            "issue/10001": when("2026-03-05T09:00:00.000+0100"),
            "changelog/501/0": when("2026-03-05T09:00:00.000+0100"),
            "changelog/504/1": when("2026-03-05T09:00:00.000+0100"),
            "issue/10002": when("2026-02-10T12:00:00.000-0500"),
            "changelog/520/0": when("2026-02-10T12:00:00.000-0500"),
            "changelog/521/0": when("2026-02-10T12:00:00.000-0500"),
            "issue/10003": when("2026-01-20T10:00:00.000+0000"),
            "issue/10003/first": when("2026-01-20T10:00:00.000+0000"),
            "changelog/540/0": when("2026-03-02T10:00:00.000+0000"),
            "changelog/542/0": when("2026-03-02T10:00:00.000+0000"),
        }

    def empty(self):
        self.issues = []

    def spoil(self):
        """Let one issue say its creation without a zone."""
        self.issues[-1]["fields"]["created"] = "2026-02-01T08:00:00.000"

    def delete(self):
        """Delete a story."""
        self.issues = [issue for issue in self.issues if issue["key"] != "PAY-10"]
        return "jira:PAY-10"

    def hide(self):
        """Take a project out of the account's sight."""
        self.seen = [key for key in self.seen if key != "PAY"]
        self.issues = [issue for issue in self.issues if not issue["key"].startswith("PAY-")]

    def allowed(self, request):
        return request.headers.get("Authorization") == f"Basic {BASIC}"

    def projects(self, request, _body):
        values = [{"id": str(id_), "key": key} for id_, key in enumerate(self.seen)]
        start = int(request.args.get("startAt", 0))
        last = start + PAGE >= len(values)
        return {"startAt": start, "isLast": last, "values": values[start : start + PAGE]}

    def bounds(self, jql):
        """Read between which instants, in epoch milliseconds, the issues were touched."""
        read = {sign: int(at) for sign, at in re.findall(r"updated (>=|<) (\d+)", jql)}
        return read.get(">=", 0), read.get("<", 1e15)

    def found(self, jql):
        begin, end = self.bounds(jql)
        kind, label = re.search(r"issuetype = (\w+)", jql), re.search(r"labels = ([\w-]+)", jql)
        projects = re.search(r"project in \(([^)]*)\)", jql)
        return [
            issue
            for issue in self.issues
            if begin <= when(issue["fields"]["updated"]).timestamp() * 1000 < end
            and (not kind or issue["fields"]["issuetype"]["name"] == kind[1])
            and (not label or label[1] in issue["fields"]["labels"])
            and (not projects or f'"{issue["fields"]["project"]["key"]}"' in projects[1])
        ]

    def search(self, _request, body):
        if not re.search(r"updated|project|issuetype|labels", body["jql"]):
            return said({"errorMessages": ["Unbounded JQL queries are not allowed here."]}, 400)
        start = int(body.get("nextPageToken", 0))
        found = self.found(body["jql"])
        page = [self.shown(issue, body) for issue in found[start : start + PAGE]]
        more = {"nextPageToken": str(start + PAGE)} if start + PAGE < len(found) else {}
        return {"issues": page, "isLast": not more, **more}

    def shown(self, issue, body):
        """Show what was asked for of an issue, and the latest two of its histories."""
        wanted = set(body.get("fields", ()))
        if wanted <= {"id", "key"}:
            return {"id": issue["id"], "key": issue["key"]}
        fields = {name: value for name, value in issue["fields"].items() if {name, "*all"} & wanted}
        return {"id": issue["id"], "key": issue["key"], "fields": fields, **self.logged(issue, body)}

    def logged(self, issue, body):
        histories = issue["changelog"]["histories"]
        latest = list(reversed(histories))[:2]
        told = {"startAt": 0, "maxResults": 2, "total": len(histories), "histories": latest}
        return {"changelog": told} if body.get("expand") == "changelog" else {}

    def changelogs(self, _request, body):
        """Give three histories a page, with epoch times; one issue's stand on two pages."""
        start = int(body.get("nextPageToken", 0))
        wanted = [issue for issue in self.issues if issue["id"] in body["issueIdsOrKeys"]]
        flat = [
            (issue["id"], {**told, "created": int(when(told["created"]).timestamp() * 1000)})
            for issue in wanted
            for told in issue["changelog"]["histories"]
            if told["id"] not in self.bulk_lacks
        ]
        page = flat[start : start + 3]
        logs = [{"issueId": id_, "changeHistories": [told for i, told in page if i == id_]} for id_ in dict(page)]
        return {"issueChangeLogs": logs, "nextPageToken": str(start + 3) if start + 3 < len(flat) else None}

    def changelog(self, request, _body, name):
        """Give one issue's histories, three to a page, oldest first."""
        start, histories = int(request.args.get("startAt", 0)), self.called(name)["changelog"]["histories"]
        page = {"startAt": start, "maxResults": 3, "total": len(histories), "isLast": start + 3 >= len(histories)}
        return {**page, "values": histories[start : start + 3]}

    def called(self, name):
        """Find an issue by its key, an old one too, or by its id; None if there is none."""
        wanted = {name, self.moved.get(name)}
        return next((issue for issue in self.issues if {issue["id"], issue["key"]} & wanted), None)

    def fetched(self, _request, body):
        found = [issue for issue in map(self.called, body["issueIdsOrKeys"]) if issue]
        return {"issues": [self.shown(issue, body) for issue in found], "issueErrors": []}

    def one(self, _request, _body, name):
        issue = self.called(name)
        return {"id": issue["id"], "key": issue["key"]} if issue else said(ABSENT, 404)


def told_field(id_, told):
    name, kind = told
    return {"id": id_, "name": name, "custom": True, "schema": {"type": "any", "custom": kind}}


__all__ = ["BASIC", "EMAIL", "FIELDS", "REMOVED", "SPAN", "STATUSES", "TOKEN", "Account", "settings"]
