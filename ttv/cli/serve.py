"""`ttv serve`: the sources on their schedule, and the page, the API and the metrics on one port."""

import logging
from ipaddress import ip_address

import click
from flask import Flask

from ttv import config
from ttv.cli.asked import Asked, everywhere, opened
from ttv.cli.ending import signals
from ttv.cli.errors import Wrong
from ttv.cli.listening import Door
from ttv.config import Config
from ttv.publish import app
from ttv.publish.families import Scope
from ttv.publish.instruments import Instruments
from ttv.route import Route
from ttv.schedule import Schedule, Stop

_logger = logging.getLogger(__name__)

port_option = click.option("--port", type=click.IntRange(0, 65535), help="Port to listen on. [default: 8080]")


@click.command(
    short_help="Show page, API and metrics, and look at the sources.",
    epilog="""\b
Examples:
  ttv serve
  ttv serve --port 9000 --database postgresql://ttv@db/ttv
  TTV_TOKEN=$(openssl rand -hex 32) ttv serve --host 0.0.0.0
""",
)
@click.option("--host", help="Address to listen on. [default: 127.0.0.1]")
@port_option
@everywhere
@click.pass_obj
def serve(asked: Asked, host: str | None, port: int | None) -> None:
    """Look at the sources on their schedule, and show page, API and metrics.

    Beyond this machine everything asks for a token, which must stand in the environment variable TTV_TOKEN, or in the
    file that TTV_TOKEN_FILE names. The first Ctrl-C (or SIGTERM) ends after what is in hand, the second at once.
    """
    found = asked.configuration()
    host = host or found.host
    port = found.port if port is None else port
    token = _token(asked.environ, host)
    with opened(found.database) as engine, signals("ending after what is in hand; once more ends at once") as stop:
        route = Route(engine)
        instruments = Instruments()
        shown = published(route, found, instruments, token)
        door = Door(shown, host, port)
        run(door, route, found, scheduled(route, found, instruments, shown, stop), stop)


def published(route: Route, found: Config, instruments: Instruments, token: str | None = None) -> Flask:
    """Put the application together as it was configured."""
    return app.create(
        route,
        token=token,
        window=found.window,
        targets=found.targets,
        instruments=instruments,
        scope=scope(found),
        sources=found.sources,
    )


def scope(found: Config) -> Scope:
    """Say what of the figures is shown as metrics, as it was configured."""
    return Scope(
        window=found.window,
        targets=found.targets,
        recent=found.recent,
        most=found.most,
        teams=found.teams,
        every=found.figures,
        intervals={source.name: source.every for source in found.sources if source.looks},
    )


def scheduled(route: Route, found: Config, instruments: Instruments, shown: Flask, stop: Stop) -> Schedule:
    """Put together what looks at the sources and keeps the metrics of an application current."""
    looked = [source for source in found.sources if source.looks]
    return Schedule(route, looked, instruments, refresh=shown.extensions[app.EXPORTER].refresh, stop=stop)


def run(door: Door, route: Route, found: Config, schedule: Schedule, stop: Stop) -> None:
    """Answer and keep to the schedule until somebody wishes to end."""
    try:
        put_configured(route, found)
        schedule.start()
        try:
            click.echo(f"ttv is at {door.url}  (API {door.url}docs, metrics {door.url}metrics). Ctrl-C ends it.")
            door.answer(until=stop)
        finally:
            schedule.stop()
    finally:
        door.close()


def put_configured(route: Route, found: Config) -> None:
    """Make the initiatives of the configuration what they are there, and tell which belong to somebody else."""
    for conflict in route.put_configured(found.initiatives):
        _logger.warning("%s", conflict)


def is_loopback(host: str) -> bool:
    """Say whether only this machine reaches an address."""
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def _token(environ: config.Environ, host: str) -> str | None:
    try:
        token = config.token(environ)
    except ValueError as error:
        raise Wrong(f"the token cannot be used: {error}", "Set TTV_TOKEN to a long random text.") from None
    if token is None and not is_loopback(host):
        remedy = "Set TTV_TOKEN (for example to the output of `openssl rand -hex 32`), or listen on 127.0.0.1."
        raise Wrong(f"{host} can be reached from other machines, and there is no token to ask for", remedy)
    return token
