"""Put a source into the text of a configuration, and leave everything else in it as it is, comments too.

Takes the text and the keys of `[sources.<name>]`; gives the new text. A source that is there already is written anew in
its place, with those of its keys that are not given. What comes is read and compared: nothing else may have changed.
"""

import tomllib
from collections.abc import Iterator, Mapping
from typing import Any

from ttv.config.mistakes import ConfigError
from ttv.config.places import dotted, headers
from ttv.config.starter import comment, written

_SECRET = {"env", "file"}


def sources(text: str, where: object) -> Mapping[str, Any]:
    """List the sources of a text by their names; ConfigError if it is not TOML."""
    try:
        found = tomllib.loads(text).get("sources", {})
    except tomllib.TOMLDecodeError as error:
        raise ConfigError([f"{where}: is not TOML: {error}"]) from None
    if not isinstance(found, Mapping):
        raise ConfigError([f"{where}: sources: must be a table"])
    return found


def put(text: str, name: str, keys: Mapping[str, Any], reasons: Mapping[str, str]) -> str:
    """Set the keys of a source; `reasons` become comments above them, by their dotted names.

    ValueError if something else would change, for the source stands there in a form that is not a table of its own.
    """
    before = tomllib.loads(text)
    known = before.get("sources", {})
    wanted = _merged(known.get(name, {}), keys)
    lines = text.splitlines()
    place, kept = _without(lines, text, name)
    table = [f"[{dotted(('sources', name))}]", *_lines(wanted, reasons)]
    above, below = kept[:place], kept[place:]
    parts = [*above, *([""] if above and above[-1] else []), *table, *([""] if below and below[0] else []), *below]
    new = "\n".join(parts) + "\n"
    if _read(new) != {**before, "sources": {**known, name: wanted}}:
        raise ValueError(f"{dotted(('sources', name))} cannot be changed there without changing something else")
    return new


def _without(lines: list[str], text: str, name: str) -> tuple[int, list[str]]:
    """Take a source's tables out of the lines; returns where the first one stood, or the end."""
    gone: set[int] = set()
    found = [(number - 1, place[:2] == ("sources", name)) for number, place in headers(text)]
    for (begin, mine), (end, next_is_mine) in zip(found, [*found, (len(lines), False)][1:], strict=True):
        if mine:
            gone |= set(range(begin, end if next_is_mine else _last(lines, begin, end)))
    place = min(gone, default=len(lines))
    return place, [line for number, line in enumerate(lines) if number not in gone]


def _last(lines: list[str], begin: int, end: int) -> int:
    """Leave the comments above the next table to that."""
    while end > begin + 1 and end < len(lines) and (not lines[end - 1].strip() or lines[end - 1].startswith("#")):
        end -= 1
    return end


def _lines(keys: Mapping[str, Any], reasons: Mapping[str, str], above: tuple[str, ...] = ()) -> Iterator[str]:
    for key, value in keys.items():
        place = (*above, key)
        if isinstance(value, Mapping) and value.keys() - _SECRET:
            yield from _lines(value, reasons, place)
        else:
            yield from comment(reasons.get(dotted(place)))
            yield f"{dotted(place)} = {written(value)}"


def _merged(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """Say what a source's table means once the keys are set; tables in it are merged, secrets are not."""
    merged = dict(old)
    for key, value in new.items():
        inside = isinstance(value, Mapping) and value.keys() - _SECRET
        merged[key] = {**old.get(key, {}), **value} if inside else value
    return merged


def _read(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return {}
