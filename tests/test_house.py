"""The rules of the house that no other tool holds; each test lists who breaks one."""

import ast
import re
import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
ROOMS = {"benchmarks", "connectors", "dashboards", "docs", "tests", "ttv"}
FILES = {"Dockerfile", "compose.yaml", "LICENSE", "Makefile", "README.md", "pyproject.toml"}
TTV, CONNECTORS, TESTS = (sorted((ROOT / room).rglob("*.py")) for room in ("ttv", "connectors", "tests"))
PRODUCT = [*TTV, *CONNECTORS]
CODE = sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))

EMPTY_NAMES = re.compile(r"(Service|Manager|Handler|Helper|Util|Utils|Base|Factory|Processor)s?$")
UNFINISHED = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X)\b")
MACHINE = re.compile(r"(?<![\w.~/:-])/(home|root|work|Users|tmp)/")
"""Where folders of one machine begin."""
LINES_OF_MODULE, LINES_OF_FUNCTION = 400, 60


def at(path):
    return str(path.relative_to(ROOT))


@cache
def tree(path):
    return ast.parse(path.read_text())


def nodes(paths, *kinds):
    """Yield (place, node) of every node of these kinds, place being `path:line`."""
    for path in paths:
        for node in ast.walk(tree(path)):
            if isinstance(node, kinds):
                yield f"{at(path)}:{node.lineno}", node


def files():
    """Return every file that git knows or would take in."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [ROOT / name for name in told.split("\0") if name and (ROOT / name).is_file()]


def test_every_module_says_what_it_is():
    assert [at(path) for path in CODE if path.read_text().strip() and not ast.get_docstring(tree(path))] == []


def test_every_public_function_says_what_it_does():
    silent = []
    for path in PRODUCT:
        classes = (one for one in tree(path).body if isinstance(one, ast.ClassDef) and not one.name.startswith("_"))
        for scope in (tree(path), *classes):
            functions = (one for one in scope.body if isinstance(one, ast.FunctionDef) and not one.name.startswith("_"))
            silent += [f"{at(path)}:{one.lineno} {one.name}" for one in functions if not ast.get_docstring(one)]
    assert silent == []


def test_every_name_says_what_a_thing_is():
    named = [f"{place} {one.name}" for place, one in nodes(CODE, ast.ClassDef) if EMPTY_NAMES.search(one.name)]
    assert named + [at(path) for path in CODE if EMPTY_NAMES.search(path.stem.title())] == []


def test_nothing_catches_whatever_comes():
    caught = [
        (place, one)
        for place, handler in nodes(CODE, ast.ExceptHandler)
        for one in (handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type])
    ]
    assert [place for place, one in caught if one is None or ast.unparse(one) in ("Exception", "BaseException")] == []


def test_nothing_needs_a_scroll_to_be_understood():
    long = [at(path) for path in CODE if len(path.read_text().splitlines()) > LINES_OF_MODULE]
    logic = [path for path in CODE if "versions" not in path.parts]  # a migration is a list
    functions = nodes(logic, ast.FunctionDef)
    long += [f"{place} {one.name}" for place, one in functions if one.end_lineno - one.lineno >= LINES_OF_FUNCTION]
    assert long == []


def test_connectors_know_nothing_of_ttv():
    names = [(place, name.name) for place, one in nodes(CONNECTORS, ast.Import) for name in one.names]
    names += [(place, one.module or "") for place, one in nodes(CONNECTORS, ast.ImportFrom)]
    assert [one for one in names if one[1].split(".")[0] in ("ttv", "sqlalchemy", "flask")] == []


def test_only_the_client_sleeps():
    sleeping = [place for place, one in nodes(PRODUCT, ast.Attribute) if ast.unparse(one) == "time.sleep"]
    assert [place for place in sleeping if not place.startswith("connectors/client.py:")] == []


def test_no_test_sleeps():
    assert [place for place, one in nodes(TESTS, ast.Call) if ast.unparse(one.func) in ("sleep", "time.sleep")] == []


def test_one_file_knows_the_engines_apart():
    assert [at(path) for path in TTV if "dialect.name" in path.read_text() and path.name != "engines.py"] == []


def test_the_top_of_the_house_keeps_its_names():
    top = {path.relative_to(ROOT).parts[0] for path in files()}
    assert {name for name in top if not name.startswith(".")} - ROOMS - FILES == set()
    assert {"connectors", "tests", "ttv", *FILES} - top == set()


def test_a_connector_is_one_file():
    inside = {path.name for path in (ROOT / "connectors").iterdir()} - {"__pycache__"}
    assert {"__init__.py", "client.py", "contract.py", "github.py", "jira.py", "zendesk.py"} - inside == set()
    assert [name for name in inside if not name.endswith(".py")] == []


def test_tests_stand_where_their_module_does():
    rooms = {path.relative_to(ROOT / "tests").parts[0] for path in TESTS if path.parent != ROOT / "tests"}
    assert (
        rooms - {"cases", "cli", "config", "connectors", "dashboards", "demo", "fakes", "golden", "publish", "real"}
        == set()
    )


def test_nothing_is_left_to_do_and_nothing_names_a_machine():
    found = []
    for path in files():
        if path.suffix in (".png", ".ico", ".woff2"):
            continue
        for number, line in enumerate(path.read_text().splitlines(), 1):
            if UNFINISHED.search(line) or MACHINE.search(line):
                found.append(f"{at(path)}:{number}: {line.strip()}")
    assert found == []
