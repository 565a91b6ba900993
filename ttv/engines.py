"""What database engines disagree on: addresses, locks, snapshots. Nothing else may ask for the dialect."""

import sqlite3
from collections.abc import Hashable, Iterable, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, Table, create_engine, event, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import ConnectionPoolEntry, StaticPool
from sqlalchemy.schema import CreateTable

from ttv.config import ConfigError

_WRITER = 0x747476
"""Key of PostgreSQL's advisory lock: one writer at a time, as on SQLite."""

_SQLITE_AT_CONNECT = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = NORMAL",  # in WAL mode a power cut loses the last commits, never the consistency
    "PRAGMA busy_timeout = 60000",
    "PRAGMA temp_store = MEMORY",
    "PRAGMA cache_size = -65536",
    "PRAGMA foreign_keys = ON",
)


def address(url: str) -> URL:
    """Read a database URL; ConfigError with an example if it is none, or names an engine that is not known."""
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise ConfigError(
            ["database: that is not a database URL; write sqlite:///ttv.sqlite or postgresql://user@host/name"],
        ) from None
    engine = parsed.get_backend_name()
    if engine == "sqlite":
        return parsed.set(drivername="sqlite+pysqlite")
    if engine in ("postgresql", "postgres"):
        return parsed.set(drivername="postgresql+psycopg")
    raise ConfigError([f"database: ttv keeps its log in SQLite or PostgreSQL, not in {engine!r}"])


def make(url: str, temporary: Iterable[Table], **options: Any) -> Engine:
    """Make an engine whose transactions are what `reading` and `writing` of the store promise."""
    where = address(url)
    temporary = tuple(temporary)
    if where.get_backend_name() == "sqlite":
        if where.database and where.database != ":memory:":
            Path(where.database).absolute().parent.mkdir(parents=True, exist_ok=True)
        connect = {"isolation_level": None, "check_same_thread": False}  # the driver begins nothing by itself
        engine = create_engine(where, connect_args=connect, **options)
        event.listen(engine, "begin", _begin_sqlite)
    else:
        engine = create_engine(where, pool_pre_ping=True, **options)
        event.listen(engine, "begin", _begin_postgresql)
    made = [str(CreateTable(table, if_not_exists=True).compile(engine)) for table in temporary]

    @event.listens_for(engine, "connect")
    def _connected(connection: sqlite3.Connection, _entry: ConnectionPoolEntry) -> None:
        cursor = connection.cursor()
        for statement in (*(_SQLITE_AT_CONNECT if engine.dialect.name == "sqlite" else ()), *made):
            cursor.execute(statement)
        cursor.close()
        if engine.dialect.name == "postgresql":
            connection.commit()

    return engine


def memory(temporary: Iterable[Table]) -> Engine:
    """Make an engine of an SQLite in memory, whose one connection any thread may use, one at a time."""
    return make("sqlite://", temporary, poolclass=StaticPool)


def insert(connection: Connection, table: Table, rows: Sequence[tuple[Any, ...]]) -> None:
    """Insert rows, of which there may be none, each with a value for every column of the table in its order.

    By the driver itself: executemany on SQLite, COPY on PostgreSQL, a half and a third of what SQLAlchemy's own takes.
    """
    if not rows:
        return
    names = ", ".join(table.c.keys())
    if connection.dialect.name == "sqlite":
        marks = ", ".join("?" * len(table.c))
        connection.exec_driver_sql(f"INSERT INTO {table.name} ({names}) VALUES ({marks})", list(rows))
        return
    driver: Any = connection.connection.driver_connection
    with driver.cursor() as cursor, cursor.copy(f"COPY {table.name} ({names}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


def weigh(connection: Connection, table: Table) -> None:
    """Let the engine know how little a table of work holds; PostgreSQL takes an unknown one for a large one."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"ANALYZE {table.name}")


def snapshot(engine: Engine) -> dict[str, str]:
    """Name the execution options under which all reads of one transaction see one state."""
    return {"isolation_level": "REPEATABLE READ"} if engine.dialect.name == "postgresql" else {}


def state(connection: Connection) -> Hashable:
    """Name what a transaction sees: while one and the same connection has the same name for it, nothing has changed."""
    if connection.dialect.name == "postgresql":
        return str(connection.scalar(text("SELECT pg_current_snapshot()::text")))
    others = connection.scalar(text("PRAGMA data_version"))
    return others, getattr(connection.connection.dbapi_connection, "total_changes", None)


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _begin_postgresql(connection: Connection) -> None:
    if connection.get_execution_options().get("writes", False):
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_WRITER})")
