"""Orphans: events that reach no initiative, by what keeps them from it, and the claims that would tie the most of them.

Takes the untied subjects and the links above them whole, as sparse matrices: what is reached in so many hops is a
product of them, which stays fast where millions of events lie about. An artefact is at the top if nothing stands above
it but groups (a project, a label, a repository), which can be claimed as well and are proposed apart.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from itertools import count
from typing import Any, Literal, get_args

import numpy as np
from scipy import sparse
from sqlalchemy import Connection, exists, func, literal, or_, select

from ttv.figures import untied
from ttv.log import event_
from ttv.store import event, initiative, link, tie
from ttv.trace import HOPS

Cause = Literal[
    "no_initiative", "commit", "feedback", "deploy", "no_parent", "unclaimed", "unseen", "too_long", "cycle"
]
CAUSES: tuple[Cause, ...] = get_args(Cause)
WORDS: Mapping[Cause, str] = {
    "no_initiative": "it is said of an initiative that there is not",
    "commit": "the commit names no issue and no pull request",
    "feedback": "the feedback names nothing that was made",
    "deploy": "the deploy names no commit and no issue",
    "no_parent": "nothing stands above it, and no initiative claims it",
    "unclaimed": "what stands above it at the top is claimed by no initiative",
    "unseen": "what stands above it is of a place that no source reads",
    "too_long": f"the way to what is claimed, or to the top, is longer than {HOPS} hops",
    "cycle": "what stands above it stands below it too, and nothing of it is claimed",
}
_LIKE_AN_ARTEFACT = re.compile(
    r"[^/]*-\d+|.*[#!&@]\w+|(?!git:)\w+:(?:ticket/)?(?=\w*\d)\w+|.*/(?:deployments|releases)/.+"
)
_NUMBER = re.compile(r"[^#!&@/:-]*$")
_NOT_A_KEY = re.compile(r"[^A-Za-z0-9._-]+")
_ROWS = 10_000
"""Links that are read at once."""
_LONGEST = 1000
"""Hops after which a chain is taken for a cycle."""


@dataclass
class _Graph:
    """The untied artefacts as numbers, and what stands above each."""

    names: list[str]
    children: list[int]
    parents: list[int]
    beyond: set[int]
    """Those of which a parent is tied over so many hops as there may be."""
    events: Counter[int]
    kinds: dict[int, str]
    """Of the subjects: the kind of most of their events."""

    def above(self) -> Any:
        """Return the matrix that has a 1 for each parent in its child's row."""
        ones = np.ones(len(self.children), dtype=np.float32)
        shape = len(self.names), len(self.names)
        return _binary(sparse.csr_array((ones, (self.children, self.parents)), shape=shape))


@dataclass
class _Climbed:
    """What stands at the top of the graph, and who reaches it."""

    above: Any
    """A 1 for each parent in its child's row."""
    groups: Any
    """Which artefacts are groups."""
    has_parent: Any
    """Which have one that is no group."""
    tops: Any
    """The artefacts, and groups, that have none."""
    reach: Any
    """A 1 in an artefact's row for each top that it reaches in as many hops as there may be."""


def report(connection: Connection, *, proposals: int = 10, examples: int = 3) -> dict[str, Any]:
    """Group all orphans by cause, the most frequent first, and propose claims, those first that would tie the most."""
    graph = _read(connection)
    if not graph.events:
        return {"events": 0, "causes": [], "proposals": [], "groups": [], "unread": []}
    climbed = _climbed(graph)
    tied = dict(zip(climbed.tops.tolist(), (_weights(graph) @ climbed.reach).tolist(), strict=True))
    ranked = sorted((top for top in tied if tied[top]), key=lambda top: (-tied[top], graph.names[top]))
    artefacts = [top for top in ranked if not climbed.groups[top]]
    unseen = _unseen(connection, graph, artefacts)
    proposed = [top for top in artefacts if top not in unseen][:proposals]
    return {
        "events": sum(graph.events.values()),
        "causes": _listed(connection, graph, _causes(graph, climbed, unseen), examples),
        "proposals": _proposed(connection, graph, tied, proposed),
        "groups": _proposed(connection, graph, tied, [top for top in ranked if climbed.groups[top]][:proposals]),
        "unread": _unread(graph, tied, [top for top in artefacts if top in unseen])[:proposals],
    }


