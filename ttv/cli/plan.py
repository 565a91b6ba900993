"""`ttv plan`: what a changed configuration would change, before it does."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import click

from connectors.contract import SourceError
from ttv import preview, store, words
from ttv.afresh import look_afresh
from ttv.cli import asked as asking
from ttv.cli.asked import Asked, everywhere, opened
from ttv.cli.ending import signals
from ttv.cli.errors import FAILED
from ttv.cli.serve import put_configured
from ttv.cli.sync import progress
from ttv.config import Config
from ttv.route import Route
from ttv.schedule import Stop, Stopped

_SIGNS = {"new": "+", "gone": "-", "changed": "~"}


@dataclass(frozen=True)
class Tried:
    """What became of a look at a source."""

    source: str
    accepted: int = 0
    withdrawn: int = 0
    rejected: int = 0
    error: str | None = None


@click.command(
    short_help="Show what a changed configuration would change.",
    epilog="""\b
Examples:
  ttv plan
  ttv plan --config new.toml
  ttv plan --json | jq '.initiatives[] | {key, from: .from.state, to: .to.state}'
""",
)
@click.option("--json", "as_json", is_flag=True, help="Say it as JSON.")
@everywhere
@click.pass_obj
def plan(asked: Asked, *, as_json: bool) -> None:
    """Try the configuration on a copy in memory, and show which initiatives would change, from what to what.

    Every source is read from the beginning with its mapping as it is configured now. The database stays as it is; `ttv
    sync --afresh` does what was shown. What is new in the sources since the last look is shown too: sync first to see
    nothing but what the configuration changes.
    """
    found = asked.configuration()
    with opened(found.database) as engine, signals() as stop:
        copied = preview.copy(engine)
        try:
            route = Route(copied)
            as_of = route.now()
            before = _standing(route, as_of)
            put_configured(route, found)
            tried = list(_looks(route, found, stop))
            changes = preview.difference(before, _standing(route, as_of))
        finally:
            copied.dispose()
    failed = stop() or any(one.error or one.rejected for one in tried)
    if as_json:
        sources = [{name: getattr(one, name) for name in Tried.__dataclass_fields__} for one in tried]
        asking.json({"as_of": as_of, "complete": not failed, "sources": sources, "initiatives": changes})
    else:
        _tell(changes, tried)
    if failed:
        raise click.exceptions.Exit(FAILED)


def _standing(route: Route, as_of: datetime) -> preview.Standing:
    with store.reading(route.engine) as connection:
        return preview.standing(connection, as_of)


def _looks(route: Route, found: Config, stop: Stop) -> Iterator[Tried]:
    with progress(route.now()) as told:
        for source in (one for one in found.sources if one.looks):
            if stop():
                return
            try:
                looked, withdrawn = look_afresh(route, source, stop, told(source))
            except Stopped:
                return
            except SourceError as error:
                yield Tried(source.name, error=str(error))
                continue
            yield Tried(source.name, looked.outcome.accepted, withdrawn, len(looked.outcome.rejected))


def _tell(changes: list[dict[str, Any]], tried: list[Tried]) -> None:
    for one in tried:
        if one.error:
            click.echo(f"{one.source}: {one.error}; what it would change is not known", err=True)
        elif one.rejected:
            click.echo(f"{one.source}: {one.rejected:,} records cannot be read; nothing of it is withdrawn", err=True)
    for change in changes:
        click.echo(f"{_SIGNS[change['change']]} {change['key']}  {change['name']}")
        if change["change"] == "changed":
            for name, value in change["to"].items():
                click.echo(f"    {name.removesuffix('_seconds')}: {_said(change['from'][name])} → {_said(value)}")
    numbers = {kind: sum(one["change"] == kind for one in changes) for kind in _SIGNS}
    click.echo(f"{numbers['changed']:,} initiatives would change, {numbers['new']:,} come, {numbers['gone']:,} go")


def _said(value: Any) -> str:
    match value:
        case None:
            return "none"
        case datetime():
            return words.minute(value)
        case float():
            return words.duration(value)
        case list():
            return ", ".join(value) or "none"
        case dict():
            return ", ".join(f"{name}={one}" for name, one in sorted(value.items())) or "none"
        case _:
            return str(value)
