"""What dashboards are made of: a panel as it is described here says what it shows, what it means and what to do about it.

It asks in PromQL. Where the demo has no data for a question, `absent` says why that is right. `building` makes Grafana's
JSON of it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from grafana_foundation_sdk.builders import dashboard
from grafana_foundation_sdk.models.dashboard import DataSourceRef, VariableRefresh, VariableSort

SOURCE = DataSourceRef(type_val="prometheus", uid="${datasource}")
WHO = 'team=~"$team",direction=~"$direction"'
"""The selection of initiatives."""
SPAN = 'window="$window"'
NAMED = f"* on (initiative) group_left (name, team, direction) max by (initiative, name, team, direction) (ttv_initiative_info{{{WHO}}})"
"""Joins what an initiative is, however many replicas say so."""
LATELY = "[1d]"
"""Figures that were written by `ttv history` are a day apart; a trend looks back so far for the last."""
WORDS = {"top_down": "top down", "bottom_up": "bottom up", "on_track": "on track", "at_risk": "at risk"}
"""Values of labels, and what people read instead."""
DAY = 86_400
DAYS = "suffix:d"
"""Of durations for people, in days: Grafana makes weeks and years of seconds, and crooked scales."""
VALUE = "Value"
"""What a table calls the column of values."""

Kind = Literal["stat", "line", "bars", "table"]


@dataclass(frozen=True)
class Query:
    """A question to Prometheus, and what its answer is called."""

    expr: str
    legend: str = ""
    absent: str | None = None
    """Why an organisation in which all is well has no data for it."""
    colour: str | None = None
    """In which its answers are drawn, if that is not left to the panel."""
    unit: str | None = None
    """Of its answers, if it is not the panel's."""
    dashed: bool = False
    """Whether its line is dashed."""


@dataclass(frozen=True)
class Panel:
    """One panel: what it shows, what that means, and what to do."""

    kind: Kind
    title: str
    why: str
    queries: Sequence[Query]
    width: int = 6
    height: int = 8
    unit: str = DAYS
    """Of a table, that of `Value`."""
    none: str = "nothing is known of it yet"
    """What stands there if there is no data."""
    steps: Sequence[tuple[float | None, str]] = ()
    """From which value on which colour; without, one colour for all."""
    most: float | None = None
    """The end of the scale, where there is a natural one."""
    names: Mapping[str, str] = field(default_factory=dict)
    """Of a table: the columns that are shown, in order, and what they are called; `Value` is the value."""
    links: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """Of a table: the columns that lead somewhere, what the link is called, and its address."""
    mapped: Mapping[str, str] = field(default_factory=dict)
    """Values, and what people read instead."""
    stacked: bool = False


@dataclass(frozen=True)
class Row:
    """A heading, and the panels below it."""

    title: str
    panels: Sequence[Panel]


@dataclass(frozen=True)
class Board:
    """A dashboard."""

    uid: str
    title: str
    why: str
    rows: Sequence[Row]
    variables: Sequence[dashboard.QueryVariable] = ()
    begin: str = "now-1y"
    links: Mapping[str, str] = field(default_factory=dict)
    """Where it leads besides the other dashboards: what that is called, and its address."""


def choice(name: str, metric: str, *, several: bool = True) -> dashboard.QueryVariable:
    """Make a variable of the values of a label."""
    made = (
        dashboard.QueryVariable(name)
        .label(name.capitalize())
        .datasource(SOURCE)
        .query(f"label_values({metric}, {name})")
        .refresh(VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(VariableSort.ALPHABETICAL_ASC)
    )
    return made.multi(True).include_all(True).all_value(".*") if several else made
