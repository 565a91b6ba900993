"""Flow: what is under way, and what it waits for."""

from dashboards.asked import CHOICES, FEW, STAGES, TO_INITIATIVE, coloured, in_order, last, share, since
from dashboards.parts import DAY, NAMED, SPAN, WHO, Board, Panel, Query, Row

_SHORT = {"initiative": "initiative", "name": "name", "team": "team"}
_WAITS = (
    ("deciding", "a decision", "Ideas without a yes or a no. Whoever may decide should."),
    ("waiting", "a start", "Decided and not begun: more was promised than can be done at once. Promise less."),
    ("building", "a ship", "Begun and not shipped. What has been here longest is too large or stuck: make it smaller."),
    ("sensing", "a customer", "Shipped, and no customer was heard. Ask one, or tie the feedback."),
)


def _leg(leg: str, legend: str) -> Query:
    found = last(f'ttv_loop_seconds{{{SPAN},leg="{leg}",method="all",quantile="0.5"}}')
    return Query(f"max by (leg) ({found}) / {DAY}", legend, FEW)


def _waiting(stage: str, what: str, why: str) -> Panel:
    return Panel(
        "table",
        f"Waits for {what}",
        why,
        (Query(f"topk(12, {since(stage)} {NAMED})", absent=f"none is {stage}"),),
        width=6,
        height=10,
        none=f"nothing waits for {what}",
        names={**_SHORT, "Value": "for"},
        links=TO_INITIATIVE,
    )


FLOW = Board(
    "ttv-flow",
    "ttv: Flow",
    "What is under way, how long it has been where it is, and what it waits for.",
    (
        Row(
            "Stages",
            (
                Panel(
                    "line",
                    "Open initiatives by stage over time",
                    "Of the chosen teams and directions. A growing band is a queue in front of what ends that stage: "
                    "start less, and finish what is there.",
                    coloured(
                        in_order(
                            f"sum (max by (team, direction) ({last(f'ttv_initiatives{{%s,{WHO}}}')}))", "state", STAGES
                        ),
                        "orange",
                        "yellow",
                        "blue",
                        "purple",
                    ),
                    width=12,
                    unit="short",
                    none="nothing is open",
                    stacked=True,
                ),
                Panel(
                    "bars",
                    "Where the time went: realised",
                    "Of what reached value in the window, of all teams. What a change of the longest stage would have saved.",
                    share("realised"),
                    unit="percentunit",
                    most=1,
                    none="no initiative has reached value in this window",
                ),
                Panel(
                    "bars",
                    "Where the time goes: all ideas",
                    "Of all ideas of the window, open ones up to now, of all teams. A stage that is longer here than "
                    "beside is where work is stuck today.",
                    share("all"),
                    unit="percentunit",
                    most=1,
                    none="no idea came in this window",
                ),
            ),
        ),
        Row(
            "What waits for what",
            (
                *(_waiting(*one) for one in _WAITS),
                Panel(
                    "bars",
                    "How old what is open is in its stage (85 in 100)",
                    "85 in 100 open initiatives have been in their stage for less than this. Compare it with how long "
                    "the stage took those that got through.",
                    tuple(
                        Query(f"quantile by (stage) (0.85, {since(stage)} {NAMED})", stage, f"none is {stage}")
                        for stage in STAGES
                    ),
                    width=8,
                    none="nothing is open",
                ),
                Panel(
                    "line",
                    "Ship, sense, respond",
                    "After shipping: half of all loops hear a customer, and act on it, within this time. A loop that "
                    "nobody closes learns nothing.",
                    (
                        _leg("ship_to_sense", "ship to sense"),
                        _leg("sense_to_respond", "sense to respond"),
                        _leg("ship_to_respond", "ship to respond"),
                    ),
                    width=8,
                    none=FEW,
                ),
                Panel(
                    "table",
                    "Soonest to have value",
                    "The time within which half of the initiatives that stood where these stand had value. Clear the "
                    "way of the first ones.",
                    (
                        Query(
                            f"bottomk(10, max by (initiative) (ttv_initiative_remaining_seconds) / {DAY} {NAMED})",
                            absent="too few went before",
                        ),
                    ),
                    width=8,
                    none="too few went before to say",
                    names={**_SHORT, "Value": "half need"},
                    links=TO_INITIATIVE,
                ),
            ),
        ),
    ),
    CHOICES,
)
