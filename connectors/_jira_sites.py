"""How a Jira is asked: Cloud by `/rest/api/3`, a Server or Data Center by `/rest/api/2`; both give the same issues.

`Facts` is what must be known of a site before its issues can be read, `Site` asks it. Issues come with whole histories,
each as `changelog.histories`, and with `changelog.total`, by which `_jira_moves` checks that none is missing.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import chain
from typing import Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from connectors._jira_pages import next_start, next_token, steadily
from connectors._jql import among, both, span, span_in
from connectors._reading import batches
from connectors.client import Client, listed

Spoken = Literal["auto", "cloud", "server"]
BATCH = 100
"""Issues to a page, and to a request that names them."""
_KEYS = {True: 5000, False: 1000}
"""Issues to a page of which only the keys are wanted; on Cloud, and on a server."""
_DOUBTFUL = 40
"""A history of so many changes may have been cut short, whatever its total says: Jira gives the last 40, or 100."""
_BULK = 1000
_LONG, _PARTS = timedelta(days=7), 4
"""A token leads to one page only, so that a long time is read by parts."""

EPIC = "com.pyxis.greenhopper.jira:gh-epic-link"
PARENT = "com.atlassian.jpo:jpo-custom-field-parent"
REQUEST_TYPE = "com.atlassian.servicedesk:vp-origin"
RATING = "com.atlassian.servicedesk:sd-request-feedback"
RATED_AT = "com.atlassian.servicedesk:sd-request-feedback-date"
_KNOWN = frozenset({EPIC, PARENT, REQUEST_TYPE, RATING, RATED_AT})


@dataclass(frozen=True, slots=True)
class Facts:
    """What a site says of itself."""

    cloud: bool = True
    account: str = ""
    """Who is signed in."""
    zone: str | None = None
    """The zone in which that account's JQL is read."""
    statuses: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """Name and category of each status, by its id."""
    fields: Mapping[str, str] = field(default_factory=dict)
    """Ids of the custom fields that mean something to us, by the key of their kind."""
    projects: tuple[str, ...] = ()
    """Keys of the projects that the account sees, in alphabetical order."""


def facts(client: Client, spoken: Spoken) -> Facts:
    """Ask what a site is; without credentials that count it would answer too, with what the public may see."""
    cloud = _is_cloud(client, spoken)
    api = _api(cloud=cloud)
    account, zone = client.get(f"{api}/myself", read=_account)
    statuses, fields = client.get(f"{api}/status", read=_categories), client.get(f"{api}/field", read=_fields)
    return Facts(cloud, account, zone, statuses, fields, projects(client, cloud=cloud))


def projects(client: Client, *, cloud: bool) -> tuple[str, ...]:
    """List the keys of the projects that the account sees, in alphabetical order."""
    if not cloud:
        return tuple(sorted(client.get("/rest/api/2/project", read=lambda body: _keys(listed(body, None)))))
    found = client.pages(
        "/rest/api/3/project/search",
        {"maxResults": 100},
        items=lambda body: _keys(listed(body, "values")),
        following=next_start,
    )
    return tuple(sorted(found))


def _is_cloud(client: Client, spoken: Spoken) -> bool:
    if spoken != "auto":
        return spoken == "cloud"
    info = client.get("/rest/api/2/serverInfo", read=lambda body: body.get("deploymentType") or "Server", absent=(404,))
    return info is None or info == "Cloud"


def _api(*, cloud: bool) -> str:
    return "/rest/api/3" if cloud else "/rest/api/2"


def _account(me: Any) -> tuple[str, str | None]:
    return str(me.get("displayName") or me.get("name") or me["accountId"]), me.get("timeZone")


def _categories(statuses: Any) -> dict[str, tuple[str, str]]:
    return {str(status["id"]): (status["name"], status["statusCategory"]["key"]) for status in statuses}


def _fields(fields: Any) -> dict[str, str]:
    kinds = ((str(one["id"]), (one.get("schema") or {}).get("custom")) for one in listed(fields, None))
    return {kind: id_ for id_, kind in kinds if kind in _KNOWN}


