"""The outlook of an initiative as it is published: in the answer and on the page, with the configured targets."""

import html
import re
from datetime import timedelta

import pytest

from connectors.contract import Event, Initiative
from tests.publish.conftest import NOW
from ttv.publish import app

DAY = 86_400


def life(key, begun, **steps):
    yield Initiative(key, key, direction="top_down")
    for kind, after in {"idea": 0, **steps}.items():
        yield Event(f"{key} {kind}", kind, NOW - timedelta(days=begun) + timedelta(days=after), f"initiative:{key}")


@pytest.fixture
def client(route):
    """A client with targets; forty had value on day 60, one is being built for 20 days, and one for 290."""
    for number in range(40):
        route.take("tool", life(f"past-{number}", 400, start=10, deploy=50, feedback=60))
    route.take("tool", life("OPEN", 30, start=10))
    route.take("tool", life("STUCK", 300, start=10))
    targets = {"time_to_value_seconds": 90.0 * DAY, "rate_of_turn_seconds": 7.0 * DAY}
    return app.create(route, targets=targets).test_client()


def read(client, key):
    text = re.sub(r"<[^>]+>", "", client.get(f"/initiatives/{key}").text)
    return re.sub(r"\s+", " ", html.unescape(text))


def test_an_answer_has_the_outlook(client):
    assert client.get("/api/v1/initiatives/OPEN").json["outlook"] == {
        "chance_30d": pytest.approx(40 / 41),
        "chance_60d": pytest.approx(40 / 41),
        "chance_90d": pytest.approx(40 / 41),
        "median_remaining_seconds": 30 * DAY,
        "based_on": {
            "forerunners": 41,
            "needed": 10,
            "direction": "top_down",
            "stage": "building",
            "stage_age_seconds": 20 * DAY,
        },
        "targets": {
            "time_to_value": {
                "target_seconds": 90 * DAY,
                "default": True,
                "status": "on_track",
                "chance": pytest.approx(40 / 41),
            },
            "rate_of_turn": {"target_seconds": 7 * DAY, "default": True, "status": "missed", "chance": None},
        },
    }


def test_a_page_tells_the_outlook(client):
    text = read(client, "OPEN")
    assert "Going by the 41 top-down initiatives that were building for longer than this one is now" in text
    assert "Half of them got there within 30 days more." in text
    assert "The usual target is 90 days: on track" in text


def test_a_page_says_how_thin_history_is(client):
    text = read(client, "STUCK")
    assert "Not known. No initiative was ever building for longer than this one. It takes 10" in text
    assert "The usual target is 90 days: missed." in text


def test_what_is_over_has_no_outlook_on_its_page(client):
    text = read(client, "past-0")
    assert "Outlook" not in text
    assert "The usual target is 90 days: met." in text
