"""Geometry of the survival curve: what part of the ideas has no answer yet a time after they were heard, in percent."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import Any

from ttv.publish import bars, words

STEPS = 200
"""More would not be seen on a screen."""


@dataclass(frozen=True)
class Curve:
    """A curve of steps on a scale of durations, with its 95 % limits."""

    steps: tuple[Mapping[str, Any], ...]
    whole: Mapping[str, Any]
    """What is known of all, as `statistics.survival` tells it."""
    scale: bars.Scale

    @property
    def line(self) -> str:
        """The path of the curve."""
        return "M" + "L".join(f"{x} {y}" for x, y in self._stairs(self.steps, "survival"))

    @property
    def band(self) -> str:
        """The area between the limits, where there are any."""
        return " ".join(self._area(list(run)) for known, run in groupby(self._sides(), _limited) if known)

    @property
    def half(self) -> float | None:
        """Where half of the ideas have an answer."""
        seconds = self.whole["p50_seconds"]
        return None if seconds is None else self.scale.at(seconds)

    @property
    def rows(self) -> list[dict[str, Any]]:
        """What is known at each line of the scale up to the last observed time, and there."""
        last = self.steps[-1]["t_seconds"]
        lines = (line * self.scale.step for line in range(1, len(self.scale.ticks)))
        times = [*(seconds for seconds in lines if seconds < last - self.scale.step / 4), last]
        return [{**self._at(seconds), "after": words.duration(seconds)} for seconds in times]

    def _at(self, seconds: float) -> Mapping[str, Any]:
        return next(step for step in reversed(self.steps) if step["t_seconds"] <= seconds)

    def _sides(self) -> list[tuple[Mapping[str, Any], Mapping[str, Any]]]:
        """Return each step with the next one, up to which it holds."""
        return list(pairwise(self.steps))

    def _area(self, run: Sequence[tuple[Mapping[str, Any], Mapping[str, Any]]]) -> str:
        steps = [step for step, _ in run]
        end = {**steps[-1], "t_seconds": run[-1][1]["t_seconds"]}
        over, under = (self._stairs([*steps, end], limit) for limit in ("high", "low"))
        return "M" + "L".join(f"{x} {y}" for x, y in [*over, *reversed(under)]) + "Z"

    def _stairs(self, steps: Sequence[Mapping[str, Any]], name: str) -> list[tuple[float, float]]:
        """Return the corners of what holds from each step to the next, y from the top."""
        found: list[tuple[float, float]] = []
        for step in steps:
            x, y = self.scale.at(step["t_seconds"]), round(100 * (1 - step[name]), 3)
            if found:
                found.append((x, found[-1][1]))
            found.append((x, y))
        return found


def _limited(side: tuple[Mapping[str, Any], Mapping[str, Any]]) -> bool:
    return side[0]["low"] is not None and side[0]["high"] is not None


def drawn(group: Mapping[str, Any]) -> Curve | None:
    """Lay a group of `population.curve` out; None if no idea of it got an answer."""
    steps = tuple(group["steps"])
    if not group["all"]["ended"] or steps[-1]["t_seconds"] <= 0:
        return None
    return Curve(steps, group["all"], bars.scale([steps[-1]["t_seconds"]]))
