"""The three tools on real ports, and the configuration that leads to them."""

import socket

import pytest
import requests

from connectors import load
from tests.demo.conftest import ORIGIN
from ttv.demo import serve
from ttv.demo.company import Company


@pytest.fixture(scope="module")
def tools():
    with serve.start(Company("quillmere", ORIGIN, 10), lambda: ORIGIN, (0, 0, 0)) as running:
        yield running


def test_three_tools_answer_on_loopback(tools):
    addresses = (f"{tools.jira_url}/browse/PAY-1", f"{tools.github_url}/quillmere/app", tools.zendesk_url)
    statuses = []
    for address in addresses:
        assert address.startswith("http://127.0.0.1:")
        with requests.get(address, timeout=10) as answer:
            statuses.append(answer.status_code)
    assert statuses == [200, 200, 404]


def test_a_port_that_is_taken_is_stepped_around():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with serve.start(Company("x", ORIGIN, 1), lambda: ORIGIN, (port, 0, 0)) as running:
            assert not running.jira_url.endswith(f":{port}")


def test_after_the_stop_the_ports_are_free():
    running = serve.start(Company("x", ORIGIN, 1), lambda: ORIGIN, (0, 0, 0))
    port = int(running.jira_url.rpartition(":")[2])
    with requests.Session() as session, session.get(f"{running.jira_url}/browse/PAY-1", timeout=10):
        running.stop()
    with socket.create_server(("127.0.0.1", port)):
        pass


@pytest.mark.parametrize("name", ["jira", "github", "zendesk"])
def test_the_configuration_suits_the_connectors(tools, tmp_path, name):
    table = serve.configuration(tools, tmp_path)["sources"][name]
    own = {key: value for key, value in table.items() if key not in {"type", "every", "since", "window"}}
    connector = load(table["type"])
    settings = connector.Settings.model_validate(own)
    with connector.client(settings) as client:
        assert list(connector.check(settings, client))
