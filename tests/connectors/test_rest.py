"""What the generic connector does with the tables of a configuration: credentials, pages, times, mistakes."""

import logging
from datetime import UTC, datetime
from types import SimpleNamespace
from urllib.parse import quote

import pytest
from werkzeug.wrappers import Request, Response

from connectors import _times, rest
from connectors._rest_reads import Bound
from connectors.contract import Artefact, Event, Initiative, Refused, Unread, Unreadable, Withdrawn
from tests.fakes.web import said

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
READ = {"name": "ideas", "path": "/ideas", "kind": "idea", "occurred_at": "at", "subject": "join('', ['x:', id])"}
SECRET = "s3cret+/="
ONE = {"id": "1", "at": "2026-01-02T00:00:00Z"}


@pytest.fixture
def pull(served, opened):
    """A function that serves what answers requests, reads one list of it with more settings, and returns what came."""

    def pulled(answer, read=None, since=BEGIN, until=None, **more):
        asked = []

        @Request.application
        def app(request):
            body = request.get_json(silent=True) if request.data else None
            asked.append(
                SimpleNamespace(path=request.path, args=request.args.to_dict(), headers=request.headers, body=body)
            )
            told = answer(asked[-1])
            return told if isinstance(told, Response) else said(told)

        tables = {"url": f"{served(app)}/v1", "auth": "none", "reads": [{**READ, **(read or {})}], **more}
        settings = rest.Settings.model_validate(tables)
        client = opened(rest.client, settings)
        return SimpleNamespace(items=list(rest.events(settings, client, since, until)), asked=asked, client=client)

    return pulled


def made(items, kind=Event):
    return [item for item in items if isinstance(item, kind)]


def records(*ids):
    return [{**ONE, "id": str(id_)} for id_ in ids]


# ---- credentials


@pytest.mark.parametrize(
    ("settings", "where"),
    [
        ({"auth": "bearer"}, lambda one: one.headers.get("Authorization") == f"Bearer {SECRET}"),
        ({"auth": "basic", "user": "me"}, lambda one: one.headers.get("Authorization") == "Basic bWU6czNjcmV0Ky89"),
        ({"auth": "header", "auth_name": "X-Key"}, lambda one: one.headers.get("X-Key") == SECRET),
        ({"auth": "query", "auth_name": "api_key"}, lambda one: one.args["api_key"] == SECRET),
    ],
)
def test_the_token_goes_where_the_settings_say(pull, settings, where, caplog):
    caplog.set_level(logging.DEBUG, logger="connectors")  # a command that was run before may have raised it
    found = pull(lambda one: records(1) if where(one) else said({}, 401), token=SECRET, **settings)
    assert len(found.items) == 1
    ours = "".join(one.getMessage() for one in caplog.records if one.name.startswith(("connectors", "ttv")))
    assert ours
    assert not [form for form in (SECRET, "s3cret%2B%2F%3D", "bWU6czNjcmV0Ky89") if form in ours]


def test_a_token_in_the_body_stands_beside_what_is_asked(pull):
    read = {"method": "POST", "params": {"limit": 5}}
    found = pull(lambda _: records(1), read, token=SECRET, auth="body", auth_name="apiKey")
    assert found.asked[0].body == {"limit": 5, "apiKey": SECRET}


@pytest.mark.parametrize("auth", ["header", "query", "body"])
def test_an_error_that_echoes_such_a_token_does_not_carry_it_on(pull, auth):
    read = {"method": "POST"} if auth == "body" else {}
    with pytest.raises(Unreadable) as caught:
        pull(lambda _: said({"message": f"bad {SECRET}"}, 400), read, token=SECRET, auth=auth, auth_name="k")
    assert "***" in str(caught.value)
    assert "s3cret" not in str(caught.value)


def test_a_token_in_the_query_is_sent_once_when_a_link_repeats_it(pull):
    def answer(one):
        assert list(one.args) in (["k"], ["page", "k"])
        if "page" in one.args:
            return records(2)
        return Response(said(records(1)).data, headers={"Link": f'</v1/ideas?page=2&k={quote(SECRET)}>; rel="next"'})

    found = pull(answer, token=SECRET, auth="query", auth_name="k")
    assert [one.id for one in made(found.items)] == ["ideas/1", "ideas/2"]
    assert [one.path for one in found.asked] == ["/v1/ideas", "/v1/ideas"]


