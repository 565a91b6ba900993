"""What a person sees: every state in words, nothing unknown as 0, nothing hostile alive, no other host asked."""

import re
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from itertools import chain
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from connectors.contract import Event, Initiative
from ttv import store
from ttv.publish import app, bars, words
from ttv.route import Route

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY = 86_400
STATIC = Path(app.__file__).parent / "static"

LIVES = {
    "no_idea": [("start", 30, {})],
    "deciding": [("idea", 43, {})],
    "waiting": [("idea", 43, {}), ("decision", 12, {})],
    "building": [("idea", 43, {}), ("decision", 30, {}), ("start", 20, {})],
    "sensing": [("idea", 43, {}), ("start", 20, {}), ("deploy", 9, {}), ("feedback", 5, {"customer": False})],
    "realised": [("idea", 43, {}), ("start", 20, {}), ("deploy", 9, {}), ("feedback", 3, {})],
    "stopped": [("idea", 43, {}), ("start", 20, {}), ("decision", 9, {"outcome": "stopped"})],
}
SENTENCES = {
    "no_idea": "Nobody recorded when the idea was first heard",
    "deciding": "Heard 43 days ago; nobody has decided yet.",
    "waiting": "Decided 12 days ago; work has not begun.",
    "building": "Work began 20 days ago; nothing has reached production yet.",
    "sensing": "Shipped 9 days ago; no customer has answered yet.",
    "realised": "The first customer answered 40 days after the idea was heard.",
    "stopped": "A no still stands, from 9 days ago, 34 days after the idea was heard.",
}


def life(key, events, **more):
    """Return an initiative and its events, each so many days ago."""
    made = [Initiative(key=key, **{"name": f"Initiative {key}", **more})]
    for number, (kind, days, attributes) in enumerate(events):
        when = NOW - timedelta(days=days)
        made.append(Event(f"{key}/{number}", kind, when, f"initiative:{key}", title=f"{kind}!", attributes=attributes))
    return made


@pytest.fixture(scope="module")
def lives(tmp_path_factory):
    """A client of pages with one initiative in each state; tests only read it."""
    engine = store.open(f"sqlite:///{tmp_path_factory.mktemp('pages') / 'ttv.sqlite'}")
    route = Route(engine, now=lambda: NOW)
    for state, events in LIVES.items():
        route.take("jira", life(state.upper(), events, team="Payments" if state < "n" else "Search"))
    yield app.create(route).test_client()
    engine.dispose()


class Reader(HTMLParser):
    """What a browser would make of a page: text, addresses, tags."""

    def __init__(self):
        super().__init__()
        self.parts, self.links, self.tags, self.ids = [], set(), [], []

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.tags.append((tag, given))
        if tag == "a":
            self.links.add(given["href"])
        if "id" in given:
            self.ids.append(given["id"])

    def handle_data(self, data):
        self.parts.append(data)

    @property
    def text(self):
        return re.sub(r"\s+", " ", "".join(self.parts))


def read(answer, status=200):
    """Read an answer as a page."""
    assert answer.status_code == status, answer.text
    assert answer.mimetype == "text/html"
    reader = Reader()
    reader.feed(answer.text)
    return reader


def listed(answer):
    """Return the keys of the initiatives in the list of the first page, in order."""
    assert answer.status_code == 200, answer.text
    rows = re.search(r'<table class="list".*?</table>', answer.text, re.DOTALL)
    return re.findall(r'href="/initiatives/([^"]+)"', rows[0]) if rows else []


@pytest.mark.parametrize("state", LIVES)
def test_every_state_is_said_in_a_sentence(lives, state):
    page = read(lives.get(f"/initiatives/{state.upper()}"))
    assert SENTENCES[state] in page.text


@pytest.mark.parametrize("state", LIVES)
def test_every_state_is_counted_and_leads_to_its_initiatives(lives, state):
    page = read(lives.get("/"))
    address = next(href for href in page.links if f"state={state}" in href)
    assert listed(lives.get(address)) == [state.upper()]


