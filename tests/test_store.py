"""The schema is made by migrations alone, instants are exact, and one writer at a time."""

from datetime import UTC, datetime, timedelta

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, text
from sqlalchemy.exc import OperationalError

from ttv import engines, store
from ttv.config import ConfigError


def test_the_migrations_make_the_tables_of_the_code(engine):
    with engine.connect() as connection:
        context = MigrationContext.configure(connection)
        assert compare_metadata(context, store.metadata) == []
    assert store.faults(engine) == []


def test_a_database_of_another_version_says_what_to_do(sqlite_engine):
    with store.writing(sqlite_engine) as connection:
        connection.execute(text("delete from alembic_version"))
    (said,) = store.faults(sqlite_engine)
    assert "ttv serve" in said


@given(st.datetimes(timezones=st.just(UTC)))
def test_instants_are_exact_to_the_microsecond(when):
    assert store.instant(store.micros(when)) == when


def test_instants_of_other_offsets_are_the_same_instant():
    there = datetime.fromisoformat("2026-11-01T05:30:00.000001+05:30")
    assert store.instant(store.micros(there)) == datetime(2026, 11, 1, 0, 0, 0, 1, tzinfo=UTC)
    assert store.instant(None) is None


def test_a_read_transaction_sees_one_state(engine):
    with store.reading(engine) as reading:
        count = select(store.label.c.value)
        assert reading.execute(count).all() == []
        with store.writing(engine) as writing:
            writing.execute(store.label.insert(), [{"initiative": "a", "name": "b", "value": "c"}])
        assert reading.execute(count).all() == []
    with store.reading(engine) as reading:
        assert len(reading.execute(count).all()) == 1


def test_a_failed_write_leaves_nothing(engine):
    def fail():
        with store.writing(engine) as writing:
            writing.execute(store.label.insert(), [{"initiative": "a", "name": "b", "value": "c"}])
            raise LookupError("half way")

    with pytest.raises(LookupError):
        fail()
    with store.reading(engine) as reading:
        assert reading.execute(select(store.label)).all() == []


@pytest.mark.parametrize("url", ["mysql://localhost/x", "no url", ""])
def test_an_address_that_is_none_says_what_would_be_right(url):
    with pytest.raises(ConfigError, match=r"SQLite or PostgreSQL|sqlite:///ttv\.sqlite"):
        engines.address(url)


def test_writers_wait_for_each_other(engine):
    from concurrent.futures import ThreadPoolExecutor

    def add(n):
        with store.writing(engine) as writing:
            known = len(writing.execute(select(store.label)).all())
            writing.execute(store.label.insert(), [{"initiative": str(known), "name": "b", "value": str(n)}])

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(add, range(40)))
    with store.reading(engine) as reading:
        assert len(reading.execute(select(store.label)).all()) == 40


def test_a_writer_with_little_patience_gives_up_and_leaves_all_as_it_was(engine):
    with store.writing(engine):
        for _ in range(2):
            with pytest.raises(OperationalError), store.writing(engine, timedelta(milliseconds=10)):
                pass
    with store.writing(engine, timedelta(milliseconds=10)) as writing:
        writing.execute(store.label.insert(), [{"initiative": "a", "name": "b", "value": "c"}])
        setting = "PRAGMA busy_timeout" if engine.dialect.name == "sqlite" else "SHOW lock_timeout"
        assert writing.exec_driver_sql(setting).scalar() in (60_000, "0")
