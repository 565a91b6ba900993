"""Figures over many: quantiles between order statistics, windows by the clock's end, groups, and null for no data."""

from datetime import UTC, datetime, timedelta

import pytest

from connectors.contract import Event, Initiative
from ttv import figures, population, store
from ttv.cursors import BadQuestion
from ttv.figures import Selection
from ttv.route import Route

NOW = datetime(2026, 11, 1, tzinfo=UTC)
DAY = 86_400.0


def life(key, begun, *, decided=None, valued=None):
    """A life that began so many days ago; decided and valued after so many days."""
    idea_at = NOW - timedelta(days=begun)
    found = [Event(f"{key} idea", "idea", idea_at, f"initiative:{key}")]
    if decided is not None:
        found.append(Event(f"{key} yes", "decision", idea_at + timedelta(days=decided), f"initiative:{key}"))
    if valued is not None:
        at = idea_at + timedelta(days=valued)
        found += [Event(f"{key} ship", "deploy", at, f"initiative:{key}")]
        found += [Event(f"{key} sense", "feedback", at, f"initiative:{key}")]
    return found


@pytest.fixture
def filled(engine):
    route = Route(engine, now=lambda: NOW)
    cast = [
        (Initiative("a", "A", team="Pay", direction="top_down", labels={"area": "eu"}), {"decided": 10, "valued": 100}),
        (Initiative("b", "B", team="Pay", direction="bottom_up"), {"decided": 20, "valued": 200}),
        (Initiative("c", "C", direction="bottom_up", labels={"area": "us"}), {"decided": 40}),
        (Initiative("d", "D", team="Find"), {}),
    ]
    for initiative, _ in cast:
        route.put_initiative(initiative)
    route.take("a", [event for initiative, more in cast for event in life(initiative.key, 300, **more)])
    return engine


def asked(engine, figure, selection=None, **more):
    with store.reading(engine) as connection:
        return population.population(connection, figure, selection or Selection(), **{"as_of": NOW, **more})


def test_quantiles_lie_between_order_statistics(filled):
    (group,) = asked(filled, "time_to_value")["groups"]
    assert group["group"] == "all"
    assert group["completed"] == {
        "count": 2,
        "mean_seconds": 150 * DAY,
        "p50_seconds": 150 * DAY,
        "p85_seconds": pytest.approx(185 * DAY),
        "p95_seconds": pytest.approx(195 * DAY),
    }


def test_the_rate_of_turn_is_told_by_direction(filled):
    groups = {one["group"]: one["completed"] for one in asked(filled, "rate_of_turn")["groups"]}
    assert {name: (one["count"], one["p50_seconds"]) for name, one in groups.items()} == {
        "bottom_up": (2, 30 * DAY),
        "top_down": (1, 10 * DAY),
        "unknown": (0, None),
    }


def test_no_data_is_null_and_the_count_is_known_to_be_0(filled):
    (group,) = asked(filled, "time_to_value", Selection(team="Find"))["groups"]
    assert group["completed"] == {
        "count": 0,
        "mean_seconds": None,
        "p50_seconds": None,
        "p85_seconds": None,
        "p95_seconds": None,
    }


def test_the_window_is_open_at_its_begin_and_closed_at_its_end(filled):
    counts = {
        (window, days): asked(filled, "time_to_value", as_of=NOW - timedelta(days=days), window=window)["groups"][0][
            "completed"
        ]["count"]
        for window in ("100d", "101d", "all")
        for days in (0, 100, 101)
    }
    assert counts == {
        ("100d", 0): 0,
        ("100d", 100): 1,
        ("100d", 101): 0,
        ("101d", 0): 1,
        ("101d", 100): 2,
        ("101d", 101): 1,
        ("all", 0): 2,
        ("all", 100): 2,
        ("all", 101): 1,
    } | {("100d", 101): 1}


def test_groups_by_team_and_label_have_a_null_group_last(filled):
    teams = asked(filled, "time_to_value", group_by="team")["groups"]
    assert [(one["group"], one["completed"]["count"]) for one in teams] == [("Find", 0), ("Pay", 2), (None, 0)]
    areas = asked(filled, "time_to_value", group_by="label:area")["groups"]
    assert [(one["group"], one["completed"]["count"]) for one in areas] == [("eu", 1), ("us", 0), (None, 1)]


