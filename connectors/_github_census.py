"""Which artefacts of a repository are deleted: those of which GitHub says so, or that a list it shows holds no more.

Takes their keys. A deleted issue is 410, one that was moved leads to where it is, one that is hidden is 404; so are
discussions, of which nothing is said, and pull requests cannot be deleted. Where the lists of deployments or releases
can be read, one that is not found is deleted. A commit that was pushed away stays what it was.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from types import MappingProxyType
from typing import NamedTuple
from urllib.parse import quote

from connectors._github import GitHub, Names, Repository
from connectors.client import Params
from connectors.contract import State

_FEW = 50
"""So many are asked for one by one; of more the list tells first which are there."""


class _Kind(NamedTuple):
    """Artefacts of one kind: where they are listed and by which field, where each is, and what deleted ones answer."""

    listed: str
    field: str
    one: str
    deleted: State
    order: Params = MappingProxyType({})


_OLDEST: Params = {"state": "all", "sort": "created", "direction": "asc"}
_KINDS = {
    "#": _Kind("/issues", "number", "/issues/", "gone", _OLDEST),
    "/deployments/": _Kind("/deployments", "id", "/deployments/", "not_found"),
    "/releases/": _Kind("/releases", "tag_name", "/releases/tags/", "not_found"),
}


def gone(client: GitHub, repository: Repository, names: Names, subjects: Iterable[str]) -> Iterator[str]:
    """Yield those of some keys whose artefacts were deleted in a repository that the token sees."""
    here = re.compile(rf"{re.escape(names.prefix + repository.name)}({'|'.join(_KINDS)})(.+)")
    sorted_: dict[str, dict[str, str]] = {sign: {} for sign in _KINDS}
    for subject in subjects:
        if found := here.fullmatch(subject):
            sorted_[found[1]][found[2]] = subject
    for sign, wanted in sorted_.items():
        if wanted and (sign != "#" or repository.has_issues):
            yield from _deleted(client, repository.api, _KINDS[sign], wanted)


def _deleted(client: GitHub, api: str, kind: _Kind, wanted: Mapping[str, str]) -> Iterator[str]:
    """Yield those that the list does not hold and whose own address says so; an error where the list is not shown."""
    many = len(wanted) > _FEW
    listed = client.pages(f"{api}{kind.listed}", {**kind.order, "per_page": 100 if many else 1})
    there = {str(record[kind.field]) for record in (listed if many else islice(listed, 1))}
    for key, subject in wanted.items():
        if key not in there:
            refused = client.refusal(f"{api}{kind.one}{quote(key, safe='')}")
            if refused and refused.state == kind.deleted:
                yield subject
