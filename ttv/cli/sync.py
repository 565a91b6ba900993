"""`ttv sync`: one look at every source, or at one, with progress."""

from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from connectors.contract import SourceError
from ttv import census, engines
from ttv.afresh import look_afresh
from ttv.census import Counted
from ttv.cli import asked as asking
from ttv.cli.asked import Asked, everywhere, opened
from ttv.cli.ending import signals
from ttv.cli.errors import FAILED, Wrong
from ttv.cli.serve import put_configured
from ttv.config import Config, Source
from ttv.config.mistakes import nearest
from ttv.route import Looked, Route
from ttv.schedule import Stop, Stopped, look, look_and_count

Told = Callable[[Looked], None]
BUSY = "another process is looking at it just now, such as `ttv serve`; try again in a moment"


@dataclass(frozen=True)
class Seen:
    """What became of a look: what it brought, or why it failed, or neither if it was stopped."""

    source: str
    looked: Looked | None = None
    withdrawn: int = 0
    """How much was withdrawn by a look afresh."""
    counted: Counted | None = None
    """What a census found, if one was asked for."""
    error: str | None = None


@click.command(
    short_help="Look at the sources once.",
    epilog="""\b
Examples:
  ttv sync
  ttv sync jira
  ttv sync jira --census
  ttv sync --json | jq '.sources[] | select(.error)'
""",
)
@click.argument("source", required=False)
@click.option("--afresh", is_flag=True, help="Read from the beginning, and withdraw what is yielded no more.")
@click.option("--census", "asks", is_flag=True, help="Then ask what is deleted there, and withdraw it.")
@click.option("--confirm", metavar="N", type=click.IntRange(0), default=0, help="Up to N are really deleted.")
@click.option("--json", "as_json", is_flag=True, help="Say what came in as JSON.")
@everywhere
@click.pass_obj
def sync(asked: Asked, source: str | None, *, afresh: bool, asks: bool, confirm: int, as_json: bool) -> None:
    """Look once at every source, or at SOURCE, and take in what is new.

    It goes on where the last look ended. A source that fails is told and does not keep the others; the exit code is 1
    then. What came in before Ctrl-C stays in.

    After a change of what a source's table in the configuration makes of its records, `--afresh` applies it to the
    past too; `ttv plan` shows before what that would change.

    Where suspiciously many artefacts are gone at once, `--census` withdraws nothing and says how many; whoever has seen
    to it that they are deleted, and not hidden from the account, confirms that number.
    """
    found = asked.configuration()
    wanted = _chosen(found, source)
    _checked(wanted, afresh=afresh, asks=asks, confirm=confirm)
    with opened(found.database) as engine, signals() as stop:
        route = Route(engine)
        put_configured(route, found)
        seen = []
        for one in looks(route, wanted, stop, afresh=afresh, confirm=confirm if asks else None):
            seen.append(one)
            if not as_json:
                click.echo(line(one), err=one.error is not None)
    if as_json:
        asking.json({"sources": [_answer(one) for one in seen]})
    if stop() or any(one.error for one in seen):
        raise click.exceptions.Exit(FAILED)


def looks(
    route: Route, sources: Iterable[Source], stop: Stop, *, afresh: bool = False, confirm: int | None = None
) -> Iterator[Seen]:
    """Look at one source after the other, with a progress bar on a terminal; with a census if a number is confirmed."""
    with progress(route.now()) as told:
        for source in sources:
            if stop():
                return
            tell = told(source)
            try:
                with engines.alone(route.engine, source.name) as mine:
                    asked = (route, source, stop, tell)
                    seen = _seen(*asked, afresh=afresh, confirm=confirm) if mine else Seen(source.name, error=BUSY)
                if seen.looked:
                    tell(seen.looked)
                yield seen
            except Stopped:
                yield Seen(source.name)
            except SourceError as error:
                yield Seen(source.name, error=str(error))


