"""`ttv orphans`: what is tied to no initiative, by cause, and the claims that would tie the most of it."""

from collections.abc import Iterator, Mapping
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from ttv import orphans as finding
from ttv import store
from ttv.cli import asked as asking
from ttv.cli.asked import Asked, everywhere, opened
from ttv.cli.report import plain
from ttv.config.places import dotted
from ttv.config.starter import written

_WIDTH = 160


@click.command(
    short_help="Show what is tied to no initiative, and what would tie it.",
    epilog="""\b
Examples:
  ttv orphans
  ttv orphans --examples 10 --proposals 3
  ttv orphans --toml >> ttv.toml
  ttv orphans --json | jq '.proposals[] | {artefact, events}'
""",
)
@click.option("--examples", type=click.IntRange(0, 1000), default=3, show_default=True, help="Events to show of each.")
@click.option("--proposals", type=click.IntRange(0, 1000), default=10, show_default=True, help="Claims to propose.")
@click.option("--toml", "only_toml", is_flag=True, help="Write the proposals alone, as a configuration has them.")
@click.option("--json", "as_json", is_flag=True, help="Say it as JSON.")
@everywhere
@click.pass_obj
def orphans(asked: Asked, *, examples: int, proposals: int, only_toml: bool, as_json: bool) -> None:
    """Group the events that reach no initiative by what keeps them from it, and propose claims.

    A proposal is what stands at the top of many of them and is claimed by nobody, as an initiative to put into the
    configuration. Name it as people call it, and leave out what is none.
    """
    found = asked.configuration(sealed=True)
    with opened(found.database) as engine, store.reading(engine) as connection:
        told = finding.report(connection, proposals=proposals, examples=examples)
    if as_json:
        asking.json(told)
    elif only_toml:
        click.echo("\n".join(line for one in told["proposals"] for line in _toml(one)))
    else:
        _show(told)


def _show(told: Mapping[str, Any]) -> None:
    if not told["events"]:
        click.echo("every event reaches an initiative")
        return
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = _WIDTH
    console.print(_causes(told))
    _list("Of places that no source reads; read them, or send what is there:", told["unread"], "place")
    _list("Groups that could be claimed whole:", told["groups"], "artefact")
    if told["proposals"]:
        click.echo("\nAt the top, and claimed by nobody; as initiatives of the configuration:\n")
        click.echo("\n".join(line for one in told["proposals"] for line in _toml(one)))


def _causes(told: Mapping[str, Any]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("Events", justify="right", no_wrap=True)
    table.add_column(f"of {told['events']:,} that reach no initiative", overflow="fold")
    for cause in told["causes"]:
        table.add_row(f"{cause['events']:,}", cause["words"], style="bold")
        for one in cause["examples"]:
            titled = f": {plain(one['title'])}" if one["title"] else ""
            table.add_row("", f"  {one['kind']} {plain(one['subject'])}{titled}", style="dim")
    return table


def _list(title: str, items: list[dict[str, Any]], name: str) -> None:
    if items:
        click.echo(f"\n{title}")
    for one in items:
        click.echo(f"{one['events']:>6,} {plain(one[name])}")


def _toml(one: Mapping[str, Any]) -> Iterator[str]:
    """Write a proposal as a table of the configuration."""
    yield f"[{dotted(('initiatives', one['key']))}]  # ties {one['events']:,} events"
    yield f"name = {written(plain(one['title'] or one['artefact']))}"
    yield f"claims = [{written(one['artefact'])}]"
    yield ""
