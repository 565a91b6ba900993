"""`POST /webhooks/{source}`: what a tool says by itself, taken into the log before it is answered.

A webhook carries its own signature instead of the server's token. What can be trusted is answered 2xx, also what brings
nothing, comes again, or cannot be read and lies in quarantine: a tool that hears of errors switches its webhook off. An
error tells a sender that is not trusted, or that should try again: 503, while the database is away.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any, cast

from flask import Response, request
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from requests.structures import CaseInsensitiveDict
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from connectors import contract
from connectors.contract import Refused, Unread, Unreadable
from ttv import deliveries
from ttv.config import Source
from ttv.deliveries import Said
from ttv.publish import answers, questions
from ttv.publish.instruments import Answered, Instruments
from ttv.publish.problems import BODY, Problem
from ttv.route import Route

OLDEST = timedelta(minutes=5)
"""How long after it was signed a webhook is taken, where the signature is over the time; clocks differ as much."""

_WEBHOOKS = Tag(name="webhooks", description="Where the tools say by themselves what happened.")
_MEGABYTE = 1024 * 1024
_ENDS: dict[str | int, Any] = dict.fromkeys((401, 403, 404, 413, 415, 503), BODY)


def blueprint(route: Route, sources: Iterable[Source], instruments: Instruments) -> APIBlueprint:
    """Make the blueprint of the webhooks of the sources whose tools can send them."""
    known = {source.name: source for source in sources}
    instruments.expect_webhooks(name for name, source in known.items() if source.receives)
    api = APIBlueprint("webhooks", __name__, abp_tags=[_WEBHOOKS], abp_responses={"400": BODY})

    @api.post("/webhooks/<source>", responses={200: answers.Heard, **_ENDS}, security=[{}])
    def hear(path: questions.HookedSource) -> Any:
        """Take what a tool says, signed as that tool signs."""
        source = _sending(known.get(path.source), path.source)
        ended: Answered = "failed"
        try:
            _check_secret(source)
            said = _read(source, _body(source))
            _check_age(source, said, route.now())
            heard = route.hear(source.name, source.type, said)
            ended = heard.ended
        except HTTPException:
            ended = "refused"
            raise
        finally:
            instruments.heard(source.name, ended)
        brought = {"accepted": heard.accepted, "duplicate": heard.duplicate, "rejected": len(heard.rejected)}
        instruments.brought(source.name, **brought)
        return {"outcome": ended, **brought}

    @api.after_request
    def grant(answer: Response) -> Response:
        """Let a sender of CloudEvents send, which asks for that before, as their specification of webhooks says."""
        asked = request.headers.get("WebHook-Request-Origin")
        source = known.get((request.view_args or {}).get("source", ""))
        if request.method == "OPTIONS" and asked and source and source.receives:
            answer.headers["WebHook-Allowed-Origin"] = asked
            answer.headers["WebHook-Allowed-Rate"] = "*"
        return answer

    return api


def _sending(source: Source | None, name: str) -> Source:
    """Return the source if its tool can send webhooks."""
    if source is None:
        raise Problem(HTTPStatus.NOT_FOUND, f"no source is called {name!r} in the configuration")
    if not source.receives:
        raise Problem(HTTPStatus.NOT_FOUND, f"source {name!r} takes no webhooks; it is looked at on its schedule")
    return source


def _check_secret(source: Source) -> None:
    if getattr(source.settings, "webhook_secret", None) is None:
        detail = (
            f"source {source.name!r} has no `webhook_secret`, and what nobody signed is not taken; set one in the "
            "configuration and in the tool"
        )
        raise Problem(HTTPStatus.FORBIDDEN, detail)


def _body(source: Source) -> bytes:
    """Read the body as it came."""
    if request.content_encoding not in (None, "", "identity"):
        detail = f"Content-Encoding {request.content_encoding!r} is not read; send the body as it is"
        raise Problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, detail, headers={"Accept-Encoding": "identity"})
    limit = cast("contract.HookedSettings", source.settings).webhook_megabytes
    request.max_content_length = limit * _MEGABYTE
    try:
        return request.get_data(cache=False)
    except RequestEntityTooLarge:
        detail = f"the webhook is longer than {limit} megabytes, which is `webhook_megabytes` of source {source.name!r}"
        raise Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, detail) from None


def _read(source: Source, body: bytes) -> Said:
    """Let the connector verify and read a webhook; what it cannot read is kept as it came."""
    headers, text = CaseInsensitiveDict(request.headers.items()), body.decode(errors="replace")
    try:
        found = list(contract.each([text], lambda _: source.connector.received(source.settings, headers, body)))
    except Refused as error:
        raise _untrusted(source, str(error)) from None
    except Unreadable as error:
        found = [Unread(raw=text, reason=error.said)]
    return deliveries.said(found, body)


def _check_age(source: Source, said: Said, now: datetime) -> None:
    """Refuse what was signed long ago: somebody may have kept it."""
    at = said.delivery.signed_at
    if at is not None and abs(now - at) > OLDEST:
        how = f"was signed {at.isoformat()}, and it is {now.isoformat()}"
        raise _untrusted(source, f"the webhook {how}: more than {OLDEST.seconds} seconds apart; look at both clocks")


def _untrusted(source: Source, detail: str) -> Problem:
    return Problem(HTTPStatus.UNAUTHORIZED, detail, headers={"WWW-Authenticate": f'Signature realm="{source.name}"'})
