"""How the outside speaks: one module a tool, all of one shape.

A connector has a class `Settings`, whose fields are the keys of its table in the configuration, and a function
`events(settings, client, since, until)`, which yields what was touched in that time; or, for what comes by webhooks,
`received(settings, headers, body)`; or both. `contract.py` says the rest.
`type = "github"` in the configuration means the module `github.py` here; a dotted type is a module of the user's own.
What is too much for one file stands beside it as `_github_….py`; the other `_….py` are parts of `client.py`, or shared.
"""

from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

_ROOMS = {"client", "contract"}


def names() -> list[str]:
    """List the connectors that come along, in alphabetical order."""
    here = Path(__file__).parent
    return sorted(path.stem for path in here.glob("*.py") if path.stem not in _ROOMS and not path.stem.startswith("_"))


def load(name: str) -> ModuleType:
    """Load a connector by its name or dotted path; LookupError, with the names there are, if there is none."""
    module = name if "." in name else f"{__name__}.{name}"
    if "." not in name and name not in names():
        raise LookupError(f"there is no connector {name!r}; there are {', '.join(names())}")
    try:
        found = find_spec(module)
    except ModuleNotFoundError:
        found = None
    if found is None:
        raise LookupError(f"there is no module {module!r} to load a connector from")
    return import_module(module)
