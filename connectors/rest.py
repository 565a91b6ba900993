"""REST: any tool that answers with lists of JSON records, described in the configuration alone.

Reads the lists of `[[sources.<name>.reads]]`, page by page, with the parameters that ask for what was touched in the
time, where the API has such; what its records become is said by expressions in JMESPath, https://jmespath.org. Yields
an Event for each record of a list that has a kind, an Artefact for each of a list that has none, and an Initiative
where one is described. A child list is asked for once for each record of the list above it.

What an API does not list any more is not noticed, unless it marks it as deleted.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from functools import partial
from itertools import islice, takewhile
from typing import Any, Literal, Self, get_args
from urllib.parse import urljoin

from pydantic import Field, SecretStr, field_validator, model_validator

from connectors import _times, contract
from connectors._placed import Placed, Where
from connectors._reading import ISSUE_KEY, Pattern, Span, WebAddress, keys
from connectors._rest_expressions import Wanted, expression
from connectors._rest_reads import Child, Read, Reader, filled, holes
from connectors._times import Form, Zone
from connectors.client import Client
from connectors.contract import Item, Refused, Reread, Unread

WINDOW: timedelta | None = None
"""One look reads each list once: not every API can be asked for a part of the past."""

_SHOWN = 20
"""Records of each list that a check looks at."""


class Settings(contract.Settings):
    """What to read of one REST API."""

    url: WebAddress = Field(description="Address of the API; the paths of the reads stand below it.")
    auth: Literal["bearer", "basic", "header", "query", "body", "none"] = Field(
        default="bearer", description="Where the token goes: Authorization, a header or parameter of its own, the body."
    )
    auth_name: str = Field(default="", description="Name of that header, parameter or field.")
    user: str = Field(default="", description="User name for basic.")
    token: SecretStr | None = Field(default=None, description="Token, key or password.")
    headers: dict[str, str] = Field(default={}, description="Further headers of every request, such as a version.")
    error: Wanted | None = Field(
        default=None,
        description="What stands in a body that is an error in spite of status 200.",
        examples=["error"],
    )
    time_format: Form = Field(
        default="auto",
        description="How the tool writes times: auto (ISO 8601, or epoch seconds or milliseconds by their size), "
        'unix_seconds, unix_milliseconds, or a pattern such as "%d/%m/%Y %H:%M".',
    )
    timezone: Zone | None = Field(
        default=None, description="Zone of times without an offset; they are refused otherwise.", examples=["UTC"]
    )
    key_pattern: Pattern = Field(default=ISSUE_KEY, description="Regular expression of issue keys in texts.")
    keys_prefix: str = Field(default="jira:", description="What stands before such a key to name its artefact.")
    reads: tuple[Read, ...] = Field(
        description="The lists to read.",
        examples=[
            [
                {
                    "name": "ideas",
                    "path": "/ideas",
                    "kind": "idea",
                    "occurred_at": "created_at",
                    "subject": "join('', ['ideas:', to_string(id)])",
                }
            ]
        ],
    )

    @field_validator("reads")
    @classmethod
    def _sound(cls, reads: tuple[Read, ...]) -> tuple[Read, ...]:
        if not reads:
            raise ValueError("must be one list at least: a table [[sources.<name>.reads]]")
        lists: dict[str, set[str]] = {}
        for one in _all(reads):
            lists.setdefault(one.name, set()).add(one.path)
        if twice := sorted(name for name, paths in lists.items() if len(paths) > 1):
            raise ValueError(f"must each have a name of their own, for it begins their ids; {', '.join(twice)} has two")
        texts = [text for one in reads for child in one.children for text in (child.path, *_templates(child))]
        for hole in (hole for text in texts for hole in holes(text)):
            expression(hole)
        return reads

    @model_validator(mode="after")
    def _named(self) -> Self:
        if (self.auth in get_args(Where)) != bool(self.auth_name):
            raise ValueError('auth_name belongs to auth = "header", "query" or "body", and only there')
        if self.auth == "body" and any(one.method == "GET" for one in _all(self.reads)):
            raise ValueError('auth = "body" needs method = "POST" in every read')
        return self


def client(settings: Settings, **options: Any) -> Client:
    """Make a client for the API; the options are those of `Client`, such as `sleep` and `now`."""
    token = settings.token.get_secret_value() if settings.token else ""
    if settings.auth != "none" and not token:
        raise Refused(f'{settings.url}: there is no token; give one, or say auth = "none"')
    auth: Any = {"bearer": token, "basic": (settings.user, token), "none": None}.get(settings.auth, "")
    if settings.auth in get_args(Where):
        auth = Placed(settings.auth, settings.auth_name, token)  # type: ignore[arg-type]  # a Where, as was asked
    return Client.of(settings, settings.url, auth=auth, headers=settings.headers, **options)


def check(settings: Settings, client: Client) -> Iterator[str]:
    """Say of each list how many of its first records can be read, and what comes of them."""
    source, span = _Source(settings, client), Span(client.now() - timedelta(days=365), None)
    for one in settings.reads:
        records = list(islice(source.records(one, span), _SHOWN))
        items = [item for record in records for item in contract.each([record], source.reader(one).items)]
        unread = [item.reason for item in items if isinstance(item, Unread)]
        said = f"{one.name}: {len(records)} records looked at, {len(items) - len(unread)} items come of them"
        yield f"{said}; {len(unread)} cannot be read, the first because {unread[0]}" if unread else said


def events(settings: Settings, client: Client, since: datetime, until: datetime | None) -> Iterator[Item]:
    """Yield what the records say that were touched in [since, until)."""
    source = _Source(settings, client)
    for one in settings.reads:
        for record in source.records(one, Span(since, until)):
            yield from contract.each([record], partial(source.items, one), one.name)


def reread(settings: Settings, client: Client) -> Reread:
    """Read single records again, each by the name of its list; one of a child read has the record above it in it."""
    source = _Source(settings, client)
    lists: dict[str, Callable[[Any], Iterable[Item]]] = {
        f"{one.name}/{child.name}": source.reader(child).items for one in settings.reads for child in one.children
    }
    lists |= {one.name: partial(source.items, one) for one in settings.reads}

    def again(reader: str, record: Any) -> Iterable[Item]:
        if reader not in lists:
            raise LookupError(f"there is no list {reader} any more")
        return lists[reader](record)

    return again


class _Source:
    """Reads the lists of one API."""

    def __init__(self, settings: Settings, client: Client) -> None:
        self._settings, self._client = settings, client
        self._time = partial(_times.read, form=settings.time_format, zone=settings.timezone)

    def records(self, one: Read, span: Span) -> Iterator[Any]:
        """List the records of a read that were touched in the span; one that does not say when goes on."""
        asked = dict(one.params)
        if one.since:
            asked |= one.since.sent(span.since, end=False)
        if one.until and span.until:
            asked |= one.until.sent(span.until, end=True)
        found: Iterable[Any] = self._pages(one, one.path, asked, ends_early=one.order == "newest")
        dated = ((record, self._touched(one, record)) for record in found)
        if one.order == "newest":
            dated = takewhile(lambda pair: pair[1] is None or pair[1] >= span.since, dated)  # type: ignore[assignment]
        elif one.order == "oldest":
            dated = takewhile(  # type: ignore[assignment]
                lambda pair: pair[1] is None or span.until is None or pair[1] < span.until, dated
            )
        return (record for record, at in dated if at is None or _within(at, span))

    def items(self, one: Read, record: Any) -> Iterator[Item]:
        """Read a record, and the lists below it."""
        yield from self.reader(one).items(record)
        if one.when and not one.when.holds(record):
            return
        for child in one.children:
            asked = {name: _filled(value, record) for name, value in child.params.items()}
            found = self._pages(child, filled(child.path, record, path=True), asked)
            below = (_below(record, other) for other in found)
            yield from contract.each(below, self.reader(child).items, f"{one.name}/{child.name}")

    def reader(self, one: Child) -> Reader:
        """Return what reads the records of a list."""
        settings = self._settings
        time = partial(_times.read, form=settings.time_format, zone=settings.timezone)
        return Reader(
            one, time, lambda *texts: [settings.keys_prefix + key for key in keys(settings.key_pattern, *texts)]
        )

    def _pages(self, one: Child, path: str, asked: Mapping[str, Any], *, ends_early: bool = False) -> Iterator[Any]:
        take = partial(self._listed, one)
        following = one.paging.following(take, urljoin(f"{self._settings.url}/", path.lstrip("/")))
        wanted = {**asked, **one.paging.begin()}
        pages = partial(
            self._client.pages,
            path,
            items=take,
            following=following,
            absent=one.absent,
            in_flight=0 if ends_early else 1,
        )
        if one.method == "POST":
            return pages(json=wanted)
        return pages({name: _plain(value) for name, value in wanted.items()})

    def _listed(self, one: Child, body: Any) -> list[Any]:
        said = self._settings.error.of(body) if self._settings.error else None
        if said is not None:
            raise ValueError(f"an error in spite of its status: {said}")
        found = one.records.of(body)
        if not isinstance(found, list):
            raise TypeError(f"{one.name}.records, `{one.records.text}`, is no list")
        return found

    def _touched(self, one: Read, record: Any) -> datetime | None:
        try:
            return self._time(one.touched.of(record)) if one.touched else None
        except (TypeError, ValueError, OverflowError, OSError):
            return None


def _all(reads: Iterable[Read]) -> list[Child]:
    """List the reads, and those below them."""
    return [one for read in reads for one in (read, *read.children)]


def _within(at: datetime, span: Span) -> bool:
    return at >= span.since and (span.until is None or at < span.until)


def _below(above: Any, record: Any) -> Any:
    """Let a record know the one above it."""
    return {**record, "above": above} if isinstance(record, dict) else record


def _templates(child: Child) -> list[str]:
    return [value for value in child.params.values() if isinstance(value, str)]


def _filled(value: Any, record: Any) -> Any:
    return filled(value, record) if isinstance(value, str) else value


def _plain(value: Any) -> Any:
    """Write a parameter as addresses have it."""
    return str(value).lower() if isinstance(value, bool) else value
