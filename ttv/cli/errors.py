"""What a person reads when a command does not succeed: one line what, one line remedy, and the exit code.

0 it succeeded, 1 something failed, 2 the command line or the configuration is wrong. This is the one boundary that
turns the expected errors of all rooms into these; anything else is a defect and shows its traceback.
"""

import logging
from typing import Any

import click
from alembic.util.exc import CommandError
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError

from ttv.config import ConfigError

_logger = logging.getLogger(__name__)

FAILED = 1


class Failed(click.ClickException):
    """The command could not do what it was asked."""

    exit_code = FAILED

    def __init__(self, what: str, remedy: str = "") -> None:
        super().__init__(what)
        self.remedy = remedy

    def show(self, file: Any = None) -> None:
        """Write what and remedy to standard error."""
        click.echo(f"Error: {self.message}", err=file is None, file=file)
        if self.remedy:
            click.echo(f"  {self.remedy}", err=file is None, file=file)


class Wrong(Failed):
    """The command line or the configuration has to be mended first."""

    exit_code = 2


class Verbs(click.Group):
    """The commands, and the boundary around them."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; expected errors become `Failed`."""
        try:
            return super().invoke(ctx)
        except ConfigError as error:
            raise Wrong(_listed(error.mistakes)) from None
        except CommandError as error:
            _logger.debug("the migration stopped", exc_info=error)
            remedy = "It was probably written by a newer ttv: upgrade this one, or name another with --database."
            raise Failed(f"the database has a schema that this ttv does not know ({error})", remedy) from None
        except DBAPIError as error:
            _logger.debug("the database refused", exc_info=error)
            remedy = "Check --database (or TTV_DATABASE, or the configuration), that it runs, and your rights in it."
            raise Failed(f"the database cannot be used: {first_line(error)}", remedy) from None


def first_line(error: DBAPIError) -> str:
    """Return what the database said, without the statement."""
    return str(error.orig).strip().partition("\n")[0]


def shown(url: str) -> str:
    """Write a database URL without its password."""
    try:
        return make_url(url).render_as_string(hide_password=True)
    except ArgumentError:
        return "the database"


def _listed(mistakes: list[str]) -> str:
    if len(mistakes) == 1:
        return mistakes[0]
    return "\n".join([f"{len(mistakes)} mistakes in the configuration:", *(f"  {mistake}" for mistake in mistakes)])
