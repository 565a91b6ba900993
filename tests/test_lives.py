"""The lives of all initiatives, cut off in arrays, are what the statement of the figures tells of each."""

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.test_figures_naive import START, emptied, lives, logs, property_
from ttv import store
from ttv.figures import MILESTONES, STAGES, Selection, milestones, selected
from ttv.lives import FIELDS, NEVER, chosen
from ttv.lives import lives as read

TOLD = (*MILESTONES, "early_at")
days = st.integers(0, 8).map(lambda number: START + timedelta(days=number))
hours = st.integers(0, 30 * 24).map(lambda number: START + timedelta(hours=number))
selections = st.sampled_from(
    [
        Selection(),
        Selection(team="Pay"),
        Selection(direction="top_down"),
        Selection(label="area:eu"),
        Selection(q="a"),
        *(Selection(state=state) for state in ("no_idea", "deciding", "waiting", "building", "sensing", "realised")),
        Selection(state="stopped"),
    ]
)


def known(number):
    return None if number == NEVER else int(number)


@settings(property_, max_examples=60)
@given(log=st.one_of(lives, logs), as_of=st.one_of(days, hours), selection=selections)
def test_the_lives_are_cut_as_the_figures_are(engine, log, as_of, selection):
    emptied(engine).post(log)
    with store.reading(engine) as connection:
        found = read(connection)
        cut = found.cut(store.micros(as_of))
        mine = chosen(connection, found, selection, cut.at)
        wanted = connection.execute(selected(milestones(as_of), selection)).all()
    states, stages = cut.state(), cut.stages()
    told = {
        found.keys[place]: (
            *(known(getattr(cut, name)[place]) for name in TOLD),
            *(known(stages[name][place]) for name in STAGES),
            states[place],
            bool(cut.recorded[place]),
            *(found.fields[name][place] for name in FIELDS),
        )
        for place in mine
    }
    assert told == {
        row.key: (
            *(row._mapping[name] for name in TOLD),
            *(row._mapping[f"{name}_stage"] for name in STAGES),
            row.state,
            row.decision == "recorded",
            *(row._mapping[name] for name in FIELDS),
        )
        for row in wanted
    }


@settings(property_, max_examples=20)
@given(log=logs, later=logs)
def test_the_lives_are_read_anew_when_the_log_has_changed_and_only_then(engine, log, later):
    route = emptied(engine)
    route.post(log)
    with store.reading(engine) as connection:
        first, again = read(connection), read(connection)
        version = store.version(connection)
    assert again is first
    route.post(later)
    with store.reading(engine) as connection:
        assert (read(connection) is first) == (store.version(connection) == version)


@pytest.mark.parametrize("number", [0, 1])
def test_an_empty_store_has_no_lives(engine, number):
    emptied(engine).post([])
    with store.reading(engine) as connection:
        found = read(connection)
    assert (found.keys, len(found.cut(number).idea_at), found.stops.shape) == ([], 0, (3, 0))
