"""Leadership: whether value arrives sooner, and where it is stuck."""

from dashboards.asked import (
    CHOICES,
    COLUMNS,
    FEW,
    GREEN_TO_RED,
    NO_TARGET,
    OPEN,
    SHARE,
    bound,
    since,
    target,
    trend,
    turn,
    value,
)
from dashboards.parts import NAMED, SPAN, WHO, Board, Panel, Query, Row

LEADERSHIP = Board(
    "ttv-leadership",
    "ttv: Leadership",
    "Is value arriving sooner, and where is it stuck? From the idea to the first customer feedback after it shipped.",
    (
        Row(
            "Is value arriving sooner?",
            (
                Panel(
                    "stat",
                    "Time to value: half of all ideas",
                    "Half of the ideas that are not stopped reach a customer's answer within this time. Those that wait "
                    "still count as waiting (Kaplan-Meier). Red is past the target: look below at where the time goes.",
                    (Query(value("all"), "half of all ideas"), target("time_to_value")),
                    none=FEW,
                    steps=GREEN_TO_RED,
                    target="target",
                ),
                Panel(
                    "stat",
                    "Completed only: what other tools show",
                    "The median of those that got there in the window. It does not see who is waiting still, so it looks "
                    "best when work is stuck. Trust the figure beside it.",
                    (Query(value("completed"), "completed only"),),
                    none="no initiative has reached value in this window",
                ),
                Panel(
                    "stat",
                    "The ideas of the window",
                    "How many of them ended with value, are open still, or were stopped. With few of them every figure "
                    "here moves far with one more.",
                    (Query(f"sum by (end) (ttv_time_to_value_observed_initiatives{{{SPAN}}})", "{{end}}"),),
                    unit="short",
                    none="no idea came in this window",
                ),
                Panel(
                    "stat",
                    "What part of all ideas gets there at all",
                    "Reached value, or stopped, as far as the ideas could be followed. The rest is open.",
                    (Query(f'ttv_time_to_value_outcome_ratio{{{SPAN},direction="all"}}', "{{outcome}}"),),
                    unit="percentunit",
                    none="no idea came in this window",
                ),
                Panel(
                    "line",
                    "Time to value over time",
                    "Each point looks back over the window, so neighbours share most of their ideas. The band is the "
                    "95 % interval of the median: a move within it may be chance. A gap is a time without a median.",
                    (
                        Query(trend(value("all")), "half of all ideas"),
                        Query(trend(bound("low")), "95 % from"),
                        Query(trend(bound("high")), "95 % to"),
                        Query(trend(value("completed")), "completed only"),
                        target("time_to_value"),
                    ),
                    width=12,
                    none=FEW,
                    target="target",
                ),
                Panel(
                    "line",
                    "Rate of turn: top down against bottom up",
                    "How long it takes to decide on an idea, by where the change comes from. If one lies far above the "
                    "other, ask who has to agree there.",
                    (Query(trend(turn("all")), "{{direction}}"), target("rate_of_turn")),
                    width=12,
                    none=FEW,
                    target="target",
                ),
            ),
        ),
        Row(
            "Where is it stuck?",
            (
                Panel(
                    "bars",
                    "Where the time goes",
                    "The part of all time since the idea that was spent in each stage, of the ideas of the window. The "
                    "longest bar is where a change of the organisation pays most.",
                    (Query(SHARE.format(span=SPAN, of="all"), "{{stage}}"),),
                    unit="percentunit",
                    none="no idea came in this window",
                ),
                Panel(
                    "bars",
                    "Open initiatives, by stage",
                    "What is under way. Many in one stage are a queue.",
                    (Query(f"sum by (state) (ttv_initiatives{{{OPEN},{WHO}}})", "{{state}}"),),
                    unit="short",
                    none="no initiative is known of this choice",
                ),
                Panel(
                    "bars",
                    "Open initiatives, by how they stand to their target",
                    "At risk: it is more likely than not that it will miss its target for time to value. Missed: it has.",
                    (
                        Query(
                            'sum by (status) (ttv_open_initiatives_by_target{figure="time_to_value",direction=~"$direction"})',
                            "{{status}}",
                            NO_TARGET,
                        ),
                    ),
                    unit="short",
                    none=NO_TARGET,
                ),
                Panel(
                    "bars",
                    "What the figures rest on",
                    "Of initiatives, the part with an idea date, and with work before it (filed late, they look fast); "
                    "of decisions, the part on record; of deploys and feedback, the part tied to an initiative. Low "
                    "shares make every figure here doubtful: see the Service dashboard.",
                    (Query(f"ttv_coverage_ratio{{{SPAN}}}", "{{of}}"),),
                    unit="percentunit",
                    none="nothing happened in this window",
                ),
                Panel(
                    "table",
                    "Longest in their stage",
                    "Open initiatives that have waited longest for what ends their stage. Ask what each waits for.",
                    (Query(f"topk(15, {since()} {NAMED})"),),
                    width=12,
                    none="nothing is open",
                    names={**COLUMNS, "stage": "stage", "Value": "in this stage for"},
                ),
                Panel(
                    "table",
                    "At risk or past their target",
                    "Each initiative that has missed a target or is likely to, and which. Open it to see why.",
                    (
                        Query(
                            'max by (initiative, figure, status) (ttv_initiative_target_status{status=~"at_risk|missed"})'
                            " * on (initiative) group_left (name, team, state)"
                            f" ttv_initiative_info{{{WHO},{OPEN}}}",
                            absent=NO_TARGET,
                        ),
                    ),
                    width=12,
                    unit="short",
                    none="no open initiative is past its target or likely to miss it",
                    names={
                        "initiative": "initiative",
                        "name": "name",
                        "team": "team",
                        "figure": "target",
                        "status": "stands",
                        "state": "state",
                    },
                ),
            ),
        ),
    ),
    CHOICES,
)
