"""The rules of paging: how the next page is found, that it ends, and that a strange page is named."""

import json
import threading
from datetime import timedelta

import pytest
from werkzeug.wrappers import Response

from connectors._turns import Ahead, Turn
from connectors.client import (
    Page,
    by_next_page,
    by_start,
    to_last_link,
    to_total,
    to_total_pages,
)
from connectors.contract import Refused, Unavailable, Unreadable
from tests.connectors.conftest import NOW, told


def test_pages_are_followed_by_link_and_only_as_far_as_asked(answering):
    def page(request):
        number = int(request.args.get("page", 1))
        more = {"Link": f'<{request.base_url}?page={number + 1}>; rel="next"'} if number < 3 else {}
        return Response(json.dumps([number]), headers=more)

    client, asked = answering(page)
    assert list(client.pages("/x", {"state": "all"})) == [1, 2, 3]
    assert [path for path, *_ in asked] == ["/x?state=all", "/x?page=2", "/x?page=3"]
    next(client.pages("/x"))
    assert len(asked) == 4


def test_pages_are_followed_by_parameters(answering):
    client, asked = answering(told({"rows": [1], "next": "b"}), told({"rows": [], "next": "c"}), told({"rows": [2]}))

    def onward(page):
        return {"cursor": page.body["next"], "start": None} if "next" in page.body else None

    assert list(client.pages("/x", {"start": 5}, items="rows", following=onward)) == [1, 2]
    assert [path for path, *_ in asked] == ["/x?start=5", "/x?cursor=b", "/x?cursor=c"]


def test_pages_are_posted_for_with_the_token_in_the_body(answering):
    client, asked = answering(told({"rows": [1], "token": "b"}), told({"rows": [2]}))

    def onward(page):
        return {"token": page.body["token"]} if "token" in page.body else None

    assert list(client.pages("/x", items="rows", following=onward, json={"jql": "a"})) == [1, 2]
    assert [json.loads(body) for *_, body in asked] == [{"jql": "a"}, {"jql": "a", "token": "b"}]


def test_a_page_that_comes_round_again_is_an_error(answering):
    client, asked = answering(told({"rows": [1], "token": "a"}))
    with pytest.raises(Unreadable, match="loop, after 2 of them"):
        list(client.pages("/x", items="rows", following=lambda page: {"token": page.body["token"]}))
    assert len(asked) == 2


def test_a_page_without_its_list_is_unreadable(answering):
    client, _ = answering(told({"rows": {"1": 2}}))
    with pytest.raises(Unreadable, match=r"not an object with the list 'rows'.*\{'rows'"):
        list(client.pages("/x", items="rows"))


def test_a_page_that_does_not_say_where_the_next_is_is_unreadable(answering):
    client, _ = answering(told([1]))
    with pytest.raises(Unreadable, match="KeyError"):
        list(client.pages("/x", following=lambda page: {}["missing"]))


def test_linked_pages_are_gathered_into_one_body(answering):
    def page(request):
        more = {} if "page" in request.args else {"Link": f'<{request.base_url}?page=2>; rel="next"'}
        return Response(json.dumps({"status": "ahead", "commits": [request.args.get("page", "1")]}), headers=more)

    client, _ = answering(page)
    assert client.gather("/x", items="commits") == {"status": "ahead", "commits": ["1", "2"]}


def numbered(last, *, after=lambda _number: None):
    """Pages as GitHub numbers them; `after` may be told of each before it is answered."""

    def page(request):
        number = int(request.args.get("page", 1))
        refusal = after(number)
        if refusal is not None:
            return refusal
        links = [(number + 1, "next"), (last, "last")] if number < last else []
        told = ", ".join(f'<{request.base_url}?state=all&page={to}>; rel="{rel}"' for to, rel in links)
        return Response(json.dumps([number]), headers={"Link": told} if told else {})

    return page


def paged(client, **options):
    return client.pages("/x", {"state": "all"}, known=to_last_link, **options)


def left_over():
    return [thread for thread in threading.enumerate() if thread.name.startswith("pages")]


def test_known_pages_are_asked_for_together_and_come_in_order(answering):
    together = threading.Barrier(4)

    def meet(number):
        if 4 <= number <= 7:  # the first are asked for one by one, to cost little if nobody wants more
            together.wait(10)

    client, asked = answering(numbered(9, after=meet))
    assert list(paged(client)) == [1, 2, 3, 4, 5, 6, 7, 8, 9]
    assert sorted(path for path, *_ in asked) == ["/x?state=all", *(f"/x?state=all&page={n}" for n in range(2, 10))]
    assert left_over() == []


@pytest.mark.parametrize("in_flight", [1, 2, 4])
def test_no_more_pages_are_ahead_than_were_read_and_may_be(answering, in_flight):
    client, asked = answering(numbered(40))
    found = paged(client, in_flight=in_flight)
    for read, number in enumerate(found, start=1):
        assert number == read
        assert len(asked) <= min(2 * read, read + in_flight)
    assert len(asked) == 40


