"""`ttv recompute`: everything that is computed, computed again."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from ttv import recompute as computing
from ttv.cli import asked as asking
from ttv.cli.asked import Asked, everywhere, opened

_SHOWN = 10


@click.command(
    short_help="Compute every figure again from the events.",
    epilog="""\b
Examples:
  ttv recompute
  ttv recompute --json | jq .changed
""",
)
@click.option("--json", "as_json", is_flag=True, help="Say what changed as JSON.")
@everywhere
@click.pass_obj
def recompute(asked: Asked, *, as_json: bool) -> None:
    """Throw away which events belong to which initiative, and all milestones, and find them again.

    Every new event brings the figures up to date by itself, so this should change nothing, and says so. Whoever asks
    meanwhile sees the figures from before.
    """
    found = asked.configuration(sealed=True)
    with opened(found.database) as engine, _told() as told:
        changed = computing.recompute(engine, told)
    keys = sorted({key for some in changed.values() for key in some})
    if as_json:
        asking.json({"changed": keys, "tables": changed})
    elif keys:
        more = f" and {len(keys) - _SHOWN:,} more" if len(keys) > _SHOWN else ""
        click.echo(f"{len(keys):,} initiatives were mended: {', '.join(keys[:_SHOWN])}{more}")
        click.echo("New events should have kept them right: that they were not is a defect of ttv.", err=True)
    else:
        click.echo("everything was computed again, and nothing changed")


@contextmanager
def _told() -> Iterator[Callable[[str], None]]:
    """Show on a terminal what is being done."""
    console = Console(stderr=True)
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as bars:
        task = bars.add_task("", total=None)
        yield lambda what: bars.update(task, description=what)
