"""What each host outside allows, known to the whole process: two sources on one host share it.

A host that asks to stay away is left alone by everybody. An allowance belongs to one account, and at GitHub to one
resource of its own, such as search; when it is used up, no request begins until there is more. Whoever has waited so
long says so, and the wait is over for all. At most four requests are under way at one host, whoever makes them.
"""

import threading
from collections import Counter
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from connectors._limits import Allowance

IN_FLIGHT = 4

Account = tuple[int, str]
"""Whose allowance it is, without the credentials, and of which resource."""
Origin = tuple[str, str | None, int | None]


def origin(address: str) -> Origin:
    """Give scheme, host and port of an address."""
    parts = urlsplit(address)
    return parts.scheme, parts.hostname, parts.port or {"https": 443, "http": 80}.get(parts.scheme)


def resource(address: str) -> str:
    """Tell which of GitHub's allowances an address draws on; elsewhere it does no harm to count apart."""
    parts = urlsplit(address).path.split("/")
    return "graphql" if parts[-1] == "graphql" else "search" if "search" in parts else "core"


class Host:
    """One host, as all clients know it."""

    def __init__(self) -> None:
        self.turns = threading.BoundedSemaphore(IN_FLIGHT)
        self._lock = threading.Lock()
        self._held: datetime | None = None
        self._left: dict[Account, tuple[int, datetime]] = {}
        self._under_way: Counter[Account] = Counter()

    def begin(self, account: Account, now: datetime) -> datetime | None:
        """Note that a request begins; or, if none may begin, tell until when."""
        with self._lock:
            left, until = self._left.get(account, (0, now))
            used_up = until if left <= self._under_way[account] else now
            closed = max(used_up, self._held or now)
            if closed > now:
                return closed
            self._under_way[account] += 1
            return None

    def end(self, account: Account, told: Allowance | None, now: datetime) -> None:
        """Note that a request is over, and what its answer told of the allowance."""
        with self._lock:
            self._under_way[account] -= 1
            if told:
                self._left[account] = told.left, now + timedelta(seconds=told.seconds)

    def hold(self, until: datetime) -> None:
        """Let no request begin until then."""
        with self._lock:
            self._held = max(until, self._held or until)

    def waited(self, until: datetime) -> None:
        """Forget what ends by then, for somebody has waited so long."""
        with self._lock:
            if self._held and self._held <= until:
                self._held = None
            self._left = {account: told for account, told in self._left.items() if told[1] > until}


class Hosts:
    """The hosts that clients speak with."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._hosts: dict[Origin, Host] = {}

    def at(self, address: str) -> Host:
        """Give the one host of an address."""
        with self._lock:
            return self._hosts.setdefault(origin(address), Host())


HOSTS = Hosts()
"""Those of this process."""
