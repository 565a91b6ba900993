"""The application for a WSGI server with several workers: `gunicorn --workers 4 'ttv.cli.wsgi:app()'`.

It answers and looks at no source; one `ttv serve` beside it does. TTV_CONFIG and TTV_DATABASE say what `--config` and
`--database` would, TTV_TOKEN is asked for; without a token it answers only to names of this machine. What the workers
count of themselves is one sum if PROMETHEUS_MULTIPROC_DIR names an empty folder that they share.
"""

import os
from pathlib import Path

from flask import Flask

from ttv import config, store
from ttv.cli.asked import Asked
from ttv.cli.serve import published
from ttv.config import Environ
from ttv.publish.instruments import Instruments
from ttv.route import Route


def app(environ: Environ = os.environ) -> Flask:
    """Put the application together from the environment; ConfigError with every mistake."""
    file = environ.get("TTV_CONFIG")
    found = Asked(config=Path(file) if file else None, environ=environ).configuration(sealed=True)
    return published(Route(store.open(found.database)), found, Instruments(), config.token(environ))
