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
    """A web hook's receiver; keeps what it was told, by the last part of the address."""

    def __init__(self):
        self.alerts, self._changed = [], threading.Condition()
        heard = self

        class Answers(BaseHTTPRequestHandler):
            def do_POST(self):
                told = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                with heard._changed:
                    heard.alerts += [(self.path.strip("/"), alert) for alert in told["alerts"]]
                    heard._changed.notify_all()
                self.send_response(200)
                self.end_headers()

            def log_message(self, *said):
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()

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

    def stop(self):
        """End it."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture
def heard():
    """Somebody who hears alerts."""
    listener = Heard()
    yield listener
    listener.stop()


@pytest.fixture
def alertmanager(real, tmp_path, heard):
    """A function that starts Alertmanager on a configuration, in which all receivers are `heard`; gives its address."""
    found = shutil.which("prometheus-alertmanager") or shutil.which("alertmanager")
    program = real(found, "Alertmanager (apt-get install prometheus-alertmanager)")
    with contextlib.ExitStack() as at_end:

        def start(text):
            config = yaml.safe_load(text)
            config["route"] |= {"group_wait": "1s", "group_interval": "1s"}
            config["receivers"] = [
                {"name": one["name"], "webhook_configs": [{"url": f"{heard.url}/{one['name']}"}]}
                for one in config["receivers"]
            ]
            file = tmp_path / "alertmanager.yml"
            file.write_text(yaml.safe_dump(config))
            with socket.create_server(("127.0.0.1", 0)) as probe:
                port = probe.getsockname()[1]
            log = at_end.enter_context((tmp_path / "alertmanager.log").open("w"))
            process = subprocess.Popen(
                [
                    program,
                    f"--config.file={file}",
                    f"--storage.path={tmp_path / 'alertmanager'}",
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


@pytest.fixture(scope="session")
def amtool(real):
    """A function that runs amtool with arguments, and returns what it ended with."""
    program = real(shutil.which("amtool"), "amtool (apt-get install prometheus-alertmanager)")

    def run(*arguments):
        return subprocess.run([program, *map(str, arguments)], text=True, capture_output=True, check=False)

    return run
