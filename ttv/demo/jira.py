"""The company's Jira Cloud: the paths of REST API v3 that a reader of issues and their histories needs."""

from collections.abc import Iterable
from functools import lru_cache
from hashlib import sha1
from typing import Any

import numpy as np
from flask import Flask, Response, request

from ttv.demo import asked, jql, records, words
from ttv.demo.company import Company
from ttv.demo.issues import CUSTOM, Issues
from ttv.demo.records import Issue
from ttv.demo.times import moment
from ttv.demo.web import (
    EMAIL,
    THROTTLE_EVERY,
    TOKEN,
    Clock,
    Refusal,
    Tool,
    answer,
    basic,
    number,
    packed,
    page,
    unpacked,
)

_PAGE, _IDS_PAGE = 100, 5_000
_API = "/rest/api/3"


def app(company: Company, now: Clock, throttle_every: int = THROTTLE_EVERY) -> Flask:
    """Make the WSGI application; `now` gives aware moments."""
    return Jira(company, now, throttle_every).flask


class Jira(Tool):
    """Answers for one company."""

    def __init__(self, company: Company, now: Clock, throttle_every: int) -> None:
        """Lay out the paths."""
        super().__init__("jira", now, throttle_every)
        self.company, self.issues = company, Issues(company)
        self._found = lru_cache(maxsize=32)(self._find)
        self.serve(
            (method, path if path.startswith(("/browse", "/rest")) else _API + path, view)
            for method, path, view in (
                ("GET", "/myself", self.myself),
                ("GET", "/serverInfo", self.server),
                ("GET", "/rest/api/2/serverInfo", self.server),
                ("GET", "/field", self.fields),
                ("GET", "/status", self.statuses),
                ("GET", "/issuetype", self.types),
                ("GET", "/project/search", self.projects),
                ("GET", "/search/jql", self.search),
                ("POST", "/search/jql", self.search),
                ("GET", "/search", self.gone),
                ("POST", "/search", self.gone),
                ("POST", "/search/approximate-count", self.count),
                ("GET", "/issue/<key>", self.one),
                ("GET", "/issue/<key>/changelog", self.changelog),
                ("POST", "/changelog/bulkfetch", self.changelogs),
                ("GET", "/browse/<key>", self.browse),
            )
        )

    @property
    def known(self) -> bool:
        """Tell whether the request came with credentials; without any, Jira shows what is public: nothing here."""
        return basic() is not None

    def guarded(self) -> bool:
        """Guard the API, not the pages for people."""
        return request.path.startswith(_API)

    def authorise(self) -> None:
        """Refuse wrong credentials, and none where it matters who asks."""
        public = not request.headers.get("Authorization") and request.endpoint is not None
        if public and not request.path.endswith(("/myself", "/changelog", "/bulkfetch")):
            return
        if basic() != (EMAIL, TOKEN):
            body = {"message": "Client must be authenticated to access this resource.", "status-code": 401}
            raise Refusal(401, body, {"WWW-Authenticate": 'OAuth realm="quillmere"'})

    def missing(self) -> Refusal:
        """Refuse as Jira does where there is nothing."""
        return _refusal(404, "Issue does not exist or you do not have permission to see it.")

    def throttled(self) -> Refusal:
        """Refuse a burst."""
        headers = {"Retry-After": "1", "RateLimit-Reason": "jira-burst-based", "X-RateLimit-Remaining": "0"}
        return _refusal(429, "Rate limit exceeded.", headers)

    def headers(self) -> dict[str, str]:
        """Tell the budget of a burst."""
        return {"X-RateLimit-Limit": "100", "X-RateLimit-Remaining": "99", "X-AREQUESTID": "quillmere"}

    def myself(self) -> Response:
        """Tell who is asking."""
        return answer(self.issues.person(0, self.root) | {"emailAddress": EMAIL, "locale": "en_GB"})

    def server(self) -> Response:
        """Tell what this is."""
        body: dict[str, Any] = {"baseUrl": self.root, "version": "1001.0.0-SNAPSHOT", "versionNumbers": [1001, 0, 0]}
        body |= {"deploymentType": "Cloud", "buildNumber": 100_281, "serverTitle": words.COMPANY}
        return answer(body | {"serverTime": f"{moment(self.now):%Y-%m-%dT%H:%M:%S.000+0000}"})

    def fields(self) -> Response:
        """List the fields."""
        return answer([_field(name) for name in self.issues.names])

    def statuses(self) -> Response:
        """List the statuses."""
        return answer([self.issues.status(status, self.root) for status in range(len(records.STATUSES))])

    def types(self) -> Response:
        """List the issue types."""
        return answer([self.issues.type(kind, self.root) for kind in range(len(records.ISSUE_TYPES))])

    def projects(self) -> Response:
        """List projects, a page of them."""
        wanted = {key.upper() for key in request.args.getlist("keys")}
        keys = words.PROJECT_KEYS if self.known else ()
        shown = [self.issues.project(i, self.root) for i, key in enumerate(keys) if not wanted or key in wanted]
        return answer(self._offset_page(shown, 50))

    def _offset_page(self, values: list[Any], limit: int) -> dict[str, Any]:
        start = number(request.args.get("startAt"), 0)
        most = number(request.args.get("maxResults"), limit, least=1, most=100)
        last = start + most >= len(values)
        body = {"self": request.url, "maxResults": most, "startAt": start, "total": len(values), "isLast": last}
        if not last:
            body["nextPage"] = f"{request.base_url}?startAt={start + most}&maxResults={most}"
        return body | {"values": values[start : start + most]}

    def gone(self) -> Response:
        """Answer as the search that was removed."""
        text = "The requested API has been removed. Please migrate to the /rest/api/3/search/jql API. See CHANGE-2046."
        raise _refusal(410, text)

    def search(self) -> Response:
        """Answer a page of a search; the token of the next page keeps looking at the moment of the first one."""
        given = self._given()
        query = str(given.get("jql") or "")
        shelf = self.company.issue_shelf
        mark = sha1(query.encode(), usedforsecurity=False).hexdigest()[:12]
        version, start = shelf.version(self.now), 0
        if token := given.get("nextPageToken"):
            values = unpacked(str(token), (str, int, int))
            if not values or values[0] != mark:
                raise _refusal(400, "The provided next page token is invalid or expired.")
            version, start = values[1], values[2]
        fields, changelog = self._wanted(given), "changelog" in str(given.get("expand") or "")
        found = self._found(query, version) if self.known else np.empty(0, dtype=np.int64)
        most = _PAGE if changelog or len(fields) else _IDS_PAGE
        end = start + number(str(given.get("maxResults") or ""), 50, least=1, most=most)
        now = max(shelf.moment(version), 0)
        chosen = [self.company.issues[index] for index in found[start:end]]
        body: dict[str, Any] = {"issues": [self._shown(issue, now, fields, given, changelog) for issue in chosen]}
        body["isLast"] = end >= len(found)
        if not body["isLast"]:
            body["nextPageToken"] = packed(mark, version, end)
        return answer(body)

    def _shown(
        self, issue: Issue, now: int, fields: list[str], given: dict[str, Any], changelog: bool
    ) -> dict[str, Any]:
        if not fields and not changelog and "key" not in _names(given.get("fields")):
            return {"id": self.issues.id(issue)}
        return self.issues.issue(issue, self.root, now, fields, changelog=changelog)

    def _given(self) -> dict[str, Any]:
        if request.method == "GET":
            return {**request.args.to_dict(), "fields": ",".join(request.args.getlist("fields"))}
        body = request.get_json(silent=True)
        if not isinstance(body, dict) or not isinstance(body.get("expand", ""), str):
            raise _refusal(400, "Invalid request payload. Refer to the REST API documentation and try again.")
        return body

    def _wanted(self, given: dict[str, Any]) -> list[str]:
        names = _names(given.get("fields"))
        every = [name for name in self.issues.names if {"*all", "*navigable"} & names or name in names]
        return [name for name in every if f"-{name}" not in names]

    def _find(self, query: str, version: int) -> Any:
        """Find the indices of the issues that a query names at a version of the shelf, in its order."""
        shelf = self.company.issue_shelf
        now = shelf.moment(version)
        read = self._read(query, now)
        candidates = shelf.touched(now, read.since, read.until)
        found = [i for i in candidates.tolist() if read.test(self._asked_about(self.company.issues[i], now))]
        for field, descending in reversed(read.order or (("created", True),)):
            found.sort(key=lambda i: self._sorted_by(field, self.company.issues[i], now), reverse=descending)
        return np.array(found, dtype=np.int64)

    def _read(self, query: str, now: int) -> jql.Query:
        try:
            read = jql.parse(query, asked.KNOWN, now)
        except jql.BadQuery as error:
            raise _refusal(400, str(error)) from error
        if not read.bounded:
            raise _refusal(
                400, "Unbounded JQL queries are not allowed here. Please add a search restriction to your query."
            )
        return read

    def _sorted_by(self, field: str, issue: Issue, now: int) -> Any:
        if field == "key":
            return words.PROJECT_KEYS[issue.project], issue.number
        return self.issues.updated(issue, now) if field == "updated" else issue.index

    def _asked_about(self, issue: Issue, now: int) -> jql.Issue:
        return jql.Issue(asked.Facts(self.issues, issue, now), asked.Times(self.issues, issue, now))

    def count(self) -> Response:
        """Count what a query finds."""
        query = str(self._given().get("jql") or "")
        found = self._found(query, self.company.issue_shelf.version(self.now)) if self.known else ()
        return answer({"count": len(found)})

    def _issue(self, key: str) -> Issue:
        issue = self.company.issue(key, self.now)
        if issue is None:
            raise self.missing()
        return issue

    def one(self, key: str) -> Response:
        """Answer one issue."""
        names = _names(request.args.get("fields")) or {"*all"}
        changelog = "changelog" in request.args.get("expand", "")
        issue, fields = self._issue(key), self._wanted({"fields": sorted(names)})
        if not self.known:
            raise self.missing()
        return answer(self.issues.issue(issue, self.root, self.now, fields, changelog=changelog))

    def changelog(self, key: str) -> Response:
        """Answer a page of one issue's changelog, oldest first."""
        return answer(self._offset_page(self.issues.histories(self._issue(key), self.root, self.now), 100))

    def changelogs(self) -> Response:
        """Answer a page of the changelogs of many issues, by time; times are epoch milliseconds here."""
        given = self._given()
        keys = given.get("issueIdsOrKeys")
        if not isinstance(keys, list) or not 0 < len(keys) <= 1000 or given.get("fieldIds") == []:
            raise _refusal(400, "issueIdsOrKeys must name between 1 and 1000 issues.")
        wanted, now = set(given.get("fieldIds") or ()), self.now
        issues = [issue for key in keys if (issue := self.company.issue(str(key), now))]
        rows = sorted(row for issue in {id(issue): issue for issue in issues}.values() for row in _rows(issue, now))
        values = unpacked(str(given["nextPageToken"]), (int,)) if given.get("nextPageToken") else [0]
        if values is None:
            raise _refusal(400, "The provided next page token is invalid or expired.")
        end = values[0] + number(str(given.get("maxResults") or ""), 1000, least=1, most=10_000)
        body: dict[str, Any] = {"issueChangeLogs": self._merged(rows[values[0] : end], wanted)}
        return answer(body | {"nextPageToken": packed(end) if end < len(rows) else None})

    def _merged(self, rows: Iterable[tuple[int, int, int]], wanted: set[str]) -> list[dict[str, Any]]:
        merged: dict[int, list[dict[str, Any]]] = {}
        for at, index, place in rows:
            history = self.issues.histories(self.company.issues[index], self.root, at)[place]
            items = [item for item in history["items"] if not wanted or item["fieldId"] in wanted]
            if items:
                merged.setdefault(index, []).append(history | {"created": at, "items": items})
        return [{"issueId": str(10_000 + index), "changeHistories": found} for index, found in merged.items()]

    def browse(self, key: str) -> Response:
        """Show an issue to a person."""
        issue, now, names = self._issue(key), self.now, [name for name, _ in records.STATUSES]
        parent = self.issues.parent(issue, now)
        facts = (
            ("Type", records.ISSUE_TYPES[issue.kind]),
            ("Project", words.PROJECT_NAMES[issue.project]),
            ("Status", names[self.issues.state(issue, now)]),
            ("Part of", f"/browse/{self.company.key(parent)}" if parent else None),
            ("Labels", ", ".join(self.issues.labels(issue))),
        )
        steps = zip(issue.steps[::2], issue.steps[1::2], strict=True)
        story = [(at, names[step]) for at, step in steps if at <= now and step < records.PARENT]
        title = f"{self.company.key(issue)} {self.company.title(issue)}"
        return page("Jira", title, facts, [(issue.created, "Created"), *story])


