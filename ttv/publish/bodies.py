"""The bodies of the writing calls → JSON and records; what cannot be read at all is a problem that says what came.

Only JSON types are read, which also keeps foreign pages out: a browser sends none of them elsewhere unasked.
"""

from collections.abc import Iterable, Iterator
from http import HTTPStatus
from typing import Any

import orjson
from flask import Request

from ttv import records
from ttv.publish import cloudevents
from ttv.publish.problems import Problem
from ttv.records import Record, Rejection

JSON = "application/json"
LINES = ("application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonlines")
EVENTS = (JSON, *LINES[:1], LINES[2], cloudevents.STRUCTURED, cloudevents.BATCH)
"""What `POST /events` is documented to take."""

_SHOWN = 60


def events(request: Request) -> Iterable[Record | Rejection]:
    """Read the events of a request in whichever form it brings them."""
    media = request.mimetype
    if media.startswith("application/cloudevents"):
        return _cloudevents(request, media)
    if cloudevents.is_binary(request.headers):
        return _binary(request)
    if media in LINES:
        return records.read_lines(_text(request).split(b"\n"))
    _expect(media, JSON, EVENTS)
    return _each(loaded(request))


def links(request: Request) -> Iterator[Record | Rejection]:
    """Read the array of links of a request."""
    _expect(request.mimetype, JSON, (JSON,))
    found = loaded(request)
    if not isinstance(found, list):
        raise _unreadable('the body must be an array of links: [{"child": "…", "parent": "…"}]')
    return (records.one(index, {"link": link}) for index, link in enumerate(found))


def an_object(request: Request) -> dict[str, Any]:
    """Read the one JSON object of a request."""
    _expect(request.mimetype, JSON, (JSON,))
    found = loaded(request)
    if not isinstance(found, dict):
        raise _unreadable("the body must be one JSON object")
    return found


def loaded(request: Request) -> Any:
    """Read the body of a request as one JSON value."""
    text = _text(request)
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        hint = ""
        if _is_json(text.split(b"\n", 1)[0]):
            hint = f"; if it is meant as JSON Lines, send it as Content-Type: {LINES[0]}"
        raise _unreadable(f"the body is not JSON: {error}; it begins with {_beginning(text)}{hint}") from None


def _text(request: Request) -> bytes:
    if request.content_encoding not in (None, "", "identity"):
        detail = f"Content-Encoding {request.content_encoding!r} is not read; send the body as it is"
        raise Problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, detail, headers={"Accept-Encoding": "identity"})
    text = request.get_data().removeprefix(b"\xef\xbb\xbf").strip()
    if not text:
        raise _unreadable("the body is empty where JSON should be")
    if text.startswith(b"<"):
        raise _unreadable(
            f"the body is HTML or XML where JSON should be; it begins with {_beginning(text)}; "
            "look at what the sender got from its own source"
        )
    return text


def _each(found: object) -> Iterator[Record | Rejection]:
    if not isinstance(found, dict | list):
        raise _unreadable("the body must be one event or an array of events")
    return (records.one(index, one) for index, one in enumerate(found if isinstance(found, list) else [found]))


def _cloudevents(request: Request, media: str) -> Iterator[Record | Rejection]:
    batch = media.startswith("application/cloudevents-batch")
    _expect(media, cloudevents.BATCH if batch else cloudevents.STRUCTURED, EVENTS)
    found = loaded(request)
    if batch and not isinstance(found, list):
        raise _unreadable("the body of a batch must be an array of CloudEvents")
    return (_opened(index, envelope) for index, envelope in enumerate(found if batch else [found]))


def _binary(request: Request) -> Iterator[Record | Rejection]:
    data = None
    if request.content_length or request.mimetype:
        _expect(request.mimetype, JSON, EVENTS)
        data = loaded(request)
    try:
        envelope = cloudevents.from_headers(request.headers, data)
    except ValueError as error:
        raise _unreadable(str(error)) from None
    return iter([_opened(0, envelope)])


def _opened(index: int, envelope: object) -> Record | Rejection:
    try:
        event = cloudevents.event(envelope)
    except ValueError as error:
        known = envelope if isinstance(envelope, dict) else {}
        who = {name: known[name] for name in ("source", "id") if isinstance(known.get(name), str)}
        return Rejection(index, str(error), **who, raw=orjson.dumps(envelope).decode())
    return records.one(index, event)


def _expect(media: str, wanted: str, known: tuple[str, ...]) -> None:
    if media != wanted:
        came = f"Content-Type {media!r} is not read here" if media else "the Content-Type is missing"
        detail = f"{came}; send {', '.join(known)}"
        raise Problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, detail, headers={"Accept-Post": ", ".join(known)})


def _unreadable(detail: str) -> Problem:
    return Problem(HTTPStatus.BAD_REQUEST, detail)


def _is_json(text: bytes) -> bool:
    try:
        orjson.loads(text)
    except orjson.JSONDecodeError:
        return False
    return True


def _beginning(text: bytes) -> str:
    start = text[:_SHOWN].decode(errors="replace")
    return repr(start + "…" if len(text) > _SHOWN else start)
