"""How an issue's status and resolution came to be: its changelog becomes moves, oldest first, and its old keys.

Takes an issue as `_jira_sites` gives it. A change that lacks what is promised raises KeyError, TypeError or ValueError,
and so does a history that is not whole.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from connectors._reading import instant

_MOVES = frozenset({"status", "resolution"})
_KEYS = frozenset({"key", "issuekey"})
_TYPE = "issuetype"


@dataclass(frozen=True, slots=True)
class Move:
    """A change of an issue's status or resolution; the first status is a change from nothing."""

    id: str
    at: datetime
    actor: str | None
    name: str = ""
    to: str = ""
    status: bool = False


@dataclass(frozen=True, slots=True)
class Past:
    """What an issue's changelog says."""

    moves: tuple[Move, ...]
    """Oldest first; the first one is the issue's first status, which the changelog lacks."""
    old_keys: tuple[str, ...]
    """What it was called before it was moved."""
    retyped: bool
    """Whether it has been of another type."""


def past(issue: Any) -> Past:
    """Read an issue's changelog; ValueError if some of it is missing."""
    log = issue["changelog"]
    histories = log["histories"]
    if len(histories) < (log.get("total") or 0):
        raise ValueError(f"its history has {log['total']} changes, and only {len(histories)} of them came")
    told = [(history, index, item) for history in histories for index, item in enumerate(history["items"])]
    named = [(name_of(item), history, index, item) for history, index, item in told]
    moved = [(instant(one[1]["created"]), int(one[1]["id"]), *one) for one in named if one[0] in _MOVES]
    moved.sort(key=lambda one: one[:2])
    old = (item.get("fromString") for name, _, _, item in named if name in _KEYS)
    return Past(
        tuple(_moves(issue, [(at, *one) for at, _, *one in moved])),
        tuple(dict.fromkeys(key for key in old if key and key != issue["key"])),
        any(name == _TYPE for name, *_ in named),
    )


def _moves(issue: Any, changed: list[Any]) -> Iterator[Move]:
    fields = issue["fields"]
    first = next((item for _, name, _, _, item in changed if name == "status"), None)
    to, name = (first["from"], first["fromString"]) if first else (fields["status"]["id"], fields["status"]["name"])
    who = person(fields.get("reporter"))
    yield Move(f"issue/{issue['id']}/first", instant(fields["created"]), who, name, str(to), status=True)
    for at, field, history, index, item in changed:
        if item["to"]:
            yield moved(history["id"], index, item, at, person(history.get("author")), status=field == "status")


def moved(id_: Any, index: int, item: Any, at: datetime, who: str | None, *, status: bool) -> Move:
    """Give the move that one item of a changelog tells; its id is that of the history, and its place therein."""
    return Move(f"changelog/{id_}/{index}", at, who, item["toString"], str(item["to"]), status=status)


def name_of(item: Any) -> str:
    """Name the field that changed: by its id, which is nobody's language, where there is one."""
    return str(item.get("fieldId") or item["field"]).casefold()


def person(user: Any) -> str | None:
    """Name a person as Jira shows it."""
    return user.get("displayName") if user else None
