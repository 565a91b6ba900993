"""What a token sees of GitHub, and which settings would suit it; for `ttv connect github`.

Reads the account, its repositories, the last pushed first, and of some of them the labels, the environments and
whether there are deployments or releases. Nothing here is taken for a fact: a person accepts it or changes it.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from typing import Any

from connectors._meanings import looking_like, of_labels
from connectors._reading import touched
from connectors.client import Client, Params, listed
from connectors.contract import Proposal, Refused, Sight, Survey

_ABSENT = (403, 404)
_REPOSITORIES, _LOOKED_INTO, _SHOWN = 300, 8, 30
_ALIVE = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class _Found:
    """What a repository holds."""

    name: str
    labels: tuple[str, ...]
    environments: tuple[str, ...]
    deployments: bool
    releases: bool


def survey(client: Client, *, signed_in: bool) -> Survey:
    """Look around; SourceError if it cannot be looked at."""
    if not signed_in:
        raise Refused("without a token GitHub does not say which repositories there are", remedy="make a token")
    account, repositories = _repositories(client)
    alive = [one for one in repositories if _is_alive(client, one)]
    found = [_inside(client, str(one["full_name"])) for one in alive[:_LOOKED_INTO]]
    proposals = (*_which(alive), *_deploys(found), *of_labels(name for one in found for name in one.labels))
    return Survey(account, tuple(_sights(repositories, found)), proposals, tuple(_notes(alive, proposals)))


def _repositories(client: Client) -> tuple[str, list[Any]]:
    """List what a person's token or an app's installation sees, the last pushed first."""
    me = client.get("/user", absent=_ABSENT)
    asked: Params = {"per_page": 100, "sort": "pushed"}
    if me:
        found = client.pages("/user/repos", asked)
    else:
        found = client.pages("/installation/repositories", {"per_page": 100}, items="repositories")
    seen = list(islice(found, _REPOSITORIES))
    seen.sort(key=lambda one: str(one.get("pushed_at") or ""), reverse=True)
    return str(me["login"] if me else "an app's installation"), seen


def _is_alive(client: Client, repository: Any) -> bool:
    """Say whether somebody works here: not a fork, not archived, pushed to within a year or not telling."""
    pushed = touched(repository, "pushed_at")
    idle = pushed is not None and pushed < client.now() - _ALIVE
    return not (idle or repository.get("archived") or repository.get("fork"))


def _inside(client: Client, name: str) -> _Found:
    path = f"/repos/{name}"
    labels = client.get(f"{path}/labels", {"per_page": 100}, read=_named, absent=_ABSENT) or ()
    environments = client.get(f"{path}/environments", {"per_page": 100}, read=_environments, absent=_ABSENT) or ()
    one: Params = {"per_page": 1}
    deployed, released = (
        bool(client.get(f"{path}/{what}", one, read=lambda body: listed(body, None), absent=_ABSENT))
        for what in ("deployments", "releases")
    )
    return _Found(name, labels, environments, deployed, released)


def _named(records: Any) -> tuple[str, ...]:
    return tuple(str(one["name"]) for one in records)


def _environments(body: Any) -> tuple[str, ...]:
    return _named(body.get("environments") or ())


def _which(alive: list[Any]) -> Iterator[Proposal]:
    names = tuple(str(one["full_name"]) for one in alive)
    if names:
        yield Proposal("repositories", names, "pushed to within a year, neither archived nor a fork")


def _deploys(found: list[_Found]) -> Iterator[Proposal]:
    deployed, released = (sum(getattr(one, what) for one in found) for what in ("deployments", "releases"))
    if released and not deployed:
        yield Proposal("deploys_from", "releases", "there are releases and no deployments where it was looked")
    elif deployed:
        yield Proposal("deploys_from", "deployments", f"{deployed} of the {len(found)} looked into have deployments")
    every = dict.fromkeys(name for one in found for name in one.environments)
    if live := looking_like(every, "production"):
        yield Proposal("production", live, "environments that look like production")


def _sights(repositories: list[Any], found: list[_Found]) -> Iterator[Sight]:
    inside = {one.name: one for one in found}
    rows = [_row(one, inside.get(str(one["full_name"]))) for one in repositories[:_SHOWN]]
    more = len(repositories) - len(rows)
    columns = ("name", "seen by", "last push", "deployments", "releases", "environments")
    yield Sight(f"Repositories{f', and {more} more' if more else ''}", columns, tuple(rows))
    labels = Counter(name for one in found for name in one.labels)
    shown = labels.most_common(_SHOWN)
    yield Sight("Labels", ("name", "repositories"), tuple((name, str(count)) for name, count in shown))


def _row(repository: Any, inside: _Found | None) -> tuple[str, ...]:
    flags = ("archived" if repository.get("archived") else "", "a fork" if repository.get("fork") else "")
    seen = ", ".join(filter(None, ("private" if repository.get("private") else "public", *flags)))
    pushed = str(repository.get("pushed_at") or "")[:10]
    told = (_yes(inside.deployments), _yes(inside.releases), ", ".join(inside.environments)) if inside else ("", "", "")
    return str(repository["full_name"]), seen, pushed, *told


def _yes(there: bool) -> str:
    return "yes" if there else "no"


def _notes(alive: list[Any], proposals: Iterable[Proposal]) -> Iterator[str]:
    proposed = {one.key for one in proposals}
    if not alive:
        yield "this token sees no repository that somebody works in: give it access to those that count"
    if not {"idea_labels", "initiative_labels"} & proposed:
        yield "no label looks like an idea or an initiative; that is right where these are in another tool"
