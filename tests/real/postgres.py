"""A PostgreSQL server of our own: made in a folder, started, and ended at once. Needs no pytest."""

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import psycopg
from psycopg import sql


class Cluster:
    """A running PostgreSQL, with databases that are quick copies of another."""

    def __init__(self, programs: Path, folder: Path, options: Mapping[str, str]) -> None:
        self._programs = programs
        self._folder = folder
        # PostgreSQL refuses to run as root.
        self._user = {"user": "postgres", "group": "postgres", "extra_groups": []} if os.getuid() == 0 else {}
        if self._user:
            shutil.chown(folder, "postgres", "postgres")
        self._data = folder / "data"
        self._run("initdb", "--username=postgres", "--auth=trust", "--encoding=UTF8", "--no-sync", *self._sorting())
        said = " ".join(f"-c {name}={value}" for name, value in options.items())
        self._run("pg_ctl", "start", "--wait", "--log", folder / "log", "-o", f"{said} -k {folder}")

    def url(self, database: str) -> str:
        """Say where a database is."""
        return f"postgresql://postgres@/{database}?host={self._folder}"

    def make(self, database: str, template: str = "template1") -> str:
        """Make a database as a copy of another; return its URL."""
        self._say("CREATE DATABASE {} TEMPLATE {}", database, template)
        return self.url(database)

    def drop(self, database: str) -> None:
        """Remove a database, whoever is connected."""
        self._say("DROP DATABASE {} WITH (FORCE)", database)

    def stop(self) -> None:
        """End the cluster at once."""
        self._run("pg_ctl", "stop", "--wait", "--mode=immediate")

    def _sorting(self) -> list[str]:
        told = subprocess.run([self._programs / "initdb", "--help"], capture_output=True, text=True, check=True).stdout
        english = ["--locale-provider=icu", "--icu-locale=en-US"] if "--icu-locale" in told else []
        return ["--locale=C.UTF-8", *english]

    def _say(self, statement: str, *names: str) -> None:
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))

    def _run(self, program: str, *arguments: str | Path) -> None:
        with (self._folder / "said").open("a+") as said:  # a pipe would stay open in the server
            command = [self._programs / program, "--pgdata", self._data, *arguments]
            done = subprocess.run(command, stdout=said, stderr=said, cwd=self._folder, check=False, **self._user)
            said.seek(0)
            assert done.returncode == 0, said.read()


def programs() -> Path | None:
    """Find the folder of the newest PostgreSQL server: Debian keeps it off the path."""
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    initdb = debian[-1] if debian else shutil.which("initdb")
    return Path(initdb).resolve().parent if initdb else None
