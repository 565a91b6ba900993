"""How figures move, where the time goes and what waits, on the first page: drawn, said, and no more than is known."""

import re
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest

from tests.publish.test_pages import NOW, life, read
from ttv import store
from ttv.publish import app, bars, words
from ttv.route import Route

TOOK = (40, 50, 60)
"""Days from the idea to the answer, in turn."""


def ideas(number, age, *, took=None, direction="unknown"):
    """Return the life of an idea heard so many days ago, which had its answer after some days, or has none."""
    events = [("idea", age, {})]
    if took is not None:
        events += [
            ("decision", age - took + 26, {}),
            ("start", age - took + 20, {}),
            ("deploy", age - took + 5, {}),
            ("feedback", age - took, {}),
        ]
    return life(f"I-{number}", events, direction=direction)


@pytest.fixture(scope="module")
def company(tmp_path_factory):
    """A client of pages of a company with a year behind it; tests only read it."""
    engine = store.open(f"sqlite:///{tmp_path_factory.mktemp('moves') / 'ttv.sqlite'}")
    route = Route(engine, now=lambda: NOW)
    made = []
    for number in range(36):
        took = TOOK[number % 3] if number % 4 else None
        made += ideas(number, 61 + number * 8, took=took, direction=("top_down", "bottom_up")[number % 2])
    route.take("jira", made)
    yield app.create(route).test_client()
    engine.dispose()


def section(answer, name):
    """Return the part of a page under a heading, as text."""
    found = re.search(rf'<section aria-labelledby="{name}".*?</section>', answer.text, re.DOTALL)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", found[0]).replace("&#39;", "'"))


def plain(text):
    """Return a text with spaces that may break."""
    return text.replace("\u00a0", " ")


def days(seconds):
    return words.duration(seconds)


def test_each_month_of_the_trend_is_what_the_api_answers(company):
    page = section(company.get("/"), "value-moves")
    items = company.get("/api/v1/time-to-value/trend?interval=month&periods=13").json["items"]
    assert len(items) == 13
    for item in items:
        month = words.month(datetime.fromisoformat(item["period_start"]))
        every, completed = item["groups"][0]["all"], item["groups"][0]["completed"]
        if every["p50_seconds"] is None:
            continue
        limits = words.limits(every["p50_low_seconds"], every["p50_high_seconds"])
        row = f"{days(every['p50_seconds'])} {limits}; n = {every['count']}, {every['ended']} answered"
        assert f"{row} {days(completed['p50_seconds'])} n = {completed['count']}" in page[page.rindex(month) :]
    assert sum(item["groups"][0]["all"]["p50_seconds"] is not None for item in items) > 5


def test_top_down_is_set_against_bottom_up(company):
    answer = company.get("/")
    page = section(answer, "turn-moves")
    assert "bottom-up top-down 95 % interval" in page
    groups = company.get("/api/v1/rate-of-turn/trend?periods=13").json["items"][-1]["groups"]
    counts = {group["group"]: group["all"]["count"] for group in groups}
    assert f"Now it rests on {counts['top_down']} ideas (top-down) and {counts['bottom_up']} ideas (bottom-up)" in page
    assert 'class="line top_down"' in answer.text
    assert 'class="line unknown"' not in answer.text


def test_what_came_from_an_unknown_direction_is_drawn_if_there_is_nothing_else(route, client):
    route.take("jira", ideas(1, 90, took=40))
    assert 'class="line unknown"' in client.get("/").text


def test_where_the_time_goes_is_what_the_api_answers(company):
    page = section(company.get("/"), "spent")
    group = company.get("/api/v1/stages").json["groups"][0]
    for name in ("realised", "all"):
        for stage in bars.STAGES:
            one = group[name]["stages"][stage]
            said = f"{words.percent(one['share'])} {days(one['seconds'] / one['count'])} on average"
            assert plain(said) in page
    before = sum(group["realised"]["stages"][stage]["share"] for stage in ("deciding", "waiting"))
    assert f"{before * 100:.0f} % went by before work began" in page


def test_what_waits_is_listed_by_what_it_waits_for_the_longest_first(route, client):
    for number, age in enumerate((5, 300, 40, 60, 70, 80, 90)):
        route.take("jira", ideas(number, age))
    route.take("jira", life("SHIPPED", [("idea", 50, {}), ("start", 40, {}), ("deploy", 30, {})]))
    page = section(client.get("/"), "awaited")
    assert [page.index(f"Initiative I-{number}") for number in (1, 6, 5, 4, 3)] == sorted(
        page.index(f"Initiative I-{number}") for number in (1, 6, 5, 4, 3)
    )
    assert "Initiative I-0" not in page
    assert "A decision 7 deciding" in page
    assert "All 7" in page
    assert "A start 0 waiting nothing" in page
    assert "A customer's answer 1 sensing Initiative SHIPPED 30 days" in page


