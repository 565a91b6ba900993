"""CDEvents: what each of the vocabulary becomes, and what belongs to what, over all examples of the specification."""

import json
import re
from datetime import UTC, datetime

import pytest

from connectors import cloudevents
from connectors.contract import Artefact, Event

AT = datetime(2023, 3, 20, 14, 27, 5, 315384, tzinfo=UTC)
TICKET_AT = datetime(2022, 11, 11, 13, 52, 20, 79000, tzinfo=UTC)
CHANGE = "cdevents:/event/source/123/change/mySubject123"
EXPECTED = {
    "change_created": ("start", CHANGE, {}),
    "change_merged": ("change", CHANGE, {}),
    "service_deployed": ("deploy", None, {"environment": "test123", "status": "succeeded", "service": "mySubject123"}),
    "service_upgraded": ("deploy", None, {"environment": "test123", "status": "succeeded", "service": "mySubject123"}),
    "service_published": ("deploy", None, {"environment": "test123", "status": "succeeded", "service": "mySubject123"}),
    "service_rolledback": (
        "deploy",
        None,
        {"environment": "test123", "status": "rolled_back", "service": "mySubject123"},
    ),
}
"""What the examples are that are events; None for a subject that is the event itself."""


@pytest.fixture(scope="module")
def examples(data):
    """Every example of the specification, by its name."""
    found = {path.stem: json.loads(path.read_text()) for path in (data / "cdevents/conformance").glob("*.json")}
    assert len(found) == 48
    return found


def envelope(told, **more):
    context = told["context"]
    known = {name: context[name] for name in ("id", "source", "type")}
    return {"specversion": "1.0", **known, "subject": told["subject"]["id"], "data": told, **more}


def read(told, **settings):
    return cloudevents.cdevent(envelope(told), cloudevents.Settings(**settings))


def a_cdevent(type_, subject_id, content, *, id_="e-1", custom=None, source="/ci/shop", **context):
    told = {
        "context": {
            "specversion": "0.6.0-draft",
            "id": id_,
            "source": source,
            "type": f"dev.cdevents.{type_}",
            "timestamp": "2026-09-21T10:06:40Z",
            **context,
        },
        "subject": {"id": subject_id, "content": content},
    }
    return told | ({"customData": custom} if custom is not None else {})


def event(told, **settings):
    found, passed = read(told, **settings)
    assert passed is None
    return found[0]


def test_every_example_is_an_event_or_passed_over_with_a_reason(examples):
    for name, told in examples.items():
        items, passed = read(told)
        events = [item for item in items if isinstance(item, Event)]
        assert (len(events), passed is None) == ((1, True) if name in EXPECTED else (0, False)), name
        assert name in EXPECTED or len(passed) > 20, name


@pytest.mark.parametrize("name", EXPECTED)
def test_an_example_becomes_what_it_means(examples, name):
    kind, subject, attributes = EXPECTED[name]
    told = examples[name]
    found = event(told)
    assert (found.id, found.kind, found.occurred_at) == (told["context"]["id"], kind, AT)
    assert found.subject == (subject or f"cdevents:{told['context']['id']}")
    assert dict(found.attributes) == attributes
    chain, before = f"cdevents:chain/{told['context']['chainId']}", "cdevents:5328c37f-bb7e-4bb7-84ea-9f5f85e4a7ce"
    assert {chain, before} <= set(found.refs)


def test_every_example_leads_to_what_came_before_it(examples):
    for name, told in examples.items():
        items, _ = read(told)
        key = f"cdevents:{told['context']['id']}"
        ties = [item.parents for item in items if isinstance(item, Artefact) and item.key == key]
        ties += [item.refs for item in items if isinstance(item, Event) and item.subject == key]
        wanted = {"cdevents:5328c37f-bb7e-4bb7-84ea-9f5f85e4a7ce"} if told["context"].get("links") else set()
        assert len(ties) == 1, name
        assert wanted <= set(ties[0]), name


@pytest.mark.parametrize("version", ["0.1.0", "0.2.0", "0.3.0", "1.4.22", "0.4.0-draft", "v1"])
def test_a_type_of_any_version_is_read(examples, version):
    told = examples["service_deployed"]
    found = cloudevents.cdevent(envelope(told, type=f"dev.cdevents.service.deployed.{version}"), cloudevents.Settings())
    assert found.items[0].kind == "deploy"
    assert cloudevents.cdevent(envelope(told, type="dev.cdevents.service.deployed"), cloudevents.Settings()).items


def test_the_names_of_older_versions_are_read_too(examples):
    told = examples["pipelinerun_finished"]
    found = cloudevents.cdevent(envelope(told, type="dev.cdevents.pipelineRun.finished.0.1.0"), cloudevents.Settings())
    assert found.passed == "pipelinerun finished is nothing that a figure is made of"