# ---- the graph


def _read(connection: Connection) -> _Graph:
    numbers: defaultdict[str, int] = defaultdict(count().__next__)
    events, kinds = Counter[int](), dict[int, str]()
    many = func.count()
    orphans = select(event.c.subject, event.c.kind, many).where(~event.c.deleted, untied())
    for subject, kind, found in connection.execute(orphans.group_by(event.c.subject, event.c.kind).order_by(many)):
        number = numbers[subject]
        events[number] += found
        kinds[number] = kind
    beyond, children, parents = set[int](), list[int](), list[int]()
    if events:
        known = tie.alias()
        is_tied = exists().where(known.c.artefact == link.c.parent)
        below = select(link.c.child, link.c.parent, is_tied).where(~exists().where(tie.c.artefact == link.c.child))
        for rows in connection.execute(below.distinct()).partitions(_ROWS):
            beyond.update(numbers[child] for child, _, tied in rows if tied)
            children += [numbers[child] for child, _, tied in rows if not tied]
            parents += [numbers[parent] for _, parent, tied in rows if not tied]
    return _Graph(list(numbers), children, parents, beyond, events, kinds)


def _weights(graph: _Graph) -> Any:
    weights = np.zeros(len(graph.names))
    weights[list(graph.events.keys())] = list(graph.events.values())
    return weights


def _binary(matrix: Any) -> Any:
    matrix.sum_duplicates()
    matrix.data[:] = 1
    return matrix


def _climbed(graph: _Graph) -> _Climbed:
    above = graph.above()
    groups = np.array([_is_group(name) for name in graph.names])
    has_parent = above @ (~groups).astype(np.float32) > 0
    has_parent[list(graph.beyond)] = True
    tops = np.flatnonzero(~has_parent)
    return _Climbed(above, groups, has_parent, tops, _reach(above, tops))


def _reach(above: Any, tops: Any) -> Any:
    """Go down from the tops, a hop at a time."""
    ones = np.ones(len(tops), dtype=np.float32)
    reach = frontier = sparse.csr_array((ones, (tops, np.arange(len(tops)))), shape=(above.shape[0], len(tops)))
    for _ in range(HOPS):
        came = _binary(above @ frontier)
        frontier = came - came.multiply(reach)
        frontier.eliminate_zeros()
        if not frontier.nnz:
            break
        reach = reach + frontier
    return reach.tocsr()


# ---- causes


def _causes(graph: _Graph, climbed: _Climbed, unseen: AbstractSet[int]) -> dict[Cause, list[int]]:
    """Sort the orphans' subjects by cause."""
    known = np.array([not climbed.groups[top] and top not in unseen for top in climbed.tops], dtype=np.float32)
    strange = np.array([top in unseen for top in climbed.tops], dtype=np.float32)
    to_known, to_unseen = climbed.reach @ known > 0, climbed.reach @ strange > 0
    to_any = _reaches_any(climbed.above, climbed.tops[~climbed.groups[climbed.tops]])
    to_tied = _reaches_any(climbed.above, list(graph.beyond))
    causes: dict[Cause, list[int]] = {}
    for number in graph.events:
        cause: Cause
        if to_tied[number]:
            cause = "too_long"
        elif not climbed.has_parent[number]:
            cause = _alone(graph.names[number], graph.kinds[number])
        elif to_known[number]:
            cause = "unclaimed"
        elif to_unseen[number]:
            cause = "unseen"
        else:
            cause = "too_long" if to_any[number] else "cycle"
        causes.setdefault(cause, []).append(number)
    return causes


def _alone(name: str, kind: str) -> Cause:
    """Say what is missing where nothing stands above."""
    if name.startswith("initiative:"):
        return "no_initiative"
    if kind == "change" and "@" in name:
        return "commit"
    return kind if kind in ("feedback", "deploy") else "no_parent"  # type: ignore[return-value]  # it is one of the two


