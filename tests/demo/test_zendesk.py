"""The Zendesk of the company: the export with its cursor, people, deletions and refusals."""

import pytest

from tests.demo.conftest import ORIGIN, basic
from ttv.demo import zendesk
from ttv.demo.times import milliseconds
from ttv.demo.web import EMAIL

EXPORT = "/api/v2/incremental/tickets/cursor"
AT = milliseconds(ORIGIN)


def export(tool, size=1000, start=1_000_000_000, cursor=None):
    """Read the export to the end of the stream; gives tickets and the last cursor."""
    found, query = [], {"cursor": cursor} if cursor else {"start_time": start}
    while True:
        body = tool.get(EXPORT, per_page=size, **query)
        found += body["tickets"]
        query = {"cursor": body["after_cursor"]}
        if body["end_of_stream"]:
            return found, body["after_cursor"]


@pytest.mark.parametrize("size", [1, 50, 1000])
def test_pages_cover_everything_once(zendesk_tool, company, size):
    ids = [ticket["id"] for ticket in export(zendesk_tool, size)[0]]
    assert len(ids) == len(set(ids)) == sum(ticket.created <= AT - 60_000 for ticket in company.tickets)


def test_a_cursor_goes_on_where_it_was(zendesk_tool, clock):
    before, cursor = export(zendesk_tool)
    clock.later(minutes=10)
    more, _ = export(zendesk_tool, cursor=cursor)
    every, _ = export(zendesk_tool)
    assert more
    latest = {ticket["id"]: ticket for ticket in before + more}
    assert latest == {ticket["id"]: ticket for ticket in every}


def test_a_cursor_at_the_end_brings_nothing_until_something_happens(zendesk_tool):
    _, cursor = export(zendesk_tool)
    assert export(zendesk_tool, cursor=cursor)[0] == []


def test_the_newest_minute_is_held_back(zendesk_tool, clock):
    clock.later(minutes=30)
    newest = max(ticket["generated_timestamp"] for ticket in export(zendesk_tool)[0])
    assert newest * 1000 <= milliseconds(clock()) - 60_000


def test_start_time_means_touched_at_or_after(zendesk_tool):
    start = AT // 1000 - 90 * 86_400
    every, _ = export(zendesk_tool)
    found, _ = export(zendesk_tool, start=start)
    assert found == [ticket for ticket in every if ticket["generated_timestamp"] >= start]


def test_a_start_within_the_last_minute_is_too_recent(zendesk_tool):
    answer = zendesk_tool.ask(EXPORT, query_string={"start_time": AT // 1000 - 30})
    assert (answer.status_code, answer.json["error"]) == (422, "StartTimeTooRecent")


@pytest.mark.parametrize("query", [{}, {"start_time": "x"}, {"cursor": "nonsense"}])
def test_a_bad_start_is_refused(zendesk_tool, query):
    assert zendesk_tool.ask(EXPORT, query_string=query).status_code == 400


def test_a_deleted_ticket_is_scrubbed_and_can_be_left_out(zendesk_tool):
    gone = [ticket for ticket in export(zendesk_tool)[0] if ticket["status"] == "deleted"]
    assert gone
    assert {ticket["subject"] for ticket in gone} == {"SCRUBBED"}
    kept = zendesk_tool.get(EXPORT, start_time=1_000_000_000, exclude_deleted="true")["tickets"]
    assert "deleted" not in {ticket["status"] for ticket in kept}


def test_people_come_along_if_asked_for(zendesk_tool):
    body = zendesk_tool.get(EXPORT, start_time=1_000_000_000, include="users")
    people = {person["id"]: person["role"] for person in body["users"]}
    assert people.keys() == {ticket["requester_id"] for ticket in body["tickets"]}
    assert set(people.values()) == {"agent", "end-user"}
    assert "users" not in zendesk_tool.get(EXPORT, start_time=1_000_000_000)


def test_people_can_be_looked_up(zendesk_tool):
    found = zendesk_tool.get("/api/v2/users/show_many.json", ids="1001,20001,5")
    assert [person["role"] for person in found["users"]] == ["agent", "end-user"]


def test_an_initiative_is_named_in_a_field_a_tag_the_subject_or_the_text(zendesk_tool, company):
    tied = {ticket.number: ticket for ticket in company.tickets if ticket.issue}
    ways = set()
    for ticket in export(zendesk_tool)[0]:
        if known := tied.get(ticket["id"]):
            key = company.key(known.issue)
            field = ticket["custom_fields"][0]["value"] == key
            places = (field, key.lower() in ticket["tags"], key in ticket["subject"], key in ticket["description"])
            assert any(places)
            ways.add(known.mention)
    assert ways == {"field", "tag", "title", "body"}


def test_ratings_come_later_and_touch_the_ticket(zendesk_tool):
    scores = {ticket["satisfaction_rating"]["score"] for ticket in export(zendesk_tool)[0]}
    assert {"good", "bad", "offered"} <= scores


def test_nobody_writes_twice(zendesk_tool):
    told = zendesk_tool.get("/api/v2/incremental/ticket_events.json", start_time=0)
    assert (told["ticket_events"], told["end_of_stream"]) == ([], True)


@pytest.mark.parametrize("headers", [{}, basic(EMAIL), basic(f"{EMAIL}/token", "wrong")])
def test_wrong_credentials_are_refused(zendesk_tool, headers):
    answer = zendesk_tool.ask("/api/v2/users/me.json", headers=headers)
    assert (answer.status_code, answer.json) == (401, {"error": "Couldn't authenticate you"})


@pytest.mark.parametrize("path", ["/api/v2/tickets/99999.json", "/api/v2/nothing", "/agent/tickets/0"])
def test_what_is_not_there_is_not_found(zendesk_tool, path):
    answer = zendesk_tool.ask(path)
    assert (answer.status_code, answer.json["error"]) == (404, "RecordNotFound")


def test_every_so_many_requests_one_comes_too_soon(company, clock):
    client = zendesk.app(company, clock, throttle_every=2).test_client()
    answers = [client.get("/api/v2/users/me", headers=basic(f"{EMAIL}/token")) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 429]
    assert (answers[1].headers["Retry-After"], answers[1].json["error"]) == ("1", "APIRateLimitExceeded")


def test_a_person_can_look_at_a_ticket(zendesk_tool):
    shown = zendesk_tool.ask("/agent/tickets/1", headers={})
    assert (shown.status_code, shown.mimetype) == (200, "text/html")
