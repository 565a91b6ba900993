"""The rules of limits: how long a host is left alone, who shares that, and what is told of it."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from werkzeug.wrappers import Request, Response

from connectors._limits import Allowance, allowance
from connectors.client import Client, Hosts
from connectors.contract import Refused, Unavailable
from tests.connectors.conftest import NOW, told
from tests.fakes import faults

THERE = datetime(2026, 1, 1, tzinfo=UTC)
DATE = format_datetime(THERE, usegmt=True)
EPOCH = int(THERE.timestamp())


def test_retry_after_in_seconds_is_obeyed(answering, slept):
    client, _ = answering(told({}, 503, Retry_After=17), told({}))
    client.get("/x")
    assert slept == [17.0]


def test_retry_after_as_a_date_is_counted_by_the_servers_clock(answering, slept):
    there = datetime(2026, 1, 1, tzinfo=UTC)
    until = format_datetime(there + timedelta(seconds=42), usegmt=True)
    client, _ = answering(told({}, 429, Retry_After=until, Date=format_datetime(there, usegmt=True)), told({}))
    client.get("/x")
    assert slept == [42.0]


def test_a_retry_after_of_zero_backs_off_all_the_same(answering, slept):
    client, _ = answering(told({}, 429, Retry_After=0), told({}))
    client.get("/x")
    assert 1 <= slept[0] <= 1.25


def test_a_wait_longer_than_a_quarter_of_an_hour_is_not_waited(answering, slept):
    client, asked = answering(told({}, 429, Retry_After=3600))
    with pytest.raises(Unavailable, match="asking to wait 3600 s"):
        client.get("/x")
    assert slept == []
    assert len(asked) == 1


def test_the_waits_of_one_request_are_bounded_together(answering, slept):
    client, _ = answering(told({}, 429, Retry_After=400), attempts=9)
    with pytest.raises(Unavailable):
        client.get("/x")
    assert slept == [400.0, 400.0]


@pytest.mark.parametrize("status", [403, 429])
def test_githubs_secondary_limit_is_waited_for_a_minute_and_longer(answering, slept, status):
    """The hour's allowance is not used up then: its reset says nothing."""
    said = {"message": "You have exceeded a secondary rate limit."}
    limited = told(said, status, X_RateLimit_Remaining=4000, X_RateLimit_Reset=EPOCH + 300, Date=DATE)
    client, _ = answering(limited, limited, told({}))
    client.get("/x")
    assert 60 <= slept[0] <= 75
    assert 120 <= slept[1] <= 150


def test_a_403_of_permissions_is_not_tried_again(answering, slept):
    client, asked = answering(told({"message": "Resource not accessible"}, 403, X_RateLimit_Remaining=4000))
    with pytest.raises(Refused, match=r"403 Resource not accessible; .*permissions"):
        client.get("/x")
    assert len(asked) == 1
    assert slept == []


@pytest.mark.parametrize("status", [403, 429])
def test_githubs_primary_limit_is_waited_for_until_its_reset(answering, slept, status):
    there = datetime(2026, 1, 1, tzinfo=UTC)
    limited = told(
        {"message": "API rate limit exceeded"},
        status,
        X_RateLimit_Remaining=0,
        X_RateLimit_Reset=int(there.timestamp()) + 100,
        Date=format_datetime(there, usegmt=True),
    )
    client, _ = answering(limited, told({}))
    client.get("/x")
    assert slept == [101.0]


