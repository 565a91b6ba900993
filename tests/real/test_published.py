"""What is published, as Prometheus and a person's browser see it."""

from datetime import UTC, datetime, timedelta

import pytest

from connectors.contract import Event, Initiative
from ttv.publish import app
from ttv.route import Route

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
LONG = "Let customers of every subsidiary change the address of a standing order themselves, without a call to support"
NARROW, WIDE = (390, 844), (1280, 800)


def life(key, *steps):
    """Events of one initiative; a step is a kind and the days before NOW."""
    for kind, days in steps:
        yield Event(f"{key}/{kind}", kind, NOW - timedelta(days=days), f"initiative:{key}", title=f"{key}: {kind}")


@pytest.fixture
def filled():
    """A function that puts three initiatives on a store, and returns their route."""

    def fill(engine):
        route = Route(engine, now=lambda: NOW)
        route.take(
            "tool",
            [
                Initiative("REALISED", "Pay by phone", team="Payments", direction="bottom_up"),
                Initiative("BUILDING", LONG, team="Standing orders and recurring payments", direction="top_down"),
                Initiative("UNHEARD", "Nobody has had it yet"),
                *life("REALISED", ("idea", 90), ("decision", 80), ("start", 70), ("deploy", 30), ("feedback", 20)),
                *life("BUILDING", ("idea", 40), ("decision", 30), ("start", 10)),
            ],
        )
        return route

    return fill


@pytest.fixture
def address(sqlite_engine, filled, served):
    """Where the three are published, out of SQLite."""
    return served(app.create(filled(sqlite_engine)))


def test_prometheus_scrapes_every_initiative(engine, filled, served, prometheus):
    server = prometheus(served(app.create(filled(engine))))
    found = {series["metric"]["initiative"]: series["metric"] for series in server.until("ttv_initiative_info")}
    assert set(found) == {"REALISED", "BUILDING", "UNHEARD"}
    assert found["BUILDING"]["name"] == LONG
    assert server.until('up{job="ttv"} == 1')
    valued = server.query('ttv_initiative_milestone_timestamp_seconds{initiative="REALISED", milestone="valued"}')
    assert float(valued[0]["value"][1]) == (NOW - timedelta(days=20)).timestamp()


def test_prometheus_comes_in_with_the_token(sqlite_engine, filled, served, prometheus):
    address = served(app.create(filled(sqlite_engine), token="opensesame"))
    config = f"""
scrape_configs:
  - job_name: ttv
    scrape_interval: 1s
    scrape_timeout: 1s
    authorization: {{credentials: opensesame}}
    static_configs: [{{targets: ["{address.removeprefix("http://")}"]}}]
"""
    assert prometheus(config=config).until('up{job="ttv"} == 1')


@pytest.mark.parametrize("window", [NARROW, WIDE], ids=["phone", "desktop"])
def test_the_front_page_fits_its_window_and_needs_nothing_else(address, chromium, window):
    page = chromium(address, *window)
    assert "Pay by phone" in page.text
    assert LONG in page.text
    assert page.errors == []
    assert page.overflow == []
    assert all(url.startswith((address, "data:")) for url in page.requests)


@pytest.mark.parametrize("window", [NARROW, WIDE], ids=["phone", "desktop"])
@pytest.mark.parametrize(("key", "event"), [("REALISED", "REALISED: feedback"), ("BUILDING", "BUILDING: start")])
def test_the_front_page_leads_to_each_initiative(address, chromium, window, key, event):
    page = chromium(address, *window)
    page.open(page.ask(f"document.querySelector('a[href*={key}]').href"))
    assert event in page.text
    assert page.errors == []
    assert page.overflow == []


def test_a_store_without_anything_shows_no_figure(sqlite_engine, served, chromium):
    page = chromium(served(app.create(Route(sqlite_engine, now=lambda: NOW))))
    assert page.errors == []
    assert page.text.strip()
