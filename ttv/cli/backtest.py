"""`ttv backtest`: how the forecasts would have done in the past, for people and for machines."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from ttv import store
from ttv.backtest import backtest as tested
from ttv.cli import asked as asking
from ttv.cli.asked import Asked, everywhere, opened
from ttv.cli.report import Instant, lasting

_PIPED_WIDTH = 120
_YARDSTICKS = {
    "overall_median": "the overall median",
    "overall_survival": "the overall survival",
    "overall_share": "the overall share",
}
_VERDICTS = {
    "better": "the forecast is better",
    "worse": "the forecast is worse",
    "no clear difference": "no clear difference",
    None: "too few initiatives to tell",
}


@click.command(
    short_help="Show how the forecasts would have done in the past.",
    epilog="""\b
Examples:
  ttv backtest
  ttv backtest --every 7
  ttv backtest --json | jq '.horizons[] | {days, brier, against}'
""",
)
@click.option("--as-of", type=Instant(), help="What had come by a time (RFC 3339) or a day (UTC). [default: now]")
@click.option(
    "--every",
    metavar="DAYS",
    type=click.IntRange(1, 365),
    default=28,
    show_default=True,
    help="How far the instants lie apart at which it forecasts.",
)
@click.option("--json", "as_json", is_flag=True, help="Say it as JSON.")
@everywhere
@click.pass_obj
def backtest(asked: Asked, *, as_of: datetime | None, every: int, as_json: bool) -> None:
    """Forecast at earlier instants, with only what had happened by then, and compare with what came.

    The score is Brier's: the mean square of what the chances were off by, 0 at best. It is held against three simpler
    ways to forecast: that everything takes the overall median; the overall survival, which knows an initiative's age
    but not its stage; and the share of all ideas that have value so soon.
    """
    found = asked.configuration(sealed=True)
    with opened(found.database) as engine, store.reading(engine) as connection:
        result = tested(connection, as_of or store.now(), timedelta(days=every))
    if as_json:
        asking.json(result)
    else:
        _show(result)


def _show(result: Mapping[str, Any]) -> None:
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = _PIPED_WIDTH
    horizons = [one for one in result["horizons"] if one["forecasts"]]
    if not horizons:
        console.print("There is nothing to compare yet: no forecast of the past had enough history and is over by now.")
        return
    console.print(
        f"{result['initiatives']} initiatives were open at {result['instants']} instants, "
        f"{result['every_days']:.0f} days apart.\n"
    )
    console.print(_scores(horizons))
    console.print()
    console.print(_calibration(horizons))
    console.print()
    for line in _verdicts(result):
        console.print(line)


def _scores(horizons: list[dict[str, Any]]) -> Table:
    """Show the score at each horizon, and each yardstick's over the same forecasts."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("Value within", no_wrap=True)
    for title in ("Forecasts", "Too thin", "Came", "Score"):
        table.add_column(title, justify="right", no_wrap=True)
    for said in _YARDSTICKS.values():
        table.add_column(said.removeprefix("the ").capitalize(), justify="right")
    for one in horizons:
        others = (one["against"][name]["yardstick_brier"] for name in _YARDSTICKS)
        table.add_row(
            f"{one['days']} days",
            f"{one['forecasts']}",
            f"{one['too_thin']}",
            f"{one['reached_share']:.0%}",
            f"{one['brier']:.3f}",
            *("unknown" if other is None else f"{other:.3f}" for other in others),
        )
    return table


def _calibration(horizons: list[dict[str, Any]]) -> Table:
    """Show by tenths of what was said how often it came."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("When the chance was", no_wrap=True)
    for one in horizons:
        table.add_column(f"came in {one['days']} days", justify="right", no_wrap=True)
    bins = [{row["chance_from"]: row for row in one["calibration"]} for one in horizons]
    for begin in sorted({begin for one in bins for begin in one}):
        rows = [one.get(begin) for one in bins]
        cells = (f"{row['reached_share']:.0%} of {row['forecasts']}" if row else "" for row in rows)
        table.add_row(f"{begin:.0%} to {begin + 0.1:.0%}", *cells)
    return table


def _verdicts(result: Mapping[str, Any]) -> list[str]:
    """Say plainly whether the forecast is worth more than each simpler way."""
    lines = []
    for name, said in _YARDSTICKS.items():
        of_each: dict[str | None, list[str]] = {}
        for one in result["horizons"]:
            of_each.setdefault(one["against"][name]["verdict"], []).append(f"{one['days']}")
        told = "; ".join(f"{_VERDICTS[verdict]} at {_joined(days)} days" for verdict, days in of_each.items())
        lines.append(f"Against {said}: {told}.")
    remaining = result["remaining"]
    if remaining["came"]:
        off, other = (lasting(remaining[f"{name}median_error_seconds"]) for name in ("", "overall_"))
        lines.append(
            f"Where value came, the forecast day was {off} off in the median; by the overall median {other}. "
            f"Half should have come by it: {_share(remaining['reached_share'])} did, of {remaining['forecasts']}."
        )
    return lines


def _joined(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def _share(share: float | None) -> str:
    return "unknown" if share is None else f"{share:.0%}"