@pytest.mark.parametrize(
    ("place", "environment"),
    [("production", "production"), ("Prod", "production"), ("live/eu", "production"), ("staging", "staging")],
)
def test_environments_that_are_production_are_called_so(place, environment):
    told = a_cdevent("service.deployed.0.3.0", "shop/api", {"environment": {"id": place}, "artifactId": "pkg:oci/a@1"})
    assert event(told).attributes["environment"] == environment


def test_production_may_be_named_otherwise():
    told = a_cdevent("service.deployed.0.3.0", "shop/api", {"environment": {"id": "eu-west"}})
    found = event(told, production=["eu-*"])
    assert (found.attributes["environment"], found.attributes["environment_name"]) == ("production", "eu-west")


def test_a_deploy_carries_its_artefact_its_chain_and_the_issues_that_it_names():
    content = {"environment": {"id": "production"}, "artifactId": f"pkg:github/acme/shop@{'4f' * 20}"}
    told = a_cdevent("service.deployed.0.3.0", "shop/api", content, custom={"issueKeys": ["SHOP-77"]}, chainId="c-77")
    found = event(told)
    assert found.subject == "cdevents:e-1"
    assert found.refs == (f"github:acme/shop@{'4f' * 20}", "cdevents:chain/c-77", "jira:SHOP-77")
    assert found.title == "shop/api to production"


def test_a_deploy_reaches_its_issue_over_the_builds_between():
    """By links: the ticket's change, a build, a package, and the deploy."""
    change = a_cdevent("change.merged.0.3.0", "c1", {"description": "PAY-9: faster"}, id_="e-1")
    link = {"linkType": "PATH", "from": {"contextId": "e-1"}}
    build = a_cdevent("build.finished.0.3.0", "b1", {"artifactId": "pkg:oci/a@1"}, id_="e-2", links=[link])
    link = {"linkType": "PATH", "from": {"contextId": "e-2"}}
    content = {"environment": {"id": "production"}}
    deploy = a_cdevent("service.deployed.0.3.0", "s", content, id_="e-3", links=[link])
    parents = {}
    for told in (change, build, deploy):
        for item in read(told).items:
            if isinstance(item, Event):
                parents.setdefault(item.subject, set()).update(item.refs)
            else:
                parents.setdefault(item.key, set()).update(item.parents)
    reached, wave = set(), {"cdevents:e-3"}
    while wave:
        reached |= wave
        wave = {parent for key in wave for parent in parents.get(key, ())} - reached
    assert {"cdevents:e-2", "cdevents:e-1", "cdevents:/ci/shop/change/c1", "jira:PAY-9"} <= reached


def test_a_package_belongs_to_its_change(examples):
    items, passed = read(examples["artifact_packaged"])
    assert (
        Artefact(
            "pkg:golang/mygit.com/myorg/myapp@234fd47e07d1004f0aed9c",
            ("cdevents:my-git.example/an-org/a-repo/change/myChange123",),
        )
        in items
    )
    assert passed == "artifact packaged is nothing that a figure is made of"


@pytest.mark.parametrize(
    ("id_", "repository", "key"),
    [
        ("42", {"id": "acme/pay", "source": "https://github.com"}, "github:acme/pay#42"),
        ("7", {"id": "acme/shop/pay", "source": "gitlab.acme.example"}, "gitlab:acme/shop/pay!7"),
        ("https://github.com/acme/pay/pull/42", {}, "github:acme/pay#42"),
        ("https://git.example/acme/shop/pay/-/merge_requests/7", {}, "gitlab:acme/shop/pay!7"),
        ("42", {"id": "acme/pay", "source": "https://example.org"}, "cdevents:/ci/shop/change/42"),
        ("42", {}, "cdevents:/ci/shop/change/42"),
    ],
)
def test_a_change_is_called_as_the_connector_of_its_tool_calls_it(id_, repository, key):
    assert event(a_cdevent("change.merged.0.3.0", id_, {"repository": repository})).subject == key


# ---- tickets and approvals


@pytest.mark.parametrize(
    ("settings", "kind"),
    [
        ({"idea_tickets": ["Task"]}, "idea"),
        ({"idea_tickets": ["bug"]}, "idea"),
        ({"feedback_tickets": ["task"]}, "feedback"),
    ],
)
def test_a_ticket_is_what_the_settings_say(examples, settings, kind):
    found = event(examples["ticket_created"], **settings)
    assert (found.kind, found.occurred_at, found.title) == (kind, TICKET_AT, "New CVE-123 detected")
    assert (found.subject, found.actor) == ("cdevents:/ticketing/system/ticket/ticket-123", "Alice")
    assert found.url == "https://example.issues.com/ticket123"


def test_a_ticket_of_which_the_settings_say_nothing_is_passed_over(examples):
    assert "idea_tickets" in read(examples["ticket_created"]).passed
    assert "idea_tickets" in read(examples["ticket_created"], idea_tickets=["enhancement"]).passed
    assert "ticket updated" in read(examples["ticket_updated"], idea_tickets=["task"]).passed


