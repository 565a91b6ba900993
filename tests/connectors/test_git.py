"""What a repository's commits and tags become, and what late, forced and cut-off histories do."""

import subprocess
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import ValidationError

from connectors import git
from connectors.contract import Artefact, Event, Refused, Unavailable, Unreadable, Withdrawn
from tests.fakes import git as fake

BEGIN = fake.SPAN[0]
FIRST = datetime(2026, 4, 1, tzinfo=UTC)


@pytest.fixture
def account():
    return fake.Account()


class Clock:
    """A clock that a test sets."""

    def __init__(self):
        self.at = FIRST

    def __call__(self):
        return self.at


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def mirrored(served, opened, account, clock):
    """A function that mirrors the account, with some more settings, and returns looks at it."""

    def open_(**more):
        settings = git.Settings.model_validate({**fake.settings(served(account)), **more})
        client = opened(git.client, settings, now=clock)
        return lambda since=BEGIN, until=None: list(git.events(settings, client, since, until))

    return open_


@pytest.fixture
def local(opened, account):
    """A function that reads the account's own folder as it is, with some more settings."""

    def look(since=BEGIN, until=None, **more):
        settings = git.Settings.model_validate({"path": account.path, **more})
        return list(git.events(settings, opened(git.client, settings), since, until))

    return look


def events(items, kind):
    return {item.id.partition("/")[2]: item for item in items if isinstance(item, Event) and item.kind == kind}


def parents(items):
    return {item.key: item.parents for item in items if isinstance(item, Artefact)}


def withdrawn(items):
    return {item.id for item in items if isinstance(item, Withdrawn)}


def test_the_commits_of_the_main_line_are_changes(mirrored, account):
    items = mirrored()()
    found = events(items, "change")
    assert set(found) == {account.sha[n] for n in (1, 2, 4, 5, 7, 8, 9)}
    first = found[account.sha[1]]
    assert (first.title, first.actor) == ("PAY-12: begin", "Ana")
    assert first.subject == f"github:acme/shop@{account.sha[1]}"
    assert first.occurred_at == datetime(2026, 1, 3, 9, tzinfo=UTC)
    assert found[account.sha[2]].occurred_at == datetime(2026, 1, 10, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    ("mark", "named"),
    [
        (1, ("jira:PAY-12",)),
        (2, ("github:acme/shop#12",)),
        (3, ("jira:WEB-3",)),
        (4, ("github:acme/shop#13", "jira:PAY-7", "jira:WEB-3")),
        (5, ()),
        (6, ()),
        (7, ("github:acme/shop!14", "jira:PAY-8")),
        (8, ("github:acme/shop#15",)),
    ],
)
def test_a_commit_belongs_to_what_its_message_its_branch_and_its_merged_commits_name(mirrored, account, mark, named):
    assert parents(mirrored()())[f"github:acme/shop@{account.sha[mark]}"] == (*named, "github:acme/shop")


def test_without_a_prefix_pull_requests_have_no_name(local, account):
    found = parents(local())
    assert found[f"git:shop@{account.sha[4]}"] == ("jira:PAY-7", "jira:WEB-3", "git:shop")
    assert found[f"git:shop@{account.sha[2]}"] == ("git:shop",)


@pytest.fixture
def paths(mirrored, account):
    """A function that says of commits which of two paths they are below, however they came to the main line."""
    look = mirrored(paths=["services/checkout/", "a*b"])

    def below(*commits):
        found, here = parents(look()), "github:acme/shop"
        return [
            [one.removeprefix(f"{here}/paths/") for one in found[f"{here}@{sha}"] if "/paths/" in one]
            for sha in commits
        ]

    return below


def test_a_commit_belongs_to_the_paths_that_it_touches(paths, account):
    one = account.change("main", "2026-03-26T09:00:00Z", ["services/checkout/pay.py", "a*b"])
    two = account.change("main", "2026-03-27T09:00:00Z", ["services/checkout.py", "aab", "other/services/checkout/x"])
    assert paths(one, two, account.sha[5]) == [["services/checkout", "a*b"], [], []]


