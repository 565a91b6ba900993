"""What crosses the border: the six things that a connector yields, and the errors that it may end with.

A connector is a module with

    class Settings(contract.Settings): ...      its fields are the keys of `[sources.<name>]`
    def client(settings, **options) -> Client   which speaks to the tool, see `client.py`
    def events(settings, client, since, until) -> Iterator[Item]
    def check(settings, client) -> Iterator[str]        sentences about what it sees, for people; optional
    def scope(settings, client) -> Iterable[str]        names of the projects or repositories it sees; optional
    def gone(settings, client, subjects) -> Iterator[str]       the census; optional
    def reread(settings, client) -> Reread              what reads one record again that could not be read; optional
    def received(settings, headers, body) -> Iterator[Item | Delivery]      what a webhook of the tool says; optional
    def survey(settings, client) -> Survey      what it sees, and settings that fit it, for `ttv connect`; optional
    WINDOW: timedelta | None                    how much of the past one look should cover; optional

and nothing else is asked of it. `events` yields what was touched in [since, until); repeats are harmless, gaps are not.
`until` None means: up to now, without a bound.

`gone` is asked now and then about subjects of the source's events and artefacts, of any number and kind. It yields
those that are deleted in the tool for sure: not what is merely out of sight, moved or renamed, and not what the account
may see no more. Of what it cannot tell it says nothing. What it yields is withdrawn, and kept as an earlier version.

`reread` makes a function of a record's `reader` and its raw text as JSON, which yields what `events` would today:
`return lambda reader, raw: site.issue(raw)`. A record is replayed by it after an upgrade; see `Unread` and `each`.

`received` takes the headers of a webhook, whose names have no case, and its body as it came; its Settings are
HookedSettings. First it verifies the signature over the body (`_signed.py`), and ends with Refused where that is
missing or wrong; it asks nobody. What it yields is named and shaped as `events` would, so that both paths together
count once: an Artefact only where the body names all of its parents, nothing where the tool says nothing of use. What a
body does not tell exactly is left to the next look. A tool that only sends has `Settings` and `received` alone.

Errors, by what to do next:

    SourceError
    ├── Refused      mend the credentials or the permissions
    ├── Unavailable  wait: it was still down after every retry
    ├── Unreadable   the answer is not what the API promises; look at it
    └── Narrowed     it sees less than it did; give the permission back, or take the name out

Each carries the `state` that the source is in now, one of `State`, and the `remedy`, a sentence for who must act.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar, Literal, get_args
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

Kind = Literal["idea", "decision", "start", "change", "deploy", "feedback"]
Direction = Literal["top_down", "bottom_up", "unknown"]
Evolution = Literal["genesis", "custom", "product", "commodity"]
Value = str | int | float | bool | None
State = Literal[
    "unauthorized",
    "forbidden",
    "not_found",
    "gone",
    "bad_request",
    "throttled",
    "unavailable",
    "unreachable",
    "unreadable",
    "narrowed",
]
"""What is wrong with a source; a source that can be read is in none of them."""

STATES: tuple[State, ...] = get_args(State)
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
class Members:
    """All that stands in one group as the source knows it now; what stood there before and does not now is taken out.

    For groups that an artefact may enter and leave without being touched. Each artefact names them among its parents
    too, as far as that is known when it is read.
    """

    key: str
    """Of the group."""
    children: tuple[str, ...]
    within: tuple[str, ...] | None = None
    """How the keys begin that it tells of, such as those of the projects that can be seen; None if of all."""


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
    """As the tool has it: what JSON can say."""
    reason: str
    reader: str = ""
    """What the connector's `reread` needs to know to read it again, such as `issue`, or `pull acme/pay` where that does
    not stand in the record; empty if the record alone does not suffice."""


Item = Event | Withdrawn | Artefact | Members | Initiative | Unread
Reread = Callable[[str, Any], Iterable[Item]]
"""Reads a record again, by the name of its reader."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """What `received` may say of a webhook itself, before what it brings."""

    as_of: datetime | None = None
    """When the tool was in the state that the body tells of; what a look has read since is newer, and stays.

    What is deleted no look tells, so a Withdrawn holds however late it comes.
    """
    signed_at: datetime | None = None
    """When it was signed, where the signature is over that too; an old one is refused."""
    apart: str = ""
    """What tells it from another one with the same body, where that is as trustworthy as the body."""
    look_in: timedelta | None = None
    """In how long a look at the source would tell what the body leaves out; it is made then, not at its usual time."""


@dataclass(frozen=True, slots=True)
class Sight:
    """One table of what a source lets us see, for people."""

    what: str
    """What its rows are: `Projects`."""
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    """Each as long as `columns`."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A value for one setting, with the reason for it."""

    key: str
    """As in TOML, dotted where it lies deeper: `statuses.approved`."""
    value: str | int | bool | tuple[str, ...] | tuple[int, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class Survey:
    """What a source sees with settings that name hardly more than its address and token, and what would suit it."""

    account: str
    """Who is signed in, as a sentence begins: `Ana Lima at https://acme.example`."""
    sights: tuple[Sight, ...] = ()
    proposals: tuple[Proposal, ...] = ()
    notes: tuple[str, ...] = ()
    """Sentences about what nothing could be proposed for."""


class Settings(BaseModel):
    """Settings of one source; the fields are the TOML keys, their types and defaults are the validation."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    proxy: str | None = Field(
        default=None,
        description="Proxy to go through; without it HTTPS_PROXY and NO_PROXY hold, which may name a password.",
        examples=["http://proxy.example:3128"],
    )
    ca_bundle: Path | None = Field(
        default=None,
        description="File in PEM with the certificate authorities to trust instead of the public ones; without it "
        "REQUESTS_CA_BUNDLE or SSL_CERT_FILE holds.",
        examples=["company-ca.pem"],
    )
    timeout_seconds: float = Field(
        default=60, gt=0, le=3600, description="How long the tool may be silent within an answer."
    )
    limit_megabytes: int = Field(default=64, ge=1, le=4096, description="The largest answer that is read.")

    @field_validator("proxy")
    @classmethod
    def _web_proxy(cls, address: str | None) -> str | None:
        parts = urlsplit(address or "http://none")
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError("must begin with http:// or https:// and name a host")
        if parts.username or parts.password:
            raise ValueError("must hold no name and password: put an address that has them into HTTPS_PROXY")
        return address


class HookedSettings(Settings):
    """Settings of one source whose tool may also send webhooks."""

    webhook_secret: SecretStr | None = Field(
        default=None,
        description="Secret of the tool's webhooks to /webhooks/<name of the source>; without one none is taken. While "
        "it is being changed, the new and the old one, each on a line.",
    )
    webhook_megabytes: int = Field(default=25, ge=1, le=64, description="The largest webhook that is read.")

    @field_validator("webhook_secret")
    @classmethod
    def _not_blank(cls, secret: SecretStr | None) -> SecretStr | None:
        if secret is not None and not secret.get_secret_value().strip():
            raise ValueError("is empty, and everybody could sign with that")
        return secret


_REMEDIES: Mapping[State, str] = {
    "unauthorized": "check the token, and the mail address where there is one; it may have expired",
    "forbidden": "the token is known, but its permissions do not suffice",
    "not_found": "check the address and the names: what the token may not see is not found either",
    "gone": "this part of the API is gone, or the feature is switched off there",
    "bad_request": "check the names and conditions in the settings of the source against what the tool says",
    "throttled": "nothing, it goes on by itself; if it comes often, look less often with `every`",
    "unavailable": "nothing here, the tool itself is in trouble; it goes on by itself",
    "unreachable": "check the address, the name server, the proxy and the firewall; it goes on by itself",
    "unreadable": "look at what came: a proxy or a sign-in page may answer in the tool's place, or its API changed",
    "narrowed": "give the account its permission back, or take the names out of the settings",
}


class SourceError(Exception):
    """A source could not be read to the end; says which address and what to do.

    `state` and `remedy` are those of the class and of the state unless they are given; a remedy that is given stands
    in the text too.
    """

    usual: ClassVar[State] = "unreadable"

    def __init__(self, said: str, *, state: State | None = None, remedy: str | None = None) -> None:
        super().__init__(f"{said}; {remedy}" if remedy else said)
        self.said = said
        self.state: State = state or self.usual
        self.remedy = remedy or _REMEDIES[self.state]


class Refused(SourceError):  # noqa: N818  the word is its remedy
    """The credentials or their permissions do not suffice."""

    usual = "unauthorized"


class Unavailable(SourceError):  # noqa: N818  the word is its remedy
    """Still down, slow or throttling after every retry."""

    usual = "unavailable"


class Unreadable(SourceError):  # noqa: N818  the word is its remedy
    """An answer that is not what the API promises."""


class Narrowed(SourceError):  # noqa: N818  the word is what happened
    """The source sees less than it did: what was read of the rest stays, but nothing new comes of it."""

    usual = "narrowed"

    def __init__(self, missing: Iterable[str], seen: int) -> None:
        self.missing = tuple(sorted(missing))
        named = ", ".join(self.missing[:5]) + (f" and {len(self.missing) - 5} more" if self.missing[5:] else "")
        were = len(self.missing) + seen
        super().__init__(f"sees {seen} of the {were} that it saw before: not {named}", remedy=_REMEDIES["narrowed"])


def narrowed(before: Iterable[str], now: Iterable[str]) -> Narrowed | None:
    """Compare what a source saw with what it sees; None if nothing is missing. What is new is no loss."""
    old, seen = set(before), set(now)
    return Narrowed(old - seen, len(old & seen)) if old - seen else None


def remedy(state: State) -> str:
    """Say what to do about a state."""
    return _REMEDIES[state]


def each(records: Iterable[Any], read: Callable[[Any], Iterable[Item]], reader: str = "") -> Iterator[Item]:
    """Read records one by one; one that does not have the promised shape becomes `Unread`, the others go on.

    `reader` is what `reread` needs to know of them.
    """
    for record in records:
        try:
            yield from list(read(record))
        except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
            yield Unread(raw=record, reason=f"{type(error).__name__}: {error}", reader=reader)
