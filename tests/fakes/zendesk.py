"""A Zendesk account with six tickets; two to a page, and an empty page among them."""

from base64 import b64encode
from datetime import datetime

from tests.fakes.web import Web, said

TOKEN = "zendesk-token-c93f"
EMAIL = "ana@example.com"
BASIC = b64encode(f"{EMAIL}/token:{TOKEN}".encode()).decode()
SPAN = datetime.fromisoformat("2026-01-01T00:00:00+00:00"), datetime.fromisoformat("2026-04-01T00:00:00+00:00")


def settings(url):
    return {"url": url, "email": EMAIL, "token": TOKEN}


class Account(Web):
    """The account; a cursor is the number of tickets that it has passed."""

    middle = datetime.fromisoformat("2026-03-01T00:00:00+00:00")

    def __init__(self):
        super().__init__()
        self.tickets, self.later = _tickets(), _later()
        self.user = {"id": 7, "name": "Ana Lima", "role": "admin"}
        self.routes = [
            ("/api/v2/users/me.json", lambda *_: {"user": self.user}),
            (r"/api/v2/tickets/show_many\.json", self.some),
            (r"/api/v2/tickets/(\d+)\.json", lambda _r, _b, id_: self.one(id_)),
            (r"/api/v2/incremental/tickets/cursor(?:\.json)?", self.export),
            (r"/api/v2/incremental/ticket_events\.json", self.happened),
            (r"/api/v2/users/show_many\.json", self.people),
        ]

    @property
    def touched(self):
        return {
            f"ticket/{ticket['id']}": _at(ticket["generated_timestamp"])
            for ticket in self.tickets
            if ticket["status"] != "deleted"
        } | {
            name: _at(one["timestamp"])
            for one in self.later
            for name in {801: [], 802: ["comment/9021"], 803: [], 804: ["comment/9041", "rating/9042"]}[one["id"]]
        }

    def empty(self):
        self.tickets, self.later = [], []

    def spoil(self):
        """Let one ticket lose its creation."""
        del self.tickets[-1]["created_at"]

    def delete(self):
        """Let a ticket be deleted and scrubbed; returns its name."""
        self.tickets = [ticket for ticket in self.tickets if ticket["id"] != 5]
        return "zendesk:5"

    def hide(self):
        """Let the account become an agent who sees no ticket."""
        self.user["role"], self.tickets, self.later = "agent", [], []

    def some(self, request, _body):
        """Give tickets of several; archived ones are left out."""
        wanted = request.args["ids"].split(",")
        return {"tickets": [one for one in self.tickets if str(one["id"]) in wanted and one["id"] != 1]}

    def one(self, id_):
        found = [{"ticket": ticket} for ticket in self.tickets if str(ticket["id"]) == id_]
        return found[0] if found else said({"error": "RecordNotFound"}, 404)

    def allowed(self, request):
        return request.headers.get("Authorization") == f"Basic {BASIC}"

    def export(self, request, _body):
        asked = request.args
        if asked.get("per_page") != "1000" or ("start_time" in asked) == ("cursor" in asked):
            return said({"error": "InvalidValue", "description": "start_time or cursor"}, 422)
        if "start_time" in asked:
            begun = int(asked["start_time"])
            place = sum(ticket["generated_timestamp"] < begun for ticket in self.tickets)
            return self._page(place)
        place, _, turn = asked["cursor"].partition("-")
        return self._page(int(place), empty=turn == "pause")

    def happened(self, request, _body):
        """Give two of what happened from a second on, and those of the same second as the last of them."""
        if request.args.get("include") != "comment_events":
            return said({"error": "InvalidValue"}, 422)
        found = [one for one in self.later if one["timestamp"] >= int(request.args["start_time"])]
        last = found[:2][-1]["timestamp"] if found else int(request.args["start_time"])
        page = [one for one in found if one["timestamp"] <= last]
        end = len(page) == len(found)
        return {"ticket_events": page, "end_time": last + (not end), "end_of_stream": end, "next_page": request.url}

    def people(self, request, _body):
        return {"users": [user for user in _users() if str(user["id"]) in request.args["ids"].split(",")]}

    def _page(self, place, *, empty=False):
        page = [] if empty else self.tickets[place : place + 2]
        after = place + len(page)
        end = after >= len(self.tickets) and not empty
        cursor = f"{after}-on" if empty or place else f"{after}-pause"
        users = [user for user in _users() if user["id"] in {ticket["requester_id"] for ticket in page}]
        return {"tickets": page, "users": users, "after_cursor": cursor, "end_of_stream": end}


