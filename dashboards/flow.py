"""Flow: what is under way, and what it waits for."""

from dashboards.asked import CHOICES, FEW, OPEN, SHARE, since, trend
from dashboards.parts import NAMED, SPAN, WHO, Board, Panel, Query, Row


def _leg(leg: str, legend: str) -> Query:
    return Query(trend(f'ttv_loop_seconds{{{SPAN},leg="{leg}",method="all",quantile="0.5"}}'), legend, FEW)


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
                    "A growing band is a queue in front of what ends that stage.",
                    (Query(trend(f"ttv_initiatives{{{OPEN},{WHO}}}").join(("sum by (state) (", ")")), "{{state}}"),),
                    width=12,
                    unit="short",
                    none="nothing is open",
                    stacked=True,
                ),
                Panel(
                    "bars",
                    "Where the time went: realised",
                    "Of what reached value in the window.",
                    (Query(SHARE.format(span=SPAN, of="realised"), "{{stage}}"),),
                    unit="percentunit",
                    none="no initiative has reached value in this window",
                ),
                Panel(
                    "bars",
                    "Where the time goes: all ideas",
                    "Of all ideas of the window, open ones up to now. A stage that is longer here than beside is where "
                    "work is stuck today.",
                    (Query(SHARE.format(span=SPAN, of="all"), "{{stage}}"),),
                    unit="percentunit",
                    none="no idea came in this window",
                ),
            ),
        ),
        Row(
            "What waits for what",
            (
                *(
                    Panel(
                        "table",
                        f"Waits for {what}",
                        why,
                        (Query(f"topk(10, {since(stage)} {NAMED})", absent=f"none is {stage}"),),
                        width=6,
                        height=9,
                        none=f"nothing waits for {what}",
                        names={"initiative": "initiative", "name": "name", "team": "team", "Value": "for"},
                    )
                    for stage, what, why in (
                        ("deciding", "a decision", "Ideas without a yes or a no. Whoever may decide should."),
                        ("waiting", "a start", "Decided and not begun: more was promised than can be done at once."),
                        (
                            "building",
                            "a ship",
                            "Begun and not shipped. What has been here longest is too large or stuck.",
                        ),
                        ("sensing", "a customer", "Shipped, and no customer was heard. Ask one, or tie the feedback."),
                    )
                ),
                Panel(
                    "bars",
                    "How old what is open is in its stage (85 in 100)",
                    "85 in 100 open initiatives have been in their stage for less than this.",
                    (Query(f"quantile by (stage) (0.85, {since()} {NAMED})", "{{stage}}"),),
                    width=8,
                    none="nothing is open",
                ),
                Panel(
                    "line",
                    "Ship, sense, respond",
                    "After shipping: half of all loops hear a customer, and act on it, within this time.",
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
                    "The time within which half of the initiatives that stood where these stand had value.",
                    (Query(f"bottomk(10, ttv_initiative_remaining_seconds {NAMED})", absent="too few went before"),),
                    width=8,
                    none="too few went before to say",
                    names={"initiative": "initiative", "name": "name", "team": "team", "Value": "half need"},
                ),
            ),
        ),
    ),
    CHOICES,
)
