"""GitHub: ideas, decisions, changes, deployments and feedback of repositories, on GitHub.com or an Enterprise Server.

Reads, for each repository, `/issues`, in which pull requests are too, with the `/events` of those that are ideas, and
`/deployments` or `/releases` with `/compare` for the commits that each brought to production. GraphQL tells what is
beside a pull request or a deployment, the discussions, and the commits that came without a pull request; it needs a
token: without one `/pulls` and `/statuses` tell what they can. Yields Events, an Artefact for each issue, pull request,
discussion and commit of the main line, and an Initiative for each thread with a label of `initiative_labels`.

A deployment happened when it first succeeded, or else first failed: later statuses, such as `inactive`, change nothing.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, TypeVar

from connectors import _github_census, _github_survey, contract
from connectors._github import GitHub, Names, Repository, missing, repositories
from connectors._github_app import Installation
from connectors._github_deploys import Deployments
from connectors._github_hooks import received
from connectors._github_lists import Lists, as_discussion, as_pull, closing, folders, is_pull
from connectors._github_releases import Releases
from connectors._github_settings import Settings
from connectors._github_threads import Threads, names
from connectors._reading import Span
from connectors.client import Credentials
from connectors.contract import Item, Reread

__all__ = ["WINDOW", "Settings", "check", "client", "events", "gone", "received", "reread", "scope", "survey"]

T = TypeVar("T")

WINDOW: timedelta | None = timedelta(days=30)
"""A first pull is stored month by month; a month's deployments fit into GitHub's hourly allowance."""


def client(settings: Settings, **options: Any) -> GitHub:
    """Make a client for the API; the options are those of `Client`, such as `sleep` and `now`."""
    headers = {"Accept": "application/vnd.github+json, application/json;q=0.9", "X-GitHub-Api-Version": "2022-11-28"}
    auth: Credentials = settings.token.get_secret_value() if settings.token else None
    if settings.app_id and settings.app_installation and settings.app_key:
        key, now = settings.app_key.get_secret_value(), options.get("now") or partial(datetime.now, UTC)
        auth = Installation(settings.app_id, settings.app_installation, key, now)
    return GitHub.of(settings, settings.url, auth=auth, headers=headers, **options)


def check(settings: Settings, client: GitHub) -> Iterator[str]:
    """Say what is left of the token's allowance, and what it sees of each repository."""
    core = client.get("/rate_limit", read=lambda body: body["resources"]["core"], absent=(404,))
    signed = "app signed in" if settings.app_id else "token accepted" if settings.token else None
    who = signed or "no token: only public repositories"
    left = f"{core['remaining']} of {core['limit']} requests left this hour" if core else "no rate limit"
    yield f"{who}; {left}; {'GraphQL answers' if client.graphql else 'no GraphQL: slower, and without discussions'}"
    found = list(repositories(client, settings.repositories))
    yield from map(_described, found)
    if lost := missing(settings.repositories, found, settings.url):
        raise lost


def survey(settings: Settings, client: GitHub) -> contract.Survey:
    """Say which repositories the token sees, and propose what their labels and environments mean."""
    return _github_survey.survey(client, signed_in=bool(settings.token or settings.app_id))


def scope(settings: Settings, client: GitHub) -> Iterator[str]:
    """Yield the names of the repositories that the token sees."""
    return (repository.name for repository in repositories(client, settings.repositories))


def events(settings: Settings, client: GitHub, since: datetime, until: datetime | None) -> Iterator[Item]:
    """Yield what threads, commits and deploys say that were touched in [since, until).

    Refused if a repository is not found, after the others were read: what happens there meanwhile is not to be missed.
    """
    span, read = Span(since, until), _seen(settings, client, anew=until is None)
    for reading in _readings(settings, client, read):
        yield from reading.threads(span)
        yield from reading.deploys(span)
    if lost := missing(settings.repositories, read, settings.url):
        raise lost


def reread(settings: Settings, client: GitHub) -> Reread:
    """Make what reads a record again, by its kind and repository."""
    readings = _readings(settings, client, repositories(client, settings.repositories))
    read = {f"{kind} {one.name}": reader for one in readings for kind, reader in one.readers().items()}
    return lambda reader, raw: read[reader](raw)


