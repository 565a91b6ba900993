"""What is known of one initiative, so that it can be counted: its figures, and its events by what they could do."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ttv import records, words

Event = dict[str, Any]
_SHOWN = 20
"""Events that a finding names at most: the last ones."""


@dataclass(frozen=True)
class Evidence:
    """One initiative as `figures.initiative` tells it, with its events as `explain.events` does."""

    item: dict[str, Any]
    events: list[Event]

    @property
    def state(self) -> str:
        """How far it has come."""
        return str(self.item["state"])

    def at(self, milestone: str) -> datetime | None:
        """Return when a milestone was reached."""
        found: datetime | None = self.item["milestones"][f"{milestone}_at"]
        return found

    def ago(self, instant: datetime | None) -> str:
        """Say how long before the instant that is asked for another one was."""
        return words.ago(instant, self.item["as_of"])

    def of(self, kind: str, begin: datetime | None = None) -> list[Event]:
        """Return the events of a kind, all or from an instant on."""
        return [one for one in self.events if one["kind"] == kind and (begin is None or one["occurred_at"] >= begin)]

    def before_idea(self, fits: Callable[[Event], bool]) -> list[Event]:
        """Return what came before the idea, and therefore does not count."""
        idea_at = self.at("idea")
        return [one for one in self.events if idea_at is not None and one["occurred_at"] < idea_at and fits(one)]


def meaning(event: Event) -> str | None:
    """Say what an event could do to a milestone."""
    return records.meaning(event["kind"], event["attributes"])


def named(events: Iterable[Event]) -> list[dict[str, str]]:
    """Name the last of some events."""
    return [{"source": one["source"], "id": one["id"]} for one in list(events)[-_SHOWN:]]


def tally(counts: Counter[str]) -> str:
    """Tell counts in words, the most first: `2 to staging, 1 failed`."""
    return ", ".join(f"{number:,} {what}" for what, number in counts.most_common())


def listed(parts: Iterable[str]) -> str:
    """Join sentences' parts by semicolons, without the empty ones."""
    return "; ".join(part for part in parts if part)


def artefacts(item: dict[str, Any]) -> str:
    """Say which artefacts events of an initiative can be about."""
    shown = list(item["claims"][:3]) or [f"initiative:{item['key']}"]
    return " or ".join(shown)
