"""GitLab's census: what is deleted, and never what the token may not see."""

import re

import pytest

from connectors import gitlab
from tests.fakes import gitlab as fake


@pytest.fixture
def account():
    return fake.Account()


def test_a_census_asks_a_list_and_only_of_what_that_leaves_out_by_itself(asking, account):
    asked = asking(gitlab, fake, account)
    account.delete()
    account.asked.clear()
    subjects = [f"gitlab:acme/shop/pay#{iid}" for iid in (1, 2, 3, 4, 5)] + ["gitlab:acme/shop/pay!12", "gitlab:acme&1"]
    assert asked.gone(subjects) == ["gitlab:acme/shop/pay#3"]
    paths = [path for _, path, *_ in account.asked]
    assert [path for path in paths if re.search(r"/issues/\d+$", path)] == ["/api/v4/projects/81/issues/3"]


@pytest.mark.parametrize(
    ("permissions", "told"),
    [
        ({"project_access": {"access_level": 20}, "group_access": None}, True),
        ({"project_access": {"access_level": 15}, "group_access": {"access_level": 40}}, True),
        ({"project_access": {"access_level": 15}, "group_access": None}, False),
        (None, False),
    ],
)
def test_a_census_is_silent_where_the_token_may_not_see_everything(asking, account, permissions, told):
    account.delete()
    account.permissions = permissions
    assert asking(gitlab, fake, account).gone(["gitlab:acme/shop/pay#3"]) == ["gitlab:acme/shop/pay#3"] * told
