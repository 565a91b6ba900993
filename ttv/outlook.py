"""What an open initiative may expect, from the organisation's own history, and how it stands to its targets.

The forerunners of an initiative are all that were in its stage for longer than it has been: those of its direction
where there are enough, else all. History ends at the last full hour, so that it need not be read for every question.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, Engine

from ttv import memo, store
from ttv.figures import MILESTONES, STAGES
from ttv.forecast import FEWEST, Ahead, Passage
from ttv.lives import NEVER, lives
from ttv.statistics import ENDED, OPEN, SECOND, STOPPED

Status = Literal["on_track", "at_risk", "missed", "met"]

DAYS = (30, 60, 90)
"""How far ahead the chances look."""
DAY = 86_400 * SECOND
"""Microseconds."""
ENOUGH_OWN = 30
"""From so many forerunners of its own direction on, an initiative is compared with those alone."""
TARGETS = {"time_to_value": "valued_at", "rate_of_turn": "decided_at"}
"""The figures that may have a target, and the milestone at which the clock of each ends."""
_DIRECTIONS = ("top_down", "bottom_up")


class History:
    """Who passed through each stage by an instant, and what became of it; made once for many questions."""

    def __init__(self, connection: Connection, as_of: datetime) -> None:
        """Cut every initiative's milestones off at an instant."""
        found = lives(connection)
        cut = found.cut(store.micros(as_of))
        self.keys, self.directions = found.keys, found.fields["direction"]
        self.at = {name: np.where(getattr(cut, name) == NEVER, np.nan, getattr(cut, name)) for name in MILESTONES}
        self._passages: dict[tuple[str, str | None], Passage] = {}
        self.now = float(cut.at)

    def ahead(self, stage: str, direction: str | None, age: float) -> tuple[Ahead, str | None]:
        """Look ahead from an age in a stage (microseconds); says which direction's forerunners it is, None for all's.

        Two ways over several stages may be asked for like a stage: `decision` ends with the decision, whatever it
        was, and `life` with value or a stop.
        """
        if direction in _DIRECTIONS:
            own = self._passage(stage, direction).beyond(age)
            if own.count >= ENOUGH_OWN:
                return own, direction
        return self._passage(stage, None).beyond(age), None

    def is_like(self, other: "History") -> bool:
        """Say whether another knows the same of all who had an idea by then."""
        mine, theirs = (np.flatnonzero(~np.isnan(one.at["idea_at"])) for one in (self, other))
        return np.array_equal(self.directions[mine], other.directions[theirs]) and all(
            np.array_equal(self.at[name][mine], other.at[name][theirs], equal_nan=True) for name in MILESTONES
        )

    def _passage(self, stage: str, direction: str | None) -> Passage:
        if (stage, direction) not in self._passages:
            self._passages[stage, direction] = self._made(stage, direction)
        return self._passages[stage, direction]

    def _made(self, stage: str, direction: str | None) -> Passage:
        number = STAGES.index(stage) if stage in STAGES else 0
        begin = self.at[MILESTONES[number]]
        mine = ~np.isnan(begin) & (True if direction is None else self.directions == direction)
        begin, left = begin[mine], self.at[MILESTONES[number + 1]][mine]
        valued, stopped = self.at["valued_at"][mine], self.at["stopped_at"][mine]
        if stage == "life":
            left = valued
        elif stage == "decision":
            valued, stopped = left, np.full(len(left), np.nan)
        over = _first_known(valued, stopped, self.now)
        how = np.where(~np.isnan(valued), ENDED, np.where(~np.isnan(stopped), STOPPED, OPEN))
        return Passage(_first_known(left, over) - begin, over - begin, how)


def _first_known(*instants: NDArray[np.float64] | float) -> NDArray[np.float64]:
    """Return the first of some instants that is a number, row by row."""
    first, *rest = instants
    known = np.asarray(first, dtype=np.float64)
    for other in rest:
        known = np.where(np.isnan(known), other, known)
    return known


def history(connection: Connection, as_of: datetime) -> History:
    """Return the history up to the last full hour, the same for as long as no change reaches back so far."""
    hour, known = _hour(as_of), memo.of(connection)

    def made() -> History:
        found, last = History(connection, hour), known.last(("history", hour))
        return last if last is not None and last.is_like(found) else found

    return known.answer(connection, ("history", hour), hour, made)


