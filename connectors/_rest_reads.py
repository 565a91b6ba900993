"""What one list of a REST API is and what its records become, said by a table of the configuration.

Takes the tables `[[sources.<name>.reads]]`; gives requests to make, and of each record an Event, a Withdrawn, an
Artefact or an Initiative. A record of a child read has the record above it under `above`.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, Self
from urllib.parse import quote

from pydantic import Field, model_validator

from connectors._rest_expressions import Wanted, WantedKind, expression
from connectors._rest_paging import Paging, Table
from connectors.contract import KINDS, Artefact, Event, Initiative, Item, Withdrawn

_HOLE = re.compile(r"\{([^{}]+)\}")
_DAY = timedelta(days=1)
_SECOND = timedelta(seconds=1)


class Bound(Table):
    """A parameter that tells the API from when, or until when."""

    parameter: str = Field(description="Its name.")
    format: Literal["rfc3339", "date", "unix_seconds", "unix_milliseconds"] = Field(
        default="rfc3339", description="How the time is written."
    )

    def sent(self, at: datetime, *, end: bool) -> dict[str, Any]:
        """Write a time; what the format cannot say is rounded so that nothing is left out."""
        grain = {"date": _DAY, "unix_milliseconds": _SECOND / 1000}.get(self.format, _SECOND)
        epoch = datetime(1970, 1, 1, tzinfo=UTC)
        whole = -((epoch - at) // grain) if end else (at - epoch) // grain
        if self.format.startswith("unix"):
            return {self.parameter: whole}
        rounded = epoch + whole * grain
        return {self.parameter: rounded.strftime("%Y-%m-%d" if grain == _DAY else "%Y-%m-%dT%H:%M:%SZ")}


class Wish(Table):
    """Expressions for an initiative; its claim is the subject."""

    key: Wanted = Field(description="Its key, of letters, digits, dot, dash and underscore.")
    name: Wanted = Field(description="Its name.")
    team: Wanted | None = Field(default=None, description="Its team.")
    owner: Wanted | None = Field(default=None, description="Its owner.")
    direction: Wanted | None = Field(default=None, description="top_down, bottom_up or unknown.")


class Child(Table):
    """A list, and what its records become."""

    name: str = Field(pattern=r"^[A-Za-z0-9._-]{1,100}$", description="Begins the ids of its events: posts/17.")
    path: str = Field(description="Path below the source's url; of a child read with expressions: /posts/{id}/votes.")
    method: Literal["GET", "POST"] = Field(default="GET", description="POST sends the parameters as a JSON body.")
    params: dict[str, Any] = Field(default={}, description="Parameters of every request.")
    absent: tuple[int, ...] = Field(default=(), description="Statuses that mean that there is no such list.")
    records: Wanted = Field(default=expression("@"), description="Where a body holds the list of records.")
    paging: Paging = Field(default=Paging(), description="How the list goes on.")
    when: Wanted | None = Field(default=None, description="Records for which it is not true are passed over.")
    kind: WantedKind | None = Field(
        default=None, description="idea, decision, start, change, deploy, feedback, or an expression for it."
    )
    id: Wanted = Field(default=expression("id"), description="Unique within the list, and stable.")
    occurred_at: Wanted | None = Field(default=None, description="When it happened.")
    subject: Wanted | None = Field(default=None, description="Key of the artefact that it is about.")
    refs: Wanted | None = Field(
        default=None,
        description="Keys of what the subject belongs to; without a kind all of them, and what is gone is withdrawn.",
    )
    keys_in: Wanted | None = Field(default=None, description="Texts in which keys of issues are looked for.")
    title: Wanted | None = Field(default=None, description="For people.")
    url: Wanted | None = Field(default=None, description="For people.")
    actor: Wanted | None = Field(default=None, description="Who did it; leave it out for customers.")
    attributes: dict[str, Wanted] = Field(default={}, description="Further expressions, such as customer or outcome.")
    deleted: Wanted | None = Field(default=None, description="True of a record that is no more.")
    initiative: Wish | None = Field(default=None, description="Makes an initiative of each record.")

    @model_validator(mode="after")
    def _enough(self) -> Self:
        if self.kind and not self.occurred_at:
            raise ValueError("a kind needs occurred_at")
        if (self.kind or self.initiative or self.refs or self.keys_in) and not self.subject:
            raise ValueError("subject is missing: the artefact that the records are about")
        if self.idle():
            raise ValueError("nothing would come of its records: give kind, refs, initiative or children")
        return self

    def idle(self) -> bool:
        """Say whether nothing would come of the records."""
        return not (self.kind or self.initiative or self.refs or self.keys_in)


class Read(Child):
    """A list that is read at each look."""

    since: Bound | None = Field(default=None, description="What asks the API for records touched since a time.")
    until: Bound | None = Field(default=None, description="What asks the API for records touched before a time.")
    touched: Wanted | None = Field(default=None, description="When a record was last touched: others are passed over.")
    order: Literal["none", "newest", "oldest"] = Field(
        default="none", description="The list's order by touched, if it has one: it is read no further than needed."
    )
    children: tuple[Child, ...] = Field(default=(), description="Lists that are asked for once for each record.")

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.order != "none" and self.touched is None:
            raise ValueError(f'order = "{self.order}" needs touched')
        return self

    def idle(self) -> bool:
        """Say whether nothing would come of the records, and none has children."""
        return super().idle() and not self.children


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads the records of one list."""

    read: Child
    time: Any
    """Reads an instant in the form that the tool has."""
    keys: Any
    """Lists the keys of artefacts that texts name."""

    def items(self, record: Any) -> Iterator[Item]:
        """Read a record; ValueError if something that it must have is not there."""
        read = self.read
        if read.when and not read.when.holds(record):
            return
        gone = bool(read.deleted and read.deleted.holds(record))
        kind = read.kind.of(record) if read.kind else None
        if read.kind and gone:
            yield Withdrawn(self._id(record))
        elif kind is not None:
            yield self._event(record, kind)
        if not read.kind and (read.refs or read.keys_in):
            yield Artefact(self._text("subject", record), () if gone else self._refs(record))
        if read.initiative and not gone:
            yield self._initiative(read.initiative, record)

    def _event(self, record: Any, kind: Any) -> Event:
        if kind not in KINDS:
            raise ValueError(f"kind: {kind!r} is none of {', '.join(KINDS)}")
        read = self.read
        at = read.occurred_at.of(record) if read.occurred_at else None
        if at is None:
            raise ValueError("occurred_at: there is nothing")
        return Event(
            self._id(record),
            kind,
            self.time(at),
            subject=self._text("subject", record),
            refs=self._refs(record),
            title=self._maybe(read.title, record),
            url=self._maybe(read.url, record),
            actor=self._maybe(read.actor, record),
            attributes=self._attributes(record),
        )

    def _initiative(self, wish: Wish, record: Any) -> Initiative:
        direction = self._maybe(wish.direction, record) or "unknown"
        if direction not in ("top_down", "bottom_up", "unknown"):
            raise ValueError(f"initiative.direction: {direction!r} is none of top_down, bottom_up, unknown")
        return Initiative(
            key=_said("initiative.key", wish.key.of(record)),
            name=_said("initiative.name", wish.name.of(record)),
            team=self._maybe(wish.team, record),
            owner=self._maybe(wish.owner, record),
            url=self._maybe(self.read.url, record),
            direction=direction,  # type: ignore[arg-type]  # one of the three, as was checked
            claims=(self._text("subject", record),),
        )

    def _id(self, record: Any) -> str:
        return f"{self.read.name}/{self._text('id', record)}"

    def _text(self, name: str, record: Any) -> str:
        wanted = getattr(self.read, name)
        return _said(name, wanted.of(record) if wanted else None)

    def _maybe(self, wanted: Wanted | None, record: Any) -> str | None:
        found = wanted.of(record) if wanted else None
        return None if found is None else str(found)

    def _refs(self, record: Any) -> tuple[str, ...]:
        named = _texts("refs", self.read.refs.of(record) if self.read.refs else None)
        found = self.keys(*_texts("keys_in", self.read.keys_in.of(record) if self.read.keys_in else None))
        return tuple(dict.fromkeys([*named, *found]))

    def _attributes(self, record: Any) -> Mapping[str, Any]:
        found = {name: wanted.of(record) for name, wanted in self.read.attributes.items()}
        if nested := [name for name, value in found.items() if isinstance(value, list | dict)]:
            raise ValueError(f"attributes.{nested[0]}: must be text, a number, true or false")
        return {name: value for name, value in found.items() if value is not None}


def filled(template: str, record: Any, *, path: bool = False) -> str:
    """Put what expressions find in a record into a text; in a path as one segment each."""

    def found(hole: re.Match[str]) -> str:
        said = _said(f"{{{hole[1]}}}", expression(hole[1]).of(record))
        return quote(said, safe="") if path else said

    return _HOLE.sub(found, template)


def holes(template: str) -> list[str]:
    """List the expressions in a text."""
    return _HOLE.findall(template)


def _said(name: str, found: Any) -> str:
    if found is None or found == "" or isinstance(found, bool | list | dict):
        raise ValueError(f"{name}: {'there is nothing' if found is None else f'{found!r} is no text or number'}")
    return str(found)


def _texts(name: str, found: Any) -> list[str]:
    listed = found if isinstance(found, list) else [found]
    if nested := [one for one in listed if isinstance(one, list | dict)]:
        raise ValueError(f"{name}: must be texts, not {nested[0]!r}")
    return [str(one) for one in listed if one is not None and one != ""]
