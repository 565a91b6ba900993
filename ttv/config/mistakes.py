"""What is wrong with a configuration, in words: the file, the line, the place, the fault and the nearest right name."""

import types
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

Place = tuple[str, ...]
"""Names of the tables and the key, from the outside in: `("sources", "pay", "token")`."""


@dataclass(frozen=True, slots=True)
class Mistake:
    """One thing to mend."""

    where: str
    """The file, with the line where it is known: `ttv.toml:12`."""
    place: str
    """Dotted as in TOML: `sources.pay.token`; empty for the file as a whole."""
    wrong: str

    def __str__(self) -> str:
        return ": ".join(part for part in (self.where, self.place, self.wrong) if part)


class ConfigError(Exception):
    """The configuration cannot be used; `mistakes` lists every reason."""

    def __init__(self, mistakes: Iterable[Mistake | str]) -> None:
        self.mistakes = [str(mistake) for mistake in mistakes]
        super().__init__("\n".join(self.mistakes))


def nearest(word: str, words: Iterable[str]) -> str:
    """Suggest the nearest right name, or all of them if there are few and none is near."""
    words = sorted(words)
    if found := get_close_matches(word.lower(), words, n=1):
        return f'; did you mean "{found[0]}"?'
    return f"; there are {', '.join(words)}" if words else ""


def read_faults(error: ValidationError, model: type[BaseModel]) -> Iterator[tuple[Place, str]]:
    """Say each fault that pydantic found in what was meant for a model, with its place below the model's table."""
    for fault in error.errors():
        place = tuple(str(part) for part in fault["loc"] if part != "[key]")
        yield place, _said(fault, model, place)


def _said(fault: ErrorDetails, model: type[BaseModel], place: Place) -> str:
    given, context = fault["input"], fault.get("ctx", {})
    match fault["type"]:
        case "missing":
            said = "is missing"
        case "extra_forbidden":
            said = f"is no key here{nearest(place[-1], _names(model, place[:-1]))}"
        case "literal_error":
            allowed = context["expected"].replace("'", '"')
            said = f"must be {allowed}, not {_shown(given)}"
        case "value_error":
            said = str(context["error"])
        case "string_pattern_mismatch":
            said = f"must look like {context['pattern']}, which {_shown(given)} does not"
        case "model_type" | "dict_type":
            said = "must be a table"
        case "list_type" | "tuple_type":
            said = f'must be a list, as in ["a", "b"], not {_shown(given)}'
        case _:
            wanted = fault["msg"].replace("Input should be", "must be").replace("Input should", "must")
            said = f"{wanted}, not {_shown(given)}" if wanted.startswith("must be") else wanted
    return said


def _shown(value: object) -> str:
    """Show what was given if it is short and simple."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, str):
        return f'"{value}"' if len(value) <= 40 else "a longer text"  # noqa: PLR2004
    return "a table" if isinstance(value, dict) else "a list" if isinstance(value, list) else type(value).__name__


def _names(model: Any, place: Place) -> Iterable[str]:
    """List the keys that a model knows at a place below it."""
    if isinstance(model, type) and issubclass(model, BaseModel):
        if not place:
            return model.model_fields
        return _names(model.model_fields[place[0]].annotation, place[1:]) if place[0] in model.model_fields else ()
    inside = get_args(model)
    if get_origin(model) in (Union, types.UnionType):
        return [name for one in inside for name in _names(one, place)]
    if inside and place and get_origin(model) in (dict, list, tuple):
        return _names(inside[1] if get_origin(model) is dict else inside[0], place[1:])
    return ()
