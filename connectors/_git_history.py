"""The commits of a repository's main line: which came in a time, what their messages name, what they merged.

Takes a `Repository`, its main branch and how that moved; gives events and artefacts. The main line is what one sees by
following first parents: a commit that came in by a merge is of that merge, unless it was on the line itself.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from connectors._git_repository import Move, Repository
from connectors._reading import Span, keys
from connectors.contract import Artefact, Event, Item, Withdrawn

_FORMAT = "--format=%H%n%P%n%ct%n%an%n%B"
_BEGINNING = datetime.min.replace(tzinfo=UTC)
_SQUASHED = re.compile(r"\(#([1-9][0-9]*)\)\s*$")
_MERGED = (
    re.compile(r"Merge pull request #(?P<number>[0-9]+) from (?P<branch>\S+)"),
    re.compile(r"Merged in (?P<branch>\S+) \(pull request #(?P<number>[0-9]+)\)"),
    re.compile(r"Merged PR (?P<number>[0-9]+): "),
    re.compile(r"Merge (?:remote-tracking )?branch '(?P<branch>[^']+)'"),
)
"""The subjects that GitHub, Bitbucket, Azure DevOps, and git itself with GitLab give to merges."""
_REQUESTED = re.compile(r"^See merge request (?:\S*)!([1-9][0-9]*)\s*$", re.MULTILINE)


class Names(NamedTuple):
    """The names of a repository's artefacts, and how its texts name issues elsewhere."""

    prefix: str
    threads: bool
    """Whether pull requests have names."""
    pattern: str
    keys_prefix: str
    paths: tuple[str, ...] = ()
    """Folders and files of which the commits are groups."""

    def groups(self, under: Iterable[str]) -> list[str]:
        """Name the groups that a commit stands in: the paths that it touches, and the repository."""
        return [*(f"{self.prefix}/paths/{path}" for path in under), self.prefix]

    def commit(self, sha: str) -> str:
        """Name a commit."""
        return f"{self.prefix}@{sha}"

    def release(self, tag: str) -> str:
        """Name a release."""
        return f"{self.prefix}/releases/{tag}"

    def parents(self, message: str) -> list[str]:
        """List the pull request and the issues that a message names, in its text or as the branch that it merged."""
        subject = message.partition("\n")[0]
        merged = next((found.groupdict() for form in _MERGED if (found := form.match(subject))), {})
        branch = merged.get("branch") or ""
        numbers = [merged.get("number"), *_SQUASHED.findall(subject)]
        threads = [f"{self.prefix}#{number}" for number in numbers if number]
        threads += [f"{self.prefix}!{number}" for number in _REQUESTED.findall(message)]
        issues = [self.keys_prefix + key for key in keys(self.pattern, message, branch, branch.upper())]
        return list(dict.fromkeys([*(threads if self.threads else []), *issues]))


@dataclass(slots=True)
class _Line:
    """A commit of the main line, and what those that it merged name."""

    raw: str
    groups: list[str]
    merged: list[str] = field(default_factory=list)