def test_a_link_to_another_host_is_not_followed_for_the_token_would_go_there(pull):
    with pytest.raises(Unreadable, match="leads to another host"):
        pull(
            lambda _: Response("[]", headers={"Link": '<http://evil.example/>; rel="next"'}),
            token=SECRET,
            auth="bearer",
        )


def test_no_token_is_told_before_anything_is_asked(pull):
    with pytest.raises(Refused, match="there is no token"):
        pull(lambda _: [], auth="bearer")


def test_further_headers_go_with_every_request(pull):
    found = pull(lambda _: [], headers={"X-Version": "1"})
    assert found.asked[0].headers["X-Version"] == "1"


# ---- pages


def paged(paging, answer, pull):
    found = pull(answer, {"paging": paging, "records": "items"})
    return [one.id for one in made(found.items)], [one.args for one in found.asked]


def test_pages_by_offset_go_on_by_what_came_until_there_is_no_more(pull):
    def answer(one):
        at = int(one.args.get("skip", 0))
        return {"items": records(*range(at, min(at + 2, 3))), "more": at + 2 < 3}

    ids, asked = paged({"by": "offset", "parameter": "skip", "more": "more"}, answer, pull)
    assert ids == ["ideas/0", "ideas/1", "ideas/2"]
    assert asked == [{}, {"skip": "2"}]


@pytest.mark.parametrize(("size", "requests"), [(2, 2), (None, 3)])
def test_pages_by_number_end_with_one_that_is_not_full_or_empty(pull, size, requests):
    pages = {"0": records(1, 2), "1": records(3)}
    paging = {"by": "page", "parameter": "p", "first": 0, "size": size}
    sized = {"size_parameter": "n"} if size else {}
    ids, asked = paged({**paging, **sized}, lambda one: {"items": pages.get(one.args["p"], [])}, pull)
    assert ids == ["ideas/1", "ideas/2", "ideas/3"]
    assert len(asked) == requests
    assert asked[0] == ({"p": "0", "n": "2"} if size else {"p": "0"})


@pytest.mark.parametrize("by", ["offset", "page"])
def test_the_same_page_again_and_again_is_an_error(pull, by):
    with pytest.raises(Unreadable, match="the pages go round in a loop, after 1 of them"):
        paged({"by": by}, lambda _: {"items": records(1, 2)}, pull)


@pytest.mark.parametrize("cursor", ["/v1/ideas?after=b", "?after=b"])
def test_a_cursor_may_be_an_address(pull, cursor):
    def answer(one):
        return {"items": records(2)} if one.args.get("after") == "b" else {"items": records(1), "next": cursor}

    assert paged({"by": "cursor", "cursor": "next"}, answer, pull)[0] == ["ideas/1", "ideas/2"]


def test_of_an_address_only_the_cursor_is_sent_if_it_has_a_name(pull):
    def answer(one):
        last = one.args.get("c") == "b+c"
        return {"items": records(2)} if last else {"items": records(1), "next": "https://else.example/x?c=b%2Bc&q=no"}

    ids, asked = paged({"by": "cursor", "cursor": "next", "parameter": "c"}, answer, pull)
    assert (ids, asked) == (["ideas/1", "ideas/2"], [{}, {"c": "b+c"}])


def test_a_cursor_ends_where_there_is_no_more_whatever_it_says(pull):
    answer = {"items": records(1), "next": "b", "more": False}
    ids, asked = paged({"by": "cursor", "cursor": "next", "more": "more"}, lambda _: answer, pull)
    assert (ids, len(asked)) == (["ideas/1"], 1)


def test_a_cursor_is_sent_under_its_name_with_what_was_asked(pull):
    def answer(one):
        return {"items": records(2)} if "c" in one.args else {"items": records(1), "next": 7}

    read = {
        "paging": {"by": "cursor", "cursor": "next", "parameter": "c"},
        "records": "items",
        "params": {"open": True},
    }
    assert [one.args for one in pull(answer, read).asked] == [{"open": "true"}, {"open": "true", "c": "7"}]


