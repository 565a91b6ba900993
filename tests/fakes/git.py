"""A repository with a main line, two merges, a squash and five tags; served as files, by git's plainest protocol."""

import atexit
import os
import shutil
import subprocess
import tempfile
from datetime import datetime
from pathlib import Path

from werkzeug.exceptions import NotFound
from werkzeug.utils import send_from_directory
from werkzeug.wrappers import Request, Response

TOKEN = "git-token-41ab"
SPAN = datetime.fromisoformat("2026-01-01T00:00:00+00:00"), datetime.fromisoformat("2026-04-01T00:00:00+00:00")

_FOLDER = Path(tempfile.mkdtemp())
atexit.register(shutil.rmtree, _FOLDER, ignore_errors=True)

COMMITS = [
    # mark, branch, instant, message, first parent, merged
    (1, "main", "2026-01-03T09:00:00Z", "PAY-12: begin\n\nA longer text.", None, None),
    (2, "main", "2026-01-10T09:00:00+01:00", "Faster (#12)", 1, None),
    (3, "side", "2026-01-12T09:00:00Z", "WEB-3 in a side branch", 1, None),
    (4, "main", "2026-01-20T09:00:00Z", "Merge pull request #13 from acme/feature/pay-7-quick", 2, 3),
    (5, "main", "2026-02-05T09:00:00Z", "Nothing named", 4, None),
    (6, "other", "2026-02-06T09:00:00Z", "More of it", 4, None),
    (7, "main", "2026-02-10T09:00:00Z", "Merge branch 'PAY-8-b' into 'main'\n\nSee merge request acme/shop!14", 5, 6),
    (8, "main", "2026-03-05T09:00:00Z", 'Revert "Faster (#12)" (#15)', 7, None),
    (9, "main", "2026-03-25T09:00:00Z", "The last", 8, None),
]
TAGS = [
    # name, mark, instant of an annotated tag
    ("v1.0", 4, "2026-01-25T09:00:00Z"),
    ("v1.1-rc1", 7, None),
    ("v1.1", 8, "2026-03-06T09:00:00Z"),
    ("v1.2", 4, "2026-03-20T09:00:00Z"),
    ("nightly", 9, "2026-03-26T09:00:00Z"),
]


def settings(url):
    folder = Path(tempfile.mkdtemp(dir=_FOLDER))
    return {
        "url": f"{url}/shop.git",
        "path": str(folder / "mirror.git"),
        "artefacts": "github:acme/shop",
        "token": TOKEN,
    }


