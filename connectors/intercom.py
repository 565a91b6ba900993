"""Intercom: what customers write in conversations, and how they rate them, as feedback.

Reads `/conversations/search` by `updated_at`, each conversation that it finds whole, and the tickets linked to it.
Yields an Event `feedback` for each message of a customer, the first and every later one, and for each rating, and an
Artefact for each conversation and ticket, whose parents are the tickets and the issues that it names. What a teammate
or a bot answers is no feedback; a conversation that a teammate began is, but not a customer's.

The search may compare dates by the day in the workspace's zone, so it is asked for two days more at both ends, and what
it gives is compared here. A message that was redacted is still an event, without its text. Names, addresses and texts
are not kept. A conversation that is deleted is found by the census; of more than 500 parts only the last 500 are there.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from html import unescape
from typing import Any

from pydantic import Field, SecretStr, field_validator

from connectors import _signed, contract
from connectors._meanings import looking_like
from connectors._reading import ISSUE_KEY, Pattern, Span, WebAddress, instant, keys, same
from connectors.client import Client, Page, listed
from connectors.contract import (
    Artefact,
    Delivery,
    Event,
    Item,
    Proposal,
    Refused,
    Reread,
    Sight,
    Survey,
    Value,
    Withdrawn,
)

WINDOW: timedelta | None = timedelta(days=30)
"""A first pull is stored month by month, by the time when conversations were last touched."""

_GONE = (404,)
_DAYS = timedelta(days=2)
"""How far a day of the workspace's zone may lie from ours, rounded up."""
_SECOND = timedelta(seconds=1)
"""Intercom tells whole seconds."""
_PER_PAGE = 150
_SOON = timedelta(seconds=30)
"""So long after a webhook the search knows what it tells of."""
_TELLING = re.compile(r"conversation(_part)?\.(?!admin\.(assigned|snoozed|unsnoozed|opened|closed)\b)|ticket\.")
"""Topics that a look makes something of."""
_CONTACTS = {"user", "lead", "contact"}
_RATED = "conversation_rating_changed"
_TAG = re.compile(r"<[^>]{0,2000}>")
_ARTEFACT = re.compile(r"(?<![\w:/])(?:jira|github|gitlab|initiative):[^\s,;<>\"'()]+")
_CONVERSATION = re.compile(r"intercom:(\d+)")
_ABOVE = {"Tracker", "Back-office"}


class Settings(contract.HookedSettings):
    """What to read of one Intercom workspace."""

    url: WebAddress = Field(
        default="https://api.intercom.io",
        description="Address of the API; in Europe https://api.eu.intercom.io, in Australia https://api.au.intercom.io.",
    )
    token: SecretStr = Field(description="Access token of an app that may read conversations, tickets and contacts.")
    version: str = Field(default="2.15", description="Version of the API, as a text: 2.10 is another than 2.1.")
    internal_domains: tuple[str, ...] = Field(
        default=(), description="Mail domains of the organisation's own people, who are no customers."
    )
    internal_companies: tuple[str, ...] = Field(
        default=(), description="Ids of companies whose people are no customers; costs one request for each person."
    )
    link_attributes: tuple[str, ...] = Field(
        default=(), description="Attributes of conversations and tickets that name an issue or an artefact."
    )
    key_pattern: Pattern = Field(
        default=ISSUE_KEY, description="Regular expression of issue keys in titles, messages, notes and attributes."
    )
    keys_prefix: str = Field(default="jira:", description="What stands before such a key to name its artefact.")

    @field_validator("version", mode="before")
    @classmethod
    def _quoted(cls, version: object) -> object:
        if not isinstance(version, str) or not re.fullmatch(r"\d+\.\d+", version):
            raise ValueError('must be a text such as "2.15", in quotes')
        return version


def client(settings: Settings, **options: Any) -> Client:
    """Make a client for the workspace; the options are those of `Client`, such as `sleep` and `now`."""
    headers = {"Intercom-Version": settings.version}
    return Client.of(settings, settings.url, auth=settings.token.get_secret_value(), headers=headers, **options)