def _rows(issue: Issue, now: int) -> Iterable[tuple[int, int, int]]:
    return ((at, issue.index, place) for place, at in enumerate(issue.steps[::2]) if at <= now)


def _names(fields: Any) -> set[str]:
    listed = fields if isinstance(fields, list) else str(fields or "").split(",")
    return {str(name).strip() for name in listed if str(name).strip()}


def _field(name: str) -> dict[str, Any]:
    custom = name in CUSTOM
    title = CUSTOM.get(name) or {"issuetype": "Issue Type", "fixVersions": "Fix versions"}.get(name, name.capitalize())
    kind = {"customfield_10014": "any", "customfield_10016": "number", "created": "datetime", "updated": "datetime"}
    schema: dict[str, Any] = {"type": kind.get(name, "string")}
    if name == "customfield_10014":
        schema |= {"custom": "com.pyxis.greenhopper.jira:gh-epic-link", "customId": 10_014}
    elif not custom:
        schema["system"] = name
    return {
        "id": name,
        "key": name,
        "name": title,
        "custom": custom,
        "orderable": True,
        "navigable": True,
        "searchable": True,
        "clauseNames": [f"cf[{name[12:]}]", title] if custom else [name.lower()],
        "schema": schema,
    }


def _refusal(status: int, text: str, headers: dict[str, str] | None = None) -> Refusal:
    return Refusal(status, {"errorMessages": [text], "errors": {}}, headers)
