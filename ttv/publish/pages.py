"""Pages: what a person looks at. The first page answers at a glance, a page per initiative answers why.

Rendered here, readable without scripts; `static/live.js` only asks for the same page again while somebody watches.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from difflib import get_close_matches
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from flask import Blueprint, render_template, request, url_for
from sqlalchemy import Connection, Engine, select
from werkzeug.datastructures import MultiDict

from ttv import coverage, diagnosis, explain, figures, log, outlook, population, statistics, store
from ttv.cursors import BadQuestion
from ttv.evidence import Evidence
from ttv.figures import Selection
from ttv.publish import bars, glance, words

PAGE = 25
"""Initiatives on one page of the list."""
EVENTS = 200
"""Events on the page of an initiative, unless all are asked for."""
SORTS = {
    "-age": "longest wait first",
    "-idea_at": "newest idea first",
    "idea_at": "oldest idea first",
    "-time_to_value": "slowest to value first",
    "time_to_value": "fastest to value first",
    "-rate_of_turn": "slowest to decide first",
    "name": "by name",
    "team": "by team",
}
"""The orders of the list. What waits longest comes first: it is what somebody can still do something about."""
_WORK = ("start", "change", "deploy")
_SHOWN = ("filed_late",)
"""Suspicions that stand at the head of the page."""


@dataclass(frozen=True)
class Chosen:
    """What the list shows, as the address says it."""

    q: str = ""
    state: str = ""
    team: str = ""
    direction: str = ""
    sort: str = "-age"
    cursor: str = ""

    @classmethod
    def of(cls, given: MultiDict[str, str]) -> "Chosen":
        """Read the parameters of an address; BadQuestion if one has a value that there is not."""
        chosen = cls(**{name: given[name].strip() for name in cls.__dataclass_fields__ if given.get(name, "").strip()})
        for name, known in (("state", words.STATES), ("direction", words.DIRECTIONS), ("sort", SORTS)):
            value = getattr(chosen, name)
            if value and value not in known:
                raise BadQuestion(f"{name}: {value!r} is none of {', '.join(known)}")
        return chosen

    @property
    def selection(self) -> Selection:
        """The initiatives that are meant."""
        wanted = {name: getattr(self, name) or None for name in ("q", "state", "team", "direction")}
        return Selection(**wanted)

    @property
    def narrowed(self) -> bool:
        """Whether anything is left out."""
        return self.selection != Selection()

    def address(self, **changes: str) -> str:
        """Return the address of the list with something changed and all else kept, from its first page on."""
        kept = {**asdict(self), "cursor": "", **changes}
        default = asdict(Chosen())
        return url_for(
            "pages.first",
            **{name: value for name, value in kept.items() if value != default[name]},
            _anchor="initiatives",
        )


def blueprint(
    engine: Engine, now: Callable[[], datetime], window: str, targets: Mapping[str, float] | None = None
) -> Blueprint:
    """Make the pages of a database; population figures are over `window`, as of `now`; `targets` are the default."""
    pages = Blueprint("pages", __name__, template_folder="templates", static_folder="static", static_url_path="/static")
    pages.app_context_processor(lambda: {"words": words})
    pages.add_app_template_filter(words.web)

    @pages.get("/")
    def first() -> Any:
        as_of = now()
        try:
            chosen = Chosen.of(request.args)
            with store.reading(engine) as connection:
                return render_template("first.html", **_first(connection, chosen, as_of, window))
        except BadQuestion as error:
            return render_template("bad.html", reason=str(error), as_of=as_of), HTTPStatus.BAD_REQUEST

    @pages.get("/initiatives/<key>")
    def initiative(key: str) -> Any:
        as_of = now()
        with store.reading(engine) as connection:
            found = _initiative(connection, key, as_of)
            if found is not None:
                found["outlook"] = outlook.outlook(connection, found["item"], targets or {})
                return render_template("initiative.html", **found)
            near = _near(connection, key)
        return render_template("missing.html", key=key, near=near, as_of=as_of), HTTPStatus.NOT_FOUND

    return pages


def _first(connection: Connection, chosen: Chosen, as_of: datetime, window: str) -> dict[str, Any]:
    """Gather what the first page shows."""
    counts = figures.counts(connection, as_of)
    listed = figures.initiatives(
        connection, chosen.selection, as_of, sort=chosen.sort, limit=PAGE, cursor=chosen.cursor or None
    )
    items = listed["items"]
    value = population.population(connection, "time_to_value", Selection(), as_of=as_of, window=window)["groups"][0]
    longest = figures.initiatives(connection, Selection(), as_of, sort="-age", limit=1)["items"]
    return {
        "as_of": as_of,
        "window": words.window(window),
        "coverage": coverage.whole(connection, as_of=as_of, window=window),
        "counts": counts,
        "total": sum(counts["states"].values()),
        "waiting": sum(counts["states"][state] for state in bars.STAGES),
        "longest": longest[0] if longest and longest[0]["age_seconds"] is not None else None,
        "value": value,
        "reading": glance.read(connection, value["all"], as_of, window),
        **glance.glance(connection, as_of, window),
        "values": _by_direction(connection, "time_to_value", as_of, window),
        "turns": _by_direction(connection, "rate_of_turn", as_of, window),
        **_list(connection, items),
        "next": chosen.address(cursor=listed["next"]) if listed["next"] else None,
        "chosen": chosen,
        "sorts": SORTS,
        "teams": _teams(connection),
        "sources": log.sources(connection, as_of)["items"],
    }


def _list(connection: Connection, items: list[dict[str, Any]]) -> dict[str, Any]:
    """Lay the bars of a list out on the scale that they share."""
    instants = {item["as_of"] for item in items}
    stages: dict[str, Any] = {}
    for instant in instants:
        stages |= figures.stages(connection, [item["key"] for item in items], instant)
    lengths = [sum(seconds or 0 for seconds in stages[item["key"]].values()) for item in items]
    scale = bars.scale(lengths)
    drawn = [bars.bar(item["state"], stages[item["key"]], scale) for item in items]
    return {"rows": list(zip(items, lengths, drawn, strict=True)), "scale": scale}


def _by_direction(connection: Connection, figure: population.Figure, as_of: datetime, window: str) -> dict[str, Any]:
    """Describe a figure by direction, all three of them, on the scale that they share."""
    found = population.population(connection, figure, Selection(), as_of=as_of, window=window, group_by="direction")
    groups = {group["group"]: group for group in found["groups"]}
    none = {"completed": statistics.completed([]), "all": statistics.survival([], [])}
    ordered = [{"direction": direction, **groups.get(direction, none)} for direction in words.DIRECTIONS]
    return {"groups": ordered, "scale": bars.scale(group["completed"]["p85_seconds"] for group in ordered)}


def _teams(connection: Connection) -> list[str]:
    team = store.initiative.c.team
    return list(connection.scalars(select(team).where(team.is_not(None)).distinct().order_by(team)))


def _initiative(connection: Connection, key: str, as_of: datetime) -> dict[str, Any] | None:
    """Gather what the page of an initiative shows, or None if there is no such initiative."""
    item = figures.initiative(connection, key, as_of)
    events = explain.events(connection, key, as_of)
    if item is None or events is None:
        return None
    line = bars.line(item, events)
    begun = (
        bars.bar(item["state"], item["stages"], line.scale, begin=line.at(item["milestones"]["idea_at"]))
        if line
        else None
    )
    shown = events if request.args.get("events") == "all" else events[-EVENTS:]
    return {
        "as_of": as_of,
        "item": item,
        "line": line,
        "bar": begun,
        "lanes": _lanes(events, line),
        "events": events,
        "shown": shown,
        "setters": {role: event for event in events for role in event["roles"]},
        "early": _early(item, events),
        "diagnosis": _diagnosed(connection, Evidence(item, events)),
        "idle": _idle(events),
        "api": f"/api/v1/initiatives/{quote(key, safe='')}",
    }


def _diagnosed(connection: Connection, known: Evidence) -> dict[str, Any]:
    """Diagnose an initiative; of figures that are missing for one reason the stages are left to the reader."""
    found = diagnosis.diagnosed(connection, known)
    told = [one for one in found["missing"] if one["figure"] in words.FIGURES]
    return {
        **found,
        "missing": told,
        "suspicions": [one for one in found["suspicions"] if one["suspicion"] not in _SHOWN],
    }


def _lanes(events: list[dict[str, Any]], line: bars.Line | None) -> list[tuple[str, list[dict[str, Any]]]]:
    """Sort the events that lie on the calendar by kind, in the order of an initiative's life."""
    if line is None:
        return []
    seen = [event for event in events if line.holds(event["occurred_at"])]
    lanes = [(name, [event for event in seen if event["kind"] == kind]) for kind, name in words.KINDS.items()]
    return [(name, members) for name, members in lanes if members]


def _early(item: dict[str, Any], events: list[dict[str, Any]]) -> dict[str, Any] | None:
    """Return the first work before the idea date, for an idea that was filed late."""
    if item["worked_before_idea_at"] is None:
        return None
    work = [
        event for event in events if event["occurred_at"] == item["worked_before_idea_at"] and event["kind"] in _WORK
    ]
    return work[0] if work else None


def _idle(events: list[dict[str, Any]]) -> list[tuple[str, int]]:
    """Count the events that set nothing by their reason, the most frequent first."""
    return Counter(event["reason"] for event in events if event["reason"]).most_common()


def _near(connection: Connection, key: str) -> list[str]:
    """Find the keys nearest to one that there is not."""
    stems = [key, key.rsplit("-", 1)[0], key[:2]]
    known: dict[str, str] = {}
    for stem in stems:
        like = store.initiative.c.key.icontains(stem, autoescape=True)
        rows = connection.scalars(
            select(store.initiative.c.key).where(like).order_by(store.initiative.c.key).limit(500)
        )
        known |= {found.lower(): found for found in rows}
    return [known[near] for near in get_close_matches(key.lower(), known, n=5, cutoff=0.5)]