def check(settings: Settings, client: Client) -> Iterator[str]:
    """Say who is signed in to which workspace, and how many conversations there are."""
    me = client.get("/me")
    if not me or not me.get("id"):
        raise Refused(f"{settings.url} knows nobody by this token")
    app = me.get("app") or {}
    where = ", ".join(str(part) for part in (app.get("region"), app.get("timezone")) if part)
    yield f"signed in as {me.get('name')} to {app.get('name') or 'a workspace'}{f' ({where})' if where else ''}"
    asked = {"query": _filter(">", 0), "pagination": {"per_page": 1}}
    count = client.post("/conversations/search", asked, read=lambda body: body["total_count"])
    yield f"{count} conversations visible to this token"


def survey(settings: Settings, client: Client) -> Survey:
    """Say which attributes conversations have, propose those that may name an issue, and which domain is our own."""
    me = client.get("/me")
    if not me or not me.get("id"):
        raise Refused(f"{settings.url} knows nobody by this token")
    told = client.get(
        "/data_attributes", {"model": "conversation"}, read=lambda body: listed(body, "data"), absent=_GONE
    )
    own = {str(one.get("label") or one["name"]): str(one["name"]) for one in told or () if one.get("custom")}
    proposals = []
    if linked := tuple(own[label] for label in looking_like(own, "issue")):
        proposals.append(Proposal("link_attributes", linked, "attributes that look as if they named an issue"))
    if domain := str(me.get("email") or "").rpartition("@")[2]:
        proposals.append(Proposal("internal_domains", (domain,), "yours: who writes from there is no customer"))
    sights = (
        Sight("Attributes of conversations of your own", ("name", "label"), tuple((own[one], one) for one in own)),
    )
    app = (me.get("app") or {}).get("name") or "a workspace"
    return Survey(f"{me.get('name')} to {app}", sights, tuple(proposals))


def events(settings: Settings, client: Client, since: datetime, until: datetime | None) -> Iterator[Item]:
    """Yield what the conversations say that were touched in [since, until)."""
    span = Span(since, until)
    filters = [_filter(">", int((since - _DAYS).timestamp()))]
    filters += [_filter("<", int((until + _DAYS).timestamp()))] if until else []
    body = {
        "query": {"operator": "AND", "value": filters},
        "sort": {"field": "updated_at", "order": "ascending"},
        "pagination": {"per_page": _PER_PAGE},
    }
    found = client.pages("/conversations/search", items="conversations", following=_next_cursor, json=body)
    inside = (
        one for one in found if span.after_start(one, "updated_at", _SECOND) and span.before_end(one, "updated_at")
    )
    yield from contract.each(inside, _Workspace(settings, client).conversation, "conversation")


def received(settings: Settings, headers: Mapping[str, str], body: bytes) -> Iterator[Item | Delivery]:
    """Yield what a webhook says for sure: that a conversation was deleted; and ask for a look where one tells more.

    Intercom signs with the secret of the app, and by SHA-1 only.
    """
    _signed.by_hex(settings, body, "X-Hub-Signature", headers.get("X-Hub-Signature"), "sha1")
    told = _signed.payload(body)
    topic = told["topic"]
    if topic == "conversation.deleted":
        item = told["data"]["item"]
        id_ = item["conversation_id"] if "conversation_id" in item else item["id"]
        yield Withdrawn(f"conversation/{id_}")
        yield Artefact(f"intercom:{id_}", ())
    elif _TELLING.match(topic):
        yield Delivery(look_in=_SOON)


def reread(settings: Settings, client: Client) -> Reread:
    """Read single conversations again, as they are there now."""
    workspace = _Workspace(settings, client)
    return lambda _, listed: workspace.conversation(listed)