def test_no_page_is_asked_for_ahead_while_the_host_is_to_be_left_alone(answering, slept):
    client, asked = answering(numbered(9))
    found = paged(client)
    next(found)
    client._host.hold(NOW + timedelta(seconds=50))
    assert list(found) == [2, 3, 4, 5, 6, 7, 8, 9]
    assert (slept, len(asked)) == ([50.0], 9)


def test_what_is_ahead_grows_with_what_was_read():
    with Ahead(lambda _turn: None, 4) as ahead:
        ahead.expect(Turn(f"https://t/{number}") for number in range(99))
        found = []
        for read in (1, 2, 9):
            ahead.begin(read)
            found.append(len(ahead._asked))
    assert found == [2, 4, 4]


def test_who_takes_one_page_costs_one_request(answering):
    client, asked = answering(numbered(9))
    assert next(paged(client)) == 1
    assert len(asked) == 1


def test_who_stops_early_leaves_nothing_under_way(answering):
    client, asked = answering(numbered(40))
    found = paged(client)
    assert [next(found) for _ in range(3)] == [1, 2, 3]
    found.close()
    assert left_over() == []
    assert len(asked) <= 6


def test_a_limit_ahead_holds_all_and_is_waited_for_once(answering, slept):
    refused = iter([3])

    def refuse_once(number):
        return told({}, 429, Retry_After=7)(None) if number == 3 and next(refused, None) else None

    client, asked = answering(numbered(12, after=refuse_once))
    assert list(paged(client)) == list(range(1, 13))
    assert slept == [7.0]
    assert len(asked) == 13


def test_a_page_ahead_that_fails_is_tried_again_in_its_turn(answering, slept):
    broken = iter([5, 6])

    def fail(number):
        return Response(status=503) if number in (5, 6) and next(broken, None) else None

    client, _ = answering(numbered(9, after=fail))
    assert list(paged(client)) == list(range(1, 10))
    assert len(slept) == 2


def test_a_page_ahead_is_given_up_after_as_many_attempts_as_any(answering):
    client, asked = answering(
        numbered(9, after=lambda number: Response(status=503) if number == 3 else None), attempts=3
    )
    with pytest.raises(Unavailable, match="gave up after 3 attempts"):
        list(paged(client))
    assert [path for path, *_ in asked].count("/x?state=all&page=3") == 3
    assert left_over() == []


def test_an_error_ahead_is_told_only_in_its_turn(answering):
    gone = told({"message": "gone"}, 404)
    client, _ = answering(numbered(9, after=lambda number: gone(None) if number == 4 else None))
    found = paged(client)
    assert [next(found) for _ in range(3)] == [1, 2, 3]
    with pytest.raises(Refused, match="gone"):
        next(found)


def test_from_the_second_page_on_the_next_one_comes_while_one_is_used(answering):
    arrived = {number: threading.Event() for number in (1, 2, 3, 4)}

    def page(request):
        number = int(request.args.get("page", 1))
        arrived[number].set()
        return Response(json.dumps({"rows": [number], "next": number + 1 if number < 4 else None}))

    def following(page):
        return {"page": page.body["next"]} if page.body["next"] else None

    client, asked = answering(page)
    found = client.pages("/x", items="rows", following=following)
    assert next(found) == 1
    assert len(asked) == 1
    assert next(found) == 2
    assert arrived[3].wait(10)
    assert list(found) == [3, 4]
    assert len(asked) == 4


def test_the_answers_say_where_to_go_whatever_was_expected(answering):
    """Where GitHub leads on by a cursor after some page, what was asked for by number is thrown away."""

    def page(request):
        at = request.args.get("after") or request.args.get("page", "1")
        onward = {"1": "page=2", "2": "page=3", "3": "after=c", "c": "after=d"}.get(at)
        links = f'<{request.base_url}?{onward}>; rel="next", <{request.base_url}?page=8>; rel="last"'
        return Response(json.dumps([at]), headers={"Link": links} if onward else {})

    client, asked = answering(page)
    assert list(client.pages("/x", known=to_last_link)) == ["1", "2", "3", "c", "d"]
    assert len(asked) <= 5 + 4


def test_a_list_that_became_shorter_ends_where_its_pages_end(answering):
    def page(request):
        number = int(request.args.get("page", 1))
        links = f'<{request.base_url}?page={number + 1}>; rel="next", <{request.base_url}?page=30>; rel="last"'
        return Response(json.dumps([number]), headers={"Link": links} if number < 3 else {})

    client, asked = answering(page)
    assert list(client.pages("/x", known=to_last_link)) == [1, 2, 3]
    assert len(asked) <= 7


