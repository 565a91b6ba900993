"""GitHub's deployments and releases as deploys, with the commits that each brought.

Takes a client and a repository's names; gives one event for each deployment that came to a result, or for each
published release. What a deploy brought is asked for only where it counts, in production: the commits between the
deployment before that succeeded there and this one.
"""

from collections.abc import Iterator
from datetime import timedelta
from fnmatch import fnmatchcase
from itertools import count, islice
from typing import Any, NamedTuple
from urllib.parse import quote

from connectors._reading import Span, instant, keys, touched
from connectors.client import Client
from connectors.contract import Event

_UNKNOWN = (404,)
"""A commit that was pushed away is not found: the deploy stays, what it brought is unknown."""


class Names(NamedTuple):
    """The names of one repository's artefacts, and how its texts name issues elsewhere."""

    repository: str
    pattern: str
    prefix: str

    def thread(self, number: int | str, repository: str | None = None) -> str:
        """Name an issue or a pull request, of this repository or another."""
        return f"github:{repository or self.repository}#{number}"

    def commit(self, sha: str) -> str:
        """Name a commit."""
        return f"github:{self.repository}@{sha}"

    def keys(self, *texts: str) -> list[str]:
        """Name the issues whose keys stand in texts."""
        return [self.prefix + key for key in keys(self.pattern, *texts)]


class Deployments:
    """Reads the deployments of one repository, of which GitHub gives the newest first and nothing else."""

    def __init__(self, client: Client, names: Names, production: tuple[str, ...], recheck: timedelta) -> None:
        self._client, self._names, self._production, self._recheck = client, names, production, recheck
        self._path = f"/repos/{names.repository}"
        self._rest = client.pages(f"{self._path}/deployments", {"per_page": 100})
        self._seen: list[Any] = []
        self._results: dict[int, Any] = {}

    def touched(self, span: Span) -> Iterator[Any]:
        """List those created before the end that changed after the start, unless they are too old to change."""
        for deployment in self._after(0):
            if not span.after_start(deployment, "created_at", self._recheck):
                return
            if span.before_end(deployment, "created_at") and span.after_start(deployment, "updated_at"):
                yield deployment

    def read(self, deployment: Any) -> Iterator[Event]:
        """Read what became of a deployment; nothing yet, while it runs."""
        result = self._result(deployment)
        if result is None:
            return
        place, real = deployment["environment"], self._is_production(deployment)
        status, refs = "failed", [self._names.commit(deployment["sha"])]
        if result["state"] == "success":
            before = self._before(deployment) if real else None
            status, refs = _brought(self._client, self._names, before and before["sha"], deployment["sha"])
        yield Event(
            f"deployment/{deployment['id']}",
            "deploy",
            instant(result["created_at"]),
            subject=f"github:{self._names.repository}/deployments/{deployment['id']}",
            refs=tuple(refs),
            title=f"{deployment['ref']} to {place}",
            url=result.get("log_url") or result.get("target_url") or None,
            actor=(deployment.get("creator") or {}).get("login"),
            attributes={"environment": "production" if real else place, "environment_name": place, "status": status},
        )

    def _result(self, deployment: Any) -> Any:
        """Find the status that a deployment ended with: its first success, else its first failure."""
        number = deployment["id"]
        if number not in self._results:
            found = self._client.pages(f"{self._path}/deployments/{number}/statuses", {"per_page": 100})
            inorder = sorted(found, key=lambda status: (instant(status["created_at"]), status["id"]))
            failed = next((status for status in inorder if status["state"] in {"failure", "error"}), None)
            self._results[number] = next((status for status in inorder if status["state"] == "success"), failed)
        return self._results[number]

    def _is_production(self, deployment: Any) -> bool:
        place = str(deployment["environment"]).casefold()
        named = any(fnmatchcase(place, pattern.casefold()) for pattern in self._production)
        return named or deployment.get("production_environment") is True

    def _before(self, deployment: Any) -> Any:
        """Find the deployment that was in the environment before, however long ago it was put there."""
        after = next(place for place, other in enumerate(self._seen) if other is deployment) + 1
        for older in self._after(after):
            if _same_place(older, deployment):
                result = self._result(older)
                if result is not None and result["state"] == "success":
                    return older
        return None

    def _after(self, place: int) -> Iterator[Any]:
        """List the deployments from a place in the list on; what was asked for once is kept."""
        for index in count(place):
            if index == len(self._seen):
                self._seen.extend(islice(self._rest, 1))
            if index == len(self._seen):
                return
            yield self._seen[index]


class Releases:
    """Reads the published releases of one repository, each of which is a deploy to production."""

    def __init__(self, client: Client, names: Names) -> None:
        self._client, self._names = client, names
        self._all: list[Any] = []

    def published(self, span: Span) -> Iterator[Any]:
        """List those published in the span; the list is in another order, so all of it is read."""
        found = self._client.pages(f"/repos/{self._names.repository}/releases", {"per_page": 100})
        self._all = [release for release in found if not (isinstance(release, dict) and release.get("draft"))]
        name = "published_at"
        return (each for each in self._all if span.after_start(each, name) and span.before_end(each, name))

    def read(self, release: Any) -> Iterator[Event]:
        """Read a release, with the commits since the one before; a pre-release is not production."""
        repository, tag = self._names.repository, release["tag_name"]
        status, refs = "succeeded", list[str]()
        if not release.get("prerelease"):
            before = self._before(release)
            head = tag if before else self._client.get(f"/repos/{repository}/commits/{_quoted(tag)}", read=_sha)
            status, refs = _brought(self._client, self._names, before and before["tag_name"], head)
        yield Event(
            f"release/{release['id']}",
            "deploy",
            instant(release["published_at"]),
            subject=f"github:{repository}/releases/{tag}",
            refs=tuple(refs),
            title=release.get("name") or tag,
            url=release.get("html_url"),
            actor=(release.get("author") or {}).get("login"),
            attributes={
                "environment": "prerelease" if release.get("prerelease") else "production",
                "status": status,
            },
        )

    def _before(self, release: Any) -> Any:
        """Find the release that was published last before this one."""
        at = instant(release["published_at"])
        dated = [(touched(other, "published_at"), other) for other in self._all]
        older = [(when, other) for when, other in dated if when and when < at and not other.get("prerelease")]
        return max(older, key=lambda pair: pair[0])[1] if older else None


def _brought(client: Client, names: Names, base: str | None, head: str) -> tuple[str, list[str]]:
    """Tell how a deploy ended and what it brought: its commits since the base, and the keys that they name."""
    found = None
    if base:
        path = f"/repos/{names.repository}/compare/{_quoted(base)}...{_quoted(head)}"
        found = client.gather(path, {"per_page": 100}, items="commits", absent=_UNKNOWN)
    commits = found["commits"] if found else []
    if found and found["status"] == "behind":
        return "rolled_back", []
    own = [] if commits else [names.commit(head)]
    named = names.keys(*(commit["commit"]["message"] for commit in commits))
    return "succeeded", list(dict.fromkeys([*own, *(names.commit(commit["sha"]) for commit in commits), *named]))


def _same_place(older: Any, deployment: Any) -> bool:
    """Say whether both went to one environment; the list may hold what cannot be read, and repeat itself meanwhile."""
    if not isinstance(older, dict) or not older.keys() >= {"id", "sha", "environment"}:
        return False
    return bool(older["environment"] == deployment["environment"] and older["id"] != deployment["id"])


def _quoted(part: str) -> str:
    return quote(part, safe="")


def _sha(commit: Any) -> str:
    return str(commit["sha"])