class Account:
    """The repository; `sha` names its commits by their marks."""

    middle = datetime.fromisoformat("2026-03-01T00:00:00+00:00")

    def __init__(self):
        self.path = Path(tempfile.mkdtemp(dir=_FOLDER)) / "shop.git"
        self._git("init", "--quiet", "--bare", "--initial-branch=main", str(self.path), inside=False)
        self._git("fast-import", "--quiet", "--export-marks=marks", given="".join(_stream()))
        marks = (line.split() for line in (self.path / "marks").read_text().splitlines())
        self.sha = {int(mark[1:]): sha for mark, sha in marks}
        self._told()

    @property
    def touched(self):
        main = {f"commit/{self.sha[n]}": at for n, branch, at, *_ in COMMITS if branch == "main"}
        at_commit = {n: at for n, _, at, *_ in COMMITS}
        tags = {f"release/{name}": at or at_commit[mark] for name, mark, at in TAGS if name != "nightly"}
        return {id_: datetime.fromisoformat(at) for id_, at in (main | tags).items()}

    def empty(self):
        shutil.rmtree(self.path)
        self._git("init", "--quiet", "--bare", "--initial-branch=main", str(self.path), inside=False)
        self._told()

    def spoil(self):
        """Let the last commit lose its time."""
        tree = self._git("rev-parse", f"{self.sha[8]}^{{tree}}")
        raw = f"tree {tree}\nparent {self.sha[8]}\nauthor Ana <a@example> 1 +0000\ncommitter Ana <a@example>\n\nLost\n"
        self.push("main", self._git("hash-object", "-t", "commit", "-w", "--stdin", "--literally", given=raw))

    def commit(self, message, at, parent="main"):
        """Make a commit without a change, and return its name; no branch has it yet."""
        tree = self._git("rev-parse", f"{parent}^{{tree}}")
        return self._git("commit-tree", tree, "-p", parent, "-m", message, environ=_dated(at))

    def change(self, branch, at, files, *, merged=None):
        """Let a branch, which begins at the main line if it is new, write files; return the commit's name."""
        known = self._git("for-each-ref", "--format=%(objectname)", f"refs/heads/{branch}")
        text = f"Write {', '.join(files)}"
        stream = [f"commit refs/heads/{branch}\ncommitter Ana <ana@example.com> {_raw(at)}\ndata {len(text)}\n{text}\n"]
        stream += [f"from {known or self._git('rev-parse', 'main')}\n", f"merge {merged}\n" if merged else ""]
        stream += [f"M 100644 inline {name}\ndata {len(at)}\n{at}\n" for name in files]
        self._git("fast-import", "--quiet", given="".join(stream))
        self._told()
        return self._git("rev-parse", branch)

    def push(self, branch, sha):
        """Let a branch end with a commit, by force if need be."""
        self._git("update-ref", f"refs/heads/{branch}", sha)
        self._told()

    def tag(self, name, sha, *, at=None):
        """Tag a commit; without an instant with a mere name."""
        if at:
            self._git("tag", "--force", "-a", "-m", name, name, sha, environ=_dated(at))
        else:
            self._git("tag", "--force", name, sha)
        self._told()

    def untag(self, name):
        """Take a tag away."""
        self._git("tag", "-d", name)
        self._told()

    def __call__(self, environ, start_response):
        request = Request(environ)
        if request.authorization is None or request.authorization.password != TOKEN:
            return Response("who?", 401, {"WWW-Authenticate": 'Basic realm="git"'})(environ, start_response)
        path = request.path.removeprefix("/shop.git/")
        try:
            return send_from_directory(str(self.path), path, environ)(environ, start_response)
        except NotFound as missing:
            return missing(environ, start_response)

    def _told(self):
        self._git("update-server-info")

    def _git(self, *arguments, given="", inside=True, environ=None):
        where = ["-C", str(self.path)] if inside else []
        known = {**os.environ, "HOME": str(_FOLDER), **_dated("2026-01-01T00:00:00Z"), **(environ or {})}
        run = ["git", *where, *arguments]
        done = subprocess.run(run, check=False, input=given, text=True, capture_output=True, env=known)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()


def _dated(at):
    who = {"NAME": "Ana", "EMAIL": "ana@example.com", "DATE": at}
    return {f"GIT_{role}_{name}": value for role in ("AUTHOR", "COMMITTER") for name, value in who.items()}


def _stream():
    for mark, branch, at, message, parent, merged in COMMITS:
        text = message.encode()
        yield f"commit refs/heads/{branch}\nmark :{mark}\n"
        yield f"author Ana <ana@example.com> {_raw('2025-12-31T00:00:00Z')}\n"
        yield f"committer Ana <ana@example.com> {_raw(at)}\ndata {len(text)}\n{message}\n"
        yield f"from :{parent}\n" if parent else ""
        yield f"merge :{merged}\n" if merged else ""
        yield f"M 100644 inline f{mark}\ndata 1\n{mark}\n"
    for name, mark, at in TAGS:
        if at:
            yield f"tag {name}\nfrom :{mark}\ntagger Ana <ana@example.com> {_raw(at)}\ndata 1\nx\n"
        else:
            yield f"reset refs/tags/{name}\nfrom :{mark}\n\n"


def _raw(at):
    instant = datetime.fromisoformat(at)
    return f"{int(instant.timestamp())} {instant:%z}"
