"""Secrets stay out of the file: `{ env = "NAME" }` and `{ file = "path" }` say where they are.

What is resolved here goes straight into `pydantic.SecretStr`; no error names a value.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from pydantic import BaseModel, SecretStr

from ttv.config.mistakes import nearest

Environ = Mapping[str, str]

OF_WEBHOOKS = "webhook_secret"
"""The secret that says who sent something to a source, not who asks it."""


@dataclass(frozen=True, slots=True)
class Vault:
    """Where secrets are looked up."""

    environ: Environ
    folder: Path
    """What the paths of secret files start from."""
    allow_plain: bool = False
    """Take a plain text too: for configurations that no file holds."""
    sealed: bool = False
    """Do not look for the secrets of sources: for what asks no source, and may run where they are not.

    Those of webhooks are taken where they are there.
    """

    def resolve(self, said: object, variable: str) -> str:
        """Return the secret that the configuration points to; ValueError with the remedy, naming no value."""
        if isinstance(said, str) and self.allow_plain:
            return said
        if not isinstance(said, Mapping):
            raise ValueError(  # noqa: TRY004  the mistake is in a file, not in the program
                f'is a secret and does not belong into the file; write {{ env = "{variable}" }} and set that variable, '
                'or { file = "path" }'
            )
        if len(said) != 1 or not isinstance(next(iter(said.values())), str):
            raise ValueError(f'must be either {{ env = "{variable}" }} or {{ file = "path" }}')
        ((how, name),) = said.items()
        if how == "env":
            return self._variable(name)
        if how == "file":
            return self._file(name)
        raise ValueError(f'a secret comes from env or file, not from "{how}"{nearest(how, ("env", "file"))}')

    def _variable(self, name: str) -> str:
        found = self.environ.get(name)
        if found is None:
            raise ValueError(f"the environment variable {name} is not set")
        if not found.strip():
            raise ValueError(f"the environment variable {name} is empty")
        return found.strip()

    def _file(self, name: str) -> str:
        path = self.folder / Path(name).expanduser()
        try:
            found = path.read_text(encoding="utf-8").strip()
        except OSError as error:
            raise ValueError(f"the file {path} cannot be read: {(error.strerror or 'unknown error').lower()}") from None
        except UnicodeDecodeError:
            raise ValueError(f"the file {path} is not UTF-8 text") from None
        if not found:
            raise ValueError(f"the file {path} is empty")
        return found


def fields(settings: type[BaseModel]) -> list[str]:
    """List the fields of a model that hold secrets."""
    return [
        name
        for name, field in settings.model_fields.items()
        if field.annotation is SecretStr or SecretStr in get_args(field.annotation)
    ]


def variable(source: str, field: str) -> str:
    """Name the environment variable that holds a secret for which the configuration says nothing."""
    return re.sub(r"[^A-Z0-9]", "_", f"TTV_{source}_{field}".upper())


def token(environ: Environ) -> str | None:
    """Return the token of the server from TTV_TOKEN or the file TTV_TOKEN_FILE; ValueError if that holds none."""
    vault = Vault(environ, Path.cwd())
    if "TTV_TOKEN" in environ:
        return vault.resolve({"env": "TTV_TOKEN"}, "TTV_TOKEN")
    if path := environ.get("TTV_TOKEN_FILE"):
        return vault.resolve({"file": path}, "TTV_TOKEN")
    return None
