"""GitHub's published releases as deploys, for repositories that have no deployments.

Takes a client and a repository's names; gives one event for each release, with the commits since the one before. A
pre-release is not production.
"""

from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property
from typing import Any

from connectors._github import GitHub, Names
from connectors._github_brought import Brought
from connectors._github_settings import Settings
from connectors._reading import Span, instant, touched
from connectors.contract import Event


class Releases:
    """Reads the published releases of one repository."""

    def __init__(self, client: GitHub, api: str, names: Names, settings: Settings) -> None:
        self._client, self._api, self._names = client, api, names
        self._brought = Brought(client, api, names, settings.paths)

    def published(self, span: Span) -> Iterator[Any]:
        """List those published in the span; the list is in another order, so all of it is read."""
        name = "published_at"
        return (each for each in self._all if span.after_start(each, name) and span.before_end(each, name))

    def read(self, release: Any) -> Iterator[Event]:
        """Read a release, and what it brought if it is one for production."""
        found = deploy(release, self._names)
        if found.attributes["environment"] == "production":
            before, head = self._before(release), self._brought.sha(release["tag_name"])
            status, contents, refs = self._brought.between(before and before["tag_name"], head)
            told = {**found.attributes, "status": status, **({"contents": contents} if contents else {})}
            found = replace(found, refs=tuple(refs), attributes=told)
        yield found

    @cached_property
    def _all(self) -> list[Any]:
        found = self._client.pages(f"{self._api}/releases", {"per_page": 100})
        return [release for release in found if not (isinstance(release, dict) and release.get("draft"))]

    def _before(self, release: Any) -> Any:
        """Find the release that was published last before this one."""
        at = instant(release["published_at"])
        dated = [(touched(other, "published_at"), other) for other in self._all]
        older = [(when, other) for when, other in dated if when and when < at and not other.get("prerelease")]
        return max(older, key=lambda pair: pair[0])[1] if older else None


def deploy(release: Any, names: Names) -> Event:
    """Read a release as far as it tells by itself, which is not what it brought."""
    tag = release["tag_name"]
    return Event(
        f"release/{release['id']}",
        "deploy",
        instant(release["published_at"]),
        subject=names.release(tag),
        refs=tuple(names.groups()),
        title=release.get("name") or tag,
        url=release.get("html_url"),
        actor=(release.get("author") or {}).get("login"),
        attributes={"environment": "prerelease" if release.get("prerelease") else "production", "status": "succeeded"},
    )