def test_pages_that_go_round_are_found_out_ahead_too(answering):
    links = {"Link": '</x?page=2>; rel="next", </x?page=3>; rel="last"'}

    def page(request):
        told = links["Link"].replace("</x", f"<{request.base_url}")
        return Response("[1]", headers={"Link": told})

    client, _ = answering(page)
    with pytest.raises(Unreadable, match="loop"):
        list(client.pages("/x", known=to_last_link))


def test_gitlabs_pages_are_known_by_their_number(answering):
    def page(request):
        number = int(request.args.get("page", 1))
        onward = str(number + 1) if number < 6 else ""
        return Response(json.dumps([number]), headers={"X-Next-Page": onward, "X-Total-Pages": "6"})

    client, asked = answering(page)
    found = client.pages("/x", {"per_page": 1}, following=by_next_page, known=to_total_pages)
    assert list(found) == [1, 2, 3, 4, 5, 6]
    assert len(asked) == 6
    assert list(to_total_pages(Page([], headers={"X-Next-Page": "2"}))) == []


@pytest.mark.parametrize("post", [True, False])
def test_jiras_pages_are_known_by_their_start(answering, post):
    def page(request):
        start = int((request.get_json() if post else request.args)["startAt"])
        rows = list(range(start, min(start + 2, 9)))
        return Response(json.dumps({"startAt": start, "total": 9, "issues": rows}))

    client, asked = answering(page)
    wanted = {"json": {"startAt": 0}} if post else {"params": {"startAt": 0}}
    options = {"items": "issues", "following": by_start("issues"), "known": to_total("issues"), **wanted}
    assert list(client.pages("/x", **options)) == list(range(9))
    assert len(asked) == 5


def test_jiras_pages_may_be_shorter_than_the_first(answering):
    def page(request):
        start = int(request.args["startAt"])
        rows = list(range(start, min(start + (3 if start == 0 else 1), 6)))
        return Response(json.dumps({"startAt": start, "total": 6, "issues": rows}))

    client, _ = answering(page)
    options = {"items": "issues", "following": by_start("issues"), "known": to_total("issues")}
    assert list(client.pages("/x", {"startAt": 0}, **options)) == list(range(6))


def test_jiras_empty_page_is_the_last_whatever_the_total():
    assert by_start("issues")(Page({"startAt": 4, "total": 9, "issues": []})) is None
    assert list(to_total("issues")(Page({"startAt": 0, "total": 9, "issues": []}))) == []


@pytest.mark.parametrize(
    "links",
    [
        {},
        {"next": "https://t/x?page=2"},
        {"next": "https://t/x?after=b&page=2", "last": "https://t/x?page=9"},
        {"next": "https://t/x?page=b", "last": "https://t/x?page=9"},
        {"next": "https://t/y?page=2", "last": "https://t/x?page=9"},
    ],
)
def test_links_that_differ_in_more_than_their_number_make_nothing_known(links):
    assert list(to_last_link(Page([], links))) == []


def test_no_more_than_a_hundred_pages_are_known_by_their_number():
    links = {"next": "https://t/x?page=2&q=a+b", "last": "https://t/x?page=4000&q=a+b"}
    found = list(to_last_link(Page([], links)))
    assert (found[0], found[-1]) == ("https://t/x?page=2&q=a+b", "https://t/x?page=100&q=a+b")


def test_a_request_is_the_same_whether_its_parameters_stand_in_the_address_or_beside_it():
    assert Turn("https://t/x?b=1&a=+", None).key == Turn("https://t/x", {"a": " ", "b": 1, "c": None}).key
    assert Turn("https://t/x").key != Turn("https://t/x", {"a": ""}).key != Turn("https://t/x", None, {"a": ""}).key


def test_lists_beside_each_other_give_a_page_each_in_turn_and_are_asked_for_at_once(answering):
    every = threading.Barrier(3)

    def page(request):
        asked = request.get_json()
        if "token" not in asked:
            every.wait(10)
        number = int(asked.get("token", 1))
        onward = {"token": str(number + 1)} if number < asked["pages"] else {}
        return Response(json.dumps({"rows": [f"{asked['list']}{number}"], **onward}))

    def following(page):
        return {"token": page.body["token"]} if "token" in page.body else None

    client, asked = answering(page)
    bodies = [{"list": name, "pages": pages} for name, pages in (("a", 3), ("b", 1), ("c", 2))]
    assert list(client.beside("/x", bodies, items="rows", following=following)) == ["a1", "b1", "c1", "a2", "c2", "a3"]
    assert len(asked) == 6


def test_one_of_several_lists_that_goes_round_is_an_error(answering):
    client, _ = answering(told({"rows": [1], "token": "a"}))
    with pytest.raises(Unreadable, match="loop"):
        list(client.beside("/x", [{"list": 1}, {"list": 2}], items="rows", following=lambda _: {"token": "a"}))


def test_a_single_list_is_asked_for_page_by_page(answering):
    client, asked = answering(told({"rows": [1]}))
    assert list(client.beside("/x", [{"list": 1}], items="rows", following=lambda _: None)) == [1]
    assert len(asked) == 1
