"""The door: an application on a port, until somebody wishes to end; what is being answered then is answered."""

import errno
import socket
import time
from collections.abc import Callable
from typing import Any

from flask import Flask
from waitress import create_server, wasyncore

from ttv.cli.errors import Failed

_TURN_SECONDS = 0.5
_LAST_SECONDS = 30.0
"""How long answers that are under way may take once somebody wished to end."""
_BODY_BYTES = 64 * 1024 * 1024


class Door:
    """An open port; it answers while `answer` runs."""

    def __init__(self, app: Flask, host: str, port: int) -> None:
        listening = _listening(host, port)
        where, self.port = listening.getsockname()[:2]
        name = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(where, f"[{where}]" if ":" in where else where)  # noqa: S104
        self.url = f"http://{name}:{self.port}/"
        self._open: dict[int, Any] = {}
        self._server = create_server(
            app, map=self._open, sockets=[listening], threads=8, ident="ttv", max_request_body_size=_BODY_BYTES
        )

    def answer(self, until: Callable[[], bool], timer: Callable[[], float] = time.monotonic) -> None:
        """Answer requests until somebody wishes to end, and then those that came before."""
        while not until():
            self._turn()
        wasyncore.dispatcher.close(self._server)
        last = timer() + _LAST_SECONDS
        while any(_busy(one) for one in self._open.values()) and timer() < last:
            self._turn()

    def close(self) -> None:
        """Close the port and every connection."""
        self._server.task_dispatcher.shutdown()
        for one in list(self._open.values()):
            one.handle_close()  # which, unlike `close`, also closes the file of a long answer
        self._server.trigger.close()

    def _turn(self) -> None:
        wasyncore.loop(timeout=_TURN_SECONDS, map=self._open, count=1)


def _busy(channel: Any) -> bool:
    """Say whether a connection has a request or an answer under way."""
    return bool(getattr(channel, "requests", None) or getattr(channel, "total_outbufs_len", 0))


def _listening(host: str, port: int) -> socket.socket:
    try:
        family, _, _, _, address = socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM)[0]
        return socket.create_server(address, family=family, backlog=1024)
    except OSError as error:
        raise _unopened(host, port, error) from None


def _unopened(host: str, port: int, error: OSError) -> Failed:
    if error.errno == errno.EADDRINUSE:
        return Failed(
            f"port {port} of {host} is taken by another program", f"Stop that one, or take --port {port + 1}."
        )
    if error.errno == errno.EACCES:
        return Failed(f"this user may not listen on port {port}", "Take a port above 1023, as in --port 8080.")
    if isinstance(error, socket.gaierror) or error.errno == errno.EADDRNOTAVAIL:
        return Failed(f"{host!r} is no address of this machine", "Choose another with --host.")
    return Failed(f"cannot listen on port {port} of {host}: {error.strerror}", "Choose others with --host and --port.")
