"""A Canny account: everything is posted for, the key is in the body, lists go on by skip (v1) or cursor (v2)."""

from tests.fakes.web import Web

TOKEN = "canny-key-19fe"


class Account(Web):
    """Three posts, what became of them, and what was said; two records to a page at most."""

    def __init__(self):
        super().__init__()
        self.posts = [
            _post("p1", "2026-01-03T07:11:00.000Z", keys=["PAY-12", "PAY-13"]),
            _post("p2", "2026-01-04T07:11:00.000Z"),
            _post("p3", "2026-02-04T07:11:00.000Z"),
        ]
        changes = [("c1", 0, "under review"), ("c2", 0, "planned"), ("c3", 0, "in progress"), ("c4", 1, "closed")]
        self.changes = [
            {"id": id_, "created": f"2026-02-0{n}T09:00:00.000Z", "status": status, "post": self.posts[post]}
            for n, (id_, post, status) in enumerate(changes, start=1)
        ]
        self.comments = [
            _comment("m1", self.posts[0], {"id": "u1", "isAdmin": False}),
            _comment("m2", self.posts[0], {"id": "u2", "isAdmin": True}),
            _comment("m3", self.posts[1], None),
            _comment("m4", self.posts[1], {"id": "u2", "isAdmin": True}, internal=True),
        ]
        self.routes = [
            ("/v1/posts/list", lambda _, body: _skipped(body, "posts", self.posts)),
            ("/v1/status_changes/list", lambda _, body: _skipped(body, "statusChanges", self.changes)),
            ("/v2/comments/list", lambda _, body: _after(body, self.comments)),
        ]

    def _answer(self, request, body):
        if request.method == "POST" and body.pop("apiKey", None) != TOKEN:
            self.routes = [(".*", lambda *_: {"error": "invalid api key"})]
        return super()._answer(request, body)

    def allowed(self, request):
        return request.method == "POST"


def _skipped(body, name, records):
    place = body.get("skip", 0)
    after = place + min(2, body.get("limit", 10))
    return {name: records[place:after], "hasMore": after < len(records)}


def _after(body, records):
    place = int(body.get("cursor", "at-0").removeprefix("at-"))
    more = place + 2 < len(records)
    return {"items": records[place : place + 2], "hasNextPage": more, "cursor": f"at-{place + 2}" if more else None}


def _post(id_, created, keys=()):
    return {
        "id": id_,
        "author": {"id": "u1", "name": "Dee", "email": "dee@customer.example", "isAdmin": False},
        "board": {"id": "b1", "name": "Feature Requests"},
        "created": created,
        "jira": {"linkedIssues": [{"id": key, "key": key, "url": f"https://acme.example/{key}"} for key in keys]},
        "score": 3,
        "status": "open",
        "title": f"Post {id_}",
        "url": f"https://acme.canny.io/admin/board/feature-requests/p/{id_}",
    }


def _comment(id_, post, author, *, internal=False):
    at = f"2026-03-0{id_[1]}T08:00:00.000Z"
    return {"id": id_, "author": author, "created": at, "internal": internal, "post": post, "value": "Still slow."}
