"""What Zendesk's tickets become."""

from datetime import UTC, datetime

import pytest

from connectors import zendesk
from connectors.contract import Artefact, Event, Refused, Withdrawn
from tests.connectors.conftest import NOW
from tests.fakes import zendesk as fake


@pytest.fixture
def account():
    return fake.Account()


@pytest.fixture
def look(asking, account):
    """A function that pulls the account with some more settings."""
    return lambda **more: asking(zendesk, fake, account, **more).look()


def event(items, number):
    return next(item for item in items if isinstance(item, Event) and item.id == f"ticket/{number}")


def parents(items, number):
    return next(item.parents for item in items if isinstance(item, Artefact) and item.key == f"zendesk:{number}")


def test_a_ticket_is_feedback_from_its_creation(look):
    feedback = event(look(), 3)
    assert (feedback.kind, feedback.subject, feedback.title) == ("feedback", "zendesk:3", "Ticket 3")
    assert feedback.occurred_at == datetime(2026, 1, 2, 7, 11, tzinfo=UTC)
    assert feedback.url.endswith("/agent/tickets/3")


@pytest.mark.parametrize(("number", "sentiment"), [(1, "negative"), (2, "positive"), (5, "neutral")])
def test_the_rating_is_the_sentiment(look, number, sentiment):
    assert event(look(), number).attributes["sentiment"] == sentiment


def test_agents_are_no_customers(look):
    items = look()
    assert event(items, 3).attributes["customer"] is False
    assert event(items, 1).attributes["customer"] is True
    assert event(items, 6).attributes["customer"] is True


@pytest.mark.parametrize("more", [{"internal_domains": ["Partner.example"]}, {"internal_organizations": [9]}])
def test_the_organisations_own_people_are_no_customers(look, more):
    items = look(**more)
    assert event(items, 6).attributes["customer"] is False
    assert event(items, 1).attributes["customer"] is True


def test_a_key_is_found_in_subject_tags_and_text(look):
    items = look()
    assert parents(items, 1) == ("jira:PAY-12",)
    assert parents(items, 2) == ("jira:PAY-13",)
    assert parents(items, 5) == ("jira:WEB-3",)
    assert parents(items, 6) == ()


def test_a_custom_field_names_issues_only_where_the_settings_say_so(look):
    assert parents(look(), 3) == ()
    assert parents(look(link_fields=[360001, 360002]), 3) == ("jira:PAY-77",)


def test_a_deleted_ticket_withdraws_its_event_and_its_links(look):
    items = look()
    assert [item for item in items if isinstance(item, Withdrawn)] == [Withdrawn("ticket/4")]
    assert parents(items, 4) == ()


def test_names_and_addresses_are_not_kept(look):
    assert "dee" not in repr(look()).lower()


def test_an_empty_page_before_the_end_does_not_end_the_export(look, account):
    look()
    asked = [args.get("cursor") for _, path, args, _ in account.asked if path.endswith("tickets/cursor")]
    assert asked == [None, "2-pause", "2-on", "4-on"]


def test_the_export_begins_at_since_and_goes_on_by_cursor_only(look, account):
    look()
    first, second = account.asked[0][2], account.asked[1][2]
    assert first == {
        "start_time": "1767225600",
        "per_page": "1000",
        "include": "users",
        "support_type_scope": "all",
    }
    assert "start_time" not in second


def test_a_start_within_the_last_minute_is_moved_back(asking, account):
    asking(zendesk, fake, account).look(NOW)
    assert int(account.asked[0][2]["start_time"]) <= NOW.timestamp() - 60


def test_the_export_is_read_no_further_than_the_end(asking, account):
    asking(zendesk, fake, account).look(fake.SPAN[0], datetime(2026, 1, 4, tzinfo=UTC))
    assert len([path for _, path, *_ in account.asked if path.endswith("tickets/cursor")]) == 1


def test_a_check_tells_of_an_account_that_may_not_export(asking, account):
    asked = asking(zendesk, fake, account)
    assert asked.check() == ["signed in as Ana Lima, admin"]
    account.user["role"] = "agent"
    assert asked.check()[1:] == ["the export of tickets needs an administrator"]


def test_an_anonymous_user_is_refused(asking, account):
    account.user = {"id": None, "name": "Anonymous user", "role": "end-user"}
    with pytest.raises(Refused, match="knows nobody"):
        asking(zendesk, fake, account).check()
