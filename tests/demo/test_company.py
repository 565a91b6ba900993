"""The company: the same for everybody, moving only forward, and telling the story that it is meant to tell."""

import subprocess
import sys
from collections import Counter
from datetime import timedelta
from hashlib import sha256
from itertools import pairwise
from statistics import median

import pytest

from tests.demo.conftest import ORIGIN
from ttv.demo import records
from ttv.demo.company import Company, remembered
from ttv.demo.times import milliseconds

AT = milliseconds(ORIGIN)


def digest(company, at):
    """Sum up everything that has happened by an instant, as the tools number it."""
    parts = [
        [(company.key(i), *(t for t in i.history if t <= at)) for i in company.issues if i.created <= at],
        [(t.number, t.mention, *(x for x in t.history if x <= at)) for t in company.tickets if t.created <= at],
    ]
    for repository in company.repositories:
        threads = repository.threads[: repository.there(at)]
        parts.append([(t.number, t.word, *(x for x in t.history if x <= at)) for t in threads])
        parts.append([repository.sha(place) for place in range(repository.tip(at) + 1)])
        started = repository.deployments[: repository.started(at)]
        parts.append([(d.id, d.created, d.head, d.done if d.done <= at else None) for d in started])
    return sha256(repr(parts).encode()).hexdigest()


def days(found, end):
    return [(one[end] - one["idea_at"]).total_seconds() / 86_400 for one in found if one[end]]


def test_the_same_ingredients_make_the_same_company(company):
    assert digest(Company("quillmere", ORIGIN, 120), AT + 3_600_000) == digest(company, AT + 3_600_000)


def test_another_seed_makes_another_company(company):
    assert digest(Company("other", ORIGIN, 120), AT) != digest(company, AT)


