"""What `ttv connect` is told of each tool: what is there, and settings that the connector takes and that fit it."""

import importlib

import pytest

import connectors
from connectors import github
from connectors._meanings import looking_like
from connectors.contract import Refused
from tests.fakes import faults
from tests.fakes import github as fake_github
from tests.fakes import gitlab as fake_gitlab
from tests.fakes import intercom as fake_intercom
from tests.fakes import jira as fake_jira
from tests.fakes import zendesk as fake_zendesk
from tests.fakes.web import linked, said

SURVEYED = [name for name in connectors.names() if hasattr(connectors.load(name), "survey")]


class Site(fake_jira.Account):
    """A Jira that has what a survey looks at; of an own server if told so."""

    def __init__(self, *, server=False):
        super().__init__()
        api = "/rest/api/2" if server else "/rest/api/3"
        listed = {
            "issuetype": [
                _type("Idea", 0),
                _type("Initiative", 2),
                _type("Epic", 1),
                _type("Sub-task", -1, subtask=True),
            ],
            "resolution": [{"name": "Done"}, {"name": "Won't Do"}],
            "field": [
                _field("customfield_1", "Idea date", "date"),
                _field("customfield_2", "Start date", "date"),
            ],
        }
        own = [(f"{api}/{name}", lambda *_, rows=rows: rows) for name, rows in listed.items()]
        if server:
            own += [
                ("/rest/api/3/.*", lambda *_: said({"message": "null for uri"}, 404)),
                (f"{api}/serverInfo", lambda *_: {"deploymentType": "Server"}),
                (f"{api}/myself", lambda *_: {"name": "ana", "displayName": "Ana Lima"}),
                (f"{api}/status", lambda *_: [fake_jira.in_status(id_) for id_ in fake_jira.STATUSES]),
                (f"{api}/project", lambda *_: [{"key": "PAY", "name": "Payments"}, {"key": "OLD", "archived": True}]),
                (f"{api}/search", lambda *_: {"issues": self.issues, "total": len(self.issues), "startAt": 0}),
            ]
        self.routes = [*own, *self.routes]


class Hub(fake_github.Account):
    """A GitHub that has what a survey looks at."""

    def __init__(self):
        super().__init__()
        labels = ["idea", "bug", "Accepted", "decision: rejected", "customer-feedback", "later"]
        self.routes = [
            ("/user", lambda *_: {"login": "ana"}),
            ("/user/repos", lambda request, _: linked(request, self.repositories)),
            ("/repos/acme/pay/labels", lambda *_: [{"name": name} for name in labels]),
            ("/repos/acme/pay/environments", lambda *_: {"environments": [{"name": "staging"}, {"name": "EU-Prod"}]}),
            *self.routes,
        ]
        self.repositories = [
            {"full_name": "acme/fork", "fork": True, "pushed_at": "2026-08-01T00:00:00Z"},
            {"full_name": "acme/pay", "private": True, "pushed_at": "2026-08-02T00:00:00Z"},
            {"full_name": "acme/old", "pushed_at": "2024-01-01T00:00:00Z"},
            {"full_name": "acme/attic", "archived": True, "pushed_at": "2026-08-03T00:00:00Z"},
        ]


class Desk(fake_zendesk.Account):
    """A Zendesk with ticket fields."""

    def __init__(self):
        super().__init__()
        fields = [(1, "Subject", False), (360001, "Jira issue", True), (360002, "Refund", True)]
        told = [{"id": id_, "title": title, "removable": own} for id_, title, own in fields]
        self.routes = [("/api/v2/ticket_fields.json", lambda *_: {"ticket_fields": told}), *self.routes]


class Workspace(fake_intercom.Account):
    """An Intercom with attributes of conversations."""

    def __init__(self):
        super().__init__()
        told = [{"name": "jira_key", "label": "Jira key", "custom": True}, {"name": "state", "custom": False}]
        me = {"id": "1", "name": "Ana", "email": "ana@acme.example", "app": {"name": "Acme"}}
        self.routes = [("/data_attributes", lambda *_: {"data": told}), ("/me", lambda *_: me), *self.routes]


class Lab(fake_gitlab.Account):
    """A GitLab with labels, and a project that nobody has touched for years."""

    def __init__(self):
        super().__init__()
        labels = ["idea", "state::accepted", "bug"]
        told = [
            {**self.project, "last_activity_at": "2026-08-01T00:00:00Z"},
            {**self.project, "id": 82, "path_with_namespace": "acme/old", "last_activity_at": "2023-01-01T00:00:00Z"},
        ]
        self.routes = [
            ("/api/v4/projects", lambda *_: told),
            ("/api/v4/projects/81/labels", lambda *_: [{"name": name} for name in labels]),
            *self.routes,
        ]


