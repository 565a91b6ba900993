"""Geometry of what pages draw: stages as bars and events as dots, on scales that they share, in percent."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from ttv.publish import words

STAGES = ("deciding", "waiting", "building", "sensing")
_STEPS = (1, 2, 5, 10, 20, 30, 60, 90, 180, 365, 730, 1_825, 3_650)
_TICKS = 5
"""At most so many lines on a scale, so that their labels stand apart on a telephone."""


@dataclass(frozen=True)
class Scale:
    """A scale from nothing to `top` seconds."""

    top: float
    step: float
    unit: str

    @property
    def ticks(self) -> list[tuple[float, str]]:
        """Where its lines are, with what they say."""
        lines = range(int(self.top / self.step) + 1)
        size = words.DAY if self.unit == "days" else words.HOUR
        return [(self.at(line * self.step), f"{line * self.step / size:,.0f}") for line in lines]

    def at(self, seconds: float) -> float:
        """Return where a duration lies."""
        return round(100 * seconds / self.top, 3)


def scale(durations: Iterable[float | None]) -> Scale:
    """Choose the scale on which all of some durations can be seen."""
    longest = max((duration for duration in durations if duration), default=words.DAY)
    unit, size = ("days", words.DAY) if longest > 2 * words.DAY else ("hours", words.HOUR)
    need = longest / size / _TICKS
    step = size * next((step for step in _STEPS if step >= need), need)
    return Scale(top=longest * 1.02, step=step, unit=unit)


@dataclass(frozen=True)
class Segment:
    """One stage of a bar."""

    stage: str
    x: float
    width: float
    seconds: float
    open: bool
    """The initiative is in it now."""

    @property
    def said(self) -> str:
        """What it says to those who cannot see it."""
        return f"{self.stage} {words.duration(self.seconds)}{' so far' if self.open else ''}"


@dataclass(frozen=True)
class Bar:
    """The stages of one initiative, side by side."""

    segments: tuple[Segment, ...]
    state: str
    end: float

    @property
    def said(self) -> str:
        """What it says to those who cannot see it."""
        told = ", ".join(segment.said for segment in self.segments)
        return f"{words.STATES[self.state]}: {told}" if told else words.STATES[self.state]


def bar(state: str, stages: Mapping[str, float | None], on: Scale, *, begin: float = 0.0) -> Bar:
    """Lay an initiative's stages out on a scale, from where the idea lies on it."""
    segments, reached = [], 0.0
    for stage in STAGES:
        seconds = stages[stage]
        if seconds:
            width = on.at(seconds)
            segments.append(Segment(stage, round(begin + on.at(reached), 3), width, seconds, open=stage == state))
            reached += seconds
    return Bar(tuple(segments), state, round(begin + on.at(reached), 3))


@dataclass(frozen=True)
class Share:
    """What part of a whole a stage took, laid beside the others; in percent."""

    stage: str
    x: float
    width: float


def shares(stages: Mapping[str, Mapping[str, Any]]) -> tuple[Share, ...]:
    """Lay the shares of the stages side by side; none where nothing is known of a stage."""
    laid, reached = [], 0.0
    for stage in STAGES:
        share = stages[stage]["share"]
        if share:
            laid.append(Share(stage, round(100 * reached, 3), round(100 * share, 3)))
            reached += share
    return tuple(laid)


@dataclass(frozen=True)
class Line:
    """A calendar from `begin` to `end`."""

    begin: datetime
    end: datetime

    @property
    def scale(self) -> Scale:
        """The same as a scale of durations."""
        seconds = max((self.end - self.begin).total_seconds(), 1.0)
        return Scale(top=seconds, step=seconds, unit="days")

    def at(self, instant: datetime) -> float:
        """Return where an instant lies."""
        return self.scale.at((instant - self.begin).total_seconds())

    def holds(self, instant: datetime) -> bool:
        """Say whether an instant lies on it."""
        return self.begin <= instant <= self.end

    @property
    def ticks(self) -> list[tuple[float, str]]:
        """The firsts of months on it, as few as can be read, with what they say; its two ends where there are none."""
        months = list(_months(self.begin, self.end))
        every = next(n for n in (1, 2, 3, 6, 12, 24, 60, 1_200) if len(months) / n <= _TICKS + 1)
        chosen = [month for month in months if (month.year * 12 + month.month - 1) % every == 0]
        if not chosen:
            return [(0.0, words.day(self.begin))]
        return [(self.at(month), f"{month:%b %Y}") for month in chosen]


def line(item: Mapping[str, Any], events: Iterable[Mapping[str, Any]]) -> Line | None:
    """Choose the calendar of one initiative: from its idea or the work before it to its end or its last loop."""
    at = item["milestones"]
    if at["idea_at"] is None:
        return None
    ends = [at["stopped_at"] or at["valued_at"] or item["as_of"]]
    ends += [instant for loop in item["loops"] for instant in loop.values() if instant]
    begins = [at["idea_at"], *(event["occurred_at"] for event in events if event["kind"] != "feedback")]
    begin, end = min(begins), max(ends)
    margin = max((end - begin) / 50, timedelta(minutes=1))
    return Line(begin - margin, end + margin)


def _months(begin: datetime, end: datetime) -> Iterable[datetime]:
    month = datetime(begin.year, begin.month, 1, tzinfo=UTC)
    while month <= end:
        if month >= begin:
            yield month
        month = (month + timedelta(days=32)).replace(day=1)
