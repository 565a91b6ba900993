"""The tables, and how to open, read and write them.

Instants are whole microseconds since 1970-01-01T00:00:00Z in 64-bit integers: exact, aware and alike on every engine;
`micros` and `instant` are the border. Events are the only truth: `tie`, `milestone`, `stop` and `loop` can be thrown
away and made again. A table `<noun>_version` keeps what was replaced or withdrawn, with the time it was believed.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, NamedTuple

from alembic import command
from alembic.config import Config as Alembic
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Engine,
    Float,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    bindparam,
    select,
)

from ttv import engines

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

Key = Text().with_variant(Text(collation="C"), "postgresql")
"""Text that sorts by code point on every engine."""
Row = BigInteger().with_variant(Integer(), "sqlite")
"""A number that the engine gives, in order of arrival."""

metadata = MetaData()
work = MetaData()

_EVENT = (
    ("kind", Text),
    ("occurred_at", BigInteger),
    ("subject", Key),
    ("refs", Text),  # a JSON array, sorted
    ("title", Text),
    ("url", Text),
    ("actor", Text),
    ("attributes", Text),  # a JSON object with sorted keys
    ("deleted", Boolean),
    ("by", Text),  # who said it by hand, and why; null for what a connector brought
    ("why", Text),
)
EVENT_FIELDS = tuple(name for name, _ in _EVENT)


def _event_columns() -> list[Column[object]]:
    return [Column(name, type_, nullable=name != "deleted") for name, type_ in _EVENT]


event = Table(
    "event",
    metadata,
    Column("source", Key, primary_key=True),
    Column("id", Key, primary_key=True),
    *_event_columns(),
    Column("meaning", Text),  # what it can do to a milestone: idea yes no start ship sense, or null
    Column("recorded_at", BigInteger, nullable=False),
    Index("event_by_subject", "subject", "meaning", "occurred_at"),
)
event_version = Table(
    "event_version",
    metadata,
    Column("number", Row, primary_key=True),
    Column("source", Key, nullable=False),
    Column("id", Key, nullable=False),
    *_event_columns(),
    Column("recorded_at", BigInteger, nullable=False),
    Column("superseded_at", BigInteger, nullable=False),
    Index("event_version_by_id", "source", "id"),
)
link = Table(
    "link",
    metadata,
    Column("child", Key, primary_key=True),
    Column("parent", Key, primary_key=True),
    Column("source", Key, primary_key=True),
    Column("event", Key, primary_key=True),  # the id of the event that lends it, or empty
    Column("recorded_at", BigInteger, nullable=False),
    Column("by", Text),
    Column("why", Text),
    Index("link_by_parent", "parent", "child"),
)
link_version = Table(
    "link_version",
    metadata,
    Column("number", Row, primary_key=True),
    Column("child", Key, nullable=False),
    Column("parent", Key, nullable=False),
    Column("source", Key, nullable=False),
    Column("event", Key, nullable=False),
    Column("recorded_at", BigInteger, nullable=False),
    Column("superseded_at", BigInteger, nullable=False),
    Column("by", Text),
    Column("why", Text),
    Column("ended_by", Text),  # who replaced or withdrew it, and why
    Column("ended_why", Text),
    Index("link_version_by_child", "child"),
)
initiative = Table(
    "initiative",
    metadata,
    Column("key", Key, primary_key=True),
    Column("name", Text, nullable=False),
    Column("team", Key),
    Column("owner", Text),
    Column("url", Text),
    Column("direction", Text, nullable=False),
    Column("evolution", Text),
    Column("north_star_input", Text),
    Column("time_to_value_target", Float),  # seconds
    Column("rate_of_turn_target", Float),  # seconds
    Column("origin", Key, nullable=False),  # config, api, or the name of a source
    Column("recorded_at", BigInteger, nullable=False),
    Column("by", Text),
    Column("why", Text),
)
initiative_version = Table(
    "initiative_version",
    metadata,
    Column("number", Row, primary_key=True),
    Column("key", Key, nullable=False),
    Column("body", Text, nullable=False),  # the whole initiative with claims, labels and origin, as JSON
    Column("recorded_at", BigInteger, nullable=False),
    Column("superseded_at", BigInteger, nullable=False),
    Column("by", Text),
    Column("why", Text),
    Column("ended_by", Text),
    Column("ended_why", Text),
    Index("initiative_version_by_key", "key"),
)
claim = Table(
    "claim",
    metadata,
    Column("artefact", Key, primary_key=True),
    Column("initiative", Key, primary_key=True),
    Index("claim_by_initiative", "initiative"),
)
label = Table(
    "label",
    metadata,
    Column("initiative", Key, primary_key=True),
    Column("name", Key, primary_key=True),
    Column("value", Key, nullable=False),
    Index("label_by_name", "name", "value"),
)
tie = Table(
    "tie",
    metadata,
    Column("artefact", Key, primary_key=True),
    Column("initiative", Key, primary_key=True),
    Column("hops", Integer, nullable=False),
    Column("via", Key),  # the parent over which the claim is reached in `hops`; null where the artefact is claimed
    Index("tie_by_initiative", "initiative", "artefact"),
)
milestone = Table(
    "milestone",
    metadata,
    Column("initiative", Key, primary_key=True),
    Column("idea_at", BigInteger),
    Column("yes_at", BigInteger),
    Column("started_at", BigInteger),
    Column("shipped_at", BigInteger),
    Column("valued_at", BigInteger),
    Column("early_at", BigInteger),  # the first work or ship before the idea: filed late
)
stop = Table(
    "stop",
    metadata,
    Column("initiative", Key, primary_key=True),
    Column("stopped_at", BigInteger, primary_key=True),
    Column("resumed_at", BigInteger),  # the next yes; null while the no stands
)
loop = Table(
    "loop",
    metadata,
    Column("initiative", Key, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("shipped_at", BigInteger, nullable=False),
    Column("sensed_at", BigInteger),
    Column("responded_at", BigInteger),
)
source = Table(
    "source",
    metadata,
    Column("name", Key, primary_key=True),
    Column("connector", Text, nullable=False),
    Column("looked_until", BigInteger),  # the cursor: up to where the past has been read
    Column("attempted_at", BigInteger),
    Column("succeeded_at", BigInteger),
    Column("error", Text),  # the class of the last look's error, null if it succeeded
    Column("message", Text),
    Column("state", Text),  # of the contract's STATES; null while all is well
    Column("remedy", Text),
    Column("scope", Text),  # a JSON array of what it has ever been able to see, where the connector says so
    Column("census_at", BigInteger),  # when it was last asked what is deleted there
    Column("census_fault", Text),  # a JSON object {message, state, remedy}; null while the last census was well
    Column("heard_at", BigInteger),  # when it last sent a webhook that could be trusted
    Column("wanted_at", BigInteger),  # from when on a look would tell more of what a webhook told of
)
delivery = Table(
    "delivery",
    metadata,
    Column("source", Key, primary_key=True),
    Column("digest", Key, primary_key=True),  # of a webhook that was taken: it is taken once
    Column("taken_at", BigInteger, nullable=False),
    Index("delivery_by_time", "taken_at"),
)
quarantine = Table(
    "quarantine",
    metadata,
    Column("source", Key, primary_key=True),
    Column("digest", Key, primary_key=True),  # of the raw text: the same record again is not a new row
    Column("id", Key),
    Column("reason", Text, nullable=False),
    Column("raw", Text, nullable=False),
    Column("first_at", BigInteger, nullable=False),
    Column("last_at", BigInteger, nullable=False),
    Column("times", Integer, nullable=False),
    Column("reader", Text),  # what reads it again: null a line of a file; empty nothing, for the record is not whole
    Column("dropped_at", BigInteger),  # since when it is known to be junk, who says so, and why
    Column("by", Text),
    Column("why", Text),
)


data_version = Table(
    "data_version",
    metadata,
    Column("of", Key, primary_key=True),  # log, or sources
    Column("number", BigInteger, nullable=False),
    Column("changed_at", BigInteger, nullable=False),
)
change = Table(
    "change",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),  # the version of the log that it made
    Column("touched", Text, nullable=False),  # a JSON array: keys of initiatives, and artefacts
)


def _worked(name: str, *columns: Column[Any], key: str) -> Table:
    """Describe a table that a writing transaction fills and leaves behind empty for the next."""
    return Table(
        name,
        work,
        Column(key, Key, primary_key=True),
        *columns,
        prefixes=["TEMPORARY"],
        sqlite_with_rowid=False,
        postgresql_on_commit="DELETE ROWS",  # deleted rows would stay to be read past: nobody vacuums it
    )


incoming = Table(
    "incoming",
    work,
    Column("source", Key, nullable=False),
    Column("id", Key, nullable=False),
    *_event_columns(),
    prefixes=["TEMPORARY"],
    postgresql_on_commit="DELETE ROWS",
)
"""Events that came in, to be held against those that are stored."""
touched_artefact = _worked("touched_artefact", Column("hop", Integer, nullable=False), key="artefact")
"""Artefacts whose ties the transaction makes anew."""
touched_initiative = _worked("touched_initiative", key="initiative")
"""Initiatives whose milestones the transaction makes anew."""
heard = _worked("heard", Column("idea_at", BigInteger), key="initiative")
"""Those of them that have a tie, and the first idea, if there is one."""
done = _worked(
    "done",
    Column("idea_at", BigInteger, nullable=False),
    *(Column(name, BigInteger) for name in ("yes_at", "no_at", "started_at", "shipped_at", "early_at")),
    Column("ties", Integer, nullable=False),
    key="initiative",
)
"""Of those that have an idea: what came first since, the first work before it, and how many ties they have."""


def micros(when: datetime) -> int:
    """Return an aware instant in whole microseconds since 1970."""
    return (when - EPOCH) // _MICROSECOND


def instant(when: int | None) -> datetime | None:
    """Return microseconds since 1970 as an aware instant in UTC."""
    return None if when is None else EPOCH + timedelta(microseconds=when)


def now() -> datetime:
    """Return the current instant, aware."""
    return datetime.now(UTC)


def open(url: str) -> Engine:  # noqa: A001  it is read as store.open
    """Open the database at a URL, made or migrated to the newest schema as needed."""
    engine = engines.make(url, work.tables.values())
    with ExitStack() as at_failure:
        at_failure.callback(engine.dispose)
        with writing(engine) as connection:
            command.upgrade(_alembic(connection), "head")
        at_failure.pop_all()
    return engine


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """Open a transaction in which all reads see one state of the database."""
    with engine.connect().execution_options(**engines.snapshot(engine)) as connection, connection.begin():
        yield connection


@contextmanager
def writing(engine: Engine, patience: timedelta | None = None) -> Iterator[Connection]:
    """Open the one writing transaction there is at a time; its work tables are empty.

    OperationalError if another one takes longer than the patience.
    """
    with engine.connect().execution_options(writes=True, patience=patience) as connection, connection.begin():
        for table in work.tables.values():
            connection.execute(table.delete())
        yield connection


Part = Literal["log", "sources"]
"""What has a version: the log with all that is computed from it, and the health of the sources."""


class Version(NamedTuple):
    """Which state a part is in: as long as it stays the same, so does every answer as of an instant."""

    number: int
    changed_at: int
    """Since when, in microseconds."""


def changed(connection: Connection, part: Part, at: datetime) -> None:
    """Give a part its next version, in the transaction that changes it."""
    mine = data_version.c.of == part
    following = data_version.update().where(mine).values(number=data_version.c.number + 1, changed_at=micros(at))
    if not connection.execute(following).rowcount:
        connection.execute(data_version.insert().values(of=part, number=1, changed_at=micros(at)))


def version(connection: Connection, part: Part = "log") -> Version:
    """Return the version of a part that a transaction sees."""
    row = connection.execute(_VERSION, {"part": part}).one_or_none()
    return Version(*row) if row else Version(0, 0)


_VERSION = select(data_version.c.number, data_version.c.changed_at).where(data_version.c.of == bindparam("part"))


def attempted_at(connection: Connection, name: str) -> datetime | None:
    """Return when a source was last looked at, whatever came of it."""
    return instant(connection.scalar(select(source.c.attempted_at).where(source.c.name == name)))


def faults(engine: Engine) -> list[str]:
    """List in words what keeps the database from serving: an older or a newer schema than this program's."""
    with engine.connect() as connection:
        found = MigrationContext.configure(connection).get_current_revision()
        wanted = ScriptDirectory.from_config(_alembic(connection)).get_current_head()
    if found == wanted:
        return []
    return [f"its schema is {found or 'missing'}, this program needs {wanted}: start `ttv serve` once to migrate it"]


def _alembic(connection: Connection) -> Alembic:
    alembic = Alembic(attributes={"connection": connection})
    alembic.set_main_option("script_location", "ttv:migrations")
    return alembic
