"""The verbs, and the one place where everything is put together."""

import click

import ttv
from ttv.cli.asked import collect_seldom, everywhere
from ttv.cli.backtest import backtest
from ttv.cli.connect import connect
from ttv.cli.demo import demo
from ttv.cli.doctor import doctor
from ttv.cli.errors import Verbs
from ttv.cli.history import history
from ttv.cli.init import init
from ttv.cli.lines import export, import_
from ttv.cli.orphans import orphans
from ttv.cli.plan import plan
from ttv.cli.quarantine import main as quarantine
from ttv.cli.recompute import recompute
from ttv.cli.report import report
from ttv.cli.serve import serve
from ttv.cli.sync import sync

__all__ = ["main"]


@click.group(
    "ttv",
    cls=Verbs,
    commands=[
        serve,
        sync,
        import_,
        report,
        orphans,
        quarantine,
        backtest,
        export,
        history,
        plan,
        recompute,
        demo,
        init,
        connect,
        doctor,
    ],
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="""\b
Begin with:
  ttv demo                      an invented company, to see what ttv shows
  ttv connect jira              your own tools: three questions, and the configuration is written
  ttv serve                     page, API and metrics at http://127.0.0.1:8080/

Exit codes: 0 it succeeded, 1 something failed, 2 the command line or the configuration is wrong.
""",
)
@click.version_option(ttv.__version__, prog_name="ttv")
@everywhere
def main() -> None:
    """Measure how long an organisation takes to turn an idea into value, and how fast it can turn at all.

    Time to value is end to end: from the day an idea was first heard to the first customer feedback after it shipped.
    """
    collect_seldom()
