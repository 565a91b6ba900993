"""The document of the API is valid, whole, and shown without the network."""

from collections import Counter

import pytest
from openapi_spec_validator import validate

from ttv.publish import answers, app

CALLS = {
    ("get", "/api/v1/initiatives"),
    ("get", "/api/v1/initiatives/{key}"),
    ("put", "/api/v1/initiatives/{key}"),
    ("delete", "/api/v1/initiatives/{key}"),
    ("get", "/api/v1/initiatives/{key}/events"),
    ("get", "/api/v1/initiatives/{key}/versions"),
    ("get", "/api/v1/events/versions"),
    ("get", "/api/v1/initiatives/{key}/diagnosis"),
    ("get", "/api/v1/time-to-value"),
    ("get", "/api/v1/rate-of-turn"),
    ("get", "/api/v1/time-to-value/trend"),
    ("get", "/api/v1/rate-of-turn/trend"),
    ("get", "/api/v1/time-to-value/curve"),
    ("get", "/api/v1/rate-of-turn/curve"),
    ("get", "/api/v1/stages"),
    ("get", "/api/v1/loops"),
    ("get", "/api/v1/initiatives/{key}/loops"),
    ("post", "/api/v1/events"),
    ("put", "/api/v1/links"),
    ("get", "/api/v1/orphans"),
    ("get", "/api/v1/quarantine"),
    ("get", "/api/v1/sources"),
    ("post", "/webhooks/{source}"),
    ("get", "/healthz"),
    ("get", "/readyz"),
    ("get", "/metrics"),
}


@pytest.fixture
def document(client):
    return client.get("/openapi.json").json


def operations(document):
    return {(method, path): operation for path, item in document["paths"].items() for method, operation in item.items()}


def test_the_document_is_valid(document):
    validate(document)


def test_the_document_has_every_call(document):
    assert operations(document).keys() == CALLS


def test_every_call_describes_its_answer_and_its_problem(document):
    for call, operation in operations(document).items():
        good = [code for code in operation["responses"] if code.startswith("2")]
        assert good, call
        assert all("content" in operation["responses"][code] for code in good if code != "204"), call
        problem = operation["responses"]["400"]["content"]
        assert problem["application/problem+json"]["schema"]["$ref"] == "#/components/schemas/Problem", call


def test_every_parameter_has_a_description(document):
    for call, operation in operations(document).items():
        assert all(one.get("description") for one in operation.get("parameters", [])), call


def test_no_two_answers_share_a_name(document):
    """Schemas are known by the names of their classes, so that one of two alike would stand for both."""
    classes, seen = [answers.Answer], []
    while classes:
        seen += (found := classes.pop().__subclasses__())
        classes += found
    named = Counter(one.__name__ for one in seen if one.__module__.startswith("ttv."))
    assert [name for name, count in named.items() if count > 1] == []
    assert "outlook" in document["components"]["schemas"]["InitiativeWithOutlook"]["properties"]


def test_every_reference_leads_somewhere(document):
    known = {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}
    assert set(references(document)) <= known


def references(node):
    if isinstance(node, dict):
        yield from (value for name, value in node.items() if name == "$ref")
        for value in node.values():
            yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)


def test_the_document_asks_for_a_token_where_one_is_asked_for(route, client):
    headers = {"Authorization": "Bearer abc"}
    guarded = app.create(route, token="abc").test_client().get("/openapi.json", headers=headers).json
    assert guarded["security"] == [{"bearer": []}, {"basic": []}]
    assert guarded["paths"]["/healthz"]["get"]["security"] == [{}]
    assert "security" not in client.get("/openapi.json").json


def test_the_page_names_nothing_outside(client):
    assert "http" not in client.get("/docs").text
    assert "http" not in client.get("/docs/start.js").text
    for path in ("css/swagger-ui.css", "js/swagger-ui-bundle.js", "images/swagger.svg"):
        with client.get(f"/docs/ui/{path}") as found:
            assert found.status_code == 200


def test_a_browser_shows_every_call(sqlite_engine, served, chromium):
    from ttv.route import Route

    page = chromium(f"{served(app.create(Route(sqlite_engine)))}/docs")
    page.ask("""new Promise(done => { const look = () =>
        document.querySelectorAll('.opblock').length ? done() : setTimeout(look, 50); look() })""")
    assert page.ask("document.querySelectorAll('.opblock').length") == len(CALLS)
    assert page.errors == []
