"""Rate of turn: how fast the organisation decides, top down and bottom up."""

from dashboards.asked import (
    CHOICES,
    CHOSEN,
    COLUMNS,
    FEW,
    PAST,
    TO_INITIATIVE,
    WITHIN,
    against,
    since,
    target,
    turn,
)
from dashboards.parts import DAY, NAMED, SPAN, WHO, WORDS, Board, Panel, Query, Row

_OVERDUE = (
    'on (initiative) group_left () (max by (initiative) (ttv_initiative_target_seconds{figure="rate_of_turn"}) / 86400)'
)
_SPREAD = f"ttv_rate_of_turn_distribution_seconds%s{{{SPAN},{WHO}}}"
_BY_TEAM = f"max by (team, direction, le) ({_SPREAD % '_bucket'})"


def _counted(end: str) -> str:
    seen = f'ttv_rate_of_turn_observed_initiatives{{{SPAN},{CHOSEN},end="{end}"}}'
    return f"sort_desc(max by (direction) ({seen}))"


RATE_OF_TURN = Board(
    "ttv-rate-of-turn",
    "ttv: Rate of turn",
    "How long the organisation takes to decide on a change before it makes it, top down and bottom up.",
    (
        Row(
            "How fast can it turn?",
            (
                Panel(
                    "stat",
                    "Half of all ideas are decided within",
                    "Undecided ones count as waiting (Kaplan-Meier), of all teams. Red is past the target: ask who has "
                    "to agree, and let fewer have to.",
                    against("rate_of_turn", turn("all"), "{{direction}}"),
                    width=8,
                    height=6,
                    none=FEW,
                ),
                Panel(
                    "stat",
                    "85 in 100 are decided within",
                    "The slow end, which the median does not show. Nothing stands here while more than 15 in 100 wait: "
                    "look at who waits below.",
                    (Query(f"sort({turn('all', quantile='0.85')})", "{{direction}}", "more than 15 in 100 wait"),),
                    width=8,
                    height=6,
                    none="more than 15 in 100 ideas wait still",
                ),
                Panel(
                    "stat",
                    "Decided, and waiting",
                    "The ideas of the window by direction. A no is a decision too. With fewer than ten decisions the "
                    "figures beside it move far with one more.",
                    (
                        Query(_counted("ended"), "{{direction}}, decided"),
                        Query(_counted("open"), "{{direction}}, waiting", colour="orange"),
                    ),
                    width=8,
                    height=6,
                    unit="short",
                    none="no idea came in this window",
                ),
                Panel(
                    "line",
                    "Rate of turn over time",
                    "Half of all ideas of the window are decided within this time. A direction with few ideas jumps "
                    "with each of them: see how many there are above.",
                    (Query(turn("all", lately=True), "{{direction}}"), target("rate_of_turn")),
                    width=12,
                    none=FEW,
                ),
                Panel(
                    "line",
                    "Completed only, over time",
                    "What was decided in the window, whatever the day of the idea. If it falls while the figure beside it "
                    "rises, easy things are decided and hard ones wait.",
                    (Query(turn("completed", lately=True), "{{direction}}"), target("rate_of_turn")),
                    width=12,
                    none="nothing was decided in this window",
                ),
            ),
        ),
        Row(
            "Who waits for a decision?",
            (
                Panel(
                    "table",
                    "Undecided, longest first",
                    "Ideas that nobody has said yes or no to. Decide, or say that it is deferred.",
                    (Query(f"sort_desc({since('deciding')} {NAMED})", absent="nothing is undecided"),),
                    width=12,
                    height=9,
                    none="nothing is undecided",
                    names={**COLUMNS, "Value": "undecided for"},
                    links=TO_INITIATIVE,
                    mapped=WORDS,
                ),
                Panel(
                    "stat",
                    "Undecided ideas",
                    "How many wait within their target and past it. Those past it come first in the list.",
                    (
                        Query(
                            f"count ({since('deciding')} {NAMED} <= {_OVERDUE})", "within the target", "none is", WITHIN
                        ),
                        Query(f"count ({since('deciding')} {NAMED} > {_OVERDUE})", "past the target", "none is", PAST),
                    ),
                    width=4,
                    height=9,
                    unit="short",
                    none="nothing is undecided, or no target is set",
                ),
                Panel(
                    "bars",
                    "Half was decided within, by team",
                    "Of what was decided in the window, read off the distribution in steps, so roughly. Compare with how "
                    "many there were; it does not see what waits.",
                    (Query(f"sort_desc(histogram_quantile(0.5, sum by (team, le) ({_BY_TEAM})) / {DAY})", "{{team}}"),),
                    width=4,
                    height=9,
                    none="nothing was decided in this window",
                ),
                Panel(
                    "bars",
                    "Decided in the window, by team",
                    "How many the figures beside rest on: below ten, take them as stories.",
                    (
                        Query(
                            f"sort_desc(sum by (team) (max by (team, direction) ({_SPREAD % '_gcount'})))", "{{team}}"
                        ),
                    ),
                    width=4,
                    height=9,
                    unit="short",
                    none="nothing was decided in this window",
                ),
            ),
        ),
    ),
    CHOICES,
)
