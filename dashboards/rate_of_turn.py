"""Rate of turn: how fast the organisation decides, top down and bottom up."""

from dashboards.asked import CHOICES, COLUMNS, FEW, GREEN_TO_RED, since, target, trend, turn
from dashboards.parts import NAMED, SPAN, WHO, Board, Panel, Query, Row

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
                    "Undecided ones count as waiting (Kaplan-Meier). Red is past the target.",
                    (Query(turn("all"), "{{direction}}"), target("rate_of_turn")),
                    width=8,
                    none=FEW,
                    steps=GREEN_TO_RED,
                    target="target",
                ),
                Panel(
                    "stat",
                    "85 in 100 are decided within",
                    "The slow end, which the median does not show. Nothing stands here while more than 15 in 100 wait.",
                    (Query(turn("all", "0.85"), "{{direction}}", "more than 15 in 100 wait"),),
                    width=8,
                    none="more than 15 in 100 ideas wait still",
                ),
                Panel(
                    "stat",
                    "Decided, and waiting",
                    "The ideas of the window by direction. A no is a decision too.",
                    (
                        Query(
                            f'sum by (direction, end) (ttv_rate_of_turn_observed_initiatives{{{SPAN},direction=~"$direction",end!="stopped"}})',
                            "{{direction}} {{end}}",
                        ),
                    ),
                    width=8,
                    unit="short",
                    none="no idea came in this window",
                ),
                Panel(
                    "line",
                    "Rate of turn over time",
                    "Half of all ideas of the window are decided within this time.",
                    (Query(trend(turn("all")), "{{direction}}"), target("rate_of_turn")),
                    width=12,
                    none=FEW,
                    target="target",
                ),
                Panel(
                    "line",
                    "Completed only, over time",
                    "What was decided in the window, whatever the day of the idea. If it falls while the figure beside it "
                    "rises, easy things are decided and hard ones wait.",
                    (Query(trend(turn("completed")), "{{direction}}"),),
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
                    none="nothing is undecided",
                    names={**COLUMNS, "Value": "undecided for"},
                ),
                Panel(
                    "bars",
                    "Half of what was decided took, by team",
                    "Of what was decided in the window, read off the distribution in steps, so roughly. Compare with how "
                    "many there were.",
                    (
                        Query(
                            f"histogram_quantile(0.5, sum by (team, le) (ttv_rate_of_turn_distribution_seconds_bucket{{{SPAN},{WHO}}}))",
                            "{{team}}",
                        ),
                    ),
                    width=6,
                    none="nothing was decided in this window",
                ),
                Panel(
                    "bars",
                    "Decided in the window, by team",
                    "How many the figures beside rest on: below ten, take them as stories.",
                    (
                        Query(
                            f"sum by (team) (ttv_rate_of_turn_distribution_seconds_gcount{{{SPAN},{WHO}}})", "{{team}}"
                        ),
                    ),
                    width=6,
                    unit="short",
                    none="nothing was decided in this window",
                ),
            ),
        ),
    ),
    CHOICES,
)
