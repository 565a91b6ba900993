"""Initiative: one in depth."""

from dashboards.asked import COLUMNS, DIRECTION, NO_TARGET, TEAM, coloured, in_order, last, milestone
from dashboards.parts import DAY, WORDS, Board, Panel, Query, Row, choice

_ONE = 'initiative="$initiative"'
_WITHIN = {days: f"within {days.removesuffix('d')} days" for days in ("30d", "60d", "90d")}
_NEVER = "it is over, or too few went before"


def _took(end: str, begin: str) -> str:
    return f"({milestone(end, f',{_ONE}')} - {milestone(begin, f',{_ONE}')}) / {DAY}"


def _target(figure: str) -> str:
    return f'max by (initiative) (ttv_initiative_target_seconds{{{_ONE},figure="{figure}"}})'


_AGE = f"(time() - {milestone('idea', f',{_ONE}')})"
_RUNNING = (
    f'{_AGE} unless on (initiative) ttv_initiative_milestone_timestamp_seconds{{milestone=~"valued|stopped",{_ONE}}}'
)
_HOW_FAR = Row(
    "How far it is",
    (
        Panel(
            "table",
            "What it is",
            "Its key leads to its page in ttv, with the events behind each milestone and what is missing; its url to "
            "where it is kept.",
            (
                Query(
                    f"max by (initiative, name, team, direction, state, url) (ttv_initiative_info{{{_ONE}}})",
                ),
            ),
            width=12,
            height=4,
            unit="short",
            names={**COLUMNS, "state": "state", "url": "url"},
            links={
                "initiative": ("Its page in ttv", "${ttv}/initiatives/${__value.raw}"),
                "url": ("Where it is kept", "${__value.raw}"),
            },
            mapped=WORDS,
        ),
        Panel(
            "stat",
            "Age",
            "Time since the idea, of an initiative that is open. Compare it with the target beside its stages.",
            (Query(f"({_RUNNING}) / {DAY}", "age", "it is over"),),
            width=4,
            height=4,
            none="it is not open",
        ),
        Panel(
            "stat",
            "Time to value",
            "From the idea to the first customer feedback after it shipped. If it has shipped and nobody was heard, "
            "ask a customer.",
            (Query(_took("valued", "idea"), "time to value", "it has not reached value"),),
            width=4,
            height=4,
            none="no customer has answered yet",
        ),
        Panel(
            "stat",
            "Rate of turn",
            "From the idea to the decision to do it or not. If it is not decided, ask whoever may decide.",
            (Query(_took("decided", "idea"), "rate of turn", "it is not decided"),),
            width=4,
            height=4,
            none="it is not decided yet",
        ),
        Panel(
            "table",
            "Milestones",
            "When it reached each milestone. A missing one has not been reached, or nothing that says so is tied "
            "to it: its page in ttv says which.",
            (Query(f"sort(1000 * max by (milestone) (ttv_initiative_milestone_timestamp_seconds{{{_ONE}}}))"),),
            width=8,
            unit="dateTimeAsIso",
            none="it has no idea date",
            names={"milestone": "milestone", "Value": "reached"},
        ),
        Panel(
            "bars",
            "Time in each stage",
            "How long each stage took, and in orange how long it has been in the present one. The longest is where "
            "this one could have been sooner.",
            (
                Query(_took("decided", "idea"), "deciding", "it is in this stage"),
                Query(_took("started", "decided"), "waiting", "it has not been started"),
                Query(_took("shipped", "started"), "building", "it has not shipped"),
                Query(_took("valued", "shipped"), "sensing", "no customer has answered"),
                Query(
                    f"(time() - max by (stage) (ttv_initiative_stage_timestamp_seconds{{{_ONE}}})) / {DAY}",
                    "{{stage}}, until now",
                    "it is over",
                    colour="orange",
                ),
            ),
            width=8,
            none="it has no idea date",
        ),
        Panel(
            "bars",
            "Part of its target that is used up",
            "For time to value while it is open, for rate of turn while it is undecided. Orange is most of it, red is "
            "past it: decide again.",
            (
                Query(f"({_RUNNING}) / on (initiative) {_target('time_to_value')}", "time to value", NO_TARGET),
                Query(
                    f"({_AGE} unless on (initiative) {milestone('decided', f',{_ONE}')})"
                    f" / on (initiative) {_target('rate_of_turn')}",
                    "rate of turn",
                    "it is decided, or has no target",
                ),
            ),
            width=8,
            unit="percentunit",
            none="it has no target, or is over",
            steps=((None, "green"), (0.8, "orange"), (1.0, "red")),
            most=1,
        ),
    ),
)
_EXPECTS = Row(
    "What it may expect",
    (
        Panel(
            "line",
            "Chance of value",
            "By what became of those that once stood where it stands. Falling chances say that it has been in its "
            "stage for longer than most: ask what it waits for.",
            coloured(
                in_order(
                    f"max by (within) ({last(f'ttv_initiative_value_chance_ratio{{{_ONE},%s}}')})",
                    "within",
                    _WITHIN,
                    _NEVER,
                ),
                "light-blue",
                "blue",
                "purple",
            ),
            width=12,
            unit="percentunit",
            most=1,
            none="it is over, or too few went before it to say",
        ),
        Panel(
            "stat",
            "Half of such initiatives need from here",
            "The time within which half of those that stood where it stands had value. If that is past its target, "
            "make it smaller.",
            (Query(f"max by (initiative) (ttv_initiative_remaining_seconds{{{_ONE}}}) / {DAY}", "remaining", _NEVER),),
            width=5,
            none="it is over, or fewer than half of such ever had value",
        ),
        Panel(
            "table",
            "How it stands to its targets",
            "At risk: it is more likely than not that it will miss it. Without a target, or while too little is known "
            "to say, nothing stands here.",
            (
                Query(
                    f"max by (figure) (ttv_initiative_target_seconds{{{_ONE}}}) / {DAY} * on (figure) group_left (status)"
                    f" max by (figure, status) (ttv_initiative_target_status{{{_ONE}}})",
                    absent=NO_TARGET,
                ),
            ),
            width=7,
            none="it has no target, or too few went before it to say",
            names={"figure": "target of", "Value": "target", "status": "stands"},
            mapped=WORDS | {"time_to_value": "time to value", "rate_of_turn": "rate of turn"},
        ),
    ),
)
INITIATIVE = Board(
    "ttv-initiative",
    "ttv: Initiative",
    "One initiative in depth: how far it is, how long each stage took, what it may expect.",
    (_HOW_FAR, _EXPECTS),
    (choice("initiative", "ttv_initiative_info", several=False), DIRECTION, TEAM),
    begin="now-180d",
    links={"Its page in ttv": "${ttv}/initiatives/${initiative}"},
)
