"""What a reader of the company's tools should find, worked out from the plan and from nothing that it has read.

The rules are those of the project's definitions: the idea is the first idea issue filed under the initiative, a yes or
no is a status of such an issue, work starts when any story comes into work or a pull request is opened, shipped is the
first production deploy that carries a merged pull request which names the initiative, valued the first customer's
ticket after that.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from ttv.demo import records
from ttv.demo.records import Initiative, Issue
from ttv.demo.times import MINUTE, moment

if TYPE_CHECKING:
    from ttv.demo.company import Company

_STARTS = {records.IN_PROGRESS, records.IN_REVIEW}
_NOES = {records.REJECTED, records.STOPPED}
UNEXPORTED = MINUTE
"""The newest minute of tickets, which the ticket system does not give out yet."""


@dataclass(slots=True)
class Found:
    """The instants of what counts, by kind."""

    ideas: list[int] = field(default_factory=list)
    yes: list[int] = field(default_factory=list)
    no: list[int] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)
    ships: list[int] = field(default_factory=list)
    senses: list[int] = field(default_factory=list)


def truth(company: "Company", now: int) -> dict[str, dict[str, Any]]:
    """Give name, state and milestones of every initiative that there is by now, by key."""
    return {
        company.key(item.issue): _milestones(company, item, now)
        for item in company.initiatives
        if item.issue.created <= now
    }


def _milestones(company: "Company", item: Initiative, now: int) -> dict[str, Any]:
    found = _found(company, item, now)
    idea = min(found.ideas)
    started = _first(found.starts, idea)
    shipped = _first(found.ships, idea)
    valued = None if shipped is None else _first(found.senses, shipped)
    stopped = None if valued is not None else _stopped(found, idea, [started, shipped])
    decided = min((at for at in (_first(found.yes, idea), started) if at is not None), default=stopped)
    yes = _first(found.yes, idea)
    recorded = started is None or (yes is not None and yes <= started)
    instants = {"idea": idea, "decided": decided, "started": started, "shipped": shipped, "valued": valued}
    return {
        "name": company.name(item),
        "team": company.team(item),
        "direction": {"top-down": "top_down", "bottom-up": "bottom_up"}.get(item.issue.direction, "unknown"),
        "decision": None if decided is None else "recorded" if recorded else "implied",
        "state": _state(instants, stopped),
        **{f"{name}_at": _moment(at) for name, at in instants.items()},
        "stopped_at": _moment(stopped),
    }


def _moment(instant: int | None) -> datetime | None:
    return None if instant is None else moment(instant)


def _first(instants: list[int], since: int) -> int | None:
    return min((at for at in instants if at >= since), default=None)


def _stopped(found: Found, idea: int, done: list[int | None]) -> int | None:
    """Give the first no that no later yes, start or ship has overruled; at one instant a yes is later than a no."""
    yes = [at for at in (*found.yes, *done) if at is not None and at >= idea]
    last_yes = max(yes, default=-1)
    return min((at for at in found.no if at >= idea and at > last_yes), default=None)


def _state(instants: dict[str, int | None], stopped: int | None) -> str:
    if instants["valued"] is not None:
        return "realised"
    if stopped is not None:
        return "stopped"
    reached = (("shipped", "sensing"), ("started", "building"), ("decided", "waiting"))
    return next((state for name, state in reached if instants[name] is not None), "deciding")


def _found(company: "Company", item: Initiative, now: int) -> Found:
    found = Found()
    for issue in item.issues:
        if _tied_since(issue) > now:
            continue
        _read_issue(found, issue, now)
    for pull in item.pulls:
        if pull.mention == "nowhere" or pull.issue is None or _tied_since(pull.issue) > now:
            continue
        found.starts += [at for at in (pull.opened, pull.closed if pull.merged else now + 1) if at <= now]
        if pull.merged:
            repository = company.repositories[pull.repository]
            found.ships += [at for at in repository.ships(pull.place) if at <= now]
    exported = now - UNEXPORTED
    for ticket in item.tickets:
        tied = ticket.issue is not None and _tied_since(ticket.issue) <= now
        if tied and ticket.customer and ticket.created <= exported:
            found.senses.append(ticket.created)
    return found


def _read_issue(found: Found, issue: Issue, now: int) -> None:
    idea = issue.kind in {records.INITIATIVE, records.IDEA}
    if idea and issue.created <= now:
        found.ideas.append(issue.created)
    working = False
    for at, step in _steps(issue, now):
        if idea and step == records.APPROVED:
            found.yes.append(at)
        elif idea and step in _NOES:
            found.no.append(at)
        elif step in _STARTS and not working:
            found.starts.append(at)
        working = step in _STARTS


def _steps(issue: Issue, now: int) -> Iterator[tuple[int, int]]:
    return ((at, step) for at, step in _pairs(issue) if at <= now and step < records.PARENT)


def _pairs(issue: Issue) -> Iterator[tuple[int, int]]:
    return zip(issue.steps[::2], issue.steps[1::2], strict=True)


def _tied_since(issue: Issue) -> int:
    """Give the instant from which a chain of parents leads from the issue to its initiative."""
    since = max(issue.created, issue.adopted)
    return since if issue.parent is None else max(since, _tied_since(issue.parent))
