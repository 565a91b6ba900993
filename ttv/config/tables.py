"""The tables that a configuration may have, apart from what each connector adds to its own."""

import re
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from connectors.contract import Direction, Evolution

_UNITS = {
    "s": timedelta(seconds=1),
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
}
_YEAR = timedelta(days=365)
_LONGEST = timedelta(days=36_500)


def duration(said: object) -> timedelta:
    """Read `<n>s`, `m`, `h`, `d` or `w` as a duration above 0; ValueError in words."""
    written = re.fullmatch(r"([0-9]{1,10})([smhdw])", said) if isinstance(said, str) else None
    if written is None:
        raise ValueError(
            f'must be a duration such as "5m", "12h" or "90d" (s, m, h, d, w), not {said!r}'.replace("'", '"')
        )
    found = int(written[1]) * _UNITS[written[2]] if int(written[1]) * _UNITS[written[2]] <= _LONGEST else timedelta()
    if not found:
        raise ValueError(f'must be a duration between "1s" and "36500d", not "{said}"')
    return found


def since(said: object) -> datetime | timedelta:
    """Read a day, an instant with an offset, or a duration back from now, also in years; ValueError in words."""
    if isinstance(said, str):
        if years := re.fullmatch(r"([1-9][0-9]?)y", said):
            return int(years[1]) * _YEAR
        if not re.match(r"\d{4}-", said):
            return duration(said)
        try:
            said = datetime.fromisoformat(said) if len(said) > len("2026-01-01") else date.fromisoformat(said)
        except ValueError:
            raise ValueError(f'"{said}" is no day or instant that exists') from None
    if isinstance(said, datetime):
        if said.tzinfo is None:
            raise ValueError("the offset is missing, and it is never guessed; add Z for UTC or +02:00")
        return said.astimezone(UTC)
    if isinstance(said, date):
        return datetime(said.year, said.month, said.day, tzinfo=UTC)
    raise ValueError('must be a day such as 2025-01-01 or a duration such as "2y"')


def census(said: object) -> timedelta | None:
    """Read a duration, or "never"; ValueError in words."""
    return None if said == "never" else duration(said)


Duration = Annotated[timedelta, BeforeValidator(duration)]
Since = Annotated[datetime | timedelta, BeforeValidator(since)]
Census = Annotated[timedelta | None, BeforeValidator(census)]
Window = Annotated[str, StringConstraints(pattern=r"^([1-9][0-9]{0,4}d|all)$")]
Name = Annotated[str, StringConstraints(min_length=1, max_length=500)]
_KEY = r"[A-Za-z0-9._-]{1,100}"
Key = Annotated[str, StringConstraints(pattern=rf"^{_KEY}$")]


def is_key(name: str) -> bool:
    """Say whether a source or an initiative may be called so."""
    return re.fullmatch(_KEY, name) is not None


class Table(BaseModel):
    """A table of the configuration: nothing else in it, and no type bent."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Ttv(Table):
    """The service itself."""

    database: Any = Field(
        default=None, description="SQLite or PostgreSQL, as a URL; one with a password goes into TTV_DATABASE."
    )
    host: Name = Field(
        default="127.0.0.1",
        description="Address that `ttv serve` listens on; beyond this machine it asks for a token, from TTV_TOKEN.",
    )
    port: int = Field(default=8080, ge=1, le=65535, description="Port that `ttv serve` listens on.")
    window: Window = Field(
        default="365d", description='How far back the figures over many initiatives look, in days; or "all".'
    )


class Schedule(Table):
    """Who runs when."""

    sync: Duration = Field(default=timedelta(minutes=5), description="Pause between two looks at a source.")
    figures: Duration = Field(
        default=timedelta(minutes=5),
        description="How often what moves with the clock is made anew for /metrics, besides with every change.",
    )


class Metrics(Table):
    """What /metrics shows."""

    recent: Duration = Field(
        default=timedelta(days=90), description="For how long initiatives that ended keep series of their own."
    )
    initiatives: int = Field(
        default=10_000, ge=0, description="How many initiatives have series of their own at most, open ones first."
    )
    teams: int = Field(
        default=100,
        ge=0,
        description="How many teams are counted under their own names at most, the largest first; the rest is `other`.",
    )


class Targets(Table):
    """How soon an initiative should be where."""

    time_to_value: Duration | None = Field(
        default=None, description="From the idea to the first customer feedback after it shipped.", examples=["180d"]
    )
    rate_of_turn: Duration | None = Field(default=None, description="From the idea to the decision.", examples=["30d"])

    def seconds(self) -> dict[str, float]:
        """Return the targets that are set, as the contract names them."""
        set_ = {name: value for name, value in self if value is not None}
        return {f"{name}_seconds": value.total_seconds() for name, value in set_.items()}


class Initiative(Table):
    """An initiative that the configuration says; its key is the name of the table."""

    name: Name | None = None
    team: Name | None = None
    owner: Name | None = None
    url: Name | None = None
    direction: Direction = "unknown"
    claims: list[Name] = []
    labels: dict[str, str] = {}
    evolution: Evolution | None = None
    north_star_input: Name | None = None
    targets: Targets = Targets()


class Source(Table):
    """What every source can be told, whatever its connector."""

    type: str
    every: Duration | None = Field(default=None, description="Pause between two looks, if not that of [schedule].")
    since: Since = Field(default=2 * _YEAR, description="How far back the first look goes: a duration or a day.")
    window: Duration | None = Field(default=None, description="How much of the past is read and stored in one step.")
    census: Census = Field(
        default=timedelta(days=7),
        description='How often it is asked what is deleted there; or "never".',
    )


class Document(Table):
    """The whole file; each source is read again with the settings of its connector."""

    ttv: Ttv = Ttv()
    schedule: Schedule = Schedule()
    targets: Targets = Targets()
    metrics: Metrics = Metrics()
    sources: dict[Key, Any] = {}
    initiatives: dict[Key, Initiative] = {}
