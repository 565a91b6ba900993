"""Load, measure and ask: an invented log through collect, trace and measure, against the fastest plain way of each job.

    python benchmarks/core.py [--events 1000000 ...] [--initiatives 100000] [--rounds 3] [--engines sqlite postgres]

Every ratio is between runs of the same round; the table shows the median over the rounds, and the range. PostgreSQL is
a server of its own, started for the run; all data lies in a temporary folder that is removed at the end.
"""

import argparse
import random
import shutil
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import chain, islice
from pathlib import Path
from typing import NamedTuple

from anchors import Postgres, Sqlite
from logs import BEGIN, Log, Made, timed
from sqlalchemy import select

from connectors.contract import Event, Initiative
from tests.real.postgres import Cluster, programs
from ttv import collect, engines, figures, measure, population, store
from ttv.records import Record
from ttv.route import BULK, Route
from ttv.slices import batched

NOW = datetime(2026, 1, 1, tzinfo=UTC)
TEAMS, SMALL, MORE = 50, 10_000, 200
MOST_STORED = 2_000_000
"""A longer log is only stored together with what follows, for it takes a quarter of an hour each time."""
SERVER = {
    "listen_addresses": "''",
    "max_wal_size": "4GB",
    "shared_buffers": "1GB",
    "work_mem": "64MB",
}
STORE, ALL, SEEN = "store", "store, tie and measure", "one new event, against a log of 10,000"
MILESTONES, ANEW, ASKED = "milestones anew", "ties, milestones and loops anew", "population of all, cold"
AIMS = {
    "SQLite": {STORE: 1.3, MILESTONES: 2, ANEW: 6, SEEN: 1.5, ASKED: 0.2},
    "PostgreSQL": {STORE: 1.2, MILESTONES: 2, ANEW: 6, SEEN: 1.5, ASKED: 0.2},
}


class Places(NamedTuple):
    """Where one round finds its databases."""

    anchor: Sqlite | Postgres
    url: Callable[[str], str]
    """Makes an empty database and says where it is."""
    drop: Callable[[str], None]


class Took(NamedTuple):
    """What a job and its anchor took in one round, in seconds."""

    ours: float
    anchor: float


def opened(url: str, initiatives: int) -> Route:
    """Open an empty store, and put its initiatives."""
    began = time.monotonic()
    route = Route(store.open(url), now=lambda: NOW + timedelta(seconds=time.monotonic() - began))
    made = (Initiative(f"I{n}", f"Initiative {n}", team=f"team {n % TEAMS}") for n in range(initiatives))
    route.post((Record(0, "api", one) for one in made), BULK)
    return route


def filled(url: str, events: int, initiatives: int):
    """Open an empty store with its initiatives; return it with the records to load and the anchor's rows."""
    log = Log(events, initiatives)
    return opened(url, initiatives), log.records(), log.rows()


def stored(route: Route, records: Made) -> float:
    """Return the seconds to store records, and no more, a million a transaction."""

    def job():
        batches = batched(records, BULK)
        for first in batches:
            with (
                store.writing(route.engine) as connection,
                engines.roomy(connection),
                engines.indexes_last(connection, store.event),
            ):
                for some in chain([first], islice(batches, 19)):
                    collect.take(connection, some, NOW)

    return timed(job, records)


def milestones(route: Route) -> float:
    """Return the seconds to find the milestones of all initiatives anew, without stops and loops."""
    found = measure._find()  # noqa: SLF001  it is a part of what `remeasure` does
    wanted = [(table, one) for table, one in found if table not in {store.stop, store.loop}]
    with store.writing(route.engine) as connection:
        connection.execute(store.milestone.delete())
        keys = select(store.initiative.c.key)
        connection.execute(store.touched_initiative.insert().from_select(["initiative"], keys))

        def job():
            for table, one in wanted:
                connection.execute(one)
                if table.name in store.work.tables:
                    engines.weigh(connection, table)

        return timed(job)


