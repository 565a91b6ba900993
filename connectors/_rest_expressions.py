"""Expressions in JMESPath, which take what is wanted out of JSON; checked when the configuration is read.

Takes their text; gives something to ask a record, or ValueError in words: where the syntax is wrong, which function
does not exist, or gets another number of arguments than it takes.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Annotated, Any

import jmespath
from jmespath import exceptions, functions
from pydantic import BeforeValidator, InstanceOf

from connectors.contract import KINDS


@dataclass(frozen=True, slots=True)
class Expression:
    """One expression."""

    text: str
    _compiled: Any = field(repr=False, compare=False)

    def of(self, record: Any) -> Any:
        """Return what it finds in a record: None if there is nothing; ValueError if a function cannot take it."""
        return self._compiled.search(record)

    def holds(self, record: Any) -> bool:
        """Say whether it finds something that is true: not null, false, nor empty."""
        found = self.of(record)
        return found is not None and found is not False and found not in ("", [], {})


def expression(text: object) -> Expression:
    """Read an expression; ValueError in words."""
    if isinstance(text, Expression):
        return text
    if not isinstance(text, str):
        raise ValueError("must be a JMESPath expression, as text")  # noqa: TRY004  pydantic expects it
    try:
        compiled = jmespath.compile(text)
    except exceptions.EmptyExpressionError:
        raise ValueError("must be a JMESPath expression; it is empty") from None
    except exceptions.ParseError as error:
        raise ValueError(_wrong(text, error.lex_position)) from None
    if faults := list(_misused(compiled.parsed)):
        raise ValueError("; ".join(faults))
    return Expression(text, compiled)


def _wrong(text: str, position: int) -> str:
    if position >= len(text.rstrip()):
        return f"is no JMESPath expression: `{text}` breaks off"
    return f"is no JMESPath expression: `{text}` is wrong from `{text[position:]}` on (column {position + 1})"


def _misused(node: Any) -> Iterator[str]:
    """Say which functions of a syntax tree do not exist, or get another number of arguments than they take."""
    if node["type"] == "function_expression":
        known = functions.Functions.FUNCTION_TABLE
        name, given = node["value"], len(node["children"])
        if name not in known:
            near = get_close_matches(name, known, n=1)
            yield f"JMESPath has no function {name}()" + (f"; did you mean {near[0]}()?" if near else "")
        elif (given < len(known[name]["signature"])) or (
            given > len(known[name]["signature"]) and not known[name]["signature"][-1].get("variadic")
        ):
            yield f"{name}() takes {len(known[name]['signature'])} arguments, not {given}"
    for child in node["children"]:
        yield from _misused(child)


def _kind(text: object) -> Expression:
    """Read one of the six kinds as itself, and anything else as an expression."""
    return expression(f"'{text}'" if text in KINDS else text)


Wanted = Annotated[InstanceOf[Expression], BeforeValidator(expression)]
WantedKind = Annotated[InstanceOf[Expression], BeforeValidator(_kind)]
