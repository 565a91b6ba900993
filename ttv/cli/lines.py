"""`ttv import` and `ttv export`: everything as JSON Lines; in also as CSV, and with columns of other names."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

import click
import orjson
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from ttv import log, store
from ttv.cli import asked as asking
from ttv.cli import forms, tables
from ttv.cli.asked import Asked, everywhere, opened
from ttv.cli.columns import Columns, Mapped, json_rows
from ttv.cli.errors import FAILED, Failed
from ttv.cli.forms import Form, mapped
from ttv.collect import Outcome
from ttv.records import Record, Rejection, read_lines
from ttv.route import BULK, Route

_OTHERS = {
    b"<": ("is a page of HTML or XML, not JSON Lines", "Look at it: it may be a login page or an error of a proxy."),
    b"[": ("is one JSON array, not JSON Lines", "Put one object on a line: jq -c '.[]' FILE | ttv import -"),
    b"\x1f\x8b": ("is compressed", "Unpack it: gzip -dc FILE | ttv import -"),
}
"""How files begin that are something else, what they are, and what to do."""


@click.command(
    "import",
    short_help="Take in events, as JSON Lines or CSV.",
    epilog="""\b
Examples:
  ttv import events.jsonl
  jq -c '.[]' events.json | ttv import -
A line is an event, an initiative or a link:
  {"id": "1", "kind": "idea", "occurred_at": "2026-03-01T09:00:00Z", "subject": "initiative:pay"}
  {"initiative": {"key": "pay", "name": "Faster checkout", "team": "Payments"}}
  {"link": {"child": "github:acme/pay#45", "parent": "jira:PAY-12"}}
\b
CSV, and JSON Lines of other fields:
  ttv import ideas.csv --timezone Europe/Berlin
  ttv import survey.csv --set kind=feedback --set "id=survey-{No.}" --column occurred_at=Date --column subject=Issue
  ttv import survey.csv --map survey.toml
Columns have the names of the fields, or a mapping says which is what; in a text of --set, {…} is a column. A file for
--map has the keys as, timezone, date_format, encoding, delimiter and the tables [columns] and [set].
""",
)
@click.argument("file", type=click.Path(dir_okay=False, allow_dash=True, path_type=Path))
@click.option("--by", metavar="NAME", help="Who says it, for lines that do not say so themselves.")
@click.option("--why", metavar="TEXT", help="Why it is so, for lines that do not say so themselves.")
@click.option("--json", "as_json", is_flag=True, help="Say what came in as JSON.")
@mapped
@everywhere
@click.pass_obj
def import_(asked: Asked, /, file: Path, *, by: str | None, why: str | None, as_json: bool, **said: Any) -> None:
    """Take in events, initiatives and links from FILE, or from standard input (-): JSON Lines, or CSV.

    Lines may come in any order and more than once. A wrong line is told with its number and kept in quarantine, the
    good ones are taken; the exit code is 1 then. When it returns, every answer includes them.
    """
    found, form = asked.configuration(sealed=True), forms.chosen(file, said)
    with _reading(file) as stream, opened(found.database) as engine, _bytes(file) as read:
        lines = _records(stream, file, form, read)
        outcome = Route(engine).post((_said(one, by, why) for one in lines) if by or why else lines, BULK)
    for one in outcome.rejected:
        click.echo(f"{file}:{one.index}: {one.reason}", err=True)
    if as_json:
        asking.json(_answer(outcome))
    else:
        rejected = f", {len(outcome.rejected):,} rejected" if outcome.rejected else ""
        click.echo(f"{outcome.accepted:,} new or changed, {outcome.duplicate:,} known{rejected}")
    if outcome.rejected:
        raise click.exceptions.Exit(FAILED)


@click.command(
    short_help="Write everything as JSON Lines.",
    epilog="""\b
Examples:
  ttv export > everything.jsonl
  ttv export everything.jsonl
  ttv export | ttv import - --database postgresql://ttv@db/ttv
