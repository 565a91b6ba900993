"""The rules of outbound HTTP: retries, limits, paging, conditional requests, and what never leaves."""

import json
import socket
import threading
from contextlib import closing
from datetime import timedelta
from email.utils import format_datetime

import pytest
import requests
import responses
from werkzeug.wrappers import Request, Response

from connectors.client import Client, by_link
from connectors.contract import Refused, Unavailable, Unreadable
from tests.connectors.conftest import NOW, told


def test_a_body_is_parsed(answering):
    client, asked = answering(told({"a": 1}))
    assert client.get("/x", {"q": "ä b", "n": 2, "none": None}) == {"a": 1}
    assert asked[0][0] == "/x?q=%C3%A4+b&n=2" or asked[0][0] == "/x?q=ä+b&n=2"


def test_json_is_posted(answering):
    client, asked = answering(told([1]))
    assert client.post("x", {"jql": "a"}) == [1]
    assert json.loads(asked[0][2]) == {"jql": "a"}


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_what_passes_is_tried_again(answering, slept, status):
    client, asked = answering(told({}, status), told({}, status), told({"done": True}))
    assert client.get("/x") == {"done": True}
    assert len(asked) == 3
    assert 1 <= slept[0] <= 1.25
    assert 2 <= slept[1] <= 2.5


def test_attempts_are_bounded(answering):
    client, asked = answering(told({"message": "down"}, 503), attempts=4)
    with pytest.raises(Unavailable, match=r"/x: answered 503 down; gave up after 4 attempts"):
        client.get("/x")
    assert len(asked) == 4


@pytest.mark.parametrize(
    ("status", "error", "said"),
    [
        (401, Refused, "check the token"),
        (404, Refused, "may not see"),
        (410, Unreadable, "gone"),
        (400, Unreadable, "400 The value 'X' does not exist"),
        (422, Unreadable, "422"),
        (204, Unreadable, "204"),
    ],
)
def test_other_answers_say_what_to_do(answering, status, error, said):
    client, _ = answering(told({"errorMessages": ["The value 'X' does not exist"]}, status))
    with pytest.raises(error, match=said):
        client.get("/x")


def test_what_may_be_absent_is_none(answering):
    client, _ = answering(told({}, 404))
    assert client.get("/x", absent=(404,)) is None
    assert list(client.pages("/x", absent=(404,))) == []
    assert client.gather("/x", items="y", absent=(404,)) is None


def test_nobody_listening_is_tried_again_and_then_unavailable(opened, slept):
    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        port = free.getsockname()[1]
    client = opened(Client, f"http://127.0.0.1:{port}")
    with pytest.raises(
        Unavailable, match=r"/x: no whole answer \(ConnectionError: connection refused\); gave up after 6"
    ):
        client.get("/x")
    assert len(slept) == 5


def test_an_answer_that_breaks_off_is_tried_again(opened, slept):
    broken = b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"half":'
    whole = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\nConnection: close\r\n\r\n[]"
    with closing(socket.create_server(("127.0.0.1", 0))) as listening:

        def serve():
            for answer in (broken, whole):
                with listening.accept()[0] as connection:
                    connection.recv(10_000)
                    connection.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        client = opened(Client, f"http://127.0.0.1:{listening.getsockname()[1]}")
        assert client.get("/x") == []
        thread.join()
    assert len(slept) == 1


def test_a_silent_server_times_out(opened):
    with closing(socket.create_server(("127.0.0.1", 0))) as listening:
        base = f"http://127.0.0.1:{listening.getsockname()[1]}"
        client = opened(Client, base, timeout=(0.05, 0.05), attempts=2)
        with pytest.raises(Unavailable, match="ReadTimeout"):
            client.get("/x")


@pytest.mark.parametrize("body", [b"", b'{"a": 1', b"<html>Sign in</html>", b"\xff\xfe"])
def test_what_is_no_json_is_unreadable_and_named(answering, body):
    client, _ = answering(Response(body, content_type="text/html"))
    with pytest.raises(Unreadable, match=r"http://127\.0\.0\.1:\d+/x answered with text/html that is no whole JSON"):
        client.get("/x")


def test_a_body_larger_than_the_limit_is_not_read(answering):
    client, _ = answering(Response(b"[" + b" " * 200_000 + b"]"), limit_bytes=100_000)
    with pytest.raises(Unreadable, match="larger than 100000 bytes"):
        client.get("/x")


def test_a_body_is_bounded_after_it_is_unpacked(answering):
    import gzip

    packed = Response(gzip.compress(b"[" + b" " * 10_000_000 + b"]"), headers={"Content-Encoding": "gzip"})
    client, _ = answering(packed, limit_bytes=1_000_000)
    with pytest.raises(Unreadable, match="larger than"):
        client.get("/x")


def test_the_token_goes_to_no_other_host_by_a_link(answering, served):
    elsewhere = []

    @Request.application
    def other(request):
        elsewhere.append(request)
        return Response("[]")

    there = served(other)
    client, _ = answering(lambda _: Response("[]", headers={"Link": f'<{there}/next>; rel="next"'}), auth="secret")
    with pytest.raises(Unreadable, match="another host"):
        list(client.pages("/x", following=by_link))
    assert elsewhere == []


