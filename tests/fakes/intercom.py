"""An Intercom workspace with six conversations; two to a page. Its search compares by the day, in its own zone."""

from datetime import datetime
from zoneinfo import ZoneInfo

from tests.fakes.web import PAGE, Web, said

TOKEN = "intercom-token-2f6d"
SPAN = datetime.fromisoformat("2026-01-01T00:00:00+00:00"), datetime.fromisoformat("2026-04-01T00:00:00+00:00")
ZONE = ZoneInfo("America/Los_Angeles")


def settings(url):
    return {"url": url, "token": TOKEN}


class Account(Web):
    """The workspace; a cursor is the number of conversations that it has passed."""

    middle = datetime.fromisoformat("2026-03-01T00:00:00+00:00")

    def __init__(self):
        super().__init__()
        self.conversations = _conversations()
        self.tickets = _tickets()
        self.companies = {"c-71": [{"id": "6789", "company_id": "partner"}]}
        self.gone = set()
        """Ids of conversations that are deleted between the search and the look at them."""
        self.me = {"id": "7", "name": "Ana Lima", "app": {"name": "Acme", "region": "US", "timezone": str(ZONE)}}
        self.versions = set()
        self.routes = [
            ("/me", lambda *_: self.me),
            ("/conversations/search", self.search),
            ("/conversations/(\\d+)", self.whole),
            ("/contacts/([^/]+)/companies", self.employers),
            ("/tickets/(\\d+)", lambda _r, _b, id_: self.tickets.get(id_) or said({"type": "error.list"}, 404)),
        ]

    @property
    def touched(self):
        ids = {
            "101": ["conversation/101", "part/101/2", "rating/101"],
            "102": ["conversation/102"],
            "103": ["part/103/5"],
            "104": ["conversation/104"],
            "105": ["conversation/105", "part/105/9"],
            "106": [],
        }
        return {id_: _at(one["updated_at"]) for one in self.conversations for id_ in ids[one["id"]]}

    def empty(self):
        self.conversations = []

    def spoil(self):
        """Let one conversation lose its source."""
        del self.conversations[-2]["source"]

    def delete(self):
        """Let a conversation be deleted; returns its name."""
        self.conversations = [one for one in self.conversations if one["id"] != "104"]
        return "intercom:104"

    def hide(self):
        """Let the app lose the permission to read conversations."""
        self.routes[1:3] = [("/conversations/.*", lambda *_: said({"type": "error.list"}, 403))]

    def allowed(self, request):
        self.versions.add(request.headers.get("Intercom-Version"))
        return request.headers.get("Authorization") == f"Bearer {TOKEN}"

    def search(self, _request, body):
        query = body["query"]
        filters = query["value"] if "operator" in query and isinstance(query["value"], list) else [query]
        if any(one["field"] != "updated_at" or one["operator"] not in "<>" for one in filters):
            return said({"type": "error.list", "errors": [{"code": "parameter_invalid"}]}, 400)
        found = [one for one in self.conversations if all(self._matches(one, told) for told in filters)]
        place = int(body["pagination"].get("starting_after") or 0)
        onward = {"next": {"page": 2, "starting_after": str(place + PAGE)}} if place + PAGE < len(found) else {}
        page = [{**one, "conversation_parts": None} for one in found[place : place + PAGE]]
        return {"type": "conversation.list", "pages": onward or None, "total_count": len(found), "conversations": page}

    def _matches(self, one, told):
        day, bound = (_at(at).astimezone(ZONE).date() for at in (one["updated_at"], told["value"]))
        return day > bound if told["operator"] == ">" else day < bound

    def whole(self, _request, _body, id_):
        if id_ in self.gone:
            return said({"type": "error.list", "errors": [{"code": "not_found"}]}, 404)
        found = [one for one in self.conversations if one["id"] == id_]
        return found[0] if found else said({"type": "error.list", "errors": [{"code": "not_found"}]}, 404)

    def employers(self, _request, _body, id_):
        return {"type": "list", "data": self.companies.get(id_, []), "pages": {"next": None}}


def _at(epoch):
    return datetime.fromtimestamp(epoch, SPAN[0].tzinfo)


def _epoch(text):
    return int(datetime.fromisoformat(text).timestamp())