@pytest.mark.parametrize(
    ("headers", "left", "seconds"),
    [
        ({"X-RateLimit-Remaining": "7", "X-RateLimit-Reset": str(EPOCH + 100)}, 7, 101),
        ({"RateLimit-Remaining": "0", "RateLimit-Reset": str(EPOCH + 100)}, 0, 101),
        ({"RateLimit-Remaining": "0", "RateLimit-Reset": "12"}, 0, 12),
        ({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "2026-01-01T00:01Z"}, 0, 61),
        ({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "2026-01-01T01:00:30+01:00"}, 0, 31),
        ({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str((EPOCH + 9) * 1000)}, 0, 10),
        ({"X-RateLimit-Remaining": "0", "X-RateLimit-Interval-Seconds": "60", "Retry-After": "3"}, 0, 3),
        ({"X-RateLimit-Remaining": "5", "X-RateLimit-Interval-Seconds": "60", "Retry-After": "0"}, 5, 60),
        ({"X-RateLimit-Remaining": "5", "X-RateLimit-Interval-Seconds": "60", "Retry-After": "3"}, 5, 60),
        ({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(EPOCH - 100)}, 0, 1),
    ],
)
def test_an_allowance_is_read_as_each_tool_writes_it(headers, left, seconds):
    """GitHub, GitLab, Zendesk, Jira Cloud with and without seconds, milliseconds, Data Center, and one that is over."""
    assert allowance(headers, THERE) == Allowance(left, seconds)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-RateLimit-Remaining": "0"},
        {"X-RateLimit-Reset": "100"},
        {"X-RateLimit-Remaining": "many", "X-RateLimit-Reset": "100"},
        {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "soon"},
    ],
)
def test_what_does_not_say_how_many_until_when_is_no_allowance(headers):
    assert allowance(headers, THERE) is None


def test_no_request_begins_while_the_allowance_is_used_up(answering, slept):
    used_up = told({}, X_RateLimit_Remaining=0, X_RateLimit_Reset=EPOCH + 100, Date=DATE)
    client, asked = answering(used_up, told({}))
    client.get("/x")
    assert slept == []
    client.get("/x")
    assert (slept, len(asked)) == ([101.0], 2)


def test_an_allowance_that_comes_again_too_late_is_not_waited_for_and_nothing_is_asked(answering, slept):
    client, asked = answering(told({}, X_RateLimit_Remaining=0, X_RateLimit_Reset=EPOCH + 3600, Date=DATE))
    client.get("/x")
    with pytest.raises(Unavailable, match=r"/x: not asked, for its limit is used up for another 3601 s") as caught:
        client.get("/x")
    assert caught.value.state == "throttled"
    assert (slept, len(asked)) == ([], 1)


def test_an_allowance_is_the_accounts_own_and_its_clients_share_it(served, opened):
    account = faults.budgeted(told_app({}), requests=1, seconds=3600)
    address = served(account)
    first, second, other = (opened(Client, address, auth=token) for token in ("a", "a", "b"))
    first.get("/x")
    with pytest.raises(Unavailable, match="not asked"):
        second.get("/x")
    assert other.get("/x") == {}
    assert account.refused == 0


def test_graphql_and_search_have_allowances_of_their_own(answering):
    used_up = told({}, X_RateLimit_Remaining=0, X_RateLimit_Reset=EPOCH + 3600, Date=DATE)
    client, asked = answering(used_up, told({}))
    client.post("/graphql", {})
    client.get("/search/issues")
    client.get("/repos")
    with pytest.raises(Unavailable, match="not asked"):
        client.post("/graphql", {})
    assert len(asked) == 3


def test_a_host_that_asks_to_stay_away_is_left_alone_by_every_source(served, opened, slept):
    asked = []

    @Request.application
    def app(request):
        asked.append(request.path)
        return told({}, 429, Retry_After=3600)(request)

    address = served(app)
    one, two = opened(Client, address, auth="a"), opened(Client, f"{address}/api/v4", auth="b")
    for client, said in ((one, "asking to wait 3600 s"), (two, "not asked"), (one, "not asked")):
        with pytest.raises(Unavailable, match=said):
            client.get("/x")
    assert (asked, slept) == (["/x"], [])


def test_what_one_source_has_waited_for_no_other_waits_for_again(served, opened, slept):
    address = served(faults.throttled(told_app({}), headers={"Retry-After": "50"}))
    opened(Client, address).get("/x")
    opened(Client, address).get("/x")
    assert slept == [50.0]


def test_an_allowance_ends_with_its_time(answering, slept):
    clock = [NOW]
    used_up = told({}, RateLimit_Remaining=0, RateLimit_Reset=30)
    client, asked = answering(used_up, told({}), now=lambda: clock[0])
    client.get("/x")
    clock[0] += timedelta(seconds=31)
    client.get("/x")
    assert (slept, len(asked)) == ([], 2)


