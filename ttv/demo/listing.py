"""Lists of a repository's issues and pull requests, as GitHub's parameters choose and order them."""

from ttv.demo.records import Pull
from ttv.demo.repository import Repository, Thread
from ttv.demo.threads import Threads


def threads(
    repository: Repository, *, pulls: bool, state: str, sort: str, descending: bool, since: int, version: int
) -> list[Thread]:
    """List what was touched since an instant, as of a version of the shelf; `state` is open, closed or all."""
    now = repository.shelf.moment(version)
    found = repository.shelf.touched(now, since)
    if sort != "updated":
        found.sort()
    chosen = [repository.threads[index] for index in found.tolist()]
    wanted = [
        thread
        for thread in chosen
        if (not pulls or isinstance(thread, Pull)) and (state == "all" or _state(thread, now) == state)
    ]
    return wanted[::-1] if descending else wanted


def _state(thread: Thread, now: int) -> str:
    return "open" if Threads.closed(thread, now)[0] is None else "closed"
