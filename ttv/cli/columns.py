"""Columns → fields: what a spreadsheet's or another tool's columns are called, and what the records need.

Takes rows, of a CSV or of JSON objects; gives what `ttv.records` reads. A field is a column, or a text in which `{…}`
stands for a column. Without a word about it a column is the field of its name. Empty cells are absent, and a time
without an offset is refused unless a zone is named.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from connectors import _times
from connectors._times import Form, Zone
from ttv.records import EventBody, KeyedInitiativeBody, LinkBody, Record, Rejection, one, sentences

What = Literal["event", "initiative", "link"]

_FIELDS: Mapping[str, tuple[str, ...]] = {
    "event": tuple(EventBody.model_fields),
    "initiative": tuple(KeyedInitiativeBody.model_fields),
    "link": tuple(LinkBody.model_fields),
}
_OPEN = {"event": ("attributes",), "initiative": ("labels", "targets"), "link": ()}
"""Fields that hold others: written attributes.customer."""
_LISTS = {"refs", "claims"}
_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?")
_HOLE = re.compile(r"\{([^{}]+)\}")


class Mapped(BaseModel):
    """A mapping, as a TOML file says it."""

    model_config = ConfigDict(extra="forbid", strict=True)

    what: What = Field(default="event", alias="as")
    columns: dict[str, str] = {}
    """Field → column."""
    set: dict[str, str | bool | int | float] = {}
    """Field → value, the same in each row, or a text with {columns}."""
    timezone: Zone | None = None
    date_format: Form = "auto"
    encoding: str = "utf-8-sig"
    delimiter: str | None = None


def unknown(mapping: Mapped) -> list[str]:
    """List the fields that a mapping names and no record has."""
    known, open_ = _FIELDS[mapping.what], _OPEN[mapping.what]
    return [
        name
        for name in (*mapping.columns, *mapping.set)
        if name not in known and (name.partition(".")[0] not in open_ or not name.partition(".")[2])
    ]


def mistakes(error: ValidationError) -> str:
    """Say what is wrong with a mapping."""
    return sentences(error)


@dataclass(frozen=True)
class Columns:
    """Reads rows by a mapping."""

    mapping: Mapped
    header: tuple[str, ...] | None = None
    """The columns of a CSV; None where each row has its own."""
    _of: dict[str, str] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        names = {name.strip().casefold(): name for name in self.header or ()}
        for known in (*names, *(() if self.header is not None else _FIELDS[self.mapping.what])):
            if self._is_field(known):
                self._of[known] = names.get(known, known)
        self._of.update({name: names.get(column.casefold(), column) for name, column in self.mapping.columns.items()})
        for name in self.mapping.set:
            self._of.pop(name, None)

    def _is_field(self, name: str) -> bool:
        top, _, inner = name.partition(".")
        return name in _FIELDS[self.mapping.what] or bool(inner and top in _OPEN[self.mapping.what])

    @property
    def used(self) -> set[str]:
        """Name the columns from which something is taken."""
        texts = (value for value in self.mapping.set.values() if isinstance(value, str))
        return {*self._of.values(), *(hole for text in texts for hole in _HOLE.findall(text))}

    def read(self, number: int, row: Mapping[str, Any]) -> Record | Rejection:
        """Read one row; what is wrong with it becomes a rejection, which keeps it as it came."""
        try:
            found = one(number, self._wrapped(self._fields(row)))
        except (ValueError, TypeError) as error:
            found = Rejection(number, str(error))
        if not isinstance(found, Rejection):
            return found
        return replace(found, raw=orjson.dumps(row).decode(), reader=self.mapping.model_dump_json(by_alias=True))

    def _fields(self, row: Mapping[str, Any]) -> dict[str, Any]:
        said = {name: _cell(row, column) for name, column in self._of.items()}
        said |= {name: _filled(value, row) for name, value in self.mapping.set.items()}
        found: dict[str, Any] = {}
        for name, value in said.items():
            if value is None:
                continue
            top, _, inner = name.partition(".")
            if inner:
                found.setdefault(top, {})[inner] = _typed(value) if top != "labels" else str(value)
            else:
                found[name] = self._value(name, value)
        return found

    def _value(self, name: str, value: Any) -> Any:
        if name == "occurred_at":
            return self._time(value)
        if name in _LISTS and isinstance(value, str):
            return [part for part in re.split(r"[\s,;]+", value) if part]
        if name == "deleted":
            return _typed(value)
        return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value

    def _time(self, value: Any) -> str:
        mapping = self.mapping
        try:
            at = _times.read(value, mapping.date_format, mapping.timezone)
        except (ValueError, TypeError, OverflowError) as error:
            raise ValueError(f"occurred_at: {error}{self._hint(str(error))}") from None
        return at.isoformat()

    def _hint(self, said: str) -> str:
        """Say which option would mend a time."""
        if "offset" in said:
            return "" if self.mapping.timezone else "; say its zone: --timezone Europe/Berlin"
        return '; say how it is written: --date-format "%d.%m.%Y"' if self.mapping.date_format == "auto" else ""

    def _wrapped(self, found: dict[str, Any]) -> dict[str, Any]:
        return found if self.mapping.what == "event" else {self.mapping.what: found}


def json_rows(columns: Columns, lines: Iterable[bytes]) -> Iterator[Record | Rejection]:
    """Read JSON Lines whose fields have other names."""
    for number, line in enumerate(lines, start=1):
        text = line.removeprefix(b"\xef\xbb\xbf").strip()
        if not text:
            continue
        try:
            row = orjson.loads(text)
        except orjson.JSONDecodeError as error:
            yield Rejection(number, f"is not JSON ({error})", raw=text.decode(errors="replace"), reader="")
            continue
        if isinstance(row, dict):
            yield columns.read(number, row)
        else:
            yield Rejection(number, "must be an object", raw=text.decode(errors="replace"), reader="")


def _cell(row: Mapping[str, Any], column: str) -> Any:
    """Find a column, or within objects what its dots lead to; None where there is nothing."""
    found: Any = row
    if column in row:
        found = row[column]
    else:
        for part in column.split("."):
            found = found.get(part) if isinstance(found, Mapping) else None
    found = found.strip() if isinstance(found, str) else found
    return None if found == "" else found


def _filled(value: Any, row: Mapping[str, Any]) -> Any:
    """Put columns into a text; None if one of them is empty, for half a key is none."""
    if not isinstance(value, str):
        return value
    cells = {hole: _cell(row, hole) for hole in _HOLE.findall(value)}
    if any(cell is None for cell in cells.values()):
        return None
    return _HOLE.sub(lambda hole: str(cells[hole[1]]), value)


def _typed(value: Any) -> Any:
    """Read what a cell means: true, false, a number, or text."""
    if not isinstance(value, str):
        return value
    if value.casefold() in ("true", "false"):
        return value.casefold() == "true"
    if _NUMBER.fullmatch(value):
        return float(value) if "." in value else int(value)
    return value
