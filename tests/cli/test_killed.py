"""A first pull that is killed with SIGKILL at any instant goes on where it was, and ends as an undisturbed one."""

import random
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event

import pytest
from sqlalchemy import select

from connectors import jira
from tests.cli.processes import PATIENCE
from tests.fakes.jira import EMAIL, TOKEN, Account
from tests.fakes.jira_issues import history, issue, move
from ttv import store

PAGE = 100
DAYS = 700
TABLES = {
    "event": ["source", "id", "kind", "occurred_at", "subject", "refs", "title", "actor", "attributes", "deleted"],
    "link": ["child", "parent", "source", "event"],
    "initiative": ["key", "name", "team", "origin"],
    "claim": ["artefact", "initiative"],
    "tie": ["artefact", "initiative", "hops", "via"],
    "milestone": ["initiative", "idea_at", "yes_at", "started_at"],
    "quarantine": ["source", "digest"],
}
"""What must be the same: all but when it was recorded."""


class Large(Account):
    """A site with many issues, a hundred to a page; it tells what it has shown.

    After so many requests it rings, and holds those that come later until the next begin: however fast the machine, no
    process that is to be killed gets further.
    """

    def __init__(self, size):
        super().__init__()
        self.held = Event()
        now, self.issues = datetime.now(UTC), []
        for number in range(size):
            at = now - timedelta(days=DAYS) * (1 - number / size)
            kind, above = ("Initiative", None) if number % 10 == 0 else ("Story", f"PAY-{number - number % 10}")
            created, moved = (f"{when:%Y-%m-%dT%H:%M:%S}.000+0000" for when in (at - timedelta(days=9), at))
            log = [history(f"{number}9", moved, move("1", "4"))]
            told = issue(f"1{number:05}", f"PAY-{number}", kind, "4", created, moved, log)
            told["fields"]["parent"] = {"key": above} if above else None
            self.issues.append(told)
        self.begin()

    def begin(self, ring_after=0):
        """Begin to count anew, ring after so many requests, and refuse those that are still held."""
        self.held.set()
        self.shown_now, self.requests, self.ring_after = set(), 0, ring_after
        self.ring, self.held = Event(), Event()

    def allowed(self, request):
        self.requests += 1
        if self.requests == self.ring_after:
            self.ring.set()
        if 0 < self.ring_after < self.requests:
            self.held.wait(PATIENCE)
            return False
        return super().allowed(request)

    def search(self, _request, body):
        start = int(body.get("nextPageToken", 0))
        found = self.found(body["jql"])
        page = found[start : start + PAGE]
        if "issuetype" not in body["jql"]:
            self.shown_now.update(one["key"] for one in page)
        more = {"nextPageToken": str(start + PAGE)} if start + PAGE < len(found) else {}
        return {"issues": [self.shown(one, body) for one in page], "isLast": not more, **more}


def rows(path):
    engine = store.open(f"sqlite:///{path}")
    with store.reading(engine) as connection:
        found = {
            name: sorted(
                map(tuple, connection.execute(select(*(store.metadata.tables[name].c[one] for one in columns))))
            )
            for name, columns in TABLES.items()
        }
    engine.dispose()
    return found


@pytest.fixture
def pull(tmp_path, monkeypatch):
    """A function that starts a pull of a site into a database, as a process of its own."""
    monkeypatch.chdir(tmp_path)
    processes = []

    def begun(address, database):
        Path("ttv.toml").write_text(
            f'[sources.jira]\ntype = "jira"\nurl = "{address}"\nemail = "{EMAIL}"\n'
            'initiatives = "issuetype = Initiative"\nsince = "720d"\n'
        )
        command = [sys.executable, "-m", "ttv", "sync", "--database", f"sqlite:///{database}"]
        environ = {"PATH": "", "TTV_JIRA_TOKEN": TOKEN}
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        processes.append(subprocess.Popen(command, env=environ, text=True, **pipes))
        return processes[-1]

    yield begun
    for process in processes:
        process.kill()
        process.communicate()


def finished(process):
    said, error = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, error
    return said


def of_a_window(size):
    """The most issues that a window has, with the day by which windows may lie apart after a kill."""
    at = [number * DAYS / size for number in range(size)]
    return max(sum(begin <= one < begin + jira.WINDOW.days + 1 for one in at) for begin in range(DAYS))


def is_killed(process, after):
    """Kill a process after so many seconds; False if it ended before."""
    try:
        process.communicate(timeout=after)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        return True
    return False


@pytest.mark.parametrize(
    ("size", "kills", "seed"), [(1_500, 4, 1), pytest.param(10_000, 8, 2, marks=pytest.mark.heavy)]
)
def test_a_pull_that_is_killed_at_random_ends_as_one_that_nobody_disturbed(pull, served, size, kills, seed):
    chance, site, seen = random.Random(seed), Large(size), set()
    address = served(site)
    finished(pull(address, "whole.sqlite"))
    whole, requests, killed = site.shown_now, site.requests, 0
    assert len(whole) == size
    for _ in range(kills):
        site.begin(chance.randint(1, requests // kills))
        process = pull(address, "killed.sqlite")
        assert site.ring.wait(PATIENCE)
        killed += is_killed(process, chance.uniform(0, 0.3))
        assert len(seen & site.shown_now) <= of_a_window(size), "more than one window was read again"
        seen |= site.shown_now
    site.begin()
    finished(pull(address, "killed.sqlite"))
    assert len(seen & site.shown_now) <= of_a_window(size)
    assert seen | site.shown_now == whole
    assert killed == kills
    assert rows("killed.sqlite") == rows("whole.sqlite")