@pytest.mark.parametrize("state", ["no_idea", "deciding"])
def test_what_is_not_known_is_never_a_zero(lives, state):
    page = read(lives.get(f"/initiatives/{state.upper()}"))
    assert not re.search(r"(?<![\d.,:])0 (days|h|min|s)\b", page.text)
    assert "not known" in page.text or "not decided" in page.text


def test_a_population_of_nothing_is_not_known(route, client):
    route.take("jira", life("ONE", LIVES["deciding"]))
    page = read(client.get("/"))
    assert "not known No initiative got customer feedback in the last 365 days." in page.text
    tables = 2 * (3 * 3 - 1)  # two tables of three by three, one cell of which says that half is not reached
    assert page.text.count("not known") == 5 + tables + 7  # five large ones, and all but one of the stages
    assert page.text.count("not reached") == 3 + 2 * 3  # of all, of its direction twice, and of three months twice


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (None, "not known"),
        (0, "at once"),
        (0.000001, "under a minute"),
        (59.9, "under a minute"),
        (90 * 60, "90 min"),
        (2 * 3_600, "2 h"),
        (47 * 3_600, "47 h"),
        (43 * DAY, "43 days"),
        (1_204 * DAY, "1,204 days"),
    ],
)
def test_a_duration_is_said_in_the_unit_that_fits(seconds, said):
    assert words.duration(seconds) == said


def test_the_large_figure_counts_those_that_still_wait(lives):
    text = read(lives.get("/")).text
    assert "Time to value not reached Half of all ideas heard in the last 365 days" in text
    assert "Rests on 6 ideas: 1 answered, 4 open, 1 stopped: so few that one more can move it far" in text


def test_completed_says_what_it_rests_on_and_whom_it_hides(lives):
    text = read(lives.get("/")).text
    assert "40 days counting only those that got there in the last 365 days" in text
    assert "Rests on 1 initiative: so few that one more can move it far." in text
    assert "It hides the 4 still on their way" in text


def test_what_waits_longest_comes_first(route, client):
    for key, days in (("YOUNG", 3), ("OLD", 300), ("MIDDLE", 30)):
        route.take("jira", life(key, [("idea", days, {})]))
    assert listed(client.get("/")) == ["OLD", "MIDDLE", "YOUNG"]


@pytest.mark.parametrize("field", ["name", "team", "owner"])
def test_hostile_texts_are_only_text(route, client, field):
    evil = "<script>alert(1)</script><img src=x onerror=alert(1)>"
    route.take("jira", life("EVIL", LIVES["realised"], **{field: evil}))
    for address in ("/", "/initiatives/EVIL", "/?q=%3Cscript%3Ealert(1)%3C/script%3E"):
        page = read(client.get(address))
        assert not [given for tag, given in page.tags if tag == "img" or "onerror" in given]
        assert [given for tag, given in page.tags if tag == "script"] == [{"src": "/static/live.js", "defer": None}]
    assert evil in client.get("/initiatives/EVIL").text.replace("&lt;", "<").replace("&gt;", ">") or field == "team"


def test_only_web_addresses_are_linked(route, client):
    urls = [
        "javascript:alert(1)",
        "JavaScript:alert(1)",
        "data:text/html,x",
        "//evil.example/x",
        "http:",
        "ftp://x/y",
        "[",
    ]
    for number, url in enumerate(urls):
        event = Event(url, "idea", NOW - timedelta(days=3), f"initiative:EVIL-{number}", title="Look here", url=url)
        route.take("jira", [Initiative(f"EVIL-{number}", "Evil", url=url), event])
    for number, url in enumerate(urls):
        page = read(client.get(f"/initiatives/EVIL-{number}"))
        assert url not in page.links
        assert "Look here" in page.text


def test_a_web_address_is_linked(route, client):
    url = "https://jira.example/browse/PAY-1?a=1&b=2"
    route.take("jira", [Initiative("PAY", "Pay", url=url)])
    assert url in read(client.get("/initiatives/PAY")).links


