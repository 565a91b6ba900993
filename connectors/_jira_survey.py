"""What an account sees of a Jira, and which settings would suit it; for `ttv connect jira`.

Reads the account, projects, issue types, statuses, resolutions and fields, and the hundred issues that were touched
last, which tell what of all that is in use. Nothing here is taken for a fact: a person accepts it or changes it.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from connectors._jira_pages import next_start
from connectors._jira_settings import Settings
from connectors._jira_sites import facts
from connectors._jql import quoted, span
from connectors._meanings import Meaning, looking_like
from connectors.client import Client, Params, listed
from connectors.contract import Proposal, Sight, Survey

_ABSENT = (403, 404, 405)
_SAMPLE, _RECENT = 100, timedelta(days=365)
_NAMED = 30
"""So many projects are named one by one; of more, all are read."""
_SERVICE = "service_desk"
_SPECIAL = {"product_discovery": "ideas", _SERVICE: "requests of customers"}
_MEANT: tuple[tuple[Meaning, str], ...] = (
    ("approved", "looks like a yes to an idea"),
    ("rejected", "looks like a no"),
    ("stopped", "looks like an idea that was stopped"),
    ("deferred", "looks put off"),
    ("considering", "looks like an idea being weighed, never a start of work"),
)


@dataclass(frozen=True, slots=True)
class _Found:
    """What the site told, as it came."""

    projects: list[Any]
    types: list[Any]
    statuses: dict[str, str]
    """Category of each, by its name."""
    resolutions: list[Any]
    fields: list[Any]
    issues: list[Any]

    def used(self, field: str) -> Counter[str]:
        """Count the names that the issues of the sample have in a field."""
        return Counter(str((issue["fields"].get(field) or {}).get("name")) for issue in self.issues)

    def filled(self, field: str) -> int:
        """Count the issues of the sample that have something in a field."""
        return sum(issue["fields"].get(field) is not None for issue in self.issues)


def survey(settings: Settings, client: Client) -> Survey:
    """Look around in a site of either kind; SourceError if it cannot be looked at."""
    site = facts(client, settings.deployment)
    api = "/rest/api/3" if site.cloud else "/rest/api/2"
    found = _Found(
        projects=_projects(client, api, cloud=site.cloud),
        types=_all(client, f"{api}/issuetype"),
        statuses=dict(site.statuses.values()),
        resolutions=_all(client, f"{api}/resolution"),
        fields=_all(client, f"{api}/field"),
        issues=_sample(client, api, cloud=site.cloud),
    )
    proposals = [*_which(found), *_requests(found, settings.email), *_states(found), *_custom(found)]
    kind = "Jira Cloud" if site.cloud else "Jira Server or Data Center"
    account = f"{site.account} at {settings.url}, {kind}"
    return Survey(account, tuple(_sights(found)), tuple(proposals), tuple(_notes(found, proposals)))


def _all(client: Client, path: str) -> list[Any]:
    return client.get(path, read=lambda body: listed(body, None), absent=_ABSENT) or []


def _projects(client: Client, api: str, *, cloud: bool) -> list[Any]:
    if not cloud:
        return _all(client, f"{api}/project")
    asked: Params = {"maxResults": 100, "expand": "insight"}
    return list(client.pages(f"{api}/project/search", asked, items="values", following=next_start))


def _sample(client: Client, api: str, *, cloud: bool) -> list[Any]:
    """Get the issues that were touched last, of the last year."""
    jql = f"{span(client.now() - _RECENT, None)} ORDER BY updated DESC"
    body = {"jql": jql, "maxResults": _SAMPLE, "fields": ["*all"]}
    path = f"{api}/search/jql" if cloud else f"{api}/search"
    return list(client.post(path, body, read=lambda answer: listed(answer, "issues")))


def _sights(found: _Found) -> Iterator[Sight]:
    of_projects = Counter(str((issue["fields"].get("project") or {}).get("key")) for issue in found.issues)
    rows = [(str(one["key"]), str(one.get("name", "")), _kind(one), _size(one, of_projects)) for one in found.projects]
    yield Sight("Projects", ("key", "name", "kind", "issues"), tuple(rows))
    types = found.used("issuetype")
    kinds = {str(one["name"]): one for one in found.types}
    rows_ = [(name, _level(one), str(types[name] or "")) for name, one in kinds.items()]
    yield Sight("Issue types", ("name", "level", f"of the last {len(found.issues)} touched"), tuple(rows_))
    states = found.used("status")
    by_use = sorted(found.statuses.items(), key=lambda pair: (-states[pair[0]], pair[0]))
    rows__ = [(name, _CATEGORIES.get(category, category), str(states[name] or "")) for name, category in by_use]
    yield Sight("Statuses", ("name", "category", "now in it, of these"), tuple(rows__))
    dates = [(str(one["id"]), str(one["name"]), str(found.filled(one["id"]) or "")) for one in _dates(found)]
    yield Sight("Date fields of your own", ("id", "name", "filled in, of these"), tuple(dates))


_CATEGORIES = {"new": "to do", "indeterminate": "in progress", "done": "done"}


def _kind(project: Any) -> str:
    kind = str(project.get("projectTypeKey", ""))
    return f"{kind.replace('_', ' ')}{': ' + _SPECIAL[kind] if kind in _SPECIAL else ''}"


def _size(project: Any, sampled: Counter[str]) -> str:
    told = (project.get("insight") or {}).get("totalIssueCount")
    return f"{told:,}" if told is not None else f"{sampled[str(project['key'])]} lately touched"


def _level(kind: Any) -> str:
    return "sub-task" if kind.get("subtask") else str(kind.get("hierarchyLevel", ""))


def _which(found: _Found) -> Iterator[Proposal]:
    """Propose which projects to read, and which issue types are ideas and initiatives."""
    keys = tuple(str(one["key"]) for one in found.projects if not one.get("archived"))
    if len(keys) <= _NAMED:
        yield Proposal("projects", keys, "all that this account sees; leave it empty to take in new ones by themselves")
    names = [str(one["name"]) for one in found.types if not one.get("subtask")]
    ideas, initiatives = looking_like(names, "idea"), looking_like(names, "initiative")
    if chosen := tuple(dict.fromkeys([*ideas, *initiatives])):
        yield Proposal("ideas", chosen, "issue types that look like ideas, by their names")
    above = [str(one["name"]) for one in found.types if (one.get("hierarchyLevel") or 0) > 1]
    top = initiatives or tuple(above) or ideas or tuple(name for name in names if name.casefold() == "epic")
    if top:
        why = "the type that is called so" if initiatives else "the level above epics" if above else "the nearest to it"
        yield Proposal("initiatives", _in("issuetype", top), f"{why}; every issue that this JQL finds is an initiative")


def _requests(found: _Found, email: str) -> Iterator[Proposal]:
    """Propose which projects hold what customers ask for, and who are none."""
    keys = tuple(str(one["key"]) for one in found.projects if one.get("projectTypeKey") == _SERVICE)
    if keys:
        yield Proposal("feedback.projects", keys, "service projects: what customers ask for there is feedback")
        if domain := email.rpartition("@")[2]:
            yield Proposal(
                "feedback.own_domains", (domain,), "yours: what your own people ask is no customer's feedback"
            )


def _in(field: str, names: Iterable[str]) -> str:
    words = [name if name.isalpha() else quoted(name) for name in names]
    return f"{field} = {words[0]}" if len(words) == 1 else f"{field} in ({', '.join(words)})"


def _states(found: _Found) -> Iterator[Proposal]:
    """Propose what statuses and resolutions mean; each means one thing."""
    left = [*found.statuses, *(str(one["name"]) for one in found.resolutions)]
    for meaning, why in _MEANT:
        if chosen := looking_like(left, meaning):
            yield Proposal(f"statuses.{meaning}", chosen, why)
            left = [name for name in left if name not in chosen]


def _dates(found: _Found) -> list[Any]:
    """List the site's own fields that hold a day or an instant."""
    days = {"date", "datetime"}
    return [one for one in found.fields if one.get("custom") and (one.get("schema") or {}).get("type") in days]


def _custom(found: _Found) -> Iterator[Proposal]:
    """Propose the fields of the site's own that mean something."""
    named = {str(one["name"]): str(one["id"]) for one in _dates(found)}
    for name in looking_like(named, "idea_date")[:1]:
        yield Proposal("idea_date_field", named[name], f'"{name}" may say when an idea was first heard')


def _notes(found: _Found, proposals: Iterable[Proposal]) -> Iterator[str]:
    proposed = {one.key for one in proposals}
    if not found.projects:
        yield "this account sees no project: give it the permission to browse projects"
    if "statuses.approved" not in proposed:
        yield "no status looks like a yes to an idea: name those that are one, else doing is taken for deciding"
    if "ideas" not in proposed:
        yield "no issue type looks like an idea: name those that are one"
    if "idea_date_field" not in proposed:
        yield "an idea counts from its creation: no date field looks like the day when it was first heard"
