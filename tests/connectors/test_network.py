"""The rules of the way out: certificates of a private authority, proxies, and answers that never end."""

import contextlib
import gzip
import json
import logging
import socket
import ssl
import threading
import traceback
from base64 import b64encode
from contextlib import closing
from itertools import count

import pytest
import trustme
import werkzeug.serving
from werkzeug.wrappers import Request, Response

import connectors
from connectors.client import Client
from connectors.contract import SourceError, Unavailable, Unreadable
from tests.fakes.proxy import proxying

TOOL = "tool.example"
"""A host that no name server knows: only the proxy reaches it."""


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


@pytest.fixture
def ca_bundle(authority, tmp_path):
    path = tmp_path / "company.pem"
    authority.cert_pem.write_to_path(str(path))
    return path


@pytest.fixture
def secure(authority):
    """A function that serves an application by HTTPS, with a certificate of the private authority; gives the port."""
    with contextlib.ExitStack() as at_end:

        def serve(app, *names):
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            authority.issue_cert(*(names or ("127.0.0.1",))).configure_cert(context)
            server = werkzeug.serving.make_server("127.0.0.1", 0, app, threaded=True, ssl_context=context)
            thread = threading.Thread(target=server.serve_forever, args=(0.01,))
            thread.start()
            for end in (server.server_close, thread.join, server.shutdown):
                at_end.callback(end)
            return server.port

        yield serve


@pytest.fixture(autouse=True)
def no_environment(monkeypatch):
    for name in ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"):
        monkeypatch.delenv(name, raising=False)


@Request.application
def hello(request):
    return Response(json.dumps([request.host, request.headers.get("Authorization")]))


def test_a_certificate_of_an_unknown_authority_is_refused_at_once_with_the_remedy(secure, opened, slept):
    client = opened(Client, f"https://127.0.0.1:{secure(hello)}", auth="secret")
    with pytest.raises(Unavailable, match=r"certificate is not trusted: .*ca_bundle") as caught:
        client.get("/x")
    assert caught.value.state == "unreachable"
    assert slept == []


def test_a_private_authority_is_trusted_where_the_settings_name_it(secure, opened, ca_bundle):
    port = secure(hello)
    client = opened(Client, f"https://127.0.0.1:{port}", auth="secret", ca_bundle=ca_bundle)
    assert client.get("/x") == [f"127.0.0.1:{port}", "Bearer secret"]


@pytest.fixture
def other_bundle(tmp_path):
    path = tmp_path / "other.pem"
    trustme.CA().cert_pem.write_to_path(str(path))
    return path


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"])
def test_a_private_authority_is_trusted_where_the_environment_names_it(
    secure, opened, *, ca_bundle, other_bundle, monkeypatch, variable
):
    """The variable of OpenSSL is the last that is looked at."""
    port = secure(hello)
    monkeypatch.setenv("SSL_CERT_FILE", str(other_bundle))
    monkeypatch.setenv(variable, str(ca_bundle))
    assert opened(Client, f"https://127.0.0.1:{port}").get("/x") == [f"127.0.0.1:{port}", None]


def test_the_settings_stand_before_the_environment(secure, opened, ca_bundle, other_bundle, monkeypatch):
    port = secure(hello)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(other_bundle))
    assert opened(Client, f"https://127.0.0.1:{port}", ca_bundle=ca_bundle).get("/x")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(ca_bundle))
    with pytest.raises(Unavailable, match="not trusted"):
        opened(Client, f"https://127.0.0.1:{port}", ca_bundle=other_bundle).get("/x")


def test_a_certificate_for_another_name_is_refused(secure, opened, ca_bundle):
    client = opened(Client, f"https://127.0.0.1:{secure(hello, 'other.example')}", ca_bundle=ca_bundle)
    with pytest.raises(Unavailable, match="certificate is not trusted"):
        client.get("/x")


@pytest.mark.parametrize("written", [None, "", "no certificate"])
def test_authorities_that_cannot_be_read_are_said_to_be_so(secure, opened, tmp_path, written):
    if written is not None:
        (tmp_path / "authorities.pem").write_text(written)
    client = opened(Client, f"https://127.0.0.1:{secure(hello)}", ca_bundle=tmp_path / "authorities.pem")
    with pytest.raises(Unavailable, match="the certificate authorities cannot be read; name a file in PEM"):
        client.get("/x")


def test_what_speaks_no_tls_is_said_to_be_so(opened):
    with dripping(b"HTTP/1.1 400 Bad Request\r\n\r\n", []) as address:
        client = opened(Client, address.replace("http://", "https://"), attempts=1)
        with pytest.raises(Unavailable, match="SSLError: WRONG_VERSION_NUMBER") as caught:
            client.get("/x")
    assert caught.value.state == "unreachable"


