"""What comes in, checked: JSON becomes records of events, links and initiatives, and mistakes are said in words.

A record is `(source, item)` with the item of `connectors.contract`, or a `Link`. `faults` and `meaning` hold for every
event alike, whether a connector, a file or the API brought it.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from difflib import get_close_matches
from typing import Annotated, Any, TypeVar, cast, get_args

import orjson
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, ValidationError

from connectors.contract import KINDS, Direction, Event, Evolution, Initiative, Item, Kind, Value, Withdrawn

AHEAD = timedelta(minutes=5)
"""How far in the future an event may lie: clocks differ."""
KEY_BYTES = 512
"""Ids and artefact keys are parts of indexes; no tool has longer ones."""

OUTCOMES = ("approved", "rejected", "stopped", "deferred")
STATUSES = ("succeeded", "failed", "rolled_back")
SENTIMENTS = ("positive", "neutral", "negative")

T = TypeVar("T", bound=BaseModel)
_RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)")


@dataclass(frozen=True, slots=True)
class Link:
    """One child → parent, said or withdrawn by hand."""

    child: str
    parent: str
    deleted: bool = False


@dataclass(frozen=True, slots=True)
class Rejection:
    """A record that was not taken, and why."""

    index: int
    """Its place among the records of the batch, from 0; in a file the line, from 1."""
    reason: str
    source: str | None = None
    id: str | None = None
    raw: str = ""
    reader: str | None = None
    """What reads it again: None, a line of a file does by itself; empty, nothing does."""


@dataclass(frozen=True, slots=True)
class Record:
    """One thing to take, and who says it."""

    index: int
    source: str
    item: Item | Link
    by: str | None = None
    """Who says it by hand, and why; None for what a connector brings."""
    why: str | None = None


def instant(text: object) -> datetime:
    """Read RFC 3339 with an offset; ValueError in words. Fractions beyond microseconds are cut off."""
    example = "2026-09-21T10:06:40Z"
    if not isinstance(text, str):
        raise ValueError(f"must be text like {example!r}, not {_named(text)}")  # noqa: TRY004  pydantic expects it
    if not _RFC3339.fullmatch(text):
        hint = ""
        if re.fullmatch(r"\d{4}-\d\d-\d\d([Tt ]\d\d:\d\d(:\d\d(\.\d+)?)?)?", text):
            hint = ": the offset is missing, and it is never guessed; add Z for UTC or +02:00"
        raise ValueError(f"{text!r} is not an RFC 3339 time like {example!r}{hint}")
    try:
        return datetime.fromisoformat(text.upper()).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise ValueError(f"{text!r} is no time that exists ({error})") from None


def _named(value: object) -> str:
    names = {bool: "a boolean", int: "a number", float: "a number", dict: "an object", list: "an array", str: "text"}
    return "null" if value is None else names.get(type(value), type(value).__name__)


def _key(text: str) -> str:
    if len(text.encode()) > KEY_BYTES:
        raise ValueError(f"is longer than {KEY_BYTES} bytes")
    if not text.isprintable():
        raise ValueError("contains control characters")
    return text


ArtefactKey = Annotated[
    str, StringConstraints(min_length=1), BeforeValidator(lambda v: _key(v) if isinstance(v, str) else v)
]
Name = Annotated[str, StringConstraints(min_length=1, max_length=500, pattern=r"^[^\x00]*$")]
Text = Annotated[str, StringConstraints(max_length=10_000, pattern=r"^[^\x00]*$")]
Why = Annotated[str, StringConstraints(min_length=1, max_length=10_000, pattern=r"^[^\x00]*$")]
Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]
InitiativeKey = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{1,100}$")]
Instant = Annotated[datetime, BeforeValidator(instant)]


_NOT_ITS_OWN = frozenset({"key", "claims", "targets", "by", "why"})
_BESIDE = frozenset({"source", "deleted", "refs", "by", "why"})


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class TargetsBody(_Body):
    """How soon an initiative should be where; seconds."""

    time_to_value_seconds: Seconds | None = None
    rate_of_turn_seconds: Seconds | None = None


class InitiativeBody(_Body):
    """An initiative without its key."""

    name: Name
    team: Name | None = None
    owner: Name | None = None
    url: Text | None = None
    direction: Direction = "unknown"
    claims: list[ArtefactKey] = []
    labels: dict[Name, Name] = {}
    targets: TargetsBody = TargetsBody()
    evolution: Evolution | None = None
    north_star_input: Name | None = None
    by: Name | None = None
    why: Why | None = None

    def initiative(self, key: str) -> Initiative:
        """Return it as the contract has it."""
        fields = {name: value for name, value in self if name not in _NOT_ITS_OWN}
        targets = self.targets.model_dump(exclude_none=True)
        return Initiative(key=key, claims=tuple(dict.fromkeys(self.claims)), targets=targets, **fields)


class KeyedInitiativeBody(InitiativeBody):
    """An initiative as a line of a file has it."""

    key: InitiativeKey


class LinkBody(_Body):
    """Child → parent, or its withdrawal."""

    child: ArtefactKey
    parent: ArtefactKey
    deleted: bool = False
    by: Name | None = None
    why: Why | None = None


class WithdrawalBody(BaseModel):
    """The withdrawal of an event: all else of it is ignored."""

    model_config = ConfigDict(extra="ignore", strict=True)

    source: ArtefactKey = "api"
    id: ArtefactKey
    by: Name | None = None
    why: Why | None = None


class EventBody(_Body):
    """One event as a file or the API brings it."""

    source: ArtefactKey = "api"
    id: ArtefactKey
    kind: Kind
    occurred_at: Instant
    subject: ArtefactKey
    refs: list[ArtefactKey] = []
    title: Text | None = None
    url: Text | None = None
    actor: Text | None = None
    attributes: dict[Name, Value] = {}
    deleted: bool = False
    by: Name | None = None
    why: Why | None = None

    def event(self) -> Event:
        """Return it as the contract has it."""
        fields = {name: value for name, value in self if name not in _BESIDE}
        return Event(refs=tuple(self.refs), **fields)


def line(found: Record) -> str:
    """Write an event or an initiative as the line of a file that says the same; what it cannot say stands as text."""
    said = {"by": found.by, "why": found.why}
    if isinstance(found.item, Initiative):
        told: dict[str, Any] = {"initiative": {**asdict(found.item), **said}}
    else:
        told = {"source": found.source, **asdict(cast("Event", found.item)), **said}
    return orjson.dumps(told, default=str).decode()


def record(index: int, found: object) -> Record:
    """Read one JSON value as an event, `{"link": …}` or `{"initiative": …}`; ValueError in words."""
    if not isinstance(found, dict):
        raise ValueError(f"must be an object with an event, a link or an initiative, not {_named(found)}")  # noqa: TRY004
    try:
        if "initiative" in found and "id" not in found:
            keyed = _only("initiative", found, KeyedInitiativeBody)
            return Record(index, "api", keyed.initiative(keyed.key), keyed.by, keyed.why)
        if "link" in found and "id" not in found:
            said = _only("link", found, LinkBody)
            return Record(index, "api", Link(said.child, said.parent, deleted=said.deleted), said.by, said.why)
        if found.get("deleted") is True:
            withdrawn = WithdrawalBody.model_validate(found)
            return Record(index, withdrawn.source, Withdrawn(withdrawn.id), withdrawn.by, withdrawn.why)
        event = EventBody.model_validate(found)
    except ValidationError as error:
        raise ValueError(sentences(error)) from None
    return Record(index, event.source, event.event(), event.by, event.why)


def _only(name: str, found: Mapping[str, Any], body: type[T]) -> T:
    if others := [key for key in found if key != name]:
        raise ValueError(f"{others[0]}: does not belong beside {name!r} in one line")
    try:
        return body.model_validate(found[name])
    except ValidationError as error:
        raise ValueError(sentences(error, name)) from None


def read_lines(lines: Iterable[bytes]) -> Iterator[Record | Rejection]:
    """Read JSON Lines, numbered from 1; a torn or wrong line becomes a rejection, empty ones are passed over."""
    for number, line in enumerate(lines, start=1):
        text = line.removeprefix(b"\xef\xbb\xbf").strip() if number == 1 else line.strip()
        if not text:
            continue
        try:
            found = orjson.loads(text)
        except orjson.JSONDecodeError as error:
            yield Rejection(number, f"is not JSON ({error})", raw=_shown(text))
            continue
        yield one(number, found)


def one(index: int, found: object) -> Record | Rejection:
    """Read one JSON value; what is wrong with it becomes a rejection."""
    try:
        return record(index, found)
    except ValueError as error:
        who = {k: v for k in ("source", "id") if isinstance(v := found.get(k), str)} if isinstance(found, dict) else {}
        return Rejection(index, str(error), **who, raw=_shown(orjson.dumps(found)))


def _shown(raw: bytes) -> str:
    return raw.decode(errors="replace").replace("\x00", "\N{REPLACEMENT CHARACTER}")


def sentences(error: ValidationError, *within: str) -> str:
    """Say every mistake in words: the place, what is wrong, what would be right."""
    said = []
    for fault in error.errors():
        place = ".".join(str(part) for part in (*within, *fault["loc"]))
        said.append(f"{place}: {_said(fault)}" if place else _said(fault))
    return "; ".join(said)


def _said(fault: Any) -> str:
    given, context = fault.get("input"), fault.get("ctx", {})
    if fault["type"] == "missing":
        return "is missing"
    if fault["type"] == "extra_forbidden":
        return "is no field here" + nearest(str(fault["loc"][-1]), EventBody.model_fields)
    if fault["type"] == "literal_error":
        return f"{given!r} is none of {context['expected'].replace(' or ', ', ')}{nearest(str(given), get_args(Kind))}"
    if fault["type"] == "value_error":
        return str(context["error"])
    text = fault["msg"].removeprefix("Input ").removeprefix("should be ")
    return (
        f"should be {text}, not {given!r}" if isinstance(given, str | int | float | bool | None) else f"{fault['msg']}"
    )


def nearest(word: str, words: Iterable[str]) -> str:
    """Suggest the nearest right name, or nothing."""
    found = get_close_matches(word, list(words), n=1)
    return f"; did you mean {found[0]!r}?" if found else ""


def faults(event: Event, latest: datetime) -> str | None:
    """Say what is wrong with an event beyond its types, or None; it may have happened at the `latest` then."""
    if not is_key(event.id) or not is_key(event.subject) or event.refs:
        for name, key in (("id", event.id), ("subject", event.subject), *(("refs", ref) for ref in event.refs)):
            if not is_key(key):
                return f"{name}: {key[:40]!r} is not a key of 1 to {KEY_BYTES} printable bytes"
    if event.kind not in KINDS:
        return f"kind: {event.kind!r} is none of {', '.join(KINDS)}"
    if event.occurred_at.tzinfo is None:
        return "occurred_at: has no offset, and it is never guessed"
    if event.occurred_at > latest:
        return f"occurred_at: {event.occurred_at.isoformat()} lies in the future; quarantined until a clock is mended"
    if not event.attributes:
        return None
    said = (_attribute(event.kind, name, value) for name, value in event.attributes.items())
    return next((fault for fault in said if fault), None)


def is_key(text: str) -> bool:
    """Say whether a text can be a key: of a source, an event or an artefact."""
    return text.isprintable() and (0 < len(text) <= KEY_BYTES // 4 or 0 < len(text.encode()) <= KEY_BYTES)


def _attribute(kind: str, name: str, value: Value) -> str | None:
    allowed = _ALLOWED.get((kind, name))
    if allowed and value not in allowed:
        return f"attributes.{name}: {value!r} is none of {', '.join(allowed)}{nearest(str(value), allowed)}"
    if (kind, name) == ("feedback", "customer") and not isinstance(value, bool):
        return f"attributes.customer: must be true or false, not {value!r}"
    if (kind, name) == ("deploy", "environment") and not isinstance(value, str):
        return f"attributes.environment: must be text, not {value!r}"
    return None


_ALLOWED: dict[tuple[str, str], tuple[str, ...]] = {
    ("decision", "outcome"): OUTCOMES,
    ("deploy", "status"): STATUSES,
    ("feedback", "sentiment"): SENTIMENTS,
}


def meaning(kind: str, attributes: Mapping[str, Value]) -> str | None:
    """Say what an event can do to a milestone: idea, yes, no, start, ship, sense, or None for nothing."""
    match kind:
        case "decision":
            return {"approved": "yes", "rejected": "no", "stopped": "no"}.get(
                str(attributes.get("outcome", "approved"))
            )
        case "start" | "change":
            return "start"
        case "deploy":
            ships = attributes.get("environment", "production") == "production"
            return "ship" if ships and attributes.get("status", "succeeded") == "succeeded" else None
        case "feedback":
            return "sense" if attributes.get("customer", True) is True else None
        case _:
            return "idea"


PLAIN = {kind: meaning(kind, {}) for kind in KINDS}
"""What an event without attributes can do."""
