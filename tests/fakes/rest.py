"""An API with three lists, as the generic connector reads them: by link, by cursor, and one that a record leads to."""

from datetime import datetime

from tests.fakes.web import Web, linked, said

TOKEN = "rest-token-77aa"
SPAN = datetime.fromisoformat("2026-01-01T00:00:00+00:00"), datetime.fromisoformat("2026-04-01T00:00:00+00:00")
KEY = "join('', ['board:', to_string(id)])"


def settings(url):
    return {
        "url": url,
        "token": TOKEN,
        "reads": [
            {
                "name": "ideas",
                "path": "/ideas",
                "since": {"parameter": "updated_from"},
                "until": {"parameter": "updated_to"},
                "touched": "updated",
                "kind": "idea",
                "occurred_at": "created",
                "subject": KEY,
                "title": "title",
                "keys_in": "[title, text]",
                "deleted": "gone",
                "children": [
                    {
                        "name": "links",
                        "path": "/ideas/{id}/links",
                        "records": "[{issues: issues}]",
                        "subject": "join('', ['board:', to_string(above.id)])",
                        "refs": "issues[].join('', ['jira:', @])",
                    }
                ],
            },
            {
                "name": "answers",
                "path": "/answers",
                "records": "page.items",
                "paging": {"by": "cursor", "cursor": "page.next", "parameter": "after"},
                "touched": "at",
                "kind": "feedback",
                "id": "key",
                "occurred_at": "at",
                "subject": "join('', ['answer:', key])",
                "refs": "join('', ['board:', to_string(idea)])",
                "attributes": {"sentiment": "mood", "customer": "!staff"},
            },
        ],
    }


class Account(Web):
    """The lists; those asked for by time give what was touched in it, the other is whole."""

    middle = datetime.fromisoformat("2026-03-01T00:00:00+00:00")

    def __init__(self):
        super().__init__()
        self.ideas = [
            _idea(1, "2026-01-03T07:11:00Z", "2026-01-03T07:11:00Z", title="PAY-12 is slow"),
            _idea(2, "2026-01-04T07:11:00Z", "2026-02-04T07:11:00Z"),
            _idea(3, "2026-01-02T07:11:00Z", "2026-02-05T07:11:00Z", gone=True),
            _idea(4, "2026-03-05T07:11:00Z", "2026-03-05T07:11:00Z", text="As in WEB-3."),
            _idea(5, "2026-03-06T07:11:00+01:00", "2026-03-06T07:11:00Z"),
        ]
        self.answers = [
            _answer("a", 1, "2026-03-20T10:00:00.250Z", mood="positive"),
            _answer("b", 2, "2026-03-10T10:00:00Z", staff=True),
            _answer("c", 2, "2026-02-10T10:00:00Z"),
        ]
        self.issues = {1: ["PAY-12", "PAY-13"], 4: ["WEB-3"]}
        self.routes = [
            ("/ideas", self.listed),
            (r"/ideas/(\d+)/links", lambda _request, _body, id_: {"issues": self.issues.get(int(id_), [])}),
            ("/answers", self.answered),
        ]

    @property
    def touched(self):
        ideas = {f"ideas/{one['id']}": one["updated"] for one in self.ideas if not one["gone"]}
        answers = {f"answers/{one['key']}": one["at"] for one in self.answers}
        return {id_: datetime.fromisoformat(at) for id_, at in (ideas | answers).items()}

    def empty(self):
        self.ideas, self.answers = [], []

    def spoil(self):
        """Let one idea lose its creation."""
        del self.ideas[-1]["created"]

    def allowed(self, request):
        return request.headers.get("Authorization") == f"Bearer {TOKEN}"

    def listed(self, request, _body):
        since, until = (request.args.get(name) for name in ("updated_from", "updated_to"))
        if since is None:
            return said({"error": "updated_from is missing"}, 422)
        return linked(request, [one for one in self.ideas if since <= one["updated"] < (until or "9")])

    def answered(self, request, _body):
        place = int(request.args.get("after", 0))
        after = place + 2
        return {
            "page": {
                "items": self.answers[place:after],
                "next": str(after) if after < len(self.answers) else None,
            }
        }


def _idea(id_, created, updated, **fields):
    told = {"id": id_, "created": created, "updated": updated, "title": f"Idea {id_}", "text": None, "gone": False}
    return {**told, **fields}


def _answer(key, idea, at, **fields):
    return {"key": key, "idea": idea, "at": at, "mood": "neutral", "staff": False, **fields}
