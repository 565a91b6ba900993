"""What can be said before or after every verb: `--database`, `--config`, `--verbose`."""

import gc
import logging
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO, TypeVar

import click
import orjson
from sqlalchemy import Engine

from ttv import config, store
from ttv.cli.errors import Failed, shown
from ttv.config import Config, Environ

C = TypeVar("C", bound=Callable[..., Any])


@dataclass
class Asked:
    """What was said for all verbs."""

    database: str | None = None
    config: Path | None = None
    verbose: bool = False
    logs: bool = False
    """Whether the log goes where a command sends it."""
    environ: Environ = field(default_factory=lambda: os.environ)

    def sources_of_truth(self) -> Environ:
        """Return the environment in which what the command line says stands before what is set."""
        return {**self.environ, **({"TTV_DATABASE": self.database} if self.database else {})}

    def configuration(self, *, sealed: bool = False) -> Config:
        """Read the configuration, sealed for what asks no source; ConfigError with every mistake."""
        return config.load(self.config, self.sources_of_truth(), sealed=sealed)


@contextmanager
def opened(url: str) -> Iterator[Engine]:
    """Open the database, migrated as needed, and close it at the end."""
    try:
        engine = store.open(url)
    except OSError as error:
        remedy = "Name another place with --database sqlite:///PATH."
        raise Failed(f"{shown(url)} cannot be made: {(error.strerror or 'unknown error').lower()}", remedy) from None
    try:
        yield engine
    finally:
        engine.dispose()


def everywhere(command: C) -> C:
    """Give a command the options that hold for all."""
    for option in (
        click.option(
            "--verbose",
            "-v",
            is_flag=True,
            default=None,
            expose_value=False,
            callback=_said,
            help="Say more on stderr.",
        ),
        click.option(
            "--config",
            metavar="FILE",
            type=click.Path(dir_okay=False, path_type=Path),
            expose_value=False,
            callback=_said,
            help="Configuration. [default: ttv.toml, if there is one]",
        ),
        click.option(
            "--database",
            metavar="URL",
            expose_value=False,
            callback=_said,
            help="SQLite or PostgreSQL. [default: TTV_DATABASE, the configuration's, or sqlite:///ttv.sqlite]",
        ),
    ):
        command = option(command)
    return command


def _said(ctx: click.Context, parameter: click.Parameter, value: object) -> None:
    asked = ctx.ensure_object(Asked)
    if value is not None and parameter.name:
        setattr(asked, parameter.name, value)
    if parameter.name == "verbose":
        if not asked.logs:
            asked.logs = True
            ctx.find_root().with_resource(_as_it_was())
        _log(verbose=asked.verbose)


class Stderr(logging.StreamHandler[TextIO]):
    """Writes to what standard error is now: a progress bar puts itself in front of it."""

    @property
    def stream(self) -> TextIO:
        """Return the standard error of this moment."""
        return sys.stderr

    @stream.setter
    def stream(self, _: TextIO) -> None:
        """Stay with standard error."""


_LEVELS = {
    "apscheduler.scheduler": logging.ERROR,  # a skipped look is told by the schedule
    "waitress.queue": logging.ERROR,  # it warns of every request that waits for another
    "ttv": logging.INFO,
    "connectors": logging.INFO,
}


@contextmanager
def _as_it_was() -> Iterator[None]:
    """Leave the log of the process as it was before a command: a process may run several."""
    root, before = logging.getLogger(), {name: logging.getLogger(name).level for name in _LEVELS}
    handlers, level = [*root.handlers], root.level
    try:
        yield
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
        for name, known in before.items():
            logging.getLogger(name).setLevel(known)


def _log(*, verbose: bool) -> None:
    """Send the log to standard error, in lines for people."""
    logging.basicConfig(
        level=logging.WARNING, format="%(asctime)s %(levelname)-7s %(message)s", handlers=[Stderr()], force=True
    )
    for name, level in _LEVELS.items():
        logging.getLogger(name).setLevel(logging.DEBUG if verbose and level == logging.INFO else level)


def collect_seldom() -> None:
    """Let Python look for dead cycles less often: a page of a tool is 10,000 small objects that live for a moment.

    By its own measure, every 700 objects, it spends a fifth of a first pull on that.
    """
    gc.set_threshold(50_000, 20, 20)


def json(value: object) -> None:
    """Write a value for a machine, instants in UTC with `Z`."""
    click.echo(orjson.dumps(value, option=orjson.OPT_UTC_Z | orjson.OPT_INDENT_2))
