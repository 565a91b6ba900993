"""Pull: Jira's issues and GitHub's pull requests through collect, trace and measure, against only fetching them.

    python benchmarks/pulling.py [--issues 10000] [--pulls 5000] [--latency-ms 0] [--rounds 3] [--gzip] [--memory]

The floor is one `requests.Session` with orjson that goes from page to page and keeps nothing. Everything runs in turns,
each in a process of its own, against `tools.py` in another; every ratio is between runs of the same round. What of
dlt, jira and PyGithub is installed runs beside, and does less: it stores nothing.
"""

import argparse
import importlib.util
import json
import logging
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path

import orjson
import requests
from tools import BEGIN, DAYS

import connectors
from ttv import store
from ttv.cli.asked import collect_seldom
from ttv.route import Route

HERE = Path(__file__).parent
NOW = BEGIN + timedelta(days=DAYS + 60)
SETTINGS = {
    "jira": {"email": "bench@acme.example", "token": "none"},
    "github": {"token": "none", "repositories": ["acme/app"]},
}
PEERS = {"jira": {"jira library": "jira"}, "github": {"PyGithub": "github", "dlt extract": "dlt"}}
SEARCH = {"jql": "updated >= 0 ORDER BY created ASC", "maxResults": 100, "fields": ["*all"], "expand": "changelog"}


def jira_floor(url: str) -> int:
    """Fetch every issue with everything that it has."""
    session, token, seen = requests.Session(), None, 0
    while True:
        asked = {**SEARCH, **({"nextPageToken": token} if token else {})}
        page = orjson.loads(session.post(f"{url}/rest/api/3/search/jql", json=asked).content)
        seen += len(page["issues"])
        token = page.get("nextPageToken")
        if not token:
            return seen


def github_floor(url: str) -> int:
    """Fetch every pull request of the list."""
    session, address, seen = requests.Session(), f"{url}/repos/acme/app/pulls?state=all&per_page=100", 0
    while address:
        response = session.get(address)
        seen += len(orjson.loads(response.content))
        address = response.links.get("next", {}).get("url")
    return seen


def read(tool: str, url: str) -> int:
    """Read everything by a connector, in one window, and throw it away."""
    connector = connectors.load(tool)
    settings = connector.Settings.model_validate({"url": url, **SETTINGS[tool]})
    with closing(connector.client(settings, now=lambda: NOW)) as client:
        return sum(1 for _ in connector.events(settings, client, BEGIN, None))


def pull(tool: str, url: str) -> int:
    """Pull everything for the first time: read, stored in SQLite, tied and measured, window by window."""
    connector = connectors.load(tool)
    settings = connector.Settings.model_validate({"url": url, **SETTINGS[tool]})
    began = time.monotonic()
    collect_seldom()  # as every verb does
    with tempfile.TemporaryDirectory() as folder:
        route = Route(
            store.open(f"sqlite:///{folder}/ttv.sqlite"), lambda: NOW + timedelta(seconds=time.monotonic() - began)
        )
        with closing(connector.client(settings, now=route.now)) as client:
            looked = route.sync(tool, connector, settings, client, kind=tool, since=BEGIN)
        route.engine.dispose()
    if looked.outcome.rejected:
        raise SystemExit(looked.outcome.rejected[0].reason)
    return looked.items


def jira_library(url: str) -> int:
    """Fetch every issue as the objects of the package jira."""
    from jira import JIRA  # noqa: PLC0415 - a peer that may be missing

    site = JIRA(url, basic_auth=("bench@acme.example", "none"), get_server_info=False)
    return len(site.enhanced_search_issues(SEARCH["jql"], maxResults=0, fields="*all", expand="changelog"))


def pygithub(url: str) -> int:
    """Fetch every pull request as the objects of PyGithub, without its pauses."""
    from github import Auth, Github  # noqa: PLC0415 - a peer that may be missing

    hub = Github(auth=Auth.Token("none"), base_url=url, per_page=100, seconds_between_requests=None)
    return sum(1 for pull in hub.get_repo("acme/app").get_pulls(state="all") if pull.number)


def dlt_extract(url: str) -> int:
    """Extract every pull request by dlt, into its files."""
    import dlt  # noqa: PLC0415 - a peer that may be missing
    from dlt.sources.rest_api import rest_api_source  # noqa: PLC0415

    endpoint = {"path": "pulls", "params": {"state": "all", "per_page": 100}}
    source = rest_api_source(
        {
            "client": {"base_url": f"{url}/repos/acme/app/", "paginator": "header_link"},
            "resources": [{"name": "pulls", "endpoint": endpoint}],
        }
    )
    with tempfile.TemporaryDirectory() as folder:
        pipeline = dlt.pipeline("bench", pipelines_dir=folder, destination="filesystem", dataset_name="raw")
        return len(pipeline.extract(source).loads_ids)