def one_more(small: Route, large: Route, initiatives: int) -> Took:
    """Return the median seconds until one new event is stored, traced and measured, in a large log and in a small."""
    took, chance = defaultdict(list), random.Random(3)
    for n in range(MORE):
        for route, most in ((small, SMALL // 10), (large, initiatives)):
            subject = f"initiative:I{chance.randrange(most)}"
            event = Event(f"more {n}", "start", BEGIN + timedelta(days=n), subject)
            took[route].append(timed(partial(route.take, "jira", [event])))
    return Took(statistics.median(took[large]), statistics.median(took[small]))


def asked(route: Route) -> float:
    """Return the seconds of a cold population answer."""

    def ask():
        with store.reading(route.engine) as connection:
            population.population(connection, "time_to_value", figures.Selection(), as_of=NOW, window="all")

    return timed(ask)


def round_(places: Places, log: Log) -> Iterator[tuple[str, Took]]:
    """Yield each job and what it took, one after the other in databases of their own."""
    anchor, records = places.anchor, log.records()
    plain = anchor.load(log.rows())
    if log.events <= MOST_STORED:
        route = opened(places.url("stored"), log.initiatives)
        yield STORE, Took(stored(route, records), plain)
        route.engine.dispose()
        places.drop("stored")
    route = opened(places.url("whole"), log.initiatives)
    yield ALL, Took(timed(partial(route.post, records, BULK), records), plain)
    found = anchor.measure()
    yield MILESTONES, Took(min(milestones(route) for _ in range(2)), found)
    yield ANEW, Took(min(timed(route.rebuild) for _ in range(2)), found)
    small = opened(places.url("small"), SMALL // 10)
    small.post(Log(SMALL, SMALL // 10).records(), BULK)
    asked(small)  # what is imported at first use is no part of it
    yield SEEN, one_more(small, route, log.initiatives)
    yield ASKED, Took(asked(route), anchor.population())
    for one in (small, route):
        one.engine.dispose()


@contextmanager
def sqlite(folder: Path) -> Iterator[Places]:
    """Make room for the SQLite files of a round."""
    with tempfile.TemporaryDirectory(dir=folder) as own:
        anchor = Sqlite(Path(own))
        yield Places(
            anchor,
            lambda name: f"sqlite:///{own}/{name}.sqlite",
            lambda name: [path.unlink() for path in Path(own).glob(f"{name}.sqlite*")],
        )
        anchor.close()


@contextmanager
def postgres(folder: Path) -> Iterator[Places]:
    """Start a PostgreSQL server for a round."""
    where = programs()
    if where is None:
        raise SystemExit("needs PostgreSQL's server: apt-get install postgresql, or --engines sqlite")
    own = Path(tempfile.mkdtemp(prefix="ttv-postgres-", dir=folder))
    try:
        cluster = Cluster(where, own, SERVER)
        try:
            anchor = Postgres(cluster.make("anchor"))
            yield Places(anchor, cluster.make, cluster.drop)
            anchor.close()
        finally:
            cluster.stop()
    finally:
        shutil.rmtree(own)


ENGINES = {"sqlite": ("SQLite", sqlite), "postgres": ("PostgreSQL", postgres)}


def told(name: str, found: Iterator[tuple[str, Took]]) -> Iterator[tuple[str, Took]]:
    """Pass on what each job took, and say on the side that it is done: a round of many events takes its time."""
    for job, took in found:
        print(f"{name}: {job}, {took.ours:.3g} s, {took.ours / took.anchor:.2f}", file=sys.stderr, flush=True)
        yield job, took


def report(name: str, events: int, rounds: list[dict[str, Took]]) -> None:
    """Print a row for each job."""
    for job in rounds[0]:
        ratios = sorted(one[job].ours / one[job].anchor for one in rounds)
        ours, theirs = (statistics.median(values) for values in zip(*(one[job] for one in rounds), strict=True))
        spread, aim = f"{ratios[0]:.2f} to {ratios[-1]:.2f}", AIMS[name].get(job, "")
        ratio = f"{statistics.median(ratios):.2f} | {spread} | {aim} |"
        print(f"| {name} | {events:,} | {job} | {ours:.4g} | {theirs:.4g} | {ratio}", flush=True)


def main() -> None:
    """Run the rounds and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, nargs="+", default=[1_000_000])
    parser.add_argument("--initiatives", type=int, default=100_000)
    parser.add_argument("--engines", nargs="+", choices=ENGINES, default=list(ENGINES))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument(
        "--folder", type=Path, default=Path(tempfile.gettempdir()), help="where the data lies meanwhile"
    )
    said = parser.parse_args()
    print(f"{said.initiatives:,} initiatives, {said.rounds} rounds\n")
    print("| engine | events | job | s | anchor s | ratio | range | aim |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |", flush=True)
    for events in said.events:
        log = Log(events, said.initiatives)
        rounds = defaultdict(list)
        for _ in range(said.rounds):
            for engine in said.engines:
                name, places = ENGINES[engine]
                with places(said.folder) as own:
                    rounds[name].append(dict(told(name, round_(own, log))))
        for name, some in rounds.items():
            report(name, events, some)


if __name__ == "__main__":
    main()
