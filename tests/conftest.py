"""What every test may ask for: the recorded data of others, a fresh store on each engine, and real programs."""

import os
import time
from pathlib import Path

import hypothesis
import pytest

pytest_plugins = [
    "tests.real.stores",
    "tests.real.served",
    "tests.real.prometheus",
    "tests.real.chromium",
    "tests.real.alertmanager",
    "tests.real.npm",
    "tests.real.panels",
]

ROOT = Path(__file__).parents[1]

hypothesis.settings.register_profile("dev", deadline=None)
hypothesis.settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
hypothesis.settings.load_profile("ci" if os.environ.get("CI") == "true" else "dev")

# No figure may depend on where the machine stands: a zone of an odd offset, with a summer time.
os.environ["TZ"] = "America/St_Johns"
time.tzset()


def pytest_collection_modifyitems(items):
    """Count no property as coverage: random examples reach lines that no rule speaks of, and tracing them is slow."""
    for item in items:
        if hypothesis.is_hypothesis_test(getattr(item, "obj", None)):
            item.add_marker("no_cover")


@pytest.fixture(scope="session")
def root() -> Path:
    """The project's folder."""
    return ROOT


@pytest.fixture(scope="session")
def data(real) -> Path:
    """The folder of the answers that others recorded."""
    folder = ROOT / os.environ.get("TTV_TEST_DATA", "../shared/data")
    return real(folder if folder.is_dir() else None, f"recorded answers in {folder}, or where TTV_TEST_DATA says")


@pytest.fixture(scope="session")
def real():
    """A function that returns a thing of the real world, or skips the test where it is missing; in CI that fails."""

    def there(thing, what):
        if thing is None:
            (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(f"needs {what}")
        return thing

    return there
