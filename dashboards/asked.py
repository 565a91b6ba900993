"""What several dashboards ask alike: the figures as they stand in Prometheus, and the choices of a reader."""

from dashboards.parts import LATELY, SPAN, Query, choice

TEAM, DIRECTION = choice("team", "ttv_initiative_info"), choice("direction", "ttv_initiative_info")
WINDOW = choice("window", "ttv_time_to_value_observed_initiatives", several=False)
CHOICES = (WINDOW, DIRECTION, TEAM)
FEW = "fewer than half of them have come so far: no median yet"
NO_TARGET = "no target is set"
OPEN = 'state=~"deciding|waiting|building|sensing"'
GREEN_TO_RED = ((None, "green"), (1e12, "red"))


def value(method: str, quantile: str = "0.5", direction: str = "all") -> str:
    of = f'direction="{direction}"' if direction == "all" else f"direction=~{direction!r}".replace("'", '"')
    return f'ttv_time_to_value_seconds{{{SPAN},{of},method="{method}",quantile="{quantile}"}}'


def turn(method: str, quantile: str = "0.5") -> str:
    return f'ttv_rate_of_turn_seconds{{{SPAN},direction=~"$direction",method="{method}",quantile="{quantile}"}}'


def bound(which: str) -> str:
    return f'ttv_time_to_value_median_bound_seconds{{{SPAN},direction="all",bound="{which}"}}'


def trend(expr: str) -> str:
    return f"last_over_time({expr}{LATELY})"


def target(figure: str) -> Query:
    return Query(f'max(last_over_time(ttv_target_seconds{{figure="{figure}"}}{LATELY}))', "target", NO_TARGET)


def since(stage: str = "") -> str:
    chosen = f'{{stage="{stage}"}}' if stage else ""
    return f"(time() - max by (initiative, stage) (ttv_initiative_stage_timestamp_seconds{chosen}))"


def milestone(name: str, only: str = "") -> str:
    return f'ttv_initiative_milestone_timestamp_seconds{{milestone="{name}"{only}}}'


SHARE = 'sum by (stage) (ttv_stage_spent_seconds{{{span},of="{of}"}}) / on () group_left () sum (ttv_stage_spent_seconds{{{span},of="{of}"}})'
COLUMNS = {"initiative": "initiative", "name": "name", "team": "team", "direction": "direction"}
