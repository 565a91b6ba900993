"""Many things cut into as many as one statement, or one transaction, should take."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

SLICE = 500
"""Keys looked up by one statement."""

Ident = tuple[str, str]
"""What a source names: `(source, id)` of an event, or `(source, key)` of an artefact."""


def batched(items: Iterable[Any], size: int) -> Iterator[tuple[Any, ...]]:
    """Cut into tuples of at most so many (itertools.batched, which Python 3.11 lacks)."""
    walk = iter(items)
    while part := tuple(islice(walk, size)):
        yield part


def by_source(idents: Iterable[Ident]) -> Iterator[tuple[str, list[str]]]:
    """Yield a source and its ids or keys, no more of them than one statement looks up."""
    grouped: dict[str, list[str]] = {}
    for source, id_ in idents:
        grouped.setdefault(source, []).append(id_)
    for source, ids in grouped.items():
        for part in batched(ids, SLICE):
            yield source, list(part)
