"""A Git repository, asked by the program `git`: a folder that is there, or one that mirrors an address.

Takes a folder, an address and credentials; gives what git says, or one of the errors of `contract.py`. The program is
what every machine with a repository has: it speaks every transport, takes the proxies, certificates and keys that are
set up for it, and reads a long history faster than any library. A mirror writes down when each branch and tag moved,
and from what: so what was pushed late, or by force, is known at every later look.
"""

import os
import re
import subprocess
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple, Self

from connectors.contract import Refused, SourceError, Unavailable, Unreadable

_SECONDS = 3600
"""A first copy of a large repository takes its time; one that stands still is ended by timeout_seconds."""
_REFUSED = re.compile(
    r"Authentication failed|could not read (Username|Password)|Permission denied|returned error: 40[134]|not found"
    r"|does not appear to be a git repository|dubious ownership|Host key verification"
    r"|does not exist|cannot change to|find remote ref|not a git repository",
    re.IGNORECASE,
)
_UNAVAILABLE = re.compile(
    r"Could not resolve|unable to access|Connection|timed out|early EOF|hung up|returned error: (429|5\d\d)",
    re.IGNORECASE,
)
_MOVE = re.compile(r"[0-9a-f]{40,64} ([0-9a-f]{40,64}) .*?> (\d+) [-+]\d{4}(\t|$)")
_MIRROR = {"core.logAllRefUpdates": "always", "gc.reflogExpire": "never", "gc.reflogExpireUnreachable": "never"}
"""A mirror writes its moves down, and keeps them."""


class Move(NamedTuple):
    """A branch or tag came to a commit at an instant."""

    at: datetime
    to: str