def test_another_process_makes_the_same_company(company):
    code = (
        "from datetime import UTC, datetime\n"
        "from tests.demo.test_company import Company, digest, AT, ORIGIN\n"
        "print(digest(Company('quillmere', ORIGIN, 120), AT))"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == digest(company, AT)


def test_an_initiative_is_the_same_in_a_company_of_any_size(company):
    small = Company("quillmere", ORIGIN, 20)
    for one, other in zip(small.initiatives[:20], company.initiatives, strict=False):
        assert (one.issue.created, one.issue.steps) == (other.issue.created, other.issue.steps)
        assert [ticket.created for ticket in one.tickets] == [ticket.created for ticket in other.tickets]
        assert small.name(one) == company.name(other)


@pytest.mark.parametrize("size", [1, 20, 333])
def test_as_many_initiatives_as_asked_for_are_there_at_the_origin(size):
    assert len(Company("quillmere", ORIGIN, size).truth(ORIGIN)) == size


def test_what_it_keeps_grows_with_its_size(company):
    large = Company("quillmere", ORIGIN, 360)
    for kept in ("issues", "tickets"):
        assert 2 < len(getattr(large, kept)) / len(getattr(company, kept)) < 4


def test_a_milestone_that_was_reached_stays_where_it_is(company):
    names = ("idea_at", "decided_at", "started_at", "shipped_at", "valued_at")
    before = company.truth(ORIGIN)
    for minutes in (1, 10, 60, 600):
        after = company.truth(ORIGIN + timedelta(minutes=minutes))
        assert before.keys() <= after.keys()
        for key, one in before.items():
            assert all(after[key][name] == one[name] for name in names if one[name])
        before = after


def test_nothing_lies_in_the_future(company):
    now = ORIGIN + timedelta(minutes=7)
    found = company.truth(now).values()
    assert all(at <= now for one in found for name, at in one.items() if name.endswith("_at") and at)


def test_figures_move_while_one_watches(company):
    before = Counter(one["state"] for one in company.truth(ORIGIN).values())
    after = Counter(one["state"] for one in company.truth(ORIGIN + timedelta(minutes=10)).values())
    assert after["realised"] > before["realised"]
    assert after.total() > before.total()


def test_a_later_burst_leaves_what_happened_before_it():
    start = ORIGIN + timedelta(hours=5)
    once, twice = Company("quillmere", ORIGIN, 60), Company("quillmere", ORIGIN, 60, bursts=[start])
    for at in (AT, milliseconds(start) - 1, milliseconds(start)):
        assert digest(once, at) == digest(twice, at)


def test_a_later_burst_makes_time_rush_again():
    start = ORIGIN + timedelta(hours=5)
    company = Company("quillmere", ORIGIN, 60, bursts=[start])
    assert digest(company, milliseconds(start)) != digest(company, milliseconds(start + timedelta(minutes=30)))


def test_every_state_and_decision_is_there():
    found = Company("quillmere", ORIGIN, 400).truth(ORIGIN).values()
    states = {"realised", "stopped", "sensing", "building", "waiting", "deciding"}
    assert {one["state"] for one in found} == states
    assert {one["decision"] for one in found} == {"recorded", "implied", None}


def test_every_shape_of_life_is_there():
    company = Company("quillmere", ORIGIN, 400)
    steps = [item.issue.steps[1::2] for item in company.initiatives]
    assert any(records.DEFERRED in one and records.APPROVED in one for one in steps)
    assert any(records.REJECTED in one and records.APPROVED in one for one in steps)
    assert any(records.REJECTED in one and records.APPROVED not in one for one in steps)
    assert any(records.STOPPED in one for one in steps)
    assert any(item.pulls and item.pulls[0].opened < item.issue.created for item in company.initiatives)


def test_time_to_value_tells_a_story():
    found = Company("quillmere", ORIGIN, 600).truth(ORIGIN).values()
    early = [one for one in found if one["idea_at"] < ORIGIN - timedelta(days=550)]
    late = [one for one in found if ORIGIN - timedelta(days=400) < one["idea_at"] < ORIGIN - timedelta(days=250)]
    assert 60 < median(days(found, "valued_at")) < 200
    assert median(days(late, "valued_at")) < 0.9 * median(days(early, "valued_at"))


def test_leaders_decide_faster_and_teams_build_faster():
    found = Company("quillmere", ORIGIN, 600).truth(ORIGIN).values()
    above, below = ([one for one in found if one["direction"] == name] for name in ("top_down", "bottom_up"))
    assert median(days(above, "decided_at")) < 25
    assert 32 < median(days(below, "decided_at")) < 60
    built = [
        median((one["shipped_at"] - one["started_at"]).total_seconds() for one in side if one["shipped_at"])
        for side in (above, below)
    ]
    assert built[1] < 0.8 * built[0]


def test_some_wait_for_a_decision_for_ages_and_some_are_stopped():
    found = Company("quillmere", ORIGIN, 600).truth(ORIGIN).values()
    ages = [(ORIGIN - one["idea_at"]).days for one in found if one["state"] == "deciding"]
    assert sum(age > 200 for age in ages) > 5
    assert 0.08 < sum(one["state"] == "stopped" for one in found) / len(found) < 0.16


def test_not_everything_is_tied(company):
    pulls = [pull for item in company.initiatives for pull in item.pulls]
    assert 0.05 < sum(pull.mention == "nowhere" for pull in pulls) / len(pulls) < 0.16
    assert sum(ticket.issue is None for ticket in company.tickets) > 20
    tied = {(pull.repository, pull.place) for pull in pulls if pull.merged and pull.mention != "nowhere"}
    carried = [
        {(repository.index, place) for place in range(before.head + 1, item.head + 1)}
        for repository in company.repositories
        for before, item in pairwise(repository.deployments)
    ]
    assert any(one and not one & tied for one in carried)
    assert any(len(one & tied) > 1 for one in carried)


def test_deploys_fail_and_roll_back(company):
    found = [one for repository in company.repositories for one in repository.deployments]
    assert any(not one.succeeded for one in found)
    assert any(after.head < before.head for before, after in pairwise(found) if after.head)


def test_a_directory_remembers_its_company(tmp_path):
    founded = remembered(tmp_path, initiatives=5, seed="x", now=ORIGIN)
    again = remembered(tmp_path, now=ORIGIN + timedelta(minutes=30))
    assert (again.origin, again.seed, again.size, again.times) == (ORIGIN, "x", 5, founded.times)


def test_a_company_whose_burst_is_over_gets_another(tmp_path):
    remembered(tmp_path, initiatives=5, now=ORIGIN)
    later = ORIGIN + timedelta(days=2)
    assert remembered(tmp_path, now=later).times.bursts == (AT, milliseconds(later))
    assert remembered(tmp_path, now=later + timedelta(minutes=1)).times.bursts == (AT, milliseconds(later))


def test_another_size_is_another_company(tmp_path):
    remembered(tmp_path, initiatives=5, now=ORIGIN)
    with pytest.raises(ValueError, match="keeps a company of 5 initiatives"):
        remembered(tmp_path, initiatives=6, now=ORIGIN)


@pytest.mark.parametrize("text", ["", "[]", '{"seed": "x"}', '{"seed'])
def test_a_torn_file_is_named(tmp_path, text):
    (tmp_path / "company.json").write_text(text)
    with pytest.raises(ValueError, match=r"company\.json cannot be read"):
        remembered(tmp_path, now=ORIGIN)