def gone(settings: Settings, client: Client, subjects: Iterable[str]) -> Iterator[str]:  # noqa: ARG001
    """Yield the conversations that are deleted: not among all that there are, and not found by themselves."""
    missing = {found[1]: found[0] for found in map(_CONVERSATION.fullmatch, subjects) if found}
    if not missing:
        return
    body = {"query": _filter(">", 0), "pagination": {"per_page": _PER_PAGE}}
    for one in client.pages("/conversations/search", items="conversations", following=_next_cursor, json=body):
        missing.pop(str(one["id"]), None)
    for id_, subject in missing.items():
        if client.get(f"/conversations/{id_}", absent=_GONE) is None:
            yield subject


class _Workspace:
    """Reads the conversations of one workspace."""

    def __init__(self, settings: Settings, client: Client) -> None:
        self._settings, self._client = settings, client
        self._tickets = set[str]()
        self._own: dict[str, bool] = {}

    def conversation(self, listed: Any) -> Iterator[Item]:
        """Read a conversation whole, for the search leaves out its parts; one that is gone by now is withdrawn."""
        key = f"intercom:{listed['id']}"
        told = self._client.get(f"/conversations/{listed['id']}", {"display_as": "plaintext"}, absent=_GONE)
        if told is None:
            yield Withdrawn(f"conversation/{listed['id']}")
            yield Artefact(key, ())
            return
        parts = list((told.get("conversation_parts") or {}).get("conversation_parts") or ())
        tickets = [one["id"] for one in _linked(told) if one["type"] == "ticket"]
        yield Artefact(key, tuple(dict.fromkeys([*map(_ticket_key, tickets), *self._named(told, parts)])))
        for ticket in tickets:
            yield from self._ticket(str(ticket))
        yield from self._first(told)
        for part in parts:
            yield from self._part(told, part)
        yield from self._rating(told, parts)

    def _first(self, told: Any) -> Iterator[Event]:
        """Read the message that began it, unless a bot or a campaign sent it."""
        source = told["source"]
        author = source.get("author") or {}
        if author.get("type") in _CONTACTS or (author.get("type") == "admin" and _by_hand(source)):
            yield self._event(told, f"conversation/{told['id']}", told["created_at"], author)

    def _part(self, told: Any, part: Any) -> Iterator[Event]:
        """Read a later message, if a contact wrote it; that a rating was given stands among the parts too."""
        author = part.get("author") or {}
        wrote = part.get("body") or part.get("redacted") or part.get("attachments")
        if author.get("type") in _CONTACTS and wrote and not part["part_type"].startswith("conversation_rating"):
            yield self._event(told, f"part/{told['id']}/{part['id']}", part["created_at"], author)

    def _rating(self, told: Any, parts: list[Any]) -> Iterator[Event]:
        """Read the rating at the time when it was first given; its own `created_at` is when it was asked for."""
        rating = told.get("conversation_rating") or {}
        if not rating.get("rating"):
            return
        given = min((part["created_at"] for part in parts if part["part_type"] == _RATED), default=None)
        score = int(rating["rating"])
        more: dict[str, Value] = {
            "rating": score,
            "rating_min": 1,
            "rating_max": 5,
            "sentiment": "positive" if score > 3 else "negative" if score < 3 else "neutral",  # noqa: PLR2004 - the middle
        }
        at = given or rating.get("updated_at") or rating["created_at"]
        rater = next((part["author"] for part in parts if part["part_type"] == _RATED), told["source"].get("author"))
        if (rater or {}).get("type") not in _CONTACTS:
            rater = {"type": "contact", **(rating.get("contact") or {})}
        yield self._event(told, f"rating/{told['id']}", at, rater, more)

    def _event(self, told: Any, id_: str, at: Any, author: Any, more: dict[str, Value] | None = None) -> Event:
        channel = told["source"].get("type")
        return Event(
            id_,
            "feedback",
            instant(at),
            subject=f"intercom:{told['id']}",
            title=_title(told),
            attributes={"customer": self._is_customer(author), "channel": channel, **(more or {})},
        )

    def _is_customer(self, author: Any) -> bool:
        """Say whether an author is a contact from outside."""
        if author.get("type") not in _CONTACTS:
            return False
        domain = (author.get("email") or "").rpartition("@")[2]
        return not (same(domain, self._settings.internal_domains) or self._works_here(str(author.get("id") or "")))

    def _works_here(self, contact: str) -> bool:
        """Ask whether a contact is of a company of ours; once for each."""
        ours = {*self._settings.internal_companies}
        if ours and contact and contact not in self._own:
            found = self._client.pages(
                f"/contacts/{contact}/companies", items="data", following=_next_page, absent=_GONE
            )
            self._own[contact] = any(ours & {str(one.get("id")), str(one.get("company_id"))} for one in found)
        return self._own.get(contact, False)

    def _ticket(self, id_: str) -> Iterator[Artefact]:
        """Read what a ticket names, and the ticket that stands above it for the teams behind; each ticket once."""
        if id_ in self._tickets:
            return
        self._tickets.add(id_)
        told = self._client.get(f"/tickets/{id_}", absent=_GONE)
        if told is None:
            return
        above = [str(one["id"]) for one in _linked(told) if one["type"] == "ticket" and one.get("category") in _ABOVE]
        attributes = told.get("ticket_attributes") or {}
        named = self._keys(*map(_plain, attributes.values())) + self._artefacts(attributes)
        yield Artefact(_ticket_key(id_), tuple(dict.fromkeys([*map(_ticket_key, above), *named])))
        for other in above:
            yield from self._ticket(other)

    def _named(self, told: Any, parts: list[Any]) -> list[str]:
        """List what attributes, title, messages and notes name; a teammate's note often names the issue."""
        attributes = told.get("custom_attributes") or {}
        linked = [_plain(attributes.get(name)) for name in self._settings.link_attributes]
        written = [_plain(one.get("body")) for one in (told["source"], *parts) if not one.get("redacted")]
        return self._artefacts(attributes) + self._keys(*linked, _title(told), *written)

    def _keys(self, *texts: str | None) -> list[str]:
        return [self._settings.keys_prefix + key for key in keys(self._settings.key_pattern, *texts)]

    def _artefacts(self, attributes: Any) -> list[str]:
        """List the artefacts that the attributes of the settings name whole, such as github:acme/pay#45."""
        texts = (_plain(attributes.get(name)) for name in self._settings.link_attributes)
        return [found[0].rstrip(".") for text in texts if text for found in _ARTEFACT.finditer(text)]


