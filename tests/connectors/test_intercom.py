"""What Intercom's conversations become."""

from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from connectors import intercom
from connectors.contract import Artefact, Event, Refused, Unread, Withdrawn
from tests.fakes import intercom as fake


@pytest.fixture
def account():
    return fake.Account()


@pytest.fixture
def look(asking, account):
    """A function that pulls the account with some more settings."""
    return lambda **more: asking(intercom, fake, account, **more).look()


def event(items, id_):
    return next(item for item in items if isinstance(item, Event) and item.id == id_)


def ids(items):
    return [item.id for item in items if isinstance(item, Event)]


def parents(items, key):
    return next(item.parents for item in items if isinstance(item, Artefact) and item.key == f"intercom:{key}")


def at(*parts):
    return datetime(*parts, tzinfo=UTC)


def searches(account):
    return [body for _, path, _, body in account.asked if path.endswith("/search")]


def test_what_a_customer_wrote_first_is_feedback_when_it_was_written(look):
    feedback = event(look(), "conversation/101")
    assert (feedback.kind, feedback.subject, feedback.title) == ("feedback", "intercom:101", "PAY-12")
    assert feedback.occurred_at == at(2026, 1, 3, 7, 11)
    assert feedback.attributes == {"customer": True, "channel": "email"}


def test_what_a_customer_wrote_later_is_feedback_of_its_own(look):
    feedback = event(look(), "part/101/2")
    assert (feedback.occurred_at, feedback.subject) == (at(2026, 1, 5, 8), "intercom:101")


def test_what_teammates_and_bots_answer_is_none(look):
    assert {"part/101/1", "part/103/6"} & set(ids(look())) == set()


def test_a_conversation_that_a_teammate_began_is_no_customers(look):
    assert event(look(), "conversation/104").attributes["customer"] is False


@pytest.mark.parametrize("number", ["103", "106"])
def test_what_a_campaign_or_a_bot_sent_is_no_feedback_but_its_answers_are(look, number):
    found = ids(look())
    assert f"conversation/{number}" not in found
    assert "part/103/5" in found


def test_the_organisations_own_people_are_no_customers(look):
    items = look(internal_domains=["Example.com"])
    assert event(items, "conversation/102").attributes["customer"] is False
    assert event(items, "conversation/101").attributes["customer"] is True
    assert event(look(), "conversation/102").attributes["customer"] is True


@pytest.mark.parametrize("company", ["6789", "partner"])
def test_the_people_of_a_company_may_be_the_organisations_own_and_are_asked_for_once(look, account, company):
    items = look(internal_companies=[company])
    told = {id_: event(items, id_).attributes["customer"] for id_ in ("conversation/101", "part/101/2", "rating/101")}
    assert set(told.values()) == {False}
    assert event(items, "conversation/102").attributes["customer"] is True
    assert sorted(path for _, path, *_ in account.asked if path.endswith("/companies")) == [
        "/contacts/c-71/companies",
        "/contacts/c-72/companies",
    ]


def test_a_rating_is_feedback_when_it_was_given_not_when_it_was_asked_for_or_changed(look):
    rating = event(look(), "rating/101")
    assert rating.occurred_at == at(2026, 1, 6, 8)
    assert rating.attributes == {
        "customer": True,
        "channel": "email",
        "rating": 2,
        "rating_min": 1,
        "rating_max": 5,
        "sentiment": "negative",
    }


def test_a_rating_whose_moment_is_cut_off_is_dated_by_its_last_change(look, account):
    del account.conversations[0]["conversation_parts"]["conversation_parts"][2]
    rating = event(look(internal_companies=["partner"]), "rating/101")
    assert (rating.occurred_at, rating.attributes["customer"]) == (at(2026, 1, 7, 8), False)


@pytest.mark.parametrize(("score", "sentiment"), [(1, "negative"), (3, "neutral"), (4, "positive"), (5, "positive")])
def test_a_rating_is_a_sentiment(look, account, score, sentiment):
    account.conversations[0]["conversation_rating"]["rating"] = score
    assert event(look(), "rating/101").attributes["sentiment"] == sentiment


def test_a_rating_that_was_asked_for_and_not_given_is_none(look, account):
    account.conversations[0]["conversation_rating"]["rating"] = None
    assert "rating/101" not in ids(look())


def test_a_rating_and_its_remark_are_no_messages(look):
    assert {"part/101/3", "part/101/4"} & set(ids(look())) == set()


def test_a_redacted_message_is_still_feedback_and_names_nothing(look):
    items = look()
    assert event(items, "part/105/9").occurred_at == at(2026, 3, 6, 8)
    assert parents(items, "105") == ()


