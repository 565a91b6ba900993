"""What is deleted in a tool is withdrawn, not erased; not what is hidden, and not suspiciously much at once."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from sqlalchemy import select

from connectors import contract
from connectors.contract import Artefact, Event, Initiative, Refused, SourceError
from ttv import census, figures, log, store
from ttv.config import Source
from ttv.route import Route

DAY, WEEK = timedelta(days=1), timedelta(days=7)


class Clock:
    def __init__(self):
        self.at = datetime(2026, 11, 1, 12, tzinfo=UTC)

    def __call__(self):
        return self.at


class Tool:
    """A connector of which a test says what it has, what is deleted there, and what it can see."""

    WINDOW = None

    def __init__(self):
        self.items, self.deleted, self.asked, self.seen, self.error = [], [], [], ["PAY"], None

    def client(self, settings, **options):
        return SimpleNamespace(lag=0.0, close=lambda: None)

    def events(self, settings, client, since, until):
        yield from self.items

    def scope(self, settings, client):
        return self.seen

    def gone(self, settings, client, subjects):
        self.asked.append(list(subjects))
        if self.error:
            raise self.error
        yield from self.deleted


def idea(number, key=None):
    return Event(f"issue/{number}", "idea", datetime(2026, 1, 1, tzinfo=UTC), key or f"jira:PAY-{number}")


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def route(engine, clock):
    return Route(engine, now=clock)


@pytest.fixture
def tool():
    tool = Tool()
    tool.items = [idea(number) for number in range(1, 21)]
    return tool


@pytest.fixture
def jira(tool):
    return Source("jira", "jira", tool, contract.Settings(), timedelta(hours=1), DAY, None, WEEK)


def look(route, source):
    client = source.connector.client(source.settings)
    return route.sync("jira", source.connector, source.settings, client, kind="jira", since=route.now() - DAY)


def count(route, source, confirmed=0):
    return census.count(route, source, source.connector.client(source.settings), confirmed)


def health(route):
    with store.reading(route.engine) as connection:
        (one,) = log.sources(connection, route.now())["items"]
    return one


def events(route):
    with store.reading(route.engine) as connection:
        return set(connection.scalars(select(store.event.c.id).where(~store.event.c.deleted)))


def links(route):
    with store.reading(route.engine) as connection:
        return {
            (child, parent) for child, parent in connection.execute(select(store.link.c.child, store.link.c.parent))
        }


def test_it_asks_about_every_artefact_that_the_source_spoke_of_and_about_nothing_else(route, tool, jira):
    tool.items = [idea(1), idea(2, "initiative:pay"), Artefact("jira:PAY-3", ("jira:PAY-1",))]
    look(route, jira)
    route.take("other", [Event("1", "idea", route.now(), "other:1")])
    assert count(route, jira) == census.Counted(2)
    assert tool.asked == [["jira:PAY-1", "jira:PAY-3"]]


def test_events_about_what_is_deleted_are_withdrawn_and_their_versions_kept_with_the_reason(route, tool, jira):
    look(route, jira)
    tool.deleted = ["jira:PAY-7"]
    assert count(route, jira).events == 1
    assert "issue/7" not in events(route)
    assert len(events(route)) == 19
    with store.reading(route.engine) as connection:
        (now,) = connection.execute(store.event.select().where(store.event.c.id == "issue/7"))
        (before,) = connection.execute(store.event_version.select())
    assert (now.deleted, now.why, before.subject) == (True, census.WHY, "jira:PAY-7")


def test_figures_no_longer_count_it(route, tool, jira):
    route.put_initiative(Initiative("pay", "Pay", claims=("jira:PAY-7",)))
    look(route, jira)
    tool.deleted = ["jira:PAY-7"]
    count(route, jira)
    with store.reading(route.engine) as connection:
        assert figures.initiative(connection, "pay", route.now())["state"] == "no_idea"


def test_links_from_and_to_what_is_deleted_are_withdrawn_but_not_what_others_say(route, tool, jira):
    tool.items += [Artefact("jira:PAY-7", ("jira:PAY-1",)), Artefact("jira:PAY-2", ("jira:PAY-7", "jira:PAY-1"))]
    look(route, jira)
    route.take("other", [Artefact("other:1", ("jira:PAY-7",))])
    tool.deleted = ["jira:PAY-7"]
    assert count(route, jira).links == 2
    assert links(route) == {("jira:PAY-2", "jira:PAY-1"), ("other:1", "jira:PAY-7")}
    with store.reading(route.engine) as connection:
        whys = connection.scalars(select(store.link_version.c.ended_why)).all()
    assert whys == [census.WHY, census.WHY]


def test_an_initiative_that_was_made_of_what_is_deleted_goes_and_one_of_more_stays(route, tool, jira):
    tool.items += [
        Initiative("gone", "Gone", claims=("jira:PAY-7",)),
        Initiative("half", "Half", claims=("jira:PAY-7", "jira:PAY-1")),
        Initiative("bare", "Bare"),
    ]
    look(route, jira)
    route.put_initiative(Initiative("mine", "Mine", claims=("jira:PAY-7",)))
    tool.deleted = ["jira:PAY-7"]
    assert count(route, jira).initiatives == 1
    with store.reading(route.engine) as connection:
        assert set(connection.scalars(select(store.initiative.c.key))) == {"half", "bare", "mine"}


def test_what_comes_back_has_its_events_and_links_back_with_the_next_look(route, tool, jira):
    tool.items.append(Artefact("jira:PAY-7", ("jira:PAY-1",)))
    look(route, jira)
    tool.deleted = ["jira:PAY-7"]
    count(route, jira)
    tool.deleted = []
    look(route, jira)
    assert "issue/7" in events(route)
    assert links(route) == {("jira:PAY-7", "jira:PAY-1")}
    assert count(route, jira).gone == 0


def test_what_a_connector_names_beyond_what_it_was_asked_is_passed_over(route, tool, jira):
    look(route, jira)
    tool.deleted = ["jira:PAY-99", "jira:PAY-7", "jira:PAY-7"]
    assert count(route, jira) == census.Counted(20, 1, 1)


# ---- too many at once


@pytest.mark.parametrize(
    ("counts", "withdrawn"),
    [((20, 10), 10), ((20, 11), 0), ((200, 20), 20), ((200, 21), 0), ((2, 2), 2), ((3, 3), 0)],
)
def test_suspiciously_many_are_not_withdrawn(route, tool, jira, counts, withdrawn):
    artefacts, gone = counts
    tool.items = [idea(number) for number in range(artefacts)]
    look(route, jira)
    tool.deleted = [f"jira:PAY-{number}" for number in range(gone)]
    if withdrawn:
        assert count(route, jira).events == withdrawn
    else:
        with pytest.raises(SourceError, match=f"{gone} of {artefacts} artefacts are gone at once"):
            count(route, jira)
    assert len(events(route)) == artefacts - withdrawn


def test_they_are_held_against_their_kind_and_not_against_what_can_never_be_deleted(route, tool, jira):
    commits = [idea(f"c{number}", f"git:pay@{number:040x}") for number in range(500)]
    tool.items = [*commits, *(idea(number) for number in range(20))]
    look(route, jira)
    tool.deleted = [f"jira:PAY-{number}" for number in range(12)]
    with pytest.raises(SourceError, match="12 of 20"):
        count(route, jira)


def test_that_a_whole_project_is_gone_is_suspicious_and_many_small_ones_are_too(route, tool, jira):
    tool.items = [idea(f"{project}/{n}", f"jira:{project}-{n}") for project in "ABCDEFGH" for n in (1, 2)]
    tool.items += [idea(number) for number in range(3)]
    look(route, jira)
    tool.deleted = [f"jira:PAY-{number}" for number in range(3)]
    with pytest.raises(SourceError, match="3 of 3"):
        count(route, jira)
    tool.deleted = [f"jira:{project}-{n}" for project in "ABCDEFGH" for n in (1, 2)]
    with pytest.raises(SourceError, match="16 of 16"):
        count(route, jira)


def test_too_many_are_the_source_s_health_with_the_command_that_confirms_them(route, tool, jira):
    look(route, jira)
    tool.deleted = [f"jira:PAY-{number}" for number in range(1, 13)]
    with pytest.raises(SourceError):
        count(route, jira)
    assert (health(route)["state"], health(route)["up"]) == ("narrowed", True)
    assert "ttv sync jira --census --confirm 12" in health(route)["remedy"]
    assert "jira:PAY-1, jira:PAY-10, jira:PAY-11, jira:PAY-12, jira:PAY-2 and 7 more" in health(route)["message"]
    look(route, jira)
    assert health(route)["state"] == "narrowed", "a look that goes well does not hide it"


def test_so_many_as_are_confirmed_are_withdrawn_and_the_source_is_well_again(route, tool, jira):
    look(route, jira)
    tool.deleted = [f"jira:PAY-{number}" for number in range(1, 13)]
    with pytest.raises(SourceError):
        count(route, jira, 11)
    assert count(route, jira, 12).events == 12
    assert (health(route)["state"], health(route)["remedy"], health(route)["message"]) == (None, None, None)


def test_when_they_are_seen_again_the_next_census_makes_it_well(route, tool, jira):
    look(route, jira)
    tool.deleted = [f"jira:PAY-{number}" for number in range(1, 13)]
    with pytest.raises(SourceError):
        count(route, jira)
    tool.deleted = []
    count(route, jira)
    assert health(route)["state"] is None
    assert len(events(route)) == 20


# ---- lost permissions


def test_a_source_that_sees_less_than_it_did_is_not_asked(route, tool, jira):
    look(route, jira)
    tool.seen, tool.deleted = [], ["jira:PAY-7"]
    look(route, jira)
    with pytest.raises(SourceError, match="no census: sees 0 of the 1"):
        count(route, jira)
    assert tool.asked == []
    assert len(events(route)) == 20


def test_a_refused_token_withdraws_nothing_and_says_so(route, tool, jira):
    look(route, jira)
    tool.error = Refused("https://tool.example answered 401")
    with pytest.raises(Refused):
        count(route, jira)
    assert health(route)["state"] == "unauthorized"
    assert len(events(route)) == 20


# ---- when


def test_the_first_is_due_one_interval_after_the_first_look_and_then_again(route, tool, jira, clock):
    assert not census.is_due(route, jira)
    look(route, jira)
    assert not census.is_due(route, jira)
    clock.at += WEEK - DAY
    assert not census.is_due(route, jira)
    clock.at += DAY
    assert census.is_due(route, jira)
    count(route, jira)
    assert not census.is_due(route, jira)
    assert health(route)["census_at"] == clock.at


def test_one_that_failed_is_due_after_a_day(route, tool, jira, clock):
    look(route, jira)
    census.is_due(route, jira)
    clock.at += WEEK
    tool.error = Refused("https://tool.example answered 401")
    with pytest.raises(Refused):
        count(route, jira)
    assert not census.is_due(route, jira)
    clock.at += DAY
    assert census.is_due(route, jira)


def test_one_that_is_broken_off_by_an_end_or_a_defect_is_due_after_a_day(route, tool, jira, clock):
    look(route, jira)
    census.is_due(route, jira)
    clock.at += WEEK
    tool.error = KeyError("iid")
    with pytest.raises(KeyError):
        count(route, jira)
    clock.at += DAY - timedelta(minutes=1)
    assert not census.is_due(route, jira)
    clock.at += timedelta(minutes=1)
    assert census.is_due(route, jira)


def test_never_is_never_and_a_connector_that_cannot_tell_is_not_asked(route, tool, jira, clock):
    look(route, jira)
    census.is_due(route, jira)
    clock.at += 10 * WEEK
    assert not census.is_due(route, replace(jira, census=None))
    assert not census.is_due(route, replace(jira, connector=SimpleNamespace()))


def test_it_is_not_due_while_the_source_sees_less_than_it_did(route, tool, jira, clock):
    look(route, jira)
    census.is_due(route, jira)
    clock.at += WEEK
    tool.seen = []
    look(route, jira)
    assert not census.is_due(route, jira)
