"""What database engines disagree on: addresses, locks, snapshots. Nothing else may ask for the dialect."""

import sqlite3
import zlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from operator import itemgetter
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout
from sqlalchemy import (
    ColumnElement,
    Connection,
    CursorResult,
    Dialect,
    Engine,
    Executable,
    Table,
    Text,
    cast,
    create_engine,
    event,
    exists,
    func,
    select,
    text,
)
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.pool import ConnectionPoolEntry, StaticPool
from sqlalchemy.schema import CreateTable
from sqlalchemy.sql.functions import FunctionElement

from ttv.config import ConfigError

_WRITER = 0x747476
"""Key of PostgreSQL's advisory lock: one writer at a time, as on SQLite."""

_MOST_CONNECTIONS = 40
"""Beyond the five that are kept: a source that is being looked at takes two."""
_LOOKER = 0x747477
"""Key of the advisory locks of those who look at sources: one at a time each."""

_MILLISECOND = timedelta(milliseconds=1)
_BUSY = timedelta(seconds=60)
"""How long SQLite waits for another writer, unless less patience is asked for."""

_CACHE, _ROOMY = 64 * 1024, 384 * 1024
"""KiB of SQLite's page cache, and while much is loaded: keys come in any order, and reach into all of the indexes."""

_AT_CONNECT = {
    "sqlite": (
        "PRAGMA journal_mode = WAL",
        "PRAGMA synchronous = NORMAL",  # in WAL mode a power cut loses the last commits, never the consistency
        f"PRAGMA busy_timeout = {_BUSY // _MILLISECOND}",
        "PRAGMA temp_store = MEMORY",
        f"PRAGMA cache_size = -{_CACHE}",
        "PRAGMA foreign_keys = ON",
    ),
    "postgresql": ("SET jit = off",),  # seeks are taken for dear, and compiling them takes longer than they do
}


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
        engine = create_engine(where, pool_pre_ping=True, max_overflow=_MOST_CONNECTIONS, **options)
        event.listen(engine, "begin", _begin_postgresql)
    made = [str(CreateTable(table, if_not_exists=True).compile(engine)) for table in temporary]

    @event.listens_for(engine, "connect")
    def _connected(connection: sqlite3.Connection, _entry: ConnectionPoolEntry) -> None:
        cursor = connection.cursor()
        for statement in (*_AT_CONNECT[engine.dialect.name], *made):
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
    columns, values = _held(table, rows)
    names = ", ".join(columns)
    driver: Any = connection.connection.driver_connection
    if connection.dialect.name == "sqlite":
        driver.executemany(f"INSERT INTO {table.name} ({names}) VALUES ({', '.join('?' * len(columns))})", values)
        return
    with driver.cursor() as cursor, cursor.copy(f"COPY {table.name} ({names}) FROM STDIN") as copy:
        for row in values:
            copy.write_row(row)


def _held(table: Table, rows: Sequence[tuple[Any, ...]]) -> tuple[list[str], Iterable[tuple[Any, ...]]]:
    """Leave out the columns that no row has a value for: to hand over a null costs as much as a value."""
    held = [place for place, column in enumerate(zip(*rows, strict=True)) if column.count(None) < len(rows)]
    names = table.c.keys()
    if len(held) < 2:  # noqa: PLR2004  itemgetter returns no tuple of one
        return names, rows
    return [names[place] for place in held], map(itemgetter(*held), rows) if len(held) < len(names) else rows


def insert_new(connection: Connection, table: Table, rows: Sequence[tuple[Any, ...]]) -> bool:
    """Insert rows if none of their keys is stored or comes twice; False, and nothing inserted, if one is or does."""
    try:
        with connection.begin_nested():
            insert(connection, table, rows)
    except connection.dialect.loaded_dbapi.IntegrityError:
        return False
    return True


@contextmanager
def indexes_last(connection: Connection, table: Table) -> Iterator[None]:
    """Fill a table and only then index it anew, if nothing stands in it: to sort all is cheaper than to place each.

    On SQLite, where those who read see the state before. On PostgreSQL they would have to wait, so nothing is done.
    """
    if connection.dialect.name != "sqlite" or connection.scalar(select(exists().select_from(table))):
        yield
        return
    for index in table.indexes:
        index.drop(connection)
    yield
    for index in table.indexes:
        index.create(connection)


@contextmanager
def roomy(connection: Connection) -> Iterator[None]:
    """Give the engine more memory, for as long as much is loaded."""
    if connection.dialect.name != "sqlite":
        yield
        return
    connection.exec_driver_sql(f"PRAGMA cache_size = -{_ROOMY}")
    try:
        yield
    finally:
        connection.exec_driver_sql(f"PRAGMA cache_size = -{_CACHE}")


def clear(connection: Connection, table: Table) -> None:
    """Empty a table of work; on PostgreSQL, deleted rows would be read past until the transaction ends."""
    connection.exec_driver_sql(f"{'DELETE FROM' if connection.dialect.name == 'sqlite' else 'TRUNCATE'} {table.name}")


