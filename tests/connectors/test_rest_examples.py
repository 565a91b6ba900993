"""The examples of the docs, loaded as a user's configuration, against fakes that answer as these APIs do."""

from datetime import UTC, datetime

import pytest

from connectors import rest
from connectors.contract import Artefact, Event, Initiative, Unreadable
from tests.fakes import canny, productboard
from ttv import config

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def pull(root, served, opened):
    """A function that loads an example, asks a fake of its tool, and returns what comes."""

    def pulled(name, account, token, since=BEGIN, until=None):
        file = root / f"docs/connectors/examples/{name}.toml"
        (source,) = config.load(file, {f"TTV_{name.upper()}_TOKEN": token}).sources
        settings = source.settings.model_copy(update={"url": served(account)})
        client = opened(rest.client, settings)
        return list(rest.events(settings, client, since, until)), list(rest.check(settings, client))

    return pulled


def events(items):
    return {item.id: item for item in items if isinstance(item, Event)}


def parents(items):
    return {item.key: item.parents for item in items if isinstance(item, Artefact)}


@pytest.fixture
def canny_items(pull):
    return pull("canny", canny.Account(), canny.TOKEN)


def test_canny_s_posts_are_ideas_tied_to_their_issues(canny_items):
    found = events(canny_items[0])
    post = found["posts/p1"]
    assert [id_ for id_, one in found.items() if one.kind == "idea"] == ["posts/p1", "posts/p2", "posts/p3"]
    assert (post.subject, post.title, post.refs) == ("canny:p1", "Post p1", ("jira:PAY-12", "jira:PAY-13"))
    assert post.occurred_at == datetime(2026, 1, 3, 7, 11, tzinfo=UTC)
    assert post.attributes == {"votes": 3, "board": "Feature Requests"}
    assert found["posts/p2"].refs == ()


def test_canny_s_status_changes_are_decisions_and_starts(canny_items):
    found = {id_: one for id_, one in events(canny_items[0]).items() if id_.startswith("status")}
    told = {id_: (one.kind, one.subject, one.attributes.get("outcome")) for id_, one in found.items()}
    assert told == {
        "status-changes/c2": ("decision", "canny:p1", "approved"),
        "status-changes/c3": ("start", "canny:p1", None),
        "status-changes/c4": ("decision", "canny:p2", "rejected"),
    }


def test_canny_s_comments_are_feedback_of_customers_and_of_others(canny_items):
    found = {id_: one for id_, one in events(canny_items[0]).items() if one.kind == "feedback"}
    told = {id_: (one.refs, one.attributes["customer"]) for id_, one in found.items()}
    assert told == {
        "comments/m1": (("canny:p1",), True),
        "comments/m2": (("canny:p1",), False),
        "comments/m3": (("canny:p2",), True),
    }
    assert "dee" not in repr(canny_items[0]).lower()


def test_canny_s_lists_are_read_to_their_ends_in_full_pages(pull):
    account = canny.Account()
    pull("canny", account, canny.TOKEN)
    bodies = [body for _, path, _, body in account.asked if path == "/v1/posts/list"]
    assert bodies[:2] == [{"sort": "oldest", "limit": 100}, {"sort": "oldest", "limit": 100, "skip": 2}]


def test_canny_s_error_with_status_200_is_told_and_nothing_comes(pull):
    with pytest.raises(Unreadable, match="an error in spite of its status: invalid api key"):
        pull("canny", canny.Account(), "another-key")


@pytest.fixture
def board(pull):
    return pull("productboard", productboard.Account(), productboard.TOKEN)


def test_productboard_s_notes_are_feedback_archived_ones_too(board):
    found = {id_: one for id_, one in events(board[0]).items() if one.kind == "feedback"}
    assert sorted(found) == ["notes/n1", "notes/n2", "notes/n3", "notes/n4"]
    assert found["notes/n2"].occurred_at == datetime(2026, 2, 2, 8, tzinfo=UTC)
    assert found["notes/n2"].attributes == {"channel": "zendesk"}


def test_productboard_s_notes_belong_to_the_features_that_they_are_linked_to(board):
    found = parents(board[0])
    assert found["productboard:n1"] == ("productboard:f1",)
    assert found["productboard:n2"] == ()
    assert found["productboard:n4"] == ("productboard:f2",)


def test_productboard_s_features_are_ideas_and_its_initiatives_initiatives(board):
    items = board[0]
    ideas = {one.subject: one.refs for one in events(items).values() if one.kind == "idea"}
    assert ideas == {
        "productboard:f1": ("productboard:k1", "productboard:i1"),
        "productboard:f2": ("productboard:f1",),
        "productboard:f3": (),
    }
    (initiative,) = (item for item in items if isinstance(item, Initiative))
    assert (initiative.key, initiative.name, initiative.team) == ("i1", "Conversion", "Payments")
    assert initiative.claims == ("productboard:i1",)


def test_productboard_s_integration_ties_issues_to_features(board):
    found = {key: above for key, above in parents(board[0]).items() if key.startswith("jira:")}
    assert found == {
        "jira:PAY-12": ("productboard:f1",),
        "jira:PAY-13": ("productboard:f2",),
        "jira:WEB-3": ("productboard:f3",),
    }


def test_productboard_is_asked_only_for_what_was_touched(pull):
    march = datetime(2026, 3, 1, tzinfo=UTC)
    items, _ = pull("productboard", productboard.Account(), productboard.TOKEN, march, datetime(2026, 4, 1, tzinfo=UTC))
    assert list(events(items)) == ["notes/n2"]


def test_a_check_tells_what_comes_of_each_list(canny_items, board):
    assert canny_items[1][0] == "posts: 3 records looked at, 3 items come of them"
    assert "features: 3 records looked at, 3 items come of them" in board[1]
