"""The text that `ttv init` writes: made from what tables and connectors say of their own keys, so it cannot drift."""

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from textwrap import wrap
from typing import Any, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

import connectors
from connectors import contract
from ttv.config import secrets, tables
from ttv.config.places import dotted

_HEAD = """\
# The configuration of ttv. Everything here can be left out; what begins with "#" and no space is a default.
# Durations are written 30s, 5m, 12h, 90d or 8w. `ttv doctor` says what is wrong here, and what each source sees.
"""

_TARGETS = """\
# How soon every initiative should be where, unless it says so itself. These two are examples: by default there is none.
"""

_SECRETS = """\
# Secrets do not stand here: { env = "NAME" } reads an environment variable, { file = "path" } a file.
"""

_INITIATIVES = """\
# Initiatives come from the sources. What no tool knows can be said here; the table's name is the key.
#[initiatives.faster-checkout]
#name = "Faster checkout"
#team = "Payments"
#owner = "Robin"
#direction = "bottom_up"  # the change comes from the people who do the work; or "top_down" from leadership
#claims = ["jira:PAY-12", "github:acme/pay#45"]  # what belongs to it, with all that hangs below
#targets = { time_to_value = "120d", rate_of_turn = "14d" }
"""

_TOKEN = "token"  # noqa: S105 - its name
"""The secret that a source is shown with also where it can do without; others that can be left out are comments."""
_UNITS = (("w", 604_800), ("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1))


def text(chosen: Iterable[str] = ()) -> str:
    """Write a configuration with the chosen connectors, or with all that there are."""
    parts = [_HEAD, _table("[ttv]", tables.Ttv), _table("[schedule]", tables.Schedule)]
    parts += [_TARGETS + _table("[targets]", tables.Targets), _table("[metrics]", tables.Metrics), _SECRETS]
    parts += [_source(name) for name in chosen or connectors.names()]
    return "\n".join([*parts, _INITIATIVES])


def _table(header: str, model: type[BaseModel]) -> str:
    lines = [header]
    for name, field in model.model_fields.items():
        lines += _optional(name, field, "sqlite:///ttv.sqlite" if name == "database" else field.default)
    return "\n".join([*lines, ""])


def _source(name: str) -> str:
    connector = connectors.load(name)
    shared = contract.Settings.model_fields
    fields: Mapping[str, FieldInfo] = dict(
        sorted(connector.Settings.model_fields.items(), key=lambda one: one[0] in shared)  # what is its own comes first
    )
    hidden = secrets.fields(connector.Settings)
    lines = [*comment((connector.__doc__ or name).strip().splitlines()[0]), f"[sources.{name}]", f'type = "{name}"']
    for key, field in fields.items():
        if key in hidden and (field.is_required() or key == _TOKEN):
            lines += [*comment(field.description), f'{key} = {{ env = "{secrets.variable(name, key)}" }}']
        elif field.is_required():
            lines += [*comment(field.description), f"{key} = {written(_example(name, key, field))}"]
    for key, field in fields.items():
        if key in hidden and not (field.is_required() or key == _TOKEN):
            lines += [*comment(field.description), f'#{key} = {{ env = "{secrets.variable(name, key)}" }}']
        elif key not in hidden and not field.is_required():
            lines += _optional(key, field, field.get_default(call_default_factory=True))
    census = (("census", "7d"),) if hasattr(connector, "gone") else ()
    for key, example in (("every", "5m"), ("since", "2y"), ("window", "30d"), *census):
        lines += _optional(key, tables.Source.model_fields[key], example)
    return "\n".join([*lines, ""])


def _example(source: str, key: str, field: FieldInfo) -> object:
    if field.examples:
        return field.examples[0]
    if get_origin(field.annotation) in (list, tuple):
        return []
    return f"https://{source}.example" if key == "url" else "…"


def _optional(key: str, field: FieldInfo, default: object) -> Iterator[str]:
    """Yield a key that can be left out, commented out, with its default; a table key by key."""
    yield from comment(field.description)
    if isinstance(default, BaseModel):
        for name, inner in type(default).model_fields.items():
            yield from _optional(f"{key}.{name}", inner, getattr(default, name))
    elif isinstance(default, Mapping) and default:
        yield from (f"#{key}.{json.dumps(name)} = {written(inner)}" for name, inner in default.items())
    else:
        yield f"#{key} = {written(_shown(key, field, default))}"


def _shown(key: str, field: FieldInfo, default: object) -> object:
    """Show an example where the default says nothing."""
    if default is None:
        return _example("", key, field)
    return field.examples[0] if default == "" and field.examples else default


def written(value: Any) -> str:
    """Write a value as TOML does, on one line."""
    if isinstance(value, timedelta):
        seconds = int(value.total_seconds())
        return next(f'"{seconds // size}{unit}"' for unit, size in _UNITS if seconds % size == 0)
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{dotted((key,))} = {written(inner)}" for key, inner in value.items()) + " }"
    if isinstance(value, list | tuple | set | frozenset):
        return f"[{', '.join(written(one) for one in value)}]"
    return json.dumps(value, ensure_ascii=False)


def comment(said: str | None) -> Iterator[str]:
    """Write a sentence as comments, none for nothing."""
    return (f"# {line}" for line in wrap(" ".join((said or "").split()), 110))