RUNS = {
    "jira floor": jira_floor,
    "jira read": lambda url: read("jira", url),
    "jira ttv": lambda url: pull("jira", url),
    "jira jira library": jira_library,
    "github floor": github_floor,
    "github read": lambda url: read("github", url),
    "github ttv": lambda url: pull("github", url),
    "github PyGithub": pygithub,
    "github dlt extract": dlt_extract,
}


def run(name: str, url: str) -> None:
    """Run one once, in this process, and print what it took."""
    logging.disable(logging.WARNING)
    if name.endswith(("read", "ttv")):
        connectors.load(name.partition(" ")[0])
    start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    wall, cpu = time.perf_counter(), time.process_time()
    items = RUNS[name](url)
    took = {"seconds": time.perf_counter() - wall, "cpu": time.process_time() - cpu, "items": items}
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(json.dumps({**took, "over_mb": (peak - start) / 1024}))


def measured(name: str, url: str) -> dict:
    """Run one in a process of its own."""
    command = [sys.executable, __file__, "--run", name, url]
    return json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


@contextmanager
def tools(said: argparse.Namespace, issues: int, pulls: int):
    """Serve the tools; gives their addresses."""
    counts = ["--issues", str(issues), "--pulls", str(pulls), "--latency-ms", str(said.latency_ms)]
    command = [sys.executable, str(HERE / "tools.py"), *counts, *(["--gzip"] if said.gzip else [])]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield dict(zip(("jira", "github"), process.stdout.readline().split(), strict=True))
        finally:
            process.terminate()


def compared(said: argparse.Namespace) -> None:
    """Print how each does against the floor of its tool."""
    print("| tool | | s | to the floor | range | CPU s | to the floor | MB over the start |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    for tool in said.tools:
        peers = [name for name, package in PEERS[tool].items() if importlib.util.find_spec(package)]
        names = ["floor", "read", "ttv", *(peers if said.peers else [])]
        found = defaultdict(list)
        with tools(said, said.issues, said.pulls) as urls:
            for name in names:
                measured(f"{tool} {name}", urls[tool])  # renders the answers
            for _ in range(said.rounds):
                for name in names:
                    found[name].append(measured(f"{tool} {name}", urls[tool]))
        for name, runs in found.items():
            pairs = list(zip(runs, found["floor"], strict=True))
            ratios, ours = (sorted(one[key] / floor[key] for one, floor in pairs) for key in ("seconds", "cpu"))
            middle = {key: statistics.median(one[key] for one in runs) for key in ("seconds", "cpu", "over_mb")}
            row = f"{middle['seconds']:.2f} | {statistics.median(ratios):.2f} | {ratios[0]:.2f} to {ratios[-1]:.2f}"
            row += f" | {middle['cpu']:.2f} | {statistics.median(ours):.2f} | {middle['over_mb']:.0f}"
            print(f"| {tool} | {name} | {row} |", flush=True)


def grown(said: argparse.Namespace) -> None:
    """Print how much memory a first pull takes as the pages grow in number."""
    print("| tool | records | MB over the start |\n| --- | --- | --- |")
    for tool, most in (("jira", said.issues), ("github", said.pulls)):
        for share in (8, 4, 2, 1):
            with tools(said, most // share if tool == "jira" else 1, most // share if tool == "github" else 1) as urls:
                took = measured(f"{tool} ttv", urls[tool])
            print(f"| {tool} | {most // share:,} | {took['over_mb']:.0f} |", flush=True)


def main() -> None:
    """Measure what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--issues", type=int, default=10_000)
    parser.add_argument("--pulls", type=int, default=5_000)
    parser.add_argument("--latency-ms", type=float, default=0, help="how long the tools take for an answer")
    parser.add_argument("--gzip", action="store_true", help="let them compress their answers")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--tools", nargs="+", choices=["jira", "github"], default=["jira", "github"])
    parser.add_argument("--peers", action="store_true", help="run what others is installed beside")
    parser.add_argument("--memory", action="store_true", help="show memory as the pages grow in number instead")
    parser.add_argument("--run", nargs=2, metavar=("NAME", "URL"), help=argparse.SUPPRESS)
    said = parser.parse_args()
    if said.run:
        run(*said.run)
    elif said.memory:
        grown(said)
    else:
        compared(said)


if __name__ == "__main__":
    main()
