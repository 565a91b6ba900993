"""Git: commits of the main line as changes, tags as releases, of a repository that is a folder or an address.

Reads the history of one branch and the tags of one repository by the program git; an address is mirrored into the
folder first. Yields for each commit of the main line an Event `change`, for each tag that is a release an Event
`deploy` with the commits that no earlier release had, and for each commit an Artefact whose parents are the issues and
the pull request that its message, its branch or a commit that it merged name, the paths that it touches, and the
repository. What a forced push took from the main line, and tags that are gone, are Withdrawn.

A commit counts when it came: when the mirror got it, or, if the repository did not write that down, when it was made.
"""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, SecretStr, field_validator

from connectors import contract
from connectors._git_history import Commits, Names
from connectors._git_releases import Releases, Rules
from connectors._git_repository import Repository, options
from connectors._reading import ISSUE_KEY, Pattern, Span
from connectors.contract import Item, Reread, Unreadable

WINDOW: timedelta | None = timedelta(days=365)
"""A first pull is stored by years; a window costs a few runs of git."""

_SHALLOW = "its history is cut off: git fetch --unshallow gets the rest"


class Settings(contract.Settings):
    """What to read of one repository."""

    path: Path = Field(
        description="Folder of the repository; with url the folder that mirrors it, made if it is not there.",
        examples=["repositories/shop.git"],
    )
    url: str | None = Field(
        default=None,
        description="Address to mirror, by https, ssh or as a folder; without it the folder is read as it is.",
        examples=["https://git.example/acme/shop.git"],
    )
    user: str = Field(default="", description="User name for https; most tools take any beside a token.")
    token: SecretStr | None = Field(default=None, description="Token or password for https.")
    branch: str = Field(default="", description="The main line; by default the one that the repository names.")
    artefacts: str | None = Field(
        default=None,
        description="What stands before @ and # in the names of commits and pull requests, such as github:acme/shop, "
        "so that they are those of that source; by default git: with the name of the folder, and no pull requests.",
        examples=["github:acme/shop"],
    )
    releases: tuple[str, ...] = Field(
        default=("v[0-9]*", "[0-9]*", "release[-/]*"), description="Tags that are releases, as patterns."
    )
    prereleases: tuple[str, ...] = Field(
        default=("*-alpha*", "*-beta*", "*-rc*", "*.rc*"), description="Those of them that do not go to production."
    )
    released_at: Literal["tag", "commit"] = Field(
        default="tag", description="When a release happened: when it was tagged, or when its commit was made."
    )
    first_release_days: int = Field(
        default=90,
        ge=0,
        description="The first release of all brings the commits of so many days; what is older shipped before anybody "
        "counted.",
    )
    late_days: int = Field(
        default=14,
        ge=0,
        description="So many days after it was made a commit may still be pushed, where nothing says when it came.",
    )
    paths: tuple[str, ...] = Field(
        default=(),
        description="Folders and files that can be claimed as <repository>/paths/<path>; what touches them is theirs.",
        examples=[["services/checkout"]],
    )
    key_pattern: Pattern = Field(default=ISSUE_KEY, description="Regular expression of issue keys.")
    keys_prefix: str = Field(default="jira:", description="What stands before such a key to name its artefact.")

    @field_validator("url")
    @classmethod
    def _address(cls, url: str | None) -> str | None:
        if url and (url.startswith("-") or "::" in url):
            raise ValueError("must be an address by https or ssh, or a folder")
        if url and re.match(r"https?://[^/]*@", url):
            raise ValueError("must hold no name and password: user and token have their own keys")
        return url

    @field_validator("paths")
    @classmethod
    def _within(cls, paths: tuple[str, ...]) -> tuple[str, ...]:
        named = tuple(dict.fromkeys(path.strip("/") for path in paths))
        wrong = [path for path in named if not path.isprintable() or not path or {".", ".."} & set(path.split("/"))]
        if wrong:
            raise ValueError(f"must each be a path from the top of the repository, which {wrong[0]!r} is not")
        return named

    @property
    def names(self) -> Names:
        """Name the artefacts of the repository."""
        said = str(self.url or self.path.resolve()).rstrip("/").removesuffix(".git").removesuffix("/")
        own = re.split(r"[/:]", said)[-1] or "repository"
        named = self.artefacts or f"git:{own}"
        return Names(named, bool(self.artefacts), self.key_pattern, self.keys_prefix, self.paths)


def client(settings: Settings, **held: Any) -> Repository:
    """Name the repository; of the options of `Client` only the clock is used, for git speaks for itself."""
    token = settings.token.get_secret_value() if settings.token else ""
    said = {"http.lowSpeedLimit": "1", "http.lowSpeedTime": f"{settings.timeout_seconds:.0f}"}
    said |= {"http.proxy": settings.proxy} if settings.proxy else {}
    said |= {"http.sslCAInfo": str(settings.ca_bundle)} if settings.ca_bundle else {}
    return Repository(
        settings.path, settings.url, settings.branch, user=settings.user, token=token, said=said, **options(held)
    )


def check(settings: Settings, client: Repository) -> Iterator[str]:
    """Say which main line and which releases the repository has, and what it cannot tell."""
    client.refresh()
    main = client.main()
    if main is None:
        yield f"{client.path} has no commit yet"
        return
    commits = client.ask("rev-list", "--count", "--first-parent", main).strip()
    yield f"main line {main.removeprefix('refs/heads/')}: {commits} commits"
    releases = Releases(client, settings.names, _rules(settings), client.moves()).all()
    last = f", the last is {releases[-1].name}" if releases else ""
    yield f"{len(releases)} tags are releases{last}"
    if client.is_shallow():
        yield f"it is a shallow clone and will not be read: {_SHALLOW}"
    if not client.moves().get(main):
        yield f"it does not write down when commits came: those pushed after {settings.late_days} days are missed"


def events(settings: Settings, client: Repository, since: datetime, until: datetime | None) -> Iterator[Item]:
    """Yield the commits that came to the main line in [since, until), and the releases."""
    if until is None or not (client.path / "HEAD").exists():
        client.refresh()
    main = client.main()
    if main is None:
        return
    if client.is_shallow():
        raise Unreadable(f"{client.path} is a shallow clone", remedy=_SHALLOW)
    moves, span = client.moves(), Span(since, until)
    commits = Commits(client, settings.names, main, moves.get(main, []))
    yield from commits.gone(span)
    yield from contract.each(commits.came(span, timedelta(days=settings.late_days)), commits.read, "commit")
    releases = Releases(client, settings.names, _rules(settings), moves)
    yield from releases.gone(span)
    yield from contract.each(releases.made(span), releases.read, "release")


def reread(settings: Settings, client: Repository) -> Reread:
    """Read single commits and releases again."""
    main, moves = client.main() or "", client.moves()
    commits = Commits(client, settings.names, main, moves.get(main, []))
    releases = Releases(client, settings.names, _rules(settings), moves)
    return lambda reader, record: commits.again(record) if reader == "commit" else releases.again(record)


def _rules(settings: Settings) -> Rules:
    return Rules(
        settings.releases,
        settings.prereleases,
        settings.released_at == "tag",
        settings.first_release_days,
        timedelta(days=settings.late_days),
    )
