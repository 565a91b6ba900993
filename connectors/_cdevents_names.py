"""The names that CDEvents and their neighbours have for things → keys of artefacts, alike to those of other connectors.

Takes what a CDEvent calls something: an address, a domain id (`cdevents:v0:github::acme:pay:pr:42`), a package URL, or
a word of its own; gives the key that the tool's own connector has for it, where it has one, so that both mean the same.
"""

import re
from urllib.parse import unquote, urlsplit

from connectors._reading import keys

_URN = re.compile(r"cdevents:v0:([^:]*):[^:]*:([^:]*):([^:]*):([^:]+):(.+)")
_GITHUB = re.compile(r"/([\w.-]+/[\w.-]+)/(?:pull|issues|discussions)/([1-9]\d*)/?")
_GITHUB_COMMIT = re.compile(r"/([\w.-]+/[\w.-]+)/commit/([0-9a-f]{40})/?")
_GITLAB = re.compile(r"/([\w.-]+(?:/[\w.-]+)+)/-/(issues|work_items|merge_requests)/([1-9]\d*)/?")
_JIRA = re.compile(r"(?:/[^/]+)?/browse/([^/]+)/?")
_PACKAGE = re.compile(r"pkg:github/([\w.-]+/[\w.-]+)@([0-9a-f]{40})")
_SIGNS = {"issue": "#", "work_item": "#", "mr": "!", "merge_request": "!"}
_GITHUB_THREADS = {"issue", "pr", "pull", "pull_request", "discussion"}
_WORK = re.compile(r"(github|gitlab):[^#!@]+#\d+")


class Names:
    """Names things; `pattern` and `prefix` are those of issues elsewhere."""

    def __init__(self, pattern: str, prefix: str) -> None:
        self._pattern, self._prefix = pattern, prefix

    def known(self, said: str) -> str | None:
        """Name what an address, a domain id, a package URL or an issue's key is about; None if it is none of these."""
        if urn := _URN.fullmatch(said):
            return self._urn(*urn.groups()) or said
        if package := _PACKAGE.match(said):
            return f"github:{package[1]}@{package[2]}"
        if said.startswith("pkg:"):
            return said
        if re.fullmatch(self._pattern, said):
            return self._prefix + said
        return self._address(said) if said.startswith(("https://", "http://")) else None

    def own(self, kind: str, source: str, said: str) -> str:
        """Name something by what it is, who says so, and the word it has there, unless others know it too."""
        return self.known(said) or f"cdevents:{source}/{kind}/{said}"

    def change(self, source: str, said: str, repository: str = "", host: str = "") -> str:
        """Name a change by its number in a repository, where it is known whose; the source may be the repository."""
        place = urlsplit(host or source) if "//" in (host or source) else urlsplit(f"//{host or source}")
        path = repository or place.path.strip("/")
        if said.isdecimal() and path:
            for tool, sign in (("github", "#"), ("gitlab", "!")):
                if tool in (place.hostname or ""):
                    return f"{tool}:{path}{sign}{said}"
        return self.own("change", source, said)

    def issues(self, *texts: str | None) -> list[str]:
        """Name the issues whose keys stand in texts."""
        return [self._prefix + key for key in keys(self._pattern, *texts)]

    def is_work(self, key: str) -> bool:
        """Say whether a key is an issue's, and not a change's or a deployment's."""
        return key.startswith(self._prefix) or _WORK.fullmatch(key) is not None

    def _urn(self, provider: str, namespace: str, groups: str, kind: str, resource: str) -> str | None:
        path = "/".join(unquote(part) for part in (namespace, *groups.split("/")) if part)
        said = unquote(resource)
        if provider == "jira" and kind == "issue":
            return self._prefix + said
        if provider == "github" and kind in _GITHUB_THREADS:
            return f"github:{path}#{said}"
        if provider in ("github", "gitlab") and kind == "commit":
            return f"{provider}:{path}@{said}"
        if provider == "gitlab" and kind in _SIGNS:
            return f"gitlab:{path}{_SIGNS[kind]}{said}"
        return self.known(said) if said.startswith("pkg:") else None

    def _address(self, said: str) -> str | None:
        path = urlsplit(said).path
        if found := _GITLAB.fullmatch(path):
            return f"gitlab:{found[1]}{'!' if found[2] == 'merge_requests' else '#'}{found[3]}"
        if found := _GITHUB.fullmatch(path):
            return f"github:{found[1]}#{found[2]}"
        if found := _GITHUB_COMMIT.fullmatch(path):
            return f"github:{found[1]}@{found[2]}"
        if (found := _JIRA.fullmatch(path)) and re.fullmatch(self._pattern, found[1]):
            return self._prefix + found[1]
        return None
