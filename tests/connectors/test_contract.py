"""Every promise of a connector, checked of each one there is, against its fake in `tests/fakes/`."""

import importlib
import importlib.util
import logging
import re
import traceback
from base64 import b64encode
from datetime import timedelta
from functools import partial
from itertools import pairwise
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import connectors
from connectors import contract
from connectors.contract import (
    Artefact,
    Event,
    Initiative,
    Members,
    Refused,
    SourceError,
    Unavailable,
    Unread,
    Unreadable,
    Withdrawn,
)
from tests.connectors import example
from tests.fakes import faults

LOOKED_AT = [name for name in connectors.names() if hasattr(connectors.load(name), "events")]
"""All but those of tools that only send."""
FAKES = {**{name: name for name in LOOKED_AT}, "jira_server": "jira"}
"""The connector of each fake; Jira comes in two."""
BY_HTTP = [*(name for name in FAKES if name != "git"), example.NAME]
"""Those that speak through `client.py`; the program git has a protocol and errors of its own, tested beside it."""
by_http = pytest.mark.parametrize("tool", BY_HTTP, indirect=True)


def having(name):
    """Try a rule on the connectors that have what one need not have."""
    able = [fake for fake, connector in FAKES.items() if hasattr(connectors.load(connector), name)]
    return pytest.mark.parametrize("tool", able, indirect=True)


@pytest.fixture(params=[*FAKES, example.NAME])
def tool(request):
    """One connector, and a fake of its tool; the docs' example is one too."""
    if request.param == example.NAME:
        connector, fake = example.modules()
        return SimpleNamespace(name=request.param, connector=connector, fake=fake)
    name = f"tests.fakes.{request.param}"
    assert importlib.util.find_spec(name), f"the connector {request.param} has no fake tests/fakes/{request.param}.py"
    connector = connectors.load(FAKES[request.param])
    return SimpleNamespace(name=request.param, connector=connector, fake=importlib.import_module(name))


@pytest.fixture
def ask(tool, asking):
    """A function that serves the fake and returns a look at it."""
    return lambda account=None, wrap=lambda app: app: asking(tool.connector, tool.fake, account, wrap)


def told(items):
    """The items as a set, whatever port they came from."""
    return {re.sub(r"127\.0\.0\.1:\d+", "tool", repr(item)) for item in items}


def ids(items):
    return [item.id for item in items if isinstance(item, Event)]


def test_every_item_is_one_of_the_nouns_of_the_contract(ask):
    kinds = {type(item) for item in ask().look()}
    assert kinds <= {Event, Withdrawn, Artefact, Members, Initiative}
    assert {Event, Artefact} <= kinds


def test_every_time_is_aware(ask):
    assert all(item.occurred_at.utcoffset() is not None for item in ask().look() if isinstance(item, Event))


def test_a_zone_of_the_period_changes_nothing(tool, ask):
    look = ask().look
    west = ZoneInfo("America/St_Johns")
    begin, end = tool.fake.SPAN
    assert told(look(begin, end)) == told(look(begin.astimezone(west), end.astimezone(west)))


def test_ids_are_unique_and_stable_across_pulls(ask):
    look = ask().look
    first, second = ids(look()), ids(look())
    assert first == second
    assert len(set(first)) == len(first)


def test_the_expected_events_come(tool, ask):
    account = tool.fake.Account()
    assert set(ids(ask(account).look())) == set(account.touched)


def test_since_is_honoured(tool, ask):
    account = tool.fake.Account()
    expected = {id_ for id_, at in account.touched.items() if at >= account.middle}
    assert set(ids(ask(account).look(account.middle))) == expected
    assert expected < set(account.touched)


def test_what_was_touched_long_after_the_end_is_left_to_the_next_look(tool, ask):
    account = tool.fake.Account()
    assert ask(account).look(tool.fake.SPAN[0] - timedelta(days=400), tool.fake.SPAN[0] - timedelta(days=40)) == []


@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cuts=st.lists(st.integers(0, 90 * 24 * 3600), max_size=5))
def test_any_split_of_the_period_yields_the_same(tool, ask, cuts):
    if not hasattr(tool, "look"):
        tool.look = ask().look
        tool.whole = told(tool.look(*tool.fake.SPAN))
    begin, end = tool.fake.SPAN
    edges = [begin, *(begin + timedelta(seconds=cut) for cut in sorted(cuts)), end]
    parts = [tool.look(*part) for part in pairwise(edges)]
    assert set().union(*map(told, parts)) == tool.whole


def test_an_empty_account_yields_nothing(tool, ask):
    account = tool.fake.Account()
    account.empty()
    assert ask(account).look() == []


@by_http
def test_a_429_is_waited_for_as_long_as_it_asks(ask, slept):
    whole = told(ask().look())
    assert told(ask(wrap=faults.throttled).look()) == whole
    assert slept == [7.0]


@by_http
def test_a_tool_that_throttles_without_end_is_unavailable(ask):
    with pytest.raises(Unavailable, match="429"):
        ask(wrap=lambda app: faults.throttled(app, times=1000)).look()


