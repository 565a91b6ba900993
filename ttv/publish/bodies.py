"""The bodies of the writing calls → JSON and records; what cannot be read at all is a problem that says what came.

Only JSON types are read, which also keeps foreign pages out: a browser sends none of them elsewhere unasked.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

import orjson
from flask import Request
from requests.structures import CaseInsensitiveDict

from connectors import cloudevents
from ttv import records
from ttv.publish.problems import Problem
from ttv.records import Record, Rejection

JSON = "application/json"
LINES = ("application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonlines")
EVENTS = (JSON, *LINES[:1], LINES[2], cloudevents.STRUCTURED, cloudevents.BATCH)
"""What `POST /events` is documented to take."""

_SHOWN = 60
_CDEVENTS = cloudevents.Settings()
"""What is made of CDEvents that no source of the configuration stands for."""


@dataclass(frozen=True, slots=True)
class Passed:
    """A CDEvent that is no event, and why."""

    index: int
    reason: str


@dataclass
class Sent:
    """What a request brings."""

    records: Iterable[Record | Rejection] = ()
    passed: list[Passed] = field(default_factory=list)
    """What of it is passed over; whole once the records were read."""


def events(request: Request) -> Sent:
    """Read the events of a request in whichever form it brings them."""
    media, sent = request.mimetype, Sent()
    if media.startswith("application/cloudevents"):
        sent.records = opened(_cloudevents(request, media), sent.passed)
    elif cloudevents.is_binary(_headers(request)):
        sent.records = opened([_binary(request)], sent.passed)
    elif media in LINES:
        sent.records = records.read_lines(_text(request).split(b"\n"))
    else:
        _expect(media, JSON, EVENTS)
        sent.records = _each(loaded(request))
    return sent


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


def _cloudevents(request: Request, media: str) -> list[Any]:
    batch = media.startswith("application/cloudevents-batch")
    _expect(media, cloudevents.BATCH if batch else cloudevents.STRUCTURED, EVENTS)
    found = loaded(request)
    if batch and not isinstance(found, list):
        raise _unreadable("the body of a batch must be an array of CloudEvents")
    return found if batch else [found]


def _binary(request: Request) -> dict[str, Any]:
    data = None
    if request.content_length or request.mimetype:
        _expect(request.mimetype, JSON, EVENTS)
        data = loaded(request)
    try:
        return cloudevents.from_headers(_headers(request), data)
    except ValueError as error:
        raise _unreadable(str(error)) from None


def opened(envelopes: list[Any], passed: list[Passed]) -> Iterator[Record | Rejection]:
    """Open CloudEvents one by one; one that cannot be read becomes a rejection, one of no use is passed over."""
    for index, envelope in enumerate(envelopes):
        try:
            known = _checked(envelope)
            if not cloudevents.is_cdevent(known):
                yield records.one(index, cloudevents.event(known))
                continue
            read = cloudevents.cdevent(known, _CDEVENTS)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            yield _rejection(index, envelope, error)
            continue
        if read.passed:
            passed.append(Passed(index, read.passed))
        yield from (Record(index, known["source"], item) for item in read.items)


def _checked(envelope: object) -> dict[str, Any]:
    known = cloudevents.checked(envelope)
    if not records.is_key(known["source"]):
        raise ValueError(f"source: {known['source'][:40]!r} is too long, or not printable")
    return known


def _headers(request: Request) -> Mapping[str, str]:
    return CaseInsensitiveDict(request.headers.items())


def _rejection(index: int, envelope: object, error: Exception) -> Rejection:
    known = envelope if isinstance(envelope, dict) else {}
    who = {name: known[name] for name in ("source", "id") if isinstance(known.get(name), str)}
    said = str(error) if type(error) is ValueError else f"{type(error).__name__}: {error}"
    return Rejection(index, said, **who, raw=orjson.dumps(envelope).decode(), reader=cloudevents.READER)


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
