"""`ttv doctor`: the configuration, the database and each source, and in words what is wrong."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import click
from sqlalchemy import Engine, Row, false
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError

from connectors.contract import SourceError
from ttv import config, engines, quarantine, store, words
from ttv.cli import asked as asking
from ttv.cli.asked import Asked, everywhere
from ttv.cli.ending import signals
from ttv.cli.errors import FAILED, first_line, shown
from ttv.cli.serve import is_loopback
from ttv.config import Config, ConfigError, Source
from ttv.schedule import Stop, Stopped


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    place: str
    """`configuration`, `database`, `serve`, or `source <name>`."""
    ok: bool
    text: str


@click.command(
    short_help="Say what is wrong with the set-up.",
    epilog="""\b
Examples:
  ttv doctor
  ttv doctor --config staging.toml
  ttv doctor --json | jq '.findings[] | select(.ok | not)'
""",
)
@click.option("--json", "as_json", is_flag=True, help="Say it as JSON.")
@everywhere
@click.pass_obj
def doctor(asked: Asked, *, as_json: bool) -> None:
    """Check the configuration, the database, and what each source lets us see.

    Changes nothing. The exit code is 1 if anything is wrong.
    """
    found: list[Finding] = []
    with signals() as stop:
        for one in _findings(asked, stop):
            found.append(one)
            if not as_json:
                mark = click.style("✓", fg="green") if one.ok else click.style("✗", fg="red")
                click.echo(f"{mark} {one.place}: {one.text}")
    well = all(one.ok for one in found) and not stop()
    if as_json:
        asking.json({"ok": well, "findings": [asdict(one) for one in found]})
    if not well:
        raise click.exceptions.Exit(FAILED)


def _findings(asked: Asked, stop: Stop) -> Iterator[Finding]:
    try:
        found = asked.configuration()
        yield Finding("configuration", ok=True, text=_configured(found))
    except ConfigError as error:
        for mistake in error.mistakes:
            yield Finding("configuration", ok=False, text=mistake)
        found = config.read({}, asked.sources_of_truth(), "environment")
    yield from _database(found.database)
    yield from _serving(found, asked.environ)
    known = _known(found.database)
    for source in found.sources:
        if stop():
            return
        memory = known.get(source.name, _Memory())
        if source.receives:
            yield from _hearing(source, memory.heard_at)
        if source.looks:
            yield from _source(source, stop)
        yield from memory.findings


def _configured(found: Config) -> str:
    if found.file is None:
        return "there is none, and none is needed; `ttv init` writes one to start from"
    return f"{found.file} is right: sources {len(found.sources)}, initiatives {len(found.initiatives)}"


def _database(url: str) -> Iterator[Finding]:
    try:
        where = engines.address(url)
    except ConfigError as error:
        yield Finding("database", ok=False, text=str(error))
        return
    if missing := _to_be_made(where):
        yield missing
        return
    engine = engines.make(url, store.work.tables.values())
    try:
        faults = store.faults(engine) or _unwritable(engine)
        text = "; ".join(faults) or "is reached, has the right schema, and can be written"
        yield Finding("database", ok=not faults, text=f"{shown(url)}: {text}")
    except DBAPIError as error:
        text = (
            f"{shown(url)} cannot be used: {first_line(error)}; check its address, that it runs, and your rights in it"
        )
        yield Finding("database", ok=False, text=text)
    finally:
        engine.dispose()


@dataclass(frozen=True)
class _Memory:
    """What is remembered of a source, which asking it once does not tell."""

    heard_at: datetime | None = None
    """When it last sent a webhook that could be trusted."""
    findings: tuple[Finding, ...] = ()


def _known(url: str) -> dict[str, _Memory]:
    """Return what is remembered of each source; nothing of a database that cannot be read."""
    try:
        if _to_be_made(engines.address(url)):
            return {}
        engine = engines.make(url, store.work.tables.values())
    except ConfigError:
        return {}
    try:
        if store.faults(engine):
            return {}
        with store.reading(engine) as connection:
            rows = connection.execute(store.source.select()).all()
            unread = quarantine.lying(connection)
    except DBAPIError:
        return {}
    finally:
        engine.dispose()
    return {
        row.name: _Memory(store.instant(row.heard_at), tuple(_remembered(row, unread.get(row.name, 0)))) for row in rows
    }


def _remembered(row: Row[Any], unread: int) -> Iterator[Finding]:
    place = f"source {row.name}"
    if row.state == "narrowed":
        yield Finding(place, ok=False, text=row.message)
    if unread:
        text = (
            f"could not read all of its records ({unread:,} are kept): `ttv quarantine --source {row.name}` shows them"
        )
        yield Finding(place, ok=True, text=text)


def _to_be_made(where: URL) -> Finding | None:
    """Say where the file will be made if it is one and is not there yet."""
    if where.get_backend_name() != "sqlite" or not where.database or where.database == ":memory:":
        return None
    path = Path(where.database)
    if path.exists():
        return None
    return Finding(
        "database", ok=True, text=f"{path.absolute()} is not there yet; the first command that needs it makes it"
    )


def _unwritable(engine: Engine) -> list[str]:
    """Try a change that changes nothing."""
    try:
        with store.writing(engine) as connection:
            connection.execute(store.source.update().where(false()).values(name="none"))
    except DBAPIError as error:
        return [f"can be read but not written: {first_line(error)}"]
    return []


def _serving(found: Config, environ: config.Environ) -> Iterator[Finding]:
    try:
        token = config.token(environ)
    except ValueError as error:
        yield Finding("serve", ok=False, text=f"the token cannot be used: {error}")
        return
    if token is None and not is_loopback(found.host):
        text = f"{found.host} can be reached from other machines: set TTV_TOKEN, or `ttv serve` refuses to start"
        yield Finding("serve", ok=False, text=text)


def _source(source: Source, stop: Stop) -> Iterator[Finding]:
    place = f"source {source.name}"
    check = getattr(source.connector, "check", None)
    if check is None:
        yield Finding(place, ok=True, text=f"the connector {source.type} has no check of its own")
        return
    try:
        with closing(source.connector.client(source.settings, sleep=stop.sleep, now=store.now)) as client:
            for sentence in check(source.settings, client):
                yield Finding(place, ok=True, text=sentence)
    except SourceError as error:
        yield Finding(place, ok=False, text=str(error))
    except Stopped:
        yield Finding(place, ok=False, text="was not looked at to the end: you stopped it")


def _hearing(source: Source, heard_at: datetime | None) -> Iterator[Finding]:
    """Say whether webhooks are taken; that is a fault only where nothing else brings anything."""
    place = f"source {source.name}"
    if getattr(source.settings, "webhook_secret", None) is not None:
        last = f"the last came {words.ago(heard_at, store.now())}" if heard_at else "none has come yet"
        yield Finding(place, ok=True, text=f"takes webhooks at /webhooks/{source.name}; {last}")
    elif not source.looks:
        text = "has no webhook_secret, so that nothing it sends is taken: set one, here and where it is sent from"
        yield Finding(place, ok=False, text=text)
