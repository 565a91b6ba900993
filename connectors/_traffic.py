"""Who listens to what a client does outside: requests by how they ended, retries, and seconds of waiting."""

from typing import Literal, Protocol, get_args

Ended = Literal["2xx", "3xx", "4xx", "5xx", "not_modified", "throttled", "failed"]
"""A class of statuses, but for 304, for what a limit refused, and for requests that got no whole answer."""

ENDED: tuple[Ended, ...] = get_args(Ended)


class Traffic(Protocol):
    """Where a client counts; may be told by several threads at once."""

    def requested(self, ended: Ended) -> None:
        """Count one request that went out."""

    def retried(self) -> None:
        """Count one request that had to be made again."""

    def throttled(self, seconds: float) -> None:
        """Count a wait that the host asked for, before it begins."""


class Unheard:
    """Nobody listens."""

    def requested(self, ended: Ended) -> None:
        """Forget it."""

    def retried(self) -> None:
        """Forget it."""

    def throttled(self, seconds: float) -> None:
        """Forget it."""


def ended(status: int, *, limited: bool) -> Ended:
    """Name how a request ended."""
    if limited:
        return "throttled"
    classes: tuple[Ended, ...] = ("2xx", "3xx", "4xx", "5xx")
    return "not_modified" if status == 304 else classes[min(max(status // 100, 2), 5) - 2]  # noqa: PLR2004 - HTTP's
