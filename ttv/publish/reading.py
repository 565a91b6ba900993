"""The plain reading: what the figures come to in one sentence, and no more than their intervals bear out."""

from collections.abc import Mapping
from typing import Any, Literal

from ttv.publish import words

Verdict = Literal["sooner", "later", "alike", "few"]


def reading(now: Mapping[str, Any], before: Mapping[str, Any] | None, window: str) -> str:
    """Say how soon value arrives, how many wait for it still, and whether that has changed.

    Takes what is known of all ideas of a window and of the window before it, as `statistics.survival` tells it.
    """
    when = words.window(window)
    if not now["count"]:
        return f"No idea was heard {when}."
    heard = f"{now['open']:,} of {words.count(now['count'], 'idea')} heard {when} {_is(now['open'])} still open"
    if now["p50_seconds"] is None:
        return f"When half of the ideas have a customer's answer cannot be said yet: {_answered(now)}, and {heard}."
    change = [] if before is None else [_change(now, before, window)]
    return "; ".join([_half(now), heard, *change]) + "."


def verdict(now: Mapping[str, Any], before: Mapping[str, Any]) -> Verdict:
    """Say whether half get there sooner or later than before: only if the two 95 % intervals lie apart."""
    if min(now["ended"], before["ended"]) < words.SMALL:
        return "few"
    if _below(now, before):
        return "sooner"
    return "later" if _below(before, now) else "alike"


def _below(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    high, low = one["p50_high_seconds"], other["p50_low_seconds"]
    return high is not None and low is not None and high < low


def _change(now: Mapping[str, Any], before: Mapping[str, Any], window: str) -> str:
    earlier = f"the {words.span(window)} before"
    if not before["count"]:
        return f"no idea is on record from {earlier} to compare it with"
    then = "not half of them then" if before["p50_seconds"] is None else f"{words.duration(before['p50_seconds'])} then"
    return {
        "sooner": f"value arrives sooner than in {earlier} ({then})",
        "later": f"value arrives later than in {earlier} ({then})",
        "alike": f"too close to tell whether that is sooner or later than in {earlier} ({then})",
        "few": f"too few got there to tell whether that is sooner or later than in {earlier}",
    }[verdict(now, before)]


def _half(now: Mapping[str, Any]) -> str:
    only = f", going by no more than {words.count(now['ended'], 'answer')}" if now["ended"] < words.SMALL else ""
    within = words.duration(now["p50_seconds"])
    return f"Half of the ideas that are not stopped reach a customer's answer within {within}{only}"


def _answered(now: Mapping[str, Any]) -> str:
    if not now["ended"]:
        return "none has one"
    return f"{now['ended']:,} {'has' if now['ended'] == 1 else 'have'} one so far"


def _is(number: int) -> str:
    return "is" if number == 1 else "are"
