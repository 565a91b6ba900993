"""The docs say what the program does: help, metrics, configuration and the commands' own examples."""

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import get_args

import orjson
import pytest
from click.testing import CliRunner

import connectors
from connectors import cloudevents
from connectors.contract import STATES, Event, HookedSettings, remedy
from ttv import config, deliveries, figures, orphans, population, store
from ttv.cli import main
from ttv.cli.drafts import every_field
from ttv.figures import Selection
from ttv.publish.catalogue import CATALOGUE
from ttv.records import Record, read_lines
from ttv.route import Route

EXAMPLE = datetime(2026, 7, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def readme(root):
    return (root / "README.md").read_text()


def between(text, mark):
    return re.search(rf"<!-- {re.escape(mark)} -->\n(.*?)<!-- end -->", text, re.DOTALL)[1]


def test_the_help_in_the_readme_is_the_real_one(readme):
    said = CliRunner().invoke(main, ["--help"], terminal_width=80, prog_name="ttv").output
    assert between(readme, "ttv --help") == f"```\n{said}```\n"


def test_the_metrics_in_the_readme_are_the_catalogue(readme):
    rows = [
        f"| `{one.name}` | {one.type} | {' '.join(f'`{name}`' for name in one.labels)} | {one.help} |\n"
        for one in CATALOGUE
    ]
    assert between(readme, "metrics") == "| name | type | labels | help |\n| --- | --- | --- | --- |\n" + "".join(rows)


def test_the_configuration_in_the_readme_is_right(readme, tmp_path):
    file = tmp_path / "ttv.toml"
    file.write_text(re.search(r"```toml\n(.*?)```", readme, re.DOTALL)[1])
    tokens = {f"TTV_{name}_TOKEN": "t" for name in ("JIRA", "GITHUB", "SUPPORT")}
    found = config.load(file, tokens)
    assert [source.name for source in found.sources] == ["jira", "github", "support"]


def test_the_lines_in_the_readme_can_be_imported(readme):
    lines = [line.encode() for line in readme.splitlines() if line.startswith("{")]
    assert [type(found) for found in read_lines(lines)] == [Record] * 2
    assert all(orjson.loads(line) for line in lines)


def test_every_file_that_the_docs_lead_to_is_there(root):
    for page in [root / "README.md", *(root / "docs").glob("**/*.md")]:
        for target in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name} leads to {target}"


PAGES = sorted(path.stem for path in (Path(__file__).parents[1] / "docs/connectors").glob("*.md"))


def test_every_connector_has_a_page_and_stands_in_the_index(root):
    index = (root / "docs/connectors/README.md").read_text()
    assert [name for name in connectors.names() if name not in PAGES] == []
    assert [name for name in connectors.names() if f"| [`{name}`]({name}.md) |" not in index] == []


@pytest.mark.parametrize("name", [name for name in connectors.names() if name not in {"git", "rest"}])
def test_the_page_of_a_connector_lists_every_setting_with_what_it_is(root, name):
    """Those of git and of rest are told where they are explained."""
    page = (root / f"docs/connectors/{name}.md").read_text()
    fields = every_field(connectors.load(name).Settings)
    own = {key: field.description for key, field in fields if key not in HookedSettings.model_fields}
    assert [key for key, is_ in own.items() if f"| `{key}` | {is_} |" not in page] == []


@pytest.fixture
def example(root, sqlite_engine):
    """The worked example, imported as it stands, and the page that tells of it."""
    page = (root / "docs/metrics.md").read_text()
    lines = between(page, "example").strip().removeprefix("```json\n").removesuffix("\n```").splitlines()
    route = Route(sqlite_engine, now=lambda: EXAMPLE)
    assert route.post(read_lines(line.encode() for line in lines)).rejected == []
    with store.reading(sqlite_engine) as connection:
        yield page, connection


def days(seconds):
    return "" if seconds is None else f"{seconds / 86_400:g}"


def test_the_lives_of_the_worked_example_are_what_the_figures_say(example):
    page, connection = example
    rows = ["| | state | decision | rate of turn | time to value | age | deciding | waiting | building | sensing |"]
    rows += ["| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |"]
    for key in "ABCDEF":
        one = figures.initiative(connection, key, EXAMPLE)
        took = [one["rate_of_turn_seconds"], one["time_to_value_seconds"], one["age_seconds"], *one["stages"].values()]
        cells = [key, one["state"], one["decision"] or "", *map(days, took)]
        rows.append("|" + "".join(f" {cell} |" if cell else " |" for cell in cells))
    assert between(page, "lives").strip().splitlines() == rows