@dataclass(frozen=True, slots=True)
class Site:
    """Asks one Jira."""

    client: Client
    facts: Facts

    def spans(self, since: datetime, until: datetime | None) -> list[str]:
        """Bound what was touched in a time by parts of it; Cloud reads several beside each other, if it is long."""
        end = until or self.client.now()
        if not self.facts.cloud or end - since < _LONG:
            return [self.span(since, until)]
        edges = [since + (end - since) * part / _PARTS for part in range(_PARTS)]
        return [self.span(start, stop) for start, stop in zip(edges, [*edges[1:], until], strict=True)]

    def span(self, since: datetime, until: datetime | None) -> str:
        """Bound what was touched; a server is told by the account's clock, which every version of it understands."""
        try:
            zone = None if self.facts.cloud or not self.facts.zone else ZoneInfo(self.facts.zone)
        except (ZoneInfoNotFoundError, ValueError):
            zone = None
        return span_in(zone, since, until) if zone else span(since, until)

    def issues(self, jqls: Iterable[str], fields: Collection[str], seen: set[str]) -> Iterator[Any]:
        """Search issues that were not seen yet, by queries, a page of each in turn; each has its whole history."""
        asked: dict[str, Any] = {"maxResults": BATCH, "fields": list(fields)}
        bodies = [{**asked, "jql": f"{jql} ORDER BY created ASC, key ASC"} for jql in jqls]
        if not self.facts.cloud:
            path, expand = f"{self._api}/search", {"expand": ["changelog"]}
            return _new(chain.from_iterable(steadily(self.client, path, {**body, **expand}) for body in bodies), seen)
        bodies = [{**body, "expand": "changelog"} for body in bodies]
        found = self.client.beside(f"{self._api}/search/jql", bodies, items="issues", following=next_token)
        return (issue for batch in batches(_new(found, seen), BATCH) for issue in self._completed(batch))

    def keys(self, jql: str) -> Iterator[tuple[str, str]]:
        """Search the ids and keys of issues, many to a page."""
        asked = {
            "jql": f"{jql} ORDER BY created ASC, key ASC",
            "maxResults": _KEYS[self.facts.cloud],
            "fields": ["key"],
        }
        if self.facts.cloud:
            found = self.client.pages(f"{self._api}/search/jql", items=_named, following=next_token, json=asked)
        else:
            found = steadily(self.client, f"{self._api}/search", asked, items=_named)
        yield from found

    def count(self, *conditions: str) -> int:
        """Count issues; on Cloud roughly."""
        asked: dict[str, Any] = {"jql": both(*conditions)}
        if self.facts.cloud:
            path, name = f"{self._api}/search/approximate-count", "count"
        else:
            path, name, asked = f"{self._api}/search", "total", {**asked, "maxResults": 0, "fields": ["key"]}
        return int(self.client.post(path, asked, read=lambda answer: answer[name]))

    def absent(self, keys: Iterable[str]) -> Iterator[str]:
        """Yield those of some keys under which no issue is found, which on Cloud may mean that one is hidden.

        There only the keys of projects that the account sees are asked for.
        """
        seen = set(projects(self.client, cloud=True)) if self.facts.cloud else None
        for batch in batches((key for key in keys if seen is None or key.rpartition("-")[0] in seen), BATCH):
            found = {key for _, key in self._present(batch)}
            for key in batch:
                if key not in found and self._is_absent(key):
                    yield key

    def _present(self, keys: list[str]) -> Iterator[tuple[str, str]]:
        if self.facts.cloud:
            asked: dict[str, Any] = {"issueIdsOrKeys": keys, "fields": ["key"]}
            yield from self.client.post(f"{self._api}/issue/bulkfetch", asked, read=_named)
            return
        jql = f"{among('key', keys)} ORDER BY key ASC"
        asked = {"jql": jql, "maxResults": BATCH, "fields": ["key"], "validateQuery": False}
        yield from steadily(self.client, f"{self._api}/search", asked, items=_named)

    def _is_absent(self, key: str) -> bool:
        """Say whether there is no such issue; a server, unlike Cloud, tells that apart from one that is hidden."""
        refused = self.client.refusal(f"{self._api}/issue/{key}", {"fields": "key"})
        if refused is None or refused.state != "not_found":
            return False
        said = refused.said.casefold()
        return self.facts.cloud or ("does not exist" in said and "permission" not in said)

    @property
    def _api(self) -> str:
        return _api(cloud=self.facts.cloud)

    def _completed(self, issues: list[Any]) -> list[Any]:
        """Fetch the histories that the search has cut short, of many issues at once, and where that fails of each."""
        short = {str(issue["id"]): issue for issue in issues if _is_short(issue)}
        if not short:
            return issues
        whole = {id_: _by_id(issue["changelog"]["histories"]) for id_, issue in short.items()}
        body = {"issueIdsOrKeys": sorted(short), "maxResults": _BULK}
        for id_, history in self.client.pages(
            f"{self._api}/changelog/bulkfetch", items=_histories, following=next_token, json=body
        ):
            whole.setdefault(id_, {}).update(_by_id([history]))
        for id_, issue in short.items():
            if len(whole[id_]) < (issue["changelog"].get("total") or 0):
                whole[id_] |= _by_id(self._history(id_))
        return [_with(issue, whole.get(_id(issue) or "")) for issue in issues]

    def _history(self, id_: str) -> Iterator[Any]:
        path = f"{self._api}/issue/{id_}/changelog"
        return self.client.pages(path, {"maxResults": BATCH}, items="values", following=next_start, absent=(404,))


def _keys(projects: Iterable[Any]) -> list[str]:
    return [str(project["key"]) for project in projects]


def _named(body: Any) -> list[tuple[str, str]]:
    return [(str(issue["id"]), str(issue["key"])) for issue in listed(body, "issues")]


def _id(issue: Any) -> str | None:
    return str(issue["id"]) if isinstance(issue, dict) and "id" in issue else None


def _by_id(histories: Iterable[Any]) -> dict[str, Any]:
    return {str(history["id"]): history for history in histories if isinstance(history, dict) and "id" in history}


def _new(issues: Iterable[Any], seen: set[str]) -> Iterator[Any]:
    """Pass on the issues that are not among those seen, and note them."""
    for issue in issues:
        id_ = _id(issue)
        if id_ not in seen:
            yield issue
        if id_:
            seen.add(id_)


def _is_short(issue: Any) -> bool:
    log = issue.get("changelog") if _id(issue) else None
    if not isinstance(log, dict) or not isinstance(log.get("histories"), list):
        return False
    count = len(log["histories"])
    return count >= _DOUBTFUL or log.get("total") != count


def _with(issue: Any, histories: Mapping[str, Any] | None) -> Any:
    if histories is None:
        return issue
    return {**issue, "changelog": {**issue["changelog"], "histories": list(histories.values())}}


def _histories(body: Any) -> list[tuple[str, Any]]:
    """List the histories of a page with their issue; one issue's may stand on several pages."""
    logs = listed(body, "issueChangeLogs")
    return [(str(log["issueId"]), history) for log in logs for history in log["changeHistories"]]
