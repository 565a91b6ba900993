"""`ttv quarantine`: what could not be read, in words; read again with today's program, or dropped as known junk."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, closing
from functools import partial
from typing import Any

import click
import orjson
from rich.console import Console
from rich.table import Table
from sqlalchemy import Engine

from connectors import cloudevents, contract
from connectors.contract import SourceError, Unread
from ttv import log, quarantine, store
from ttv.cli import asked as asking
from ttv.cli.asked import Asked, everywhere, opened
from ttv.cli.columns import Columns, Mapped
from ttv.cli.ending import signals
from ttv.cli.errors import FAILED, Wrong
from ttv.cli.report import plain
from ttv.config import Source
from ttv.publish import bodies
from ttv.publish.bodies import opened as opened_envelopes
from ttv.quarantine import Kept, Retried
from ttv.records import Record, Rejection
from ttv.route import Route
from ttv.schedule import Stop, Stopped

_WIDTH = 160
_Again = Callable[[str, Any], Iterable[contract.Item]] | None


@click.group(
    "quarantine",
    invoke_without_command=True,
    short_help="Show what could not be read; read it again, or drop it.",
    epilog="""\b
Examples:
  ttv quarantine
  ttv quarantine --source jira --raw
  ttv quarantine retry
  ttv quarantine drop --source jira --reason "KeyError: 'fields'" --by ana --why "a broken test project"
""",
)
@click.option("--source", metavar="NAME", help="Only what came from this source; api is what came by hand.")
@click.option("--raw", is_flag=True, help="Show each record as it came, with its key.")
@click.option("--limit", type=click.IntRange(1, 100_000), default=20, show_default=True, help="Records to show.")
@click.option("--json", "as_json", is_flag=True, help="Say it as JSON.")
@everywhere
@click.pass_context
def main(ctx: click.Context, *, source: str | None, raw: bool, limit: int, as_json: bool) -> None:
    """Show how many records could not be read, by source and cause. They are kept as they came.

    After an upgrade, or when what lay in the future no longer does, `retry` reads them again. What is known to be junk
    `drop` takes out of all lists and counts.
    """
    if ctx.invoked_subcommand:
        return
    found = ctx.ensure_object(Asked).configuration(sealed=True)
    with opened(found.database) as engine, store.reading(engine) as connection:
        causes, junk = quarantine.counts(connection, source), quarantine.dropped(connection, source)
        listed = log.quarantined(connection, limit=limit, source=source) if raw else {"items": []}
    if as_json:
        asking.json({"causes": causes, "dropped": junk, **(listed if raw else {})})
        return
    _show(causes, junk)
    for one in listed["items"]:
        _show_raw(one)
    if listed.get("next"):
        click.echo(f"\nThese are {len(listed['items'])}; more with --limit.")


def _show(causes: list[dict[str, Any]], junk: int) -> None:
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = _WIDTH
    if causes:
        table = Table(box=None, pad_edge=False, header_style="bold")
        table.add_column("Source")
        table.add_column("Records", justify="right", no_wrap=True)
        table.add_column("Last", no_wrap=True)
        table.add_column("Why", overflow="fold")
        for one in causes:
            table.add_row(one["source"], f"{one['records']:,}", f"{one['last_at']:%Y-%m-%d}", plain(one["cause"]))
        console.print(table)
    else:
        click.echo("nothing lies in quarantine")
    if junk:
        click.echo(f"{junk:,} more were dropped as junk")


def _show_raw(one: Mapping[str, Any]) -> None:
    times = f", {one['times']:,} times" if one["times"] > 1 else ""
    named = f" {plain(one['id'])}" if one["id"] else ""
    click.echo(f"\n{one['key']} {plain(one['source'])}{named} {one['last_at']:%Y-%m-%dT%H:%M:%SZ}{times}")
    click.echo(f"  {plain(one['reason'])}")
    cut = f" … ({one['length']:,} letters)" if one["length"] > len(one["raw"]) else ""
    click.echo(f"  {plain(one['raw'])}{cut}")


@main.command(
    short_help="Read it again with today's program.",
    epilog="""\b
Examples:
  ttv quarantine retry
  ttv quarantine retry --source jira
