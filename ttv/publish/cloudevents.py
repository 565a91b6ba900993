"""CloudEvents 1.0 over HTTP → the JSON of an event: structured, binary or batch; of type `ttv.<kind>`.

`id`, `source`, `subject` and `time` of the envelope are those of the event (`time` is `occurred_at`); `data` is an
object with the rest of its fields: `refs`, `title`, `url`, `actor`, `attributes`, `deleted`. It may repeat what the
envelope says, but not contradict it. Extension attributes are passed over.
"""

from base64 import b64decode
from typing import Any
from urllib.parse import unquote

import orjson
from werkzeug.datastructures import Headers

BATCH = "application/cloudevents-batch+json"
STRUCTURED = "application/cloudevents+json"

_REQUIRED = ("specversion", "id", "source", "type")
_ATTRIBUTES = (*_REQUIRED, "subject", "time")
_PREFIX = "ttv."


def is_binary(headers: Headers) -> bool:
    """Say whether the headers carry the attributes of a CloudEvent."""
    return any(f"ce-{name}" in headers for name in _REQUIRED)


def from_headers(headers: Headers, data: object) -> dict[str, Any]:
    """Put an event of binary mode together from its headers and its body; ValueError in words."""
    envelope = {name: _decoded(name, headers[f"ce-{name}"]) for name in _ATTRIBUTES if f"ce-{name}" in headers}
    return {**envelope, "data": data}


def event(envelope: object) -> dict[str, Any]:
    """Take the event out of its envelope; ValueError in words."""
    if not isinstance(envelope, dict):
        raise ValueError("must be an object with a CloudEvent")  # noqa: TRY004  one kind of error for what is sent
    for name in _REQUIRED:
        if not isinstance(envelope.get(name), str) or not envelope[name]:
            raise ValueError(f"{name}: is missing; a CloudEvent has {', '.join(_REQUIRED)}, each a text")
    if envelope["specversion"] != "1.0":
        raise ValueError(f"specversion: {envelope['specversion']!r} is not known; write '1.0'")
    if not envelope["type"].startswith(_PREFIX):
        raise ValueError(f"type: {envelope['type']!r} is not known; write 'ttv.<kind>', as in 'ttv.idea'")
    said = {
        "id": envelope["id"],
        "source": envelope["source"],
        "kind": envelope["type"].removeprefix(_PREFIX),
        "subject": envelope.get("subject"),
        "occurred_at": envelope.get("time"),
    }
    said = {name: value for name, value in said.items() if value is not None}
    data = _data(envelope)
    for name in said.keys() & data.keys():
        if said[name] != data[name]:
            raise ValueError(f"data.{name}: {data[name]!r} contradicts the envelope, which says {said[name]!r}")
    return data | said


def _data(envelope: dict[str, Any]) -> dict[str, Any]:
    if "data" in envelope and "data_base64" in envelope:
        raise ValueError("data_base64: a CloudEvent has this or data, not both")
    data = envelope.get("data")
    if "data_base64" in envelope:
        try:
            data = orjson.loads(b64decode(envelope["data_base64"], validate=True))
        except (TypeError, ValueError) as error:
            raise ValueError(f"data_base64: is not JSON in base 64 ({error})") from None
    if data is None:
        return {}
    if not isinstance(data, dict):
        raise ValueError("data: must be an object with the other fields of the event")  # noqa: TRY004  as above
    return data


def _decoded(name: str, value: str) -> str:
    if len(value) > 1 and value[0] == value[-1] == '"':
        value = value[1:-1].replace('\\"', '"').replace("\\\\", "\\")
    try:
        return unquote(value, errors="strict")
    except UnicodeDecodeError:
        raise ValueError(f"ce-{name}: {value!r} is not percent-encoded UTF-8") from None
