"""In which form a file comes in, as the command line and a mapping file say it."""

import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import click
from pydantic import ValidationError

from ttv.cli.columns import Mapped, mistakes, unknown
from ttv.cli.errors import Wrong

C = TypeVar("C", bound=Callable[..., Any])

_SAID = {"what": "as", "timezone": "timezone", "date_format": "date_format", "encoding": "encoding"}
"""Names of options, and of the keys that say the same in a mapping file."""


@dataclass(frozen=True)
class Form:
    """How to read a file."""

    is_csv: bool
    mapping: Mapped | None
    """None if nothing was said of its columns."""


def mapped(command: C) -> C:
    """Give a command the options that say what the columns of a file are."""
    what = click.Choice(["event", "initiative", "link"])
    for option in (
        click.option("--csv", "as_csv", is_flag=True, help="It is CSV, whatever its name; .csv and .tsv are anyway."),
        click.option("--delimiter", metavar="C", help="What stands between cells.  [default: what the header has]"),
        click.option("--encoding", metavar="NAME", help="Encoding of a CSV, such as cp1252.  [default: UTF-8]"),
        click.option("--date-format", metavar="FORM", help='How times are written: "%d.%m.%Y %H:%M|%d.%m.%Y".'),
        click.option("--timezone", metavar="ZONE", help="Zone of times without an offset, such as Europe/Berlin."),
        click.option("--as", "what", type=what, help="What a row is.  [default: event]"),
        click.option("--set", "constants", metavar="FIELD=TEXT", multiple=True, help="A field that is so in each row."),
        click.option("--column", "columns", metavar="FIELD=NAME", multiple=True, help="Which column is a field."),
        click.option(
            "--map",
            "map_file",
            metavar="FILE",
            type=click.Path(dir_okay=False, path_type=Path),
            help="All of this in a TOML file.",
        ),
    ):
        command = option(command)
    return command


def chosen(file: Path, said: Mapping[str, Any]) -> Form:
    """Put together what was said; Wrong with every mistake."""
    is_csv = said["as_csv"] or file.suffix.casefold() in (".csv", ".tsv")
    document = _document(said["map_file"]) if said["map_file"] else {}
    document |= {key: said[name] for name, key in _SAID.items() if said[name] is not None}
    if said["delimiter"]:
        document["delimiter"] = said["delimiter"].replace("\\t", "\t")
    for table, pairs in (("columns", said["columns"]), ("set", said["constants"])):
        if pairs:
            document[table] = {**document.get(table, {}), **dict(_pairs(table, pairs))}
    return Form(is_csv, _mapping(document) if document else None)


def _mapping(document: Mapping[str, Any]) -> Mapped:
    try:
        mapping = Mapped.model_validate(document)
    except ValidationError as error:
        raise Wrong(f"the mapping cannot be used: {mistakes(error)}") from None
    if names := unknown(mapping):
        raise Wrong(f"the mapping cannot be used: {', '.join(names)}: no field of {mapping.what}s")
    if mapping.delimiter is not None and len(mapping.delimiter) != 1:
        raise Wrong("the mapping cannot be used: delimiter: must be one character")
    return mapping


def _document(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise Wrong(f"{file} cannot be read: {(error.strerror or 'unknown error').lower()}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Wrong(f"{file} is not TOML: {error}") from None


def _pairs(table: str, said: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    for pair in said:
        name, equals, value = pair.partition("=")
        if not (name and equals and value):
            raise Wrong(f'"{pair}" says no field: write --{table.removesuffix("s")} FIELD=…')
        yield name.strip(), value
