"""GitHub's deployments as deploys, with the commits that each brought.

Takes a client and a repository's names; gives one event for each deployment that came to a result. Their statuses
GraphQL tells of a hundred at once, REST of one. What a deploy brought is asked for only where it counts, in production:
the commits between the deployment before that succeeded there and this one.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from itertools import count, islice
from typing import Any

from connectors._github import AT_ONCE, GitHub, Names
from connectors._github_brought import Brought
from connectors._github_settings import Settings
from connectors._reading import Span, batches, instant
from connectors.contract import Event

STATUSES = """
query Statuses($ids: [ID!]!) {
  nodes(ids: $ids) {
    ... on Deployment {
      id
      statuses(first: 100) { nodes { state createdAt logUrl environmentUrl } pageInfo { hasNextPage } }
    }
  }
}
"""
_FAILED = {"failure", "error"}
_KEPT = ("id", "node_id", "sha", "ref", "environment", "production_environment", "created_at", "updated_at", "creator")
"""What is remembered of a deployment: its payload may be long."""


class Deployments:
    """Reads the deployments of one repository, of which GitHub gives the newest first and nothing else."""

    def __init__(self, client: GitHub, api: str, names: Names, settings: Settings) -> None:
        self._client, self._api, self._names, self._settings = client, api, names, settings
        self._rest = client.pages(f"{api}/deployments", {"per_page": 100})
        self._seen: list[Any] = []
        self._places: dict[int, int] = {}
        self._results: dict[int, Any] = {}
        self._brought = Brought(client, api, names, settings.paths)

    def any(self) -> bool:
        """Say whether anything ever went to production, as far as the newest deployments and the names tell."""
        if any(is_production(one, self._settings) for one in islice(self._after(0), 100) if isinstance(one, dict)):
            return True
        exact = (name for name in self._settings.production if "*" not in name)
        path = f"{self._api}/deployments"
        return bool(self._seen) and any(self._client.get(path, {"environment": name, "per_page": 1}) for name in exact)

    def touched(self, span: Span) -> Iterator[Any]:
        """List those created before the end that changed after the start, unless they are too old to change."""
        for some in batches(self._touched(span), AT_ONCE):
            self._learn(some)
            yield from some

    def read(self, deployment: Any) -> Iterator[Event]:
        """Read what became of a deployment; nothing yet, while it runs."""
        result = self._result(deployment)
        if result is None:
            return
        found = deploy(deployment, result, self._names, self._settings)
        if result["state"] == "success" and is_production(deployment, self._settings):
            before = self._before(deployment)
            status, contents, refs = self._brought.between(before and before["sha"], deployment["sha"])
            told = {**found.attributes, "status": status, **({"contents": contents} if contents else {})}
            found = replace(found, refs=tuple(refs), attributes=told)
        yield found

    def _touched(self, span: Span) -> Iterator[Any]:
        recheck = timedelta(days=self._settings.recheck_days)
        for deployment in self._after(0):
            if not span.after_start(deployment, "created_at", recheck):
                return
            wanted = not is_ignored(deployment, self._settings)
            if wanted and span.before_end(deployment, "created_at") and span.after_start(deployment, "updated_at"):
                yield deployment

    def _result(self, deployment: Any) -> Any:
        """Find the status that a deployment ended with."""
        number = deployment["id"]
        if number not in self._results:
            self._learn([deployment])
        if number not in self._results:
            found = self._client.pages(f"{self._api}/deployments/{number}/statuses", {"per_page": 100})
            self._results[number] = _result(found)
        return self._results[number]

    def _learn(self, deployments: Iterable[Any]) -> None:
        """Ask GraphQL for the statuses of deployments; what it does not tell in full is left to REST."""
        numbers = {
            one["node_id"]: one["id"]
            for one in deployments
            if isinstance(one, dict) and one.keys() >= {"id", "node_id"} and one["id"] not in self._results
        }
        for id_, node in self._client.about(STATUSES, numbers).items():
            statuses = node.get("statuses")
            if statuses and not statuses["pageInfo"]["hasNextPage"]:
                self._results[numbers[id_]] = _result(map(_as_status, statuses["nodes"]))

    def _before(self, deployment: Any) -> Any:
        """Find the deployment that was in the environment before, however long ago it was put there."""
        for older in self._after(self._older(deployment["id"])):
            if _same_place(older, deployment):
                result = self._result(older)
                if result is not None and result["state"] == "success":
                    return older
        return None

    def _older(self, number: int) -> int:
        """Find where the list goes on after a deployment; at its end if that is there no more."""
        rest = self._after(len(self._seen))
        while number not in self._places and next(rest, None) is not None:
            pass
        return self._places[number] + 1 if number in self._places else len(self._seen)

    def _after(self, place: int) -> Iterator[Any]:
        """List the deployments from a place in the list on; what was asked for once is kept."""
        for index in count(place):
            if index == len(self._seen):
                self._keep(islice(self._rest, 1))
            if index == len(self._seen):
                return
            yield self._seen[index]

    def _keep(self, deployments: Iterable[Any]) -> None:
        for deployment in map(_slim, deployments):
            if isinstance(deployment, dict) and "id" in deployment:
                self._places.setdefault(deployment["id"], len(self._seen))
            self._seen.append(deployment)


def deploy(deployment: Any, result: Any, names: Names, settings: Settings) -> Event:
    """Read a deployment by the status that it ended with, as far as it tells by itself what it brought: its commit."""
    place, real = deployment["environment"], is_production(deployment, settings)
    return Event(
        f"deployment/{deployment['id']}",
        "deploy",
        instant(result["created_at"]),
        subject=names.deployment(deployment["id"]),
        refs=(*names.commits([deployment["sha"]]), *names.groups()),
        title=f"{deployment['ref']} to {place}",
        url=result.get("log_url") or result.get("target_url") or None,
        actor=(deployment.get("creator") or {}).get("login"),
        attributes={
            "environment": "production" if real else place,
            "environment_name": place,
            "status": "succeeded" if result["state"] == "success" else "failed",
        },
    )


def is_ignored(deployment: Any, settings: Settings) -> bool:
    """Say whether the deployments of an environment are left out."""
    return _matches(_environment(deployment), settings.ignored_environments)


def is_production(deployment: Any, settings: Settings) -> bool:
    """Say whether a deployment goes to production, by its environment's name or by what GitHub marks."""
    return _matches(_environment(deployment), settings.production) or deployment.get("production_environment") is True


