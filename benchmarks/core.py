"""Load, measure and ask: an invented log through collect, trace and measure, against the fastest plain way of each job.

    python benchmarks/core.py --events 1000000 [--initiatives 100000] [--postgres URL] [--rounds 3] [--no-sqlite]

Every ratio is between runs of the same round; the table shows the median over the rounds, and the range.
"""

import argparse
import random
import statistics
import tempfile
import time
from array import array
from collections import defaultdict
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import chain, islice
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
from anchors import Made, Postgres, Sqlite, timed
from sqlalchemy import select

from connectors.contract import Event, Initiative
from ttv import collect, engines, figures, measure, population, store
from ttv.collect import batched
from ttv.records import Record
from ttv.route import BULK, Route

BEGIN = datetime(2023, 1, 1, tzinfo=UTC)
NOW = datetime(2026, 1, 1, tzinfo=UTC)
KINDS = ("idea", "decision", "start", "change", "deploy", "feedback")
ODDS = (0.10, 0.10, 0.15, 0.35, 0.15, 0.15)
TEAMS, SMALL = 50, 10_000
DAY = 86_400


def lives(events: int, initiatives: int):
    """Yield (source id, kind, second, initiative) in order of arrival, ids out of order as issue keys come."""
    chance = random.Random(11)
    begun = [chance.randrange(700 * DAY) for _ in range(initiatives)]
    numbers = array("L", range(events))
    chance.shuffle(numbers)
    for number in numbers:
        kind = chance.choices(range(6), ODDS)[0]
        one = chance.randrange(initiatives)
        yield (
            f"VAL-{number:09d}",
            KINDS[kind],
            begun[one] + int(chance.expovariate(1 / (20 * DAY)) * (1 + kind) / 3),
            one,
        )


def opened(url: str, initiatives: int) -> Route:
    """Open an empty store, and put its initiatives."""
    if url.startswith("postgresql"):
        with psycopg.connect(url) as connection:
            connection.execute("drop schema public cascade")
            connection.execute("create schema public")
    began = time.monotonic()
    route = Route(store.open(url), now=lambda: NOW + timedelta(seconds=time.monotonic() - began))
    made = (Initiative(f"I{n}", f"Initiative {n}", team=f"team {n % TEAMS}") for n in range(initiatives))
    route.post((Record(0, "api", one) for one in made), BULK)
    return route


def events_of(events: int, initiatives: int) -> tuple[Made, Made]:
    """Return the records to load, and the same as rows of the anchors."""
    base = store.micros(BEGIN)

    def records():
        for n, (id_, kind, second, one) in enumerate(lives(events, initiatives)):
            yield Record(n, "jira", Event(id_, kind, BEGIN + timedelta(seconds=second), f"initiative:I{one}"))

    def rows():
        for id_, kind, second, one in lives(events, initiatives):
            yield ("jira", id_, one, kind, base + second * 1_000_000)

    return Made(records), Made(rows)


def filled(url: str, events: int, initiatives: int):
    """Open an empty store with its initiatives; return it with the records to load and the anchor's rows."""
    return opened(url, initiatives), *events_of(events, initiatives)


def stored(route: Route, records: Made) -> float:
    """Return the seconds to store records, and no more, a million a transaction."""

    def job():
        batches = batched(records, BULK)
        for first in batches:
            with store.writing(route.engine) as connection, engines.roomy(connection):
                for some in chain([first], islice(batches, 19)):
                    collect.take(connection, some, NOW)

    return timed(job, records)


def milestones(route: Route) -> float:
    """Return the seconds to find the milestones of all initiatives anew, without stops and loops."""
    found = measure._find()  # noqa: SLF001  it is a part of what `remeasure` does
    wanted = [one for table, one in found if table not in {store.stop, store.loop}]
    with store.writing(route.engine) as connection:
        connection.execute(store.milestone.delete())
        keys = select(store.initiative.c.key)
        connection.execute(store.touched_initiative.insert().from_select(["initiative"], keys))
        return timed(lambda: [connection.execute(one) for one in wanted])