def test_choosing_sorting_and_paging_keep_each_other(route, client):
    for team, numbers in (("Other", (0, 15)), ("R&D, Süd", (one for one in range(30) if one % 15))):
        made = (life(f"PAY-{number:02}", [("idea", 5, {})], name="Same & same", team=team) for number in numbers)
        route.take("jira", chain.from_iterable(made))
    chosen = {"q": "pay", "state": "deciding", "team": "R&D, Süd", "sort": "name"}
    first = client.get("/", query_string=chosen)
    following = next(given["href"] for tag, given in read(first).tags if given.get("rel") == "next")
    kept = {name: value for name, (value,) in parse_qs(urlsplit(following).query).items()}
    assert {name: kept.get(name) for name in chosen} == chosen
    second = client.get(following)
    keys = listed(first) + listed(second)
    assert keys == [f"PAY-{number:02}" for number in range(30) if number % 15]
    selected = [
        given["value"]
        for tag, given in read(second).tags
        if tag == "option" and "selected" in given
        if given.get("value")
    ]
    assert selected == ["deciding", "name"]


def test_a_search_box_keeps_what_was_typed(lives):
    page = read(lives.get("/", query_string={"q": 'a"b'}))
    assert ("input", {"type": "search", "name": "q", "value": 'a"b'}) in page.tags
    assert "No initiative fits." in page.text


@pytest.mark.parametrize("query", ["state=shipped", "direction=sideways", "sort=luck", "cursor=abc"])
def test_an_address_that_cannot_be_answered_says_why(lives, query):
    page = read(lives.get(f"/?{query}"), 400)
    assert query.partition("=")[0] in page.text
    assert "/" in page.links


def test_an_unknown_key_names_the_nearest(lives):
    page = read(lives.get("/initiatives/stoped"), 404)
    assert "/initiatives/STOPPED" in page.links


def test_an_unknown_key_unlike_all_others_leads_back(lives):
    page = read(lives.get("/initiatives/<b>%25"), 404)
    assert "<b>%" in page.text
    assert "None has a key like it" in page.text


def test_an_empty_database_says_what_to_do_next(client):
    page = read(client.get("/"))
    assert "Nothing to measure yet" in page.text
    for command in ("ttv demo", "ttv init", "ttv import"):
        assert command in page.text


def test_each_event_says_what_it_did_or_why_it_did_nothing(lives):
    text = read(lives.get("/initiatives/SENSING")).text
    assert "not a customer" in text
    assert "Shipped to production" in text
    assert "initiative:SENSING" in text


def test_an_implied_decision_is_said_to_be_implied(lives):
    assert "Nobody recorded a yes before it" in read(lives.get("/initiatives/REALISED")).text
    assert "From the idea to the decision, which is on record" in read(lives.get("/initiatives/BUILDING")).text


def test_an_idea_that_was_filed_late_is_flagged(route, client):
    route.take("jira", life("LATE", [("start", 90, {}), *LIVES["realised"]]))
    text = read(client.get("/initiatives/LATE")).text
    assert "Filed late, so it looks fast. Work was seen on 1 Dec 2025" in text
    assert "filed late" in read(client.get("/")).text


def test_many_events_are_cut_until_all_are_asked_for(route, client):
    route.take("jira", life("BUSY", [("idea", 300, {}), *[("change", 1, {})] * 250]))
    page = read(client.get("/initiatives/BUSY"))
    assert "The last 200 are shown" in page.text
    everything = next(href for href in page.links if "events=all" in href)
    assert client.get(everything).text.count('class="reason"') == 249  # the idea and the first change set milestones


def test_a_failing_source_says_so_with_its_message(route, client):
    route.take("jira", life("ONE", LIVES["deciding"]))
    with store.writing(route.engine) as connection:
        failing = {"name": "desk", "connector": "zendesk", "error": "Refused", "message": "make a new token"}
        connection.execute(store.source.insert().values(failing))
    assert "Failing. make a new token" in read(client.get("/")).text


