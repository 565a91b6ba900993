"""What a token sees of GitLab, and which settings would suit it; for `ttv connect gitlab`.

Reads the account, the projects that it is a member of, those with the latest activity first, and the labels of some.
Nothing here is taken for a fact: a person accepts it or changes it.
"""

from collections.abc import Iterator
from datetime import timedelta
from itertools import islice
from typing import Any

from connectors._gitlab import API, HIDDEN
from connectors._meanings import of_labels
from connectors._reading import touched
from connectors.client import Client, Params, by_next_page, listed
from connectors.contract import Proposal, Sight, Survey

_PROJECTS, _LOOKED_INTO, _SHOWN = 300, 8, 30
_ALIVE = timedelta(days=365)


def survey(client: Client, url: str) -> Survey:
    """Look around; SourceError if it cannot be looked at."""
    account = client.get(f"{API}/user", read=lambda me: str(me["username"]))
    asked: Params = {"membership": "true", "order_by": "last_activity_at", "sort": "desc", "per_page": 100}
    seen = list(islice(client.pages(f"{API}/projects", asked, following=by_next_page), _PROJECTS))
    alive = [one for one in seen if _is_alive(client, one)]
    labels = [name for one in alive[:_LOOKED_INTO] for name in _labels(client, one)]
    proposals = (*_which(alive), *of_labels(labels))
    return Survey(f"{account} at {url}", _sights(seen, labels), proposals, tuple(_notes(alive)))


def _is_alive(client: Client, project: Any) -> bool:
    at = touched(project, "last_activity_at")
    return not project.get("archived") and (at is None or at >= client.now() - _ALIVE)


def _labels(client: Client, project: Any) -> list[str]:
    path, asked = f"{API}/projects/{project['id']}/labels", {"per_page": 100}
    return (
        client.get(path, asked, read=lambda body: [str(one["name"]) for one in listed(body, None)], absent=HIDDEN) or []
    )


def _which(alive: list[Any]) -> Iterator[Proposal]:
    if alive:
        paths = tuple(str(one["path_with_namespace"]) for one in alive)
        yield Proposal(
            "projects", paths, "active within a year; name groups in their place to take in new ones and epics"
        )


def _sights(seen: list[Any], labels: list[str]) -> tuple[Sight, ...]:
    rows = tuple((str(one["path_with_namespace"]), _state(one)) for one in seen[:_SHOWN])
    named = tuple((name, str(labels.count(name))) for name in dict.fromkeys(labels))
    columns = ("name", "projects that were looked into")
    return Sight("Projects", ("path", "last activity"), rows), Sight("Labels", columns, named[:_SHOWN])


def _state(project: Any) -> str:
    return "archived" if project.get("archived") else str(project.get("last_activity_at") or "")[:10]


def _notes(alive: list[Any]) -> Iterator[str]:
    if not alive:
        yield "this token is a member of no project that somebody works in: name groups or projects by hand"