def test_the_token_goes_to_no_other_host_by_a_redirect(answering, served):
    elsewhere = []

    @Request.application
    def other(request):
        elsewhere.append(request)
        return Response("[]")

    there = served(other)
    client, _ = answering(Response(status=302, headers={"Location": f"{there}/login"}), auth="secret")
    with pytest.raises(Unreadable, match="another host"):
        client.get("/x")
    assert elsewhere == []


def test_a_redirect_on_the_same_host_is_followed_with_its_parameters(answering):
    def moved(request):
        if request.path == "/old":
            return Response(status=301, headers={"Location": "/new"})
        return Response(json.dumps([request.path, request.args.to_dict(), request.headers["Authorization"]]))

    client, _ = answering(moved, auth="secret")
    assert client.get("/old", {"state": "all"}) == ["/new", {"state": "all"}, "Bearer secret"]


def test_redirects_without_end_are_unreadable(answering):
    client, _ = answering(Response(status=302, headers={"Location": "/x"}))
    with pytest.raises(Unreadable, match="redirected more than"):
        client.get("/x")


@pytest.mark.parametrize(
    ("auth", "header"),
    [(None, None), ("tok", "Bearer tok"), (("ana@example.com", "tok"), "Basic YW5hQGV4YW1wbGUuY29tOnRvaw==")],
)
def test_credentials_are_sent_as_told_and_netrc_is_not_read(answering, auth, header, tmp_path, monkeypatch):
    netrc = tmp_path / "netrc"
    netrc.write_text("default login other password other")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    client, asked = answering(told({}), auth=auth)
    client.get("/x")
    assert asked[0][1].get("Authorization") == header


def test_a_known_answer_is_asked_for_by_its_etag_and_used_again(answering):
    def page(request):
        headers = {"ETag": '"v1"', "Link": f'<{request.base_url}?page=2>; rel="next"'}
        if request.headers.get("If-None-Match") == '"v1"':
            return Response(status=304)
        return Response("[1]", headers=headers if "page" not in request.args else {})

    client, asked = answering(page)
    assert list(client.pages("/x")) == [1, 1]
    assert list(client.pages("/x")) == [1, 1]
    assert [headers.get("If-None-Match") for _, headers, _ in asked] == [None, None, '"v1"', None]


def test_a_changed_answer_replaces_the_known_one(answering):
    def tagged(text):
        return Response(text, headers={"ETag": f'"{text}"'})

    client, asked = answering(tagged("[1]"), tagged("[2]"), tagged("[3]"))
    assert [client.get("/x") for _ in range(3)] == [[1], [2], [3]]
    assert [headers.get("If-None-Match") for _, headers, _ in asked] == [None, '"[1]"', '"[2]"']


def test_known_answers_are_bounded_in_number(answering, monkeypatch):
    monkeypatch.setattr("connectors._kept._ANSWERS", 2)
    client, asked = answering(Response("[]", headers={"ETag": '"v"'}))
    for path in ("/a", "/b", "/c", "/a", "/c"):
        client.get(path)
    assert ["If-None-Match" in headers for _, headers, _ in asked] == [False, False, False, False, True]


def test_known_answers_are_bounded_in_bytes(answering, monkeypatch):
    monkeypatch.setattr("connectors._kept._BYTES", 3)
    client, asked = answering(Response("[]", headers={"ETag": '"v"'}))
    for path in ("/a", "/b", "/b", "/a"):
        client.get(path)
    assert ["If-None-Match" in headers for _, headers, _ in asked] == [False, False, True, False]


@pytest.mark.parametrize(("behind", "lag"), [(90, 90.0), (-90, 0.0)])
def test_the_lag_is_how_far_the_servers_clock_lies_behind(answering, behind, lag):
    client, _ = answering(told({}, Date=format_datetime(NOW - timedelta(seconds=behind), usegmt=True)))
    assert client.lag == 0
    client.get("/x")
    assert client.lag == lag


@pytest.mark.parametrize("token", ["sec\nret", "secrét"])
def test_a_token_that_can_be_none_is_refused_and_not_shown(answering, token):
    client, asked = answering(told({}), auth=token)
    with pytest.raises(Refused, match="the token holds") as caught:
        client.get("/x")
    assert asked == []
    assert "sec" not in repr(caught.value)


def test_a_client_shows_its_address_and_nothing_else():
    with Client("https://jira.example", auth=("ana@example.com", "tok")) as client:
        assert repr(client) == "Client('https://jira.example')"
        assert "tok" not in repr(client._wire._session.auth) + repr(vars(client))


@responses.activate
def test_what_requests_itself_cannot_read_is_unreadable(opened):
    responses.get("https://tool.example/x", body=requests.exceptions.ContentDecodingError("not gzip"))
    with pytest.raises(Unreadable, match="not gzip"):
        opened(Client, "https://tool.example").get("/x")
