"""Leadership: whether value arrives sooner, and where it is stuck."""

from dashboards.asked import (
    CHOICES,
    CHOSEN,
    COLUMNS,
    ENDS,
    FEW,
    NEITHER,
    NO_TARGET,
    OPEN,
    PAST,
    STAGES,
    TO_INITIATIVE,
    WITHIN,
    against,
    bound,
    coloured,
    coverage,
    in_order,
    milestone,
    share,
    since,
    target,
    turn,
    value,
)
from dashboards.parts import LATELY, NAMED, SPAN, WHO, WORDS, Board, Panel, Query, Row

_BEFORE = 90
_CHANGE = f"({value('all')} - {value('all', lately=True).replace(LATELY, f'{LATELY} offset {_BEFORE}d')})"
_YOUNG = "Prometheus does not know that day: ttv history writes what was before it"
_DIRECTIONS = 'direction=~"top_down|bottom_up",' + CHOSEN
_STANDING = 'max by (status, direction) (ttv_open_initiatives_by_target{figure="time_to_value",%s,' + CHOSEN + "})"
_LATE = (
    'max by (initiative, figure, status) (ttv_initiative_target_status{status=~"at_risk|missed",figure="time_to_value"})'
    ' or (max by (initiative, figure, status) (ttv_initiative_target_status{status=~"at_risk|missed",figure="rate_of_turn"})'
    ' and on (initiative) ttv_initiative_stage_timestamp_seconds{stage="deciding"})'
)
_USED = (
    f"topk(15, ({_LATE}) * on (initiative) group_left () (time() - {milestone('idea')})"
    " / on (initiative, figure) group_left () max by (initiative, figure) (ttv_initiative_target_seconds)"
    " * on (initiative) group_left (name, team, state)"
    f" max by (initiative, name, team, state) (ttv_initiative_info{{{WHO},{OPEN}}}))"
)

