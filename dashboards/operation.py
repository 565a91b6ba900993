"""Service: whether the figures can be trusted today."""

from dashboards.asked import PAST, WINDOW, WITHIN, coverage, last
from dashboards.parts import Board, Panel, Query, Row
from dashboards.watched import INTERVALS, LATELY

_WELL = "all is well"
_QUIET = "nothing happened in the last 30 days"
_NOT_LOOKED = "no source was looked at"
_HOUR = "3600 * sum by (%s) (rate(%s[$__rate_interval]))"
"""A look every few minutes brings little in a second: people count by the hour."""
_LATE = (
    f"max by (source) (ttv_source_last_success_timestamp_seconds) + on (source)"
    f" {INTERVALS} * max by (source) (ttv_source_interval_seconds)"
)


def _hourly(by: str, counter: str) -> str:
    return _HOUR % (by, counter)


def _slow(by: str, histogram: str) -> str:
    return f"histogram_quantile(0.95, sum by ({by}, le) (rate({histogram}_bucket[$__rate_interval])))"


def _ago(metric: str) -> str:
    return f"(time() - max by (source) (ttv_source_{metric}_timestamp_seconds))"


_SOURCES = Row(
    "Sources",
    (
        Panel(
            "stat",
            "Sources",
            "Whether the last look at each source succeeded. While one fails, the figures go on with what was read "
            "before; what is wrong stands beside.",
            (Query("sort(min by (source) (ttv_source_up))", "{{source}}"),),
            unit="short",
            none="no source has been looked at yet",
            steps=((None, "red"), (1, "green")),
            mapped={"0": "fails", "1": "well"},
        ),
        Panel(
            "table",
            "What is wrong",
            "The state of each source that is not well. GET /api/v1/sources tells what to do about it.",
            (Query("max by (source, state) (ttv_source_state)", absent=_WELL),),
            unit="short",
            none="all sources are well",
            names={"source": "source", "state": "state"},
        ),
        Panel(
            "bars",
            "Since the last success",
            f"Red is longer than {INTERVALS} times the interval at which the source is to be looked at: what happened since "
            "is not in the figures, and the alert says so.",
            (
                Query(
                    f"sort_desc({_ago('last_success')} and on (source) {_LATE} >= time())",
                    "{{source}}",
                    "all are late",
                    WITHIN,
                ),
                Query(
                    f"sort_desc({_ago('last_success')} unless on (source) {_LATE} >= time())", "{{source}}", _WELL, PAST
                ),
            ),
            unit="s",
            none="no source has been read yet",
        ),
        Panel(
            "bars",
            "Behind the present",
            "How far back the cursor of each source is: what happened since is not in the figures. During a first look "
            "it comes nearer by itself.",
            (Query(f"sort_desc({_ago('cursor')})", "{{source}}"),),
            unit="s",
            none="no source has been read yet",
        ),
        Panel(
            "line",
            "Records brought, by the hour",
            "What is new or changed, and what could not be read and went to quarantine. A source that brings nothing for "
            "days may have lost a permission.",
            (
                Query(_hourly("source", 'ttv_source_records_total{outcome="accepted"}'), "{{source}}"),
                Query(
                    _hourly("source", 'ttv_source_records_total{outcome="rejected"}') + " > 0",
                    "{{source}}, rejected",
                    "all could be read",
                    PAST,
                ),
            ),
            width=6,
            unit="short",
            none=_NOT_LOOKED,
        ),
        Panel(
            "line",
            "Requests to the sources, by the hour",
            "All of them, and in red what ended badly: 4xx, 5xx, or no whole answer. The log of ttv says which.",
            (
                Query(_hourly("source", "ttv_source_requests_total"), "{{source}}"),
                Query(
                    _hourly("source, outcome", 'ttv_source_requests_total{outcome=~"4xx|5xx|failed"}') + " > 0",
                    "{{source}}, {{outcome}}",
                    "no request ended badly",
                    PAST,
                ),
            ),
            width=6,
            unit="short",
            none="no request was made",
        ),
        Panel(
            "line",
            "Waiting because of limits",
            "The part of the time in which a source asked ttv to wait. Near 1, look less often with `every`.",
            (
                Query(
                    "sum by (source) (rate(ttv_source_throttled_seconds_total[$__rate_interval]))",
                    "{{source}}",
                ),
            ),
            width=4,
            unit="percentunit",
            none=_NOT_LOOKED,
        ),
        Panel(
            "line",
            "Retries, by the hour",
            "Requests that had to be made again. Many say that the tool, or the way to it, is not well.",
            (Query(_hourly("source", "ttv_source_retries_total"), "{{source}}"),),
            width=4,
            unit="short",
            none=_NOT_LOOKED,
        ),
        Panel(
            "line",
            "Webhooks, by the hour",
            "Those that were heard, and in red those that were not signed as they should be, could not be read or could "
            "not be kept. A look reads what they told all the same; mend the secret.",
            (
                Query(
                    _hourly("source", 'ttv_webhooks_total{outcome!~"refused|quarantined|failed"}'),
                    "{{source}}",
                    "no source sends webhooks",
                ),
                Query(
                    _hourly("source, outcome", 'ttv_webhooks_total{outcome=~"refused|quarantined|failed"}') + " > 0",
                    "{{source}}, {{outcome}}",
                    "all were heard",
                    PAST,
                ),
            ),
            width=4,
            unit="short",
            none="no source sends webhooks",
        ),
    ),
)
_UNKNOWN = Row(
    "What the figures do not know",
    (
        Panel(
            "line",
            "Coverage of the window",
            "The part of what happened in the window that the figures rest on. What is low here is doubtful everywhere.",
            coverage(shown=last),
            width=9,
            unit="percentunit",
            most=1,
            none="nothing happened in this window",
        ),
        Panel(
            "bars",
            "Coverage of the last 30 days",
            "Where it is far below the window's, something changed: a renamed status, label, project or repository. "
            "Change the mapping; `ttv plan` shows what that would change.",
            coverage(LATELY, absent=_QUIET),
            width=5,
            unit="percentunit",
            most=1,
            none=_QUIET,
        ),
        Panel(
            "bars",
            "Events tied to no initiative",
            "Claim what they belong to; GET /api/v1/orphans lists them.",
            (Query("sort_desc(max by (kind) (ttv_orphan_events))", "{{kind}}"),),
            width=5,
            unit="short",
        ),
        Panel(
            "bars",
            "Quarantine",
            "Records that could not be read, by source; GET /api/v1/quarantine says why. Mend what sends them, or "
            "upgrade ttv.",
            (Query("sort_desc(max by (source) (ttv_quarantined_records))", "{{source}}"),),
            width=5,
            unit="short",
            none="no source has been read yet",
        ),
    ),
)
_ITSELF = Row(
    "The service itself",
    (
        Panel(
            "line",
            "Looks at sources, by the hour",
            "Those that succeeded, and in red those that failed or were left out because the one before still ran.",
            (
                Query(_hourly("source", 'ttv_scheduler_runs_total{outcome="succeeded"}'), "{{source}}"),
                Query(
                    _hourly("source", 'ttv_scheduler_runs_total{outcome="failed"}') + " > 0",
                    "{{source}}, failed",
                    "none failed",
                    PAST,
                ),
                Query(
                    _hourly("source", "ttv_scheduler_skipped_total") + " > 0",
                    "{{source}}, left out",
                    "none was left out",
                    "orange",
                ),
            ),
            unit="short",
            none=_NOT_LOOKED,
        ),
        Panel(
            "line",
            "How long a look takes (95 in 100)",
            "With all that is computed after it. If it comes near the interval, looks are left out.",
            (Query(_slow("source", "ttv_scheduler_run_duration_seconds"), "{{source}}"),),
            unit="s",
            none=_NOT_LOOKED,
        ),
        Panel(
            "line",
            "Answers (95 in 100)",
            "How long requests take, by route. What is slow here is slow for whoever asks.",
            (Query(_slow("route", "ttv_http_request_duration_seconds"), "{{route}}"),),
            unit="s",
            none="nobody asked",
        ),
        Panel(
            "stat",
            "Metrics",
            "How old the figures on /metrics are, how many parts of it broke within a day, and how many "
            "initiatives have series of their own and how many are in sums only. Broken parts are in the log of ttv.",
            (
                Query("time() - max(ttv_figures_timestamp_seconds)", "age of the figures", unit="s"),
                Query("sum(increase(ttv_exporter_errors_total[1d]))", "broken parts"),
                Query('max(ttv_exporter_initiatives{series="own"})', "initiatives with series"),
                Query('max(ttv_exporter_initiatives{series="none"})', "in sums only"),
            ),
            unit="short",
        ),
    ),
)
SERVICE = Board(
    "ttv-service",
    "ttv: Service",
    "Can the figures be trusted today? How the sources are, how fresh, what could not be read, how the service runs.",
    (_SOURCES, _UNKNOWN, _ITSELF),
    (WINDOW,),
    "now-24h",
)