def _contact(id_, name="Dee", domain="customer.example"):
    return {"type": "user", "id": id_, "name": name, "email": f"{name.lower()}@{domain}"}


ADMIN = {"type": "admin", "id": "7", "name": "Ana Lima", "email": "ana@example.com"}
BOT = {"type": "bot", "id": "9", "name": "Fin", "email": "operator@intercom.io"}


def part(id_, at, author, body, part_type="comment", **fields):
    told = {"id": id_, "part_type": part_type, "body": body, "created_at": _epoch(at), "author": author}
    return {**told, "redacted": False, "attachments": [], **fields}


def _conversation(id_, created, updated, author, parts=(), body="It does not work.", **fields):  # noqa: PLR0917 - a table
    delivered = "customer_initiated" if author["type"] == "user" else "admin_initiated"
    source = {"type": "email", "subject": f"<p>Question {id_}</p>", "body": body, "author": author, "redacted": False}
    told = {
        "id": id_,
        "title": None,
        "created_at": _epoch(created),
        "updated_at": _epoch(updated),
        "source": {**source, "delivered_as": delivered},
        "conversation_rating": None,
        "custom_attributes": {},
        "linked_objects": {"data": []},
        "conversation_parts": {"conversation_parts": list(parts), "total_count": len(parts)},
    }
    return {**told, **fields}


def _conversations():
    dee, ivo = _contact("c-71"), _contact("c-72", "Ivo", "example.com")
    rated = [
        part("1", "2026-01-04T08:00:00Z", ADMIN, "Noted as PAY-40."),
        part("2", "2026-01-05T08:00:00Z", dee, "Still slow."),
        part("3", "2026-01-06T08:00:00Z", dee, None, "conversation_rating_changed"),
        part("4", "2026-01-06T08:01:00Z", dee, "Slow!", "conversation_rating_remark_added"),
    ]
    rating = {"rating": 2, "created_at": _epoch("2026-01-05T20:00:00Z"), "updated_at": _epoch("2026-01-07T08:00:00Z")}
    outbound = [part("5", "2026-02-02T08:00:00Z", dee, "I like it"), part("6", "2026-02-02T08:01:00Z", BOT, "Thanks")]
    linked = {"data": [{"type": "ticket", "id": "55", "category": "Customer"}, {"type": "conversation", "id": "101"}]}
    redacted = part("9", "2026-03-06T08:00:00Z", dee, None, redacted=True)
    source = {"type": "push", "subject": "", "body": "News", "author": ADMIN, "delivered_as": "automated"}
    return [
        _conversation(
            "101",
            "2026-01-03T07:11:00Z",
            "2026-01-07T08:00:00Z",
            dee,
            rated,
            title="PAY-12",
            conversation_rating=rating,
        ),
        _conversation("102", "2026-02-01T07:11:00Z", "2026-02-01T07:11:00Z", ivo, linked_objects=linked),
        _conversation("103", "2026-02-01T08:11:00Z", "2026-02-02T08:01:00Z", BOT, outbound, source=source),
        _conversation("104", "2026-02-03T08:11:00Z", "2026-02-03T08:11:00Z", ADMIN, body="Dee rang: <b>WEB-3</b>"),
        _conversation(
            "105",
            "2026-03-05T08:11:00Z",
            "2026-03-06T08:00:00Z",
            dee,
            [redacted],
            custom_attributes={"Work": "PAY-77, github:acme/pay#45.", "Plan": "PAY-1"},
        ),
        _conversation("106", "2026-03-07T08:11:00Z", "2026-03-07T08:11:00Z", BOT, source={**source, "author": BOT}),
    ]


def _tickets():
    tracker = {"data": [{"type": "ticket", "id": "56", "category": "Tracker"}, {"type": "conversation", "id": "102"}]}
    back = {"data": [{"type": "ticket", "id": "55", "category": "Customer"}]}
    return {
        "55": {"id": "55", "ticket_attributes": {"_default_title_": "Slow", "Count": 3}, "linked_objects": tracker},
        "56": {
            "id": "56",
            "ticket_attributes": {"Jira": "<p>PAY-50</p>", "Work": "gitlab:a/b#7"},
            "linked_objects": back,
        },
    }