def test_a_merge_belongs_to_the_paths_that_it_brought_and_what_it_merged_to_its_own(paths, account):
    side = account.change("side2", "2026-03-26T09:00:00Z", ["services/checkout/pay.py"])
    more = account.change("side2", "2026-03-26T10:00:00Z", ["a*b"])
    merge = account.change("main", "2026-03-27T09:00:00Z", ["services/checkout/pay.py", "a*b", "last"], merged=more)
    assert paths(side, more, merge) == [["services/checkout"], ["a*b"], ["services/checkout", "a*b"]]


@pytest.mark.parametrize("path", ["", "/", "../x", "a/./b", "a\x00b"])
def test_a_path_must_lie_within_the_repository(account, path):
    with pytest.raises(ValidationError, match="a path from the top of the repository"):
        git.Settings.model_validate({"path": account.path, "paths": [path]})


def test_a_release_brings_the_commits_that_no_release_before_had(mirrored, account):
    found = events(mirrored()(), "deploy")
    assert set(found) == {"v1.0", "v1.1-rc1", "v1.1", "v1.2"}
    brought = {tag: {one.removeprefix("github:acme/shop@") for one in found[tag].refs} for tag in found}
    assert brought["v1.0"] == {account.sha[n] for n in (1, 2, 3, 4)}
    assert brought["v1.1"] == {account.sha[n] for n in (5, 6, 7, 8)}
    assert found["v1.1"].subject == "github:acme/shop/releases/v1.1"
    assert found["v1.1"].occurred_at == datetime(2026, 3, 6, 9, tzinfo=UTC)
    assert found["v1.1"].attributes == {"environment": "production", "status": "succeeded"}


def test_a_prerelease_ships_nothing_and_an_older_commit_put_back_neither(mirrored):
    found = events(mirrored()(), "deploy")
    assert found["v1.1-rc1"].attributes["environment"] == "prerelease"
    assert found["v1.1-rc1"].refs == ()
    assert (found["v1.2"].attributes["status"], found["v1.2"].refs) == ("rolled_back", ())


def test_the_first_release_does_not_swallow_what_is_older_than_its_days(mirrored, account):
    found = events(mirrored(first_release_days=10)(), "deploy")
    assert found["v1.0"].refs == (f"github:acme/shop@{account.sha[4]}",)
    assert len(found["v1.1"].refs) == 4


def test_a_release_can_be_dated_by_its_commit(mirrored):
    found = events(mirrored(released_at="commit")(), "deploy")
    assert found["v1.0"].occurred_at == datetime(2026, 1, 20, 9, tzinfo=UTC)
    assert found["v1.1-rc1"].occurred_at == datetime(2026, 2, 10, 9, tzinfo=UTC)


def test_a_commit_that_is_pushed_late_comes_with_the_look_that_gets_it(mirrored, account, clock):
    look = mirrored()
    look()
    account.push("main", account.commit("PAY-99 late", "2026-02-20T09:00:00Z"))
    clock.at = FIRST + timedelta(days=40)
    found = events(look(FIRST + timedelta(days=39)), "change")
    (late,) = found.values()
    assert (late.title, late.occurred_at) == ("PAY-99 late", datetime(2026, 2, 20, 9, tzinfo=UTC))


def test_a_forced_push_withdraws_what_it_took_away(mirrored, account, clock):
    look = mirrored()
    look()
    account.push("main", account.commit("Instead", "2026-03-27T09:00:00Z", parent=account.sha[8]))
    clock.at = FIRST + timedelta(days=1)
    items = look(FIRST + timedelta(hours=1))
    assert withdrawn(items) == {f"commit/{account.sha[9]}"}
    assert [one.title for one in events(items, "change").values()] == ["Instead"]
    assert withdrawn(look(BEGIN, FIRST)) == set()


def test_a_tag_made_late_on_an_old_commit_is_found(mirrored, account, clock):
    look = mirrored()
    look()
    account.tag("v1.0.1", account.sha[5])
    clock.at = FIRST + timedelta(days=1)
    found = events(look(FIRST + timedelta(hours=1)), "deploy")
    assert list(found) == ["v1.0.1"]
    assert found["v1.0.1"].occurred_at == datetime(2026, 2, 5, 9, tzinfo=UTC)


