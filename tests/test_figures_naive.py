"""SQL = a naive reading: over random logs, however they arrive, every figure is what plain Python finds."""

import dataclasses
from datetime import UTC, datetime, timedelta, timezone

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from connectors.contract import Artefact, Event, Initiative, Withdrawn
from tests import naive
from tests.real.stores import empty
from ttv import figures, store
from ttv.records import Link, Record
from ttv.route import Route

START = datetime(2026, 1, 1, tzinfo=UTC)
NOW = START + timedelta(days=30)
ARTEFACTS = [f"jira:A-{n}" for n in range(5)] + ["initiative:one", "initiative:two"]
KEYS = ["one", "two", "three"]

zones = st.sampled_from([UTC, timezone(timedelta(hours=5, minutes=30)), timezone(-timedelta(hours=9))])
moments = st.builds(
    lambda day, micro, zone: (START + timedelta(days=day, microseconds=micro)).astimezone(zone),
    st.integers(0, 7),
    st.sampled_from([0, 0, 0, 0, 1]),
    zones,
)
artefacts = st.sampled_from(ARTEFACTS)
attributes = {
    "decision": st.fixed_dictionaries(
        {}, optional={"outcome": st.sampled_from(["approved", "rejected", "stopped", "deferred"])}
    ),
    "deploy": st.fixed_dictionaries(
        {},
        optional={
            "environment": st.sampled_from(["production", "staging"]),
            "status": st.sampled_from(["succeeded", "succeeded", "failed", "rolled_back"]),
        },
    ),
    "feedback": st.fixed_dictionaries({}, optional={"customer": st.booleans()}),
}
events = st.sampled_from(
    ["idea", "decision", "decision", "start", "change", "deploy", "deploy", "feedback", "feedback"]
).flatmap(
    lambda kind: st.builds(
        Event,
        id=st.integers(0, 40).map(str),
        kind=st.just(kind),
        occurred_at=moments,
        subject=artefacts,
        refs=st.lists(artefacts, max_size=2).map(tuple),
        attributes=attributes.get(kind, st.just({})),
    )
)
initiatives = st.builds(
    Initiative,
    key=st.sampled_from(KEYS),
    name=st.just("x"),
    claims=st.lists(artefacts.filter(lambda key: key.startswith("jira")), max_size=2).map(tuple),
)
jira = st.one_of(
    events,
    events,
    events,
    st.builds(Withdrawn, id=st.integers(0, 25).map(str)),
    st.builds(Artefact, key=artefacts, parents=st.lists(artefacts, max_size=2, unique=True).map(tuple)),
)
api = st.one_of(events, st.builds(Link, child=artefacts, parent=artefacts, deleted=st.booleans()), initiatives)
records = st.one_of(
    st.builds(Record, st.just(0), st.just("jira"), jira), st.builds(Record, st.just(0), st.just("api"), api)
)
claimed = [Record(0, "api", Initiative(key=key, name=key, claims=(f"jira:A-{n}",))) for n, key in enumerate(KEYS)]
tied_events = events.map(lambda event: dataclasses.replace(event, subject="jira:A-0", refs=()))
lives = st.builds(
    lambda idea, some: [*claimed, *(Record(0, "jira", event) for event in (idea, *some))],
    tied_events.map(
        lambda event: dataclasses.replace(event, id="first", kind="idea", attributes={}, occurred_at=START)
    ),
    st.lists(tied_events, min_size=4, max_size=14),
)
"""One initiative's life, dense with equal instants, ships, answers and verdicts."""
logs = st.builds(lambda some: [*claimed, *some], st.lists(records, min_size=5, max_size=60))
sizes = st.lists(st.integers(1, 30), max_size=8)

property_ = settings(
    max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


def emptied(engine):
    empty(engine)
    return Route(engine, now=lambda: NOW)


def split(log, sizes):
    for size in sizes:
        yield log[:size]
        log = log[size:]
    yield log


def answered(connection, key, as_of):
    found = figures.initiative(connection, key, as_of)
    row = connection.execute(figures.milestones(as_of).where(store.initiative.c.key == key)).one()
    return {
        "state": found["state"],
        "decision": found["decision"],
        **{name.removesuffix("_at"): found["milestones"][name] for name in figures.MILESTONES},
        "stages": {name: row._mapping[f"{name}_stage"] for name in figures.STAGES},
        "loops": [(loop["shipped_at"], loop["sensed_at"], loop["responded_at"]) for loop in found["loops"]],
    }


@property_
@given(log=st.one_of(lives, lives, logs), sizes=sizes, days=st.sets(st.integers(0, 8), max_size=3))
def test_sql_is_a_naive_reading_of_the_definitions_as_of_any_instant(engine, log, sizes, days):
    route, world = emptied(engine), naive.World()
    for batch in split(log, sizes):
        route.post(batch)
    for record in log:
        world.take(record)
    with store.reading(engine) as connection:
        for as_of in [NOW, *(START + timedelta(days=day) for day in days)]:
            for key in world.initiatives:
                assert answered(connection, key, as_of) == naive.read(world, key, as_of), (key, as_of)


@property_
@given(log=logs, sizes=sizes)
def test_incremental_is_from_scratch(engine, log, sizes):
    route = emptied(engine)
    for batch in split(log, sizes):
        route.post(batch)
    incremental = derived(engine)
    route.rebuild()
    assert derived(engine) == incremental


def derived(engine):
    with store.reading(engine) as connection:
        tables = (store.tie, store.milestone, store.stop, store.loop)
        return {table.name: sorted(map(repr, connection.execute(select(table)))) for table in tables}
