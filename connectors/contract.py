"""What crosses the border: the five things that a connector yields, and the errors that it may end with.

A connector is a module with

    class Settings(contract.Settings): ...      its fields are the keys of `[sources.<name>]`
    def client(settings, **options) -> Client   which speaks to the tool, see `client.py`
    def events(settings, client, since, until) -> Iterator[Item]
    def check(settings, client) -> Iterator[str]        sentences about what it sees, for people; optional
    WINDOW: timedelta | None                    how much of the past one look should cover; optional

and nothing else is asked of it. `events` yields what was touched in [since, until); repeats are harmless, gaps are not.
`until` None means: up to now, without a bound.

Errors, by what to do next:

    SourceError
    ├── Refused      mend the credentials or the permissions
    ├── Unavailable  wait: it was still down after every retry
    └── Unreadable   the answer is not what the API promises; look at it
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, get_args

from pydantic import BaseModel, ConfigDict

Kind = Literal["idea", "decision", "start", "change", "deploy", "feedback"]
Direction = Literal["top_down", "bottom_up", "unknown"]
Evolution = Literal["genesis", "custom", "product", "commodity"]
Value = str | int | float | bool | None

KINDS: tuple[Kind, ...] = get_args(Kind)


@dataclass(frozen=True, slots=True)
class Event:
    """One fact that happened outside."""

    id: str
    """Unique within the source, stable across pulls."""
    kind: Kind
    occurred_at: datetime
    """Aware, of any offset; kept in UTC with microseconds."""
    subject: str
    """Key of the artefact that it is about: `jira:PAY-12`, `github:acme/pay#45`."""
    refs: tuple[str, ...] = ()
    """Keys of the artefacts that the subject belongs to or carries."""
    title: str | None = None
    url: str | None = None
    actor: str | None = None
    attributes: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """The source says that the event of this id never was, or is no more."""

    id: str


@dataclass(frozen=True, slots=True)
class Artefact:
    """All parents of one artefact as the source knows them now; what it named before and not now is withdrawn."""

    key: str
    parents: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Initiative:
    """A change that somebody wants to see turned into value."""

    key: str
    """`[A-Za-z0-9._-]{1,100}`"""
    name: str
    team: str | None = None
    owner: str | None = None
    url: str | None = None
    direction: Direction = "unknown"
    claims: tuple[str, ...] = ()
    """Keys of the artefacts that belong to it."""
    labels: Mapping[str, str] = field(default_factory=dict)
    evolution: Evolution | None = None
    """Its place on the map."""
    north_star_input: str | None = None
    """The North Star input metric that it is meant to move."""
    targets: Mapping[str, float] = field(default_factory=dict)
    """`time_to_value_seconds`, `rate_of_turn_seconds`."""


@dataclass(frozen=True, slots=True)
class Unread:
    """A record that could not be read: kept raw, with the reason, while the rest of its page goes on."""

    raw: Any
    reason: str


Item = Event | Withdrawn | Artefact | Initiative | Unread


class Settings(BaseModel):
    """Settings of one source; the fields are the TOML keys, their types and defaults are the validation."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class SourceError(Exception):
    """A source could not be read to the end; says which address and what to do."""


class Refused(SourceError):  # noqa: N818  the word is its remedy
    """The credentials or their permissions do not suffice."""


class Unavailable(SourceError):  # noqa: N818  the word is its remedy
    """Still down, slow or throttling after every retry."""


class Unreadable(SourceError):  # noqa: N818  the word is its remedy
    """An answer that is not what the API promises."""


def each(records: Iterable[Any], read: Callable[[Any], Iterable[Item]]) -> Iterator[Item]:
    """Read records one by one; one that does not have the promised shape becomes `Unread`, the others go on."""
    for record in records:
        try:
            yield from list(read(record))
        except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
            yield Unread(raw=record, reason=f"{type(error).__name__}: {error}")
