"""A Productboard workspace, API v2: pages lead on by an address, archived notes are listed only when asked for."""

from urllib.parse import urlencode

from tests.fakes.web import Web

TOKEN = "productboard-token-5d1c"


class Account(Web):
    """Notes, features, an initiative and the integration with Jira; two records to a page."""

    def __init__(self):
        super().__init__()
        self.notes = [
            _thing("n1", "simple", "2026-02-01T08:00:00Z", "Too slow"),
            _thing("n2", "simple", "2026-02-02T08:00:00Z", "Much better", updated="2026-03-02T08:00:00Z"),
            _thing("n3", "conversation", "2026-02-03T08:00:00Z", "Thanks"),
            _thing("n4", "simple", "2026-02-04T08:00:00Z", "Old", archived=True),
        ]
        self.links = {"n1": [("customer", "u1"), ("link", "f1")], "n4": [("link", "f2")]}
        self.entities = [
            _thing(
                "f1", "feature", "2026-01-05T08:00:00Z", "Faster checkout", above=[("parent", "k1"), ("link", "i1")]
            ),
            _thing("f2", "subfeature", "2026-01-06T08:00:00Z", "One click", above=[("parent", "f1")]),
            _thing("f3", "feature", "2026-01-07T08:00:00Z", "Search"),
            _thing("i1", "initiative", "2026-01-01T08:00:00Z", "Conversion", teams=[{"id": "t1", "name": "Payments"}]),
        ]
        self.connections = [("f1", "PAY-12"), ("f2", "PAY-13"), ("f3", "WEB-3")]
        self.routes = [
            ("/notes", lambda request, _: self._page(request, self._listed(request))),
            (r"/notes/(\w+)/relationships", self._related),
            ("/entities", lambda request, _: self._page(request, self._of_types(request))),
            ("/jira-integrations", lambda request, _: self._page(request, [{"id": "j1", "fields": {"name": "Jira"}}])),
            (r"/jira-integrations/j1/connections", lambda request, _: self._page(request, self._connected())),
        ]

    def allowed(self, request):
        return request.headers.get("Authorization") == f"Bearer {TOKEN}"

    def _listed(self, request):
        since, until = request.args.get("updatedFrom", ""), request.args.get("updatedTo", "9")
        archived = request.args.get("archived") == "true"
        mine = (one for one in self.notes if one["fields"]["archived"] is archived)
        return [one for one in mine if since <= one["updatedAt"] <= until]

    def _related(self, _request, _body, note):
        return {"data": [{"type": t, "target": {"id": id_}} for t, id_ in self.links.get(note, [])], "links": {}}

    def _of_types(self, request):
        return [one for one in self.entities if one["type"] in request.args.getlist("type[]")]

    def _connected(self):
        return [{"id": id_, "fields": {"issueKey": key, "issueId": key}} for id_, key in self.connections]

    def _page(self, request, records):
        place = int(request.args.get("pageCursor", 0))
        asked = [
            (name.removesuffix("[]"), value) for name, value in request.args.items(multi=True) if name != "pageCursor"
        ]  # the brackets are lost on the way, as they were seen to be
        after = place + 2
        onward = f"{request.base_url}?{urlencode([*asked, ('pageCursor', after)])}" if after < len(records) else None
        return {"data": records[place:after], "links": {"next": onward}}


def _thing(id_, type_, created, name, *, updated=None, above=(), archived=False, **fields):
    return {
        "id": id_,
        "type": type_,
        "fields": {"name": name, "archived": archived, **fields},
        "metadata": {"source": {"system": "zendesk", "recordId": id_}},
        "relationships": {"data": [{"type": t, "target": {"id": target, "type": "feature"}} for t, target in above]},
        "createdAt": created,
        "updatedAt": updated or created,
        "links": {"self": f"https://api.example/{id_}", "html": f"https://acme.example/{id_}"},
    }
