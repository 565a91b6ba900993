"""What customers of Zendesk write later in a ticket, and how they rate it."""

from datetime import UTC, datetime

import pytest
from werkzeug.wrappers import Response

from connectors import zendesk
from connectors.contract import Event, Unread
from tests.fakes import zendesk as fake


@pytest.fixture
def account():
    return fake.Account()


@pytest.fixture
def look(asking, account):
    """A function that pulls the account with some more settings, and returns what came later by its id."""

    def looked(**more):
        items = asking(zendesk, fake, account, **more).look()
        return {item.id: item for item in items if isinstance(item, Event) and not item.id.startswith("ticket/")}

    return looked


def test_a_reply_is_feedback_at_its_own_time_and_about_its_ticket(look):
    reply = look()["comment/9021"]
    assert (reply.kind, reply.subject) == ("feedback", "zendesk:1")
    assert reply.occurred_at == datetime(2026, 2, 10, 7, 11, tzinfo=UTC)
    assert reply.attributes == {"customer": True, "sentiment": "neutral", "channel": "web"}


def test_a_rating_is_feedback_when_it_was_given(look):
    rating = look()["rating/9042"]
    assert rating.occurred_at == datetime(2026, 3, 12, 7, 11, tzinfo=UTC)
    assert rating.attributes == {"customer": True, "sentiment": "positive"}


def test_the_first_message_notes_and_what_agents_write_are_no_replies(look):
    assert set(look()) == {"comment/9021", "comment/9041", "rating/9042"}


def test_who_is_of_the_organisation_is_no_customer_in_a_reply_either(look):
    assert look()["comment/9041"].attributes["customer"] is True
    assert look(internal_organizations=[9])["comment/9041"].attributes["customer"] is False
    assert look(internal_domains=["partner.example"])["comment/9041"].attributes["customer"] is False


def test_nothing_that_anybody_wrote_and_no_address_is_kept(look):
    assert "dee" not in repr(look()).lower()
    assert "works now" not in repr(look())


def test_replies_may_be_left_out(look, account):
    assert look(replies=False) == {}
    assert not any("ticket_events" in path for _, path, *_ in account.asked)


def test_an_account_that_may_not_export_them_is_read_without(look, account):
    account.routes = [(r".*/ticket_events\.json", lambda *_: Response("{}", 403)), *account.routes]
    assert look() == {}


def test_people_are_asked_for_once_and_all_at_a_time(look, account):
    look()
    assert [query["ids"] for _, path, query, _ in account.asked if path.endswith("users/show_many.json")] == [
        "71,72,73"
    ]


def test_a_change_that_cannot_be_read_is_kept_aside_with_who_wrote_and_read_again(asking, account):
    account.later[1]["created_at"] = "yesterday"
    asked = asking(zendesk, fake, account)
    (unread,) = (item for item in asked.look() if isinstance(item, Unread))
    again = zendesk.reread(asked.settings, asked.client)
    fixed = {**unread.raw, "created_at": "2026-02-10T07:11:00Z"}
    assert [item.id for item in again(unread.reader, fixed)] == ["comment/9021"]
