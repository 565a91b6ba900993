"""CloudEvents and CDEvents: whatever a pipeline or a tool of one's own sends, as a webhook or to the API.

Reads CloudEvents 1.0 over HTTP in every mode, structured, binary and batch. One of type `ttv.<kind>` is an event as it
stands; one of type `dev.cdevents.…` is read by `_cdevents.py`. Asks nobody: a source of this type only receives.

Its own reader, for what a receiver needs of the SDK is these few lines: version 2 of it reads no batch, takes a missing
`id` for a new one where it must be an error, and wants `time` as a datetime before anything has been checked.
"""

from base64 import b64decode
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any
from urllib.parse import unquote

import orjson
from pydantic import Field, TypeAdapter

from connectors import _cdevents, _signed, contract
from connectors._cdevents_names import Names
from connectors._reading import ISSUE_KEY, Pattern, instant
from connectors.contract import Delivery, Event, Item, Refused, Reread, Unreadable, Withdrawn

BATCH = "application/cloudevents-batch+json"
STRUCTURED = "application/cloudevents+json"

READER = "cloudevent"
"""What reads one again that could not be read."""

_REQUIRED = ("specversion", "id", "source", "type")
_ATTRIBUTES = (*_REQUIRED, "subject", "time")
_PREFIX = "ttv."
_EVENT = TypeAdapter(Event)
_FIELDS = {*Event.__dataclass_fields__, "source", "deleted"}


class Settings(contract.HookedSettings):
    """What to make of what is sent."""

    production: tuple[str, ...] = Field(
        default=("production", "production/*", "prod", "prod/*", "live", "live/*"),
        description="Environments that are production; * stands for anything.",
    )
    idea_tickets: tuple[str, ...] = Field(
        default=(), description="Types and labels of tickets that are ideas.", examples=[["enhancement"]]
    )
    feedback_tickets: tuple[str, ...] = Field(
        default=(), description="Types and labels of tickets that are feedback.", examples=[["question"]]
    )
    key_pattern: Pattern = Field(
        default=ISSUE_KEY, description="Regular expression of issue keys in ids, descriptions and custom data."
    )
    keys_prefix: str = Field(default="jira:", description="What stands before such a key to name its artefact.")


def received(settings: Settings, headers: Mapping[str, str], body: bytes) -> Iterator[Item | Delivery]:
    """Yield what is sent: by whom it is trusted, signed over the body or with the secret as a token or password."""
    binary = is_binary(headers)
    yield _verified(settings, headers, body, binary=binary)
    yield from contract.each(_envelopes(headers, body, binary=binary), partial(_items, settings), READER)


def reread(settings: Settings, client: object) -> Reread:  # noqa: ARG001  it asks nobody
    """Read single CloudEvents again."""
    return lambda _, envelope: _items(settings, envelope)


def _verified(settings: Settings, headers: Mapping[str, str], body: bytes, *, binary: bool) -> Delivery:
    signed = next((name for name in ("webhook-signature", "X-Hub-Signature-256") if headers.get(name)), None)
    if signed and binary:
        raise Refused(f"{signed} is over the body alone, and in binary mode the event stands in headers: send it whole")
    if signed == "webhook-signature":
        return Delivery(signed_at=_signed.by_standard(settings, headers, body))
    if signed:
        _signed.by_hex(settings, body, signed, headers.get(signed))
        return Delivery()
    _signed.by_login(settings, headers.get("Authorization"))
    apart = sorted((name.lower(), value) for name, value in headers.items() if name.lower().startswith("ce-"))
    return Delivery(apart=repr(apart) if binary else "")


def _envelopes(headers: Mapping[str, str], body: bytes, *, binary: bool) -> list[Any]:
    media = headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if media == BATCH:
        found = _signed.payload(body)
        if not isinstance(found, list):
            raise Unreadable("a batch must be an array of CloudEvents")
        return found
    if media == STRUCTURED:
        return [_signed.payload(body)]
    if not binary or media.startswith("application/cloudevents"):
        raise Unreadable(f"Content-Type {media!r} without headers ce-… is no CloudEvent in JSON")
    try:
        return [from_headers(headers, _signed.payload(body) if body.strip() else None)]
    except ValueError as error:
        raise Unreadable(str(error)) from None


