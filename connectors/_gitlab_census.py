"""GitLab's census: which issues and merge requests are deleted.

Takes the projects that are read and names of artefacts; gives those that are there no more. GitLab answers 404 for what
is deleted and for what a token may not see alike. So only projects are asked in which the token sees everything, also
what is confidential: as a reporter or more, or as an administrator; what a list leaves out is then asked for by itself.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from connectors._gitlab import API, Project, pages
from connectors._reading import batches
from connectors.client import Client

_THREAD = re.compile(r"gitlab:(.+)([#!])([1-9]\d*)")
_LISTS = {"#": ("issues", ("issues",)), "!": ("merge_requests", ("merge_requests", "repository"))}
_REPORTER = 20
_BATCH = 100
_ABSENT = (404,)


def deleted(client: Client, projects: Iterable[Project], subjects: Iterable[str]) -> Iterator[str]:
    """Yield the subjects that are deleted."""
    wanted: dict[tuple[str, str], list[int]] = {}
    for thread in filter(None, map(_THREAD.fullmatch, subjects)):
        wanted.setdefault((thread[1], thread[2]), []).append(int(thread[3]))
    if not wanted:
        return
    admin = bool(client.get(f"{API}/user").get("is_admin"))
    for project in projects:
        asked = {sign: wanted[project.name, sign] for sign in _LISTS if (project.name, sign) in wanted}
        if not asked or not (admin or _sees_all(client, project)):
            continue
        for sign, numbers in asked.items():
            path, features = _LISTS[sign]
            if project.has(*features):
                yield from (f"gitlab:{project.name}{sign}{iid}" for iid in _gone(client, project, path, numbers))


def _sees_all(client: Client, project: Project) -> bool:
    told: Any = client.get(API + project.api).get("permissions") or {}
    levels = [(told.get(name) or {}).get("access_level") or 0 for name in ("project_access", "group_access")]
    return max(levels) >= _REPORTER


def _gone(client: Client, project: Project, path: str, numbers: Iterable[int]) -> Iterator[int]:
    for some in batches(numbers, _BATCH):
        numbered = "&".join(f"iids[]={iid}" for iid in some)
        listed = pages(client, f"{project.api}/{path}?{numbered}", {"scope": "all", "state": "all"})
        there = {record["iid"] for record in listed}
        for iid in some:
            if iid not in there and client.get(f"{API}{project.api}/{path}/{iid}", absent=_ABSENT) is None:
                yield iid