def gone(settings: Settings, client: GitHub, subjects: Iterable[str]) -> Iterator[str]:
    """Yield those of some subjects that were deleted for sure; of a repository that is not seen nothing is said."""
    wanted, read = list(subjects), list(repositories(client, settings.repositories))
    for repository in read:
        yield from _github_census.gone(client, repository, names(settings, repository), wanted)


def _seen(settings: Settings, client: GitHub, *, anew: bool) -> list[Repository]:
    """List the repositories; of the windows of a long pull only the first and the last ask for them."""
    where = "repositories", ""
    if anew or where not in client.remembered:
        client.remembered[where] = list(repositories(client, settings.repositories))
    found: list[Repository] = client.remembered[where]
    return found


def _readings(settings: Settings, client: GitHub, read: Iterable[Repository]) -> Iterator["_Reading"]:
    found = list(read)
    known = {name.casefold(): repository.name for repository in found for name in (repository.path, repository.name)}
    return (_Reading(settings, client, repository, names(settings, repository, known)) for repository in found)


class _Reading:
    """Reads one repository."""

    def __init__(self, settings: Settings, client: GitHub, repository: Repository, names: Names) -> None:
        self.name = repository.name
        self._settings, self._client, self._repository, self._names = settings, client, repository, names
        self._lists = Lists(client, repository, names)
        self._threads = Threads(settings, names, repository.branch)

    def threads(self, span: Span) -> Iterator[Item]:
        """Read issues, pull requests, discussions, and commits that came without a pull request."""
        settings, lists, late = self._settings, self._lists, timedelta(days=self._settings.recheck_days)
        threads = lists.threads(span, closing=settings.closing_issues, files=bool(settings.paths))
        yield from contract.each(threads, self._thread, f"thread {self.name}")
        yield from contract.each(lists.discussions(span), self._discussion, f"discussion {self.name}")
        if settings.trunk_commits:
            yield from contract.each(lists.commits(span, late), self._threads.commit, f"commit {self.name}")

    def deploys(self, span: Span) -> Iterator[Item]:
        """Read deployments, or releases."""
        chosen, deployments = self._settings.deploys_from, self._kept("deployments", self._deployments, span)
        if chosen != "releases":
            yield from contract.each(deployments.touched(span), deployments.read, f"deployment {self.name}")
        if chosen == "releases" or (chosen == "auto" and not deployments.any()):
            releases = self._kept("releases", self._releases, span)
            yield from contract.each(releases.published(span), releases.read, f"release {self.name}")

    def readers(self) -> dict[str, Callable[[Any], Iterator[Item]]]:
        """Give what reads one record, by its kind."""
        return {
            "thread": self._thread,
            "discussion": self._discussion,
            "commit": self._threads.commit,
            "deployment": self._deployments().read,
            "release": self._releases().read,
        }

    def _discussion(self, node: Any) -> Iterator[Item]:
        return self._threads.discussion(as_discussion(node))

    def _releases(self) -> Releases:
        return Releases(self._client, self._repository.api, self._names, self._settings)

    def _deployments(self) -> Deployments:
        return Deployments(self._client, self._repository.api, self._names, self._settings)

    def _kept(self, kind: str, make: Callable[[], T], span: Span) -> T:
        """Take up a list that knows no start where the window before left it; the last window reads it anew."""
        where, kept = (kind, self._repository.path), self._client.remembered
        if span.until is None:
            kept.pop(where, None)
            return make()
        if where not in kept:
            kept[where] = make()
        found: T = kept[where]
        return found

    def _thread(self, record: Any) -> Iterator[Item]:
        if not is_pull(record):
            yield from self._threads.issue(record)
            if self._threads.is_idea(record):
                for happened in self._lists.happened(record):
                    yield from self._threads.decision(record, happened)
            return
        files = self._lists.files(record) if self._settings.paths else ()
        changed = folders(self._settings.paths, files)
        yield from self._threads.pull(as_pull(record), closing(self._names, record), changed)


def _described(repository: Repository) -> str:
    issues = "issues on" if repository.has_issues else "issues off"
    discussions = ", discussions on" if repository.has_discussions else ""
    renamed = f", now {repository.path}" if repository.path.casefold() != repository.name.casefold() else ""
    seen = "private" if repository.private else "public"
    return f"repository {repository.name}{renamed}: {seen}, default branch {repository.branch}, {issues}{discussions}"
