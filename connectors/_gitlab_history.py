"""What became of a GitLab issue or epic: decisions and starts, from the history of its labels and its state.

Takes the path of an issue or epic; gives an instant, a name and an outcome for each label that was put on and means
something, and for a closing, where closing means something and was not taken back.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from connectors import contract
from connectors._gitlab import HIDDEN, pages
from connectors._reading import instant, same
from connectors.client import Client
from connectors.contract import Withdrawn

Closed = Literal["rejected", "stopped"]


@dataclass(frozen=True, slots=True)
class Moment:
    """Something that happened to an issue or epic."""

    id: str
    kind: contract.Kind
    at: datetime
    by: str | None
    outcome: str | None = None


@dataclass(frozen=True, slots=True)
class History:
    """Asks for the history of issues and epics, and knows which labels mean what."""

    client: Client
    approved: tuple[str, ...]
    rejected: tuple[str, ...]
    deferred: tuple[str, ...]
    start: tuple[str, ...]
    closed: Closed | None

    def of(self, path: str, *, idea: bool, left: bool = False) -> Iterator[Moment | Withdrawn]:
        """Yield the decisions upon an idea and the starts of work; closing what has left for elsewhere decides not."""
        if idea or self.start:
            for told in pages(self.client, f"{path}/resource_label_events", absent=HIDDEN):
                yield from self._labelled(told, idea=idea)
        if idea and self.closed and not left:
            yield from self._closings(list(pages(self.client, f"{path}/resource_state_events", absent=HIDDEN)))

    def _labelled(self, told: Any, *, idea: bool) -> Iterator[Moment]:
        """Read one change of the labels; of a label that was deleted GitLab has forgotten the name."""
        if told["action"] != "add" or not told["label"]:
            return
        name, at, by = told["label"]["name"], instant(told["created_at"]), who(told["user"])
        outcomes = (("approved", self.approved), ("rejected", self.rejected), ("deferred", self.deferred))
        outcome = next((outcome for outcome, labels in outcomes if same(name, labels)), None)
        if outcome and idea:
            yield Moment(f"label-event/{told['id']}", "decision", at, by, outcome)
        elif same(name, self.start):
            yield Moment(f"label-event/{told['id']}", "start", at, by)

    def _closings(self, changes: list[Any]) -> Iterator[Moment | Withdrawn]:
        """Yield the closing that still stands; one that was taken back was no decision."""
        inorder = sorted(changes, key=lambda told: (instant(told["created_at"]), told["id"]))
        for place, told in enumerate(inorder, 1):
            if told["state"] == "closed":
                id_ = f"state-event/{told['id']}"
                last = place == len(inorder)
                at, by = instant(told["created_at"]), who(told["user"])
                yield Moment(id_, "decision", at, by, self.closed) if last else Withdrawn(id_)


def who(user: Any) -> str | None:
    """Name a user; one who was deleted has none."""
    return user.get("username") if user else None
