"""How the company's time passes: as ours until the origin, then in bursts that a person can watch.

Instants are whole milliseconds since 1970 in UTC. Each burst begins at a start of the demo (the first one is the
origin). From there on one planned day passes in `pace` seconds for every life that is old enough to bear it; a life
that would come out less than half as old as planned goes on at the speed of ours, so that no figure collapses.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random

SECOND = 1_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
NEVER = 2**62
BURST_DAYS = 365
"""Planned days of new ideas, deploys and messages in one burst."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MONDAY = 4 * DAY
_OPENS, _OPEN = 7 * HOUR, 10 * HOUR


def milliseconds(moment: datetime) -> int:
    """Turn an aware moment into an instant, rounded down."""
    return (moment - _EPOCH) // timedelta(milliseconds=1)


def moment(instant: int) -> datetime:
    """Turn an instant into an aware moment in UTC."""
    return _EPOCH + timedelta(milliseconds=instant)


def at_work(instant: int) -> int:
    """Move an instant into working hours of the same day, or of Monday."""
    day, time = divmod(instant - _MONDAY, DAY)
    day += max(0, 7 - day % 7) if day % 7 > 4 else 0
    if not _OPENS <= time < _OPENS + _OPEN:
        time = _OPENS + time % _OPEN
    return day * DAY + time + _MONDAY


@dataclass(frozen=True, slots=True)
class Times:
    """The bursts of a company, ascending, and the seconds that a planned day takes in them."""

    bursts: tuple[int, ...]
    pace: float

    @property
    def origin(self) -> int:
        """Give the instant at which the demo was first started."""
        return self.bursts[0]

    @property
    def speed(self) -> float:
        """Give the real time that one unit of planned time takes in a burst."""
        return self.pace * SECOND / DAY

    @property
    def burst_length(self) -> int:
        """Give the real milliseconds of a whole burst."""
        return int(BURST_DAYS * self.pace * SECOND)

    def bursting(self, instant: int) -> bool:
        """Tell whether a burst is under way."""
        return any(burst < instant <= burst + self.burst_length for burst in self.bursts)

    def after(self, start: int, span: int, *, bearable: int) -> tuple[int, bool]:
        """Give the instant at which a planned span that begins at `start` is over, and whether it was shortened.

        It is shortened only to an instant not before `bearable`.
        """
        if start >= self.origin and (soon := start + int(span * self.speed)) >= bearable:
            return soon, True
        end = start + span
        for burst in self.bursts:
            if start < burst < end and (soon := burst + int((end - burst) * self.speed)) >= bearable:
                return soon, True
        return end, False

    def within_work(self, instant: int) -> int:
        """Move an instant into working hours, unless that would carry it over the origin."""
        moved = at_work(instant)
        return instant if instant <= self.origin < moved else moved


class Life:
    """A reader of the clock that walks through one life, step by step."""

    __slots__ = ("age", "at", "born", "rng", "times")

    def __init__(self, times: Times, rng: Random, born: int, *, hasty: bool = False) -> None:
        """Begin a life; a hasty one is shortened by every burst, however young it is."""
        self.times, self.rng, self.at, self.age = times, rng, born, 0
        self.born = -NEVER if hasty else born

    def fork(self, at: int | None = None) -> "Life":
        """Give a second reader that goes its own way from here, or from another instant."""
        other = Life(self.times, self.rng, self.at if at is None else at)
        other.born, other.age = self.born, self.age
        return other

    def pass_(self, days: float, *, work: bool = True) -> int:
        """Let planned days pass; give the instant, always at least a second later, in working hours if it is work."""
        span = int(days * DAY)
        self.age += span
        end, shortened = self.times.after(self.at, span, bearable=self.born + self.age // 2)
        if work and not shortened:
            end = self.times.within_work(end)
        self.at = max(end, self.at + SECOND + self.rng.randrange(SECOND))
        return self.at