ACCOUNTS = {"gitlab": Lab, "jira": Site, "github": Hub, "zendesk": Desk, "intercom": Workspace}


def _type(name, level, *, subtask=False):
    return {"name": name, "hierarchyLevel": level, "subtask": subtask}


def _field(id_, name, kind, **schema):
    return {"id": id_, "name": name, "custom": True, "schema": {"type": kind, **schema}}


@pytest.fixture
def survey(asking):
    """A function that looks around in an account by its connector."""

    def surveyed(name, account=None, wrap=lambda app: app):
        connector, fake = connectors.load(name), importlib.import_module(f"tests.fakes.{name}")
        asked = asking(connector, fake, account or ACCOUNTS[name](), wrap)
        return connector.survey(asked.settings, asked.client)

    return surveyed


def proposed(found):
    return {one.key: one.value for one in found.proposals}


def rows(found, what):
    return next(sight.rows for sight in found.sights if sight.what == what)


@pytest.mark.parametrize("name", SURVEYED)
def test_what_is_proposed_are_settings_that_the_connector_takes(survey, name):
    fake = importlib.import_module(f"tests.fakes.{name}")
    found = survey(name)
    assert found.account
    given = dict(fake.settings("https://tool.example"))
    for key, value in proposed(found).items():
        *above, last = key.split(".")
        table = given
        for part in above:
            table = table.setdefault(part, {})
        table[last] = value
    settings = connectors.load(name).Settings.model_validate(given)
    assert proposed(found)
    assert settings
    assert all(one.reason for one in found.proposals)


@pytest.mark.parametrize("name", SURVEYED)
def test_the_rows_of_what_is_seen_fit_their_columns(survey, name):
    for sight in survey(name).sights:
        assert all(len(row) == len(sight.columns) for row in sight.rows), sight.what
        assert all(isinstance(cell, str) for row in sight.rows for cell in row), sight.what


@pytest.mark.parametrize("name", SURVEYED)
def test_a_survey_with_a_wrong_token_is_refused(survey, name):
    with pytest.raises(Refused):
        survey(name, wrap=faults.refused)


def test_jira_s_types_statuses_and_fields_are_proposed_by_their_names(survey):
    found = survey("jira")
    assert found.account.startswith("Ana Lima at http://127.0.0.1")
    assert found.account.endswith(", Jira Cloud")
    assert proposed(found) == {
        "projects": ("PAY", "WEB", "ZOO"),
        "ideas": ("Idea", "Initiative"),
        "initiatives": "issuetype = Initiative",
        "statuses.approved": ("Approved",),
        "statuses.rejected": ("Rejected", "Won't Do"),
        "statuses.deferred": ("Deferred",),
        "statuses.considering": ("Under Review", "In Review"),
        "idea_date_field": "customfield_1",
    }
    assert ("Rejected", "done", "1") in rows(found, "Statuses")
    assert ("customfield_2", "Start date", "") in rows(found, "Date fields of your own")


def test_a_jira_without_any_of_that_is_said_to_have_none(survey):
    site = fake_jira.Account()
    site.routes = [("/rest/api/3/status", lambda *_: []), *site.routes]
    found = survey("jira", site)
    assert list(proposed(found)) == ["projects"]
    assert len(found.notes) == 3
    assert "no status looks like a yes to an idea" in found.notes[0]


def test_an_own_server_of_jira_is_looked_at_by_its_older_api(survey):
    found = survey("jira", Site(server=True))
    assert proposed(found)["projects"] == ("PAY",)
    assert found.account.endswith("Data Center")
    assert proposed(found)["statuses.approved"] == ("Approved",)


def test_what_customers_ask_for_in_service_projects_is_feedback(survey):
    site = Site()
    projects = [{"key": "HELP", "name": "Help", "projectTypeKey": "service_desk"}, {"key": "PAY", "name": "Payments"}]
    answer = {"values": projects, "isLast": True}
    site.routes = [("/rest/api/3/project/search", lambda *_: answer), *site.routes]
    found = survey("jira", site)
    assert proposed(found)["feedback.projects"] == ("HELP",)
    assert proposed(found)["feedback.own_domains"] == ("example.com",)
    assert ("HELP", "Help", "service desk: requests of customers", "0 lately touched") in rows(found, "Projects")


def test_without_a_type_called_so_the_level_above_epics_is_that_of_initiatives(survey):
    site = Site()
    site.routes = [("/rest/api/3/issuetype", lambda *_: [_type("Big theme", 2), _type("Epic", 1)]), *site.routes]
    assert proposed(survey("jira", site))["initiatives"] == 'issuetype = "Big theme"'