def test_a_body_without_its_list_is_unreadable_and_names_the_expression(pull):
    with pytest.raises(Unreadable, match=r"ideas\.records, `items\[\]`, is no list"):
        pull(lambda _: {"error": None}, {"records": "items[]"})


# ---- times


@pytest.mark.parametrize(
    ("form", "end", "written"),
    [
        ("rfc3339", False, "2026-01-02T03:04:05Z"),
        ("rfc3339", True, "2026-01-02T03:04:06Z"),
        ("date", False, "2026-01-02"),
        ("date", True, "2026-01-03"),
        ("unix_seconds", False, 1767323045),
        ("unix_seconds", True, 1767323046),
        ("unix_milliseconds", False, 1767323045250),
        ("unix_milliseconds", True, 1767323045251),
    ],
)
def test_a_bound_is_written_so_that_nothing_is_left_out(form, end, written):
    at = datetime(2026, 1, 2, 3, 4, 5, 250_500, UTC)
    assert Bound(parameter="since", format=form).sent(at, end=end) == {"since": written}


def test_what_was_touched_outside_the_time_is_passed_over_and_the_undated_is_not(pull):
    dated = [{**ONE, "id": str(n), "touched": f"2026-0{n}-01T00:00:00Z"} for n in (1, 2, 3)] + [{**ONE, "id": "x"}]
    until = datetime(2026, 3, 1, tzinfo=UTC)
    found = pull(lambda _: dated, {"touched": "touched"}, since=datetime(2026, 2, 1, tzinfo=UTC), until=until)
    assert [one.id for one in made(found.items)] == ["ideas/2", "ideas/x"]


@pytest.mark.parametrize(("order", "requests", "came"), [("newest", 2, ["ideas/3"]), ("none", 3, ["ideas/3"])])
def test_a_list_in_order_is_read_no_further_than_needed(pull, order, requests, came):
    def answer(one):
        page = int(one.args.get("page", 1))
        return [{**ONE, "id": str(4 - page), "touched": f"2026-0{4 - page}-01T00:00:00Z"}] if page < 4 else []

    paging = {"by": "page", "more": "length(@) > `0` && [0].id != '1'"}
    read = {"touched": "touched", "order": order, "paging": paging}
    found = pull(answer, read, since=datetime(2026, 2, 15, tzinfo=UTC))
    assert ([one.id for one in made(found.items)], len(found.asked)) == (came, requests)


@pytest.mark.parametrize(
    ("value", "form", "zone", "read"),
    [
        ("2026-03-01T09:30:00+01:00", "auto", None, datetime(2026, 3, 1, 8, 30, tzinfo=UTC)),
        (1772355600, "auto", None, datetime(2026, 3, 1, 9, tzinfo=UTC)),
        ("1772355600", "unix_seconds", None, datetime(2026, 3, 1, 9, tzinfo=UTC)),
        (1772355600000, "unix_milliseconds", None, datetime(2026, 3, 1, 9, tzinfo=UTC)),
        ("01.03.2026 09:30", "%d.%m.%Y %H:%M", "Europe/Berlin", datetime(2026, 3, 1, 8, 30, tzinfo=UTC)),
        ("01.03.2026 +0530", "%d.%m.%Y %z", "Europe/Berlin", datetime(2026, 2, 28, 18, 30, tzinfo=UTC)),
        ("2026-03-01", "auto", "America/St_Johns", datetime(2026, 3, 1, 3, 30, tzinfo=UTC)),
    ],
)
def test_a_time_is_read_in_the_form_that_the_tool_has(value, form, zone, read):
    assert _times.read(value, form, zone) == read


@pytest.mark.parametrize("value", ["2026-03-01", "2026-03-01T09:30:00", "", None, True, [], "soon"])
def test_a_time_without_an_offset_or_a_sense_is_refused(value):
    with pytest.raises((ValueError, TypeError)):
        _times.read(value)


# ---- records