def _result(statuses: Iterable[Any]) -> Any:
    """Find what a deployment ended with: its first success, else its first failure; None if with neither."""
    inorder = sorted(statuses, key=_when)
    failed = next((status for status in inorder if status["state"] in _FAILED), None)
    return next((status for status in inorder if status["state"] == "success"), failed)


def _when(status: Any) -> tuple[datetime, int]:
    return instant(status["created_at"]), status.get("id", 0)


def _as_status(node: Any) -> Any:
    """Give a status of GraphQL as REST has it."""
    return {"state": node["state"].casefold(), "created_at": node["createdAt"], "log_url": node["logUrl"]}


def _slim(deployment: Any) -> Any:
    if not isinstance(deployment, dict):
        return deployment
    return {name: deployment[name] for name in _KEPT if name in deployment}


def _environment(deployment: Any) -> str:
    return str(deployment.get("environment", "") if isinstance(deployment, dict) else "")


def _matches(place: str, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(place.casefold(), pattern.casefold()) for pattern in patterns)


def _same_place(older: Any, deployment: Any) -> bool:
    """Say whether both went to one environment; the list may hold what cannot be read, and repeat itself meanwhile."""
    if not isinstance(older, dict) or not older.keys() >= {"id", "sha", "environment"}:
        return False
    return bool(older["environment"] == deployment["environment"] and older["id"] != deployment["id"])