def test_github_s_living_repositories_labels_and_environments_are_proposed(survey):
    found = survey("github")
    assert found.account == "ana"
    assert proposed(found) == {
        "repositories": ("acme/pay",),
        "deploys_from": "deployments",
        "production": ("EU-Prod",),
        "idea_labels": ("idea",),
        "approved_labels": ("Accepted",),
        "rejected_labels": ("decision: rejected",),
        "deferred_labels": ("later",),
        "feedback_labels": ("customer-feedback",),
    }
    seen = rows(found, "Repositories")
    assert [row[:3] for row in seen] == [
        ("acme/attic", "public, archived", "2026-08-03"),
        ("acme/pay", "private", "2026-08-02"),
        ("acme/fork", "public, a fork", "2026-08-01"),
        ("acme/old", "public", "2024-01-01"),
    ]


def test_a_github_that_has_releases_alone_deploys_by_them(survey):
    hub = Hub()
    hub.deployments = []
    assert proposed(survey("github", hub))["deploys_from"] == "releases"


def test_an_app_of_github_sees_what_it_is_installed_in(survey):
    hub = Hub()
    wrapped = {"total_count": 4, "repositories": hub.repositories}
    hub.routes = [
        ("/user", lambda *_: said({"message": "Resource not accessible by integration"}, 403)),
        ("/installation/repositories", lambda *_: wrapped),
        *hub.routes,
    ]
    found = survey("github", hub)
    assert found.account == "an app's installation"
    assert proposed(found)["repositories"] == ("acme/pay",)


def test_github_without_a_token_does_not_say_what_there_is(opened, served):
    settings = github.Settings.model_validate({"url": served(Hub()), "repositories": []})
    with pytest.raises(Refused, match="make a token"):
        github.survey(settings, opened(github.client, settings))


def test_gitlab_s_living_projects_and_their_labels_are_proposed(survey):
    found = survey("gitlab")
    assert found.account.startswith("ttv-bot at http://")
    wanted = {"projects": ("acme/shop/pay",), "idea_labels": ("idea",), "approved_labels": ("state::accepted",)}
    assert proposed(found) == wanted
    assert rows(found, "Projects") == (("acme/shop/pay", "2026-08-01"), ("acme/old", "2023-01-01"))


def test_zendesk_s_fields_that_may_name_an_issue_and_the_own_domain_are_proposed(survey):
    found = survey("zendesk")
    assert found.account.startswith("Ana Lima, admin, at http://")
    assert proposed(found) == {"link_fields": (360001,), "internal_domains": ("example.com",)}
    assert rows(found, "Ticket fields of your own") == (("360001", "Jira issue"), ("360002", "Refund"))
    assert found.notes == ()


def test_an_agent_of_zendesk_is_told_that_it_does_not_suffice(survey):
    desk = Desk()
    desk.user["role"] = "agent"
    assert survey("zendesk", desk).notes == ("the export of tickets needs an administrator",)


def test_intercom_s_attributes_that_may_name_an_issue_are_proposed(survey):
    found = survey("intercom")
    assert found.account == "Ana to Acme"
    assert proposed(found) == {"link_attributes": ("jira_key",), "internal_domains": ("acme.example",)}


@pytest.mark.parametrize(
    ("name", "meaning"),
    [
        ("Approved by the board", "approved"),
        ("state::accepted", "approved"),
        ("Selected for Development", "approved"),
        ("Go", "approved"),
        ("Ready for development", "approved"),
        ("Genehmigt", "approved"),
        ("Won\N{RIGHT SINGLE QUOTATION MARK}t fix", "rejected"),
        ("No-Go", "rejected"),
        ("On Hold (budget)", "deferred"),
        ("Waiting for approval", "considering"),
        ("Product idea", "idea"),
        ("Feature request", "idea"),
        ("Date requested", "idea_date"),
        ("Jira key", "issue"),
        ("eu-prod-2", "production"),
    ],
)
def test_a_name_means_what_it_says(name, meaning):
    assert looking_like([name], meaning) == (name,)


@pytest.mark.parametrize(
    ("name", "meaning"),
    [
        ("Not approved", "approved"),
        ("Going live", "approved"),
        ("Waiting for approval", "approved"),
        ("Ready for review", "approved"),
        ("Start date", "idea_date"),
        ("Product", "production"),
        ("Delivered", "production"),
        ("Bug", "idea"),
    ],
)
def test_a_name_does_not_mean_what_it_does_not_say(name, meaning):
    assert looking_like([name], meaning) == ()


def test_connectors_that_can_be_surveyed_are_these():
    """A new one needs an account above."""
    assert sorted(ACCOUNTS) == SURVEYED
