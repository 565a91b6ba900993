"""`ttv history`: the figures of `/metrics` of the time before Prometheus was there."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import click
from rich.console import Console
from rich.progress import Progress

from ttv.cli.asked import Asked, everywhere, opened
from ttv.cli.serve import scope
from ttv.publish.history import history as told_by
from ttv.route import Route

_YEAR = timedelta(days=365)
_STEP = re.compile(r"([1-9]\d{0,5})([smhdw])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_SOON = timedelta(hours=3)
"""What Prometheus may still have in its head, with which a block must not overlap."""


class Instant(click.ParamType[datetime]):
    """A day, or an instant with its offset."""

    name = "instant"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Read an instant; a day begins at midnight in UTC."""
        if isinstance(value, datetime):
            return value
        try:
            found = datetime.fromisoformat(str(value))
        except ValueError:
            self.fail(
                f"{value!r} is neither a day like 2026-01-31 nor an instant like 2026-01-31T12:00:00Z", param, ctx
            )
        if found.tzinfo is None:
            if len(str(value)) > len("2026-01-31"):
                self.fail(f"{value!r} has no offset; write Z behind it if it is in UTC", param, ctx)
            found = found.replace(tzinfo=UTC)
        return found.astimezone(UTC)


class Step(click.ParamType[timedelta]):
    """A duration like 1d."""

    name = "step"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        """Read a number and its unit."""
        if isinstance(value, timedelta):
            return value
        found = _STEP.fullmatch(str(value))
        if not found:
            self.fail(f"{value!r} is not a number with s, m, h, d or w behind it, like 1d", param, ctx)
        return timedelta(**{_UNITS[found[2]]: int(found[1])})


class Label(click.ParamType[tuple[str, str]]):
    """A label and its value."""

    name = "label"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, str]:
        """Read NAME=VALUE."""
        name, equals, said = str(value).partition("=")
        if not equals or not re.fullmatch(r"[a-zA-Z_][a-zA-Z0-9_]*", name):
            self.fail(f"{value!r} is not NAME=VALUE with a name of letters, digits and _", param, ctx)
        return name, said


@click.command(
    short_help="Write the figures of the past for Prometheus.",
    epilog="""\b
Examples:
  ttv history --from 2025-01-01 --label job=ttv --label instance=ttv:8080 > history.om
  promtool tsdb create-blocks-from openmetrics --max-block-duration=1440h history.om /var/lib/prometheus
""",
)
@click.option("--from", "begin", type=Instant(), help="The first instant. [default: a year before the last]")
@click.option("--to", "end", type=Instant(), help="The last one at most. [default: three hours ago]")
@click.option("--step", type=Step(), default="1d", show_default=True, help="From one instant to the next.")
@click.option("--label", "labels", type=Label(), multiple=True, metavar="NAME=VALUE", help="A label of every series.")
@everywhere
@click.pass_obj
def history(
    asked: Asked, begin: datetime | None, end: datetime | None, step: timedelta, labels: tuple[tuple[str, str], ...]
) -> None:
    """Write every figure of /metrics as of each of many instants, as OpenMetrics for promtool.

    Prometheus knows only the time since it began to look. What ttv knows of the time before can be made into blocks of
    its storage by `promtool tsdb create-blocks-from openmetrics`. Give the series the labels that they have there (job,
    instance), so that they go on. The last three hours are left to Prometheus itself.
    """
    found = asked.configuration(sealed=True)
    with opened(found.database) as engine:
        end = end or Route(engine).now() - _SOON
        begin = begin or end - _YEAR
        if begin > end:
            raise click.BadParameter(
                f"{begin:%Y-%m-%d %H:%M} comes after the end, {end:%Y-%m-%d %H:%M}", param_hint="--from"
            )
        instants = list(_instants(begin, end, step))
        console = Console(stderr=True)
        with Progress(console=console, disable=not console.is_terminal, transient=True) as bars:
            task = bars.add_task("figures as of", total=len(instants))
            for line in told_by(engine, scope(found), instants, labels=dict(labels), told=lambda _: bars.advance(task)):
                click.echo(line, nl=False)


def _instants(begin: datetime, end: datetime, step: timedelta) -> Iterator[datetime]:
    while begin <= end:
        yield begin
        begin += step
