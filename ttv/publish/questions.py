"""What may be asked: the query parameters and paths of every call, checked before anything is read."""

from collections.abc import Iterator
from datetime import datetime
from functools import cache
from http import HTTPStatus
from typing import Annotated, Any, Literal

from flask import Response, request
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, WithJsonSchema

from connectors.contract import Direction, Evolution
from ttv import records
from ttv.figures import SORTS, Selection
from ttv.publish import problems

State = Literal["no_idea", "deciding", "waiting", "building", "sensing", "realised", "stopped"]
LIMIT = 1000
"""The longest page of a list."""


def _instant(text: object) -> datetime:
    if isinstance(text, str) and " " in text:
        raise ValueError(f"{text!r} contains a space; write the + of an offset as %2B in an address, or use Z")
    return records.instant(text)


Instant = Annotated[
    datetime,
    BeforeValidator(_instant),
    WithJsonSchema({"type": "string", "format": "date-time", "examples": ["2026-09-21T10:06:40Z"]}),
]
# What is wrong with one of these, the figures say better than a pattern can.
Window = Annotated[str, WithJsonSchema({"type": "string", "pattern": "^([1-9][0-9]*d|all)$"})]
GroupBy = Annotated[str, WithJsonSchema({"type": "string", "pattern": "^(team|direction|evolution|label:.+)$"})]
Label = Annotated[str, WithJsonSchema({"type": "string", "pattern": "^[^:]+:"})]
Sort = Annotated[
    str, WithJsonSchema({"type": "string", "enum": [f"{sign}{name}" for name in SORTS for sign in ("", "-")]})
]


class Question(BaseModel):
    """A call without parameters."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @classmethod
    def model_json_schema(cls, *args: Any, **options: Any) -> dict[str, Any]:
        """Describe the model; the plain description, which every request is read by, is made once."""
        return super().model_json_schema(*args, **options) if args or options else _described(cls)


@cache
def _described(model: type[Question]) -> dict[str, Any]:
    return super(Question, model).model_json_schema()


class AsOf(Question):
    as_of: Instant | None = Field(None, description="Answer as of this instant (RFC 3339 with offset); default: now.")
    known_at: Instant | None = Field(
        None,
        description="Answer from what was known at this instant, before what came or was corrected later; default: "
        "now. Without `as_of`, the answer is as of this instant too.",
    )


class Reasoned(Question):
    by: records.Name | None = Field(None, description="Who wants it so.")
    why: records.Why | None = Field(None, description="Why it is so.")


class Selected(AsOf):
    team: str | None = Field(None, description="Only initiatives of this team.")
    direction: Direction | None = Field(None, description="Only initiatives of this direction.")
    evolution: Evolution | None = Field(None, description="Only initiatives at this place on the map.")
    label: Label | None = Field(None, description="Only initiatives with this label, as `key:value`.")

    def selection(self, **more: Any) -> Selection:
        """Return which initiatives are asked for."""
        return Selection(team=self.team, direction=self.direction, evolution=self.evolution, label=self.label, **more)


class Page(Question):
    limit: int = Field(100, ge=1, le=LIMIT, description="How many items to answer at most.")
    cursor: str | None = Field(None, description="The `next` of the page before.")


class Initiatives(Selected):
    state: State | None = Field(None, description="Only initiatives in this state.")
    q: str | None = Field(None, description="Only initiatives whose key, name or owner contains this text.")
    sort: Sort = Field("-idea_at", description="The field to sort by; a `-` before it turns the order around.")
    limit: int = Field(100, ge=1, le=LIMIT, description="How many items to answer at most.")
    cursor: str | None = Field(None, description="The `next` of the page before.")


class Many(Selected):
    window: Window | None = Field(None, description="`<n>d` or `all`; default: the configured one, `365d`.")
    group_by: GroupBy | None = Field(None, description="`team`, `direction`, `evolution` or `label:<key>`.")


class Population(Many):
    rows: bool = Field(default=False, description="Name the initiatives that each group rests on, the longest first.")


class Key(BaseModel):
    key: str = Field(description="The initiative's key.")


class WritableKey(BaseModel):
    key: records.InitiativeKey = Field(description="The initiative's key: letters, digits, `.`, `_`, `-`; at most 100.")


class HookedSource(BaseModel):
    source: str = Field(description="The source's name in the configuration.")


def refused(error: ValidationError) -> Response:
    """Answer a question that its model refused."""
    model = next((one for one in _every(Question) if one.__name__ == error.title), WritableKey)
    return problems.response(problems.of_validation(error, model.model_fields, "parameter"))


def plain() -> None:
    """Refuse what would be passed over in silence, or what no database can hold: a parameter given twice, a NUL."""
    given = request.args
    for name, values in given.lists() if given else ():
        if len(values) > 1:
            reason = f"is given {len(values)} times; give it once"
            raise problems.Problem(HTTPStatus.BAD_REQUEST, f"parameter {name!r}: {reason}")
    if "\x00" in "".join([*given.values(), *(request.view_args or {}).values()]):
        raise problems.Problem(HTTPStatus.BAD_REQUEST, "the address contains a NUL character, %00; leave it out")


def _every(model: type[BaseModel]) -> Iterator[type[BaseModel]]:
    yield model
    for narrower in model.__subclasses__():
        yield from _every(narrower)
