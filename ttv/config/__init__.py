"""ttv.toml → a frozen Config: checked whole, every mistake at once, each with its place.

Nothing of it is required: without a file there is a SQLite database in the working directory and no source.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from connectors.contract import Initiative
from ttv.config import sources, tables
from ttv.config.mistakes import ConfigError, Mistake, Place, read_faults
from ttv.config.places import Lines, dotted
from ttv.config.secrets import Environ, Vault, token
from ttv.config.sources import Source

__all__ = ["DATABASE", "FILE", "Config", "ConfigError", "Environ", "Mistake", "Source", "load", "read", "token"]

FILE = Path("ttv.toml")
"""What is read if no other file is named and this one exists."""
DATABASE = "sqlite:///ttv.sqlite"
"""Where everything is kept if nobody says otherwise."""


@dataclass(frozen=True, slots=True)
class Config:
    """Everything that was configured, checked and with its defaults."""

    database: str = field(default=DATABASE, repr=False)  # a URL may hold a password
    host: str = "127.0.0.1"
    port: int = 8080
    window: str = "365d"
    """How far back population figures look: `<n>d` or `all`."""
    targets: Mapping[str, float] = field(default_factory=dict)
    """`time_to_value_seconds`, `rate_of_turn_seconds` of initiatives that have none of their own."""
    figures: timedelta = timedelta(minutes=5)
    """How often what moves with the clock is made anew for `/metrics`."""
    recent: timedelta = timedelta(days=90)
    """For how long initiatives that ended keep series of their own there."""
    most: int = 10_000
    """How many initiatives have series of their own there."""
    teams: int = 100
    """How many teams are counted under their own names there."""
    sources: tuple[Source, ...] = ()
    initiatives: tuple[Initiative, ...] = ()
    file: Path | None = None
    """What it was read from."""


def load(path: Path | None, environ: Environ, *, sealed: bool = False) -> Config:
    """Read a file, or ./ttv.toml if there is one, or nothing; ConfigError with every mistake.

    Sealed, the secrets of sources are not looked for: the sources are checked, but cannot be asked. They can be heard,
    where the secrets of their webhooks are there.
    """
    if path is None and not FILE.exists():
        return read({}, environ, "environment")
    path = path or FILE
    try:
        text = path.read_text(encoding="utf-8-sig")
        document = tomllib.loads(text)
    except FileNotFoundError:
        raise ConfigError([f"{path}: there is no such file; `ttv init` writes one to start from"]) from None
    except OSError as error:
        raise ConfigError([f"{path}: cannot be read: {(error.strerror or 'unknown error').lower()}"]) from None
    except UnicodeDecodeError as error:
        raise ConfigError([f"{path}: is not UTF-8 text, from byte {error.start} on"]) from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError([_not_toml(path, text, str(error))]) from None
    return read(document, environ, path, lines=Lines(text), sealed=sealed)


def read(
    document: Mapping[str, Any],
    environ: Environ,
    where: Path | str,
    *,
    lines: Lines | None = None,
    allow_plain_secrets: bool = False,
    sealed: bool = False,
) -> Config:
    """Check what was read from `where`, a file or a name for something else; ConfigError with every mistake."""
    vault = Vault(environ, where.parent if isinstance(where, Path) else Path(), allow_plain_secrets, sealed)
    faults: list[tuple[Place, str]] = []
    found = tables.Document()
    try:
        found = tables.Document.model_validate(document)
    except ValidationError as error:
        faults += read_faults(error, tables.Document)
        found = _sound(document, {place[0] for place, _ in faults if place})
    read_sources = [
        (name, *sources.read(name, table, found.schedule.sync, vault)) for name, table in found.sources.items()
    ]
    faults += [(("sources", name, *place), wrong) for name, _, wrongs in read_sources for place, wrong in wrongs]
    database = found.ttv.database
    try:
        database = _database(found.ttv.database, vault)
    except ValueError as error:
        faults.append((("ttv", "database"), str(error)))
    if faults:
        raise ConfigError(_mistakes(faults, where, lines))
    return Config(
        database=database,
        host=found.ttv.host,
        port=found.ttv.port,
        window=found.ttv.window,
        targets=found.targets.seconds(),
        figures=found.schedule.figures,
        recent=found.metrics.recent,
        most=found.metrics.initiatives,
        teams=found.metrics.teams,
        sources=tuple(source for _, source, _ in read_sources if source),
        initiatives=tuple(_initiatives(found.initiatives)),
        file=where if isinstance(where, Path) else None,
    )


def _sound(document: Mapping[str, Any], broken: set[str]) -> tables.Document:
    """Read the tables in which no mistake was found, and the sources in any case, for their own mistakes."""
    sound = {name: table for name, table in document.items() if name not in broken}
    if isinstance(document.get("sources"), Mapping):
        sound["sources"] = {name: table for name, table in document["sources"].items() if tables.is_key(name)}
    return tables.Document.model_validate(sound)


def _database(said: object, vault: Vault) -> str:
    """Choose the environment's database before the file's before the default."""
    if vault.environ.get("TTV_DATABASE", "").strip():
        return vault.environ["TTV_DATABASE"].strip()
    if said is None:
        return DATABASE
    url = said if isinstance(said, str) else vault.resolve(said, "TTV_DATABASE")
    if not re.match(r"(sqlite|postgres(ql)?)(\+\w+)?:", url):
        raise ValueError('must be a URL such as "sqlite:///ttv.sqlite" or "postgresql://user@host/name"')
    return url


def _initiatives(tables_: Mapping[str, tables.Initiative]) -> Iterator[Initiative]:
    for key, table in tables_.items():
        said = dict(table) | {"claims": tuple(dict.fromkeys(table.claims)), "targets": table.targets.seconds()}
        yield Initiative(key=key, **{**said, "name": table.name or key})


def _mistakes(faults: list[tuple[Place, str]], where: Path | str, lines: Lines | None) -> list[Mistake]:
    """Give every fault its line, in the order of the file."""
    numbered = [(lines.of(place) if lines else None, place, wrong) for place, wrong in faults]
    numbered.sort(key=lambda fault: fault[0] or 0)
    return [Mistake(f"{where}:{n}" if n else str(where), dotted(place), wrong) for n, place, wrong in numbered]


def _not_toml(path: Path, text: str, said: str) -> str:
    at = re.search(r" \(at (?:line (\d+), column (\d+)|end of document)\)", said)
    number = at[1] if at and at[1] else len(text.splitlines())
    return f"{path}:{number}: is not TOML: {said[: at.start()] if at else said}"
