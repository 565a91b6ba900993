"""The company's Zendesk: the cursor-based export of tickets, and the people who wrote them."""

from typing import Any

from flask import Flask, Response, request

from ttv.demo import records, words
from ttv.demo.company import Company
from ttv.demo.records import Ticket
from ttv.demo.times import SECOND, moment
from ttv.demo.truth import UNEXPORTED
from ttv.demo.web import (
    EMAIL,
    THROTTLE_EVERY,
    TOKEN,
    Clock,
    Refusal,
    Tool,
    answer,
    basic,
    number,
    packed,
    page,
    unpacked,
)

LINK_FIELD = 360_001
_PAGE = 1000
_AGENTS, _CUSTOMERS = 20, 5_000
_FIRST_AGENT, _FIRST_CUSTOMER = 1_001, 20_001


def app(company: Company, now: Clock, throttle_every: int = THROTTLE_EVERY) -> Flask:
    """Make the WSGI application; `now` gives aware moments."""
    return Zendesk(company, now, throttle_every).flask


class Zendesk(Tool):
    """Answers for one company."""

    def __init__(self, company: Company, now: Clock, throttle_every: int) -> None:
        """Lay out the paths; those of the API with and without `.json`."""
        super().__init__("zendesk", now, throttle_every)
        self.company = company
        paths = (
            ("/users/me", self.me),
            ("/users/show_many", self.people),
            ("/ticket_fields", self.fields),
            ("/incremental/tickets/cursor", self.export),
            ("/incremental/ticket_events", self.happened),
            ("/tickets/<int:number>", self.one),
        )
        self.serve(("GET", f"/api/v2{path}{end}", view) for path, view in paths for end in ("", ".json"))
        self.serve([("GET", "/agent/tickets/<int:number>", self.show)])

    def guarded(self) -> bool:
        """Guard the API, not the pages for people."""
        return request.path.startswith("/api/")

    def authorise(self) -> None:
        """Refuse wrong or absent credentials."""
        if basic() != (f"{EMAIL}/token", TOKEN):
            raise Refusal(
                401, {"error": "Couldn't authenticate you"}, {"WWW-Authenticate": 'Basic realm="Web Password"'}
            )

    def missing(self) -> Refusal:
        """Refuse as Zendesk does where there is nothing."""
        return Refusal(404, {"error": "RecordNotFound", "description": "Not found"})

    def throttled(self) -> Refusal:
        """Refuse a minute's worth of requests."""
        text = "Number of allowed incremental ticket export API requests per minute exceeded"
        return Refusal(429, {"error": "APIRateLimitExceeded", "description": text}, {"Retry-After": "1"})

    def headers(self) -> dict[str, str]:
        """Tell the minute's budget."""
        return {"X-Rate-Limit": "700", "X-Rate-Limit-Remaining": "699", "ratelimit-reset": "30"}

    def me(self) -> Response:
        """Tell who is asking."""
        return answer({"user": _person(_FIRST_AGENT) | {"role": "admin", "email": EMAIL}})

    def people(self) -> Response:
        """Answer the people of a list of ids; who is not known is left out."""
        listed = request.args.get("ids", "").split(",")
        found = [_person(int(text)) for text in listed if text.strip().isdigit() and _is_person(int(text))]
        return answer({"users": found, "next_page": None, "previous_page": None, "count": len(found)})

    def fields(self) -> Response:
        """List the fields of tickets."""
        own = {"id": LINK_FIELD, "type": "text", "title": "Jira issue", "active": True}
        return answer({"ticket_fields": [own], "next_page": None, "previous_page": None, "count": 1})

    def export(self) -> Response:
        """Answer a page of tickets in the order in which they were last touched; the newest minute is held back."""
        shelf, horizon = self.company.ticket_shelf, self.now - UNEXPORTED
        position = self._position(horizon)
        found, position, ended = shelf.after(
            horizon, position, number(request.args.get("per_page"), _PAGE, least=1, most=_PAGE)
        )
        tickets = [self.company.tickets[index] for index, _ in found]
        if request.args.get("exclude_deleted") == "true":
            tickets = [ticket for ticket in tickets if _state(ticket, horizon) != "deleted"]
        cursor = packed(position, "tickets")
        body: dict[str, Any] = {
            "tickets": [self.ticket(ticket, horizon) for ticket in tickets],
            "after_url": f"{request.base_url}?cursor={cursor}",
            "after_cursor": cursor,
            "before_url": None,
            "before_cursor": None,
            "end_of_stream": ended,
        }
        if "users" in request.args.get("include", "").split(","):
            body["users"] = [_person(ident) for ident in sorted({_requester(ticket) for ticket in tickets})]
        return answer(body)

    def happened(self) -> Response:
        """Tell that nobody wrote twice: the customers of this company say all that they have to say at first."""
        body = {"ticket_events": [], "count": 0, "end_of_stream": True, "next_page": None}
        return answer(body | {"end_time": (self.now - UNEXPORTED) // SECOND})

    def _position(self, horizon: int) -> int:
        if cursor := request.args.get("cursor"):
            values = unpacked(cursor, (int, str))
            if values is None:
                raise Refusal(400, {"error": "InvalidPaginationParameter", "description": "cursor is not valid"})
            return int(values[0])
        start = number(request.args.get("start_time"), -1, least=-1, most=2**40)
        if start < 0:
            raise Refusal(400, {"error": "InvalidValue", "description": "start_time is required"})
        if start * SECOND > horizon:
            text = "Too recent start_time. Use a start_time older than 60 seconds"
            raise Refusal(422, {"error": "StartTimeTooRecent", "description": text})
        return self.company.ticket_shelf.position(start * SECOND)

    def one(self, number: int) -> Response:
        """Answer one ticket; a deleted one is not there any more."""
        return answer({"ticket": self.ticket(self._ticket(number), self.now)})

    def _ticket(self, number: int) -> Ticket:
        found = self.company.tickets[number - 1 : number] if number else []
        if not found or found[0].created > self.now or _state(found[0], self.now) == "deleted":
            raise self.missing()
        return found[0]

    def ticket(self, ticket: Ticket, now: int) -> dict[str, Any]:
        """Write a ticket as of an instant."""
        touched = max(at for at in ticket.history if at <= now)
        state = _state(ticket, now)
        gone = state == "deleted"
        key = self.company.key(ticket.issue) if ticket.issue and not gone else ""
        tags = [key.lower()] if key and ticket.mention == "tag" else []
        return {
            "url": f"{self.root}/api/v2/tickets/{ticket.number}.json",
            "id": ticket.number,
            "external_id": None,
            "via": {"channel": ("web", "email", "api")[ticket.word % 3]},
            "created_at": _time(ticket.created),
            "updated_at": _time(touched),
            "generated_timestamp": touched // SECOND,
            "type": "question" if ticket.tone == "question" else "problem" if ticket.tone == "blame" else "task",
            "subject": "SCRUBBED" if gone else self.subject(ticket),
            "raw_subject": "SCRUBBED" if gone else self.subject(ticket),
            "description": "SCRUBBED" if gone else self.text(ticket),
            "priority": "normal",
            "status": state,
            "requester_id": _requester(ticket),
            "submitter_id": _requester(ticket),
            "assignee_id": _FIRST_AGENT + ticket.word % _AGENTS,
            "organization_id": None,
            "tags": [*tags, ticket.tone],
            "custom_fields": [{"id": LINK_FIELD, "value": key if key and ticket.mention == "field" else None}],
            "satisfaction_rating": {"score": _score(ticket, now)},
            "is_public": True,
            "support_type": "agent",
        }

    def subject(self, ticket: Ticket) -> str:
        """Give a ticket's subject."""
        topic = self.company.story_thing(ticket.issue) if ticket.issue else ticket.word
        write = {"praise": words.praise, "blame": words.blame, "wish": words.wish}.get(ticket.tone)
        text = write(ticket.team, topic) if write else words.question(ticket.word)
        return f"[{self.company.key(ticket.issue)}] {text}" if ticket.issue and ticket.mention == "title" else text

    def text(self, ticket: Ticket) -> str:
        """Give a ticket's first message."""
        told = f" This is about {self.company.key(ticket.issue)}." if ticket.issue and ticket.mention == "body" else ""
        return f"Hello, {self.subject(ticket)}{told} Kind regards, {words.person(_requester(ticket))}"

    def show(self, number: int) -> Response:
        """Show a ticket to a person."""
        ticket, now = self._ticket(number), self.now
        names = {records.SOLVED: "solved", records.GOOD: "rated good", records.BAD: "rated bad"}
        facts = (
            ("From", words.person(_requester(ticket))),
            ("Role", "customer" if ticket.customer else "own people"),
            ("Status", _state(ticket, now)),
            ("About", self.company.key(ticket.issue) if ticket.issue else None),
            ("Text", self.text(ticket)),
        )
        steps = zip(ticket.steps[::2], ticket.steps[1::2], strict=True)
        story = [(at, names[step]) for at, step in steps if at <= now and step in names]
        return page("Zendesk", f"#{number} {self.subject(ticket)}", facts, [(ticket.created, "written"), *story])


def _time(instant: int) -> str:
    return f"{moment(instant):%Y-%m-%dT%H:%M:%SZ}"


def _state(ticket: Ticket, now: int) -> str:
    past = {step for at, step in zip(ticket.steps[::2], ticket.steps[1::2], strict=True) if at <= now}
    return "deleted" if records.DELETED in past else "solved" if records.SOLVED in past else "open"


def _score(ticket: Ticket, now: int) -> str:
    past = {step for at, step in zip(ticket.steps[::2], ticket.steps[1::2], strict=True) if at <= now}
    rated = "good" if records.GOOD in past else "bad" if records.BAD in past else None
    return rated or ("offered" if records.SOLVED in past else "unoffered")


def _requester(ticket: Ticket) -> int:
    return _FIRST_CUSTOMER + ticket.word % _CUSTOMERS if ticket.customer else _FIRST_AGENT + ticket.word % _AGENTS


def _is_person(ident: int) -> bool:
    return 0 <= ident - _FIRST_CUSTOMER < _CUSTOMERS or 0 <= ident - _FIRST_AGENT < _AGENTS


def _person(ident: int) -> dict[str, Any]:
    agent = ident < _FIRST_CUSTOMER
    mail = f"{words.login(ident)}@{'quillmere' if agent else 'shopper'}.example"
    return {
        "id": ident,
        "name": words.person(ident),
        "email": mail,
        "role": "agent" if agent else "end-user",
        "active": True,
        "organization_id": 9 if agent else None,
        "created_at": "2020-01-01T00:00:00Z",
    }
