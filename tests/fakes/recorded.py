"""GitHub's real answers for one public repository, recorded by others, served on GitHub's paths with its paging."""

import json

from tests.fakes.web import Web, linked

REPOSITORY = "panjf2000/ants"


class Recorded(Web):
    """The repository as it was recorded: early issues, later issues by their events, and pull requests."""

    def __init__(self, folder):
        super().__init__()
        read = {name: json.loads((folder / f"{name}.json").read_text()) for name in ("issues", "pulls", "issue_events")}
        self.pulls, self.events = read["pulls"], sorted(read["issue_events"], key=lambda event: event["created_at"])
        by_number = {issue["number"]: issue for issue in [*(e["issue"] for e in self.events), *read["issues"]]}
        self.issues = sorted(by_number.values(), key=lambda issue: issue["updated_at"])
        here = f"/repos/{REPOSITORY}"
        self.routes = [
            (here, lambda *_: {"full_name": REPOSITORY, "default_branch": "master", "has_issues": True}),
            (f"{here}/issues", self._issues),
            (f"{here}/issues/(\\d+)/events", self._events),
            (f"{here}/pulls", self._pulls),
            (f"{here}/(?:deployments|releases)", lambda request, _: linked(request, [])),
        ]

    def allowed(self, request):
        return "Authorization" not in request.headers

    def _issues(self, request, _body):
        return linked(
            request, [issue for issue in self.issues if issue["updated_at"] >= request.args["since"]], size=20
        )

    def _events(self, request, _body, number):
        return linked(request, [event for event in self.events if event["issue"]["number"] == int(number)])

    def _pulls(self, request, _body):
        return linked(request, sorted(self.pulls, key=lambda pull: pull["updated_at"], reverse=True), size=20)