def _filter(operator: str, value: int) -> dict[str, Any]:
    return {"field": "updated_at", "operator": operator, "value": value}


def _next_cursor(page: Page) -> dict[str, Any] | None:
    """Go on to the cursor, until there is none."""
    after = ((page.body.get("pages") or {}).get("next") or {}).get("starting_after")
    return {"pagination": {"per_page": _PER_PAGE, "starting_after": after}} if after else None


def _next_page(page: Page) -> str | None:
    """Go on to the address of the next page, until there is none."""
    return (page.body.get("pages") or {}).get("next") or None


def _linked(told: Any) -> Iterable[Any]:
    return (told.get("linked_objects") or {}).get("data") or ()


def _ticket_key(id_: Any) -> str:
    return f"intercom:ticket/{id_}"


def _by_hand(source: Any) -> bool:
    return source.get("delivered_as") not in {"automated", "campaigns_initiated", "operator_initiated"}


def _title(told: Any) -> str | None:
    """Give the title that teammates see, else the subject of the first message, unless that was redacted."""
    source = told["source"]
    return None if source.get("redacted") else _plain(told.get("title")) or _plain(source.get("subject")) or None


def _plain(text: Any) -> str | None:
    """Take the tags out of a text; what is no text names nothing."""
    return " ".join(unescape(_TAG.sub(" ", text)).split()) if isinstance(text, str) else None