@pytest.mark.parametrize(("resolution", "stops"), [("withdrawn", True), ("completed", False), ("duplicate", False)])
def test_an_idea_that_is_withdrawn_is_stopped(resolution, stops):
    content = {"ticketType": "enhancement", "uri": "https://acme.atlassian.net/browse/PAY-7", "resolution": resolution}
    found, passed = read(a_cdevent("ticket.closed.0.2.0", "PAY-7", content), idea_tickets=["enhancement"])
    events = [(item.kind, item.subject, item.attributes) for item in found if isinstance(item, Event)]
    assert events == ([("decision", "jira:PAY-7", {"outcome": "stopped"})] if stops else [])
    assert (passed is None) == stops


def approval(status, decision="approved", target="https://acme.atlassian.net/browse/PAY-7"):
    content = {
        "approvalDetailsUrl": "https://approvals.example/1",
        "resourceTargetUrl": target,
        "responder": "urn:user:bob",
        "decision": decision,
        "status": status,
    }
    return a_cdevent("approval.closed.0.1.0", "a-1", content)


@pytest.mark.parametrize(
    ("status", "decision", "outcome"),
    [
        ("approved", "approved", "approved"),
        ("rejected", "rejected", "rejected"),
        ("expired", "deferred", "deferred"),
        ("expired", "escalated", None),
        ("cancelled", "approved", None),
    ],
)
def test_an_approval_of_an_issue_is_a_decision_if_it_ends_with_a_verdict(status, decision, outcome):
    found, passed = read(approval(status, decision))
    events = [item for item in found if isinstance(item, Event)]
    assert [(one.kind, one.subject, one.attributes) for one in events] == (
        [("decision", "jira:PAY-7", {"outcome": outcome})] if outcome else []
    )
    assert (passed is None) == (outcome is not None)


@pytest.mark.parametrize(
    "target",
    [
        "https://deployments.example.com/myapp/prod",
        "https://github.com/acme/pay/commit/" + "4f" * 20,
        "cdevents:v0:gitlab::acme:pay:mr:9",
    ],
)
def test_an_approval_of_a_step_of_a_pipeline_is_no_decision(target):
    """A gate that is refused stops a deployment, not an idea."""
    assert "step of a pipeline" in read(approval("rejected", "rejected", target)).passed


# ---- names


def test_domain_ids_of_the_specification_are_named_as_their_connectors_do(data):
    told = json.loads((data / "cdevents/conformance/formats/domainid.json").read_text())
    names = cloudevents.Names(cloudevents.ISSUE_KEY, "jira:")
    named = {one["expected"]: names.known(one["expected"]) for one in told["valid"]}
    assert named == {
        "cdevents:v0:github::xibz:cdevents-spec:pr:42": "github:xibz/cdevents-spec#42",
        "cdevents:v0:github:org-a-github:xibz:cdevents-spec:pr:42": "github:xibz/cdevents-spec#42",
        "cdevents:v0:jira::xibz:cdevents-project:issue:PROJ-123": "jira:PROJ-123",
        "cdevents:v0:gitlab::my-company:platform/backend:mr:99": "gitlab:my-company/platform/backend!99",
        "cdevents:v0:datadog::prod:api-monitors:alert:98765": "cdevents:v0:datadog::prod:api-monitors:alert:98765",
        "cdevents:v0:::::artifact:pkg%3Adocker%2Fmyapp%401.0.0": "pkg:docker/myapp@1.0.0",
        "cdevents:v0:::::pr:42": "cdevents:v0:::::pr:42",
    }
    wrong = [one["input"] for one in told["invalid"] if not re.search("groups is invalid", one["reason"])]
    assert len(wrong) == 5
    assert [names.known(one) for one in wrong] == [None] * 5


@pytest.mark.parametrize(
    ("link", "key"),
    [
        (
            {"linkType": "RELATION", "linkKind": "CAUSE", "target": {"domainId": "cdevents:v0:jira::a:b:issue:PAY-3"}},
            "jira:PAY-3",
        ),
        ({"linkType": "PATH", "from": {"contextId": "e-0"}}, "cdevents:e-0"),
        ({"linkType": "END", "from": {"domainId": "cdevents:v0:gitlab::acme:pay:issue:5"}}, "gitlab:acme/pay#5"),
    ],
)
def test_links_of_every_kind_are_followed(link, key):
    assert event(a_cdevent("change.merged.0.3.0", "c1", {}, links=[link])).refs == (key,)


@pytest.mark.parametrize(
    ("broken", "error"),
    [
        ({"data": None}, ValueError),
        ({"data": {"context": {}}}, ValueError),
        ({"data": {"context": {"id": "1", "source": "/s"}, "subject": {}}}, KeyError),
        ({"type": "dev.cdevents.change"}, ValueError),
    ],
)
def test_what_is_no_cdevent_is_said_to_be_none(examples, broken, error):
    with pytest.raises(error):
        cloudevents.cdevent(envelope(examples["change_merged"], **broken), cloudevents.Settings())


def test_every_setting_says_what_it_is():
    assert all(field.description for field in cloudevents.Settings.model_fields.values())
