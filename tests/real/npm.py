"""What others publish at npm, installed into `.cache/npm` when it is first asked for.

No script of a package runs on installing, and exact versions are named: what was there stays there.
"""

import shutil
import subprocess
from pathlib import Path

import pytest
from filelock import FileLock

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def npm(real):
    """A function that installs packages, each as `name@version`, and returns the folder in which they lie."""

    def install(*packages):
        folder, done = _folder(packages)
        with FileLock(f"{folder}.lock"):
            if not done.exists():
                _run(real, ["install", "--ignore-scripts", "--no-save", "--prefix", str(folder), *packages], folder)
                done.touch()
        return folder / "node_modules"

    return install


@pytest.fixture(scope="session")
def npm_file(real):
    """A function that returns one file of a package, and leaves the rest of it away."""

    def take(package, name):
        folder, _ = _folder([package])
        file = folder / "package" / name
        with FileLock(f"{folder}.lock"):
            if not file.exists():
                _run(real, ["pack", "--pack-destination", str(folder), package], folder)
                (archive,) = folder.glob("*.tgz")
                subprocess.run(["tar", "-xzf", archive, "-C", folder, f"package/{name}"], check=True)
                archive.unlink()
        return file

    return take


def _folder(packages):
    name = "+".join(packages).replace("@", "").replace("/", "-")
    folder = ROOT / ".cache" / "npm" / name
    folder.mkdir(parents=True, exist_ok=True)
    return folder, folder / "done"


def _run(real, command, folder):
    program = real(shutil.which("npm"), f"npm, to have what others published: {command[-1]}")
    ended = subprocess.run(
        [program, "--no-audit", "--no-fund", "--loglevel=error", *command],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    real(None if ended.returncode else True, f"{command[-1]} of npm, which it did not get: {ended.stderr[-200:]}")
