"""`ttv demo`: an invented company's tools, pulled over HTTP, and what ttv makes of them."""

import logging
from pathlib import Path
from typing import Any

import click

from ttv import config, store
from ttv.cli.asked import Asked, everywhere, opened
from ttv.cli.ending import signals
from ttv.cli.errors import Failed, Wrong
from ttv.cli.listening import Door
from ttv.cli.serve import port_option, published, run, scheduled
from ttv.cli.sync import line, looks
from ttv.config import Config
from ttv.demo import company, serve
from ttv.publish.instruments import Instruments
from ttv.route import Route
from ttv.schedule import Stop

_logger = logging.getLogger(__name__)

_MADE = ("company.json", "ttv.sqlite", "ttv.sqlite-wal", "ttv.sqlite-shm")
"""What the demo makes in its directory, and what `--fresh` removes."""


@click.command(
    short_help="Show an invented company.",
    epilog="""\b
Examples:
  ttv demo
  ttv demo --port 9000
  ttv demo --fresh --initiatives 200 --seed 7
""",
)
@click.option("--initiatives", type=click.IntRange(1, 100_000), help="Size of a new company. [default: 200]")
@click.option(
    "--directory",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(".demo"),
    show_default=True,
    help="Where company and database are kept.",
)
@port_option
@click.option("--seed", help="Another word, another company.")
@click.option("--fresh", is_flag=True, help="Begin anew: forget the company and the database in the directory.")
@everywhere
@click.pass_obj
def demo(
    asked: Asked, initiatives: int | None, directory: Path, port: int | None, seed: str | None, *, fresh: bool
) -> None:
    """Invent a company with two years behind it, and watch its ideas become value.

    Its Jira, GitHub and Zendesk answer on this machine as the real ones do; ttv pulls from them, shows what it found at
    http://127.0.0.1:8080/, and goes on while the company does. A second start goes on with what is there; size and seed
    count only for a new company. The demo makes its own configuration, and --config is not read.
    """
    _prepare(directory, fresh=fresh)
    with signals("ending after what is in hand; once more ends at once") as stop:
        invented = _company(directory, initiatives, seed)
        with serve.start(invented, store.now) as tools:
            said = {"TTV_DATABASE": asked.database} if asked.database else {}
            found = config.read(serve.configuration(tools, directory), said, "demo", allow_plain_secrets=True)
            _show(found, found.port if port is None else port, stop)


def _company(directory: Path, initiatives: int | None, seed: str | None) -> company.Company:
    said: dict[str, Any] = {"seed": seed} if seed else {}
    try:
        return company.remembered(directory, initiatives=initiatives, now=store.now(), **said)
    except ValueError as error:
        raise Wrong(str(error), "Begin anew with --fresh, or name another with --directory.") from None


def _prepare(directory: Path, *, fresh: bool) -> None:
    try:
        directory.mkdir(parents=True, exist_ok=True)
        if fresh:
            for name in _MADE:
                (directory / name).unlink(missing_ok=True)
    except OSError as error:
        remedy = "Name another with --directory."
        raise Failed(f"{directory} cannot be used: {(error.strerror or 'unknown error').lower()}", remedy) from None


def _show(found: Config, port: int, stop: Stop) -> None:
    """Pull everything once, with progress, then serve."""
    with opened(found.database) as engine:
        route, instruments = Route(engine), Instruments()
        shown = published(route, found, instruments)
        door = Door(shown, found.host, port)
        click.echo("The invented company's tools are up; pulling from them …", err=True)
        for seen in looks(route, found.sources, stop):
            if seen.error:
                door.close()
                raise Failed(line(seen))
            _logger.info("%s", line(seen))
        run(door, route, found, scheduled(route, found, instruments, shown, stop), stop)