def test_the_population_of_the_worked_example_is_what_the_figures_say(example):
    _, connection = example
    (value,) = population.population(connection, "time_to_value", Selection(), as_of=EXAMPLE)["groups"]
    assert (value["completed"]["count"], days(value["completed"]["p50_seconds"])) == (2, "90")
    assert value["all"]["p50_seconds"] is None
    assert value["all"]["reached_share"] == pytest.approx(7 / 18)
    assert value["all"]["stopped_share"] == pytest.approx(1 / 6)
    (turn,) = population.population(connection, "rate_of_turn", Selection(), as_of=EXAMPLE)["groups"]
    assert (turn["all"]["count"], turn["all"]["ended"], days(turn["all"]["p50_seconds"])) == (6, 5, "20")
    assert days(turn["completed"]["p50_seconds"]) == "20"


def test_the_docs_say_how_every_tool_that_sends_is_told_to(root):
    page = (root / "docs/webhooks.md").read_text().lower()
    senders = [name for name in connectors.names() if hasattr(connectors.load(name), "received")]
    assert {"github", "gitlab", "jira", "zendesk", "intercom", "cloudevents"} <= set(senders)
    assert [name for name in senders if f"\n### {name}\n" not in page] == []


def test_the_docs_name_every_outcome_of_a_webhook(root):
    page = (root / "docs/webhooks.md").read_text()
    told = set(re.findall(r"^\| [\d, ]+ \| `(\w+)` \|", page, re.MULTILINE))
    assert told == {*get_args(deliveries.Ended), "refused", "failed"}


def test_the_configurations_in_the_docs_of_webhooks_are_right(root, tmp_path):
    for page in ("webhooks.md", "connectors/cloudevents.md"):
        text = (root / "docs" / page).read_text()
        file = tmp_path / "ttv.toml"
        file.write_text(re.search(r"```toml\n(.*?)```", text, re.DOTALL)[1])
        secrets = dict.fromkeys(re.findall(r'env = "(\w+)"', file.read_text()), "s")
        (source,) = config.load(file, secrets).sources
        assert source.settings.webhook_secret.get_secret_value() == "s"


def test_the_docs_say_what_each_cdevent_becomes(root, data):
    """Each example of the specification becomes, with the settings of the page, the kind of the page or nothing."""
    page = (root / "docs/connectors/cloudevents.md").read_text()
    rows = [row.split("|")[1:3] for row in between(page, "cdevents").splitlines()[2:]]
    kinds = {
        type_: set(re.findall(r"`(\w+)`", became))
        for types, became in rows
        for type_ in re.findall(r"`([\w.]+)`", types)
    }
    named = cloudevents.Settings(idea_tickets=["task"])
    seen = set()
    for path in (data / "cdevents/conformance").glob("*.json"):
        told = orjson.loads(path.read_bytes())
        if "approval" in told["context"]["type"]:
            told["subject"]["content"]["resourceTargetUrl"] = "https://acme.atlassian.net/browse/PAY-1"
        told["subject"]["content"].update({"resolution": "withdrawn"} if "ticket_closed" in path.stem else {})
        read = cloudevents.cdevent({**told["context"], "specversion": "1.0", "data": told}, named)
        became = {item.kind for item in read.items if isinstance(item, Event)}
        type_ = path.stem.replace("_", ".")
        assert became <= kinds.get(type_, set()), type_
        seen |= {type_} if became else set()
    assert seen == kinds.keys()


def test_the_page_on_operating_names_every_state_with_its_remedy(root):
    rows = re.findall(r"^\| `(\w+)` \| (.*) \|$", (root / "docs" / "operating.md").read_text(), re.MULTILINE)
    assert dict(rows) == {state: remedy(state) for state in STATES}


def test_the_page_on_operating_says_what_to_do_about_every_cause_of_an_orphan(root):
    said = (root / "docs" / "operating.md").read_text()
    assert [words for words in orphans.WORDS.values() if f"| {words} |" not in said] == []