class Repository:
    """One repository."""

    lag = 0.0
    """The times of its moves are our own."""

    def __init__(
        self,
        path: Path,
        url: str | None,
        branch: str,
        *,
        user: str = "",
        token: str = "",
        said: Mapping[str, str] = MappingProxyType({}),
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        sleep: Callable[[float], None] | None = None,  # noqa: ARG002  it never waits; the schedule gives it to each
        traffic: object = None,  # noqa: ARG002  it makes no request of its own
    ) -> None:
        """Name a repository; nothing is asked yet."""
        self.now, self.path, self._url, self._branch = now, path, url, branch
        basic = b64encode(f"{user or 'git'}:{token}".encode()).decode() if token else ""
        self._secrets = tuple(filter(None, (token, basic)))
        self._settings = _by_environment(said, url, basic)

    def __repr__(self) -> str:
        return f"Repository({str(self.path)!r})"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End; there is nothing to close."""

    def refresh(self) -> None:
        """Bring a mirror up to date, or make it; tags that are gone there are kept under `refs/gone/`."""
        if not self._url:
            return
        if not (self.path / "HEAD").exists():
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._run("init", "--quiet", "--bare", "--", str(self.path), inside=False)
        there = self.ask("ls-remote", "--symref", "--", self._url).splitlines()
        branch = self._branch or next((line.split()[1] for line in there if line.startswith("ref: ")), "")
        if not branch:
            return
        branch = branch.removeprefix("refs/heads/")
        self.ask("symbolic-ref", "HEAD", f"refs/heads/{branch}")
        wanted = (f"+refs/heads/{branch}:refs/heads/{branch}", "+refs/tags/*:refs/tags/*")
        self.ask("fetch", "--quiet", "--no-tags", "--force", "--no-write-fetch-head", "--", self._url, *wanted)
        self._set_aside({line.split("\t")[1] for line in there if "\trefs/tags/" in line})

    def _set_aside(self, there: set[str]) -> None:
        for tag, commit in self.refs("refs/tags/"):
            gone = tag.replace("refs/tags/", "refs/gone/", 1)
            if tag not in there:
                self.ask("update-ref", gone, commit)
                self.ask("update-ref", "-d", tag)

    def refs(self, prefix: str) -> list[tuple[str, str]]:
        """List the full names below a prefix, with what they point to."""
        told = self.ask("for-each-ref", "--format=%(refname) %(objectname)", prefix)
        return [(name, sha) for name, sha in (line.split(" ") for line in told.splitlines())]

    def main(self) -> str | None:
        """Name the branch that is the main line; None while it has no commit."""
        name = f"refs/heads/{self._branch}" if self._branch else ""
        name = name or self.ask("symbolic-ref", "--quiet", "HEAD", allowed=(0, 1)).strip() or "HEAD"
        found = self.ask("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}", allowed=(0, 1)).strip()
        if found:
            return name
        if self._branch and self.ask("for-each-ref", "--count=1", "refs/heads/"):
            raise Refused(f"{self.path} has no branch {self._branch}", state="not_found")
        return None

    def moves(self) -> dict[str, list[Move]]:
        """List of each branch and tag when it moved, as far as the repository wrote that down, the oldest first.

        The files are read themselves, for `git reflog` passes over tags that have a message.
        """
        logs = self.path / self.ask("rev-parse", "--git-common-dir").strip() / "logs"
        files = (file for file in logs.glob("refs/**/*") if file.is_file())
        return {file.relative_to(logs).as_posix(): found for file in files if (found := list(_moves(file)))}

    def is_shallow(self) -> bool:
        """Say whether its history is cut off."""
        return self.ask("rev-parse", "--is-shallow-repository").strip() == "true"

    def ask(self, *arguments: str, given: str = "", allowed: tuple[int, ...] = (0,)) -> str:
        """Run git in the repository and return what it says; a SourceError if it fails."""
        return self._run(*arguments, given=given, allowed=allowed)

    def records(self, *arguments: str, given: str = "") -> Iterator[str]:
        """Yield what git says between NUL characters."""
        return (record for record in self.ask(*arguments, given=given).split("\0") if record.strip("\n"))

    def _run(self, *arguments: str, given: str = "", allowed: tuple[int, ...] = (0,), inside: bool = True) -> str:
        where = ("-C", str(self.path)) if inside else ()
        try:
            done = subprocess.run(  # noqa: S603  the arguments are a list, and no shell reads them
                ["git", *where, *arguments],  # noqa: S607  wherever the machine has it
                input=given.encode(),
                capture_output=True,
                check=False,
                env=self._environment(),
                timeout=_SECONDS,
            )
        except FileNotFoundError:
            raise Unreadable("the program git is not there", remedy="install git on this machine") from None
        except subprocess.TimeoutExpired:
            raise Unavailable(f"{self.path}: git {arguments[0]} took longer than {_SECONDS} s") from None
        if done.returncode not in allowed:
            raise self._failed(arguments[0], done.stderr.decode("utf-8", "replace"))
        return done.stdout.decode("utf-8", "replace")

    def _environment(self) -> Mapping[str, str]:
        at = f"{int(self.now().timestamp())} +0000"
        own = {"name": "ttv", "email": "ttv@localhost", "date": at}
        return {
            **os.environ,
            "LC_ALL": "C",
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_ALLOW_PROTOCOL": "file:git:http:https:ssh",
            "GIT_SSH_COMMAND": os.environ.get("GIT_SSH_COMMAND", "ssh -o BatchMode=yes -o ConnectTimeout=10"),
            **{f"GIT_COMMITTER_{name.upper()}": value for name, value in own.items()},
            **self._settings,
        }

    def _failed(self, verb: str, said: str) -> SourceError:
        for secret in self._secrets:
            said = said.replace(secret, "***")
        text = f"{self._url or self.path}: git {verb} failed: {' '.join(said.split())[:400]}"
        if _REFUSED.search(said):
            return Refused(text, remedy="check the address, the folder, and what the token or key may read")
        return Unavailable(text, state="unreachable") if _UNAVAILABLE.search(said) else Unreadable(text)


def _moves(file: Path) -> Iterator[Move]:
    """Read lines of: before, after, who, when, zone, tab, why."""
    for line in file.read_text(encoding="utf-8", errors="replace").splitlines():
        if read := _MOVE.match(line):
            yield Move(datetime.fromtimestamp(int(read[2]), UTC), read[1])


def options(held: Mapping[str, Any]) -> dict[str, Any]:
    """Take of a client's options those that mean something here."""
    return {name: held[name] for name in ("now", "sleep", "traffic") if name in held}


def _by_environment(said: Mapping[str, str], url: str | None, basic: str) -> dict[str, str]:
    """Say git's settings by the environment, where no list of processes shows them."""
    header = {f"http.{url}.extraHeader": f"Authorization: Basic {basic}"} if basic else {}
    pairs = list({"gc.autoDetach": "false", **(_MIRROR if url else {}), **said, **header}.items())
    told = {"GIT_CONFIG_COUNT": str(len(pairs))}
    for number, (name, value) in enumerate(pairs):
        told |= {f"GIT_CONFIG_KEY_{number}": name, f"GIT_CONFIG_VALUE_{number}": value}
    return told
