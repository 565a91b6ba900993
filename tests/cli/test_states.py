"""What is wrong with a source is said alike by `ttv sync`, `ttv doctor`, the API and the metrics, with what to do."""

from pathlib import Path

import orjson
import pytest

from connectors.contract import remedy
from tests.fakes import faults, jira
from ttv import store
from ttv.publish import app
from ttv.route import Route


@pytest.fixture
def site():
    """A Jira that a test lets go wrong."""
    account = jira.Account()

    class Site:
        fault = None

        def __call__(self, environ, start_response):
            answering = self.fault(account) if self.fault else account
            return answering(environ, start_response)

    site = Site()
    site.account = account
    return site


@pytest.fixture
def connected(run, served, site):
    """A function that runs a command in a folder that is connected to the site, and reads its answer."""
    keys = {"type": "jira", "email": jira.EMAIL, "token": {"env": "TTV_JIRA_TOKEN"}, "absent_is_deleted": True}
    written = "\n".join(f"{name} = {_toml(value)}" for name, value in keys.items())
    Path("ttv.toml").write_text(f'[sources.jira]\nurl = "{served(site)}"\nsince = "2026-01-01"\n{written}\n')

    def ran(*arguments, exit_code=0):
        return run(*arguments, exit_code=exit_code, environ={"TTV_JIRA_TOKEN": jira.TOKEN})

    ran("sync")
    return ran


def _toml(value):
    return '{ env = "TTV_JIRA_TOKEN" }' if isinstance(value, dict) else orjson.dumps(value).decode()


def published():
    """What the API and the metrics say of the source."""
    engine = store.open("sqlite:///ttv.sqlite")
    client = app.create(Route(engine)).test_client()
    (source,) = client.get("/api/v1/sources").json["items"]
    states = [line for line in client.get("/metrics").text.splitlines() if line.startswith("ttv_source_state{")]
    ups = [line for line in client.get("/metrics").text.splitlines() if line.startswith("ttv_source_up{")]
    engine.dispose()
    return source, states, ups


@pytest.mark.parametrize(
    ("fault", "state", "error"),
    [
        (faults.refused, "unauthorized", "Refused"),
        (faults.forbidden, "forbidden", "Refused"),
        (faults.gone, "gone", "Unreadable"),
    ],
)
def test_a_fault_is_a_named_state_with_a_remedy_everywhere_until_it_is_mended(connected, site, fault, state, error):
    site.fault = fault
    assert remedy(state) in connected("sync", exit_code=1).stderr
    findings = orjson.loads(connected("doctor", "--json", exit_code=1).stdout)["findings"]
    (wrong,) = [one["text"] for one in findings if not one["ok"]]
    assert remedy(state) in wrong
    source, states, ups = published()
    assert (source["state"], source["error"], source["up"]) == (state, error, False)
    assert source["remedy"] == remedy(state)
    assert source["message"].endswith(remedy(state))
    assert states == [f'ttv_source_state{{source="jira",state="{state}"}} 1.0']
    assert ups == ['ttv_source_up{source="jira"} 0.0']
    site.fault = None
    connected("sync")
    connected("doctor")
    source, states, ups = published()
    assert (source["state"], source["remedy"], source["message"], states) == (None, None, None, [])
    assert ups == ['ttv_source_up{source="jira"} 1.0']


def test_a_lost_permission_is_a_named_state_with_a_remedy_everywhere_though_all_answers_are_well(connected, site):
    events = published()[0]["events"]
    site.account.hide()
    connected("sync")
    findings = orjson.loads(connected("doctor", "--json", exit_code=1).stdout)["findings"]
    (wrong,) = [one["text"] for one in findings if not one["ok"]]
    assert wrong.startswith("sees 2 of the 3 that it saw before: not PAY")
    assert remedy("narrowed") in wrong
    source, states, ups = published()
    assert (source["state"], source["up"], source["remedy"]) == ("narrowed", True, remedy("narrowed"))
    assert source["events"] == events, "what was read stays"
    assert states == ['ttv_source_state{source="jira",state="narrowed"} 1.0']
    assert ups == ['ttv_source_up{source="jira"} 1.0']
    assert "no census" in connected("sync", "jira", "--census", exit_code=1).stderr
    assert published()[0]["events"] == events


def test_records_that_could_not_be_read_are_named_by_the_doctor(connected, site):
    site.account.spoil()
    connected("sync", "--afresh")
    told = connected("doctor").stdout
    assert "✓ source jira: could not read all of its records (1 are kept): `ttv quarantine --source jira`" in told
