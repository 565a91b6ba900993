"""Repositories of the company as GitHub's REST API writes them: issues, pull requests, commits, deployments."""

from hashlib import sha1
from typing import Any

from ttv.demo import records, words
from ttv.demo.company import Company
from ttv.demo.records import Deployment, Pull, Report
from ttv.demo.repository import Repository, Thread
from ttv.demo.times import NEVER, SECOND, moment

Json = dict[str, Any]
MAIN = "main"
_BOT = -1
_GHOST = 23


def time(instant: int | None) -> str | None:
    """Write an instant as GitHub does, None for never."""
    return None if instant is None or instant >= NEVER else f"{moment(instant):%Y-%m-%dT%H:%M:%SZ}"


def node(kind: str, number: int) -> str:
    """Make an opaque global id."""
    return f"{kind}_{number:012x}"


class Threads:
    """Writes what is in one repository; `root` is the address of the GitHub that is asked, `now` an instant."""

    def __init__(self, company: Company, repository: Repository, root: str) -> None:
        """Take the repository to write."""
        self.company, self.repository, self.root = company, repository, root
        self.api = f"{root}/repos/{repository.full_name}"
        self.html = f"{root}/{repository.full_name}"
        self._whole = self.described()

    def user(self, word: int) -> Json | None:
        """Write an account; a deleted one is null."""
        if word != _BOT and word % _GHOST == 0:
            return None
        login = "deploy-bot[bot]" if word == _BOT else words.login(word)
        number = 4_000_000 + (word % 126 if word != _BOT else 900)
        return {
            "login": login,
            "id": number,
            "node_id": node("U", number),
            "avatar_url": f"{self.root}/avatars/u/{number}",
            "url": f"{self.root}/users/{login}",
            "html_url": f"{self.root}/{login}",
            "type": "Bot" if word == _BOT else "User",
            "site_admin": False,
        }

    def described(self) -> Json:
        """Write the repository itself."""
        repository = self.repository
        return {
            "id": 880_001 + repository.index,
            "node_id": node("R", 880_001 + repository.index),
            "name": repository.name,
            "full_name": repository.full_name,
            "private": True,
            "owner": self.owner(),
            "html_url": self.html,
            "description": f"{repository.name.capitalize()} of {words.COMPANY}",
            "fork": False,
            "url": self.api,
            "created_at": time(repository.begun),
            "updated_at": time(repository.begun),
            "default_branch": MAIN,
            "archived": False,
            "disabled": False,
            "has_issues": True,
            "visibility": "private",
            "permissions": {"admin": False, "maintain": False, "push": False, "triage": False, "pull": True},
        }

    def owner(self) -> Json:
        """Write the organisation."""
        name = words.ORGANISATION
        urls = {"url": f"{self.root}/users/{name}", "html_url": f"{self.root}/{name}"}
        return {"login": name, "id": 990_001, "node_id": node("O", 990_001), "type": "Organization", **urls}

    def identity(self, thread: Thread) -> int:
        """Give the number of a thread that is unique over all repositories."""
        return 3_000_000_000 + self.repository.index * 100_000_000 + thread.number

    def title(self, thread: Thread) -> str:
        """Give a thread's title."""
        if isinstance(thread, Report):
            write = {"bug": words.blame, "idea": words.wish, "feedback": words.praise}[thread.kind]
            return write(self.repository.index, thread.word)
        if thread.issue is None:
            return words.chore(thread.word)
        text = self.company.title(thread.issue)
        return f"{self.company.key(thread.issue)}: {text}" if thread.mention == "title" else text

    def branch(self, pull: Pull) -> str:
        """Give the name of a pull request's branch."""
        text = words.task(pull.word).lower().replace(" ", "-")
        if pull.issue is not None and pull.mention == "branch":
            return f"{self.company.key(pull.issue)}-{text}"
        return f"{words.login(pull.word)}/{text}"

    def body(self, thread: Thread) -> str | None:
        """Give a thread's text."""
        if isinstance(thread, Report):
            return "Since the last release." if thread.word % 2 else None
        parts = ["See the description of the work."]
        if thread.issue is not None and thread.mention == "body":
            parts.append(f"Part of {self.company.key(thread.issue)}.")
        if thread.closes:
            parts.append(f"Closes #{thread.closes}.")
        return "\n\n".join(parts)

    @staticmethod
    def closed(thread: Thread, now: int) -> tuple[int | None, str | None]:
        """Give the instant at which a thread was closed and the reason of a closed issue."""
        if isinstance(thread, Pull):
            return (thread.closed if thread.closed <= now else None), None
        for at, step in zip(thread.steps[::2], thread.steps[1::2], strict=True):
            if at <= now and step != records.APPROVE:
                return at, "completed" if step == records.CLOSE else "not_planned"
        return None, None

    def labels(self, thread: Thread, now: int) -> list[str]:
        """List the names of a thread's labels."""
        if isinstance(thread, Pull):
            return [] if thread.issue else ["chore"]
        added = {records.APPROVE: "approved", records.REFUSE: "rejected"}
        steps = zip(thread.steps[::2], thread.steps[1::2], strict=True)
        return [thread.kind, *(added[step] for at, step in steps if at <= now and step in added)]

    def label(self, name: str) -> Json:
        """Write a label."""
        number = 5_000 + int(sha1(name.encode(), usedforsecurity=False).hexdigest()[:4], 16)
        rest = {"color": "c5def5", "default": name == "bug", "description": None}
        return {"id": number, "node_id": node("LA", number), "url": f"{self.api}/labels/{name}", "name": name, **rest}

    def issue(self, thread: Thread, now: int) -> Json:
        """Write a thread as the issues list does; a pull request is an issue with a `pull_request`."""
        number, pull = thread.number, isinstance(thread, Pull)
        closed, reason = self.closed(thread, now)
        at, url = f"{self.api}/issues/{number}", f"{self.html}/{'pull' if pull else 'issues'}/{number}"
        written: Json = {
            "url": at,
            "repository_url": self.api,
            "labels_url": f"{at}/labels{{/name}}",
            "comments_url": f"{at}/comments",
            "events_url": f"{at}/events",
            "html_url": url,
            "id": self.identity(thread) + 50_000_000,
            "node_id": node("PR" if pull else "I", self.identity(thread)),
            "number": number,
            "title": self.title(thread),
            "user": self.user(thread.word),
            "labels": [self.label(name) for name in self.labels(thread, now)],
            "state": "open" if closed is None else "closed",
            "locked": False,
            "assignee": None,
            "assignees": [],
            "milestone": None,
            "comments": thread.word % 4,
            "created_at": time(thread.created),
            "updated_at": time(max(at for at in thread.history if at <= now)),
            "closed_at": time(closed),
            "author_association": self.association(thread),
            "active_lock_reason": None,
            "body": self.body(thread),
            "state_reason": reason,
        }
        if isinstance(thread, Pull):
            merged = time(closed) if thread.merged else None
            api = f"{self.api}/pulls/{number}"
            written["pull_request"] = {"url": api, "html_url": url, "diff_url": f"{url}.diff", "merged_at": merged}
            written["draft"] = False
        return written

    @staticmethod
    def association(thread: Thread) -> str:
        """Tell how the author belongs to the repository."""
        return "NONE" if isinstance(thread, Report) and thread.outside else "MEMBER"

    def pull(self, pull: Pull, now: int) -> Json:
        """Write a pull request as the pulls list does."""
        written = self.issue(pull, now)
        brief = written.pop("pull_request")
        for name in ("repository_url", "labels_url", "events_url", "comments", "state_reason"):
            del written[name]
        head, base = sha1(f"{self.html}{pull.number}".encode(), usedforsecurity=False).hexdigest(), pull.number
        return written | {
            "url": brief["url"],
            "id": self.identity(pull),
            "issue_url": f"{self.api}/issues/{base}",
            "commits_url": f"{brief['url']}/commits",
            "diff_url": brief["diff_url"],
            "patch_url": f"{brief['html_url']}.patch",
            "merged_at": brief["merged_at"],
            "merge_commit_sha": self.repository.sha(pull.place) if brief["merged_at"] else head[::-1],
            "requested_reviewers": [],
            "requested_teams": [],
            "head": self._side(self.branch(pull), head),
            "base": self._side(MAIN, self.repository.sha(self.repository.tip(pull.opened))),
            "auto_merge": None,
        }

    def _side(self, ref: str, sha: str) -> Json:
        label = f"{words.ORGANISATION}:{ref}"
        return {"label": label, "ref": ref, "sha": sha, "user": self._whole["owner"], "repo": self._whole}

    def commit(self, place: int) -> Json:
        """Write a commit of the main line."""
        sha = self.repository.sha(place)
        pull = self.repository.main[place - 1] if place else None
        title = f"{self.title(pull)} (#{pull.number})" if pull else "Begin"
        word = pull.word if pull else 1
        when = time(pull.closed if pull else self.repository.begun)
        author = {"name": words.person(word), "email": f"{words.login(word)}@quillmere.example", "date": when}
        parents = [{"sha": self.repository.sha(place - 1), "url": f"{self.api}/commits/{sha}"}] if place else []
        return {
            "sha": sha,
            "node_id": node("C", place),
            "commit": {
                "author": author,
                "committer": {"name": "GitHub", "email": "noreply@github.example", "date": when},
                "message": title,
                "tree": {"sha": sha[::-1], "url": f"{self.api}/git/trees/{sha[::-1]}"},
                "url": f"{self.api}/git/commits/{sha}",
                "comment_count": 0,
            },
            "url": f"{self.api}/commits/{sha}",
            "html_url": f"{self.html}/commit/{sha}",
            "author": self.user(word),
            "committer": self.user(word),
            "parents": parents,
        }

    def happening(self, place: int, now: int) -> Json:
        """Write an issue event by its place among all of the repository."""
        at, index, what = self.repository.happenings[place]
        thread, (kind, _, detail) = self.repository.threads[index], what.partition(":")
        number = 12_000_000_000 + self.repository.index * 100_000_000 + place
        merged = isinstance(thread, Pull) and thread.merged
        sha = self.repository.sha(thread.place) if isinstance(thread, Pull) and merged else None
        written: Json = {
            "id": number,
            "node_id": node("EV", number),
            "url": f"{self.api}/issues/events/{number}",
            "actor": self.user(thread.word // 5),
            "event": kind,
            "commit_id": sha,
            "commit_url": f"{self.api}/commits/{sha}" if sha else None,
            "created_at": time(at),
            "performed_via_github_app": None,
            "issue": self.issue(thread, now),
        }
        if kind == "labeled":
            written["label"] = {"name": detail, "color": "c5def5"}
        if kind == "closed":
            written["state_reason"] = detail or None
        return written

    def deployment(self, item: Deployment, now: int) -> Json:
        """Write a deployment."""
        at = f"{self.api}/deployments/{item.id}"
        production = item.environment != "staging"
        return {
            "url": at,
            "id": item.id,
            "node_id": node("DE", item.id),
            "sha": self.repository.sha(item.head),
            "ref": MAIN,
            "task": "deploy",
            "payload": {} if item.id % 2 else "",
            "original_environment": item.environment,
            "environment": item.environment,
            "description": None,
            "creator": self.user(_BOT),
            "created_at": time(item.created),
            "updated_at": time(max([item.created, *(at for at, _ in states(item) if at <= now)])),
            "statuses_url": f"{at}/statuses",
            "repository_url": self.api,
            "transient_environment": False,
            "production_environment": production,
        }

    def statuses(self, item: Deployment, now: int) -> list[Json]:
        """Write the statuses of a deployment, newest first."""
        at = f"{self.api}/deployments/{item.id}"
        written = [
            {
                "url": f"{at}/statuses/{item.id * 10 + place}",
                "id": item.id * 10 + place,
                "node_id": node("DES", item.id * 10 + place),
                "state": state,
                "creator": self.user(_BOT),
                "description": "",
                "environment": item.environment,
                "target_url": "",
                "created_at": time(instant),
                "updated_at": time(instant),
                "deployment_url": at,
                "repository_url": self.api,
                "environment_url": "",
                "log_url": "",
            }
            for place, (instant, state) in enumerate(states(item))
            if instant <= now
        ]
        return written[::-1]

    @staticmethod
    def tag(number: int) -> str:
        """Give the tag of a release by its place."""
        return f"v{1 + number // 20}.{number % 20}.0"

    def release(self, number: int, now: int) -> Json:
        """Write a release by its place."""
        item = self.repository.releases[number]
        tag = self.tag(number)
        identity = 150_000_000 + self.repository.index * 100_000 + number
        return {
            "url": f"{self.api}/releases/{identity}",
            "html_url": f"{self.html}/releases/tag/{tag}",
            "id": identity,
            "node_id": node("RE", identity),
            "tag_name": tag,
            "target_commitish": MAIN,
            "name": f"{self.repository.name.capitalize()} {tag[1:]}",
            "body": "What is new.",
            "draft": False,
            "prerelease": False,
            "created_at": time(self.repository.merges[item.head - 1] if item.head else self.repository.begun),
            "published_at": time(min(item.done, now)),
            "author": self.user(_BOT),
            "assets": [],
        }


def states(item: Deployment) -> list[tuple[int, str]]:
    """List the states that a deployment goes through, ascending."""
    end = "success" if item.succeeded else "failure"
    states = [(item.created + SECOND, "in_progress"), (item.done, end)]
    return [*states, (item.replaced, "inactive")] if item.succeeded and item.replaced < NEVER else states
