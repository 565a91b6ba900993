"""Where in a TOML text a table or a key stands, so that a mistake can name its line."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from typing import Any

from ttv.config.mistakes import Place

_HEADER = re.compile(r"\s*\[(\[?)([^\[\]]+)\]\]?\s*(#.*)?$")
_KEY = re.compile(r"""\s*((?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*'))*)\s*=""")
_BARE = re.compile(r"[A-Za-z0-9_-]+")


class Lines:
    """The line of every table and key of one text."""

    def __init__(self, text: str) -> None:
        self._lines: dict[Place, int] = {}
        for number, place, _ in _places(text):
            for depth in range(1, len(place) + 1):
                self._lines.setdefault(place[:depth], number)

    def of(self, place: Place) -> int | None:
        """Return the line of a place, or of the innermost table around it that has one."""
        return next((self._lines[place[:n]] for n in range(len(place), 0, -1) if place[:n] in self._lines), None)


def dotted(place: Place) -> str:
    """Write a place as TOML does: quoted where a name is not bare."""
    return ".".join(part if _BARE.fullmatch(part) else f'"{part}"' for part in place)


def headers(text: str) -> Iterator[tuple[int, Place]]:
    """Yield the line and the place of each table's header."""
    return ((number, place) for number, place, is_header in _places(text) if is_header)


def _places(text: str) -> Iterator[tuple[int, Place, bool]]:
    """Yield the line and the place of each header and of each key, and which of the two it is."""
    table: Place = ()
    lengths: dict[Place, int] = {}  # of the arrays of tables, each [[…]] of which has a number, from 0
    within = ""  # the quotes of the text of several lines that we are in
    for number, line in enumerate(text.splitlines(), start=1):
        if within:
            within = "" if within in line else within
            continue
        if header := _HEADER.match(line):
            table = _numbered(_names(header[2]), lengths, new=bool(header[1]))
            yield number, table, True
        elif key := _KEY.match(line):
            yield number, (*table, *_names(key[1])), False
        within = next((quotes for quotes in ('"""', "'''") if line.count(quotes) % 2), "")


def _numbered(names: Place, lengths: dict[Place, int], *, new: bool) -> Place:
    """Put into the names of a table the numbers of the arrays of tables that it stands in; a new one begins a table."""
    place: Place = ()
    for depth, name in enumerate(names, start=1):
        place = (*place, name)
        if new and depth == len(names):
            lengths[place] = lengths.get(place, 0) + 1
        if place in lengths:
            place = (*place, str(lengths[place] - 1))
    return place


def _names(written: str) -> Place:
    """Read a dotted name as TOML reads it; empty if it is none."""
    try:
        found: Mapping[str, Any] = tomllib.loads(f"{written} = 0")
    except tomllib.TOMLDecodeError:
        return ()
    names: list[str] = []
    inner: Any = found
    while isinstance(inner, dict):
        name, inner = next(iter(inner.items()))
        names.append(name)
    return tuple(names)
