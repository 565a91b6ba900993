"""Asks a host until it answers, or until there is no point in asking on.

tenacity counts the attempts and lets them grow apart. urllib3's Retry would do that too, but it sleeps by itself, so
that nobody could end it or count it; it retries before a body is read, where GitHub says which limit was hit and where
an answer breaks off; and it counts dates by our clock. What a host asks for, it asks of all: see `_hosts.py`.
"""

import logging
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from tenacity import RetryCallState, Retrying, retry_if_exception_type

from connectors._answer import Again, told
from connectors._hosts import Account, Host
from connectors._traffic import Traffic
from connectors.contract import SourceError, Unavailable

T = TypeVar("T")

_log = logging.getLogger(__name__)


class NotNow(Exception):  # noqa: N818 - a turn of the loop, never seen outside
    """The host is to be left alone for now."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How often and how long one host is asked for one answer."""

    host: Host
    traffic: Traffic
    sleep: Callable[[float], None]
    now: Callable[[], datetime]
    attempts: int
    seconds: float
    """All waits for one answer together."""

    def ask(self, place: str, account: Account, once: Callable[[], T], first: Callable[[], T] | None = None) -> T:
        """Ask by `once` for what is at a place; `first`, if given, ends the first attempt, which others began."""
        return _Asking(self, place, account, once, first).answer()


class _Asking(Generic[T]):
    """One question until it is answered."""

    def __init__(
        self, patience: Patience, place: str, account: Account, once: Callable[[], T], first: Callable[[], T] | None
    ) -> None:
        self._patience, self._place, self._account = patience, place, account
        self._once, self._first = once, first
        self._waited, self._tried = 0.0, 0
        self._last: Again | None = None

    def answer(self) -> T:
        """Ask until there is an answer; Unavailable if it does not come in time."""
        retrying = Retrying(
            retry=retry_if_exception_type(Again),
            wait=self._pause,
            stop=self._is_enough,
            sleep=self._rest,
            reraise=True,
        )
        try:
            return retrying(self._attempt)
        except Again as again:
            raise self._given_up(again) from again.__cause__

    def _attempt(self) -> T:
        first, self._first = self._first, None
        if first is not None:
            try:
                found = first()
            except NotNow:
                pass
            except Again:
                self._tried += 1
                raise
            else:
                return found
        self._enter()
        self._tried += 1
        if self._tried > 1:
            self._patience.traffic.retried()
        return self._once()

    def _enter(self) -> None:
        """Wait until the host may be asked."""
        patience = self._patience
        while until := patience.host.begin(self._account, now := patience.now()):
            seconds = (until - now).total_seconds()
            if self._waited + seconds > patience.seconds:
                reason = f"not asked, for its limit is used up for another {seconds:.0f} s"
                raise self._given_up(self._last or Again(reason, state="throttled"))
            _log.info("%s: waits %.1f s for the limits of the host", self._place, seconds)
            patience.traffic.throttled(seconds)
            self._rest(seconds)
            patience.host.waited(until)

    def _pause(self, state: RetryCallState) -> float:
        """Hold the host as long as it asks; else wait ever longer, with jitter so that many do not come at once."""
        error = state.outcome.exception() if state.outcome else None
        if not isinstance(error, Again):
            return 0.0
        self._last = error
        growth: int = 2 ** (state.attempt_number - 1)
        seconds = error.after or error.least * growth * random.uniform(1, 1.25)  # noqa: S311 - no secret
        _log.info("%s: %s; again in %.1f s", self._place, error, seconds)
        if not error.limited:
            return seconds
        self._patience.host.hold(self._patience.now() + timedelta(seconds=seconds))
        return 0.0

    def _is_enough(self, state: RetryCallState) -> bool:
        waited = self._waited + state.upcoming_sleep
        return self._tried >= self._patience.attempts or waited > self._patience.seconds

    def _rest(self, seconds: float) -> None:
        if seconds:
            self._patience.sleep(seconds)
            self._waited += seconds

    def _given_up(self, again: Again) -> SourceError:
        tried = f"; gave up after {self._tried} attempt{'' if self._tried == 1 else 's'}" if self._tried else ""
        return told(Unavailable, f"{self._place}: {again}{tried}", again.state)