def test_a_tag_that_is_gone_is_withdrawn_and_one_that_comes_back_is_not(mirrored, account, clock):
    look = mirrored()
    look()
    account.untag("v1.2")
    clock.at = FIRST + timedelta(days=1)
    assert withdrawn(look(FIRST + timedelta(hours=1))) == {"release/v1.2"}
    account.tag("v1.2", account.sha[9], at="2026-03-28T09:00:00Z")
    clock.at = FIRST + timedelta(days=2)
    items = look(FIRST + timedelta(days=1, hours=1))
    assert withdrawn(items) == set()
    assert list(events(items, "deploy")) == ["v1.2"]


def test_where_nothing_says_when_a_commit_came_some_days_are_read_again(local, account):
    march = datetime(2026, 3, 10, tzinfo=UTC)
    assert set(events(local(march), "change")) == {account.sha[n] for n in (8, 9)}
    assert set(events(local(march, late_days=0), "change")) == {account.sha[9]}


def test_another_branch_can_be_the_main_line(local, account):
    found = events(local(branch="side"), "change")
    assert set(found) == {account.sha[n] for n in (1, 3)}
    with pytest.raises(Refused, match="has no branch nowhere"):
        local(branch="nowhere")


def test_a_shallow_clone_is_not_read_and_said_to_be_one(account, opened, tmp_path):
    shallow = tmp_path / "shallow"
    subprocess.run(["git", "clone", "-q", "--depth=2", f"file://{account.path}", shallow], check=True)
    settings = git.Settings(path=shallow)
    client = opened(git.client, settings)
    with pytest.raises(Unreadable, match=r"is a shallow clone.*git fetch --unshallow"):
        list(git.events(settings, client, BEGIN, None))
    assert any("shallow clone" in said for said in git.check(settings, client))


def test_a_wrong_token_is_refused_and_stands_nowhere(mirrored, caplog):
    caplog.set_level("DEBUG")
    with pytest.raises(Refused, match="check the address") as caught:
        mirrored(token="wrong-token-00")()
    assert "wrong-token-00" not in f"{caught.value!r}{caplog.text}"


def test_a_token_stands_in_no_list_of_processes(account):
    settings = git.Settings(path=account.path, url="https://git.example/a.git", token="s3cret")
    client = git.client(settings)
    assert "s3cret" not in repr(client) + repr(settings)
    assert "GIT_CONFIG_KEY_0" in client._environment()


def test_a_host_that_does_not_answer_is_unavailable(opened, tmp_path):
    settings = git.Settings(path=tmp_path / "m.git", url="http://127.0.0.1:9/a.git")
    with pytest.raises(Unavailable, match="git ls-remote failed"):
        list(git.events(settings, opened(git.client, settings), BEGIN, None))


@pytest.mark.parametrize("there", [True, False])
def test_a_folder_that_is_no_repository_is_refused(opened, tmp_path, there):
    settings = git.Settings(path=tmp_path if there else tmp_path / "none")
    with pytest.raises(Refused, match="git symbolic-ref failed"):
        list(git.events(settings, opened(git.client, settings), BEGIN, None))


def test_a_machine_without_git_is_told(local, monkeypatch):
    monkeypatch.setenv("PATH", "")
    with pytest.raises(Unreadable, match="install git"):
        local()


@pytest.mark.parametrize("url", ["--upload-pack=x", "ext::sh -c x", "https://me:token@git.example/a.git"])
def test_an_address_that_would_run_something_or_hold_a_token_is_no_address(tmp_path, url):
    with pytest.raises(ValidationError):
        git.Settings(path=tmp_path, url=url)


def test_a_check_says_what_the_repository_has(account, opened):
    settings = git.Settings(path=account.path)
    assert list(git.check(settings, opened(git.client, settings))) == [
        "main line main: 7 commits",
        "4 tags are releases, the last is v1.2",
        "it does not write down when commits came: those pushed after 14 days are missed",
    ]


def test_a_release_that_is_tagged_with_a_message_and_pushed_late_is_found(mirrored, account, clock):
    look = mirrored()
    look()
    account.tag("v1.3", account.sha[9], at="2026-03-29T09:00:00Z")
    clock.at = FIRST + timedelta(days=9)
    found = events(look(FIRST + timedelta(days=8)), "deploy")
    assert list(found) == ["v1.3"]
    assert found["v1.3"].refs == (f"github:acme/shop@{account.sha[9]}",)
