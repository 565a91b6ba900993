"""Ask over HTTP: requests a second against a `hello` on the same server, and figures over many against plain Python.

    python benchmarks/asking.py --events 1000000 [--initiatives 100000] [--rounds 3] [--seconds 3]

Both applications are served as `ttv serve` does it, each by a process of its own, and asked in turns by wrk over eight
connections. The clock of ttv stands where the log ends, so that a third of the initiatives is open and gets an outlook.
"""

import argparse
import logging
import re
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from anchors import Sqlite
from core import BEGIN, filled
from flask import Flask, jsonify
from logs import timed

from connectors.contract import Event
from ttv import store
from ttv.cli.listening import Door
from ttv.publish.app import create
from ttv.publish.ones import ALONG
from ttv.route import BULK, Route

NOW = BEGIN + timedelta(days=710)
ASK = """
math.randomseed(os.time())
function request()
  return wrk.format("GET", "/api/v1/initiatives/I" .. math.random(0, {initiatives} - 1))
end
"""
MANY = {
    "time to value": "/api/v1/time-to-value?window=all",
    "rate of turn, by direction": "/api/v1/rate-of-turn?window=all",
    "time to value of 365 days": "/api/v1/time-to-value",
    "trend, 12 months": "/api/v1/time-to-value/trend",
    "stages": "/api/v1/stages?window=all",
}


def hello() -> Flask:
    """Make the least that Flask can answer."""
    app = Flask("hello")
    app.add_url_rule("/", view_func=lambda: jsonify(status="ok", service="bench"))
    return app


def passed(began: float) -> timedelta:
    """Return how long ago something began."""
    return timedelta(seconds=time.monotonic() - began)


def serve(what: str) -> None:
    """Serve an application until the process ends; says its address first."""
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    began = time.monotonic()
    app = hello() if what == "hello" else create(Route(store.open(what), now=lambda: NOW + passed(began)))
    door = Door(app, "127.0.0.1", 0)
    print(door.url, flush=True)
    door.answer(until=lambda: False)


@contextmanager
def served(what: str):
    """Serve an application from another process; gives its address."""
    command = [sys.executable, __file__, "--serve", what]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


def rate(url: str, seconds: int, script: Path | None = None) -> float:
    """Return how many requests wrk was answered in a second; every answer has to be a good one."""
    command = ["wrk", "-t1", "-c8", f"-d{seconds}s", *(["-s", str(script)] if script else []), url]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    if "Non-2xx" in said:
        raise SystemExit(said)
    return float(re.search(r"Requests/sec: +([\d.]+)", said)[1])


def asked(url: str) -> float:
    """Return the seconds of one answer."""
    return timed(lambda: urllib.request.urlopen(url).read())


def show(job: str, unit: str, pairs: list[tuple[float, float]], aim: str) -> None:
    """Print a row: the medians of both, and the median and the range of their ratios."""
    ratios = sorted(ours / theirs for ours, theirs in pairs)
    ours, theirs = (statistics.median(values) for values in zip(*pairs, strict=True))
    told = f"{statistics.median(ratios):.2f} | {ratios[0]:.2f} to {ratios[-1]:.2f}"
    print(f"| {job} | {ours:,.4g} {unit} | {theirs:,.4g} {unit} | {told} | {aim} |", flush=True)


def lookups(ours: str, theirs: str, folder: Path, said: argparse.Namespace) -> None:
    """Measure look-ups of one initiative, any of them every time: from the first on, and once all have been read."""
    script = folder / "ask.lua"
    script.write_text(ASK.format(initiatives=said.initiatives))

    def pair() -> tuple[float, float]:
        before = rate(theirs, said.seconds)
        return rate(ours, said.seconds, script), (before + rate(theirs, said.seconds)) / 2

    for number in range(50):  # the history that outlooks rest on is read at first, and is no part of it
        asked(f"{ours}api/v1/initiatives/I{number}")
    show("one initiative of all, from the first on", "/s", [pair()], "")
    for key in sorted(f"I{number}" for number in range(said.initiatives))[::ALONG]:
        asked(f"{ours}api/v1/initiatives/{key}")
    show("one initiative of all, once all were read", "/s", [pair() for _ in range(said.rounds * 2)], ">= 0.5")


def many(ours: str, theirs: str, route: Route, anchor: Sqlite, said: argparse.Namespace) -> None:
    """Measure figures over many: cold, after something has changed, and warm."""
    for path in MANY.values():
        asked(f"{ours}{path[1:]}")  # what is imported at first use is no part of it
    for name, path in MANY.items():
        pairs = []
        for number in range(said.rounds):
            more = Event(f"{name} {number}", "start", NOW - timedelta(days=1), f"initiative:I{number}")
            route.take("jira", [more])
            pairs.append((asked(f"{ours}{path[1:]}"), anchor.population()))
        show(f"{name}, cold", "s", pairs, "<= 0.2")
        warm = [(rate(f"{ours}{path[1:]}", said.seconds), rate(theirs, said.seconds)) for _ in range(said.rounds)]
        show(f"{name}, warm", "/s", warm, "as one initiative")


def main() -> None:
    """Fill a store, serve it beside the anchor, ask both in turns, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--initiatives", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("--serve", help=argparse.SUPPRESS)
    said = parser.parse_args()
    if said.serve:
        serve(said.serve)
        return
    with tempfile.TemporaryDirectory() as name:
        folder, url = Path(name), f"sqlite:///{name}/ttv.sqlite"
        anchor = Sqlite(folder)
        route, records, rows = filled(url, said.events, said.initiatives)
        route.post(records, BULK)
        anchor.load(rows)
        print("| asked | ttv | anchor | ratio | range | aim |\n| --- | --- | --- | --- | --- | --- |")
        with served(url) as ours, served("hello") as theirs:
            time.sleep(1)
            lookups(ours, theirs, folder, said)
            many(ours, theirs, route, anchor, said)
        anchor.close()


if __name__ == "__main__":
    main()
