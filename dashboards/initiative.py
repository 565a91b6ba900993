"""Initiative: one in depth."""

from dashboards.asked import COLUMNS, DIRECTION, NO_TARGET, TEAM, milestone, trend
from dashboards.parts import Board, Panel, Query, Row, choice

_ONE = 'initiative="$initiative"'


def _took(end: str, begin: str) -> str:
    return f"{milestone(end, f',{_ONE}')} - ignoring (milestone) {milestone(begin, f',{_ONE}')}"


_RUNNING = (
    f"(time() - {milestone('idea', f',{_ONE}')}) unless on (initiative) "
    f'ttv_initiative_milestone_timestamp_seconds{{milestone=~"valued|stopped",{_ONE}}}'
)
INITIATIVE = Board(
    "ttv-initiative",
    "ttv: Initiative",
    "One initiative in depth: how far it is, how long each stage took, what it may expect.",
    (
        Row(
            "How far it is",
            (
                Panel(
                    "table",
                    "What it is",
                    "The events behind each milestone are on its page in ttv (address of ttv, then /initiatives/ and its "
                    "key); url leads to where it is kept.",
                    (Query(f"ttv_initiative_info{{{_ONE}}}"),),
                    width=12,
                    height=4,
                    unit="short",
                    names={**COLUMNS, "state": "state", "url": "url"},
                ),
                Panel(
                    "stat",
                    "Age",
                    "Time since the idea, of an initiative that is open.",
                    (Query(_RUNNING, "age"),),
                    width=4,
                    height=4,
                    none="it is not open",
                ),
                Panel(
                    "stat",
                    "Time to value",
                    "From the idea to the first customer feedback after it shipped.",
                    (Query(_took("valued", "idea"), "time to value", "it has not reached value"),),
                    width=4,
                    height=4,
                    none="no customer has answered yet",
                ),
                Panel(
                    "stat",
                    "Rate of turn",
                    "From the idea to the decision to do it or not.",
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
                    (Query(f"1000 * ttv_initiative_milestone_timestamp_seconds{{{_ONE}}}"),),
                    width=8,
                    unit="dateTimeAsIso",
                    names={"milestone": "milestone", "Value": "reached"},
                ),
                Panel(
                    "bars",
                    "Time in each stage",
                    "How long each stage took, and how long it has been in the present one.",
                    (
                        Query(_took("decided", "idea"), "deciding", "it is in this stage"),
                        Query(_took("started", "decided"), "waiting", "it has not been started"),
                        Query(_took("shipped", "started"), "building", "it has not shipped"),
                        Query(_took("valued", "shipped"), "sensing", "no customer has answered"),
                        Query(
                            f"time() - ttv_initiative_stage_timestamp_seconds{{{_ONE}}}", "now: {{stage}}", "it is over"
                        ),
                    ),
                    width=8,
                    none="it has no idea date",
                ),
                Panel(
                    "bars",
                    "Part of its target that is used up",
                    "1 is the target. For time to value while it is open, for rate of turn while it is undecided.",
                    (
                        Query(
                            f'({_RUNNING}) / on (initiative) ttv_initiative_target_seconds{{{_ONE},figure="time_to_value"}}',
                            "time to value",
                            NO_TARGET,
                        ),
                        Query(
                            f"((time() - {milestone('idea', f',{_ONE}')}) unless on (initiative) "
                            f"{milestone('decided', f',{_ONE}')}) / on (initiative) "
                            f'ttv_initiative_target_seconds{{{_ONE},figure="rate_of_turn"}}',
                            "rate of turn",
                            "it is decided, or has no target",
                        ),
                    ),
                    width=8,
                    unit="percentunit",
                    none="it has no target, or is over",
                    steps=((None, "green"), (0.8, "orange"), (1.0, "red")),
                ),
            ),
        ),
        Row(
            "What it may expect",
            (
                Panel(
                    "line",
                    "Chance of value",
                    "Within 30, 60 and 90 days, by what became of those that once stood where it stands. Falling chances "
                    "say that it has been in its stage for longer than most.",
                    (
                        Query(
                            trend(f"ttv_initiative_value_chance_ratio{{{_ONE}}}"),
                            "within {{within}}",
                            "it is over, or too few went before",
                        ),
                    ),
                    width=16,
                    unit="percentunit",
                    none="it is over, or too few went before it to say",
                ),
                Panel(
                    "stat",
                    "Half of such initiatives need from here",
                    "The time within which half of those that stood where it stands had value.",
                    (
                        Query(
                            f"ttv_initiative_remaining_seconds{{{_ONE}}}",
                            "remaining",
                            "it is over, or too few went before",
                        ),
                    ),
                    width=8,
                    none="it is over, or fewer than half of such ever had value",
                ),
            ),
        ),
    ),
    (choice("initiative", "ttv_initiative_info", several=False), DIRECTION, TEAM),
)