""",
)
@click.option("--source", metavar="NAME", help="Only what came from this source.")
@click.option("--json", "as_json", is_flag=True, help="Say what became of it as JSON.")
@everywhere
@click.pass_obj
def retry(asked: Asked, *, source: str | None, as_json: bool) -> None:
    """Read every record again: what is taken leaves the quarantine, the rest stays, with today's reason.

    What has been said since of the same thing stands: an old record never replaces it.
    """
    found = asked.configuration()
    retried: dict[str, Retried | str] = {}
    with opened(found.database) as engine, signals() as stop, ExitStack() as at_end:
        reread = _rereading(found.sources, stop, at_end)
        for name in _names(engine, source):
            try:
                retried[name] = quarantine.retry(Route(engine), reread, name)
            except Stopped:
                break
            except SourceError as error:
                retried[name] = str(error)
            if not as_json:
                _told(name, retried[name])
        stopped = stop()
    if as_json:
        asking.json({"sources": [_answer(name, one) for name, one in retried.items()]})
    elif not retried:
        click.echo("nothing lies in quarantine")
    if stopped or any(isinstance(one, str) for one in retried.values()):
        raise click.exceptions.Exit(FAILED)


def _names(engine: Engine, source: str | None) -> list[str]:
    with store.reading(engine) as connection:
        return sorted({one["source"] for one in quarantine.counts(connection, source)})


def _told(name: str, one: Retried | str) -> None:
    if isinstance(one, str):
        click.echo(f"{name}: {one}", err=True)
        return
    click.echo(f"{name}: {one.taken:,} read, with {one.events:,} new or changed; {one.unread:,} stay")
    for reason, count in sorted(one.reasons.items(), key=lambda pair: (-pair[1], pair[0])):
        click.echo(f"  {count:,}: {plain(reason)}")
    if one.alone:
        click.echo(f"  {one.alone:,} of them cannot be read by themselves: ttv sync {name} --afresh reads their source")


def _answer(name: str, one: Retried | str) -> dict[str, Any]:
    told = Retried() if isinstance(one, str) else one
    return {
        "source": name,
        "taken": told.taken,
        "accepted": told.events,
        "unread": told.unread,
        "alone": told.alone,
        "reasons": told.reasons,
        "error": one if isinstance(one, str) else None,
    }


def _rereading(sources: Iterable[Source], stop: Stop, at_end: ExitStack) -> quarantine.Reread:
    """Make what reads a record again: as a line, as a row by its mapping, or by its source's connector."""
    configured, readers = {source.name: source for source in sources}, dict[str, _Again]()

    def reread(kept: Kept) -> Iterable[Record | Rejection] | None:
        if kept.reader == "":
            return None
        if kept.reader is None:
            return [quarantine.as_line(kept)]
        if kept.reader.startswith("{"):
            return [_row(kept, kept.reader)]
        source = configured.get(kept.source)
        if kept.reader == cloudevents.READER and (source is None or source.looks):  # it came to the API
            return bodies.opened([orjson.loads(kept.raw)], [])
        if kept.reader == cloudevents.READER and kept.source not in configured:
            return opened_envelopes([orjson.loads(kept.raw)], [])
        if stop():
            raise Stopped
        if kept.source not in readers:
            readers[kept.source] = _reader(source, stop, at_end)
        again = readers[kept.source]
        return _items(kept, partial(again, kept.reader)) if again else None

    return reread


def _reader(source: Source | None, stop: Stop, at_end: ExitStack) -> _Again:
    """Return what reads a source's records again; None if it is not configured, or its connector has none."""
    make = getattr(source.connector, "reread", None) if source else None
    if source is None or make is None:
        return None
    client = None
    if source.looks:
        client = source.connector.client(source.settings, sleep=stop.sleep, now=store.now)
        at_end.enter_context(closing(client))
    return make(source.settings, client)  # type: ignore[no-any-return]  # of a module that is loaded by name


def _row(kept: Kept, mapping: str) -> Record | Rejection:
    """Read a row of a table, or a line of other fields, by the mapping that it came with."""
    return Columns(Mapped.model_validate_json(mapping)).read(0, orjson.loads(kept.raw))


def _items(kept: Kept, again: Callable[[Any], Iterable[contract.Item]]) -> Iterator[Record | Rejection]:
    for item in contract.each([orjson.loads(kept.raw)], again, kept.reader or ""):
        yield Rejection(0, item.reason) if isinstance(item, Unread) else Record(0, kept.source, item)


@main.command(
    short_help="Drop what is known to be junk.",
    epilog="""\b
Examples:
  ttv quarantine drop --source jira --by ana --why "a broken test project"
  ttv quarantine drop --reason "is not JSON" --by ana --why "a log file was sent by mistake"
  ttv quarantine drop 5d1f0c8f4b1f9a3c0d4e3b2a19087f6e --by ana --why "asked for by legal"
""",
)
@click.argument("key", nargs=-1)
@click.option("--source", metavar="NAME", help="What came from this source.")
@click.option("--reason", metavar="TEXT", help="What has this text in its reason.")
@click.option("--by", metavar="NAME", required=True, help="Who says so.")
@click.option("--why", metavar="TEXT", required=True, help="Why it is junk.")
@everywhere
@click.pass_obj
def drop(asked: Asked, *, key: tuple[str, ...], source: str | None, reason: str | None, by: str, why: str) -> None:
    """Take records out of the quarantine's lists and counts, by KEY, source or reason; all that is said must hold.

    They are kept with who dropped them and why, and what comes again of them stays dropped.
    """
    if not (key or source or reason):
        raise Wrong("that would drop everything", "Say which: --source NAME, --reason TEXT, or the keys of --raw.")
    found = asked.configuration(sealed=True)
    with opened(found.database) as engine:
        count = quarantine.drop(Route(engine), by=by, why=why, source=source, reason=reason, keys=key)
    click.echo(f"{count:,} dropped")
