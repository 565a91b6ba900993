"""`ttv report`: how long it takes, over all and for each initiative, in the terminal."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ttv import figures, store
from ttv.cli import asked as asking
from ttv.cli.asked import Asked, everywhere, opened
from ttv.figures import SORTS, STAGES, STATES, Selection
from ttv.population import population
from ttv.records import instant

_BAR = 30
_PIPED_WIDTH = 160
_MARKS = {"deciding": ("░", "yellow"), "waiting": ("▒", "magenta"), "building": ("▓", "blue"), "sensing": ("█", "cyan")}
_STATES = {"realised": "green", "stopped": "dim", "no_idea": "dim"}
_UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))
_NOTHING = {
    **dict.fromkeys(("count", "ended", "open", "stopped"), 0),
    **dict.fromkeys(("p50_seconds", "p50_low_seconds", "p50_high_seconds", "p85_seconds", "p95_seconds")),
}
_TITLES = {"time_to_value": "Time to value", "rate_of_turn": "Rate of turn"}


class Instant(click.ParamType[datetime]):
    """RFC 3339 with an offset, or a day: its first instant in UTC."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Read it; a usage error in words."""
        if isinstance(value, datetime):
            return value
        try:
            day = date.fromisoformat(value)
        except ValueError:
            try:
                return instant(value)
            except ValueError as error:
                self.fail(str(error), param, ctx)
        return datetime(day.year, day.month, day.day, tzinfo=UTC)


@click.command(
    short_help="Show in the terminal how long things take.",
    epilog="""\b
Examples:
  ttv report
  ttv report --state deciding --sort -age
  ttv report --team Payments --as-of 2026-06-30
  ttv report --json | jq '.items[] | {key, time_to_value_seconds}'
""",
)
@click.option("--as-of", type=Instant(), help="As it was at a time (RFC 3339) or a day (UTC). [default: now]")
@click.option("--team", help="Only the initiatives of this team.")
@click.option(
    "--direction", type=click.Choice(["top_down", "bottom_up", "unknown"]), help="Only those of this direction."
)
@click.option("--state", type=click.Choice(STATES), help="Only those in this state, in the table.")
@click.option(
    "--sort",
    type=click.Choice([*SORTS, *(f"-{name}" for name in SORTS)]),
    metavar="FIELD",
    default="-idea_at",
    help=f"Order of the table: {', '.join(SORTS)}; with a - before it descending. [default: -idea_at]",
)
@click.option("--limit", type=click.IntRange(1, 100_000), default=50, show_default=True, help="Rows of the table.")
@click.option("--json", "as_json", is_flag=True, help="Say it as JSON, in the shapes of the API.")
@everywhere
@click.pass_obj
def report(
    asked: Asked,
    *,
    as_of: datetime | None,
    team: str | None,
    direction: str | None,
    state: str | None,
    sort: str,
    limit: int,
    as_json: bool,
) -> None:
    """Show how long ideas take to become value, and where each initiative stands.

    Time to value runs from the idea to the first customer feedback after it shipped, the rate of turn from the idea to
    the decision. The bar shows the stages: deciding, waiting, building, sensing.
    """
    found = asked.configuration(sealed=True)
    as_of = as_of or store.now()
    many = Selection(team=team, direction=direction)
    with opened(found.database) as engine, store.reading(engine) as connection:
        listed = figures.initiatives(
            connection, Selection(team=team, direction=direction, state=state), as_of, sort=sort, limit=limit
        )
        stages = figures.stages(connection, [item["key"] for item in listed["items"]], as_of)
        over_all = {
            name: population(connection, name, many, as_of=as_of, window=found.window)
            for name in ("time_to_value", "rate_of_turn")
        }
    items = [{**item, "stages": stages[item["key"]]} for item in listed["items"]]
    if as_json:
        asking.json({"as_of": as_of, **over_all, "items": items, "next": listed["next"]})
    else:
        _show(items, over_all, more=listed["next"] is not None)


