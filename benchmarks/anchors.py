"""What the fastest plain way of each job costs here: no checks, no history, no ties. Figures are ratios to these."""

import sqlite3
from collections import defaultdict
from itertools import groupby
from pathlib import Path

import psycopg
from logs import timed

TABLE = """create table events (id {serial} primary key, source text not null, source_id text not null,
  initiative integer not null, kind text not null, occurred_at bigint not null)"""
INDEXES = (
    "create unique index events_source on events (source, source_id)",
    "create index events_seek on events (initiative, kind, occurred_at)",
    "create index events_at on events (occurred_at)",
)
NAMES = "source, source_id, initiative, kind, occurred_at"
SEEK = """
create temporary table found as
with a as materialized (
  select i.initiative,
    (select min(occurred_at) from events e where e.initiative = i.initiative and e.kind = 'idea') as idea,
    (select min(occurred_at) from events e where e.initiative = i.initiative and e.kind = 'deploy') as deploy
  from (select distinct initiative from events) i)
select a.*,
  (select min(occurred_at) from events e
   where e.initiative = a.initiative and e.kind = 'decision' and e.occurred_at >= a.idea) as decision,
  (select min(occurred_at) from events e
   where e.initiative = a.initiative and e.kind = 'feedback' and e.occurred_at >= a.deploy) as feedback
from a"""

SCAN = """
create temporary table found as
with a as materialized (
  select initiative, min(case when kind = 'idea' then occurred_at end) as idea,
    min(case when kind = 'deploy' then occurred_at end) as deploy
  from events group by initiative)
select a.initiative, a.idea, a.deploy,
  min(case when e.kind = 'decision' and e.occurred_at >= a.idea then e.occurred_at end) as decision,
  min(case when e.kind = 'feedback' and e.occurred_at >= a.deploy then e.occurred_at end) as feedback
from a left join events e on e.initiative = a.initiative and e.kind in ('decision', 'feedback')
group by a.initiative, a.idea, a.deploy"""


class Sqlite:
    """sqlite3 without anything around it."""

    def __init__(self, folder: Path) -> None:
        self._connection = sqlite3.connect(folder / "anchor.sqlite")
        self._connection.executescript(
            "pragma journal_mode = wal; pragma synchronous = normal; pragma cache_size = -65536;"
            "pragma temp_store = memory;" + TABLE.format(serial="integer") + ";" + ";".join(INDEXES)
        )

    def load(self, rows):
        """Insert by executemany, in one transaction, on conflict do nothing."""

        def job():
            with self._connection:
                self._connection.executemany(
                    f"insert into events ({NAMES}) values (?, ?, ?, ?, ?) on conflict (source, source_id) do nothing",
                    rows,
                )

        return timed(job, rows)

    def measure(self):
        """Find four milestones of every initiative: the better of seeks into an index and a scan of it."""
        return min(self._found(way) for way in (SEEK, SCAN, SEEK))  # the first reads from the disk

    def _found(self, way):
        self._connection.execute("drop table if exists found")
        return timed(lambda: self._connection.execute(way))

    def population(self):
        """Group the events in index order in plain Python and sort what took how long."""
        query = "select initiative, kind, occurred_at from events order by initiative, kind, occurred_at"
        return timed(lambda: _in_python(self._connection.execute(query)))

    def close(self):
        self._connection.close()


class Postgres:
    """psycopg without anything around it."""

    def __init__(self, url: str) -> None:
        self._connection = psycopg.connect(url)
        self._connection.execute(TABLE.format(serial="bigserial"))
        for index in INDEXES:
            self._connection.execute(index)
        self._connection.commit()

    def load(self, rows):
        """COPY into a stage, and from there on conflict do nothing."""

        def job():
            self._connection.execute(
                "create temporary table stage"
                " (source text, source_id text, initiative int, kind text, occurred_at bigint)"
            )
            with self._connection.cursor() as cursor, cursor.copy(f"copy stage ({NAMES}) from stdin") as copy:
                for row in rows:
                    copy.write_row(row)
            self._connection.execute(
                f"insert into events ({NAMES}) select {NAMES} from stage on conflict (source, source_id) do nothing"
            )
            self._connection.commit()

        return timed(job, rows)

    def measure(self):
        """Find four milestones of every initiative: the better of seeks into an index and a scan of it."""
        self._connection.execute("analyze events")
        return min(self._found(way) for way in (SEEK, SCAN, SEEK))

    def _found(self, way):
        self._connection.execute("drop table if exists found")
        return timed(lambda: self._connection.execute(way))

    def population(self):
        """Group the events in index order in plain Python and sort what took how long."""
        query = "select initiative, kind, occurred_at from events order by initiative, kind, occurred_at"
        return timed(lambda: _in_python(self._connection.execute(query)))

    def close(self):
        self._connection.close()


def _in_python(rows):
    took = []
    for _, group in groupby(rows, key=lambda row: row[0]):
        times = defaultdict(list)
        for _, kind, at in group:
            times[kind].append(at)
        idea, deploy = min(times["idea"], default=None), min(times["deploy"], default=None)
        answers = [at for at in times["feedback"] if deploy is not None and at >= deploy]
        if idea is not None and answers:
            took.append(min(answers) - idea)
    took.sort()
    return took[len(took) // 2]