def _items(settings: Settings, envelope: Any) -> Iterator[Item]:
    """Read one CloudEvent; ids are told apart by who sent it, for several may send to one source."""
    checked(envelope)
    within = f"{envelope['source']}/"
    if is_cdevent(envelope):
        yield from cdevent(envelope, settings, within).items
        return
    said = event(envelope)
    id_ = within + said["id"]
    if said.get("deleted") is True:
        yield Withdrawn(id_)
        return
    for name in said.keys() - _FIELDS:
        raise ValueError(f"data.{name}: is no field of an event here; there are {', '.join(sorted(_FIELDS))}")
    fields = {name: value for name, value in said.items() if name not in ("source", "deleted")}
    yield _EVENT.validate_python({**fields, "id": id_, "occurred_at": instant(said["occurred_at"])})


def cdevent(envelope: dict[str, Any], settings: Settings, within: str = "") -> _cdevents.Read:
    """Read a CDEvent from its CloudEvent; ValueError in words, KeyError or TypeError where something is missing."""
    names = Names(settings.key_pattern, settings.keys_prefix)
    rules = _cdevents.Rules(names, settings.production, settings.idea_tickets, settings.feedback_tickets)
    return _cdevents.read({**envelope, "data": _data(envelope)}, rules, within)


def is_cdevent(envelope: dict[str, Any]) -> bool:
    """Say whether a CloudEvent is a CDEvent by its type."""
    return str(envelope["type"]).lower().startswith(_cdevents.PREFIX)


def is_binary(headers: Mapping[str, str]) -> bool:
    """Say whether the headers carry the attributes of a CloudEvent."""
    return any(f"ce-{name}" in headers for name in _REQUIRED)


def from_headers(headers: Mapping[str, str], data: object) -> dict[str, Any]:
    """Put an event of binary mode together from its headers and its body; ValueError in words."""
    envelope = {name: _decoded(name, headers[f"ce-{name}"]) for name in _ATTRIBUTES if f"ce-{name}" in headers}
    return {**envelope, "data": data}


def checked(envelope: object) -> dict[str, Any]:
    """Check that something is a CloudEvent; ValueError in words."""
    if not isinstance(envelope, dict):
        raise ValueError("must be an object with a CloudEvent")  # noqa: TRY004  one kind of error for what is sent
    for name in _REQUIRED:
        if not isinstance(envelope.get(name), str) or not envelope[name]:
            raise ValueError(f"{name}: is missing; a CloudEvent has {', '.join(_REQUIRED)}, each a text")
    if envelope["specversion"] != "1.0":
        raise ValueError(f"specversion: {envelope['specversion']!r} is not known; write '1.0'")
    return envelope


def event(envelope: dict[str, Any]) -> dict[str, Any]:
    """Take an event of ours out of its envelope, as the API has it; ValueError in words.

    `id`, `source`, `subject` and `time` of the envelope are those of the event (`time` is `occurred_at`); `data` is an
    object with the rest of its fields: `refs`, `title`, `url`, `actor`, `attributes`, `deleted`. It may repeat what the
    envelope says, but not contradict it. Extension attributes are passed over.
    """
    if not envelope["type"].startswith(_PREFIX):
        known = "write 'ttv.<kind>', as in 'ttv.idea', or a type of CDEvents, as in 'dev.cdevents.change.merged.0.3.0'"
        raise ValueError(f"type: {envelope['type']!r} is not known; {known}")
    said = {
        "id": envelope["id"],
        "source": envelope["source"],
        "kind": envelope["type"].removeprefix(_PREFIX),
        "subject": envelope.get("subject"),
        "occurred_at": envelope.get("time"),
    }
    said = {name: value for name, value in said.items() if value is not None}
    data = _data(envelope)
    if data is None:
        return said
    if not isinstance(data, dict):
        raise ValueError("data: must be an object with the other fields of the event")  # noqa: TRY004  as above
    for name in said.keys() & data.keys():
        if said[name] != data[name]:
            raise ValueError(f"data.{name}: {data[name]!r} contradicts the envelope, which says {said[name]!r}")
    return data | said


def _data(envelope: dict[str, Any]) -> Any:
    if "data" in envelope and "data_base64" in envelope:
        raise ValueError("data_base64: a CloudEvent has this or data, not both")
    if "data_base64" not in envelope:
        return envelope.get("data")
    try:
        return orjson.loads(b64decode(envelope["data_base64"], validate=True))
    except (TypeError, ValueError) as error:
        raise ValueError(f"data_base64: is not JSON in base 64 ({error})") from None


def _decoded(name: str, value: str) -> str:
    if len(value) > 1 and value[0] == value[-1] == '"':
        value = value[1:-1].replace('\\"', '"').replace("\\\\", "\\")
    try:
        return unquote(value, errors="strict")
    except UnicodeDecodeError:
        raise ValueError(f"ce-{name}: {value!r} is not percent-encoded UTF-8") from None
