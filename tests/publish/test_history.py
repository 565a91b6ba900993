"""`ttv history`: what Prometheus finds in blocks that are made of it is what the API answers as of then."""

from datetime import UTC, datetime, timedelta

import pytest
from click.testing import CliRunner
from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics

from tests.publish.conftest import CHECKOUT, LIFE, NOW, SEARCH, event
from tests.publish.test_exporter import OPEN, family_of
from ttv import store
from ttv.cli import main
from ttv.publish import app
from ttv.publish.families import Scope
from ttv.publish.history import history
from ttv.route import Route

DAYS = [datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=days) for days in range(0, 60, 5)]
MORE = [
    event(f"m{number}-{kind}", kind, f"2025-{month:02}-03T10:00:00Z", subject=f"initiative:M{number}")
    for number in range(6)
    for kind, month in (
        ("idea", 1 + number),
        ("decision", 3 + number),
        ("deploy", 5 + number),
        ("feedback", 6 + number),
    )
]
LONG = "--max-block-duration=1440h"
LABELS = {"job": "ttv", "instance": 'one "quoted"'}


@pytest.fixture
def told(everywhere):
    """A client of an application, and the engine behind it, on each engine in turn."""
    client = app.create(everywhere).test_client()
    client.put("/api/v1/initiatives/CHECKOUT", json=CHECKOUT)
    client.put("/api/v1/initiatives/SEARCH", json=SEARCH)
    for number in range(6):
        client.put(f"/api/v1/initiatives/M{number}", json={"name": f"M {number}", "direction": "top_down"})
    assert client.post("/api/v1/events", json=[*LIFE, *MORE]).json["rejected"] == 0
    return client, everywhere.engine


def read(text):
    """Read a document, but for the distributions: the parser drops all but the first bucket of a second instant."""
    return openmetrics("".join(line for line in text.splitlines(keepends=True) if "_distribution_" not in line))


def document(engine, instants=DAYS, **more):
    return "".join(history(engine, Scope(), instants, **more))


def test_it_is_valid_openmetrics_with_a_time_on_every_sample(told):
    found = list(read(document(told[1], labels=LABELS)))
    stamps = {float(sample.timestamp) for family in found for sample in family.samples}
    assert stamps == {instant.timestamp() for instant in DAYS}
    assert all(LABELS.items() <= sample.labels.items() for family in found for sample in family.samples)


def test_an_instant_of_it_is_the_page_of_that_instant(told):
    """What it says as of now is, but for the times, what a scrape finds of the database now."""
    client, engine = told
    page = client.get("/metrics", headers={"Accept": OPEN}).text.splitlines()
    lines = document(engine, [NOW]).splitlines()
    mine = {family_of(line) for line in lines if not line.startswith("#")}
    stamp = f" {NOW.timestamp():.0f}"
    assert all(line.endswith(stamp) for line in lines if not line.startswith("#"))
    scraped = {line for line in page if family_of(line) in mine and not line.startswith("#")}
    assert {line.removesuffix(stamp) for line in lines if not line.startswith("#")} == scraped


def test_a_series_ends_with_the_initiative_that_it_is_of(told):
    """CHECKOUT begins with 2026; before that there is no series of its state but that it has no idea."""
    [info] = [one for one in read(document(told[1])) if one.name == "ttv_initiative"]
    states = [sample.labels["state"] for sample in info.samples if sample.labels["initiative"] == "CHECKOUT"]
    assert list(dict.fromkeys(states)) == ["building", "deciding", "realised", "sensing", "waiting"]


def test_the_medians_of_the_past_in_prometheus_are_what_the_api_answers(told, promtool, prometheus, tmp_path):
    client, engine = told
    file, blocks = tmp_path / "history.om", tmp_path / "blocks"
    file.write_text(document(engine, labels={"job": "ttv"}))
    made = promtool("tsdb", "create-blocks-from", "openmetrics", "-q", LONG, str(file), str(blocks))
    assert made.returncode == 0, made.stderr
    server = prometheus(config="scrape_configs: []", blocks=blocks)
    seen = 0
    for day in DAYS:
        for path, name in (("time-to-value", "ttv_time_to_value"), ("rate-of-turn", "ttv_rate_of_turn")):
            answer = client.get(f"/api/v1/{path}", query_string={"as_of": day.isoformat(), "group_by": "direction"})
            for group in answer.json["groups"]:
                for method in ("completed", "all"):
                    labels = f'job="ttv",direction="{group["group"]}",method="{method}",quantile="0.5"'
                    found = server.query(f"{name}_seconds{{{labels}}}", at=day.timestamp())
                    expected = group[method]["p50_seconds"]
                    assert [float(one["value"][1]) for one in found] == ([] if expected is None else [expected])
                    seen += len(found)
    assert seen > len(DAYS)
    last = DAYS[-1]
    [spread] = server.query('sum(ttv_time_to_value_distribution_seconds_bucket{le="+Inf"})', at=last.timestamp())
    [group] = client.get("/api/v1/time-to-value", query_string={"as_of": last.isoformat()}).json["groups"]
    assert float(spread["value"][1]) == group["completed"]["count"] == 7


# ---- the command


def test_the_readme_shows_what_its_help_shows(root):
    examples = [line.strip() for line in main.commands["history"].epilog.splitlines() if line.startswith("  ")]
    shown = (root / "README.md").read_text().splitlines()
    assert len(examples) == 2
    assert set(examples) <= set(shown)
    assert LONG in examples[1]


@pytest.fixture
def run(tmp_path):
    """A function that runs the command on a store of one life."""
    url = f"sqlite:///{tmp_path}/ttv.sqlite"
    client = app.create(Route(store.open(url), now=lambda: NOW)).test_client()
    client.put("/api/v1/initiatives/CHECKOUT", json=CHECKOUT)
    client.post("/api/v1/events", json=LIFE)
    return lambda *said: CliRunner().invoke(main, ["history", "--database", url, *said])


def stamps(output):
    return sorted({float(s.timestamp) for family in read(output) for s in family.samples})


def test_the_command_goes_from_the_first_instant_in_steps_and_not_beyond_the_last(run):
    result = run("--from", "2026-01-01", "--to", "2026-01-02T23:00:00+01:00", "--step", "12h", "--label", "job=ttv")
    assert result.exit_code == 0, result.output
    begin = datetime(2026, 1, 1, tzinfo=UTC).timestamp()
    assert stamps(result.stdout) == [begin, begin + 12 * 3600, begin + 24 * 3600, begin + 36 * 3600]
    assert 'job="ttv"' in result.stdout


def test_by_default_it_is_the_last_year_day_by_day_but_for_the_last_hours(run):
    found = stamps(run().stdout)
    assert len(found) == 366
    ago = datetime.now(UTC).timestamp() - found[-1]
    assert 3 * 3600 <= ago < 27 * 3600


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (["--from", "yesterday"], "neither a day like"),
        (["--from", "2026-01-01T00:00:00"], "has no offset"),
        (["--step", "1 month"], "is not a number with s, m, h, d or w"),
        (["--label", "job"], "is not NAME=VALUE"),
        (["--label", "a-b=c"], "is not NAME=VALUE"),
        (["--from", "2026-02-01", "--to", "2026-01-01"], "comes after the end"),
    ],
)
def test_what_cannot_be_is_said(run, said, why):
    result = run(*said)
    assert result.exit_code == 2
    assert why in " ".join(result.output.split())
