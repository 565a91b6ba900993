"""Tags of a repository as releases: when each was made, and which commits it brought.

Takes a `Repository` and rules; gives one event `deploy` for each tag. A release brings what no release before it
had; the first of all what was made in the days before it, for older commits shipped before anybody counted.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

from connectors._git_history import Names
from connectors._git_repository import Move, Repository
from connectors._reading import Span
from connectors.contract import Event, Item, Withdrawn

_FORMAT = "--format=%(refname)%00%(objectname)%00%(*objectname)%00%(creatordate:unix)%00%(*committerdate:unix)"
_TAGS, _GONE = "refs/tags/", "refs/gone/"


class Rules(NamedTuple):
    """What is a release, and when, as the settings say it."""

    releases: tuple[str, ...]
    prereleases: tuple[str, ...]
    at_tag: bool
    first_days: int
    late: timedelta


@dataclass(frozen=True, slots=True)
class Release:
    """A tag that is a release."""

    name: str
    commit: str
    at: datetime
    came: datetime
    """When it was first seen, or, if nobody wrote that down, made."""


class Releases:
    """Reads the releases of one repository."""

    def __init__(self, repository: Repository, names: Names, rules: Rules, moves: Mapping[str, list[Move]]) -> None:
        self._repository, self._names, self._rules, self._moves = repository, names, rules, moves
        self._begun = min((move[0].at for name, move in moves.items() if name.startswith("refs/heads/")), default=None)
        self._all: list[Release] | None = None

    def all(self) -> list[Release]:
        """List the releases that go to production, and those that do not, in the order of their times."""
        if self._all is None:
            lines = self._repository.ask("for-each-ref", _FORMAT, _TAGS).splitlines()
            found = [self._release(*line.split("\0")) for line in lines]
            self._all = sorted(filter(None, found), key=lambda one: (one.at, one.name))
        return self._all

    def made(self, span: Span) -> Iterator[Release]:
        """List the releases that came in the span."""
        late = timedelta(0) if self._begun else self._rules.late
        for one in self.all():
            if one.came >= span.since - late and (span.until is None or one.came < span.until):
                yield one

    def gone(self, span: Span) -> Iterator[Withdrawn]:
        """Yield the releases whose tags went away in the span."""
        here = {one.name for one in self.all()}
        for name, moves in self._moves.items():
            tag = name.removeprefix(_GONE)
            if not name.startswith(_GONE) or tag in here:
                continue
            at = moves[-1].at
            if at >= span.since and (span.until is None or at < span.until):
                yield Withdrawn(f"release/{tag}")

    def again(self, record: Any) -> Iterator[Item]:
        """Read a release anew, by its name; LookupError if its tag is gone."""
        found = [one for one in self.all() if one.name == record["name"]]
        if not found:
            raise LookupError(f"there is no tag {record['name']} any more")
        return self.read(found[0])

    def read(self, one: Release) -> Iterator[Item]:
        """Read a release, with the commits that no release before it had."""
        pre = self._is_pre(one.name)
        status, brought = ("succeeded", []) if pre else self._brought(one)
        yield Event(
            f"release/{one.name}",
            "deploy",
            one.at,
            subject=self._names.release(one.name),
            refs=tuple(self._names.commit(sha) for sha in brought),
            title=one.name,
            attributes={"environment": "prerelease" if pre else "production", "status": status},
        )

    def _release(self, name: str, tagged: str, commit: str, made: str, committed: str) -> Release | None:
        tag = name.removeprefix(_TAGS)
        if not any(fnmatchcase(tag, pattern) for pattern in self._rules.releases):
            return None
        said = made if self._rules.at_tag or not committed else committed
        at = datetime.fromtimestamp(int(said), UTC)
        moves = self._moves.get(name)
        known = moves and self._begun and moves[-1].at > self._begun
        return Release(tag, commit or tagged, at, moves[-1].at if moves and known else at)

    def _is_pre(self, tag: str) -> bool:
        return any(fnmatchcase(tag, pattern) for pattern in self._rules.prereleases)

    def _brought(self, one: Release) -> tuple[str, list[str]]:
        """Tell how a release ended and which commits it brought: none if an older one was put back."""
        before = [other for other in self.all() if (other.at, other.name) < (one.at, one.name)]
        before = [other for other in before if not self._is_pre(other.name)]
        since = [] if before else [f"--since={int(one.at.timestamp()) - self._rules.first_days * 86_400}"]
        given = "\n".join([one.commit, *(f"^{other.commit}" for other in before)])
        found = self._repository.ask("rev-list", *since, "--stdin", given=given).split()
        if not found and before and before[-1].commit != one.commit:
            return "rolled_back", []
        return "succeeded", found or [one.commit]
