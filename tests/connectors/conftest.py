"""What the tests of the connectors share: a client on a clock and a sleep that tests hold, and a fake tool to ask."""

import contextlib
import json
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from werkzeug.wrappers import Request, Response

from connectors.client import Client, Hosts

NOW = datetime(2026, 9, 1, 12, tzinfo=UTC)


@pytest.fixture
def slept():
    """The seconds that were slept, in order."""
    return []


@pytest.fixture
def opened(slept):
    """A function that makes a client, of a connector's settings or of the bare class, and closes it in the end."""
    hosts = Hosts()
    with contextlib.ExitStack() as at_end:

        def make(client, *arguments, **options):
            held = {"sleep": slept.append, "now": lambda: NOW, "hosts": hosts, **options}
            return at_end.enter_context(client(*arguments, **held))

        yield make


@pytest.fixture
def answering(served, opened):
    """A function that serves answers in turn, the last one for ever, and returns a client and what it asked."""

    def serve(*answers, **options):
        asked = []

        @Request.application
        def app(request):
            asked.append((request.full_path.rstrip("?"), dict(request.headers), request.get_data()))
            answer = answers[min(len(asked), len(answers)) - 1]
            return answer(request) if callable(answer) and not isinstance(answer, Response) else answer

        return opened(Client, served(app), **options), asked

    return serve


@pytest.fixture
def asking(served, opened):
    """A function that serves a fake account, wrapped as told, and returns a look at it through its connector."""

    def serve(connector, fake, account=None, wrap=lambda app: app, **more):
        settings = connector.Settings.model_validate({**fake.settings(served(wrap(account or fake.Account()))), **more})
        client = opened(connector.client, settings)

        def look(since=fake.SPAN[0], until=None):
            return list(connector.events(settings, client, since, until))

        return SimpleNamespace(
            look=look,
            client=client,
            settings=settings,
            check=lambda: list(connector.check(settings, client)),
            gone=lambda subjects: list(connector.gone(settings, client, subjects)),
            reread=lambda: connector.reread(settings, client),
            scope=lambda: list(connector.scope(settings, client)),
        )

    return serve


def told(body, status=200, **headers):
    """An answer with JSON; the names of its headers have `_` for `-`."""
    named = {name.replace("_", "-"): str(value) for name, value in headers.items()}
    return lambda _request: Response(json.dumps(body), status, named, content_type="application/json")