@by_http
def test_a_401_is_refused_with_the_remedy(ask):
    with pytest.raises(Refused, match=r"401.*check the token"):
        ask(wrap=faults.refused).look()


@by_http
def test_half_a_page_is_unreadable_and_names_its_address(ask):
    with pytest.raises(Unreadable, match=r"http://127\.0\.0\.1:\d+/\S+ answered with application/json"):
        ask(wrap=faults.half).look()


@by_http
def test_html_instead_of_json_is_unreadable_and_shows_what_came(ask):
    with pytest.raises(Unreadable, match=r"text/html.*Sign in"):
        ask(wrap=faults.html).look()


@by_http
def test_a_paging_loop_ends_with_an_error(ask):
    with pytest.raises(Unreadable, match="loop"):
        ask(wrap=faults.looping).look()


def test_one_malformed_record_is_kept_aside_and_the_others_go_on(tool, ask):
    account = tool.fake.Account()
    before = told(ask(account).look())
    account.spoil()
    after = ask(account).look()
    unread = [item for item in after if isinstance(item, Unread)]
    assert len(unread) == 1
    assert unread[0].reason
    lost = before - told(after)
    assert 0 < len(lost) < len(before) / 2


def kept(record):
    """A record as the quarantine keeps it."""
    return orjson.loads(orjson.dumps(record, default=str))


@pytest.fixture
def read(monkeypatch):
    """What connectors read well while the test runs: (reader, record as the quarantine would keep it, items)."""
    found, each = [], contract.each

    def heard(records, read, reader=""):
        for record in records:
            items = list(each([record], read, reader))
            found.append((reader, kept(record), items))
            yield from items

    monkeypatch.setattr(contract, "each", heard)
    return found


@having("reread")
def test_every_record_can_be_read_again_from_its_raw_text_alone(tool, ask, read):
    asked = ask()
    asked.look()
    assert read
    again = asked.reread()
    for reader, raw, items in read:
        assert told(again(reader, raw)) == told(items), reader


@having("reread")
def test_what_still_cannot_be_read_says_why(tool, ask):
    account = tool.fake.Account()
    account.spoil()
    asked = ask(account)
    (unread,) = [item for item in asked.look() if isinstance(item, Unread)]
    again = asked.reread()
    (still,) = contract.each([kept(unread.raw)], partial(again, unread.reader), unread.reader)
    assert (still.reason, still.reader) == (unread.reason, unread.reader)


def subjects(asked):
    return sorted({item.subject for item in asked.look() if isinstance(item, Event)})


@having("gone")
def test_a_census_names_what_is_deleted_and_nothing_else(tool, ask):
    account = tool.fake.Account()
    asked = ask(account)
    known = [*subjects(asked), "initiative:pay", "elsewhere:1"]
    assert asked.gone(known) == []
    deleted = account.delete()
    assert asked.gone(known) == [deleted]
    assert asked.gone([]) == []


@having("gone")
def test_a_census_takes_nothing_that_is_merely_out_of_sight_for_deleted(tool, ask):
    account = tool.fake.Account()
    asked = ask(account)
    known = subjects(asked)
    account.hide()
    try:
        found = asked.gone(known)
    except SourceError:
        found = []
    assert found == []


def test_a_check_says_what_it_sees(ask):
    said = ask().check()
    assert said
    assert all(isinstance(sentence, str) for sentence in said)


def test_a_check_with_a_wrong_token_is_refused(ask):
    with pytest.raises(Refused):
        ask(wrap=faults.refused).check()


@by_http
@pytest.mark.parametrize("wrap", [faults.refused, faults.html, faults.half, faults.looping, faults.throttled, None])
def test_the_token_stands_in_no_log_error_or_repr(tool, ask, caplog, wrap):
    caplog.set_level(logging.DEBUG)
    asked = ask(wrap=wrap or (lambda app: app))
    texts = [repr(asked.client), repr(asked.settings), str(asked.settings)]
    try:
        asked.look()
    except SourceError as error:
        texts += ["".join(traceback.format_exception(error)), repr(error)]
    secrets = [
        tool.fake.TOKEN,
        b64encode(f":{tool.fake.TOKEN}".encode()).decode()[4:-4],
        getattr(tool.fake, "BASIC", "\0"),
    ]
    assert not [secret for secret in secrets if secret in caplog.text + "".join(texts)]
    assert caplog.text


@by_http
def test_an_error_that_echoes_the_token_does_not_carry_it_on(tool, ask):
    from werkzeug.wrappers import Request, Response

    def echo(_app):
        return Request.application(lambda request: Response(request.headers["Authorization"], 400))

    with pytest.raises(Unreadable) as caught:
        ask(wrap=echo).look()
    assert "***" in str(caught.value)
    assert tool.fake.TOKEN not in str(caught.value)


def test_every_setting_says_what_it_is(tool):
    assert all(field.description for field in tool.connector.Settings.model_fields.values())


def test_a_connector_has_a_window(tool):
    assert tool.connector.WINDOW is None or timedelta(0) < tool.connector.WINDOW