def known_history(engine: Engine, version: store.Version, as_of: datetime) -> History | None:
    """Return the history if it has been read since the data is what it is."""
    found: History | None = memo.of(engine).kept(("history", _hour(as_of)), version, _hour(as_of))
    return found


def _hour(as_of: datetime) -> datetime:
    return as_of.replace(minute=0, second=0, microsecond=0)


def outlook(connection: Connection, item: Mapping[str, Any], defaults: Mapping[str, float]) -> dict[str, Any]:
    """Say what an initiative, as `figures.initiative` tells it, may expect, and how it stands to its targets.

    The defaults are `time_to_value_seconds` and `rate_of_turn_seconds`; what the initiative says goes before them.
    """
    return told(history(connection, item["as_of"]) if item["state"] in STAGES else None, item, defaults)


def told(past: History | None, item: Mapping[str, Any], defaults: Mapping[str, float]) -> dict[str, Any]:
    """Say the same going by a history, which none but an open initiative needs."""
    if past is not None:
        return expected(past, item, defaults)
    nothing = dict.fromkeys((*(f"chance_{days}d" for days in DAYS), "median_remaining_seconds", "based_on"))
    return {**nothing, "targets": _targets(item, defaults, {})}


def expected(past: History, item: Mapping[str, Any], defaults: Mapping[str, float]) -> dict[str, Any]:
    """Say what an open initiative may expect, going by a history."""
    stage = item["state"]
    since = item["milestones"][MILESTONES[STAGES.index(stage)]]
    age = float((item["as_of"] - since) // timedelta(microseconds=1))
    ahead, direction = past.ahead(stage, item["direction"], age)
    median = ahead.median()
    looks = {"time_to_value": ahead}
    if stage == "deciding":
        looks["rate_of_turn"] = past.ahead("decision", item["direction"], age)[0]
    return {
        **{f"chance_{days}d": ahead.chance(days * DAY) for days in DAYS},
        "median_remaining_seconds": None if median is None else median / SECOND,
        "based_on": {
            "forerunners": ahead.count,
            "needed": FEWEST,
            "direction": direction,
            "stage": stage,
            "stage_age_seconds": age / SECOND,
        },
        "targets": _targets(item, defaults, looks),
    }


def _targets(
    item: Mapping[str, Any], defaults: Mapping[str, float], looks: Mapping[str, Ahead]
) -> dict[str, dict[str, Any] | None]:
    return {figure: _target(figure, item, defaults, looks.get(figure)) for figure in TARGETS}


def _target(
    figure: str, item: Mapping[str, Any], defaults: Mapping[str, float], ahead: Ahead | None
) -> dict[str, Any] | None:
    """Say how an initiative stands to one target; None if it has none."""
    own, default = item["targets"][f"{figure}_seconds"], defaults.get(f"{figure}_seconds")
    target = default if own is None else own
    if target is None:
        return None
    took, chance = item[f"{figure}_seconds"], None
    idea_at, stopped_at = item["milestones"]["idea_at"], item["milestones"]["stopped_at"]
    so_far = None if idea_at is None else ((stopped_at or item["as_of"]) - idea_at).total_seconds()
    if ahead is not None and took is None and so_far is not None and so_far <= target:
        chance = ahead.chance((target - so_far) * SECOND)
    return {
        "target_seconds": target,
        "default": own is None,
        "status": status(took, so_far, target, chance, running=stopped_at is None),
        "chance": chance,
    }


def status(
    took: float | None, so_far: float | None, target: float, chance: float | None, *, running: bool
) -> Status | None:
    """Say how a clock stands to its target (seconds); None if nothing is left to hope or fear, or nothing is known.

    What ended in time is met, what did not by then is missed for ever, and open ones are at risk when their chance to
    end in time is below one half.
    """
    clock = so_far if took is None else took
    if clock is None:
        return None
    if clock > target:
        return "missed"
    if took is not None:
        return "met"
    if chance is None or not running:
        return None
    return "on_track" if chance >= 1 / 2 else "at_risk"
