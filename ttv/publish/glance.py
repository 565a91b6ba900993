"""What the first page shows beside the figures of today: how they move, where the time goes, and what waits."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from ttv.figures import Selection
from ttv.population import Figure, curve, population, span_of
from ttv.publish import bars, curves, lines, words
from ttv.publish.reading import reading
from ttv.stages import stages
from ttv.statistics import survival
from ttv.trend import trend

PERIODS = 13
"""This month, the same one a year ago, and all between them."""
WAITING = 5
"""Initiatives that are named of each stage."""
_VERBS = {"every": "answered", "completed": None}
"""What those did that are counted beside a series; all that are counted as completed did."""
_CLEAR = ("top_down", "bottom_up")


def read(connection: Connection, now: Mapping[str, Any], as_of: datetime, window: str) -> str:
    """Say in a sentence what is known of all ideas of the window, and whether that has changed since the one before."""
    span = span_of(window)
    before = None
    if span is not None:
        earlier = population(connection, "time_to_value", Selection(), as_of=as_of - span, window=window)
        before = earlier["groups"][0]["all"]
    return reading(now, before, window)


def glance(connection: Connection, as_of: datetime, window: str) -> dict[str, Any]:
    """Gather how both figures move, the survival curve, the stages of the population and what waits."""
    everything = Selection()
    found = stages(connection, everything, as_of=as_of, window=window, limit=WAITING)
    traced = curve(connection, "time_to_value", everything, as_of=as_of, window=window, steps=curves.STEPS)
    return {
        "moves_": {
            "value": _moves(connection, "time_to_value", as_of, window),
            "turn": _moves(connection, "rate_of_turn", as_of, window),
        },
        "over": words.over(window),
        "curve": curves.drawn(traced["groups"][0]),
        "spent_": _spent(found["groups"][0]),
        "awaited_": [{**one, "awaits": words.AWAITS[one["stage"]]} for one in found["waiting"]],
    }


def _moves(connection: Connection, figure: Figure, as_of: datetime, window: str) -> dict[str, Any]:
    """Draw how a figure moves from month to month, and say it as rows."""
    items = trend(connection, figure, Selection(), as_of=as_of, periods=PERIODS, window=window)["items"]
    names = [words.month(item["period_start"]) for item in items]
    groups = [{group["group"]: group for group in item["groups"]} for item in items]
    found = _value(groups) if figure == "time_to_value" else _turn(groups)
    rows = [
        {"name": name, "known": known}
        for name, known in zip(names, zip(*(series for _, series in found.values()), strict=True), strict=True)
    ]
    return {
        "drawing": lines.drawing(names, found),
        "rows": rows,
        "labels": [label for label, _ in found.values()],
        "verbs": [_VERBS.get(name, "decided") for name in found],
        "counts": _counts(figure, found),
    }


def _counts(figure: Figure, found: Mapping[str, tuple[str, list[lines.Known]]]) -> list[tuple[str, lines.Known]]:
    """Return what is known now of all, with the word that tells one series from the others."""
    if figure == "time_to_value":
        return [("", found["every"][1][-1])]
    return [(f" ({label})", series[-1]) for label, series in found.values()]


def _value(groups: Sequence[Mapping[str, Any]]) -> dict[str, tuple[str, list[lines.Known]]]:
    return {
        "completed": (
            "half of those that got there",
            [lines.Known.of_completed(one["all"]["completed"]) for one in groups],
        ),
        "every": ("half of all", [lines.Known.of_all(one["all"]["all"]) for one in groups]),
    }


def _turn(groups: Sequence[Mapping[str, Any]]) -> dict[str, tuple[str, list[lines.Known]]]:
    """Set top-down against bottom-up; changes of unknown direction are drawn only if there are no others."""
    shown = _CLEAR if _counted(groups, _CLEAR) else ("unknown",) if _counted(groups, ("unknown",)) else _CLEAR
    return {name: (words.DIRECTIONS[name].lower(), [_all_of(one, name) for one in groups]) for name in shown}


def _counted(groups: Sequence[Mapping[str, Any]], names: Iterable[str]) -> bool:
    return any(_all_of(one, name).count for one in groups for name in names)


def _all_of(groups: Mapping[str, Any], name: str) -> lines.Known:
    return lines.Known.of_all(groups[name]["all"] if name in groups else survival([], []))


def _spent(group: Mapping[str, Any]) -> dict[str, Any]:
    """Say where the time went: what got there, and all that began in the window."""
    told = {name: {**group[name], "shares": bars.shares(group[name]["stages"])} for name in ("realised", "all")}
    shares = {stage: one["share"] for stage, one in group["realised"]["stages"].items()}
    known = all(share is not None for share in shares.values())
    return {**told, "before_work": shares["deciding"] + shares["waiting"] if known else None}