def weigh(connection: Connection, table: Table) -> None:
    """Let the engine know how little a table of work holds; PostgreSQL takes an unknown one for a large one."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"ANALYZE {table.name}")


def columns(connection: Connection, *wanted: ColumnElement[Any], where: ColumnElement[bool] | None = None) -> list[str]:
    """Read columns of one table, whole or where something holds, each as a JSON array, all in one order of rows.

    For so many values that a driver would spend more time on making rows than the engine on finding them.
    """
    together = func.json_group_array if connection.dialect.name == "sqlite" else func.json_agg
    query = select(*(cast(together(one), Text) for one in wanted))
    return [text_ or "[]" for text_ in connection.execute(query if where is None else query.where(where)).one()]


class Prepared:
    """A statement that is compiled once for each kind of engine, and then run by its text.

    For a statement that is asked for all the time and answered by a few keys: to find it among those that are compiled
    takes SQLAlchemy longer than the engine takes to answer.
    """

    def __init__(self, make: Callable[[], Executable]) -> None:
        """Take what makes the statement, at its first use; no value of its rows may need to be converted."""
        self._make = make
        self._compiled: dict[str, tuple[str, dict[str, Any], list[str] | None]] = {}

    def run(self, connection: Connection, asked: Mapping[str, Any]) -> CursorResult[Any]:
        """Run the statement with the values of its parameters."""
        text_, fixed, order = self._compiled.get(connection.dialect.name) or self._compile(connection.dialect)
        values = {**fixed, **asked}
        return connection.exec_driver_sql(text_, values if order is None else tuple([values[name] for name in order]))

    def _compile(self, dialect: Dialect) -> tuple[str, dict[str, Any], list[str] | None]:
        statement: Any = self._make()
        compiled = statement.compile(dialect=dialect)
        found = str(compiled), dict(compiled.params), compiled.positiontup
        self._compiled[dialect.name] = found
        return found


class Together(FunctionElement[str]):
    """All rows of some columns as the text of one JSON array of arrays; null if there are none.

    A driver that gives out rows one by one lets go of the lock that all threads of Python share at each of them.
    """

    type = Text()
    inherit_cache = True


@compiles(Together, "sqlite")
def _of_sqlite(element: Together, compiler: Any, **options: Any) -> str:
    return f"json_group_array(json_array({compiler.process(element.clauses, **options)}))"


@compiles(Together, "postgresql")
def _of_postgresql(element: Together, compiler: Any, **options: Any) -> str:
    return f"CAST(json_agg(json_build_array({compiler.process(element.clauses, **options)})) AS TEXT)"


class Glance:
    """One statement that is asked all the time, each time outside of any transaction, and answers with one row.

    By the driver, over connections of its own: it takes a tenth of the time of a transaction, and as much less of the
    lock that all threads of Python share.
    """

    def __init__(self, engine: Engine, statement: Executable) -> None:
        """Take the statement, whose values stand in its text; the connections are closed with the engine."""
        written: Any = statement
        self._text = str(written.compile(dialect=engine.dialect, compile_kwargs={"literal_binds": True}))
        self._idle: deque[Any] = deque()
        event.listen(engine, "engine_disposed", lambda _: self._close())

    def row(self, engine: Engine) -> tuple[Any, ...] | None:
        """Return the row; None if there is none, or the database does not answer."""
        cursor = None
        try:
            cursor = self._idle.pop() if self._idle else _alone_standing(engine)
            cursor.execute(self._text)
            found = cursor.fetchall()
        except (engine.dialect.loaded_dbapi.Error, SQLAlchemyError, IndexError):
            if cursor is not None:
                cursor.connection.close()
            return None
        self._idle.append(cursor)
        return tuple(found[0]) if found else None

    def _close(self) -> None:
        while self._idle:
            self._idle.pop().connection.close()


def _alone_standing(engine: Engine) -> Any:
    """Open a connection that no pool knows of, in no transaction, and return a cursor of it."""
    connection = engine.raw_connection()
    driver: Any = connection.driver_connection
    connection.detach()
    if engine.dialect.name == "postgresql":
        driver.autocommit = True
    return driver.cursor()


def snapshot(engine: Engine) -> dict[str, str]:
    """Name the execution options under which all reads of one transaction see one state."""
    return {"isolation_level": "REPEATABLE READ"} if engine.dialect.name == "postgresql" else {}


@contextmanager
def alone(engine: Engine, name: str) -> Iterator[bool]:
    """Hold a name that one process at a time can hold, of all that use a database; False if another holds it.

    The lock goes with the process, however that ends: a file's on SQLite, a session's on PostgreSQL.
    """
    if engine.dialect.name == "postgresql":
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            key = {"of": _LOOKER, "name": zlib.crc32(name.encode()) - 2**31}
            try:
                yield bool(connection.scalar(text("SELECT pg_try_advisory_lock(:of, :name)"), key))
            finally:
                connection.execute(text("SELECT pg_advisory_unlock_all()"))
    elif not engine.url.database or engine.url.database == ":memory:":
        yield True
    else:
        lock = FileLock(f"{engine.url.database}.{name}.lock", blocking=False)
        try:
            lock.acquire()
        except Timeout:
            yield False
            return
        try:
            yield True
        finally:
            lock.release()


def _begin_sqlite(connection: Connection) -> None:
    options = connection.get_execution_options()
    if not options.get("writes", False):
        driver: Any = connection.connection.driver_connection
        driver.execute("BEGIN")  # takes no lock yet, so it cannot fail; a look-up would spend a tenth of its time here
        return
    patience: timedelta | None = options.get("patience")
    if patience is not None:
        connection.exec_driver_sql(f"PRAGMA busy_timeout = {patience // _MILLISECOND}")
    try:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    finally:
        if patience is not None:
            connection.exec_driver_sql(f"PRAGMA busy_timeout = {_BUSY // _MILLISECOND}")


def _begin_postgresql(connection: Connection) -> None:
    options = connection.get_execution_options()
    if not options.get("writes", False):
        return
    patience: timedelta | None = options.get("patience")
    if patience is not None:
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = {patience // _MILLISECOND}")
    connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_WRITER})")
    if patience is not None:
        connection.exec_driver_sql("SET LOCAL lock_timeout TO DEFAULT")