def _seen(route: Route, source: Source, stop: Stop, tell: Told, *, afresh: bool, confirm: int | None) -> Seen:
    if afresh:
        return Seen(source.name, *look_afresh(route, source, stop, tell))
    if confirm is None or not census.is_able(source):
        return Seen(source.name, look(route, source, stop, tell))
    looked, counted = look_and_count(route, source, stop, tell, confirm)
    return Seen(source.name, looked, counted=counted)


@contextmanager
def progress(now: datetime) -> Iterator[Callable[[Source], Told]]:
    """Show how far each look has come, in records and in the past that was read."""
    columns = (
        SpinnerColumn(finished_text="[green]✓[/]"),
        TextColumn("{task.description:<12}"),
        BarColumn(bar_width=24),
        TextColumn("{task.fields[items]:>9,} records"),
        TextColumn("{task.fields[until]}"),
        TimeElapsedColumn(),
    )
    console = Console(stderr=True)
    with Progress(*columns, console=console, disable=not console.is_terminal) as bars:

        def told(source: Source) -> Told:
            began = source.first(now)
            task = bars.add_task(source.name, total=None, items=0, until="")

            def tell(looked: Looked) -> None:
                until, total = looked.until, (now - began).total_seconds()
                bars.update(task, items=looked.items, until=f"up to {until:%Y-%m-%d}" if until else "")
                if until:
                    read = total if looked.complete else (until - began).total_seconds()
                    bars.update(task, total=total, completed=read)

            return tell

        yield told


def _chosen(found: Config, name: str | None) -> tuple[Source, ...]:
    if not found.sources:
        remedy = "`ttv init` writes a configuration to start from; `ttv demo` shows ttv without one."
        raise Wrong("there is no source to look at: the configuration has no [sources.<name>]", remedy)
    chosen = tuple(source for source in found.sources if name == source.name or (name is None and source.looks))
    if name and chosen and not chosen[0].looks:
        raise Wrong(f'source "{name}" cannot be looked at: what it brings comes by its webhooks')
    if name and not chosen:
        names = [source.name for source in found.sources]
        raise Wrong(f'there is no source "{name}"{nearest(name, names)}')
    return chosen


def _checked(sources: Collection[Source], *, afresh: bool, asks: bool, confirm: int) -> None:
    """Refuse what makes no sense together."""
    if confirm and not asks:
        raise Wrong("--confirm goes with --census")
    if confirm and len(sources) > 1:
        raise Wrong("a number is confirmed of one source", f"Name it: {', '.join(one.name for one in sources)}")
    if afresh and asks:
        raise Wrong("--afresh and --census are two looks", "Do one after the other.")
    if asks and not any(map(census.is_able, sources)):
        unable = ", ".join(sorted({one.type for one in sources}))
        raise Wrong(f"what is deleted there cannot be told by: {unable}")


def line(seen: Seen) -> str:
    """Say what became of a look."""
    if seen.error is not None:
        return f"{seen.source}: {seen.error}"
    if seen.looked is None or not seen.looked.complete:
        return f"{seen.source}: stopped; what came in before is kept, and the next look goes on"
    outcome = seen.looked.outcome
    said = f"{seen.source}: {outcome.accepted:,} new or changed, {outcome.duplicate:,} known"
    said += f", {seen.withdrawn:,} withdrawn" if seen.withdrawn else ""
    said += f"; {census.words(seen.counted)}" if seen.counted else ""
    unread = len(outcome.rejected)
    return f"{said}, {unread:,} in quarantine (first: {outcome.rejected[0].reason})" if unread else said


def _answer(seen: Seen) -> dict[str, Any]:
    looked = seen.looked or Looked()
    return {
        "source": seen.source,
        "complete": looked.complete,
        "until": looked.until,
        "accepted": looked.outcome.accepted,
        "duplicate": looked.outcome.duplicate,
        "rejected": len(looked.outcome.rejected),
        "withdrawn": seen.withdrawn,
        "census": asdict(seen.counted) if seen.counted else None,
        "error": seen.error,
    }
