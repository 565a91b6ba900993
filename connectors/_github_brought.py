"""What a deploy brought: the commits between two versions, what their messages name, and the folders they change.

Takes a client and a repository's names; gives for each deploy how it ended and what it carries. The first of all has
nothing to be compared with and carries its own commit: else all of history would have shipped with it.
"""

from collections.abc import Iterable
from typing import Any, Literal, NamedTuple
from urllib.parse import quote

from connectors._github import GitHub, Names
from connectors._github_lists import folders

Contents = Literal["first", "unknown", "same"]
"""Why a deploy carries its own commit alone: nothing was there before, the commit before is gone, or it is the same."""
_UNKNOWN = (404,)
"""A commit that was pushed away is not found: the deploy stays, what it brought is unknown."""
_NO_TAG = (404, 422)


class Carried(NamedTuple):
    """How a deploy ended, and what it carries."""

    status: str
    contents: Contents | None
    refs: list[str]


class Brought:
    """Compares versions of one repository."""

    def __init__(self, client: GitHub, api: str, names: Names, paths: Iterable[str]) -> None:
        self._client, self._api, self._names, self._paths = client, api, names, tuple(paths)

    def between(self, base: str | None, head: str | None) -> Carried:
        """Tell what came between two versions, of which the second was deployed, as a commit, and the first was there.

        None is what was never there, or is not known.
        """
        if base is None or head is None:
            return self._alone(head, "first" if head else "unknown")
        path = f"{self._api}/compare/{quote(base, safe='')}...{quote(head, safe='')}"
        found = self._client.gather(path, {"per_page": 100}, items="commits", absent=_UNKNOWN)
        if found is None:
            return self._alone(head, "unknown")
        if found["status"] == "behind":
            return Carried("rolled_back", None, self._names.groups())
        return self._of(found) if found["commits"] else self._alone(head, "same")

    def sha(self, ref: str) -> str | None:
        """Find the commit of a tag; None if the tag is gone."""
        path = f"{self._api}/commits/{quote(ref, safe='')}"
        found = self._client.get(path, read=lambda told: str(told["sha"]), absent=_NO_TAG)
        return None if found is None else str(found)

    def _alone(self, head: str | None, why: Contents) -> Carried:
        return Carried("succeeded", why, [*self._names.commits([head] if head else []), *self._names.groups()])

    def _of(self, found: Any) -> Carried:
        names, messages = self._names, [commit["commit"]["message"] for commit in found["commits"]]
        commits = names.commits(commit["sha"] for commit in found["commits"])
        changed = folders(self._paths, (file["filename"] for file in found.get("files") or ()))
        named = [*names.keys(*messages), *names.mentioned(*messages), *names.groups(paths=changed)]
        return Carried("succeeded", None, list(dict.fromkeys([*commits, *named])))
