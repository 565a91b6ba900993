"""`ttv init`: a configuration to start from."""

from pathlib import Path

import click

import connectors
from ttv.cli.asked import Asked, everywhere
from ttv.cli.errors import Failed
from ttv.config import FILE, starter


@click.command(
    short_help="Write a configuration to start from.",
    epilog="""\b
Examples:
  ttv init
  ttv init jira github
  ttv init zendesk --config support.toml
""",
)
@click.argument("connector", nargs=-1, type=click.Choice(connectors.names()))
@click.option("--force", is_flag=True, help="Overwrite a file that is there.")
@everywhere
@click.pass_obj
def init(asked: Asked, connector: tuple[str, ...], *, force: bool) -> None:
    """Write a commented ttv.toml to start from, with the CONNECTORs that you name, or with all.

    Then set the environment variables that it names, and ask `ttv doctor`.
    """
    path: Path = asked.config or FILE
    try:
        with path.open("w" if force else "x", encoding="utf-8") as file:
            file.write(starter.text(connector))
    except FileExistsError:
        raise Failed(
            f"{path} is there already", "Write another with --config FILE, or overwrite it with --force."
        ) from None
    except OSError as error:
        raise Failed(f"{path} cannot be written: {(error.strerror or 'unknown error').lower()}") from None
    click.echo(f"{path} is written. Edit it, set the environment variables that it names, then run: ttv doctor")
