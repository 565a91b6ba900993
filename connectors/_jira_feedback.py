"""Requests of Jira Service Management as feedback: what a customer asked for, and how satisfied it left them.

Takes issues of service projects; gives an Event `feedback` for the request, written when it was created, and one for
its rating. Who asked is told apart, but not named.
"""

from collections.abc import Iterator
from typing import Any

from connectors._jira_settings import Settings
from connectors._jira_sites import RATED_AT, RATING, REQUEST_TYPE, Facts
from connectors._reading import instant
from connectors.contract import Event

_STAFF = frozenset({"atlassian", "app"})
"""Accounts that are not of customers."""
_GOOD, _BAD = 4, 2
"""Of five stars."""


class Requests:
    """Reads the requests of one site that are feedback."""

    def __init__(self, settings: Settings, facts: Facts) -> None:
        self._wanted = settings.feedback
        self._projects, self._types, self._own = (
            frozenset(name.casefold() for name in names)
            for names in (self._wanted.projects, self._wanted.request_types, self._wanted.own_domains)
        )
        told = facts.fields if self.any else {}
        self._type, self._rating, self._rated_at = (told.get(kind) for kind in (REQUEST_TYPE, RATING, RATED_AT))

    @property
    def any(self) -> bool:
        """Whether there may be some at all."""
        return bool(self._projects)

    @property
    def by_type(self) -> bool:
        """Whether only some types of requests are wanted."""
        return bool(self._types)

    @property
    def fields(self) -> list[str]:
        """Name the fields that are read of them."""
        return [name for name in (self._type, self._rating, self._rated_at) if name]

    def may_be(self, fields: Any) -> bool:
        """Say whether an issue is of a project whose requests are feedback, all or those of some types."""
        return ((fields.get("project") or {}).get("key") or "").casefold() in self._projects

    def is_one(self, fields: Any) -> bool:
        """Say whether an issue is a request that is feedback."""
        return self.may_be(fields) and (not self._types or (self._type_of(fields) or "").casefold() in self._types)

    def events(self, issue: Any, page: str) -> Iterator[Event]:
        """Yield what a request says, and its rating, if it tells when it was given."""
        fields, id_ = issue["fields"], f"feedback/{issue['id']}"
        told = {"customer": self._is_customers(fields)}
        stars, at = self._stars(fields), fields.get(self._rated_at or "")
        said = {"sentiment": _sentiment(stars), "rating": stars} if stars is not None else {}
        beside = {} if at else said
        yield self._event(issue, id_, fields["created"], page, {**told, "sentiment": "neutral", **beside})
        if at and said:
            yield self._event(issue, f"{id_}/rating", at, page, {**told, **said})

    def _event(self, issue: Any, id_: str, at: Any, page: str, told: dict[str, Any]) -> Event:
        key, title = f"jira:{issue['key']}", issue["fields"]["summary"]
        return Event(id_, "feedback", instant(at), subject=key, title=title, url=page, attributes=told)

    def _is_customers(self, fields: Any) -> bool:
        """Tell customers by their mail address, and where that is hidden by their account, which Cloud sorts."""
        who = fields.get("reporter") or {}
        domain = (who.get("emailAddress") or "").rpartition("@")[2].casefold()
        if domain and self._own:
            return domain not in self._own
        return who.get("accountType") not in _STAFF

    def _type_of(self, fields: Any) -> str | None:
        told = fields.get(self._type or "")
        named = (told.get("requestType") or {}).get("name") if isinstance(told, dict) else None
        return str(named) if named else None

    def _stars(self, fields: Any) -> int | None:
        told = fields.get(self._rating or "")
        stars = told.get("rating") if isinstance(told, dict) else told
        return int(stars) if stars else None


def _sentiment(stars: int) -> str:
    return "positive" if stars >= _GOOD else "negative" if stars <= _BAD else "neutral"
