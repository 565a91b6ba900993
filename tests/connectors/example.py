"""The connector and the fake that `docs/writing-a-connector.md` shows, as modules."""

import re
import sys
from functools import cache
from pathlib import Path
from types import ModuleType

PAGE = Path(__file__).parents[2] / "docs/writing-a-connector.md"
NAME = "ideabox"


@cache
def modules():
    """Give both; they are in no folder of connectors, so nothing else finds them."""
    return tuple(_module(file) for file in (f"connectors/{NAME}.py", f"tests/fakes/{NAME}.py"))


def _module(file):
    code = re.search(rf"^## `{re.escape(file)}`\n+```python\n(.*?)^```$", PAGE.read_text(), re.DOTALL | re.MULTILINE)[1]
    module = ModuleType(f"documented_{file.replace('/', '_').removesuffix('.py')}")
    sys.modules[module.__name__] = module  # pydantic looks annotations up there
    exec(compile(code, str(PAGE), "exec"), module.__dict__)
    return module
