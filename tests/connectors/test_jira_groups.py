"""Claims on what groups Jira's issues, a project, a component, a label, a query: through the route, look by look."""

from datetime import UTC, datetime, timedelta

import pytest

from connectors import jira
from connectors.contract import Initiative, Members
from tests.fakes import jira as cloud
from tests.fakes import jira_issues as issues
from tests.fakes import jira_server as server
from ttv import explain, store
from ttv.route import Route

NOW = datetime(2026, 11, 1, tzinfo=UTC)
TOUCHED = "2026-11-01T00:08:00.000+0000"
"""Between the first and the second look."""
STORY = "jira:PAY-10"


@pytest.fixture(params=[cloud, server], ids=["cloud", "server"])
def fake(request):
    return request.param


@pytest.fixture
def account(fake):
    return fake.Account()


@pytest.fixture
def story(account):
    """A story with a label and a component, that starts twice; it hangs below no issue."""
    found = next(issue for issue in account.issues if issue["key"] == "PAY-10")
    found["fields"] |= {"labels": ["q3"], "components": [{"name": "Check out"}], "parent": None, "issuelinks": []}
    return found


@pytest.fixture
def looks(sqlite_engine, asking, fake, account):
    """A function that claims something, and one that looks and says which subjects are tied to it, over which path."""
    route, clock = Route(sqlite_engine, now=lambda: NOW), [NOW]
    asked = asking(jira, fake, account, initiatives="", groups={"big-ones": "labels = q3"})

    def claim(artefact):
        route.put_initiative(Initiative("x", "X", claims=(artefact,)))

    def look():
        clock[0] += timedelta(minutes=5)
        at = Route(sqlite_engine, now=lambda: clock[0])
        at.sync("jira", jira, asked.settings, asked.client, kind="jira", since=fake.SPAN[0])
        with store.reading(sqlite_engine) as connection:
            return {one["subject"]: one["path"] for one in explain.events(connection, "x", clock[0])}

    return claim, look


@pytest.mark.parametrize(
    "group", ["jira:project/PAY", "jira:component/PAY/Check out", "jira:label/q3", "jira:group/big-ones"]
)
def test_what_stands_in_a_group_belongs_to_who_claims_it_in_one_hop(looks, story, group):
    claim, look = looks
    claim(group)
    assert look()[STORY] == [STORY, group]


@pytest.mark.parametrize("group", ["jira:component/PAY/Check out", "jira:label/q3", "jira:group/big-ones"])
def test_an_issue_that_is_taken_out_of_a_group_is_untied_at_the_next_look(looks, story, group):
    claim, look = looks
    claim(group)
    assert look()
    story["fields"] |= {"labels": [], "components": [], "updated": TOUCHED}
    assert look() == {}


def test_an_issue_that_leaves_a_group_untouched_is_untied_and_one_that_enters_is_tied(looks, story, account):
    claim, look = looks
    claim("jira:group/big-ones")
    assert set(look()) == {STORY}
    other = next(issue for issue in account.issues if issue["key"] == "PAY-2")
    story["fields"]["labels"], other["fields"]["labels"] = [], ["q3"]
    assert set(look()) == {"jira:PAY-2"}


def test_a_moved_issue_takes_its_work_along(looks, story):
    claim, look = looks
    claim("jira:project/WEB")
    moved = {"field": "Key", "from": None, "fromString": "PAY-10", "to": None, "toString": "WEB-7"}
    story["key"] = "WEB-7"
    story["fields"] |= {"project": {"key": "WEB", "name": "Web"}, "updated": TOUCHED}
    story["changelog"]["histories"].append(issues.history("599", TOUCHED, moved))
    assert look()["jira:WEB-7"] == ["jira:WEB-7", "jira:project/WEB"]


def test_an_account_that_sees_a_project_no_more_takes_nothing_out_of_a_group(looks, story, account):
    claim, look = looks
    claim("jira:group/big-ones")
    assert set(look()) == {STORY}
    account.hide()
    assert set(look()) == {STORY}


CHAINS = {
    "parent, of any level": (
        {"parent": {"key": "PAY-10"}},
        {"parent": {"key": "PAY-12"}},
        {"parent": {"key": "WEB-3"}},
    ),
    "fields of epics and of plans": (
        {"parent": {"key": "PAY-10"}},
        {"parent": None, "customfield_10014": "PAY-12"},
        {"customfield_10018": "WEB-3"},
    ),
}


@pytest.mark.parametrize("chain", CHAINS)
def test_a_sub_task_is_traced_over_story_and_epic_to_its_initiative(looks, account, chain):
    claim, look = looks
    claim("jira:WEB-3")
    named = {issue["key"]: issue["fields"] for issue in account.issues}
    for key, above in zip(("PAY-2", "PAY-10", "PAY-12"), CHAINS[chain], strict=True):
        named[key] |= {"issuelinks": [], **above}
    assert look()["jira:PAY-2"] == ["jira:PAY-2", "jira:PAY-10", "jira:PAY-12", "jira:WEB-3"]


def test_who_stands_in_a_group_is_told_of_now_only_for_no_search_tells_of_then(asking, fake, account, story):
    asked = asking(jira, fake, account, groups={"big-ones": "labels = q3"})
    [found] = [item for item in asked.look() if isinstance(item, Members)]
    assert found == Members("jira:group/big-ones", (STORY,), within=("jira:PAY-", "jira:WEB-", "jira:ZOO-"))
    assert not [item for item in asked.look(*fake.SPAN) if isinstance(item, Members)]
