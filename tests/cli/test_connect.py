"""`ttv connect`: asked and answered over real HTTP, with the invented company's tools."""

import stat
from pathlib import Path

import pytest

from tests import invented
from ttv import config, store
from ttv.demo import github, jira
from ttv.demo.company import Company
from ttv.demo.web import EMAIL, TOKEN

ENVIRON = {"TTV_JIRA_TOKEN": TOKEN, "TTV_GITHUB_TOKEN": TOKEN}


@pytest.fixture(scope="module")
def company():
    return Company("quillmere", store.now(), 12)


@pytest.fixture
def site(served, company):
    """The address of the company's Jira."""
    return served(jira.app(company, store.now, throttle_every=0))


@pytest.fixture
def hub(served, company):
    """The address of the company's GitHub."""
    return served(github.app(company, store.now, throttle_every=0))


def settings(environ=ENVIRON, name="jira"):
    return next(one.settings for one in config.load(None, environ).sources if one.name == name)


def test_a_tool_is_connected_by_options_alone(run, site):
    told = run("connect", "jira", "--url", site, "--email", EMAIL, "--yes", environ=ENVIRON).stdout
    found = settings()
    assert "signed in: " in told
    assert "ttv doctor" in told
    assert (found.url, found.email, found.token.get_secret_value()) == (site, EMAIL, TOKEN)
    assert set(found.projects) == {"PAY", "FIND", "JOIN", "SHIP", "PLAT", "APP", "HEAR"}
    assert found.statuses.approved == ("Approved",)
    assert TOKEN not in Path("ttv.toml").read_text() + told
    assert "✓ source jira: signed in as" in run("doctor", environ=ENVIRON).stdout


def test_what_is_not_said_is_asked_and_what_is_proposed_may_be_changed(run, site):
    answers = [site, EMAIL, TOKEN, "projects", "PAY, FIND", "statuses.start", "In Progress", "", "file"]
    told = run("connect", "jira", stdin="\n".join([*answers, ""])).stdout
    found = settings(environ={})
    assert found.projects == ("PAY", "FIND")
    assert found.statuses.start == ("In Progress",)
    assert found.statuses.rejected == ("Rejected",)
    kept = Path("secrets/jira-token")
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert stat.S_IMODE(kept.parent.stat().st_mode) == 0o700
    assert Path("secrets/.gitignore").read_text() == "*\n"
    assert 'token = { file = "secrets/jira-token" }' in Path("ttv.toml").read_text()
    assert found.token.get_secret_value() == TOKEN
    assert TOKEN not in Path("ttv.toml").read_text() + told


def test_a_wrong_token_is_told_in_words_and_asked_for_again(run, site):
    answers = [site, EMAIL, "wrong", "", "", TOKEN, "", "environment"]
    result = run("connect", "jira", stdin="\n".join([*answers, ""]))
    assert "401" in result.stderr
    assert "check the token" in result.stderr
    assert "export TTV_JIRA_TOKEN=" in result.stdout
    assert "wrong" not in result.output
    assert settings().token.get_secret_value() == TOKEN


def test_an_address_that_is_none_is_asked_for_again(run, site):
    answers = ["ftp://jira", site, EMAIL, TOKEN, "", "file"]
    result = run("connect", "jira", stdin="\n".join([*answers, ""]))
    assert "✗ url must begin with https:// or http://" in result.stderr
    assert settings(environ={}).url == site


def test_without_being_asked_a_wrong_token_ends_it_and_nothing_is_written(run, site):
    environ = {"MY_TOKEN": "wrong"}
    options = ["--url", site, "--email", EMAIL, "--token-env", "MY_TOKEN", "--yes"]
    said = run("connect", "jira", *options, exit_code=1, environ=environ).stderr
    assert "401" in said
    assert "check the token" in said
    assert not Path("ttv.toml").exists()


def test_a_host_that_is_not_there_is_told_without_a_long_wait(run):
    options = ["--url", "http://127.0.0.1:1", "--email", EMAIL, "--yes"]
    assert "connection refused" in run("connect", "jira", *options, exit_code=1, environ=ENVIRON).stderr


def test_what_stands_in_the_configuration_stays_and_a_source_is_replaced_only_if_told(run, hub):
    before = '# mine\n[ttv]\nport = 9000  # so\n\n[sources.github]\ntype = "github"\nrepositories = []\nevery = "5m"\n'
    Path("ttv.toml").write_text(before)
    options = ["connect", "github", "--url", hub, "--set", "repositories=quillmere/app,quillmere/search", "--yes"]
    assert "has a source github already" in run(*options, exit_code=2, environ=ENVIRON).stderr
    assert Path("ttv.toml").read_text() == before
    run(*options, "--name", "pay", "--token-env", "TTV_GITHUB_TOKEN", environ=ENVIRON)
    assert Path("ttv.toml").read_text().startswith(before)
    run(*options, "--replace", environ=ENVIRON)
    text = Path("ttv.toml").read_text()
    assert text.startswith("# mine\n[ttv]\nport = 9000  # so\n")
    assert 'every = "5m"' in text
    for name in ("github", "pay"):
        assert settings(name=name).repositories == ("quillmere/app", "quillmere/search")


def test_a_token_s_file_may_be_named(run, hub, tmp_path):
    kept = tmp_path / "elsewhere" / "hub"
    run("connect", "github", "--url", hub, "--token-file", kept, stdin=f"{TOKEN}\n\n")
    assert kept.read_text() == f"{TOKEN}\n"
    run("connect", "github", "--name", "two", "--url", hub, "--token-file", kept, "--yes")
    assert settings(environ={}, name="two").token.get_secret_value() == TOKEN


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["jira", "--yes"], "there is no token"),
        (["jira", "--yes", "--token-env", "T"], "there is no url"),
        (["jira", "--yes", "--token-env", "NONE"], "the environment variable NONE is not set"),
        (["jira", "--yes", "--name", "api"], '"api" is no name for a source'),
        (["jira", "--yes", "--set", "projets=PAY"], 'projets is no setting of it; did you mean "projects"?'),
        (["jira", "--yes", "--set", "projects"], "write --set KEY=VALUE"),
        (["github", "--yes", "--set", "repositories=pay"], "must each be owner/name"),
        (["jra"], "there is no connector 'jra'; there are"),
        (["tests.invented"], "only you know what there is to read by the connector tests.invented"),
        (["rest"], "only you know what there is to read by the connector rest"),
    ],
)
def test_what_cannot_be_is_said_before_anything_is_asked(run, arguments, said):
    assert said in run("connect", *arguments, exit_code=2, environ={"T": "t"}).stderr
    assert not Path("ttv.toml").exists()


def test_a_connector_of_one_s_own_is_connected_by_its_dotted_path(run, monkeypatch):
    from connectors.contract import Proposal, Survey

    def survey(settings, client):
        return Survey(f"me at {settings.url}", proposals=(Proposal("ideas", ("a", "b"), "there are two"),))

    def client(settings, **_):
        return invented.Client()

    monkeypatch.setattr(invented, "survey", survey, raising=False)
    monkeypatch.setattr(invented, "client", client)
    environ = {"TTV_INVENTED_TOKEN": "t"}
    run("connect", "tests.invented", "--url", "tool.example", "--set", "mode=mine", "--yes", environ=environ)
    found = settings(environ, "invented")
    assert (found.url, found.ideas, found.mode) == ("https://tool.example", ("a", "b"), "mine")
