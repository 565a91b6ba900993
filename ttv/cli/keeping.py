"""Where the token of a source is kept: in the environment, or in a file that only its owner can read.

Takes what the command line and the environment say of it; gives the token and what the configuration says in its place.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import click

from ttv.cli.errors import Failed, Wrong
from ttv.config import Environ, secrets

_FOLDER = "secrets"
_OWNER_ONLY, _OWNER_ONLY_FOLDER = 0o600, 0o700


@dataclass(frozen=True, slots=True)
class Token:
    """A token, and where it is already; nowhere if somebody has just typed it."""

    value: str
    place: Mapping[str, str] | None = None
    """As the configuration says it: `{env = "NAME"}` or `{file = "path"}`."""


@dataclass(frozen=True)
class Keeping:
    """The place of one source's token."""

    source: str
    config: Path
    environ: Environ
    variable: str | None = None
    """The variable that was named for it."""
    file: Path | None = None
    """The file that was named for it."""

    def given(self) -> Token | None:
        """Find the token where it was said to be, or where it is by default; Wrong if it is not where it was said."""
        usual = secrets.variable(self.source, "token")
        if self.variable or (not self.file and self.environ.get(usual, "").strip()):
            name = self.variable or usual
            return self._resolved({"env": name})
        if self.file and self.file.exists():
            return self._resolved({"file": self._written(self.file)})
        return None

    def keep(self, token: Token) -> Mapping[str, str]:
        """Put a token where it is to be, unless it is there; returns what the configuration says of it."""
        if token.place:
            return token.place
        usual = secrets.variable(self.source, "token")
        file = self.file or self.config.parent / _FOLDER / f"{self.source}-token"
        if not self.file:
            click.echo(f"The token may be kept in {file}, which only you can read, or in {usual}, which you set.")
            if click.prompt("Keep it in", type=click.Choice(["file", "environment"]), default="file") != "file":
                click.echo(f"Set it before ttv starts: export {usual}=…")
                return {"env": usual}
        _put(file, token.value)
        return {"file": self._written(file)}

    def _resolved(self, place: Mapping[str, str]) -> Token:
        vault = secrets.Vault(self.environ, self.config.parent)
        try:
            return Token(vault.resolve(place, ""), place)
        except ValueError as error:
            raise Wrong(f"the token cannot be used: {error}") from None

    def _written(self, file: Path) -> str:
        """Write a path as the configuration has it: from its own folder if it lies below that."""
        file, folder = file.resolve(), self.config.parent.resolve()
        return str(file.relative_to(folder) if file.is_relative_to(folder) else file)


def _put(file: Path, value: str) -> None:
    """Write a secret into a file of mode 600; a folder made for it is of mode 700, and git passes it over."""
    try:
        if not file.parent.exists():
            file.parent.mkdir(mode=_OWNER_ONLY_FOLDER, parents=True)
            (file.parent / ".gitignore").write_text("*\n")
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _OWNER_ONLY)
        with os.fdopen(descriptor, "w", encoding="utf-8") as opened:
            os.fchmod(descriptor, _OWNER_ONLY)
            opened.write(f"{value}\n")
    except OSError as error:
        raise Failed(f"{file} cannot be written: {(error.strerror or 'unknown error').lower()}") from None
