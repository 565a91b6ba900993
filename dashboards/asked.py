"""What several dashboards ask alike: the figures as they stand in Prometheus, and the choices of a reader.

Every answer is of what it is about alone, so that several replicas, which say the same, are one series. Durations are in
days.
"""

from collections.abc import Callable
from dataclasses import replace

from dashboards.parts import DAY, LATELY, SPAN, Query, choice

TEAM, DIRECTION = choice("team", "ttv_initiative_info"), choice("direction", "ttv_initiative_info")
WINDOW = choice("window", "ttv_time_to_value_observed_initiatives", several=False)
CHOICES = (WINDOW, DIRECTION, TEAM)
FEW = "fewer than half of them have come so far: no median yet"
NO_TARGET = "no target is set"
OPEN = 'state=~"deciding|waiting|building|sensing"'
CHOSEN = 'direction=~"$direction"'
STAGES = ("deciding", "waiting", "building", "sensing")
"""In the order in which an initiative goes through them."""
ENDS = {"ended": "ended", "open": "still open", "stopped": "stopped"}
TO_INITIATIVE = {
    "initiative": (
        "Show this initiative",
        "/d/ttv-initiative?${datasource:queryparam}&${ttv:queryparam}&var-initiative=${__data.fields.initiative}",
    )
}
COLUMNS = {"initiative": "initiative", "name": "name", "team": "team", "direction": "direction"}
WITHIN, PAST, NEITHER = "green", "red", "text"
"""Colours of what is within its target, past it, and without one."""


def value(method: str, direction: str = 'direction="all"', *, lately: bool = False) -> str:
    """Ask for the median of the time to value."""
    return _median("time_to_value_seconds", f'{direction},method="{method}",quantile="0.5"', lately=lately)


def turn(method: str, direction: str = CHOSEN, quantile: str = "0.5", *, lately: bool = False) -> str:
    """Ask for a quantile of the rate of turn, by direction."""
    return _median("rate_of_turn_seconds", f'{direction},method="{method}",quantile="{quantile}"', lately=lately)


def bound(which: str) -> str:
    """Ask for an end of the interval of the time to value over all, as a trend."""
    return _median("time_to_value_median_bound_seconds", f'direction="all",bound="{which}"', lately=True)


def _median(name: str, labels: str, *, lately: bool) -> str:
    selected = f"ttv_{name}{{{SPAN},{labels}}}"
    return f"max by (direction) ({last(selected) if lately else selected}) / {DAY}"


def last(selector: str) -> str:
    """Let what a selector finds hold for a day, so that a line goes from one day of history to the next."""
    return f"last_over_time({selector}{LATELY})"


def target(figure: str) -> Query:
    """Ask for the target that holds where an initiative has none of its own, as a dashed line."""
    found = last(f'ttv_target_seconds{{figure="{figure}"}}')
    return Query(f"max ({found}) / {DAY}", "target", NO_TARGET, colour=PAST, dashed=True)


def against(figure: str, expr: str, legend: str) -> tuple[Query, ...]:
    """Ask for what is within its target, past it, and without one, each in its colour."""
    limit = f'max (ttv_target_seconds{{figure="{figure}"}}) / {DAY}'
    return (
        Query(f"sort({expr} <= on () group_left () {limit})", legend, "all are past the target", WITHIN),
        Query(f"sort({expr} > on () group_left () {limit})", legend, "all are within the target", PAST),
        Query(f"sort({expr} unless on () {limit})", legend, "there is a target", NEITHER),
    )


def in_order(of: str, by: str, names: dict[str, str] | tuple[str, ...], absent: str | None = None) -> tuple[Query, ...]:
    """Ask once for each value of a label, so that the answers come in this order; `%s` in the question is the selector."""
    spoken = names if isinstance(names, dict) else dict(zip(names, names, strict=True))
    return tuple(Query(of % f'{by}="{value}"', name, absent) for value, name in spoken.items())


def coloured(queries: tuple[Query, ...], *colours: str) -> tuple[Query, ...]:
    """Give each question its colour."""
    return tuple(replace(query, colour=colour) for query, colour in zip(queries, colours, strict=True))


def since(stage: str = "") -> str:
    """Ask how many days what is open has been in its stage."""
    chosen = f'{{stage="{stage}"}}' if stage else ""
    return f"((time() - max by (initiative, stage) (ttv_initiative_stage_timestamp_seconds{chosen})) / {DAY})"


def milestone(name: str, only: str = "") -> str:
    """Select when initiatives reached a milestone."""
    return f'max by (initiative) (ttv_initiative_milestone_timestamp_seconds{{milestone="{name}"{only}}})'


def share(of: str) -> tuple[Query, ...]:
    """Ask what part of all time was spent in each stage, in the order of the stages."""
    spent = f'max by (stage) (ttv_stage_spent_seconds{{{SPAN},of="{of}",%s}})'
    whole = f'sum (max by (stage) (ttv_stage_spent_seconds{{{SPAN},of="{of}"}}))'
    return in_order(f"{spent} / on () group_left () {whole}", "stage", STAGES)


def coverage(window: str = SPAN, shown: Callable[[str], str] = str, absent: str | None = None) -> tuple[Query, ...]:
    """Ask what the figures rest on."""
    names = {
        "idea": "initiatives with an idea date",
        "decision": "decisions on record",
        "deploys": "deploys tied",
        "feedback": "feedback tied",
        "early": "with work before the idea",
    }
    return in_order(f"max by (of) ({shown(f'ttv_coverage_ratio{{{window},%s}}')})", "of", names, absent)
