"""The company's GitHub: the paths of the REST API, and what `graph.py` answers of GraphQL."""

from bisect import bisect_right
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import sha1
from typing import Any
from urllib.parse import urlencode

from flask import Flask, Response, request

from ttv.demo import listing, shown, words
from ttv.demo.company import Company
from ttv.demo.graph import Graph
from ttv.demo.records import Deployment, Pull
from ttv.demo.repository import Repository, Thread
from ttv.demo.threads import MAIN, Threads
from ttv.demo.times import HOUR, NEVER, SECOND, milliseconds
from ttv.demo.web import THROTTLE_EVERY, TOKEN, Clock, Refusal, Tool, answer, number, packed, page, unpacked

_REPO = "/repos/<owner>/<name>"
_HTML = "/<owner>/<name>"
_LIMIT = 15_000
_DOCS = "https://docs.github.com/rest"
_COMPARED = 250


def app(company: Company, now: Clock, throttle_every: int = THROTTLE_EVERY) -> Flask:
    """Make the WSGI application; `now` gives aware moments."""
    return GitHub(company, now, throttle_every).flask


class GitHub(Tool):
    """Answers for one company."""

    def __init__(self, company: Company, now: Clock, throttle_every: int) -> None:
        """Lay out the paths."""
        super().__init__("github", now, throttle_every)
        self.company = company
        self.by_name = {repository.name: repository for repository in company.repositories}
        self._listed = lru_cache(maxsize=64)(listing.threads)
        self._graph = Graph(company)
        self._used, self._hour = 0, 0
        self.flask.after_request(self._conditional)
        self.serve((("GET", "/user", self.user), ("GET", "/rate_limit", self.rate_limit)))
        self.serve([("POST", "/graphql", self.graphql)])
        self.serve(("GET", path, self.all) for path in ("/user/repos", "/orgs/<owner>/repos"))
        self.serve(
            ("GET", base + path, self._in_repository(view))
            for base, path, view in (
                (_REPO, "", self.one),
                (_REPO, "/issues", self.issues),
                (_REPO, "/issues/events", self.happenings),
                (_REPO, "/issues/<int:number>", self.issue),
                (_REPO, "/issues/<int:number>/events", self.happenings_of),
                (_REPO, "/pulls", self.pulls),
                (_REPO, "/pulls/<int:number>", self.pull),
                (_REPO, "/commits", self.commits),
                (_REPO, "/commits/<sha>", self.commit),
                (_REPO, "/commits/<sha>/pulls", self.pulls_of),
                (_REPO, "/deployments", self.deployments),
                (_REPO, "/deployments/<int:number>", self.deployment),
                (_REPO, "/deployments/<int:number>/statuses", self.statuses),
                (_REPO, "/environments", self.environments),
                (_REPO, "/releases", self.releases),
                (_REPO, "/compare/<path:span>", self.compare),
                (_HTML, "/pull/<int:number>", self.show_thread),
                (_HTML, "/issues/<int:number>", self.show_thread),
                (_HTML, "/deployments/<which>", self.show_deployment),
                (_HTML, "/deployments", self.show_deployment),
                (_HTML, "/commit/<sha>", self.show_commit),
                (_HTML, "/releases/tag/<tag>", self.show_release),
                (_HTML, "", self.show_repository),
            )
        )

    def _in_repository(self, view: Callable[..., Response]) -> Callable[..., Response]:
        """Find the repository that the path names, or there is nothing."""

        def found(owner: str, name: str, **rest: Any) -> Response:
            repository = self.by_name.get(name)
            if repository is None or owner != words.ORGANISATION:
                raise self.missing()
            return view(repository, **rest)

        return found

    def guarded(self) -> bool:
        """Guard the API, not the pages for people."""
        return request.path.startswith(("/repos/", "/user", "/orgs/", "/rate_limit", "/graphql"))

    def authorise(self) -> None:
        """Refuse a wrong token."""
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() not in {"bearer", "token"} or token != TOKEN:
            text = "Bad credentials" if token else "Requires authentication"
            raise _refusal(401, text)

    def missing(self) -> Refusal:
        """Refuse as GitHub does where there is nothing, or nothing to see."""
        return _refusal(404, "Not Found")

    def throttled(self) -> Refusal:
        """Refuse a secondary limit."""
        text = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."
        return _refusal(429, text, {"Retry-After": "1"})

    def headers(self) -> dict[str, str]:
        """Tell the hour's budget, which never quite ends."""
        hour = self.now // HOUR
        used = min(self._used, _LIMIT - 1)
        return {
            "X-RateLimit-Limit": str(_LIMIT),
            "X-RateLimit-Remaining": str(_LIMIT - used),
            "X-RateLimit-Used": str(used),
            "X-RateLimit-Reset": str((hour + 1) * HOUR // SECOND),
            "X-RateLimit-Resource": "core",
            "X-GitHub-Media-Type": "github.v3; format=json",
        }

    def _conditional(self, response: Response) -> Response:
        """Tag an answer of the API, and leave it out where the asker has it; that costs no budget."""
        if not self.guarded():
            return response
        hour = self.now // HOUR
        self._used, self._hour = (self._used if hour == self._hour else 0) + 1, hour
        if response.status_code != 200:
            return response
        response.headers["ETag"] = f'W/"{sha1(response.get_data(), usedforsecurity=False).hexdigest()}"'
        if response.headers["ETag"] in request.headers.get("If-None-Match", ""):
            self._used -= 1
            response.status_code = 304
            response.set_data(b"")
        return response

    def _threads(self, repository: Repository) -> Threads:
        return Threads(self.company, repository, self.root)

    def user(self) -> Response:
        """Tell who is asking."""
        return answer(self._threads(self.company.repositories[0]).user(1))

    def graphql(self) -> Response:
        """Answer a question of GraphQL."""
        return answer(self._graph.answer(request.get_json(), self.root, self.now))

    def rate_limit(self) -> Response:
        """Tell the budget."""
        reset = (self.now // HOUR + 1) * HOUR // SECOND
        core = {"limit": _LIMIT, "used": self._used, "remaining": max(_LIMIT - self._used, 1), "reset": reset}
        return answer({"resources": {"core": core}, "rate": core})

    def all(self, owner: str = words.ORGANISATION) -> Response:
        """List the repositories."""
        if owner != words.ORGANISATION:
            raise self.missing()
        return self._page(self.company.repositories, lambda repository: self._threads(repository).described())

    def one(self, repository: Repository) -> Response:
        """Answer the repository itself."""
        return answer(self._threads(repository).described())

    def _page(self, values: Sequence[Any], write: Callable[[Any], Any], *, after: str = "") -> Response:
        """Answer one page of a list, with links to the others."""
        size = number(request.args.get("per_page"), 30, least=1, most=100)
        current = number(request.args.get("page"), 1, least=1)
        start = (current - 1) * size
        response = answer([write(value) for value in values[start : start + size]])
        last = -(-len(values) // size)
        links = {"next": current + 1, "last": last} if current < last else {}
        if current > 1:
            links |= {"prev": current - 1, "first": 1}
        return self._linked(response, links, after)

    def _linked(self, response: Response, links: dict[str, int], after: str = "") -> Response:
        asked = request.args.to_dict() | ({"after": after} if after else {})
        targets = {name: f"{request.base_url}?{urlencode(asked | {'page': place})}" for name, place in links.items()}
        if targets:
            response.headers["Link"] = ", ".join(f'<{url}>; rel="{name}"' for name, url in targets.items())
        return response

    def _choice(self, name: str, default: str, choices: Sequence[str]) -> str:
        value = request.args.get(name) or default
        if value not in choices:
            raise _refusal(422, "Validation Failed")
        return value

    def issues(self, repository: Repository) -> Response:
        """List issues and pull requests; the links of the pages keep looking at the moment of the first one."""
        version = repository.shelf.version(self.now)
        if cursor := request.args.get("after"):
            values = unpacked(cursor, (int,))
            if values is None:
                raise _refusal(422, "Validation Failed")
            version = min(values[0], version)
        listed = self._listed(
            repository,
            pulls=False,
            state=self._choice("state", "open", ("open", "closed", "all")),
            sort=self._choice("sort", "created", ("created", "updated", "comments")),
            descending=self._choice("direction", "desc", ("asc", "desc")) == "desc",
            since=_moment(request.args.get("since")),
            version=version,
        )
        now, threads = self.now, self._threads(repository)
        wanted = {label for label in request.args.get("labels", "").split(",") if label}
        if wanted:
            listed = [thread for thread in listed if wanted <= set(threads.labels(thread, now))]
        return self._page(listed, lambda thread: threads.issue(thread, now), after=packed(version))

    def pulls(self, repository: Repository) -> Response:
        """List pull requests; pages shift when something happens, as they do there."""
        sort = self._choice("sort", "created", ("created", "updated", "popularity", "long-running"))
        listed = self._listed(
            repository,
            pulls=True,
            state=self._choice("state", "open", ("open", "closed", "all")),
            sort=sort,
            descending=self._choice("direction", "desc" if sort == "created" else "asc", ("asc", "desc")) == "desc",
            since=-NEVER,
            version=repository.shelf.version(self.now),
        )
        now, threads = self.now, self._threads(repository)
        return self._page(listed, lambda pull: threads.pull(pull, now))

    def _thread(self, repository: Repository, number: int) -> Thread:
        thread = repository.thread(number, self.now)
        if thread is None:
            raise self.missing()
        return thread

    def _pull(self, repository: Repository, number: int) -> Pull:
        thread = self._thread(repository, number)
        if not isinstance(thread, Pull):
            raise self.missing()
        return thread

    def issue(self, repository: Repository, number: int) -> Response:
        """Answer one issue."""
        return answer(self._threads(repository).issue(self._thread(repository, number), self.now))

    def pull(self, repository: Repository, number: int) -> Response:
        """Answer one pull request."""
        pull = self._pull(repository, number)
        merged = pull.merged and pull.closed <= self.now
        more = {"merged": merged, "commits": 1, "additions": 3 + pull.word % 200, "deletions": pull.word % 50}
        return answer(self._threads(repository).pull(pull, self.now) | more)

    def happenings(self, repository: Repository) -> Response:
        """List issue events, newest first."""
        now, threads = self.now, self._threads(repository)
        count = bisect_right(repository.happenings, (now, NEVER))
        return self._page(range(count)[::-1], lambda place: threads.happening(place, now))

    def happenings_of(self, repository: Repository, number: int) -> Response:
        """List the events of one issue, oldest first."""
        self._thread(repository, number)
        now, threads = self.now, self._threads(repository)
        found = [p for p, (at, i, _) in enumerate(repository.happenings) if i == number - 1 and at <= now]
        return self._page(found, lambda place: _without(threads.happening(place, now), "issue"))

    def commits(self, repository: Repository) -> Response:
        """List the main line, newest first, by commit date."""
        since, until = _moment(request.args.get("since")), _moment(request.args.get("until"), NEVER)
        tip, threads = repository.tip(self.now), self._threads(repository)
        merges = [repository.begun, *repository.merges[:tip]]
        found = [place for place in range(tip, -1, -1) if since <= merges[place] <= until]
        return self._page(found, threads.commit)

    def _place(self, repository: Repository, sha: str) -> int:
        place = repository.tip(self.now) if sha == MAIN else repository.place(sha)
        if place is None and sha.startswith("v"):
            place = shown.tagged(self._threads(repository), sha, self.now)
        if place is None or place > repository.tip(self.now):
            raise self.missing()
        return place

    def commit(self, repository: Repository, sha: str) -> Response:
        """Answer one commit."""
        return answer(self._threads(repository).commit(self._place(repository, sha)))

    def pulls_of(self, repository: Repository, sha: str) -> Response:
        """List the pull request that brought a commit."""
        place, now, threads = self._place(repository, sha), self.now, self._threads(repository)
        return self._page(repository.main[place - 1 : place] if place else [], lambda pull: threads.pull(pull, now))

    def deployments(self, repository: Repository) -> Response:
        """List deployments, newest first."""
        now, threads = self.now, self._threads(repository)
        found: Sequence[Deployment] = repository.deployments[: repository.started(now)][::-1]
        if environment := request.args.get("environment"):
            found = [item for item in found if item.environment == environment]
        if sha := request.args.get("sha"):
            found = [item for item in found if repository.sha(item.head) == sha]
        return self._page(found, lambda item: threads.deployment(item, now))

    def _deployment(self, repository: Repository, number: int) -> Deployment:
        started = repository.deployments[: repository.started(self.now)]
        found = next((item for item in started if item.id == number), None)
        if found is None:
            raise self.missing()
        return found

    def deployment(self, repository: Repository, number: int) -> Response:
        """Answer one deployment."""
        return answer(self._threads(repository).deployment(self._deployment(repository, number), self.now))

    def statuses(self, repository: Repository, number: int) -> Response:
        """List the statuses of a deployment, newest first."""
        found = self._threads(repository).statuses(self._deployment(repository, number), self.now)
        return self._page(found, lambda status: status)

    def environments(self, repository: Repository) -> Response:
        """List the environments."""
        names = sorted({item.environment for item in repository.deployments})
        return answer({"total_count": len(names), "environments": [{"id": i, "name": n} for i, n in enumerate(names)]})

    def releases(self, repository: Repository) -> Response:
        """List releases, newest first."""
        now, threads = self.now, self._threads(repository)
        count = bisect_right([item.done for item in repository.releases], now)
        return self._page(range(count)[::-1], lambda place: threads.release(place, now))

    def compare(self, repository: Repository, span: str) -> Response:
        """Compare two commits: what lies between them, oldest first; 250 of them unless pages are asked for."""
        names = span.split("...")
        if len(names) != 2:
            raise self.missing()
        base, head = (self._place(repository, name) for name in names)
        threads, places = self._threads(repository), range(base + 1, head + 1)
        paged = "per_page" in request.args or "page" in request.args
        size = number(request.args.get("per_page"), 30, least=1, most=100) if paged else _COMPARED
        current = number(request.args.get("page"), 1, least=1)
        shown = places[(current - 1) * size : current * size] if paged else places[-size:]
        body = {
            "url": f"{threads.api}/compare/{span}",
            "html_url": f"{threads.html}/compare/{span}",
            "base_commit": threads.commit(base),
            "merge_base_commit": threads.commit(min(base, head)),
            "status": "ahead" if head > base else "behind" if head < base else "identical",
            "ahead_by": max(head - base, 0),
            "behind_by": max(base - head, 0),
            "total_commits": len(places),
            "commits": [threads.commit(place) for place in shown],
        }
        last = -(-len(places) // size)
        links = {"next": current + 1, "last": last} if paged and current < last else {}
        return self._linked(answer(body | ({"files": []} if current == 1 else {})), links)

    def show_thread(self, repository: Repository, number: int) -> Response:
        """Show an issue or a pull request to a person."""
        return shown.thread(self._threads(repository), self._thread(repository, number), self.now)

    def show_deployment(self, repository: Repository, which: str = "") -> Response:
        """Show a deployment, or the newest ones of an environment, to a person."""
        threads = self._threads(repository)
        if which.isdigit():
            return shown.deployment(threads, self._deployment(repository, int(which)), self.now)
        return shown.deployments(threads, which, self.now)

    def show_commit(self, repository: Repository, sha: str) -> Response:
        """Show a commit to a person."""
        return shown.commit(self._threads(repository), self._place(repository, sha))

    def show_release(self, repository: Repository, tag: str) -> Response:
        """Show a release to a person."""
        release = shown.release(self._threads(repository), tag, self.now)
        if release is None:
            raise self.missing()
        return release

    def show_repository(self, repository: Repository) -> Response:
        """Show a repository to a person."""
        threads = self._threads(repository)
        facts = (("Threads", repository.there(self.now)), ("Deployments", f"{threads.html}/deployments"))
        return page("GitHub", repository.full_name, facts)


def _without(written: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in written.items() if key != name}


def _moment(text: str | None, default: int = -NEVER) -> int:
    if not text:
        return default
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise _refusal(422, "Validation Failed") from error
    return milliseconds(found if found.tzinfo else found.replace(tzinfo=UTC))


def _refusal(status: int, text: str, headers: dict[str, str] | None = None) -> Refusal:
    return Refusal(status, {"message": text, "documentation_url": _DOCS, "status": str(status)}, headers)
