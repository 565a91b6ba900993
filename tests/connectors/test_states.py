"""The rules of states: what is wrong with a source has a name, and a remedy that a person can follow."""

import importlib

import pytest

import connectors
from connectors.contract import (
    STATES,
    Narrowed,
    Refused,
    SourceError,
    Unavailable,
    Unreadable,
    narrowed,
    remedy,
)
from tests.connectors.conftest import told
from tests.fakes import faults


@pytest.mark.parametrize(
    ("status", "error", "state"),
    [
        (400, Unreadable, "bad_request"),
        (401, Refused, "unauthorized"),
        (403, Refused, "forbidden"),
        (404, Refused, "not_found"),
        (410, Unreadable, "gone"),
        (422, Unreadable, "bad_request"),
        (429, Unavailable, "throttled"),
        (500, Unavailable, "unavailable"),
        (503, Unavailable, "unavailable"),
        (418, Unreadable, "unreadable"),
    ],
)
def test_a_status_is_a_state_with_its_remedy_in_the_text(answering, status, error, state):
    client, _ = answering(told({"message": "so"}, status), attempts=2)
    with pytest.raises(error) as caught:
        client.get("/x")
    assert (caught.value.state, caught.value.remedy) == (state, remedy(state))
    assert str(caught.value) == f"{caught.value.said}; {remedy(state)}"
    assert f"/x{':' if error is Unavailable else ''} answered {status} so" in caught.value.said


@pytest.mark.parametrize("body", ["<html>Sign in</html>", "[1]"])
def test_what_is_not_what_the_api_promises_is_unreadable(answering, body):
    from werkzeug.wrappers import Response

    client, _ = answering(Response(body))
    with pytest.raises(Unreadable) as caught:
        list(client.pages("/x", items="issues"))
    assert caught.value.state == "unreadable"
    assert str(caught.value).endswith(remedy("unreadable"))


@pytest.mark.parametrize(
    ("fault", "state"),
    [
        (faults.refused, "unauthorized"),
        (faults.forbidden, "forbidden"),
        (faults.gone, "gone"),
        (lambda app: faults.throttled(app, times=99), "throttled"),
        (faults.html, "unreadable"),
        (faults.half, "unreadable"),
    ],
)
@pytest.mark.parametrize("name", ["jira", "zendesk"])
def test_a_connector_ends_in_the_state_of_what_its_tool_does(asking, name, fault, state):
    connector, fake = connectors.load(name), importlib.import_module(f"tests.fakes.{name}")
    with pytest.raises(SourceError) as caught:
        asking(connector, fake, wrap=fault).look()
    assert caught.value.state == state


def test_every_state_has_a_remedy():
    assert all(remedy(state) for state in STATES)


@pytest.mark.parametrize(
    ("error", "state"),
    [(SourceError, "unreadable"), (Refused, "unauthorized"), (Unavailable, "unavailable"), (Unreadable, "unreadable")],
)
def test_an_error_of_a_connector_has_a_state_and_a_remedy_too(error, state):
    raised = error("the text alone")
    assert (str(raised), raised.state, raised.remedy) == ("the text alone", state, remedy(state))


def test_a_source_that_sees_less_than_before_is_narrowed():
    found = narrowed({"PAY", "SHOP", "OPS"}, {"PAY", "NEW"})
    assert isinstance(found, Narrowed)
    assert (found.state, found.missing) == ("narrowed", ("OPS", "SHOP"))
    assert str(found) == f"sees 1 of the 3 that it saw before: not OPS, SHOP; {remedy('narrowed')}"


def test_many_that_are_missing_are_counted():
    found = narrowed([f"P{number}" for number in range(9)], [])
    assert "sees 0 of the 9 that it saw before: not P0, P1, P2, P3, P4 and 4 more" in str(found)


@pytest.mark.parametrize(("before", "now"), [((), ("A",)), (("A",), ("A",)), (("A",), ("A", "B")), ((), ())])
def test_a_source_that_sees_as_much_or_more_is_not(before, now):
    assert narrowed(before, now) is None