def test_a_selection_by_label_direction_and_text(filled):
    for selection, count in [
        (Selection(label="area:eu"), 1),
        (Selection(direction="bottom_up"), 1),
        (Selection(q="b"), 1),
        (Selection(q="%"), 0),
        (Selection(state="realised"), 2),
    ]:
        assert asked(filled, "time_to_value", selection)["groups"][0]["completed"]["count"] == count, selection


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"window": "12"}, "365d"),
        ({"window": "0d"}, "365d"),
        ({"group_by": "colour"}, "label:<key>"),
        ({"group_by": "label:"}, "label:<key>"),
    ],
)
def test_a_bad_question_says_what_would_be_right(filled, more, words):
    with pytest.raises(BadQuestion, match=words):
        asked(filled, "time_to_value", **more)


def test_rows_name_the_initiatives_of_a_group_longest_first(filled):
    groups = asked(filled, "time_to_value", group_by="team", rows=True, window="250d")["groups"]
    rows = {
        one["group"]: [(row["key"], row["end"], row["completed"], row["all"]) for row in one["rows"]] for one in groups
    }
    assert rows == {"Find": [], "Pay": [("b", "ended", True, False), ("a", "ended", True, False)], None: []}
    [group] = asked(filled, "rate_of_turn", Selection(direction="bottom_up"), rows=True, window="all")["groups"]
    assert [(row["key"], row["duration_seconds"]) for row in group["rows"]] == [("c", 40 * DAY), ("b", 20 * DAY)]


def test_rows_are_as_many_as_are_counted(filled):
    for figure in ("time_to_value", "rate_of_turn"):
        for group in asked(filled, figure, rows=True, window="301d")["groups"]:
            assert sum(row["completed"] for row in group["rows"]) == group["completed"]["count"]
            ends = [row["end"] for row in group["rows"] if row["all"]]
            assert {end: ends.count(end) for end in ("ended", "open", "stopped")} == {
                end: group["all"][end] for end in ("ended", "open", "stopped")
            }


def test_a_curve_is_drawn_for_every_group(filled):
    with store.reading(filled) as connection:
        found = population.curve(connection, "rate_of_turn", Selection(), as_of=NOW, steps=2)
    assert [(one["group"], one["all"]["count"], len(one["steps"]), one["steps_in_all"]) for one in found["groups"]] == [
        ("bottom_up", 2, 2, 3),
        ("top_down", 1, 2, 2),
        ("unknown", 1, 2, 2),
    ]


def test_a_list_is_paged_in_any_order_with_nulls_last(filled):
    with store.reading(filled) as connection:
        for sort in [*figures.SORTS, *(f"-{name}" for name in figures.SORTS)]:
            whole = figures.initiatives(connection, Selection(), NOW, sort=sort)["items"]
            paged, cursor = [], None
            while True:
                page = figures.initiatives(connection, Selection(), NOW, sort=sort, limit=1, cursor=cursor)
                paged += page["items"]
                cursor = page["next"]
                if cursor is None:
                    break
            assert paged == whole, sort
            assert len(whole) == 4
    assert [one["key"] for one in figures_sorted(filled, "-time_to_value")] == ["b", "a", "c", "d"]


def figures_sorted(engine, sort):
    with store.reading(engine) as connection:
        return figures.initiatives(connection, Selection(), NOW, sort=sort)["items"]


def test_a_page_keeps_the_instant_of_the_first(filled):
    with store.reading(filled) as connection:
        first = figures.initiatives(connection, Selection(), NOW - timedelta(days=50), sort="age", limit=1)
        later = figures.initiatives(connection, Selection(), NOW, sort="age", limit=9, cursor=first["next"])
    assert {one["as_of"] for one in later["items"]} == {NOW - timedelta(days=50)}


@pytest.mark.parametrize(("sort", "cursor"), [("colour", None), ("key", "x"), ("key", "bm8"), ("key", "é")])
def test_a_bad_order_or_cursor_is_told(filled, sort, cursor):
    with store.reading(filled) as connection, pytest.raises(BadQuestion):
        figures.initiatives(connection, Selection(), NOW, sort=sort, cursor=cursor)


def test_counts_say_what_there_is(filled):
    with store.reading(filled) as connection:
        found = figures.counts(connection, NOW)
    assert found["states"]["realised"] == 2
    assert found["states"]["waiting"] == 1
    assert (found["events"], found["orphans"], found["quarantined"]) == (11, 0, 0)
