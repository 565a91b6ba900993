"""Fresh stores: an SQLite file, or a database of a PostgreSQL cluster that one test session makes for itself.

The cluster sorts text as English does and its sessions stand in Kathmandu, so that nothing leans on bytewise order
or on UTC by accident. It is reached over a Unix socket, runs without fsync and goes with the session.
"""

import contextlib
import itertools
import shutil
import tempfile
from pathlib import Path

import pytest
from sqlalchemy import text

from tests.real.postgres import Cluster, programs
from ttv import store

ENGINES = ("sqlite", "postgres")
_OPTIONS = {
    "autovacuum": "off",
    "fsync": "off",
    "full_page_writes": "off",
    "listen_addresses": "''",
    "max_connections": "200",
    "synchronous_commit": "off",
    "timezone": "Asia/Kathmandu",
}
_number = itertools.count()


@pytest.fixture(scope="session")
def cluster(real):
    """A PostgreSQL of this worker's own, with a database `migrated`."""
    folder = Path(tempfile.mkdtemp(prefix="ttv-postgres-"))  # pytest's own folders are closed to other users
    with contextlib.ExitStack() as at_end:
        at_end.callback(shutil.rmtree, folder, ignore_errors=True)
        cluster = Cluster(real(programs(), "PostgreSQL's server (apt-get install postgresql)"), folder, _OPTIONS)
        at_end.callback(cluster.stop)
        store.open(cluster.make("migrated")).dispose()
        yield cluster


@pytest.fixture(scope="session")
def postgres_url(cluster):
    """The URL of a PostgreSQL database that the session's tests share."""
    return cluster.make("shared", "migrated")


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory):
    """An SQLite file with the newest schema and nothing in it, to copy from."""
    path = tmp_path_factory.mktemp("migrated") / "ttv.sqlite"
    store.open(f"sqlite:///{path}").dispose()
    return path


@pytest.fixture
def sqlite_url(migrated_file, tmp_path):
    """The URL of a fresh SQLite store."""
    return f"sqlite:///{shutil.copy(migrated_file, tmp_path / 'ttv.sqlite')}"


@pytest.fixture(params=ENGINES)
def blank_url(request, tmp_path):
    """The URL of a database on each engine in turn, in which there is nothing at all."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'blank.sqlite'}"
    else:
        yield from _database(request.getfixturevalue("cluster"), "template1")


@pytest.fixture(params=ENGINES)
def engine_url(request):
    """The URL of a fresh store on each engine in turn."""
    if request.param == "sqlite":
        yield request.getfixturevalue("sqlite_url")
    else:
        yield from _database(request.getfixturevalue("cluster"), "migrated")


@pytest.fixture
def engine(engine_url):
    """A fresh store on each engine in turn, opened."""
    engine = store.open(engine_url)
    yield engine
    engine.dispose()


@pytest.fixture
def sqlite_engine(sqlite_url):
    """A fresh SQLite store, opened."""
    engine = store.open(sqlite_url)
    yield engine
    engine.dispose()


def empty(engine) -> None:
    """Forget all rows of a store, between the examples of a property; its version goes on."""
    tables = [table.name for table in store.metadata.sorted_tables if table is not store.data_version]
    with store.writing(engine) as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text(f"TRUNCATE {', '.join(tables)} RESTART IDENTITY"))
        else:
            for table in tables:
                connection.execute(text(f"DELETE FROM {table}"))
        store.changed(connection, "log", store.now())


def _database(cluster, template):
    name = f"test_{next(_number)}"
    yield cluster.make(name, template)
    cluster.drop(name)
