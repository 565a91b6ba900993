"""A source's table as it comes to be: what was said of it, what is proposed for it, and what the connector makes of it.

Takes texts of people for settings of any type; gives values as TOML has them, and words about what does not fit.
"""

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from functools import reduce
from types import ModuleType
from typing import Any, get_origin

from pydantic import BaseModel, SecretStr, ValidationError
from pydantic.fields import FieldInfo

from connectors.contract import Proposal, Settings
from ttv.config import secrets
from ttv.config.mistakes import nearest, read_faults
from ttv.config.places import dotted

TOKEN = "token"  # noqa: S105 - the name of a setting
_UNSAID = "https://unsaid.example"
"""Stands where an address or a name has to be, while others are checked."""


class Unfit(Exception):  # noqa: N818 - it is about what was said
    """What was said fits no setting; the text says why."""


class Draft:
    """The settings of one source to be."""

    def __init__(self, connector: ModuleType) -> None:
        self._own: type[Settings] = connector.Settings
        hidden = secrets.fields(self._own)
        self.fields = {name: field for name, field in every_field(self._own) if name not in hidden}
        """What can be said, by dotted names."""
        self.values: dict[str, Any] = {}
        """What holds already; what was said stands before what is proposed."""
        self.reasons: dict[str, str] = {}
        """Why a value was proposed; of one that was said there is none."""

    def described(self, name: str) -> str:
        """Say what a setting is, a secret one too."""
        return self._own.model_fields[name].description or name

    def say(self, name: str, text: str) -> None:
        """Set what somebody says; lists have commas, or are written as in TOML. Unfit if it fits no setting."""
        if name not in self.fields:
            raise Unfit(f"{name} is no setting of it{nearest(name, self.fields)}")
        before = dict(self.values)
        self.values[name] = _items(text) if self._is_list(name) else text
        try:
            self.values[name] = _plain(reduce(getattr, name.split("."), self.settings(None)))
        except Unfit:
            self.values = before
            raise
        self.reasons.pop(name, None)

    def propose(self, proposals: Iterable[Proposal]) -> None:
        """Take what is proposed where nothing was said."""
        for one in proposals:
            if one.key not in self.values:
                self.values[one.key], self.reasons[one.key] = _plain(one.value), one.reason

    def settings(self, token: str | None) -> Settings:
        """Make the connector's settings, with something in the place of what is missing; Unfit if they cannot be."""
        given: dict[str, Any] = {name: () if self._is_list(name) else _UNSAID for name in self._wanted()}
        hidden = [name for name in secrets.fields(self._own) if self._own.model_fields[name].is_required()]
        given |= dict.fromkeys(hidden, SecretStr("none yet")) | _nested(self.values)
        try:
            return self._own.model_validate(given | ({TOKEN: SecretStr(token)} if token else {}))
        except ValidationError as error:
            said = [f"{dotted(place)} {fault}" for place, fault in read_faults(error, self._own)]
            raise Unfit("; ".join(said)) from None

    def missing(self) -> list[str]:
        """List what has to be said still."""
        return [name for name in self._wanted() if not self.values.get(name)]

    def table(self) -> dict[str, Any]:
        """Give the keys for the configuration: what was proposed, and what differs from its default."""
        kept = {
            name for name, value in self.values.items() if name in self.reasons or not self._is_default(name, value)
        }
        return _nested({name: value for name, value in self.values.items() if name in kept})

    def _wanted(self) -> list[str]:
        return [name for name, field in self.fields.items() if field.is_required()]

    def _is_list(self, name: str) -> bool:
        return get_origin(self.fields[name].annotation) is tuple

    def _is_default(self, name: str, value: Any) -> bool:
        field = self.fields[name]
        return not field.is_required() and _plain(field.get_default(call_default_factory=True)) == value


def every_field(model: type[BaseModel], above: str = "") -> Iterator[tuple[str, FieldInfo]]:
    """List the fields of a model, and those of a model within it by dotted names."""
    for name, field in model.model_fields.items():
        default = field.default
        if isinstance(default, BaseModel):
            yield from every_field(type(default), f"{above}{name}.")
        else:
            yield f"{above}{name}", field


def _items(text: str) -> list[Any]:
    """Read a list as TOML writes it, or its items with commas between them."""
    if text.lstrip().startswith("["):
        try:
            return list(tomllib.loads(f"list = {text}")["list"])
        except tomllib.TOMLDecodeError as error:
            raise Unfit(f"{text} is no list: {error}") from None
    return [item.strip() for item in text.split(",") if item.strip()]


def _plain(value: Any) -> Any:
    """Give a value as TOML has it."""
    if isinstance(value, tuple | list):
        return [_plain(one) for one in value]
    return value if isinstance(value, str | bool | int | float | Mapping) or value is None else str(value)


def _nested(values: Mapping[str, Any]) -> dict[str, Any]:
    """Turn dotted names into tables."""
    nested: dict[str, Any] = {}
    for name, value in values.items():
        *above, last = name.split(".")
        reduce(lambda table, part: table.setdefault(part, {}), above, nested)[last] = value
    return nested