def test_never_more_than_four_requests_are_under_way_at_one_host(opened):
    import werkzeug.serving

    inside, most, fifth = [], [], threading.Event()

    @Request.application
    def app(_request):
        inside.append(1)
        most.append(len(inside))
        if len(inside) > 4:
            fifth.set()
        fifth.wait(0.1)
        inside.pop()
        return Response("[]")

    server = werkzeug.serving.make_server("127.0.0.1", 0, app, threaded=True)
    serving = threading.Thread(target=server.serve_forever)
    serving.start()
    clients = [opened(Client, f"http://127.0.0.1:{server.port}") for _ in range(2)]
    with ThreadPoolExecutor(10) as threads:
        assert list(threads.map(lambda turn: clients[turn % 2].get("/x"), range(10))) == [[]] * 10
    for client in clients:
        client.close()
    server.shutdown()
    serving.join()
    server.server_close()
    assert max(most) == 4


@pytest.mark.parametrize(
    "error", [{"type": "RATE_LIMITED", "message": "API rate limit exceeded"}, {"message": "a secondary rate limit"}]
)
def test_a_limit_that_graphql_tells_with_200_is_waited_for(answering, slept, error):
    limited = told({"errors": [error]}, X_RateLimit_Reset=EPOCH + 100, Date=DATE)
    client, asked = answering(limited, told({"data": 1}))
    assert client.post("/graphql", {}) == {"data": 1}
    assert len(asked) == 2
    assert slept == [101.0] if "type" in error else 60 <= slept[0] <= 75


def test_an_error_that_graphql_tells_and_is_no_limit_is_left_to_who_reads_it(answering):
    body = {"data": None, "errors": [{"type": "NOT_FOUND", "message": "no such repository"}, "odd"]}
    client, _ = answering(told(body))
    assert client.post("/graphql", {}) == body


def test_a_403_that_wants_a_single_sign_on_is_no_limit(answering):
    client, asked = answering(told({"message": "rate limit"}, 403, X_GitHub_SSO="required", X_RateLimit_Remaining=0))
    with pytest.raises(Refused):
        client.get("/x")
    assert len(asked) == 1


class Heard:
    """Counts what a client tells."""

    def __init__(self):
        self.told = []

    def requested(self, ended):
        self.told.append(ended)

    def retried(self):
        self.told.append("retry")

    def throttled(self, seconds):
        self.told.append(seconds)


def test_who_listens_hears_every_request_retry_and_wait(answering):
    heard = Heard()
    answers = (told({}, 429, Retry_After=9), told({}, 503), told({}, ETag='"a"'), told({}, 304), told({}, 404))
    client, _ = answering(*answers, traffic=heard)
    client.get("/x")
    client.get("/x")
    with pytest.raises(Refused):
        client.get("/x")
    assert heard.told == ["throttled", 9.0, "retry", "5xx", "retry", "2xx", "not_modified", "4xx"]


def test_who_listens_hears_of_redirects_and_of_requests_without_an_answer(answering, served):
    heard = Heard()
    moved = Response(status=302, headers={"Location": "/y"})
    client, _ = answering(moved, Response("[" + " " * 99 + "]"), traffic=heard, limit_bytes=50)
    with pytest.raises(Exception, match="larger"):
        client.get("/x")
    assert heard.told == ["3xx", "failed"]


def test_a_wait_for_a_tool_in_trouble_is_no_throttling(answering, slept):
    heard = Heard()
    client, _ = answering(told({}, 500), told({}), traffic=heard)
    client.get("/x")
    assert len(slept) == 1
    assert heard.told == ["5xx", "retry", "2xx"]


def test_a_host_is_one_whatever_its_path_and_however_its_port_is_written():
    hosts = Hosts()
    assert hosts.at("https://a.example") is hosts.at("https://a.example:443/api/v4")
    assert hosts.at("https://a.example") is not hosts.at("https://b.example")


def told_app(body):
    """An application that answers the same to all."""
    return Request.application(lambda _request: Response(json.dumps(body)))
