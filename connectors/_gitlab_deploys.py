"""GitLab's deployments and releases as deploys, with the commits that each brought.

Takes a client and a project; gives one event for each deployment that succeeded or failed, or for each release. What
a deploy brought is asked for only in production: the commits between the deployment before it that succeeded there and
this one, or, where history was rewritten since, the merge requests that GitLab noted when it happened.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from itertools import takewhile
from typing import Any
from urllib.parse import quote

from connectors._gitlab import API, HIDDEN, Names, Project, ask, by_time, once, pages, second
from connectors._gitlab_history import who
from connectors._reading import Span, instant, touched
from connectors.client import Client, Params
from connectors.contract import Event

_UNKNOWN = (400, *HIDDEN)
"""A commit that was pushed away is a bad request; code that the token may not read is hidden."""
_ENDED = {"success": "succeeded", "failed": "failed"}
_GUESSED = ("production", "production/*", "prod", "prod/*", "live", "live/*")
"""What is production where a GitLab before 13.11 knows no tiers, or hides them."""
_FINISHED = "query($path: ID!, $iid: ID!) { project(fullPath: $path) { deployment(iid: $iid) { finishedAt } } }"


class Deployments:
    """Reads the deployments of one project."""

    def __init__(
        self, client: Client, names: Names, project: Project, production: tuple[str, ...], ignored: tuple[str, ...]
    ) -> None:
        self._client, self._names, self._project = client, names, project
        self._production, self._ignored = production, ignored
        self._tiers: dict[int, str | None] | None = None

    def any(self) -> bool:
        """Say whether the project has ever deployed."""
        return bool(self._client.get(f"{API}{self._project.api}/deployments", {"per_page": 1}))

    def touched(self, span: Span) -> Iterator[Any]:
        """List those that changed, the longest unchanged first; GitLab wants the filter and the order together."""
        asked: Params = {
            "updated_after": second(span.since),
            "order_by": "updated_at",
            "sort": "asc",
            "per_page": 100,
        }
        found = once(self._client.pages(f"{API}{self._project.api}/deployments", asked, following=by_time))
        return takewhile(lambda deployment: span.before_end(deployment, "updated_at"), found)

    def read(self, deployment: Any) -> Iterator[Event]:
        """Read a deployment that came to a result; nothing, while it runs or waits, or if it was called off."""
        place = deployment["environment"]["name"]
        status = _ENDED.get(deployment["status"])
        if status is None or _matches(place, self._ignored):
            return
        tier, at, job = self._tier(deployment["environment"]), self._finished(deployment), deployment.get("deployable")
        real = tier == "production" or _matches(place, self._production if tier else self._production + _GUESSED)
        refs = [commit(self._project, deployment["sha"])]
        if status == "succeeded" and real:
            status, refs = self._brought(deployment, at)
        named = "production" if real else tier if place.casefold() == "production" else place
        told = {"environment": named, "environment_name": place, "tier": tier}
        yield Event(
            f"deployment/{deployment['id']}",
            "deploy",
            at,
            subject=f"gitlab:{self._project.name}/deployments/{deployment['id']}",
            refs=tuple(refs),
            title=f"{deployment['ref']} to {place}",
            url=(job or {}).get("web_url"),
            actor=who(deployment.get("user")),
            attributes={**{name: value for name, value in told.items() if value}, "status": status},
        )

    def _tier(self, environment: Any) -> str | None:
        """Find the tier, which the list of environments tells and a deployment does not."""
        if self._tiers is None:
            found = pages(self._client, f"{self._project.api}/environments", absent=HIDDEN)
            self._tiers = {told["id"]: told.get("tier") for told in found}
        return environment.get("tier") or self._tiers.get(environment["id"])

    def _finished(self, deployment: Any) -> datetime:
        """Find when it finished: its job tells; of one that came by the API only GraphQL does, or its last change."""
        job = deployment.get("deployable")
        if job and job.get("finished_at"):
            return instant(job["finished_at"])
        told = ask(self._client, _FINISHED, path=self._project.path, iid=str(deployment["iid"]))
        found = ((told or {}).get("project") or {}).get("deployment") or {}
        return instant(found.get("finishedAt") or deployment["updated_at"])

    def _brought(self, deployment: Any, at: datetime) -> tuple[str, list[str]]:
        before = self._before(deployment, at)
        found = brought(self._client, self._names, self._project, before and before["sha"], deployment["sha"])
        if found:
            return found
        path = f"{self._project.api}/deployments/{deployment['id']}/merge_requests"
        requests = pages(self._client, path, {"state": "all"}, absent=HIDDEN)
        named = [self._names.thread(self._project.path, "!", told["iid"]) for told in requests]
        return "succeeded", [commit(self._project, deployment["sha"]), *named]

    def _before(self, deployment: Any, at: datetime) -> Any:
        """Find what was in the environment before; GitLab filters by the finish only for success, in that order."""
        asked: Params = {
            "environment": deployment["environment"]["name"],
            "status": "success",
            "finished_before": at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "order_by": "finished_at",
            "sort": "desc",
            "per_page": 5,
        }
        found = self._client.get(f"{API}{self._project.api}/deployments", asked)
        others = (other for other in found if other.keys() >= {"id", "sha"})
        return next((other for other in others if other["id"] != deployment["id"]), None)


class Releases:
    """Reads the releases of one project, each of which is a deploy to production."""

    def __init__(self, client: Client, names: Names, project: Project) -> None:
        self._client, self._names, self._project = client, names, project
        self._listed: list[Any] | None = None

    def published(self, span: Span) -> Iterator[Any]:
        """List those that came in the span; one may be filed later than its date says, or before it comes."""
        now = self._client.now()
        for release in self._all():
            filed, dated = touched(release, "created_at"), touched(release, "released_at")
            came = {"at": max(filed, dated).isoformat()} if filed and dated else {}
            to_come = dated is not None and dated > now
            if span.after_start(came, "at") and span.before_end(came, "at") and not to_come:
                yield release

    def read(self, release: Any) -> Iterator[Event]:
        """Read a release, with the commits since the one before."""
        name, tag, head = self._project.name, release["tag_name"], (release.get("commit") or {}).get("id")
        before = self._before(release)
        base = (before.get("commit") or {}).get("id") if before else None
        status, refs = "succeeded", [commit(self._project, head)] if head else []
        if head:
            found = brought(self._client, self._names, self._project, base, head)
            status, refs = found or (status, refs)
        yield Event(
            f"release/{self._project.id}/{tag}",
            "deploy",
            instant(release["released_at"]),
            subject=f"gitlab:{name}/releases/{tag}",
            refs=tuple(refs),
            title=release.get("name") or tag,
            url=(release.get("_links") or {}).get("self"),
            actor=who(release.get("author")),
            attributes={"environment": "production", "status": status},
        )

    def _all(self) -> list[Any]:
        if self._listed is None:
            self._listed = list(pages(self._client, f"{self._project.api}/releases"))
        return self._listed

    def _before(self, release: Any) -> Any:
        """Find the release that came last before this one."""
        at = instant(release["released_at"])
        dated = [(touched(other, "released_at"), other) for other in self._all()]
        older = [(when, other) for when, other in dated if when and when < at]
        return max(older, key=lambda pair: pair[0])[1] if older else None


def commit(project: Project, sha: str) -> str:
    """Name a commit of a project."""
    return f"gitlab:{project.name}@{sha}"


def brought(
    client: Client, names: Names, project: Project, base: str | None, head: str
) -> tuple[str, list[str]] | None:
    """Tell how a deploy ended and what it brought: its commits since the base, and the keys that they name.

    None where what both have in common cannot be told. Compares by two light questions, for `/repository/compare`
    brings every line that changed.
    """
    if base is None or base == head:
        return "succeeded", [commit(project, head)]
    both = "&".join(f"refs[]={quote(ref, safe='')}" for ref in (base, head))
    common = client.get(f"{API}{project.api}/repository/merge_base?{both}", absent=_UNKNOWN)
    if common is None:
        return None
    if common["id"] == head:
        return "rolled_back", []
    commits = list(pages(client, f"{project.api}/repository/commits", {"ref_name": f"{base}..{head}"}))
    named = names.keys(*(told["message"] for told in commits))
    return "succeeded", list(dict.fromkeys([*(commit(project, told["id"]) for told in commits), *named]))


def _matches(place: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(place.casefold(), pattern.casefold()) for pattern in patterns)
