"""After a look afresh the log holds what a first look with the same mapping would have brought."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from ttv import config, known, log, preview, store
from ttv.afresh import look_afresh
from ttv.demo import serve
from ttv.demo.company import Company
from ttv.route import Route
from ttv.schedule import Stop, look

NOW = datetime(2026, 11, 1, 9, tzinfo=UTC)


@pytest.fixture
def sources(tmp_path):
    """The sources of an invented company."""
    invented = Company(seed="afresh", origin=NOW, initiatives=30, pace=20.0)
    with serve.start(invented, lambda: NOW, ports=(0, 0, 0)) as tools:
        yield config.read(serve.configuration(tools, tmp_path), {}, "demo", allow_plain_secrets=True).sources


@pytest.fixture
def route(sqlite_engine):
    return Route(sqlite_engine, now=lambda: NOW)


def settled(sources, **settings):
    """The sources with other settings for Jira."""
    return [
        replace(one, settings=one.settings.model_copy(update=settings)) if one.name == "jira" else one
        for one in sources
    ]


def exported(engine):
    with store.reading(engine) as connection:
        return list(log.export(connection))


def test_where_nothing_changed_nothing_is_withdrawn(route, sources):
    for source in sources:
        look(route, source, Stop())
    before = exported(route.engine)
    for source in sources:
        looked, withdrawn = look_afresh(route, source, Stop())
        assert (looked.complete, looked.outcome.accepted, withdrawn) == (True, 0, 0)
    assert exported(route.engine) == before


def test_another_mapping_afresh_is_that_mapping_from_the_first(route, sources):
    for source in sources:
        look(route, source, Stop())
    jira = next(one for one in sources if one.name == "jira")
    decisions = jira.settings.statuses.model_copy(update={"approved": ("Nothing",), "rejected": ()})
    others = settled(sources, statuses=decisions)
    first = Route(known.scratch(), now=lambda: NOW)
    tried = Route(preview.copy(route.engine), now=lambda: NOW)
    for source in others:
        look(first, source, Stop())
        look_afresh(tried, source, Stop())
    assert exported(tried.engine) == exported(first.engine) != exported(route.engine)
    with store.reading(route.engine) as now, store.reading(tried.engine) as then:
        changes = preview.difference(preview.standing(now, NOW), preview.standing(then, NOW))
    assert {one["change"] for one in changes} == {"changed"}
    assert any(one["from"].get("decision") == "recorded" for one in changes)
    tried.engine.dispose()
    first.engine.dispose()
