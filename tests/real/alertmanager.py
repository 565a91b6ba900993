"""The real Alertmanager on a free loopback port, and somebody who hears what it sends."""

import contextlib
import json
import shutil
import socket
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import requests
import tenacity
import yaml

PATIENCE = 60
"""Seconds after which a test gives up; none waits so long when all is well."""


class Heard:
    """A web hook's receiver; keeps what it was told, by the path of the address."""

    def __init__(self):
        self.messages, self._changed = [], threading.Condition()
        heard = self

        class Answers(BaseHTTPRequestHandler):
            def do_POST(self):
                told = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                with heard._changed:
                    heard.messages.append((self.path.strip("/"), told))
                    heard._changed.notify_all()
                self.send_response(200)
                self.end_headers()

            def log_message(self, *said):
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()

    @property
    def alerts(self):
        """Return the alerts that were told so far, and to which receiver."""
        return [(path, alert) for path, told in self.messages for alert in told.get("alerts", ())]

    def names(self):
        """Return the names of the alerts that were told so far."""
        return {alert["labels"]["alertname"] for _, alert in self.alerts}

    def until(self, name, status="firing", where=None):
        """Wait until an alert is told, with these labels; give the receiver and the alert."""

        def found():
            return [
                one
                for one in self.alerts
                if one[1]["status"] == status
                and one[1]["labels"].items() >= {"alertname": name, **(where or {})}.items()
            ]

        with self._changed:
            assert self._changed.wait_for(found, PATIENCE), f"{name} never came; {self.names()} did"
            return found()[0]

    def message(self):
        """Wait until something is told; give the path and what was told."""
        with self._changed:
            assert self._changed.wait_for(lambda: self.messages, PATIENCE), "nothing came"
            return self.messages[0]

    def stop(self):
        """End it."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@contextlib.contextmanager
def hearing():
    """Somebody who hears alerts."""
    listener = Heard()
    try:
        yield listener
    finally:
        listener.stop()


@contextlib.contextmanager
def starting(program, folder):
    """Give what starts Alertmanager in a folder on a configuration, which gives its address."""
    with contextlib.ExitStack() as at_end:

        def start(config):
            config["route"] |= {"group_wait": "1s", "group_interval": "1s"}
            file = folder / "alertmanager.yml"
            file.write_text(yaml.safe_dump(config))
            with socket.create_server(("127.0.0.1", 0)) as probe:
                port = probe.getsockname()[1]
            log = at_end.enter_context((folder / "alertmanager.log").open("w"))
            process = subprocess.Popen(
                [
                    program,
                    f"--config.file={file}",
                    f"--storage.path={folder / 'alertmanager'}",
                    f"--web.listen-address=127.0.0.1:{port}",
                    "--cluster.listen-address=",
                ],
                stdout=log,
                stderr=log,
            )
            at_end.callback(process.wait, timeout=20)
            at_end.callback(process.terminate)
            asked = tenacity.retry(
                wait=tenacity.wait_fixed(0.1),
                stop=tenacity.stop_after_delay(PATIENCE),
                retry=tenacity.retry_if_exception_type(requests.ConnectionError),
            )(requests.get)
            asked(f"http://127.0.0.1:{port}/-/ready", timeout=5).raise_for_status()
            return f"127.0.0.1:{port}"

        yield start


def told_to(config, heard):
    """Change a configuration so that all its receivers are one that hears."""
    hooks = [
        {"name": one["name"], "webhook_configs": [{"url": f"{heard.url}/{one['name']}"}]} for one in config["receivers"]
    ]
    return {**config, "global": {}, "receivers": hooks}


@pytest.fixture
def heard():
    """Somebody who hears alerts."""
    with hearing() as listener:
        yield listener


@pytest.fixture(scope="session")
def alertmanager_program(real):
    """Where Alertmanager is."""
    found = shutil.which("prometheus-alertmanager") or shutil.which("alertmanager")
    return real(found, "Alertmanager (apt-get install prometheus-alertmanager)")


@pytest.fixture
def alertmanager(alertmanager_program, tmp_path):
    """A function that starts Alertmanager on a configuration, which does not wait; gives its address."""
    with starting(alertmanager_program, tmp_path) as start:
        yield start


@pytest.fixture(scope="session")
def amtool(real):
    """A function that runs amtool with arguments, and returns what it ended with."""
    program = real(shutil.which("amtool"), "amtool (apt-get install prometheus-alertmanager)")

    def run(*arguments):
        return subprocess.run([program, *map(str, arguments)], text=True, capture_output=True, check=False)

    return run