_SOONER = Row(
    "Is value arriving sooner?",
    (
        Panel(
            "stat",
            "Time to value: half of all ideas",
            "Half of the ideas that are not stopped reach a customer's answer within this time, of all teams and "
            "directions. Those that wait still count as waiting (Kaplan-Meier). Red is past the target: look below at "
            "where the time goes.",
            against("time_to_value", value("all"), "half of all ideas"),
            height=5,
            none=FEW,
        ),
        Panel(
            "stat",
            f"Against {_BEFORE} days ago",
            "By how much sooner or later half of all ideas arrive. Look at the band of the trend below before "
            "you make much of it: a move within it may be chance.",
            (
                Query(f"-1 * ({_CHANGE} <= 0)", "sooner by", "it is later", WITHIN),
                Query(f"{_CHANGE} > 0", "later by", "it is sooner", "orange"),
            ),
            width=4,
            height=5,
            none=_YOUNG,
        ),
        Panel(
            "stat",
            "Rate of turn: half of all ideas",
            "How long the organisation takes to say yes or no to an idea, by where the change comes from. Undecided "
            "ones count as waiting. Red is past the target: ask who has to agree.",
            against("rate_of_turn", turn("all", _DIRECTIONS), "{{direction}}"),
            width=5,
            height=5,
            none=FEW,
        ),
        Panel(
            "stat",
            "What part of all ideas gets there at all",
            "Reached value, or stopped, as far as the ideas could be followed. The rest is open. A fast figure for a "
            "small part that gets there is no good news.",
            in_order(
                f'max by (outcome) (ttv_time_to_value_outcome_ratio{{{SPAN},direction="all",%s}})',
                "outcome",
                {"reached": "reach a customer", "stopped": "are stopped"},
            ),
            width=5,
            height=5,
            unit="percentunit",
            none="no idea came in this window",
        ),
        Panel(
            "stat",
            "The ideas of the window",
            "How many of them ended with value, are open still, or were stopped. With few of them every figure "
            "here moves far with one more.",
            in_order(f"sum (max by (direction) (ttv_time_to_value_observed_initiatives{{{SPAN},%s}}))", "end", ENDS),
            width=4,
            height=5,
            unit="short",
            none="no idea came in this window",
        ),
        Panel(
            "line",
            "Time to value over time",
            "Each point looks back over the window, so neighbours share most of their ideas. The band is the "
            "95 % interval of the median: a move within it may be chance. Completed only is what other tools show: it "
            "does not see who is still waiting, so it looks best when work is stuck. A gap is a time without a median.",
            (
                Query(value("all", lately=True), "half of all ideas", colour="blue"),
                Query(bound("low"), "95 % from", colour="blue"),
                Query(bound("high"), "95 % to", colour="blue"),
                Query(value("completed", lately=True), "completed only", colour="orange"),
                target("time_to_value"),
            ),
            width=8,
            height=9,
            none=FEW,
        ),
        Panel(
            "line",
            "Time to value: top down against bottom up",
            "Half of all ideas, by where the change comes from: from leadership, or from the people who do the work. "
            "If one lies far above the other, look at its stages on the Flow dashboard.",
            (Query(value("all", _DIRECTIONS, lately=True), "{{direction}}"), target("time_to_value")),
            width=8,
            height=9,
            none=FEW,
        ),
        Panel(
            "line",
            "Rate of turn: top down against bottom up",
            "How long it takes to decide on an idea, by where the change comes from. If one lies far above the "
            "other, ask who has to agree there.",
            (Query(turn("all", _DIRECTIONS, lately=True), "{{direction}}"), target("rate_of_turn")),
            width=8,
            height=9,
            none=FEW,
        ),
    ),
)
_STUCK = Row(
    "Where is it stuck?",
    (
        Panel(
            "bars",
            "Where the time goes",
            "The part of all time since the idea that was spent in each stage, of the ideas of the window. The "
            "longest bar is where a change of the organisation pays most.",
            share("all"),
            unit="percentunit",
            most=1,
            none="no idea came in this window",
        ),
        Panel(
            "bars",
            "Open initiatives, by stage",
            "What is under way of the chosen teams and directions. Many in one stage are a queue: look at what waits.",
            in_order(f"sum (max by (team, direction) (ttv_initiatives{{%s,{WHO}}}))", "state", STAGES),
            unit="short",
            none="no initiative is known of this choice",
        ),
        Panel(
            "bars",
            "Open initiatives against their target",
            "At risk: it is more likely than not that it will miss its target for time to value. Missed: it has. "
            "Unknown: too few went before to say. Decide again about what is missed: the smallest part, or stop.",
            coloured(
                in_order(
                    f"sum ({_STANDING})",
                    "status",
                    {
                        "on_track": WORDS["on_track"],
                        "at_risk": WORDS["at_risk"],
                        "missed": "missed",
                        "unknown": "unknown",
                    },
                    NO_TARGET,
                ),
                WITHIN,
                "orange",
                PAST,
                NEITHER,
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
            coverage(),
            unit="percentunit",
            most=1,
            none="nothing happened in this window",
        ),
        Panel(
            "table",
            "Longest in their stage",
            "Open initiatives that have waited longest for what ends their stage. Ask what each waits for.",
            (Query(f"topk(15, {since()} {NAMED})"),),
            width=12,
            height=11,
            none="nothing is open",
            names={**COLUMNS, "stage": "stage", "Value": "in this stage for"},
            links=TO_INITIATIVE,
            mapped=WORDS,
        ),
        Panel(
            "table",
            "Past their target, or likely to miss it",
            "Open initiatives by the part of their target that is used up: the time to value of all, the rate of turn "
            "of those that are undecided. Open one to see why, and decide again.",
            (Query(_USED, absent=NO_TARGET),),
            width=12,
            height=11,
            unit="percentunit",
            none="no open initiative is past its target or likely to miss it",
            names={
                "initiative": "initiative",
                "name": "name",
                "team": "team",
                "state": "state",
                "figure": "target of",
                "status": "stands",
                "Value": "used up",
            },
            links=TO_INITIATIVE,
            mapped=WORDS | {"time_to_value": "time to value", "rate_of_turn": "rate of turn"},
        ),
    ),
)

LEADERSHIP = Board(
    "ttv-leadership",
    "ttv: Leadership",
    "Is value arriving sooner, and where is it stuck? From the idea to the first customer feedback after it shipped.",
    (_SOONER, _STUCK),
    CHOICES,
)
