"""CSV, as spreadsheets and tools write it: rows with their line numbers, in any encoding and with any delimiter.

Takes a stream of bytes; gives records and rejections. The delimiter is the one of , ; | and tab that the header has
most of. A row with too few or too many cells, or with text of another encoding, is a rejection; the others go on.
"""

import codecs
import csv
import io
import re
from collections.abc import Callable, Iterator
from typing import BinaryIO

from ttv.cli.columns import Columns, Mapped
from ttv.cli.errors import Failed
from ttv.records import Record, Rejection, nearest

_DELIMITERS = (",", ";", "\t", "|")
_CELL = 10_000_000
"""Characters that a cell may have: a description can be long, but an unclosed quote must not eat all memory."""
_STRAY = re.compile(r"[\udc80-\udcff]")


def read(
    stream: BinaryIO, name: str, mapping: Mapped, counted: Callable[[int], None], told: Callable[[str], None]
) -> Iterator[Record | Rejection]:
    """Read the rows of a CSV; Failed if its header cannot be used. `told` hears of columns that mean nothing."""
    try:
        codecs.lookup(mapping.encoding)
    except LookupError:
        remedy = "Say one such as utf-8-sig, cp1252 or utf-16."
        raise Failed(f'there is no encoding "{mapping.encoding}"', remedy) from None
    text = io.TextIOWrapper(stream, encoding=mapping.encoding, errors="surrogateescape", newline="")
    try:
        lines = _lines(text, counted)
        first = next(lines, "")
        delimiter = mapping.delimiter or max(_DELIMITERS, key=first.count)
        csv.field_size_limit(_CELL)
        header = tuple(cell.strip() for cell in next(csv.reader([first], delimiter=delimiter), []))
        if _STRAY.search(first):
            raise Failed(f"{name}: its header is no {mapping.encoding} text", "Say which it is with --encoding.")
        columns = _known(name, header, mapping, told)
        yield from _rows(csv.reader(lines, delimiter=delimiter, strict=True), columns, header, mapping.encoding)
    except UnicodeError as error:
        raise Failed(f"{name}: is no {mapping.encoding} text ({error})", "Say which it is with --encoding.") from None
    finally:
        text.detach()


def _lines(text: io.TextIOWrapper, counted: Callable[[int], None]) -> Iterator[str]:
    for line in text:
        yield line.replace("\0", "\N{REPLACEMENT CHARACTER}")
        counted(len(line))


def _known(name: str, header: tuple[str, ...], mapping: Mapped, told: Callable[[str], None]) -> Columns:
    """Check that the header has every column that the mapping names."""
    columns = Columns(mapping, header)
    if missing := sorted(columns.used - set(header)):
        near = nearest(missing[0], header) or f"; it has {', '.join(header)}"
        raise Failed(f'{name}: has no column "{missing[0]}"{near}')
    if twice := sorted({one for one in columns.used if header.count(one) > 1}):
        raise Failed(f'{name}: has two columns "{twice[0]}"; rename one of them')
    if not columns.used:
        remedy = "Say what its columns are: --column occurred_at=Date, and --set kind=feedback for what has none."
        raise Failed(f"{name}: none of its columns is a field of ours: {', '.join(header) or 'it has none'}", remedy)
    if idle := [one for one in header if one and one not in columns.used]:
        told(f"{name}: columns that mean nothing here: {', '.join(idle)}")
    return columns


def _rows(
    reader: Iterator[list[str]], columns: Columns, header: tuple[str, ...], encoding: str
) -> Iterator[Record | Rejection]:
    while True:
        begin = _line(reader) + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield Rejection(begin, f"is no CSV ({error})", reader="")
            continue
        if any(cells):
            yield _row(begin, cells, columns, header, encoding)


def _line(reader: Iterator[list[str]]) -> int:
    """Tell how many lines were read, with the header."""
    return int(getattr(reader, "line_num", 0)) + 1


def _row(number: int, cells: list[str], columns: Columns, header: tuple[str, ...], encoding: str) -> Record | Rejection:
    raw = "\t".join(_STRAY.sub("\N{REPLACEMENT CHARACTER}", cell) for cell in cells)
    if len(cells) != len(header):
        return Rejection(number, f"has {len(cells)} cells, and the header {len(header)}", raw=raw, reader="")
    if any(_STRAY.search(cell) for cell in cells):
        return Rejection(number, f"is no {encoding} text; say which it is with --encoding", raw=raw, reader="")
    return columns.read(number, dict(zip(header, cells, strict=True)))
