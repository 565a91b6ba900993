"""GitLab's webhooks: that something happened which a look at the source tells exactly.

They have whole seconds where the API has thousandths, and leave out when a merge request was merged, what a deployment
brought, and which entry of its history put a label on. So none of them becomes an event: each asks for a look at once.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from connectors import _signed
from connectors._reading import instant
from connectors.contract import Delivery, HookedSettings

_SECOND = timedelta(seconds=1)
"""Instants are cut to the second; what happened in it is told of by its end."""
_TELLING = {"title", "description", "labels", "state_id", "moved_to_id", "confidential", "target_branch", "draft"}
"""Changes of a thread that a look makes something of."""
_ENDED = {"success", "failed"}


def verify(settings: HookedSettings, headers: Mapping[str, str], body: bytes) -> datetime | None:
    """Verify a webhook by its signature, if GitLab signs, or by the secret that it carries; returns when it was signed.

    GitLab can sign since 19.0, and then still carries the secret too if there is one.
    """
    if headers.get("webhook-signature"):
        return _signed.by_standard(settings, headers, body)
    _signed.by_token(settings, "X-Gitlab-Token", headers.get("X-Gitlab-Token"))
    return None


def announced(told: Any, projects: Iterable[str], groups: Iterable[str], signed_at: datetime | None) -> Delivery:
    """Ask for a look, if a webhook tells of something that a look at these projects and groups makes something of."""
    if not _is_read(told, tuple(projects), tuple(groups)):
        return Delivery(signed_at=signed_at)
    thread = told.get("object_attributes") or {}
    match told.get("object_kind"):
        case "issue" | "work_item" | "epic" | "merge_request":
            telling = thread.get("action") != "update" or not _TELLING.isdisjoint(told.get("changes") or ())
            at = thread.get("updated_at")
        case "deployment":
            telling, at = told.get("status") in _ENDED, told.get("status_changed_at")
        case "release":
            telling, at = True, None  # its date may lie long before it was filed
        case _:
            telling, at = False, None
    look_in = timedelta(0) if telling else None
    return Delivery(as_of=_instant(at) + _SECOND if at else None, signed_at=signed_at, look_in=look_in)


def _is_read(told: Any, projects: tuple[str, ...], groups: tuple[str, ...]) -> bool:
    """Say whether a webhook is of a project or group that is read; where none is named, all are."""
    path = str((told.get("project") or {}).get("path_with_namespace") or (told.get("group") or {}).get("full_path"))
    inside = (f"{path}/".casefold().startswith(f"{group}/".casefold()) for group in groups)
    return not (projects or groups) or path.casefold() in map(str.casefold, projects) or any(inside)


def _instant(text: str) -> datetime:
    """Read an instant as webhooks have it: `2026-04-14 05:57:54 UTC`, or with an offset."""
    return instant(text.removesuffix(" UTC") + "+00:00" if text.endswith(" UTC") else text)
