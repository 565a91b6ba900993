"""The docs say what the program does: help, metrics, configuration and the commands' own examples."""

import re

import orjson
import pytest
from click.testing import CliRunner

from ttv import config
from ttv.cli import main
from ttv.publish.catalogue import CATALOGUE
from ttv.records import Record, read_lines


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
