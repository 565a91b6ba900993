"""What is missing is said with the right numbers, and what is said to fill it does."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.contract import Event, Initiative
from tests.test_figures_naive import KEYS, NOW, emptied, lives, logs, property_
from ttv import diagnosis, explain, figures, store
from ttv.route import Route

TODAY = datetime(2026, 3, 1, 12, tzinfo=UTC)
OWN = {"customer": False}
some = settings(property_, max_examples=60)
KINDS = {"idea": "idea", "decided": "decision", "started": "start", "shipped": "deploy", "valued": "feedback"}
"""The event that brings a milestone."""


def told(engine, *events, as_of=TODAY, **more):
    """Diagnose an initiative of which events are told as (kind, days ago, attributes)."""
    route = Route(engine, now=lambda: TODAY)
    route.put_initiative(Initiative("PAY-1", more.pop("name", "Pay"), **more))
    made = [
        Event(f"{n:02}", kind, TODAY - timedelta(days=days), "initiative:PAY-1", attributes=dict(*attributes))
        for n, (kind, days, *attributes) in enumerate(events)
    ]
    route.take("tool", made)
    with store.reading(engine) as connection:
        return diagnosis.diagnosis(connection, "PAY-1", as_of)


def why(found, figure="time_to_value"):
    return next(one["why"] for one in found["missing"] if one["figure"] == figure)


def missing(connection, key):
    """List the figures of an initiative that are null."""
    item = figures.initiative(connection, key, NOW)
    own = [name for name in ("time_to_value", "rate_of_turn") if item[f"{name}_seconds"] is None]
    return [*own, *(name for name, seconds in item["stages"].items() if seconds is None)]


@some
@given(log=st.one_of(lives, logs))
def test_every_null_figure_is_explained_by_its_own_events_and_no_other_is(engine, log):
    route = emptied(engine)
    route.post(log)
    with store.reading(engine) as connection:
        for key in KEYS:
            found = diagnosis.diagnosis(connection, key, NOW)
            said = [one["figure"] for one in found["missing"] if one["figure"] != "loop"]
            assert said == missing(connection, key)
            own = {(one["source"], one["id"]) for one in explain.events(connection, key, NOW)}
            for one in found["missing"] + found["suspicions"]:
                assert {(event["source"], event["id"]) for event in one["events"]} <= own
                assert re.fullmatch(r"[A-Z\d].*\.", one["why"])
                assert re.fullmatch(r"[A-Z].*\.", one["fill"])
                assert not re.search(r"\bNone\b|(?<![-\w])0 |never|not known", one["why"] + one["fill"])


@some
@given(log=st.one_of(lives, logs), data=st.data())
def test_what_is_said_to_fill_a_figure_fills_it(engine, log, data):
    route = emptied(engine)
    route.post(log)
    key = data.draw(st.sampled_from(KEYS))
    with store.reading(engine) as connection:
        found = diagnosis.diagnosis(connection, key, NOW)["missing"]
    if not found:
        return
    one = data.draw(st.sampled_from(found))
    route.take("by hand", [Event(name, KINDS[name], NOW, f"initiative:{key}") for name in one["needs"]])
    with store.reading(engine) as connection:
        if one["figure"] == "loop":
            assert {"figure": "loop", **one} not in diagnosis.diagnosis(connection, key, NOW)["missing"]
        else:
            assert one["figure"] not in missing(connection, key)


IDEA, YES, START, SHIP = ("idea", 90), ("decision", 60), ("start", 50), ("deploy", 43)
SENTENCES = {
    "Shipped 43 days ago, no feedback seen.": [IDEA, SHIP],
    "Shipped 43 days ago, 3 feedbacks seen, none from a customer.": [IDEA, SHIP, *[("feedback", 9, OWN)] * 3],
    "Shipped 43 days ago, 1 feedback seen, not from a customer; 2 feedbacks from before the ship cannot be about it.": [
        *(IDEA, SHIP, ("feedback", 70), ("feedback", 70, OWN), ("feedback", 9, OWN)),
        ("feedback", 95),  # before the idea: nothing of this initiative
    ],
    "Work began 50 days ago, no deploy seen.": [IDEA, START],
    "Work began 50 days ago, 2 changes merged; 3 deploys seen, none of which shipped: 2 to staging, 1 failed.": [
        *(IDEA, START, ("change", 40), ("change", 39), ("deploy", 30, {"environment": "staging"})),
        ("deploy", 29, {"environment": "staging", "status": "failed"}),  # one deploy, told once
        ("deploy", 28, {"status": "failed"}),
    ],
    "Work began 50 days ago, no deploy seen; 1 ship from before the idea does not count.": [
        *(IDEA, START, ("deploy", 95), ("deploy", 94, {"status": "failed"})),
    ],
    "Decided 60 days ago, no work seen.": [IDEA, YES],
    "Decided 60 days ago, no work seen; 1 deploy seen, which did not ship: 1 rolled back; "
    "2 pieces of work from before the idea do not count.": [
        *(IDEA, YES, ("deploy", 40, {"status": "rolled_back"}), ("start", 99), ("deploy", 98)),
    ],
    "Heard 90 days ago, no decision seen.": [IDEA],
    "Heard 90 days ago, 2 decisions seen, all of them deferred; 1 decision from before the idea does not count.": [
        *(IDEA, ("decision", 91), *[("decision", 9, {"outcome": "deferred"})] * 2),
    ],
    "3 events are tied, but no idea: 2 deploys, 1 feedback.": [SHIP, SHIP, ("feedback", 1)],
    "It was rejected 60 days ago, while deciding, and the no still stands.": [
        IDEA,
        ("decision", 60, {"outcome": "rejected"}),
    ],
    "It was stopped 30 days ago, while building, and the no still stands, and was said 2 times.": [
        *(IDEA, START, ("decision", 55, {"outcome": "rejected"})),  # overruled by the start
        *(("decision", 30, {"outcome": "stopped"}), ("decision", 20, {"outcome": "rejected"})),
    ],
}


@pytest.mark.parametrize("sentence", SENTENCES)
def test_a_missing_time_to_value_is_told_with_its_numbers(sqlite_engine, sentence):
    assert why(told(sqlite_engine, *SENTENCES[sentence])) == sentence


def test_nothing_tied_says_what_was_claimed(sqlite_engine):
    found = told(sqlite_engine, claims=("jira:PAY-1", "jira:PAY-2"))
    assert why(found) == "No event is tied to it: it claims jira:PAY-1, jira:PAY-2, and no event leads there."
    assert found["missing"][0]["because"] == "nothing_tied"


def test_as_of_before_the_idea_the_idea_is_not_missing_for_ever(sqlite_engine):
    found = told(sqlite_engine, IDEA, as_of=TODAY - timedelta(days=100))
    assert why(found) == "Its idea was heard on 1 Dec 2025, after the instant that is asked for."


def test_a_realised_initiative_lacks_nothing_but_its_answer_to_the_customer(sqlite_engine):
    found = told(sqlite_engine, IDEA, SHIP, ("feedback", 12))
    (one,) = found["missing"]
    assert one["figure"] == "loop"
    assert one["why"] == "In loop 1 a customer answered 12 days ago, nothing has shipped in response."


def test_a_loop_that_responded_waits_for_the_next_customer(sqlite_engine):
    found = told(sqlite_engine, IDEA, SHIP, ("feedback", 12), ("deploy", 5), ("feedback", 2, OWN))
    assert why(found, "loop") == "Loop 2 shipped 5 days ago, no customer has answered since."


def test_a_stopped_initiative_that_shipped_only_wants_a_customer(sqlite_engine):
    found = told(sqlite_engine, IDEA, SHIP, ("decision", 9, {"outcome": "stopped"}))
    assert found["missing"][0]["needs"] == ["valued"]
    assert "in spite of the no" in found["missing"][0]["fill"]


SUSPICIONS = {
    "filed_late": (
        "1 piece of work came before the idea was recorded, the first 9 days before it: "  # noqa: ISC004  one sentence
        "it was filed late, so it looks fast.",
        [IDEA, ("start", 99), ("deploy", 97, {"environment": "staging"})],
    ),
    "decided_before_idea": (
        "1 decision was taken before the idea was recorded, the first on 29 Nov 2025.",
        [IDEA, ("decision", 92), ("decision", 91, {"outcome": "deferred"})],
    ),
    "filed_with_work": (
        "Work began at once, as soon as the idea was recorded: it was probably heard, and decided on, earlier.",
        [IDEA, ("start", 90)],
    ),
    "implied_decision": (
        "The decision is implied by the first work: the yes was recorded 40 days after it.",
        [IDEA, START, ("decision", 10)],
    ),
    "own_people_only": (
        "All 2 feedbacks since the ship are marked as the organisation's own: 2 from tool.",
        [IDEA, YES, SHIP, ("feedback", 50, OWN), ("feedback", 3, OWN), ("feedback", 2, OWN)],
    ),
    "deployed_elsewhere": (
        "It was deployed, but not to production: 2 to live-eu, 1 to staging.",
        [
            *(IDEA, YES, START, *[("deploy", 5, {"environment": "live-eu"})] * 2),
            *(("deploy", 4, {"environment": "staging"}), ("deploy", 3, {"environment": "qa", "status": "failed"})),
        ],
    ),
    "deploys_failed": (
        "1 deploy to production did not succeed, the last 4 days ago.",
        [IDEA, YES, START, ("deploy", 4, {"status": "failed"})],
    ),
    "rolled_back": (
        "It was rolled back 4 days ago and has not shipped again: customers may have nothing to answer to.",
        [IDEA, YES, SHIP, ("deploy", 4, {"status": "rolled_back"})],
    ),
    "work_after_no": (
        "A no stands, and 1 piece of work came after it, the last 3 days ago.",
        [IDEA, START, ("decision", 9, {"outcome": "stopped"}), ("change", 3)],
    ),
}


@pytest.mark.parametrize("name", SUSPICIONS)
def test_what_looks_wrong_is_told_with_its_numbers(sqlite_engine, name):
    sentence, events = SUSPICIONS[name]
    found = {one["suspicion"]: one["why"] for one in told(sqlite_engine, *events)["suspicions"]}
    assert found.get(name) == sentence


HARMLESS = {
    "a life by the book": [IDEA, YES, START, SHIP, ("feedback", 1)],
    "a failure that a ship made good": [IDEA, YES, START, ("deploy", 45, {"status": "failed"}), SHIP],
    "a roll-back that a ship made good": [IDEA, YES, SHIP, ("deploy", 40, {"status": "rolled_back"}), ("deploy", 39)],
    "staging on the way": [IDEA, YES, START, ("deploy", 44, {"environment": "staging"}), SHIP, ("feedback", 1, {})],
    "a no that was overruled": [IDEA, ("decision", 80, {"outcome": "rejected"}), YES, START],
    "a no at the end": [IDEA, YES, START, ("decision", 9, {"outcome": "stopped"})],
}


@pytest.mark.parametrize("events", HARMLESS.values(), ids=HARMLESS)
def test_what_is_in_order_is_not_suspected(sqlite_engine, events):
    assert told(sqlite_engine, *events)["suspicions"] == []


def test_a_source_that_cannot_be_read_is_suspected_of_what_is_missing(sqlite_engine):
    with store.writing(sqlite_engine) as connection:
        connection.execute(
            store.source.insert().values(name="desk", connector="zendesk", error="Refused", message="make a new token")
        )
    (found,) = told(sqlite_engine, IDEA, YES, START)["suspicions"]
    assert found["why"] == "The source desk could not be read at the last look (make a new token); it never was."


def test_a_source_that_was_read_past_the_instant_is_not_suspected(sqlite_engine):
    read = {"error": "Refused", "looked_until": store.micros(TODAY - timedelta(days=1))}
    with store.writing(sqlite_engine) as connection:
        connection.execute(store.source.insert().values(name="desk", connector="zendesk", **read))
    found = {days: told(sqlite_engine, IDEA, YES, START, as_of=TODAY - timedelta(days=days)) for days in (0, 2)}
    assert {days: len(one["suspicions"]) for days, one in found.items()} == {0: 1, 2: 0}


NEAR = [
    Event("key", "feedback", TODAY, "desk:1", title="Since pay-1 we love it"),
    Event("branch", "change", TODAY, "git:2", title="feature/PAY-1-one-click"),
    Event("ref", "deploy", TODAY, "ci:3", refs=("JIRA:pay-1",)),
    Event("claim", "change", TODAY, "git:4", url="https://tool.example/browse/SHOP-7"),
    Event("name", "feedback", TODAY, "desk:5", title="Is one-click Checkout broken?"),
]
FAR = [
    Event("longer", "feedback", TODAY, "desk:6", title="PAY-12 and REPAY-1 and PAY-1x"),
    Event("word", "feedback", TODAY, "desk:7", title="How do I pay?"),
    Event("tied", "idea", TODAY, "initiative:PAY-1", title="PAY-1"),
    Event("other", "idea", TODAY, "initiative:OTHER", title="PAY-1 is somebody else's"),
]


def test_orphans_that_name_it_are_near_and_longer_keys_are_not(engine):
    route = Route(engine, now=lambda: TODAY)
    route.put_initiative(Initiative("OTHER", "Other"))
    route.take("tool", [*NEAR, *FAR, Event("later", "idea", TODAY + timedelta(minutes=4), "x:1", title="PAY-1")])
    found = told(engine, name="One-click checkout", claims=("jira:SHOP-7",))["near"]
    assert {one["id"]: one["reason"] for one in found} == {
        "key": "its title names PAY-1",
        "branch": "its title names PAY-1",
        "ref": "its refs name PAY-1",
        "claim": "its url names SHOP-7",
        "name": "its title names One-click checkout",
    }


def test_the_link_of_an_orphan_that_is_near_ties_it(engine):
    found = told(engine, IDEA)
    route = Route(engine, now=lambda: TODAY)
    route.take("tool", NEAR[:1])
    (one,) = told(engine, IDEA)["near"]
    route.put_links([diagnosis_link(one["link"])])
    after = told(engine, IDEA)
    assert found["near"] == after["near"] == []
    with store.reading(engine) as connection:
        assert [event["id"] for event in explain.events(connection, "PAY-1", TODAY)] == ["00", "key"]


def diagnosis_link(said):
    from ttv.records import Link

    return Link(said["child"], said["parent"])


def test_a_word_that_is_a_key_has_to_be_written_as_it_is(sqlite_engine):
    route = Route(sqlite_engine, now=lambda: TODAY)
    route.put_initiative(Initiative("SEARCH", "Search"))
    titles = {"1": "SEARCH is slow", "2": "I search in vain"}
    route.take("tool", [Event(id_, "feedback", TODAY, f"desk:{id_}", title=title) for id_, title in titles.items()])
    with store.reading(sqlite_engine) as connection:
        assert [one["id"] for one in diagnosis.diagnosis(connection, "SEARCH", TODAY)["near"]] == ["1"]


def test_an_unknown_initiative_has_no_diagnosis(sqlite_engine):
    with store.reading(sqlite_engine) as connection:
        assert diagnosis.diagnosis(connection, "nobody", TODAY) is None