def test_the_curve_is_what_the_api_answers(company):
    page = section(company.get("/"), "curve")
    group = company.get("/api/v1/time-to-value/curve").json["groups"][0]
    assert f"half, after {days(group['all']['p50_seconds'])}" in page
    last = group["steps"][-1]
    said = f"{words.percent(last['reached'])} {words.percent(last['stopped'])}"
    assert plain(said) in page


def test_the_reading_stands_at_the_top(company):
    page = read(company.get("/"))
    head = page.text.index("From idea to customer feedback", 60)
    assert "Half of the ideas that are not stopped reach a customer's answer within" in page.text[head : head + 150]


def test_the_reading_compares_with_the_window_before(route, client):
    made = [one for number in range(12) for one in ideas(number, 480 + number * 12, took=100 + number)]
    made += [one for number in range(12, 24) for one in ideas(number, 50 + number * 10, took=30 + number)]
    route.take("jira", made)
    assert "value arrives sooner than in the 365 days before (105 days then)." in read(client.get("/")).text


def test_every_drawing_says_what_it_shows(company):
    page = read(company.get("/"))
    ids = set(page.ids)
    drawings = [given for tag, given in page.tags if tag == "svg" and given.get("role") == "img"]
    assert len(drawings) > 5
    for given in drawings:
        named = given.get("aria-labelledby", "").split()
        assert given.get("aria-label") or (len(named) == 2 and ids.issuperset(named))
    assert sum(tag == "desc" for tag, _ in page.tags) == 3


def test_drawings_lead_to_their_numbers(company):
    page = read(company.get("/"))
    machine = {href for href in page.links if re.match(r"/api/v1/.*(trend|curve|stages)", href)}
    assert len(machine) == 4
    for href in machine:
        assert company.get(href).status_code == 200


@pytest.mark.parametrize("events", [[("idea", 5, {})], [("start", 5, {})], [("idea", 500, {})], [("idea", 0, {})]])
def test_one_initiative_alone_is_drawn_as_far_as_it_is_known(route, client, events):
    route.take("jira", life("ONE", events))
    text = read(client.get("/")).text
    assert "No month of the last 13 has a figure yet: nothing is drawn." in text
    assert "has an answer yet: there is no curve to draw." in text
    assert "NaN" not in text


def test_one_answer_alone_is_said_to_be_few(route, client):
    route.take("jira", life("ONE", [("idea", 50, {}), ("start", 40, {}), ("deploy", 30, {}), ("feedback", 10, {})]))
    answer = client.get("/")
    assert "going by no more than 1 answer" in read(answer).text
    assert "rests on fewer than 10" in section(answer, "value-moves")
    assert "so few that one more can move it far" in section(answer, "spent")


@pytest.mark.parametrize("width", [1280, 390])
def test_in_a_browser_the_drawings_fit_and_stay_open(company, served, chromium, width):
    host = served(company.application)
    page = chromium(host + "/", width)
    page.ask("document.querySelectorAll('details').forEach(one => one.open = true)")
    assert page.overflow == []
    assert page.errors == []
    assert {urlsplit(url).netloc for url in page.requests} == {urlsplit(host).netloc}
    size = page.ask("""(() => {
        const band = document.querySelector("path.band.every").getBoundingClientRect();
        const chart = document.querySelector(".lines").getBoundingClientRect();
        return band.height > 10 && band.left >= chart.left && band.right <= chart.right && band.top >= chart.top - 1;
    })()""")
    assert size
    page.ask("document.querySelector('#clock').textContent = 'long ago'")
    page.ask("document.dispatchEvent(new Event('visibilitychange'))")
    page.ask("""new Promise(done => {
        const look = () => document.querySelector("#clock time") ? done() : requestAnimationFrame(look);
        look();
    })""")
    assert page.ask("document.querySelectorAll('details[open]').length") == 3


def test_the_first_month_may_lie_before_the_first_idea(route, client):
    route.take("jira", ideas(1, 20, took=10))
    items = client.get("/api/v1/time-to-value/trend?periods=13").json["items"]
    assert items[0]["groups"][0]["all"]["count"] == 0
    answer = client.get("/")
    first = words.month(NOW - timedelta(days=360))
    assert f"{first} no figure n = 0" in section(answer, "value-moves")
    assert datetime(2025, 3, 1, tzinfo=UTC).isoformat() in items[0]["period_start"].replace("Z", "+00:00")