def _at(epoch):
    return datetime.fromtimestamp(epoch, SPAN[0].tzinfo)


def _ticket(id_, created, touched, **fields):
    told = {
        "id": id_,
        "created_at": created,
        "updated_at": created,
        "generated_timestamp": int(datetime.fromisoformat(touched).timestamp()),
        "status": "open",
        "subject": f"Ticket {id_}",
        "description": "It does not work.",
        "tags": [],
        "via": {"channel": "email"},
        "requester_id": 71,
        "organization_id": None,
        "custom_fields": [],
        "satisfaction_rating": {"score": "unoffered"},
    }
    return {**told, **fields}


def _tickets():
    field = [{"id": 360001, "value": "PAY-77"}, {"id": 360002, "value": None}]
    good, bad = {"satisfaction_rating": {"score": "good"}}, {"satisfaction_rating": {"score": "bad"}}
    return [
        _ticket(1, "2026-01-03T07:11:00Z", "2026-01-03T07:11:00Z", subject="PAY-12 is slow", **bad),
        _ticket(2, "2026-01-04T07:11:00Z", "2026-01-04T07:11:00Z", tags=["refunds", "pay-13"], **good),
        _ticket(3, "2026-01-02T07:11:00Z", "2026-02-04T07:11:00Z", custom_fields=field, requester_id=72),
        _ticket(4, "2026-01-05T07:11:00Z", "2026-02-05T07:11:00Z", status="deleted", subject="SCRUBBED"),
        _ticket(5, "2026-03-05T07:11:00Z", "2026-03-05T07:11:00Z", description="As in WEB-3, and WEB-3 again."),
        _ticket(6, "2026-03-06T07:11:00Z", "2026-03-06T07:11:00Z", organization_id=9, requester_id=73),
    ]


def _users():
    return [
        {"id": 71, "name": "Dee", "role": "end-user", "email": "dee@customer.example", "organization_id": None},
        {"id": 72, "name": "Eve", "role": "agent", "email": "eve@example.com", "organization_id": None},
        {"id": 73, "name": "Fay", "role": "end-user", "email": "fay@partner.example", "organization_id": 9},
    ]


def _later():
    """The creation of a ticket, a customer's reply, an agent's with a note, and a reply with a rating."""
    return [
        _happened(801, 1, "2026-01-03T07:11:00Z", {"event_type": "Create", "status": "new"}, _comment(9011, 71)),
        _happened(802, 1, "2026-02-10T07:11:00Z", _comment(9021, 71), {"event_type": "Change", "status": "open"}),
        _happened(803, 3, "2026-02-11T07:11:00Z", _comment(9031, 72), _comment(9032, 71, public=False)),
        _happened(
            804,
            6,
            "2026-03-12T07:11:00Z",
            _comment(9041, 73),
            {"id": 9042, "event_type": "Change", "satisfaction_score": "good", "previous_value": "offered"},
        ),
    ]


def _happened(id_, ticket, at, *children):
    timestamp = int(datetime.fromisoformat(at).timestamp())
    told = {"id": id_, "ticket_id": ticket, "timestamp": timestamp, "created_at": at, "updater_id": 71}
    return {**told, "event_type": "Audit", "child_events": list(children)}


def _comment(id_, author, *, public=True):
    told = {"id": id_, "event_type": "Comment", "author_id": author, "public": public, "via": {"channel": "web"}}
    return {**told, "body": "It works now, thanks. dee@customer.example"}
