"""Show metrics: the page of many initiatives, unchanged and after a change, against the library's own way to write it.

    python benchmarks/metrics.py [--initiatives 10000] [--open 0.2] [--rounds 5] [--postgres URL]

The anchor is `prometheus_client.generate_latest` over the same page, read back into families: the same samples, written
by the library each time. Every ratio is between turns of the same round, which follow each other.
"""

import argparse
import random
import statistics
import tempfile
from datetime import UTC, datetime, timedelta
from functools import partial

from logs import timed
from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families as families
from prometheus_client.registry import Collector

from connectors.contract import Event, Initiative
from ttv import store
from ttv.publish.exporter import Exporter
from ttv.publish.families import Scope
from ttv.publish.instruments import Instruments
from ttv.records import Record
from ttv.route import BULK, Route

NOW = datetime(2026, 1, 1, tzinfo=UTC)
SINCE = timedelta(minutes=31)
"""So long after the log ends it is asked: what happens then lies behind no full hour."""
LIFE = ("idea", "decision", "start", "deploy", "feedback")


class Read(Collector):
    """The families of a page."""

    def __init__(self, page: str) -> None:
        self._families = list(families(page))
        self.samples = sum(len(one.samples) for one in self._families)

    def collect(self):
        return self._families


def lives(number: int, share: float):
    """Yield initiatives, a share of them open, the others ended within the last 90 days, and their events."""
    chance = random.Random(5)
    for one in range(number):
        yield Record(0, "api", Initiative(f"I{one}", f"Initiative {one}", team=f"team {one % 20}"))
        last = NOW - timedelta(days=chance.uniform(0, 89))
        instants = sorted(last - timedelta(days=chance.expovariate(1 / 40)) for _ in LIFE)
        lived = chance.randrange(1, 5) if chance.random() < share else 5
        for kind, when in zip(LIFE[:lived], instants, strict=False):
            yield Record(0, "jira", Event(f"{one} {kind}", kind, when, f"initiative:I{one}"))


def round_(url: str, number: int, share: float) -> dict[str, tuple[float, float]]:
    """Return for each job (seconds, seconds of its anchor)."""
    route = Route(store.open(url), now=lambda: NOW + SINCE)
    route.post(lives(number, share), BULK)
    targets = {"time_to_value_seconds": 180 * 86_400.0, "rate_of_turn_seconds": 30 * 86_400.0}
    exporter = Exporter(route.engine, route.now, Scope(targets=targets), instruments=Instruments())
    page, _ = exporter.page()
    anchor = Read(page.decode())
    print(f"{len(page) / 1e6:.1f} MB, {anchor.samples:,} samples", flush=True)
    found = {}
    squeezed = partial(exporter.page, squeezed=True)
    for name, job in (("nothing changed", exporter.page), ("nothing changed, gzip", squeezed)):
        job()
        found[name] = (statistics.median(timed(job) for _ in range(9)), timed(lambda: generate_latest(anchor)))
    for name, kind, when in (
        ("after a change", "feedback", route.now()),
        ("after a change of what was long ago", "idea", NOW - timedelta(days=400)),
    ):
        changes = []
        for turn in range(3):
            route.take("jira", [Event(f"{name} {turn}", kind, when, f"initiative:I{turn}")])
            changes.append(timed(exporter.page))
        found[name] = (statistics.median(changes), timed(lambda: generate_latest(anchor)))
    route.engine.dispose()
    return found


def main() -> None:
    """Run the rounds and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--initiatives", type=int, default=10_000)
    parser.add_argument("--open", type=float, default=0.2, help="which share of them is open")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--postgres", help="URL of an empty database of PostgreSQL")
    said = parser.parse_args()
    rounds = []
    for _ in range(said.rounds):
        with tempfile.TemporaryDirectory() as folder:
            rounds.append(round_(said.postgres or f"sqlite:///{folder}/ttv.sqlite", said.initiatives, said.open))
    print("| job | s | generate_latest s | ratio | range |\n| --- | --- | --- | --- | --- |")
    for job in rounds[0]:
        pairs = [one[job] for one in rounds]
        ratios = sorted(ours / theirs for ours, theirs in pairs)
        ours, theirs = (statistics.median(values) for values in zip(*pairs, strict=True))
        spread = f"{ratios[0]:.3f} to {ratios[-1]:.3f}"
        print(f"| {job} | {ours:.4f} | {theirs:.4f} | {statistics.median(ratios):.3f} | {spread} |")


if __name__ == "__main__":
    main()