@pytest.mark.parametrize("address", ["/", "/initiatives/REALISED", "/initiatives/NO_IDEA", "/initiatives/none"])
def test_a_page_is_built_for_everyone(lives, address):
    page = read(lives.get(address), 404 if address.endswith("none") else 200)
    tags = [tag for tag, _ in page.tags]
    assert [tags.count(one) for one in ("h1", "main", "header", "footer", "title")][:4] == [1, 1, 1, 1]
    assert page.tags[0] == ("html", {"lang": "en"})
    assert "#main" in page.links
    assert tags.count("table") == tags.count("caption")
    assert len(page.ids) == len(set(page.ids))
    assert not [given for _, given in page.tags if "style" in given or any(name.startswith("on") for name in given)]
    assert "style" not in tags  # the content security policy would refuse it


@pytest.mark.parametrize("address", ["/", "/initiatives/REALISED", "/initiatives/none"])
def test_a_page_asks_nobody_else_for_anything(lives, address):
    page = read(lives.get(address), 404 if address.endswith("none") else 200)
    loaded = [given.get("src") or given.get("href") for tag, given in page.tags if tag in ("link", "script", "img")]
    assert loaded
    for url in loaded:
        assert lives.get(url, buffered=True).status_code == 200
        assert url.startswith("/static/")


def test_what_pages_load_names_no_other_host():
    for path in STATIC.iterdir():
        assert re.findall(r"(?:https?:)?//[a-z0-9.-]+\.[a-z]{2,}", path.read_text()) in ([], ["http://www.w3.org"])


def test_a_bar_is_as_long_as_its_stages():
    scale = bars.scale([100 * DAY])
    bar = bars.bar("building", {"deciding": 10 * DAY, "waiting": 0.0, "building": 40 * DAY, "sensing": None}, scale)
    assert [(one.stage, one.open) for one in bar.segments] == [("deciding", False), ("building", True)]
    assert bar.segments[1].x == pytest.approx(scale.at(10 * DAY))
    assert bar.end == pytest.approx(scale.at(50 * DAY))
    assert bar.said == "Building: deciding 10 days, building 40 days so far"


@pytest.mark.parametrize("longest", [None, 0.000001, 3_600, 47 * 3_600, 3 * DAY, 585 * DAY, 40_000 * DAY])
def test_a_scale_has_few_lines_and_holds_the_longest(longest):
    scale = bars.scale([longest, None])
    assert 1 <= len(scale.ticks) <= 7
    assert scale.at(longest or 0) <= 100


@pytest.mark.parametrize("width", [1280, 390])
def test_in_a_browser_nothing_overflows_and_nothing_complains(lives, served, chromium, width):
    host = served(lives.application)
    for address in ("/", "/initiatives/REALISED", "/initiatives/NO_IDEA"):
        page = chromium(host + address, width)
        assert page.overflow == []
        assert page.errors == []
        assert {urlsplit(url).netloc for url in page.requests} == {urlsplit(host).netloc}


def test_in_a_browser_what_is_live_changes_in_place(route, client, served, chromium):
    route.take("jira", life("SENSING", LIVES["sensing"]))
    page = chromium(served(client.application) + "/initiatives/SENSING")
    assert "no customer has answered yet" in page.text
    route.take("jira", [Event("new", "feedback", NOW, "initiative:SENSING")])
    page.ask("document.dispatchEvent(new Event('visibilitychange'))")
    page.ask("""new Promise(done => {
        const look = () => document.body.innerText.includes("Realised") ? done() : requestAnimationFrame(look);
        look();
    })""")
    assert "The first customer answered 43 days after the idea was heard." in page.text


def test_a_commit_is_told_by_seven_digits():
    assert words.artefact(f"github:acme/pay@{'0123456789' * 4}") == "github:acme/pay@0123456"
    assert words.artefact("mail:a@0123456789") == "mail:a@0123456789"
