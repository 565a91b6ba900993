"""`ttv backtest`: says plainly how the forecasts did, for people and for machines."""

from datetime import UTC, datetime, timedelta

import orjson
import pytest

BEGIN = datetime(2025, 1, 1, tzinfo=UTC)


def lines(number):
    """An initiative that takes 50 days, or 60, or is never heard of again; a new one begins every five days."""
    key, begin = f"i-{number}", BEGIN + timedelta(days=5 * number)
    yield {"initiative": {"key": key, "name": key}}
    steps = {"idea": 0, "decision": 5, "start": 7, "deploy": 30, "feedback": 50 + number % 2 * 10}
    for kind, after in steps.items():
        if number % 5 or kind != "feedback":
            at = (begin + timedelta(days=after)).isoformat()
            yield {"id": f"{key}/{kind}", "kind": kind, "occurred_at": at, "subject": f"initiative:{key}"}


@pytest.fixture
def lived(run):
    """A folder whose database has a year of initiatives."""
    run("import", "-", stdin=b"\n".join(orjson.dumps(one) for n in range(73) for one in lines(n)).decode())
    return run


def test_people_are_told_scores_calibration_and_verdicts(lived):
    told = lived("backtest", "--as-of", "2026-01-01", "--every", "14").stdout
    assert "Overall median" in told
    assert "came in 90 days" in told
    assert (
        "Against the overall median: the forecast is better at 30 days; no clear difference at 60 and 90 days." in told
    )
    assert "Where value came, the forecast day was" in told


def test_machines_are_told_the_same(lived):
    found = orjson.loads(lived("backtest", "--as-of", "2026-01-01", "--json").stdout)
    assert [one["days"] for one in found["horizons"]] == [30, 60, 90]
    assert found["horizons"][0]["against"]["overall_median"]["verdict"] == "better"


def test_a_thin_past_says_so(filled):
    told = filled("backtest", "--as-of", "2026-06-01").stdout
    assert "There is nothing to compare yet" in told