def _reaches_any(above: Any, ends: Any) -> Any:
    """Say of each artefact whether it reaches one of these at all, however far away."""
    found = np.zeros(above.shape[0], dtype=np.float32)
    found[ends] = 1
    for _ in range(_LONGEST):
        more = np.minimum(found + above @ found, 1)
        if (more == found).all():
            break
        found = more
    return found > 0


def _unseen(connection: Connection, graph: _Graph, tops: Iterable[int]) -> set[int]:
    """Pick those of whose place, such as a project or a repository, nothing was ever heard."""
    places = {top: _place(graph.names[top]) for top in tops}
    seen = {place: _is_seen(connection, place) for place in set(places.values())}
    return {top for top, place in places.items() if not seen[place]}


def _place(name: str) -> str:
    return _NUMBER.sub("", name)


def _is_seen(connection: Connection, place: str) -> bool:
    heard, spoken = (
        exists().where(column >= place, column < _after(place)) for column in (event.c.subject, link.c.child)
    )
    return bool(connection.scalar(select(literal(1)).where(or_(heard, spoken))))


def _after(place: str) -> str:
    """Return the first text that sorts behind all that begin with a place."""
    return place[:-1] + chr(ord(place[-1]) + 1) if place else chr(0x10FFFF)


def _is_group(name: str) -> bool:
    return _LIKE_AN_ARTEFACT.fullmatch(name) is None


# ---- answers


def _listed(
    connection: Connection, graph: _Graph, causes: Mapping[Cause, Sequence[int]], examples: int
) -> list[dict[str, Any]]:
    counted = {cause: sum(graph.events[number] for number in numbers) for cause, numbers in causes.items()}
    return [
        {
            "cause": cause,
            "words": WORDS[cause],
            "events": counted[cause],
            "artefacts": len(causes[cause]),
            "examples": _examples(connection, sorted(graph.names[number] for number in causes[cause])[:examples]),
        }
        for cause in sorted(counted, key=lambda cause: (-counted[cause], CAUSES.index(cause)))
    ]


def _examples(connection: Connection, subjects: Sequence[str]) -> list[dict[str, Any]]:
    """Give the first event about each subject."""
    found = []
    for subject in subjects:
        about = select(event).where(event.c.subject == subject, ~event.c.deleted)
        row = connection.execute(about.order_by(event.c.occurred_at, event.c.source, event.c.id).limit(1)).one()
        found.append(event_(row))
    return found


def _proposed(
    connection: Connection, graph: _Graph, tied: Mapping[int, float], tops: Iterable[int]
) -> list[dict[str, Any]]:
    """Propose a claim for each top, as an initiative of the configuration."""
    taken = set(connection.scalars(select(initiative.c.key)))
    found = []
    for top in tops:
        artefact = graph.names[top]
        titled = select(event.c.title).where(event.c.subject == artefact, ~event.c.deleted, event.c.title.is_not(None))
        key = _key(artefact, taken)
        taken.add(key)
        title = connection.scalar(titled.order_by(event.c.occurred_at).limit(1))
        found.append({"artefact": artefact, "title": title, "events": round(tied[top]), "key": key})
    return found


def _key(artefact: str, taken: Iterable[str]) -> str:
    """Make a key of an initiative out of what it would claim."""
    key = _NOT_A_KEY.sub("-", artefact.partition(":")[2] or artefact).strip("-.")[-90:] or "initiative"
    known = set(taken)
    return next(one for one in (key, *(f"{key}-{n}" for n in range(2, len(known) + 3))) if one not in known)


def _unread(graph: _Graph, tied: Mapping[int, float], tops: Iterable[int]) -> list[dict[str, Any]]:
    """Count what leads to each place that no source reads."""
    places: Counter[str] = Counter()
    for top in tops:
        places[_place(graph.names[top])] += round(tied[top])
    return [{"place": place, "events": count} for place, count in places.most_common()]
