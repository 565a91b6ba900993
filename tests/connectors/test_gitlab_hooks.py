"""GitLab's webhooks: signed or carrying their secret, and asking for a look where one tells something."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from connectors import gitlab
from connectors.contract import Delivery, Refused, Unreadable

SECRET = "hook-secret"
NOW = timedelta(0)


def settings(**more):
    said = {"token": "glpat", "webhook_secret": SECRET, "projects": ["acme/shop/pay"], "groups": ["Acme/Tools"], **more}
    return gitlab.Settings.model_validate(said)


def sent(told, headers=None, **more):
    body = told if isinstance(told, bytes) else json.dumps(told).encode()
    return list(gitlab.received(settings(**more), headers or {"X-Gitlab-Token": SECRET}, body))


def look_in(told, **more):
    (delivery,) = sent(told, **more)
    return delivery.look_in


def of(kind, path="acme/shop/pay", changes=None, **attributes):
    attributes = {"updated_at": "2026-04-14 05:57:56 UTC", **attributes}
    told = {"object_kind": kind, "project": {"path_with_namespace": path}, "object_attributes": attributes}
    return told | ({"changes": changes} if changes else {})


def deployment(status):
    return {
        "object_kind": "deployment",
        "status": status,
        "status_changed_at": "2026-04-14 07:57:56 +0200",
        "project": {"path_with_namespace": "acme/shop/pay"},
    }


@pytest.mark.parametrize("headers", [{"X-Gitlab-Event": "Issue Hook"}, {"X-Gitlab-Token": "hook-secre"}])
def test_without_the_secret_nothing_is_read(headers):
    with pytest.raises(Refused, match="X-Gitlab-Token"):
        sent(b"no json", headers)


def test_a_signed_webhook_is_verified_by_its_signature_and_says_when_it_was_signed():
    token = "whsec_dGVzdHRlc3R0ZXN0dGVzdHRlc3R0ZXN0dGVzdHRlc3Q="
    headers = {
        "webhook-id": "msg_1",
        "webhook-timestamp": "1788426041",
        "webhook-signature": "v1,BG+Z/w6cKV3J5Vsi1KHsR4PUgTb5/fVBqKFnRRrQiUU=",
        "X-Gitlab-Token": "another",
    }
    (said,) = sent(b'{"a":1}', headers, webhook_secret=token)
    assert said == Delivery(signed_at=datetime(2026, 9, 3, 9, 0, 41, tzinfo=UTC))
    with pytest.raises(Refused, match="webhook-signature"):
        sent(b'{"a":2}', headers, webhook_secret=token)


def test_the_headers_of_a_webhook_that_is_not_signed_do_not_ask_for_a_signature():
    """GitLab 19 sends the id and the time always."""
    headers = {"webhook-id": "msg_1", "webhook-timestamp": "1788426041", "X-Gitlab-Token": SECRET}
    assert sent(of("issue", action="open"), headers)[0].look_in == NOW


@pytest.mark.parametrize(
    "told",
    [
        of("issue", action="open"),
        of("issue", action="close"),
        of("issue", action="reopen"),
        of("issue", action="update", changes={"labels": {}, "updated_at": {}}),
        of("work_item", action="update", changes={"title": {}}),
        of("merge_request", action="open"),
        of("merge_request", action="merge"),
        of("merge_request", action="update", changes={"description": {}}),
        deployment("success"),
        deployment("failed"),
        {"object_kind": "release", "action": "create", "project": {"path_with_namespace": "acme/shop/pay"}},
    ],
)
def test_what_a_look_makes_something_of_asks_for_one(told):
    assert look_in(told) == NOW


@pytest.mark.parametrize(
    "told",
    [
        of("issue", action="update", changes={"assignees": {}, "updated_at": {}}),
        of("merge_request", action="update"),
        of("note"),
        of("pipeline"),
        deployment("running"),
        deployment("canceled"),
        {"object_kind": "push"},
        {"event_name": "project_create", "path_with_namespace": "acme/shop/pay"},
    ],
)
def test_all_else_asks_for_none(told):
    assert look_in(told) is None


def test_only_projects_that_are_read_are_heard():
    heard = ["acme/shop/pay", "ACME/Shop/Pay", "acme/tools/cli", "acme/tools/deep/er"]
    others = ["acme/shop", "acme/shop/payments", "acme/toolshed/x", "evil/acme/shop/pay"]
    assert [look_in(of("issue", path, action="open")) for path in heard] == [NOW] * 4
    assert [look_in(of("issue", path, action="open")) for path in others] == [None] * 4
    assert look_in(of("issue", "any/where", action="open"), projects=[], groups=[]) == NOW


def test_an_epic_of_a_group_that_is_read_is_heard():
    epic = {"object_kind": "work_item", "group": {"full_path": "acme/tools"}, "object_attributes": {"action": "open"}}
    assert look_in(epic) == NOW


@pytest.mark.parametrize(
    "told", [of("issue", action="open"), of("merge_request", action="merge"), deployment("success")]
)
def test_it_says_when_what_it_tells_was_so(told):
    """To the end of the second to which GitLab cuts it."""
    (delivery,) = sent(told)
    assert delivery.as_of == datetime(2026, 4, 14, 5, 57, 57, tzinfo=UTC)


def test_a_body_that_is_no_json_is_unreadable():
    with pytest.raises(Unreadable):
        sent(b"object_kind=push")
