"""Zendesk: tickets as feedback.

Reads the incremental export of tickets with their users, `/api/v2/incremental/tickets/cursor`, which takes a time and
gives every ticket that changed since, deleted ones too; it leaves out the last minute, and needs an administrator.
Yields for each ticket an Event `feedback` at the time when it was written, and an Artefact whose parents are the issues
that it names in a field, its subject, its tags or its text; for a deleted ticket a Withdrawn. What was deleted while
nobody looked, and is scrubbed since, the census finds. `_zendesk_replies.py` reads what customers wrote later.

The export says whether a customer was content, not when: a rating changes the sentiment of the ticket's one event too.
Names and mail addresses are not kept.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from itertools import takewhile
from typing import Any

from pydantic import Field, SecretStr

from connectors import _signed, _zendesk_replies, contract
from connectors._meanings import looking_like
from connectors._reading import ISSUE_KEY, Pattern, Span, WebAddress, batches, instant, keys, same
from connectors._zendesk_replies import AGENTS
from connectors.client import Client, Page, Params, listed
from connectors.contract import Artefact, Delivery, Event, Item, Proposal, Refused, Reread, Sight, Survey, Withdrawn

WINDOW: timedelta | None = timedelta(days=90)
"""A first pull is stored by quarters; each window costs at least one of ten requests a minute."""

_EXPORT = "/api/v2/incremental/tickets/cursor"
_WANTED: Params = {"per_page": 1000, "include": "users", "support_type_scope": "all"}
_LEAST_AGE = timedelta(seconds=90)
"""The export refuses a start within the last minute."""
_SOON = _LEAST_AGE + timedelta(seconds=30)
"""So long after a webhook the export has the ticket."""
_TICKET = "zen:event-type:ticket."
_TELLING = {
    "comment_added",
    "created",
    "custom_field_changed",
    "description_changed",
    "marked_as_spam",
    "merged",
    "organization_changed",
    "requester_changed",
    "soft_deleted",
    "subject_changed",
    "tags_changed",
    "undeleted",
}
"""What a look makes something of."""
_KEY = re.compile(r"zendesk:(\d+)")
_TICKETS, _LATER = "ticket", "later"


class Settings(contract.HookedSettings):
    """What to read of one Zendesk account."""

    url: WebAddress = Field(description="Address of the account, such as https://example.zendesk.com.")
    email: str = Field(
        default="", description="Mail address of the administrator of the token; empty if it is an OAuth token."
    )
    token: SecretStr = Field(description="API token.")
    internal_domains: tuple[str, ...] = Field(
        default=(), description="Mail domains of the organisation's own people, who are no customers."
    )
    internal_organizations: tuple[int, ...] = Field(
        default=(), description="Ids of organisations whose people are no customers; agents never are."
    )
    replies: bool = Field(
        default=True,
        description="Whether what customers write later in a ticket is feedback too, and their ratings at their time; "
        "costs a second export, of which ten pages a minute are allowed.",
    )
    link_fields: tuple[int, ...] = Field(default=(), description="Ids of custom fields that name an issue.")
    key_pattern: Pattern = Field(
        default=ISSUE_KEY, description="Regular expression of issue keys in fields, subjects, tags and texts."
    )
    keys_prefix: str = Field(default="jira:", description="What stands before such a key to name its artefact.")


def client(settings: Settings, **options: Any) -> Client:
    """Make a client for the account; the options are those of `Client`, such as `sleep` and `now`."""
    token = settings.token.get_secret_value()
    return Client.of(
        settings, settings.url, auth=(f"{settings.email}/token", token) if settings.email else token, **options
    )


def check(settings: Settings, client: Client) -> Iterator[str]:
    """Say who is signed in, and whether that account may export tickets."""
    name, role = client.get("/api/v2/users/me.json", read=_who)
    if not name:
        raise Refused(f"{settings.url} knows nobody by this mail address and token")
    yield f"signed in as {name}, {role}"
    if role != "admin":
        yield "the export of tickets needs an administrator"


def survey(settings: Settings, client: Client) -> Survey:
    """Say which fields tickets have, and propose those that may name an issue, and whose mail addresses are our own."""
    name, role = client.get("/api/v2/users/me.json", read=_who)
    if not name:
        raise Refused(f"{settings.url} knows nobody by this mail address and token")
    fields = (
        client.get("/api/v2/ticket_fields.json", read=lambda body: listed(body, "ticket_fields"), absent=(403,)) or []
    )
    own = {str(one["title"]): int(one["id"]) for one in fields if one.get("removable", True)}
    rows = tuple((str(id_), title) for title, id_ in own.items())
    proposals, notes = [], [] if role == "admin" else ["the export of tickets needs an administrator"]
    if linked := tuple(own[title] for title in looking_like(own, "issue")):
        proposals.append(Proposal("link_fields", linked, "fields that look as if they named an issue"))
    if domain := settings.email.rpartition("@")[2]:
        proposals.append(Proposal("internal_domains", (domain,), "yours: who writes from there is no customer"))
    sights = (Sight("Ticket fields of your own", ("id", "title"), rows),)
    return Survey(f"{name}, {role}, at {settings.url}", sights, tuple(proposals), tuple(notes))


def events(settings: Settings, client: Client, since: datetime, until: datetime | None) -> Iterator[Item]:
    """Yield what the tickets say that changed in [since, until)."""
    start = min(since, client.now() - _LEAST_AGE)
    asked: Params = {"start_time": int(start.timestamp()), **_WANTED}
    found = client.pages(_EXPORT, asked, items=_with_requesters, following=_next_cursor)
    span, account = Span(since, until), _Account(settings)
    changed = takewhile(lambda ticket: span.before_end(ticket, "generated_timestamp"), found)
    yield from contract.each(changed, account.ticket, _TICKETS)
    if settings.replies:
        later = _zendesk_replies.later(client, int(start.timestamp()), span)
        yield from contract.each(later, account.later, _LATER)


def received(settings: Settings, headers: Mapping[str, str], body: bytes) -> Iterator[Item | Delivery]:
    """Yield what a webhook says for sure: that a ticket was deleted for good; and ask for a look where one tells more.

    Who asked is told by a number alone, which says nothing about whether it is a customer. A webhook of a trigger has a
    body of the administrator's own making, which may be the same each time; it always asks for a look.
    """
    name, at = "X-Zendesk-Webhook-Signature", headers.get("X-Zendesk-Webhook-Signature-Timestamp", "")
    _signed.by_base64(settings, at.encode() + body, name, headers.get(name))
    told = _signed.payload(body)
    type_ = str(told.get("type") or "") if isinstance(told, dict) else ""
    by_trigger, what = not type_.startswith("zen:"), type_.removeprefix(_TICKET)
    wanted = by_trigger or what in _TELLING
    as_of = None if by_trigger else instant(told["time"])
    apart = at if by_trigger else ""
    yield Delivery(as_of=as_of, signed_at=instant(at), apart=apart, look_in=_SOON if wanted else None)
    if what == "permanently_deleted":
        id_ = told["detail"]["id"]
        yield Withdrawn(f"ticket/{id_}")
        yield Artefact(f"zendesk:{id_}", ())


def reread(settings: Settings, client: Client) -> Reread:  # noqa: ARG001  a ticket says all by itself
    """Read single tickets again, and what happened to one; they came with the people who wrote."""
    account = _Account(settings)
    return lambda reader, raw: (account.later if reader == _LATER else account.ticket)(raw)


def gone(settings: Settings, client: Client, subjects: Iterable[str]) -> Iterator[str]:  # noqa: ARG001
    """Yield the tickets that are deleted: those that an administrator, who sees all of them, does not find."""
    tickets = [found[1] for found in map(_KEY.fullmatch, subjects) if found]
    if not tickets or client.get("/api/v2/users/me.json", read=_who)[1] != "admin":
        return
    for some in batches(tickets, 100):
        asked: Params = {"ids": ",".join(some)}
        there = {
            str(ticket["id"])
            for ticket in client.get("/api/v2/tickets/show_many.json", asked, read=lambda body: listed(body, "tickets"))
        }
        for id_ in some:
            if id_ not in there and client.get(f"/api/v2/tickets/{id_}.json", absent=(404,)) is None:
                yield f"zendesk:{id_}"


class _Account:
    """Reads the tickets of one account."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def ticket(self, ticket: Any) -> Iterator[Item]:
        """Read a ticket: the customer wrote it when it was created."""
        key, id_ = f"zendesk:{ticket['id']}", f"ticket/{ticket['id']}"
        if ticket["status"] == "deleted":
            yield Withdrawn(id_)
            yield Artefact(key, ())
            return
        yield Artefact(key, tuple(self._settings.keys_prefix + found for found in self._named(ticket)))
        yield Event(
            id_,
            "feedback",
            instant(ticket["created_at"]),
            subject=key,
            title=ticket.get("subject") or ticket.get("raw_subject"),
            url=f"{self._settings.url}/agent/tickets/{ticket['id']}",
            attributes={
                "customer": self._is_customer(ticket),
                "sentiment": _sentiment(ticket),
                "channel": (ticket.get("via") or {}).get("channel"),
            },
        )

    def later(self, told: Any) -> Iterator[Item]:
        """Read what happened to a ticket later."""
        return _zendesk_replies.events(told, lambda user: self._is_of_customer(user, None))

    def _named(self, ticket: Any) -> list[str]:
        """List the keys that a ticket names; tags are always in lower case."""
        fields = [field for field in ticket.get("custom_fields") or () if field["id"] in self._settings.link_fields]
        texts = [str(field["value"]) for field in fields if field["value"]]
        tags = [tag.upper() for tag in ticket.get("tags") or ()]
        return keys(self._settings.key_pattern, *texts, ticket.get("subject"), *tags, ticket.get("description"))

    def _is_customer(self, ticket: Any) -> bool:
        return self._is_of_customer(ticket.get("requester") or {}, ticket.get("organization_id"))

    def _is_of_customer(self, user: Any, organization: int | None) -> bool:
        """Say whether somebody is no agent and not of the organisation itself."""
        domain = (user.get("email") or "").rpartition("@")[2]
        own = {organization, user.get("organization_id")} & {*self._settings.internal_organizations}
        return not (user.get("role") in AGENTS or own or same(domain, self._settings.internal_domains))


def _with_requesters(body: Any) -> list[Any]:
    """List the tickets of a page, each with the user who asked, whom the page names beside them."""
    users = {user["id"]: user for user in body.get("users") or () if isinstance(user, dict) and "id" in user}
    return [
        {**ticket, "requester": users.get(ticket.get("requester_id"))} if isinstance(ticket, dict) else ticket
        for ticket in listed(body, "tickets")
    ]


def _next_cursor(page: Page) -> dict[str, Any] | None:
    """Go on to the cursor, until the end of the stream; a page may be empty before."""
    body = page.body
    return None if body["end_of_stream"] else {"cursor": body["after_cursor"], "start_time": None}


def _sentiment(ticket: Any) -> str:
    score = str((ticket.get("satisfaction_rating") or {}).get("score") or "")
    return {"good": "positive", "bad": "negative"}.get(score, "neutral")


def _who(body: Any) -> tuple[str | None, str | None]:
    """Name the user; who is not signed in is told of an anonymous one, who has no id."""
    user = body["user"]
    return (user["name"], user["role"]) if user["id"] else (None, None)
