"""A Jira Data Center with the issues of `jira.py`; two to a page, with whole histories, and a list that may move.

Its account lives in St John's, and reads times in JQL by the clock there.
"""

import re
from datetime import datetime
from zoneinfo import ZoneInfo

from tests.fakes import jira
from tests.fakes.jira_issues import SPAN, STATUSES, in_status
from tests.fakes.web import PAGE, said

TOKEN = "jira-pat-0c4d"
ZONE = "America/St_Johns"


def settings(url):
    return {"url": url, "token": TOKEN}


class Account(jira.Account):
    """The server."""

    def __init__(self):
        super().__init__()
        self.zone, self.hidden = ZONE, set()
        self.between = lambda: None
        """What happens to the issues after each page of a search."""
        self.issues = [_of_server(issue) for issue in self.issues]

    def paths(self):
        return [
            ("/rest/api/2/serverInfo", lambda *_: {"deploymentType": "Server", "version": "9.12.1"}),
            ("/rest/api/2/myself", lambda *_: {"name": "alima", "displayName": "Ana Lima", "timeZone": self.zone}),
            ("/rest/api/2/status", lambda *_: [in_status(id_) for id_ in STATUSES]),
            ("/rest/api/2/field", lambda *_: [jira.told_field(*one) for one in jira.FIELDS.items()]),
            ("/rest/api/2/project", lambda *_: [{"key": key} for key in reversed(self.seen)]),
            ("/rest/api/2/search", self.search),
            ("/rest/api/2/issue/([^/]+)", self.one),
        ]

    def hide(self):
        """Take a project out of the account's sight."""
        self.seen = [key for key in self.seen if key != "PAY"]
        self.hidden = {issue["key"] for issue in self.issues if issue["key"].startswith("PAY-")}

    def allowed(self, request):
        return request.headers.get("Authorization") == f"Bearer {TOKEN}"

    def bounds(self, jql):
        read = dict(re.findall(r'updated (>=|<) "([^"]+)"', jql))
        if not read:
            return super().bounds(jql)
        clock = {sign: datetime.fromisoformat(at.replace("/", "-")) for sign, at in read.items()}
        told = {sign: at.replace(tzinfo=ZoneInfo(self.zone)).timestamp() * 1000 for sign, at in clock.items()}
        return told.get(">=", 0), told.get("<", 1e15)

    def found(self, jql):
        named = re.search(r"key in \(([^)]*)\)", jql)
        if named:
            keys = re.findall(r'"([^"]+)"', named[1])
            return [issue for issue in map(self.called, keys) if issue and issue["key"] not in self.hidden]
        return [issue for issue in super().found(jql) if issue["key"] not in self.hidden]

    def search(self, _request, body):
        if not isinstance(body.get("expand", []), list):
            return said(
                {"errorMessages": ["Can not deserialize instance of java.util.ArrayList out of VALUE_STRING"]}, 400
            )
        found, start = self.found(body["jql"]), body.get("startAt", 0)
        most = min(body["maxResults"], PAGE)
        page = [self.shown(issue, body) for issue in found[start : start + most]]
        self.between()
        return {"startAt": start, "maxResults": most, "total": len(found), "issues": page}

    def logged(self, issue, body):
        histories = issue["changelog"]["histories"]
        told = {"startAt": 0, "maxResults": len(histories), "total": len(histories), "histories": histories}
        return {"changelog": told} if body.get("expand") == ["changelog"] else {}

    def one(self, _request, _body, name):
        issue = self.called(name)
        if issue and issue["key"] in self.hidden:
            return said({"errorMessages": ["You do not have the permission to see the specified issue."]}, 403)
        return {"key": issue["key"]} if issue else said({"errorMessages": ["Issue Does Not Exist"], "errors": {}}, 404)


def _of_server(issue):
    """Name fields by their names and people by their names, as a server does."""
    for history in issue["changelog"]["histories"]:
        for item in history["items"]:
            item["field"] = item.pop("fieldId", item["field"])
    for name in ("reporter", "assignee"):
        who = issue["fields"][name]
        if who:
            issue["fields"][name] = {
                "name": who["accountId"],
                "key": who["accountId"],
                "displayName": who["displayName"],
            }
    return issue


__all__ = ["SPAN", "TOKEN", "Account", "settings"]
