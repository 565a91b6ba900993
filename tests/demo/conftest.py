"""A company of 120 initiatives, its three tools, and a clock that the tests hold."""

from base64 import b64encode
from datetime import UTC, datetime, timedelta

import pytest

from ttv.demo import github, jira, zendesk
from ttv.demo.company import Company
from ttv.demo.web import EMAIL, TOKEN

ORIGIN = datetime(2026, 3, 4, 12, tzinfo=UTC)


def basic(name, password=TOKEN):
    return {"Authorization": "Basic " + b64encode(f"{name}:{password}".encode()).decode()}


class Clock:
    """A clock that a test sets."""

    def __init__(self):
        self.at = ORIGIN

    def __call__(self):
        return self.at

    def later(self, **span):
        self.at += timedelta(**span)


class Tool:
    """A tool as a reader with credentials sees it."""

    def __init__(self, flask, credentials):
        self.client, self.credentials = flask.test_client(), credentials

    def ask(self, path, method="GET", headers=None, **parameters):
        given = self.credentials if headers is None else headers
        return self.client.open(path, method=method, headers=given, **parameters)

    def get(self, path, **query):
        answer = self.ask(path, query_string=query)
        assert answer.status_code == 200, answer.text
        return answer.json

    def post(self, path, **body):
        answer = self.ask(path, "POST", json=body)
        assert answer.status_code == 200, answer.text
        return answer.json


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture(scope="session")
def company():
    return Company("quillmere", ORIGIN, 120)


@pytest.fixture
def jira_tool(company, clock):
    return Tool(jira.app(company, clock, throttle_every=0), basic(EMAIL))


@pytest.fixture
def github_tool(company, clock):
    return Tool(github.app(company, clock, throttle_every=0), {"Authorization": f"Bearer {TOKEN}"})


@pytest.fixture
def zendesk_tool(company, clock):
    return Tool(zendesk.app(company, clock, throttle_every=0), basic(f"{EMAIL}/token"))
