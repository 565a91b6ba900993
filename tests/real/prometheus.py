"""The real Prometheus on a free loopback port, with an empty database, scraping what a test serves."""

import contextlib
import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests
import tenacity
from requests.adapters import HTTPAdapter
from urllib3 import Retry

_CONFIG = """\
global: {{scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s}}
scrape_configs:
  - job_name: ttv
    static_configs: [{{targets: [{target!r}]}}]
"""


class Prometheus:
    """A running server; ask it in PromQL."""

    def __init__(self, program: str, folder: Path, config: str) -> None:
        (folder / "prometheus.yml").write_text(config)
        self.url = f"http://127.0.0.1:{_free_port()}"
        self._log = (folder / "log").open("w+")
        self._process = subprocess.Popen(
            [
                program,
                f"--config.file={folder / 'prometheus.yml'}",
                f"--storage.tsdb.path={folder / 'tsdb'}",
                "--storage.tsdb.retention.time=10y",
                f"--web.listen-address={urlsplit(self.url).netloc}",
            ],
            stdout=self._log,
            stderr=self._log,
            cwd=folder,
        )
        self._session = requests.Session()
        self._session.mount("http://", HTTPAdapter(max_retries=Retry(40, backoff_factor=0.05, backoff_max=0.5)))

    def ready(self) -> "Prometheus":
        """Wait until it says of itself that it is ready."""
        self._until(lambda: self._session.get(f"{self.url}/-/ready", timeout=5).ok)
        return self

    def query(self, expression: str, at: float | None = None) -> list[dict]:
        """Return the series of a query as of now or of a Unix time: `metric`, the labels, `value`, [seconds, text]."""
        asked = {"query": expression, **({"time": at} if at else {})}
        answer = self._session.get(f"{self.url}/api/v1/query", params=asked, timeout=5).json()
        assert answer["status"] == "success", answer
        return answer["data"]["result"]

    def until(self, expression: str) -> list[dict]:
        """Wait until an instant query has series; return them."""
        return self._until(lambda: self.query(expression))

    def stop(self) -> None:
        """End it, and wait for that."""
        self._session.close()
        self._process.terminate()
        self._process.wait(timeout=20)
        self._log.close()

    def _until(self, ask):
        wait, stop = tenacity.wait_fixed(0.1), tenacity.stop_after_delay(60)
        try:
            return tenacity.Retrying(wait=wait, stop=stop, retry=tenacity.retry_if_result(lambda said: not said))(ask)
        except (tenacity.RetryError, requests.ConnectionError):
            self._log.seek(0)
            pytest.fail(f"Prometheus did not come to it in 60 s; it said:\n{self._log.read()}")


@contextlib.contextmanager
def starting(program: str, folder: Path) -> Iterator[Callable[..., Prometheus]]:
    """Give what starts Prometheus in a folder, on an address to scrape or on a whole configuration, until it is ready.

    With a folder of blocks it begins with what is in them.
    """
    with contextlib.ExitStack() as at_end:

        def start(target: str = "", config: str | None = None, blocks: Path | None = None) -> Prometheus:
            own = folder / f"prometheus-{len(list(folder.iterdir()))}"
            own.mkdir()
            if blocks:
                shutil.copytree(blocks, own / "tsdb")
            server = Prometheus(program, own, config or _CONFIG.format(target=urlsplit(target).netloc))
            at_end.callback(server.stop)
            return server.ready()

        yield start


@pytest.fixture(scope="session")
def prometheus_program(real) -> str:
    """Where Prometheus is."""
    return real(shutil.which("prometheus"), "Prometheus (apt-get install prometheus)")


@pytest.fixture
def prometheus(prometheus_program, tmp_path):
    """A function that starts Prometheus on an address to scrape, or on a whole configuration, and returns it, ready."""
    with starting(prometheus_program, tmp_path) as start:
        yield start


@pytest.fixture(scope="session")
def promtool(real):
    """A function that runs promtool with arguments on a text, and returns what it ended with."""
    program = real(shutil.which("promtool"), "promtool (apt-get install prometheus)")

    def run(*arguments: str, text: str = "") -> subprocess.CompletedProcess:
        return subprocess.run([program, *arguments], input=text, text=True, capture_output=True, check=False)

    return run


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]
