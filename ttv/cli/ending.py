"""How a command ends: at the first signal after what is in hand, at the second at once."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

import click

from ttv.schedule import Stop

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_TWICE_SECONDS = 0.2
"""Programs such as timeout(1) send a signal to the process and to its group: that is one wish."""


@contextmanager
def signals(note: str = "", timer: Callable[[], float] = time.monotonic) -> Iterator[Stop]:
    """Turn Ctrl-C and SIGTERM into the wish to end."""
    stop, last = Stop(), float("inf")

    def wished(number: int, _: FrameType | None) -> None:
        nonlocal last
        if stop():
            if timer() < last + _TWICE_SECONDS:
                return
            os._exit(128 + number)
        last = timer()
        stop.wish()
        if note:
            click.echo(note, err=True)

    before = {number: signal.signal(number, wished) for number in _SIGNALS}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
