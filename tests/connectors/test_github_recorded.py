"""A real repository's history, panjf2000/ants as GitHub told it, read over HTTP; each example checked by hand.

What is expected was read off the recorded answers by hand, number by number, not computed.
"""

from collections import Counter
from datetime import UTC, datetime
from itertools import pairwise

import pytest

from connectors import github
from connectors.contract import Event, Initiative, Unread
from tests.connectors.github_found import parents
from tests.fakes.recorded import REPOSITORY, Recorded
from ttv import figures, store
from ttv.route import Route

LONG_AGO = datetime(2015, 1, 1, tzinfo=UTC)


@pytest.fixture
def look(data, served, opened):
    """A function that pulls the repository; its people label ideas as enhancement or proposal."""
    labels = {"idea_labels": ["enhancement", "proposal"], "initiative_labels": ["enhancement", "proposal"]}
    told = {"url": served(Recorded(data / "github")), "repositories": [REPOSITORY], **labels}
    settings = github.Settings.model_validate(told)
    client = opened(github.client, settings)
    return lambda since=LONG_AGO, until=None: list(github.events(settings, client, since, until))


def said(items, number):
    """What is said of one issue or pull request: kind, instant, outcome."""
    subject = f"github:{REPOSITORY}#{number}"
    found = [item for item in items if isinstance(item, Event) and item.subject == subject]
    return [(item.kind, item.occurred_at.isoformat(), item.attributes.get("outcome")) for item in found]


def test_every_record_of_the_real_api_can_be_read(look):
    items = look()
    assert not [item for item in items if isinstance(item, Unread)]
    kinds = Counter(item.kind for item in items if isinstance(item, Event))
    assert kinds == {"start": 49, "change": 25, "idea": 9, "decision": 1}


def test_issue_22_asks_for_a_panic_handler(look):
    items = look()
    assert said(items, 22) == [("idea", "2019-01-21T10:06:56+00:00", None)]
    (initiative,) = [item for item in items if isinstance(item, Initiative) and item.key == "panjf2000.ants.22"]
    assert initiative.claims == ("github:panjf2000/ants#22",)
    assert initiative.url == "https://github.com/panjf2000/ants/issues/22"


def test_pull_request_23_brings_the_panic_handler_of_issue_22(look):
    items = look()
    assert said(items, 23) == [
        ("start", "2019-01-21T10:58:15+00:00", None),
        ("change", "2019-01-22T05:41:34+00:00", None),
    ]
    assert parents(items, "github:panjf2000/ants#23") == ("github:panjf2000/ants#22",)
    commit = "github:panjf2000/ants@9158bd37025ccdd29d6346a6639a282e0060c7e2"
    assert parents(items, commit) == ("github:panjf2000/ants#23",)


def test_pull_request_4_fixes_an_issue_in_lower_case(look):
    items = look()
    assert said(items, 4) == [
        ("start", "2018-07-25T08:19:30+00:00", None),
        ("change", "2018-07-26T02:32:41+00:00", None),
    ]
    assert parents(items, "github:panjf2000/ants#4") == ("github:panjf2000/ants#3",)


def test_pull_request_189_names_its_issue_by_address(look):
    assert parents(look(), "github:panjf2000/ants#189") == ("github:panjf2000/ants#188",)


def test_pull_request_8_was_never_merged(look):
    assert said(look(), 8) == [("start", "2018-08-29T01:35:54+00:00", None)]


def test_pull_request_19_was_merged_into_develop_and_not_the_main_line(look):
    items = look()
    assert said(items, 19) == [("start", "2018-11-19T03:03:09+00:00", None)]
    commit = "github:panjf2000/ants@639f55c4c94407632a1c5e34cd71784524de0757"
    assert parents(items, commit) == ("github:panjf2000/ants#19",)


def test_proposal_226_was_closed_as_not_planned_the_next_day(look):
    items = look()
    assert said(items, 226) == [
        ("idea", "2022-05-21T16:39:29+00:00", None),
        ("decision", "2022-05-22T10:46:11+00:00", "rejected"),
    ]
    decision = next(item for item in items if isinstance(item, Event) and item.kind == "decision")
    assert (decision.id, decision.actor) == ("issue-event/6655982786", "fufuok")


def test_a_look_since_2022_leaves_the_early_years_alone(look):
    items = look(datetime(2022, 3, 1, tzinfo=UTC))
    assert said(items, 22) == []
    assert said(items, 226) != []


def test_years_looked_at_one_by_one_give_the_same_as_one_look(look):
    years = [datetime(year, 1, 1, tzinfo=UTC) for year in range(2018, 2024)]
    parts = [repr(item) for begin, end in pairwise(years) for item in look(begin, end)]
    assert set(parts) == {repr(item) for item in look()}


@pytest.fixture
def figure(look, engine):
    """A function that says what became of an issue of the repository, by the figures."""
    route = Route(engine, now=lambda: datetime(2022, 12, 31, tzinfo=UTC))
    assert route.take("ants", look()).rejected == []

    def of(number):
        with store.reading(engine) as connection:
            return figures.initiative(connection, f"panjf2000.ants.{number}", route.now())

    return of


def test_the_panic_handler_took_51_minutes_to_be_begun_and_is_not_known_to_have_shipped(figure):
    """Issue 22 of 10:06:56 was decided by doing: pull request 23 of 10:58:15. Nothing recorded says that it shipped."""
    found = figure(22)
    assert (found["state"], found["decision"]) == ("building", "implied")
    assert found["rate_of_turn_seconds"] == 51 * 60 + 19
    assert (found["time_to_value_seconds"], found["milestones"]["shipped_at"]) == (None, None)
    assert (found["stages"]["deciding"], found["stages"]["waiting"], found["stages"]["sensing"]) == (3079, 0, None)
    assert found["stages"]["building"] == found["age_seconds"] - 3079


def test_proposal_226_got_its_no_after_eighteen_hours(figure):
    """Raised 2022-05-21T16:39:29Z, closed as not planned 2022-05-22T10:46:11Z."""
    found = figure(226)
    assert (found["state"], found["decision"]) == ("stopped", "recorded")
    assert found["rate_of_turn_seconds"] == 18 * 3600 + 6 * 60 + 42
    assert found["age_seconds"] is None