class Commits:
    """Reads the main line of one repository."""

    def __init__(self, repository: Repository, names: Names, main: str, moves: list[Move]) -> None:
        self._repository, self._names, self._main, self._moves = repository, names, main, moves

    def gone(self, span: Span) -> Iterator[Withdrawn]:
        """Yield the commits that forced pushes took away in the span."""
        start, end = self._tip(span.since), self._tip(span.until)
        for sha in self._shas(start, f"^{end}") if start != end else ():
            yield Withdrawn(f"commit/{sha}")

    def came(self, span: Span, late: timedelta) -> Iterator[_Line | Artefact]:
        """List the commits of the main line that came in the span, and artefacts for those that they merged."""
        start, end = self._tip(span.since), self._tip(span.until)
        arrived = set(self._shas(end, f"^{start}")) if start != end else set()
        begin = span.since if self._moves else span.since - late
        line = [
            one.split(" ") for one in self._repository.ask("log", "--first-parent", "--format=%H %ct", end).splitlines()
        ]
        wanted = [sha for sha, made in line if sha in arrived or _within(made, begin, span.until)]
        if wanted:
            yield from self._whole([sha for sha, _ in line], set(wanted))

    def _whole(self, line: list[str], wanted: set[str]) -> Iterator[_Line | Artefact]:
        """Read the commits from the oldest that is wanted on; each that was merged is of the oldest that merged it."""
        place = {sha: n for n, sha in enumerate(line)}
        oldest = max(place[sha] for sha in wanted)
        newest = min(place[sha] for sha in wanted)
        before = [f"^{line[oldest + 1]}"] if oldest + 1 < len(line) else []
        given = "\n".join([line[newest], *before])
        on_line, beside = (self._touching(given, way) for way in ("--first-parent", "--full-history"))
        of: dict[str, int] = {}
        found: dict[int, _Line] = {}
        for raw in self._repository.records(
            "log", "-z", "--topo-order", "--encoding=UTF-8", _FORMAT, "--stdin", given=given
        ):
            sha, parents = _head(raw)
            mine = place.get(sha, of.get(sha, newest))
            for parent in parents:
                if parent not in place:
                    of[parent] = max(of.get(parent, -1), mine)
            if line[mine] not in wanted:
                continue
            if sha in place:
                found[mine] = _Line(raw, self._names.groups(on_line.get(sha, ())))
            else:
                named = self._names.parents(_message(raw))
                found[mine].merged += named
                groups = self._names.groups(beside.get(sha, ()))
                yield Artefact(self._names.commit(sha), (*named, *groups))
        yield from (one for _, one in sorted(found.items(), reverse=True))

    def _touching(self, given: str, way: str) -> dict[str, list[str]]:
        """Say of commits which of the paths they touch: a merge on the line as a whole, others by themselves."""
        touched: dict[str, list[str]] = {}
        for path in self._names.paths:
            for sha in self._repository.ask(
                "rev-list", way, "--stdin", "--", f":(top,literal){path}", given=given
            ).split():
                touched.setdefault(sha, []).append(path)
        return touched

    def read(self, one: _Line | Artefact) -> Iterator[Item]:
        """Read a commit of the main line: it is a change, and belongs to what it and those that it merged name."""
        if isinstance(one, Artefact):
            yield one
            return
        sha, _parents, made, author, message = one.raw.split("\n", 4)
        key = self._names.commit(sha.strip())
        yield Artefact(key, tuple(dict.fromkeys([*self._names.parents(message), *one.merged, *one.groups])))
        yield Event(
            f"commit/{sha.strip()}",
            "change",
            datetime.fromtimestamp(int(made), UTC),
            subject=key,
            title=message.partition("\n")[0] or None,
            actor=author or None,
        )

    def again(self, record: Any) -> Iterator[Item]:
        """Read a commit from what JSON made of it."""
        return self.read(Artefact(record["key"], tuple(record["parents"])) if "key" in record else _Line(**record))

    def _tip(self, at: datetime | None) -> str:
        """Name the commit that the main line ended with at an instant, as far as the repository knows."""
        later = [n for n, move in enumerate(self._moves) if n > 0 and at is not None and move.at >= at]
        return self._moves[later[0] - 1].to if later else self._main

    def _shas(self, *revisions: str) -> list[str]:
        return self._repository.ask("rev-list", "--first-parent", *revisions).splitlines()


def _head(raw: str) -> tuple[str, list[str]]:
    sha, parents = raw.lstrip("\n").split("\n", 2)[:2]
    return sha, parents.split()


def _message(raw: str) -> str:
    return raw.split("\n", 4)[4]


def _within(made: str, since: datetime, until: datetime | None) -> bool:
    """Say whether a commit was made in a time; one that does not say when goes on to where it is read."""
    at = int(made) if made.isdecimal() else 0
    return at == 0 or (since.timestamp() <= at and (until is None or at < until.timestamp()))
