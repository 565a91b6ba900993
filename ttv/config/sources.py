"""One table `[sources.<name>]`: the keys that all sources share, the connector, and the connector's own settings."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

from pydantic import BaseModel, ValidationError

import connectors
from connectors import contract
from ttv.config import secrets, tables
from ttv.config.mistakes import Place, nearest, read_faults

RESERVED = frozenset({"api", "config"})
"""What arrives by itself or from this file has these names already."""

_PARTS = ("Settings", "client", "events")
"""What a connector has; one of a tool that only sends webhooks has `received` for the last two."""

Faults = list[tuple[Place, str]]


@dataclass(frozen=True, slots=True)
class Source:
    """One configured use of a connector."""

    name: str
    type: str
    connector: ModuleType = field(repr=False)
    settings: contract.Settings
    every: timedelta
    since: datetime | timedelta
    """How far back the first look goes."""
    window: timedelta | None
    """How much of the past one look covers, where the connector's own choice does not suit."""
    census: timedelta | None = None
    """How often it is asked what is deleted there; None: never."""

    @property
    def looks(self) -> bool:
        """Whether its tool can be looked at; one that cannot only sends webhooks."""
        return hasattr(self.connector, "events")

    @property
    def receives(self) -> bool:
        """Whether its tool can send webhooks."""
        return hasattr(self.connector, "received")

    def first(self, now: datetime) -> datetime:
        """Return the instant from which the first look reads."""
        return now - self.since if isinstance(self.since, timedelta) else min(self.since, now)


def read(name: str, table: object, every: timedelta, vault: secrets.Vault) -> tuple[Source | None, Faults]:
    """Read one source; None if there are faults, each with its place below the table."""
    if not isinstance(table, Mapping):
        return None, [((), 'must be a table with a type, as in [sources.jira] type = "jira"')]
    if name in RESERVED:
        return None, [((), f'"{name}" is the name of what arrives otherwise; choose another for this source')]
    connector, faults = _connector(name, table)
    own = connector.Settings if connector else None
    common, found = _common(table, own)
    faults += found
    if own is None:
        return None, faults
    settings, found = _settings(name, table, own, vault)
    faults += found
    if faults or connector is None or common is None or settings is None:
        return None, faults
    pace = common.every or every
    return Source(name, common.type, connector, settings, pace, common.since, common.window, common.census), []


def _connector(name: str, table: Mapping[str, Any]) -> tuple[ModuleType | None, Faults]:
    there = connectors.names()
    wanted = table.get("type")
    if wanted is None:
        hint = f'; write type = "{name}"' if name in there else nearest(name, there)
        return None, [(("type",), f"is missing{hint}")]
    if not isinstance(wanted, str):
        return None, [(("type",), f"must be the name of a connector: {', '.join(there)}")]
    if "." not in wanted and wanted not in there:
        return None, [(("type",), f'there is no connector "{wanted}"{nearest(wanted, there)}')]
    try:
        found = connectors.load(wanted)
    except (LookupError, ImportError, SyntaxError) as error:
        return None, [(("type",), str(error))]
    wanted_parts = ("Settings",) if hasattr(found, "received") and not hasattr(found, "events") else _PARTS
    if missing := [part for part in wanted_parts if not hasattr(found, part)]:
        return None, [(("type",), f'the module "{wanted}" is no connector: it has no {", no ".join(missing)}')]
    return found, []


def _common(table: Mapping[str, Any], own: type[BaseModel] | None) -> tuple[tables.Source | None, Faults]:
    names = set(tables.Source.model_fields)
    shared = {key: value for key, value in table.items() if key in names}
    all_names = names | set(own.model_fields if own else ())
    unknown: Faults = [
        ((key,), f"is no key here{nearest(key, all_names)}") for key in table if own and key not in all_names
    ]
    try:
        return tables.Source.model_validate(shared), unknown
    except ValidationError as error:
        said = [fault for fault in read_faults(error, tables.Source) if fault[0] != ("type",)]
        return None, [*unknown, *said]


def _settings(
    name: str, table: Mapping[str, Any], own: type[contract.Settings], vault: secrets.Vault
) -> tuple[contract.Settings | None, Faults]:
    given = {key: value for key, value in table.items() if key in own.model_fields}
    if isinstance(given.get("ca_bundle"), str):
        given["ca_bundle"] = vault.folder / Path(given["ca_bundle"]).expanduser()
    faults: Faults = []
    for field_ in secrets.fields(own):
        try:
            given.update(_secret(name, field_, given, own, vault))
        except ValueError as error:
            faults.append(((field_,), str(error)))
    bad = {place[0] for place, _ in faults}
    try:
        return own.model_validate(given), faults
    except ValidationError as error:
        return None, faults + [fault for fault in read_faults(error, own) if not fault[0] or fault[0][0] not in bad]


def _secret(
    name: str, field_: str, given: Mapping[str, Any], own: type[BaseModel], vault: secrets.Vault
) -> Iterator[tuple[str, str]]:
    variable, required = secrets.variable(name, field_), own.model_fields[field_].is_required()
    if vault.sealed and field_ == secrets.OF_WEBHOOKS:
        return _unsealed(field_, given.get(field_, {"env": variable}), variable, vault)
    if vault.sealed and (required or field_ in given) and not isinstance(given.get(field_), str):
        return iter([(field_, "sealed")])
    if field_ in given:
        return iter([(field_, vault.resolve(given[field_], variable))])
    if vault.environ.get(variable, "").strip():
        return iter([(field_, vault.resolve({"env": variable}, variable))])
    if required:
        raise ValueError(f'is missing; set the environment variable {variable}, or write {field_} = {{ env = "NAME" }}')
    return iter(())


def _unsealed(field_: str, said: object, variable: str, vault: secrets.Vault) -> Iterator[tuple[str, str]]:
    """Look for the secret of webhooks, which who asks no source may still receive; without it none is taken."""
    try:
        yield field_, vault.resolve(said, variable)
    except ValueError:
        return
