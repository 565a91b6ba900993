"""The rules of paging: how the next page is found, that it ends, and that a strange page is named."""

import json

import pytest
from werkzeug.wrappers import Response

from connectors.contract import Unreadable
from tests.connectors.conftest import told


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
