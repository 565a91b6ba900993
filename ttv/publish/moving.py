"""The calls that draw a figure over many: how it moves from period to period, and the curve that it is read off."""

from datetime import datetime
from typing import Any, Literal

from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from pydantic import Field
from sqlalchemy import Connection

from ttv.population import Figure, curve
from ttv.publish.answers import Answer, Group, Survival
from ttv.publish.asked import Asked
from ttv.publish.questions import Many
from ttv.trend import PERIODS, trend

_TAG = Tag(name="drawings", description="How a figure over many moves, and the curve that it is read off.")
_MOST = 260
"""Five years of weeks."""


class Trend(Many):
    interval: Literal["week", "month", "quarter"] = Field(
        "month", description="How long a period is: a week from Monday, a month or a quarter, in UTC."
    )
    periods: int = Field(PERIODS, ge=1, le=_MOST, description="How many; the last is the one that `as_of` lies in.")


class Curve(Many):
    steps: int = Field(1000, ge=2, le=100_000, description="How many steps to answer at most; a longer one is thinned.")


class Point(Answer):
    """The population as of the end of a period, or as of `as_of` if that is sooner."""

    period_start: datetime
    period_end: datetime
    """The next period's first instant."""
    groups: list[Group]


class TrendOfMany(Answer):
    as_of: datetime
    window: str
    interval: Literal["week", "month", "quarter"]
    items: list[Point]


class Step(Answer):
    """What is known of a time after the idea."""

    t_seconds: float
    at_risk: int
    """How many had come so far, neither ended nor stopped nor open at a younger age."""
    survival: float
    """What part of what is not stopped has not got there (Kaplan-Meier), with its 95 % limits."""
    low: float | None
    high: float | None
    reached: float
    """What part of all ideas has got there (Aalen-Johansen)."""
    stopped: float


class CurveGroup(Answer):
    group: str | None
    all: Survival
    steps: list[Step]
    """From time 0, each time at which an initiative ended or stopped, and the last observed time."""
    steps_in_all: int
    """How many there are without thinning."""


class CurveOfMany(Answer):
    as_of: datetime
    window: str
    groups: list[CurveGroup]


def add(api: APIBlueprint, asked: Asked, window: str) -> None:
    """Add the calls to the blueprint of the API; `window` is the default."""

    def moves(figure: Figure, query: Trend) -> Any:
        def told(connection: Connection, as_of: datetime) -> dict[str, Any]:
            return trend(
                connection,
                figure,
                query.selection(),
                as_of=as_of,
                interval=query.interval,
                periods=query.periods,
                window=query.window or window,
                group_by=query.group_by,
            )

        return asked.many(figure, query, told)

    def drawn(figure: Figure, query: Curve) -> Any:
        with asked.at(query.as_of, query.known_at) as (connection, as_of):
            return curve(
                connection,
                figure,
                query.selection(),
                as_of=as_of,
                window=query.window or window,
                group_by=query.group_by,
                steps=query.steps,
            )

    @api.get("/time-to-value/trend", tags=[_TAG], responses={200: TrendOfMany})
    def time_to_value_trend(query: Trend) -> Any:
        """Tell the time to value as of the end of each period."""
        return moves("time_to_value", query)

    @api.get("/rate-of-turn/trend", tags=[_TAG], responses={200: TrendOfMany})
    def rate_of_turn_trend(query: Trend) -> Any:
        """Tell the rate of turn as of the end of each period."""
        return moves("rate_of_turn", query)

    @api.get("/time-to-value/curve", tags=[_TAG], responses={200: CurveOfMany})
    def time_to_value_curve(query: Curve) -> Any:
        """Trace what part of all ideas has not reached value after a time, open ones as censored."""
        return drawn("time_to_value", query)

    @api.get("/rate-of-turn/curve", tags=[_TAG], responses={200: CurveOfMany})
    def rate_of_turn_curve(query: Curve) -> Any:
        """Trace what part of all ideas is not decided after a time, open ones as censored."""
        return drawn("rate_of_turn", query)
