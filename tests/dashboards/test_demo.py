"""The whole as a person would start it: the invented company pulled from its tools, its past written for Prometheus,
scraped, watched, and shown. Everything that a dashboard asks has an answer there, or is one of a few that have none.
"""

import subprocess
import sys
import time
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from urllib.parse import urlsplit

import numpy as np
import pytest
import requests
import yaml
from matplotlib import image
from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics

from dashboards import alerts, sheets
from dashboards.__main__ import BOARDS, queries
from tests.cli.processes import started
from tests.dashboards.test_alerting import CONFIG, at_once
from tests.real import alertmanager, prometheus
from tests.real.prometheus import Prometheus

pytestmark = pytest.mark.heavy

DAYS = 120
"""So much of the past is written for Prometheus: more than the longest look back of a dashboard that is no trend."""
LONG = "--max-block-duration=1440h"
"""What the README says too: blocks of two hours, one for each day, would take as many readings of the file."""
FILLED = {"$team": ".*", "$direction": ".*", "$window": "365d", "$__rate_interval": "1m"}
ABSENT = {
    ("ttv-leadership", "Time to value: half of all ideas", "half of all ideas", "red"),
    ("ttv-leadership", "Time to value: half of all ideas", "half of all ideas", "text"),
    ("ttv-leadership", "Against 90 days ago", "later by", "orange"),
    ("ttv-leadership", "Rate of turn: half of all ideas", "{{direction}}", "text"),
    ("ttv-initiative", "Time to value", "time to value", None),
    ("ttv-initiative", "Time in each stage", "sensing", None),
    ("ttv-initiative", "Part of its target that is used up", "rate of turn", None),
    ("ttv-rate-of-turn", "Half of all ideas are decided within", "{{direction}}", "text"),
    ("ttv-service", "What is wrong", "", None),
    ("ttv-service", "Records brought, by the hour", "{{source}}, rejected", "red"),
    ("ttv-service", "Webhooks, by the hour", "{{source}}, {{outcome}}", "red"),
    ("ttv-service", "Looks at sources, by the hour", "{{source}}, failed", "red"),
}
"""What the demo has no answer to: each question by dashboard, panel, legend and colour; the reason stands beside it."""
EITHER = {
    "about half of the loops come so far": {("ttv-flow", "Ship, sense, respond", "ship to respond", None)},
    "a slow machine is late, for the demo looks often": {
        ("ttv-service", "Since the last success", "{{source}}", "green"),
        ("ttv-service", "Since the last success", "{{source}}", "red"),
        ("ttv-service", "Looks at sources, by the hour", "{{source}}, left out", "orange"),
    },
    "a tool is asked for what it may not have": {
        ("ttv-service", "Requests to the sources, by the hour", "{{source}}, {{outcome}}", "red")
    },
}
"""What may have an answer one day and none the other, by why."""


class Demo(NamedTuple):
    """The running demo, who scrapes it, and where things are kept."""

    url: str
    server: Prometheus
    heard: alertmanager.Heard
    at: float
    """The instant as of which it is asked, for the company goes on."""
    filled: dict[str, str]
    """What is chosen of the variables; the initiative is one that has shipped, and waits for a customer."""

    def asked(self, expr, ago=0.0):
        """Ask what a dashboard asks, or asked some seconds before."""
        for name, value in self.filled.items():
            expr = expr.replace(name, value)
        return self.server.query(expr, self.at - ago)


