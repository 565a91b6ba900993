"""How long an organisation takes to turn an idea into value, and how fast it can turn at all.

    collect Events → trace Ties → measure Milestones → publish

Each verb is a module; `route.py` runs the first three for whatever is new, `publish` shows what they made.
"""

from importlib.metadata import version

__version__ = version("ttv")