def test_a_source_goes_through_its_own_proxy(secure, opened, ca_bundle, monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    with proxying(secure(hello, TOOL)) as proxy:
        client = opened(Client, f"https://{TOOL}", auth="secret", proxy=f"http://{proxy.address}", ca_bundle=ca_bundle)
        assert client.get("/x") == [TOOL, "Bearer secret"]
        client.close()
    assert [head.split()[:2] for head in proxy.asked] == [["CONNECT", f"{TOOL}:443"]]
    assert "secret" not in "".join(proxy.asked)


def test_a_source_goes_through_the_proxy_of_the_environment_which_may_want_a_password(
    secure, opened, ca_bundle, monkeypatch
):
    login = b64encode(b"ttv:pro/xy").decode()
    with proxying(secure(hello, TOOL), login=login) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://ttv:pro%2Fxy@{proxy.address}")
        client = opened(Client, f"https://{TOOL}", ca_bundle=ca_bundle)
        assert client.get("/x") == [TOOL, None]
        client.close()
    assert len(proxy.asked) == 1


def test_a_host_of_no_proxy_is_asked_directly(secure, opened, ca_bundle, monkeypatch):
    port = secure(hello)
    with proxying(port) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://{proxy.address}")
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        assert opened(Client, f"https://127.0.0.1:{port}", ca_bundle=ca_bundle).get("/x")
    assert proxy.asked == []


def test_a_proxy_that_wants_a_password_is_named_and_its_password_is_in_no_text(
    secure, opened, ca_bundle, monkeypatch, caplog
):
    caplog.set_level(logging.DEBUG)
    with proxying(secure(hello, TOOL), login="another") as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://ttv:pro%2Fxy@{proxy.address}")
        client = opened(Client, f"https://{TOOL}", auth="secret", ca_bundle=ca_bundle, attempts=2)
        with pytest.raises(Unavailable, match="the proxy said 407 Proxy Authentication Required") as caught:
            client.get("/x")
    texts = caplog.text + "".join(traceback.format_exception(caught.value)) + repr(client)
    texts += client._safe("what echoes pro/xy or pro%2Fxy")
    assert not [word for word in ("secret", "pro/xy", "pro%2Fxy") if word in texts]


def test_a_407_of_a_proxy_for_plain_http_says_what_to_do(served, opened):
    proxy = served(Request.application(lambda _: Response("no", 407)))
    with pytest.raises(Unavailable, match="HTTPS_PROXY") as caught:
        opened(Client, f"http://{TOOL}", proxy=proxy).get("/x")
    assert caught.value.state == "unreachable"


@pytest.mark.parametrize("name", [name for name in connectors.names() if hasattr(connectors.load(name), "Client")])
def test_every_connector_honours_what_all_sources_can_be_told(name, served, opened):
    """Its requests go through the proxy that the settings name, and its answers are bounded as they say."""
    import importlib

    fake, asked = importlib.import_module(f"tests.fakes.{name}"), []

    @Request.application
    def proxy(request):
        asked.append(request.host)
        return Response(b"[" + b" " * 1024 * 1024 + b"]", content_type="application/json")

    connector = connectors.load(name)
    said = {**fake.settings(f"http://{TOOL}"), "proxy": served(proxy), "limit_megabytes": 1}
    settings = connector.Settings.model_validate(said)
    with pytest.raises(Unreadable, match=r"larger than 1048576 bytes; .*limit_megabytes"):
        list(connector.events(settings, opened(connector.client, settings), *fake.SPAN))
    assert set(asked) == {TOOL}


@pytest.mark.parametrize(
    ("proxy", "said"),
    [("proxy.example:3128", "must begin with"), ("socks5://p", "must begin with"), ("http://a:b@p", "HTTPS_PROXY")],
)
def test_a_proxy_is_an_address_without_a_password(proxy, said):
    from connectors.github import Settings

    with pytest.raises(ValueError, match=said) as caught:
        Settings(repositories=("a/b",), proxy=proxy)
    assert "a:b" not in str(caught.value)


@contextlib.contextmanager
def dripping(head, pieces):
    """Serve one answer piece by piece, then nothing more, until whoever asked has gone."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listening:

        def serve():
            with listening.accept()[0] as connection, contextlib.suppress(ConnectionError):
                connection.recv(10_000)
                connection.sendall(head)
                for piece in pieces:
                    connection.sendall(piece)
                connection.recv(1)

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        thread.join()


PLAIN = b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(("head", "piece"), [(PLAIN, b"[1,"), (CHUNKED, b"3\r\n[1,\r\n")])
def test_an_answer_that_drips_is_given_up_after_its_total_time(opened, head, piece):
    """One piece comes, far less than is read at once; the clock says that it took too long."""
    clock = count(0, 200)
    with dripping(head, [piece]) as address:
        client = opened(Client, address, attempts=1, timer=lambda: next(clock), total_seconds=150, timeout=(5, 5))
        with pytest.raises(Unavailable, match="no whole answer within 150 s; gave up after 1 attempt;") as caught:
            client.get("/x")
    assert caught.value.state == "unreachable"


def test_an_answer_that_falls_silent_is_given_up(opened):
    with dripping(PLAIN, [b"[1,"]) as address:
        client = opened(Client, address, attempts=1, timeout=(5, 0.05))
        with pytest.raises(Unavailable, match="no whole answer"):
            client.get("/x")


@pytest.mark.parametrize("packed", [False, True])
def test_an_answer_of_many_pieces_is_read_whole(served, opened, packed):
    body = json.dumps(list(range(100_000))).encode()
    told = Response(gzip.compress(body), headers={"Content-Encoding": "gzip"}) if packed else Response(body)
    client = opened(Client, served(Request.application(lambda _: told)))
    assert client.get("/x") == list(range(100_000))


def test_a_body_that_is_not_packed_as_it_says_is_unreadable(served, opened):
    told = Response(b"[]", headers={"Content-Encoding": "gzip"})
    with pytest.raises(SourceError, match=r"/x: "):
        opened(Client, served(Request.application(lambda _: told)), attempts=1).get("/x")


def test_a_name_that_nobody_knows_is_said_to_be_so(opened):
    with pytest.raises(Unavailable, match="no such name"):
        opened(Client, "https://tool.invalid", attempts=1).get("/x")