def _show(items: list[dict[str, Any]], over_all: Mapping[str, dict[str, Any]], *, more: bool) -> None:
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = _PIPED_WIDTH
    console.print(_over_all(over_all))
    console.print()
    if not items:
        console.print("There are no initiatives here. Take some in with `ttv sync` or `ttv import`, or see `ttv demo`.")
        return
    console.print(_table(items))
    console.print(_legend())
    if more:
        console.print(f"These are {len(items)}; more with --limit.")


def _over_all(answers: Mapping[str, Mapping[str, Any]]) -> Table:
    """Show each figure in two ways: over all ideas, with the open ones counted in, and over what is completed."""
    window = next(iter(answers.values()))["window"]
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("", "", "50 %", "85 %", "95 %"):
        table.add_column(title, no_wrap=True)
    table.add_column("all time" if window == "all" else f"last {window.removesuffix('d')} days", overflow="fold")
    for name, answer in answers.items():
        for group in answer["groups"] or [{"group": None, "all": _NOTHING, "completed": _NOTHING}]:
            honest, done = group["all"], group["completed"]
            ideas = "1 idea" if honest["count"] == 1 else f"{honest['count']} ideas"
            counts = f"{ideas}: {honest['ended']} ended, {honest['open']} open, {honest['stopped']} stopped"
            late = (_quantile(honest, "p85"), _quantile(honest, "p95"))
            table.add_row(Text(_TITLES[name], "bold"), "all ideas", _within(honest), *late, counts)
            label = "" if group["group"] in (None, "all") else f"  {group['group'].replace('_', ' ')}"
            quantiles = [_quantile(done, p) for p in ("p50", "p85", "p95")]
            table.add_row(label, "completed", *quantiles, f"{done['count']} ended", style="dim")
    return table


def _quantile(figures_: Mapping[str, Any], name: str) -> str:
    seconds = figures_[f"{name}_seconds"]
    return "unknown" if seconds is None else lasting(seconds)


def _within(figures_: Mapping[str, Any]) -> str:
    """Write the median with its 95 % interval, as far as it is known."""
    low, high = figures_["p50_low_seconds"], figures_["p50_high_seconds"]
    if low is None and high is None:
        return _quantile(figures_, "p50")
    return f"{_quantile(figures_, 'p50')} ({lasting(low) if low else '?'} to {lasting(high) if high else '?'})"


def _table(items: list[dict[str, Any]]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("Initiative", overflow="fold", ratio=2)
    table.add_column("Team")
    for title in ("Direction", "State"):
        table.add_column(title, no_wrap=True)
    table.add_column("Time to value", justify="right", no_wrap=True)
    table.add_column("Stages", no_wrap=True, min_width=_BAR)
    longest = max((sum(s or 0 for s in item["stages"].values()) for item in items), default=0)
    for item in items:
        table.add_row(
            Text.assemble(
                (plain(item["key"]), "bold"), " ", plain(item["name"]) if item["name"] != item["key"] else ""
            ),
            plain(item["team"] or ""),
            item["direction"].replace("_", " "),
            Text(item["state"].replace("_", " "), style=_STATES.get(item["state"], "")),
            _clock(item),
            bar(item["stages"], longest),
        )
    return table


def _clock(item: Mapping[str, Any]) -> str:
    if item["time_to_value_seconds"] is not None:
        return lasting(item["time_to_value_seconds"])
    return f"{lasting(item['age_seconds'])} so far" if item["age_seconds"] is not None else ""


def bar(stages: Mapping[str, float | None], longest: float) -> Text:
    """Draw the stages one after the other, to the scale of the longest; no stage that took time is left out."""
    text = Text()
    for name in STAGES:
        seconds = stages[name]
        if seconds and longest:
            mark, colour = _MARKS[name]
            text.append(mark * max(1, round(seconds / longest * _BAR)), style=colour)
    return text


def _legend() -> Text:
    return Text("\n").join(
        [Text(""), Text("  ").join(Text.assemble(_MARKS[name], f" {name}") for name in STAGES)],
    )


def lasting(seconds: float) -> str:
    """Write a duration for people: in its largest unit of which there are at least two."""
    size, unit = next(((size, unit) for size, unit in _UNITS if seconds >= 2 * size), _UNITS[-1])
    return f"{seconds / size:.0f} {unit}"


def plain(text: str) -> str:
    """Take out what would move a terminal's cursor or colour."""
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text)