def one_more(small: Route, large: Route) -> tuple[float, float]:
    """Return the median seconds until one new event is stored, traced and measured, in a large log and in a small."""
    took = defaultdict(list)
    for n in range(50):
        event = Event(f"more {n}", "start", BEGIN + timedelta(days=n), f"initiative:I{n * 7}")
        for route in (small, large):
            took[route].append(timed(lambda route=route, event=event: route.take("jira", [event])))
    return statistics.median(took[large]), statistics.median(took[small])


def asked(route: Route) -> float:
    """Return the seconds of a cold population answer."""

    def ask():
        with store.reading(route.engine) as connection:
            population.population(connection, "time_to_value", figures.Selection(), as_of=NOW, window="all")

    return timed(ask)


def round_(urls: list[str], anchor, events: int, initiatives: int) -> dict[str, tuple[float, float]]:
    """Return for each job (seconds, seconds of its anchor); of the three databases two may be the same."""
    records, rows = events_of(events, initiatives)
    plain = anchor.load(rows)
    route = opened(urls[0], initiatives)
    found = {"store": (stored(route, records), plain)}
    route.engine.dispose()
    route = opened(urls[1], initiatives)
    found["store, tie and measure"] = (timed(partial(route.post, records, BULK), records), plain)
    seeks = min(anchor.measure() for _ in range(2))  # of each the better of two: the first reads from the disk
    found["milestones anew"] = (min(milestones(route) for _ in range(2)), seeks)
    found["ties, milestones and loops anew"] = (min(timed(route.rebuild) for _ in range(2)), seeks)
    small = opened(urls[2], SMALL // 10)
    small.post(events_of(SMALL, SMALL // 10)[0], BULK)
    asked(small)  # what is imported at first use is no part of it
    found["one new event, against a log of 10,000"] = one_more(small, route)
    found["population of all, cold"] = (asked(route), anchor.population())
    small.engine.dispose()
    route.engine.dispose()
    return found


def report(name: str, rounds: list[dict[str, tuple[float, float]]]) -> None:
    """Print a row for each job."""
    by_job = defaultdict(list)
    for one in rounds:
        for job, pair in one.items():
            by_job[job].append(pair)
    for job, pairs in by_job.items():
        ratios = sorted(ours / theirs for ours, theirs in pairs)
        ours, theirs = (statistics.median(values) for values in zip(*pairs, strict=True))
        spread = f"{ratios[0]:.2f} to {ratios[-1]:.2f}"
        print(
            f"| {name} | {job} | {ours:.4f} | {theirs:.4f} | {statistics.median(ratios):.2f} | {spread} |", flush=True
        )


def main() -> None:
    """Run the rounds and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--initiatives", type=int, default=100_000)
    parser.add_argument("--postgres", help="URL of an empty database of PostgreSQL; left out without one")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--no-sqlite", action="store_true", help="leave SQLite out")
    said = parser.parse_args()
    print(f"{said.events:,} events of {said.initiatives:,} initiatives, {said.rounds} rounds\n")
    print("| engine | job | s | anchor s | ratio | range |\n| --- | --- | --- | --- | --- | --- |")
    rounds = []
    for _ in range(0 if said.no_sqlite else said.rounds):
        with tempfile.TemporaryDirectory() as folder:
            anchor = Sqlite(Path(folder))
            urls = [f"sqlite:///{folder}/{name}.sqlite" for name in ("stored", "whole", "small")]
            rounds.append(round_(urls, anchor, said.events, said.initiatives))
            anchor.close()
    report("SQLite", rounds)
    if said.postgres:
        rounds = []
        for _ in range(said.rounds):
            anchor = Postgres(said.postgres)
            with small_database(said.postgres) as small:
                rounds.append(round_([said.postgres, said.postgres, small], anchor, said.events, said.initiatives))
            anchor.close()
        report("PostgreSQL", rounds)


@contextmanager
def small_database(url: str):
    """Make a second database beside one, for as long as it is needed."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("drop database if exists ttv_small")
        connection.execute("create database ttv_small")
        yield urlsplit(url)._replace(path="/ttv_small").geturl()
        connection.execute("drop database ttv_small")


if __name__ == "__main__":
    main()