""",
)
@click.argument("file", type=click.Path(dir_okay=False, allow_dash=True, path_type=Path), default="-")
@everywhere
@click.pass_obj
def export(asked: Asked, file: Path) -> None:
    """Write all current initiatives, links and events as JSON Lines to FILE, or to standard output.

    `ttv import` reads them back, on any database, and every figure is the same.
    """
    found = asked.configuration(sealed=True)
    with (
        opened(found.database) as engine,
        _writing(file) as write,
        store.reading(engine) as connection,
        _lines() as one,
    ):
        for line in log.export(connection):
            write(orjson.dumps(line, option=orjson.OPT_UTC_Z | orjson.OPT_APPEND_NEWLINE))
            one(1)


def _records(stream: BinaryIO, file: Path, form: Form, read: Callable[[int], None]) -> Iterator[Record | Rejection]:
    """Read a file in its form."""
    if form.is_csv:
        return tables.read(stream, str(file), form.mapping or Mapped(), read, partial(click.echo, err=True))
    lines = _counted(_checked(stream, file), read)
    return json_rows(Columns(form.mapping), lines) if form.mapping else read_lines(lines)


def _said(found: Record | Rejection, by: str | None, why: str | None) -> Record | Rejection:
    """Let a record be said by somebody for a reason, unless it says by whom and why itself."""
    if isinstance(found, Rejection):
        return found
    return replace(found, by=found.by or by or None, why=found.why or why or None)


@contextmanager
def _reading(file: Path) -> Iterator[BinaryIO]:
    if str(file) == "-":
        yield sys.stdin.buffer
        return
    try:
        with file.open("rb") as stream:
            yield stream
    except FileNotFoundError:
        raise Failed(f"there is no file {file}", "Check the name; - reads standard input.") from None
    except PermissionError:
        raise Failed(f"{file} cannot be read: permission denied") from None


@contextmanager
def _writing(file: Path) -> Iterator[Callable[[bytes], object]]:
    if str(file) == "-":
        yield sys.stdout.buffer.write
        sys.stdout.buffer.flush()
        return
    try:
        with click.open_file(str(file), "wb", atomic=True) as whole:  # nobody sees half a file
            yield whole.write
    except OSError as error:
        raise Failed(f"{file} cannot be written: {(error.strerror or 'unknown error').lower()}") from None


def _checked(stream: BinaryIO, file: Path) -> Iterator[bytes]:
    """Pass lines on, unless the first that holds something shows that the file is something else altogether."""
    begun = False
    for line in stream:
        begin = b"" if begun else line.removeprefix(b"\xef\xbb\xbf").strip()
        begun = begun or bool(begin)
        for mark, (what, remedy) in _OTHERS.items():
            if begin.startswith(mark):
                raise Failed(f"{file}: {what}; nothing was taken", remedy)
        yield line


def _counted(lines: Iterator[bytes], read: Callable[[int], None]) -> Iterator[bytes]:
    for line in lines:
        yield line
        read(len(line))


@contextmanager
def _bytes(file: Path) -> Iterator[Callable[[int], None]]:
    """Show on a terminal how much of a file has been read."""
    console = Console(stderr=True)
    size = file.stat().st_size if file.is_file() else None
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as bars:
        task = bars.add_task(str(file), total=size)
        yield lambda count: bars.advance(task, count)


@contextmanager
def _lines() -> Iterator[Callable[[int], None]]:
    """Show how many lines have been written, unless the lines themselves go to the terminal."""
    console = Console(stderr=True)
    quiet = not console.is_terminal or sys.stdout.isatty()
    columns = (TextColumn("{task.description}"), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, disable=quiet, transient=True) as bars:
        task = bars.add_task("lines", total=None)
        yield lambda count: bars.advance(task, count)


def _answer(outcome: Outcome) -> dict[str, object]:
    rejected = [
        {"line": one.index, "source": one.source, "id": one.id, "reason": one.reason} for one in outcome.rejected
    ]
    return {"accepted": outcome.accepted, "duplicate": outcome.duplicate, "rejected": rejected}