def test_a_redacted_first_message_has_no_title(look, account):
    account.conversations[0]["source"].update(redacted=True, body="Not to be read: PAY-98")
    items = look()
    assert event(items, "conversation/101").title is None
    assert parents(items, "101") == ("jira:PAY-40",)


def test_titles_and_texts_are_read_without_their_tags(look):
    items = look()
    assert event(items, "conversation/104").title == "Question 104"
    assert parents(items, "104") == ("jira:WEB-3",)


def test_a_conversation_belongs_to_what_its_title_messages_and_notes_name(look):
    assert parents(look(), "101") == ("jira:PAY-12", "jira:PAY-40")


def test_an_attribute_names_issues_and_artefacts_only_where_the_settings_say_so(look):
    items = look(link_attributes=["Work", "Nothing"])
    assert parents(items, "105") == ("github:acme/pay#45", "jira:PAY-77")
    assert parents(items, "ticket/56") == ("jira:PAY-50", "gitlab:a/b#7")


def test_a_conversation_belongs_to_its_tickets_and_these_to_the_ones_behind_each_asked_for_once(look, account):
    account.conversations[3]["linked_objects"] = account.conversations[1]["linked_objects"]
    items = look()
    assert parents(items, "102") == ("intercom:ticket/55",)
    assert parents(items, "ticket/55") == ("intercom:ticket/56",)
    assert parents(items, "ticket/56") == ("jira:PAY-50",)
    assert len([path for _, path, *_ in account.asked if path.startswith("/tickets/")]) == 2


def test_a_ticket_that_is_gone_is_only_a_name(look, account):
    account.tickets.clear()
    items = look()
    assert parents(items, "102") == ("intercom:ticket/55",)
    assert "intercom:ticket/55" not in [item.key for item in items if isinstance(item, Artefact)]


def test_a_conversation_deleted_meanwhile_is_withdrawn(look, account):
    account.gone.add("102")
    items = look()
    assert [item for item in items if isinstance(item, Withdrawn)] == [Withdrawn("conversation/102")]
    assert parents(items, "102") == ()


def test_names_and_addresses_are_not_kept(look):
    kept = repr(look()).lower()
    assert [name for name in ("dee", "ivo", "ana", "customer.example", "does not work") if name in kept] == []


def test_the_search_is_asked_for_two_days_more_at_both_ends_in_seconds(asking, account):
    asking(intercom, fake, account).look(at(2026, 1, 10), at(2026, 1, 20))
    assert searches(account)[0]["query"] == {
        "operator": "AND",
        "value": [
            {"field": "updated_at", "operator": ">", "value": int(at(2026, 1, 8).timestamp())},
            {"field": "updated_at", "operator": "<", "value": int(at(2026, 1, 22).timestamp())},
        ],
    }
    assert searches(account)[0]["pagination"] == {"per_page": 150}


def test_a_search_that_compares_by_the_day_hides_nothing(asking, account):
    found = ids(asking(intercom, fake, account).look(at(2026, 2, 3, 8), at(2026, 2, 3, 9)))
    assert found == ["conversation/104"]


def test_what_the_search_gives_beyond_the_period_is_left_out_unread(asking, account):
    asking(intercom, fake, account).look(at(2026, 2, 2, 12), at(2026, 2, 3))
    assert [path for _, path, *_ in account.asked] == ["/conversations/search"]


def test_pages_go_on_by_cursor(look, account):
    look()
    assert [body["pagination"].get("starting_after") for body in searches(account)] == [None, "2", "4"]


def test_the_version_stands_in_every_request(asking, account):
    looked = asking(intercom, fake, account, version="2.14")
    looked.look(), looked.check()
    assert account.versions == {"2.14"}


@pytest.mark.parametrize("version", [2.1, 2, "latest"])
def test_a_version_is_a_text(version):
    with pytest.raises(ValidationError, match="in quotes"):
        intercom.Settings(token="t", version=version)


def test_one_malformed_message_keeps_its_conversation_aside_and_the_others_go_on(look, account):
    del account.conversations[0]["conversation_parts"]["conversation_parts"][1]["created_at"]
    items = look()
    assert [item.raw["id"] for item in items if isinstance(item, Unread)] == ["101"]
    assert "conversation/102" in ids(items)


def test_a_check_says_who_is_signed_in_where_and_how_much_is_seen(asking, account):
    assert asking(intercom, fake, account).check() == [
        "signed in as Ana Lima to Acme (US, America/Los_Angeles)",
        "6 conversations visible to this token",
    ]


def test_a_token_of_nobody_is_refused(asking, account):
    account.me = None
    with pytest.raises(Refused, match="knows nobody"):
        asking(intercom, fake, account).check()