@pytest.fixture(scope="module")
def demo(root, prometheus_program, alertmanager_program, promtool, tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo")
    with ExitStack() as at_end:
        _, at = at_end.enter_context(started("demo", "--port", "0", folder=folder))
        url = at.rstrip("/")
        heard = at_end.enter_context(alertmanager.hearing())
        routes = yaml.safe_load((root / "dashboards/alertmanager/alertmanager.yml").read_text())
        manager = at_end.enter_context(alertmanager.starting(alertmanager_program, folder))
        to = manager(alertmanager.told_to(routes, heard))
        (folder / "rules.yml").write_text(yaml.safe_dump(at_once(alerts.prometheus(ttv=url))))
        config = CONFIG.format(rules=folder / "rules.yml", alertmanager=to, ttv=urlsplit(url).netloc)
        start = at_end.enter_context(prometheus.starting(prometheus_program, folder))
        waits(url)
        server = start(config=config, blocks=past(folder, promtool))
        server.until("rate(ttv_source_requests_total[1m]) > 0")  # a look at the sources between two scrapes
        server.until('rate(ttv_http_request_duration_seconds_count{route="/metrics"}[1m]) > 0')
        at = time.time()
        sensing = 'ttv_initiative_remaining_seconds and on (initiative) ttv_initiative_info{state="sensing"}'
        [one, *_] = server.query(sensing, at)
        yield Demo(url, server, heard, at, FILLED | {"$initiative": one["metric"]["initiative"]})


def waits(url):
    """Tell of an initiative that waits for its start, for the company has very few of them, and at times none."""
    tell(url, "put", "initiatives/WAITS", {"name": "Waits", "team": "Search", "direction": "top_down"})
    for kind, days in (("idea", 9), ("decision", 2)):
        tell_event(url, "WAITS", kind, days)


def tell_event(url, key, kind, days):
    when = (datetime.now(UTC) - timedelta(days=days)).isoformat()
    event = {"id": f"{key} {kind}", "kind": kind, "occurred_at": when, "subject": f"initiative:{key}"}
    assert tell(url, "post", "events", event)["accepted"] == 1


def tell(url, method, path, said):
    answer = requests.request(method, f"{url}/api/v1/{path}", json=said, timeout=30)
    answer.raise_for_status()
    return answer.json()


def past(folder, promtool):
    """Write the demo's past as blocks of Prometheus' storage, as the README says; give their folder."""
    begin = datetime.now(UTC) - timedelta(days=DAYS)
    (folder / "ttv.toml").write_text('[targets]\ntime_to_value = "120d"\nrate_of_turn = "30d"\n')
    told = [
        "history",
        "--database",
        "sqlite:///.demo/ttv.sqlite",
        "--config",
        "ttv.toml",
        "--from",
        f"{begin:%Y-%m-%d}",
    ]
    with (folder / "history.om").open("w") as file:
        subprocess.run([sys.executable, "-m", "ttv", *told], cwd=folder, env={"PATH": ""}, stdout=file, check=True)
    made = promtool(
        "tsdb", "create-blocks-from", "openmetrics", "-q", LONG, str(folder / "history.om"), str(folder / "blocks")
    )
    assert made.returncode == 0, made.stderr
    return folder / "blocks"


def named(board, query, title):
    return board.uid, title, query.legend, query.colour


def test_every_question_has_an_answer_or_is_one_of_few_with_a_reason_for_none(demo):
    unanswered = {
        named(board, query, panel.title): query.absent
        for board, panel, query in queries()
        if not demo.asked(query.expr)
    }
    assert {question for question in unanswered if question not in ABSENT.union(*EITHER.values())} == set()
    assert ABSENT - set(unanswered) == set(), "these have an answer now"
    assert all(unanswered.values()), "each has its reason"


def test_every_trend_goes_back_as_far_as_the_history(demo):
    """But for those of one initiative, which was not there then."""
    then = (DAYS - 10) * 86_400
    found = {}
    for board, panel, query in queries():
        if (
            board.uid != "ttv-initiative"
            and "last_over_time" in query.expr
            and panel.kind == "line"
            and not query.dashed
        ):
            found[panel.title] = found.get(panel.title, 0) + len(demo.asked(query.expr, then))
    assert len(found) >= 8
    assert min(found.values()) > 0, found


def test_every_variable_has_something_to_choose_from(demo):
    asked = {(one.build().name, str(one.build().query)) for board in BOARDS for one in board.variables}
    named = [(name, query.removeprefix("label_values(").removesuffix(")").rpartition(", ")) for name, query in asked]
    assert {name for name, _ in named} == {"initiative", "team", "direction", "window"}
    for name, (metric, _, label) in named:
        assert demo.server.query(f'count by ({label}) ({metric}{{{label}!=""}})', demo.at), name


def test_every_recording_has_values_and_every_alert_can_be_asked(demo):
    for recording in alerts.RECORDINGS:
        assert demo.server.query(recording.expr, demo.at), recording.record
    firing = {alert.name for alert in alerts.ALERTS if demo.server.query(alert.expr, demo.at)}
    of_initiatives = {alert.name for alert in alerts.GROUPS["ttv-initiatives"]}
    late = {"TtvSourceStale"}  # on a slow machine, for the demo looks often
    assert firing - late == of_initiatives | {"TtvRateOfTurnSlow"}


def test_what_is_scraped_is_valid_as_text_and_as_openmetrics(demo, promtool):
    page = requests.get(
        f"{demo.url}/metrics", headers={"Accept": "application/openmetrics-text;version=1.0.0"}, timeout=30
    )
    assert page.headers["Content-Type"].startswith("application/openmetrics-text")
    assert sum(len(family.samples) for family in openmetrics(page.text)) > 1000
    found = promtool("check", "metrics", text=requests.get(f"{demo.url}/metrics", timeout=30).text)
    assert (found.returncode, found.stderr) == (0, "")


def test_an_initiative_that_becomes_overdue_is_heard_of(demo):
    tell(demo.url, "put", "initiatives/LATE", {"name": "Name of LATE", "team": "Pay"})
    tell_event(demo.url, "LATE", "idea", 31)
    receiver, alert = demo.heard.until("TtvDecisionOverdue", where={"initiative": "LATE"})
    assert (receiver, alert["labels"]["team"]) == ("team", "Pay")


def test_the_sheets_show_every_panel_within_its_frame(demo, tmp_path):
    made = sheets.draw(demo.server.url, tmp_path, demo.at, demo.filled["$initiative"], hours=0.05)
    assert [path.stem for path in made] == sorted(board.uid for board in BOARDS)
    absent = {(uid, title) for uid, title, *_ in ABSENT}
    for path, shown in made.items():
        [board] = [board for board in BOARDS if board.uid == path.stem]
        assert [one.title for one in shown] == [panel.title for row in board.rows for panel in row.panels]
        assert {(board.uid, one.title) for one in shown if not one.answers} <= absent
        picture = (image.imread(path)[..., :3] * 255).round().astype(int)
        assert blank(picture, shown) == []
        assert beside(picture, shown) == 0, f"{board.uid}: something stands out of its panel"


def pixels(picture, box):
    """Give the part of a picture that a box is, counted from the upper left corner."""
    high, wide = picture.shape[:2]
    rows = slice(round((1 - box.y - box.height) * high), round((1 - box.y) * high))
    return rows, slice(round(box.x * wide), round((box.x + box.width) * wide))


def blank(picture, shown):
    """List the panels in which nothing is drawn below the title."""
    inner = {one.title: picture[pixels(picture, one.box)][28:-3, 3:-3] for one in shown}
    return [title for title, part in inner.items() if (part < 200).any(axis=-1).sum() < 30]


def beside(picture, shown):
    """Count what is drawn in the lines of the panels, but beside them."""
    apart = np.zeros(picture.shape[:2], dtype=bool)
    for one in shown:
        rows, _ = pixels(picture, one.box)
        apart[rows] = True
    for one in shown:
        rows, columns = pixels(picture, one.box)
        apart[rows.start - 2 : rows.stop + 2, columns.start - 2 : columns.stop + 2] = False
    return (picture[apart] < 200).any(axis=-1).sum()
