"""Load, measure and ask: an invented log through collect, trace and measure, against the fastest plain way of each job.

    python benchmarks/core.py --events 1000000 [--initiatives 100000] [--postgres URL] [--rounds 3] [--no-sqlite]

Every ratio is between runs of the same round; the table shows the median over the rounds, and the range.
"""

import argparse
import random
import statistics
import tempfile
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from anchors import Postgres, Sqlite, timed

from connectors.contract import Event, Initiative
from ttv import figures, population, store
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
    numbers = list(range(events))
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


def filled(url: str, events: int, initiatives: int):
    """Open an empty store with its initiatives; return it with the records to load and the anchor's rows."""
    engine = store.open(url)
    with store.writing(engine) as connection:
        for table in store.metadata.sorted_tables:
            connection.execute(table.delete())
    route = Route(engine, now=lambda: NOW)
    made = (Initiative(f"I{n}", f"Initiative {n}", team=f"team {n % TEAMS}") for n in range(initiatives))
    route.post((Record(0, "api", one) for one in made), BULK)
    rows = list(lives(events, initiatives))
    records = [
        Record(n, "jira", Event(id_, kind, BEGIN + timedelta(seconds=second), f"initiative:I{one}"))
        for n, (id_, kind, second, one) in enumerate(rows)
    ]
    base = store.micros(BEGIN)
    return route, records, [("jira", id_, one, kind, base + second * 1_000_000) for id_, kind, second, one in rows]


def one_more(route: Route, number: int) -> float:
    """Return the median seconds until one new event is stored, traced and measured."""
    took = []
    for n in range(20):
        event = Event(f"more {number} {n}", "start", BEGIN + timedelta(days=n), f"initiative:I{n * 7}")
        took.append(timed(lambda event=event: route.take("jira", [event])))
    return statistics.median(took)


def asked(route: Route) -> float:
    """Return the seconds of a cold population answer."""

    def ask():
        with store.reading(route.engine) as connection:
            population.population(connection, "time_to_value", figures.Selection(), as_of=NOW, window="all")

    return timed(ask)


def round_(url: str, anchor, events: int, initiatives: int) -> dict[str, tuple[float, float]]:
    """Return for each job (seconds, seconds of its anchor)."""
    small, records, _ = filled(url, SMALL, SMALL // 10)
    small.post(records, BULK)
    few = one_more(small, 0)
    asked(small)  # what is imported at first use is no part of it
    small.engine.dispose()
    route, records, rows = filled(url, events, initiatives)
    found = {"load, tie and measure": (timed(partial(route.post, records, BULK)), anchor.load(rows))}
    found["tie and measure all anew"] = (timed(route.rebuild), anchor.measure())
    found["one new event, against a log of 10,000"] = (one_more(route, 1), few)
    found["population of all, cold"] = (asked(route), anchor.population())
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
            rounds.append(round_(f"sqlite:///{folder}/ttv.sqlite", anchor, said.events, said.initiatives))
            anchor.close()
    report("SQLite", rounds)
    if said.postgres:
        rounds = []
        for _ in range(said.rounds):
            anchor = Postgres(said.postgres)
            rounds.append(round_(said.postgres, anchor, said.events, said.initiatives))
            anchor.close()
        report("PostgreSQL", rounds)


if __name__ == "__main__":
    main()
