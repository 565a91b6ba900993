"""The part of Jira's query language that a reader of issues needs.

Comparisons of project, issuetype, status, statusCategory, labels, component, key, id, created and updated, joined by
AND, OR, NOT and parentheses, and ORDER BY. Times are epoch milliseconds, `"yyyy-MM-dd HH:mm"` in the zone of the
account, or relative (`-90m`, `now()`).
"""

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone

from ttv.demo.times import DAY, HOUR, MINUTE, NEVER, milliseconds

ACCOUNT_ZONE = "Etc/GMT+5"
"""The account's profile zone: five hours *west* of UTC, whatever the sign says."""
_ACCOUNT = timezone(timedelta(hours=-5))
_WORDS = re.compile(
    r"""\s*(?:(?P<string>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|(?P<sign>>=|<=|!=|[=<>(),])|(?P<word>[^\s=<>!(),"']+))"""
)
_SPANS = {"w": 7 * DAY, "d": DAY, "h": HOUR, "m": MINUTE}
_TEXT_FIELDS = {
    "project": "project",
    "issuetype": "issuetype",
    "type": "issuetype",
    "status": "status",
    "statuscategory": "statuscategory",
    "labels": "labels",
    "component": "component",
    "key": "key",
    "issuekey": "key",
    "issue": "key",
    "id": "id",
}
_TIME_FIELDS = {"created": "created", "createddate": "created", "updated": "updated", "updateddate": "updated"}
_ORDERS: dict[str, Callable[[int, int], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
    "=": operator.eq,
    "!=": operator.ne,
}

Facts = Mapping[str, frozenset[str]]
"""Of one issue, field → the words by which it may be meant, in lower case."""


class BadQuery(ValueError):  # noqa: N818 - it names what was sent
    """The query cannot be read; the text is what Jira says about it."""


@dataclass(frozen=True, slots=True)
class Issue:
    """What a query can ask about an issue."""

    facts: Facts
    times: Mapping[str, int]


Test = Callable[[Issue], bool]


@dataclass(frozen=True, slots=True)
class Query:
    """A query that was read: its test, the bounds that it sets to `updated`, and its order."""

    test: Test
    since: int
    until: int
    order: tuple[tuple[str, bool], ...]
    """(field, descending)"""
    bounded: bool


def parse(text: str, known: Facts, now: int) -> Query:
    """Read a query; `known` holds the values that exist of each field whose values are checked."""
    return _Reader(text, known, now).query()


@dataclass(frozen=True, slots=True)
class _Part:
    """A part of a query, with the bounds of `updated` outside of which it finds nothing."""

    test: Test
    since: int = -NEVER
    until: int = NEVER


class _Reader:
    """Reads tokens by descent: OR of AND of comparisons."""

    def __init__(self, text: str, known: Facts, now: int) -> None:
        self.known, self.now, self.place = known, now, 0
        self.tokens = _split(text)

    def query(self) -> Query:
        bounded = bool(self.tokens) and not self._comes("order")
        part = self._any() if bounded else _Part(lambda _: True)
        order = self._order() if self._comes("order") else ()
        if self.place < len(self.tokens):
            raise BadQuery(f"Error in the JQL Query: Expecting either 'OR' or 'AND' but got '{self._peek()}'.")
        return Query(part.test, part.since, part.until, order, bounded)

    def _peek(self) -> str:
        return self.tokens[self.place] if self.place < len(self.tokens) else ""

    def _comes(self, word: str) -> bool:
        return self._peek().lower() == word

    def _next(self) -> str:
        if self.place >= len(self.tokens):
            raise BadQuery("Error in the JQL Query: The query ends too early.")
        self.place += 1
        return self.tokens[self.place - 1]

    def _expect(self, word: str) -> None:
        if (found := self._next()).lower() != word:
            raise BadQuery(f"Error in the JQL Query: Expecting '{word}' but got '{found}'.")

    def _joined(self, read: Callable[[], _Part], word: str) -> list[_Part]:
        parts = [read()]
        while self._comes(word):
            self._next()
            parts.append(read())
        return parts

    def _any(self) -> _Part:
        parts = self._joined(self._all, "or")
        if len(parts) == 1:
            return parts[0]
        since, until = min(part.since for part in parts), max(part.until for part in parts)
        return _Part(lambda issue: any(part.test(issue) for part in parts), since, until)

    def _all(self) -> _Part:
        parts = self._joined(self._one, "and")
        if len(parts) == 1:
            return parts[0]
        since, until = max(part.since for part in parts), min(part.until for part in parts)
        return _Part(lambda issue: all(part.test(issue) for part in parts), since, until)

    def _one(self) -> _Part:
        if self._comes("not"):
            self._next()
            inner = self._one()
            return _Part(lambda issue: not inner.test(issue))
        if self._comes("("):
            self._next()
            part = self._any()
            self._expect(")")
            return part
        return self._comparison()

    def _comparison(self) -> _Part:
        name = self._next()
        field = _unquoted(name).lower()
        sign = self._next().lower()
        if sign == "not" or (sign == "is" and self._comes("not")):
            sign = f"{sign} {self._next().lower()}"
        if field in _TIME_FIELDS:
            return self._time(_TIME_FIELDS[field], sign)
        if field not in _TEXT_FIELDS:
            raise BadQuery(f"Field '{name}' does not exist or you do not have permission to view it.")
        return _Part(self._text(_TEXT_FIELDS[field], sign))

    def _text(self, field: str, sign: str) -> Test:
        if sign in {"is", "is not"}:
            self._next()
            return lambda issue: bool(issue.facts[field]) == (sign == "is not")
        if sign not in {"=", "!=", "in", "not in"}:
            raise BadQuery(f"The operator '{sign}' is not supported by the '{field}' field.")
        values = frozenset(self._list() if sign.endswith("in") else [self._value()])
        for value in values:
            if field in self.known and value not in self.known[field]:
                raise BadQuery(f"The value '{value}' does not exist for the field '{field}'.")
        wanted = sign in {"=", "in"}
        return lambda issue: bool(issue.facts[field] & values) == wanted

    def _list(self) -> list[str]:
        self._expect("(")
        values = [self._value()]
        while self._comes(","):
            self._next()
            values.append(self._value())
        self._expect(")")
        return values

    def _value(self) -> str:
        value = self._next()
        if value in {"(", ")", ","}:
            raise BadQuery(f"Error in the JQL Query: Expecting a value but got '{value}'.")
        return _unquoted(value).lower()

    def _time(self, field: str, sign: str) -> _Part:
        if sign not in _ORDERS:
            raise BadQuery(f"The operator '{sign}' is not supported by the '{field}' field.")
        value, holds = self._instant(field), _ORDERS[sign]
        since = value if field == "updated" and sign in {">=", ">", "="} else -NEVER
        until = value if field == "updated" and sign == "<" else NEVER
        return _Part(lambda issue: holds(issue.times[field], value), since, until)

    def _instant(self, field: str) -> int:
        text = _unquoted(self._next())
        if text.lower() == "now":
            self._expect("(")
            self._expect(")")
            return self.now
        if re.fullmatch(r"\d{9,}", text):
            return int(text)
        if found := re.fullmatch(r"([-+]?\d+)([wdhm])", text):
            return self.now + int(found[1]) * _SPANS[found[2]]
        for pattern in ("%Y-%m-%d %H:%M", "%Y/%m/%d %H:%M", "%Y-%m-%d", "%Y/%m/%d"):
            try:
                return milliseconds(datetime.strptime(text, pattern).replace(tzinfo=_ACCOUNT).astimezone(UTC))
            except ValueError:
                continue
        raise BadQuery(
            f"Date value '{text}' for field '{field}' is invalid. Valid formats include: 'yyyy/MM/dd HH:mm', "
            "'yyyy-MM-dd HH:mm', 'yyyy/MM/dd', 'yyyy-MM-dd', or a period format e.g. '-5d', '4w 2d'."
        )

    def _order(self) -> tuple[tuple[str, bool], ...]:
        self._next()
        self._expect("by")
        order = []
        while True:
            field = _unquoted(self._next()).lower()
            known = _TIME_FIELDS.get(field) or _TEXT_FIELDS.get(field)
            if known not in {"created", "updated", "key", "id"}:
                raise BadQuery(f"Field '{field}' does not exist or this field cannot be sorted by.")
            descending = self._comes("desc")
            if self._comes("asc") or descending:
                self._next()
            order.append((known, descending))
            if not self._comes(","):
                return tuple(order)
            self._next()


def _split(text: str) -> list[str]:
    tokens, place = [], 0
    text = text.rstrip()
    while place < len(text):
        found = _WORDS.match(text, place)
        if not found:
            raise BadQuery(f"Error in the JQL Query: The character '{text[place]}' is a reserved JQL character.")
        tokens.append(found[0].strip())
        place = found.end()
    return tokens


def _unquoted(token: str) -> str:
    return re.sub(r"\\(.)", r"\1", token[1:-1]) if token[:1] in {'"', "'"} else token
