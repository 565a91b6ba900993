"""A WSGI application, served by the real server on a loopback port while a test runs."""

import contextlib
import threading
from collections.abc import Iterator

import pytest
import waitress
from waitress import wasyncore


@contextlib.contextmanager
def serving(app) -> Iterator[str]:
    """Serve an application; give its address, without a slash at the end."""
    opened, ended = {}, threading.Event()
    server = waitress.create_server(app, map=opened, host="127.0.0.1", port=0, threads=4)

    def answer() -> None:
        while not ended.is_set():
            wasyncore.loop(map=opened, use_poll=True, count=1)

    thread = threading.Thread(target=answer, name="served")
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.effective_port}"
    finally:
        ended.set()
        server.pull_trigger()
        thread.join()
        for channel in list(server.active_channels.values()):
            channel.handle_close()  # unlike `close`, it also closes the file of a long answer
        server.task_dispatcher.shutdown()
        server.close()


@pytest.fixture
def served():
    """A function that serves an application until the test ends, and returns its address."""
    with contextlib.ExitStack() as at_end:
        yield lambda app: at_end.enter_context(serving(app))
