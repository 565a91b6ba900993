"""What customers write in a ticket after its first message, and how they rate it: each an event at its own time.

Reads the incremental export of ticket events with their comments, `/api/v2/incremental/ticket_events`, which goes on by
`end_time`, and the users who wrote, a hundred at once. Yields an Event `feedback` for each public comment of somebody
who is no agent, and for each rating. The first message stands in the event that created the ticket, and is the
ticket's own. Texts, names and mail addresses are not kept.
"""

from collections.abc import Callable, Iterable, Iterator
from itertools import takewhile
from typing import Any

from connectors._reading import Span, batches, instant
from connectors.client import Client, Page, Params, listed
from connectors.contract import Event

AGENTS = {"agent", "admin"}
_EXPORT = "/api/v2/incremental/ticket_events.json"
_USERS = "/api/v2/users/show_many.json"
_HIDDEN = (403, 404)
_AT_ONCE = 100
_RATED = {"good": "positive", "bad": "negative"}


def later(client: Client, start: int, span: Span) -> Iterator[Any]:
    """List what happened to tickets after they were created, each with the users who wrote, by their ids.

    None where the account may not export it.
    """
    asked: Params = {"start_time": start, "include": "comment_events", "support_type_scope": "all"}
    found = client.pages(_EXPORT, asked, items="ticket_events", following=_next_time, absent=_HIDDEN)
    wanted = (one for one in found if span.after_start(one, "timestamp"))
    inside = takewhile(lambda one: span.before_end(one, "timestamp"), wanted)
    known: dict[str, Any] = {}
    for some in batches(inside, _AT_ONCE):
        ids = {id_ for one in some for id_ in _writers(one)}
        _learn(client, sorted(ids - known.keys()), known)
        yield from (_with(one, {id_: known[id_] for id_ in _writers(one) if id_ in known}) for one in some)


def events(told: Any, is_customer: Callable[[Any], bool]) -> Iterator[Event]:
    """Read what happened to a ticket at once; `is_customer` tells of a user."""
    children = told["child_events"]
    if any(child.get("event_type") == "Create" for child in children):
        return
    for child in children:
        writer = (told.get("writers") or {}).get(_writer(told, child), {})
        if child.get("event_type") == "Comment" and child.get("public") and writer.get("role") not in AGENTS:
            channel = (child.get("via") or {}).get("channel")
            said = {"customer": is_customer(writer), "sentiment": "neutral", "channel": channel}
            yield _event(f"comment/{child['id']}", told, child, said)
        elif sentiment := _RATED.get(str(child.get("satisfaction_score") or child.get("score"))):
            yield _event(f"rating/{child['id']}", told, child, {"customer": True, "sentiment": sentiment})


def _event(id_: str, told: Any, child: Any, said: dict[str, Any]) -> Event:
    at = instant(child.get("created_at") or told["created_at"])
    return Event(id_, "feedback", at, subject=f"zendesk:{told['ticket_id']}", attributes=said)


def _next_time(page: Page) -> Params | None:
    """Go on from the time where a page ended; `next_page` is there at the end too."""
    return None if page.body["end_of_stream"] else {"start_time": page.body["end_time"]}


def _writers(told: Any) -> list[str]:
    """List who wrote the public comments; none of what cannot be read, which goes on to where it is."""
    children = told.get("child_events") if isinstance(told, dict) else None
    found = [child for child in children if isinstance(child, dict)] if isinstance(children, list) else []
    return [_writer(told, child) for child in found if child.get("event_type") == "Comment" and child.get("public")]


def _writer(told: Any, child: Any) -> str:
    return str(child.get("author_id") or told.get("updater_id"))


def _learn(client: Client, ids: list[str], known: dict[str, Any]) -> None:
    """Ask who some users are, by what tells a customer."""
    for some in batches(ids, _AT_ONCE):
        users: Iterable[Any] = client.get(_USERS, {"ids": ",".join(some)}, read=lambda body: listed(body, "users"))
        known |= {str(user["id"]): {name: user.get(name) for name in _TELLING} for user in users}


_TELLING = ("role", "email", "organization_id")


def _with(told: Any, writers: dict[str, Any]) -> Any:
    return {**told, "writers": writers} if isinstance(told, dict) else told