def test_a_record_becomes_an_event_with_all_that_is_described(pull):
    record = {
        "id": "1",
        "at": 1772355600,
        "t": "Faster",
        "by": {"n": "ana"},
        "mood": "positive",
        "keys": ["PAY-1", None],
    }
    read = {
        "kind": "type || 'feedback'",
        "refs": "keys[?@].join('', ['jira:', @])",
        "keys_in": "[t, 'see WEB-3']",
        "title": "t",
        "actor": "by.n",
        "attributes": {"sentiment": "mood", "customer": "!staff", "rating": "stars"},
    }
    (event,) = pull(lambda _: [record], read).items
    assert (event.kind, event.title, event.actor) == ("feedback", "Faster", "ana")
    assert event.refs == ("jira:PAY-1", "jira:WEB-3")
    assert event.attributes == {"sentiment": "positive", "customer": True}


def test_a_record_that_is_not_so_is_passed_over_and_a_deleted_one_withdrawn(pull):
    rows = [{**ONE, "id": str(n), "gone": n == 2, "draft": n == 3} for n in (1, 2, 3)]
    items = pull(lambda _: rows, {"when": "!draft", "deleted": "gone"}).items
    assert [one.id for one in made(items)] == ["ideas/1"]
    assert made(items, Withdrawn) == [Withdrawn("ideas/2")]


def test_a_list_without_a_kind_tells_of_all_parents(pull):
    read = {"kind": None, "refs": "above_it", "deleted": "gone"}
    rows = [{"id": "1", "above_it": ["y:1", "y:2"]}, {"id": "2", "above_it": "y:3", "gone": True}]
    assert pull(lambda _: rows, read).items == [Artefact("x:1", ("y:1", "y:2")), Artefact("x:2", ())]


def test_a_record_can_be_an_initiative(pull):
    read = {"initiative": {"key": "id", "name": "t", "direction": "way"}, "kind": None}
    items = pull(
        lambda _: [{"id": "i1", "t": "Pay", "way": "top_down"}, {"id": "i2", "t": "X", "way": "up"}], read
    ).items
    assert items[0] == Initiative("i1", "Pay", direction="top_down", claims=("x:i1",))
    assert isinstance(items[1], Unread)


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        ({"id": "1"}, "ValueError: occurred_at: there is nothing"),
        ({"at": "2026-01-02T00:00:00Z"}, "ValueError: id: there is nothing"),
        ({**ONE, "id": {"a": 1}}, "ValueError: id: {'a': 1} is no text or number"),
        ({**ONE, "at": "2026-01-02"}, "ValueError: '2026-01-02' has no offset from UTC, and it is never guessed"),
        ({**ONE, "kind": "ideas"}, "ValueError: kind: 'ideas' is none of idea, decision, start"),
        ({**ONE, "votes": [1]}, "ValueError: attributes.votes: must be text, a number, true or false"),
        (5, "ValueError: kind: "),
    ],
)
def test_a_record_that_does_not_fit_is_kept_with_the_reason(pull, record, reason):
    read = {"kind": "kind || 'idea'", "attributes": {"votes": "votes"}}
    found = pull(lambda _: [record, ONE], read).items
    if record == 5:
        assert isinstance(found[0], Unread)
    else:
        assert found[0].reason.startswith(reason)
    assert made(found)[0].id == "ideas/1"


def test_child_lists_are_asked_for_once_for_each_record(pull):
    child = {**READ, "name": "notes", "path": "/ideas/{id}/notes", "kind": "feedback", "absent": [404]}
    child |= {"subject": "join('', ['note:', id])", "refs": "join('', ['x:', above.id])", "params": {"of": "{id}"}}

    def answer(one):
        if one.path.endswith("/notes"):
            return said({}, 404) if "a%2Fb" not in one.path and "a/b" not in one.path else records(7)
        return records("a/b", "2")

    found = pull(answer, {"children": [child]})
    assert [one.refs for one in made(found.items) if one.kind == "feedback"] == [("x:a/b",)]
    assert [one.args for one in found.asked[1:]] == [{"of": "a/b"}, {"of": "2"}]
