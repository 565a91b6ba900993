"""Durations: a number and a unit, and nothing else."""

import pytest

from ttv.config import tables


@pytest.mark.parametrize(
    ("written", "seconds"), [("1s", 1), ("5m", 300), ("12h", 43_200), ("90d", 7_776_000), ("8w", 4_838_400)]
)
def test_durations_are_a_number_and_a_unit(written, seconds):
    assert tables.duration(written).total_seconds() == seconds


@pytest.mark.parametrize(
    "written",
    [
        "",
        "5",
        "m",
        "0m",
        "-5m",
        "5 m",
        "5y",
        "1.5h",
        "5min",
        "5m ",
        "\N{ARABIC-INDIC DIGIT FIVE}m",
        5,
        None,
        "99999999w",
    ],
)
def test_what_is_no_duration_is_refused(written):
    with pytest.raises(ValueError, match="must be a duration"):
        tables.duration(written)
