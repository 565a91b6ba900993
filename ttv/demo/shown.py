"""Pages of the company's GitHub for people: what a link on a page of a reader leads to."""

from flask import Response

from ttv.demo.records import Deployment, Pull
from ttv.demo.repository import Thread
from ttv.demo.threads import Threads, states
from ttv.demo.web import page

_NEWEST = 30


def thread(threads: Threads, thread: Thread, now: int) -> Response:
    """Show an issue or a pull request."""
    written = threads.issue(thread, now)
    facts: list[tuple[str, object]] = [
        ("Repository", threads.html),
        ("State", written["state"]),
        ("Labels", ", ".join(threads.labels(thread, now))),
        ("Text", written["body"]),
    ]
    if isinstance(thread, Pull):
        facts.append(("Branch", threads.branch(thread)))
    story = [(thread.created, "opened")]
    story += [(at, what) for at, i, what in threads.repository.happenings if i == thread.number - 1 and at <= now]
    return page("GitHub", f"{threads.title(thread)} #{thread.number}", facts, story)


def deployment(threads: Threads, item: Deployment, now: int) -> Response:
    """Show a deployment."""
    commit = f"{threads.html}/commit/{threads.repository.sha(item.head)}"
    story = [(at, state) for at, state in states(item) if at <= now]
    title = f"Deployment {item.id} of {threads.repository.name}"
    return page("GitHub", title, (("Environment", item.environment), ("Commit", commit)), story)


def deployments(threads: Threads, environment: str, now: int) -> Response:
    """Show the newest deployments of an environment, or of all."""
    started = threads.repository.deployments[: threads.repository.started(now)]
    newest = [item for item in started if environment in {"", item.environment}][-_NEWEST:]
    links = [(item.environment, f"{threads.html}/deployments/{item.id}") for item in newest[::-1]]
    return page("GitHub", f"Deployments of {threads.repository.name}", links)


def commit(threads: Threads, place: int) -> Response:
    """Show a commit of the main line."""
    written = threads.commit(place)
    link = f"{threads.html}/pull/{threads.repository.main[place - 1].number}" if place else ""
    return page("GitHub", written["commit"]["message"], (("Commit", written["sha"]), ("Pull request", link)))


def release(threads: Threads, tag: str, now: int) -> Response | None:
    """Show a release, None if there is none of this tag."""
    place = _release(threads, tag, now)
    if place is None:
        return None
    found = threads.release(place, now)
    return page("GitHub", found["name"], (("Published", found["published_at"]), ("Text", found["body"])))


def tagged(threads: Threads, tag: str, now: int) -> int | None:
    """Find the place in the main line that a release's tag names."""
    place = _release(threads, tag, now)
    return None if place is None else threads.repository.releases[place].head


def _release(threads: Threads, tag: str, now: int) -> int | None:
    out = sum(item.done <= now for item in threads.repository.releases)
    return next((place for place in range(out) if threads.tag(place) == tag), None)
