"""Jira: ideas, decisions and starts of work from issues and their changelogs, requests as feedback, initiatives by JQL.

Reads Jira Cloud by `/rest/api/3` and a Server or Data Center by `/rest/api/2`, see `_jira_sites.py`. Takes issues by
their `updated`; yields for each what `_jira_issues.py` makes of it: an `Artefact` with its parents (parent, epic, links
such as "implements") and the groups that it stands in (project, components, labels, queries of the settings), an
`Event` for its creation if it is an idea, for each decision upon an idea, for each time work on it began, for each
request of a customer, and an `Initiative` for each issue that the query `initiatives` matches.

An issue that the account may no longer see is simply not found any more: what was known stays. A moved issue keeps its
events, for these are named by its number; its old key becomes a child of the new one.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any
from weakref import WeakKeyDictionary

from connectors import _jira_survey, contract
from connectors._jira_hooks import received
from connectors._jira_issues import Issues
from connectors._jira_settings import Settings
from connectors._jira_sites import Facts, Site, facts, projects
from connectors._jql import among, both
from connectors._reading import ISSUE_KEY, same
from connectors.client import Client
from connectors.contract import Item, Members, Narrowed, Reread

__all__ = ["WINDOW", "Settings", "check", "client", "events", "gone", "received", "reread", "scope", "survey"]

WINDOW: timedelta | None = timedelta(days=90)
"""A first pull is stored by quarters, by the time when issues were last touched."""

_FACTS: WeakKeyDictionary[Client, Facts] = WeakKeyDictionary()
"""What each client's site said last, so that a first pull need not ask again for every quarter."""
_PREFIX = "jira:"
_SUBJECT = re.compile(f"{_PREFIX}({ISSUE_KEY})")
"""An issue; a group that issues stand in is a subject too, and has a slash."""
_INITIATIVE, _ISSUE = "initiative", "issue"
"""How an issue is read."""


def client(settings: Settings, **options: Any) -> Client:
    """Make a client for the site; the options are those of `Client`, such as `sleep` and `now`."""
    token = settings.token.get_secret_value()
    return Client.of(settings, settings.url, auth=(settings.email, token) if settings.email else token, **options)


def check(settings: Settings, client: Client) -> Iterator[str]:
    """Say who is signed in where, and how much the account sees of each project, group and query."""
    site = _site(settings, client)
    yield f"signed in as {site.facts.account} on Jira {'Cloud' if site.facts.cloud else 'Server or Data Center'}"
    seen, missing = _projects(settings, site.facts)
    yield from (f"project {key}: not visible to this account" for key in missing)
    for key in seen:
        yield f"project {key}: {site.count(among('project', [key]), settings.jql)} issues"
    chosen = _chosen(settings, site.facts)
    if settings.initiatives:
        yield f"initiatives: {site.count(*chosen, settings.initiatives)}"
    for name, jql in settings.groups.items():
        yield f"group {name}: {site.count(*chosen, jql)} issues"


def survey(settings: Settings, client: Client) -> contract.Survey:
    """Say what the account sees of the site, and propose what its statuses, types and fields mean."""
    return _jira_survey.survey(settings, client)


def scope(settings: Settings, client: Client) -> Iterable[str]:
    """Name the projects that are read and that the account sees; Narrowed if it does not see one that is named."""
    seen, missing = _projects(settings, _site(settings, client, afresh=False).facts)
    if missing:
        raise Narrowed(missing, len(seen))
    return seen


def events(settings: Settings, client: Client, since: datetime, until: datetime | None) -> Iterator[Item]:
    """Yield what the issues say that were touched in [since, until), initiatives first.

    Up to now it also tells who stands in each group of the settings, for an issue may leave one without being touched.
    """
    site = _site(settings, client, afresh=until is None)
    chosen, touched = _chosen(settings, site.facts), site.span(since, until)
    some = touched if until else ""
    groups = {name: dict(site.keys(both(*chosen, jql, some))) for name, jql in settings.groups.items()}
    read, seen = Issues(settings, site.facts, groups), set[str]()
    if settings.initiatives:
        found = site.issues([both(*chosen, settings.initiatives, touched)], read.fields, seen)
        yield from contract.each(found, read.initiative, _INITIATIVE)
    parts = [both(*chosen, part) for part in site.spans(since, until)]
    yield from contract.each(site.issues(parts, read.fields, seen), read.issue, _ISSUE)
    if until is None and groups:
        seen_projects = tuple(f"{_PREFIX}{key}-" for key in projects(client, cloud=site.facts.cloud))
        for name, members in groups.items():
            children = tuple(_PREFIX + key for key in members.values())
            yield Members(f"{_PREFIX}group/{name}", children, within=seen_projects)


def reread(settings: Settings, client: Client) -> Reread:
    """Make what reads an issue again that could not be read, as it came with its history."""
    read = Issues(settings, _site(settings, client).facts)
    return lambda reader, raw: (read.initiative if reader == _INITIATIVE else read.issue)(raw)


def gone(settings: Settings, client: Client, subjects: Iterable[str]) -> Iterator[str]:
    """Yield those of some subjects that were deleted for sure; a moved issue is found under its old key too.

    Jira Cloud does not tell what is deleted from what is hidden: it is asked only if the settings say that nothing is.
    """
    site = _site(settings, client, afresh=False)
    if site.facts.cloud and not settings.absent_is_deleted:
        return
    issues = (_SUBJECT.fullmatch(subject) for subject in subjects)
    yield from (_PREFIX + key for key in site.absent(issue[1] for issue in issues if issue))


def _site(settings: Settings, client: Client, *, afresh: bool = True) -> Site:
    if afresh or client not in _FACTS:
        _FACTS[client] = facts(client, settings.deployment)
    return Site(client, _FACTS[client])


def _projects(settings: Settings, facts: Facts) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Give the projects to read that the account sees, and those that are named and that it does not see."""
    missing = [key for key in (*settings.projects, *settings.feedback.projects) if not same(key, facts.projects)]
    wanted = settings.read_projects
    return tuple(key for key in facts.projects if not wanted or same(key, wanted)), tuple(dict.fromkeys(missing))


def _chosen(settings: Settings, facts: Facts) -> tuple[str, str]:
    """Give the conditions on every issue that is read; Narrowed if the account sees nothing of what is named.

    Jira refuses a search that names a project which is not seen, and would tell nothing of the others.
    """
    seen, missing = _projects(settings, facts)
    if missing and not seen:
        raise Narrowed(missing, 0)
    return among("project", seen) if settings.read_projects else "", settings.jql
