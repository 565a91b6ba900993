"""Puts the company's three tools on loopback ports, and says how a reader is to be configured for them."""

import socket
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from flask import Flask
from waitress import create_server, wasyncore

from ttv.demo import github, jira, words, zendesk
from ttv.demo.company import Company
from ttv.demo.issues import EPIC_LINK
from ttv.demo.web import EMAIL, THROTTLE_EVERY, TOKEN, Clock

HOST = "127.0.0.1"
PORTS = (8091, 8092, 8093)
"""Ports that are taken if they are free, so that links to the tools live as long as the company."""
EVERY = "10s"
_BEFORE = timedelta(days=800)
_TURN_SECONDS = 0.1


class _Running:
    """One application in threads of its own."""

    def __init__(self, app: Flask, port: int, name: str) -> None:
        self._open: dict[int, Any] = {}
        self._server = create_server(app, map=self._open, sockets=[_listening(port)], threads=4, ident=None)
        self.url = f"http://{HOST}:{self._server.effective_port}"
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._answer, name=f"demo-{name}", daemon=True)
        self._thread.start()

    def _answer(self) -> None:
        """Answer until the end; only this thread closes the sockets, and only when nobody works on them any more."""
        while not self._ending.is_set():
            wasyncore.loop(timeout=_TURN_SECONDS, map=self._open, count=1)
        self._server.task_dispatcher.shutdown()
        wasyncore.close_all(self._open, ignore_all=True)

    def stop(self) -> None:
        self._ending.set()
        self._thread.join()


@dataclass(frozen=True)
class Tools:
    """The running tools of a company; stop them, or use them as a context."""

    company: Company
    jira_url: str
    github_url: str
    zendesk_url: str
    running: tuple[_Running, ...]

    def stop(self) -> None:
        """Close the ports and wait for the requests in hand."""
        for running in self.running:
            running.stop()

    def __enter__(self) -> Self:
        """Give the tools."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop the tools."""
        self.stop()


def start(company: Company, now: Clock, ports: Sequence[int] = PORTS, throttle_every: int = THROTTLE_EVERY) -> Tools:
    """Serve Jira, GitHub and Zendesk on loopback; `now` gives aware moments.

    A port that is taken, and port 0, stands for any free one. Of each tool's requests every `throttle_every`-th is
    answered with 429, none for 0.
    """
    apps = [
        (tool.__name__.rpartition(".")[2], tool.app(company, now, throttle_every)) for tool in (jira, github, zendesk)
    ]
    running = tuple(_Running(app, port, name) for (name, app), port in zip(apps, ports, strict=True))
    return Tools(company, running[0].url, running[1].url, running[2].url, running)


def _listening(port: int) -> socket.socket:
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((HOST, port))
    except OSError:
        listening.bind((HOST, 0))
    return listening


def configuration(tools: Tools, directory: Path | str) -> dict[str, Any]:
    """Say, as `ttv.toml` would, how to read the company into a database in the directory."""
    since = (tools.company.origin - _BEFORE).date().isoformat()
    common = {"every": EVERY, "since": since}
    repositories = [f"{words.ORGANISATION}/{repository.name}" for repository in words.REPOSITORIES]
    basic = {"email": EMAIL, "token": TOKEN}
    return {
        "ttv": {"database": f"sqlite:///{Path(directory) / 'ttv.sqlite'}"},
        "schedule": {"sync": EVERY},
        "targets": {"time_to_value": "120d", "rate_of_turn": "30d"},
        "sources": {
            "jira": {"type": "jira", "url": tools.jira_url, **basic, "epic_field": EPIC_LINK, **common},
            "github": {
                "type": "github",
                "url": tools.github_url,
                "token": TOKEN,
                "repositories": repositories,
                "window": "365d",  # no allowance to spare here, and each window asks for every list at least once
                **common,
            },
            "zendesk": {
                "type": "zendesk",
                "url": tools.zendesk_url,
                **basic,
                "link_fields": [zendesk.LINK_FIELD],
                **common,
            },
        },
    }
