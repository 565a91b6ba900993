"""Geometry of a figure that moves: lines with their 95 % bands over the months, in percent of a drawing.

Takes what is known of each period and gives paths for SVG. Where nothing is known a line has a gap, never a 0.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from ttv.publish import bars, words

_ROOM = 1.6
"""A band is cut off where it stands out so many times as high as the highest line: a wide one would press it flat."""
_HEAD = 1.08
"""The highest leaves so much room above it for the marks of what lies higher still."""
_LABELS = 4
"""Every so many periods say their name, so that the names stand apart on a telephone."""


@dataclass(frozen=True)
class Known:
    """What is known of a figure as of the end of a period, in seconds."""

    half: float | None
    low: float | None
    high: float | None
    """No limit above is known if this is None and `low` is not."""
    count: int
    got: int
    """How many of them got there."""

    @classmethod
    def of_all(cls, found: Mapping[str, Any]) -> "Known":
        """Read what is known of all, those that are still open included."""
        low, high = found["p50_low_seconds"], found["p50_high_seconds"]
        return cls(found["p50_seconds"], low, high, found["count"], found["ended"])

    @classmethod
    def of_completed(cls, found: Mapping[str, Any]) -> "Known":
        """Read what is known of those that got there."""
        return cls(found["p50_seconds"], None, None, found["count"], found["count"])

    @property
    def beyond(self) -> bool:
        """Whether half is not reached in the time that could be followed: it lies above whatever is drawn."""
        return bool(self.count) and self.half is None

    @property
    def few(self) -> bool:
        """Whether it rests on so few that one more can move it far."""
        return self.got < words.SMALL


@dataclass(frozen=True)
class Dot:
    """One period of a series; x from the left and y from the top, in percent."""

    x: float
    y: float | None
    low: float | None
    high: float
    """At the top if there is no upper limit; nothing is between the limits if there is no lower one."""
    known: Known
    said: str


@dataclass(frozen=True)
class Series:
    """One line of a drawing."""

    name: str
    label: str
    dots: tuple[Dot, ...]
    width: float
    """Of a period, in percent."""

    @property
    def line(self) -> str:
        """The path through all that is known; a period alone is left to its dot."""
        runs = (run for run in _runs(self.dots, lambda dot: dot.y is not None) if len(run) > 1)
        return " ".join("M" + "L".join(f"{dot.x} {dot.y}" for dot in run) for run in runs)

    @property
    def band(self) -> str:
        """The area between the limits; one that has no upper limit reaches to the top."""
        return " ".join(map(self._area, _runs(self.dots, lambda dot: dot.low is not None)))

    def _area(self, run: Sequence[Dot]) -> str:
        edges = [(dot.x, dot.low, dot.high) for dot in run]
        if len(edges) == 1:
            ((x, low, high),) = edges
            edges = [(round(x + side * self.width / 4, 3), low, high) for side in (-1, 1)]
        around = [(x, high) for x, _, high in edges] + [(x, low) for x, low, _ in reversed(edges)]
        return "M" + "L".join(f"{x} {y}" for x, y in around) + "Z"


@dataclass(frozen=True)
class Drawing:
    """Lines over the same periods, on one scale."""

    series: tuple[Series, ...]
    scale: bars.Scale
    names: tuple[tuple[float, str], ...]
    """Where periods are named, with what they are called."""

    @property
    def levels(self) -> list[tuple[float, str]]:
        """Where the lines of the scale are from the top, with what they say."""
        return [(round(100 - x, 3), label) for x, label in self.scale.ticks]

    @property
    def banded(self) -> list[Series]:
        """The series that have limits somewhere."""
        return [one for one in self.series if one.band]

    @property
    def few(self) -> bool:
        """Whether any dot rests on few."""
        return any(dot.known.few and dot.y is not None for one in self.series for dot in one.dots)

    @property
    def beyond(self) -> bool:
        """Whether half is not reached anywhere."""
        return any(dot.known.beyond for one in self.series for dot in one.dots)


def drawing(periods: Sequence[str], found: Mapping[str, tuple[str, Sequence[Known]]]) -> Drawing | None:
    """Lay series of what is known in each period out, by name with their labels; None if nothing is known of any."""
    everything = [known for _, series in found.values() for known in series]
    halves = [known.half for known in everything if known.half is not None]
    if not halves:
        return None
    limits = (limit for known in everything for limit in (known.low, known.high) if limit is not None)
    room = max(halves) * _ROOM
    scale = bars.scale([_HEAD * max(*halves, *(min(limit, room) for limit in limits), 0.0)])
    width = 100 / len(periods)
    places = [round((number + 1 / 2) * width, 3) for number in range(len(periods))]
    made = tuple(
        Series(name, label, tuple(_dot(*at, label, scale) for at in zip(places, periods, series, strict=True)), width)
        for name, (label, series) in found.items()
    )
    last = len(periods) - 1
    names = tuple((places[n], periods[n]) for n in range(len(periods)) if (last - n) % _LABELS == 0)
    return Drawing(made, scale, names)


def _dot(x: float, period: str, known: Known, label: str, scale: bars.Scale) -> Dot:
    def at(seconds: float) -> float:
        return round(max(100 - scale.at(seconds), 0.0), 3)

    half, low = (None if seconds is None else at(seconds) for seconds in (known.half, known.low))
    high = 0.0 if known.high is None else at(known.high)
    said = f"{period}, {label}: {words.half(known.half, known.low, known.high)}, n = {known.count:,}"
    return Dot(x, half, low, high, known, said)


def _runs(dots: Sequence[Dot], wanted: Callable[[Dot], bool]) -> Iterator[list[Dot]]:
    """Yield the dots that are wanted, in runs that nothing interrupts."""
    return (list(run) for fits, run in groupby(dots, wanted) if fits)
