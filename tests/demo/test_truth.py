"""What should be found: milestones read off a few records, by the definitions."""

from types import SimpleNamespace

import pytest

from ttv.demo import records
from ttv.demo.records import Initiative, Issue, Pull, Ticket
from ttv.demo.times import DAY, moment
from ttv.demo.truth import truth

NOW = 1000 * DAY


def at(day):
    return day * DAY


def read(steps=(), pulls=(), tickets=(), ships=(), stories=()):
    """Read the truth of one initiative, all in days; its idea is on day 10."""
    issue = Issue(records.INITIATIVE, 0, 0, at(10), 0, steps=tuple(v for d, s in steps for v in (at(d), s)))
    found = [issue]
    for created, adopted, *worked in stories:
        steps_ = tuple(value for day in worked for value in (at(day), records.IN_PROGRESS))
        found.append(Issue(records.STORY, 0, 0, at(created), 0, issue, adopted=at(adopted), steps=steps_))
    item = Initiative(0, issue, found)
    item.pulls = [Pull(0, at(o), at(c), True, 0, issue, "title") for o, c in pulls]
    item.tickets = [Ticket(at(d), customer, 0, "praise", 0, issue, "field") for d, customer in tickets]
    repository = SimpleNamespace(ships=lambda _: [at(day) for day in ships])
    company = SimpleNamespace(
        initiatives=[item], repositories=[repository], key=lambda _: "PAY-1", name=lambda _: "", team=lambda _: ""
    )
    return truth(company, NOW)["PAY-1"]


def test_nothing_but_an_idea_is_deciding():
    found = read()
    assert (found["state"], found["decision"], found["idea_at"]) == ("deciding", None, moment(at(10)))


def test_a_yes_before_the_work_is_recorded():
    found = read([(12, records.APPROVED)], stories=[(11, 11, 15)])
    assert (found["state"], found["decision"]) == ("building", "recorded")
    assert (found["decided_at"], found["started_at"]) == (moment(at(12)), moment(at(15)))


def test_work_before_the_yes_implies_it():
    found = read([(20, records.APPROVED)], stories=[(11, 11, 15)])
    assert (found["decision"], found["decided_at"]) == ("implied", moment(at(15)))


def test_work_before_the_idea_does_not_count():
    assert read(stories=[(2, 11, 5)])["started_at"] is None


def test_a_story_that_was_never_taken_in_is_tied_to_nothing():
    assert read(stories=[(11, 2000, 15)])["started_at"] is None


@pytest.mark.parametrize("no", [records.REJECTED, records.STOPPED])
def test_a_last_word_of_no_stops(no):
    found = read([(12, no)])
    assert (found["state"], found["stopped_at"], found["decided_at"]) == ("stopped", moment(at(12)), moment(at(12)))


def test_a_yes_after_a_no_opens_again():
    assert read([(12, records.REJECTED), (30, records.APPROVED)])["state"] == "waiting"


def test_a_ship_after_a_no_opens_again():
    found = read([(30, records.STOPPED)], pulls=[(12, 20)], ships=[40])
    assert (found["state"], found["stopped_at"]) == ("sensing", None)


@pytest.mark.parametrize(
    ("day", "customer", "state"), [(39, True, "sensing"), (40, True, "realised"), (50, False, "sensing")]
)
def test_only_a_customer_after_the_ship_gives_value(day, customer, state):
    assert read(pulls=[(12, 20)], ships=[40], tickets=[(day, customer)])["state"] == state


def test_a_ticket_of_the_last_minute_is_not_known_yet():
    assert read(pulls=[(12, 20)], ships=[40], tickets=[(1000, True)])["state"] == "sensing"
