"""Service: whether the figures can be trusted today."""

from dashboards.asked import WINDOW, trend
from dashboards.parts import SPAN, Board, Panel, Query, Row

_ALWAYS_WELL = "all is well"
SERVICE = Board(
    "ttv-service",
    "ttv: Service",
    "Can the figures be trusted today? How the sources are, how fresh, what could not be read, how the service runs.",
    (
        Row(
            "Sources",
            (
                Panel(
                    "stat",
                    "Sources",
                    "1: the last look succeeded. 0: it failed; the figures go on with what was read before.",
                    (Query("min by (source) (ttv_source_up)", "{{source}}"),),
                    unit="short",
                    none="no source has been looked at yet",
                    steps=((None, "red"), (1, "green")),
                ),
                Panel(
                    "table",
                    "What is wrong",
                    "The state of each source that is not well. GET /api/v1/sources tells what to do about it.",
                    (Query("max by (source, state) (ttv_source_state)", absent=_ALWAYS_WELL),),
                    unit="short",
                    none="all sources are well",
                    names={"source": "source", "state": "state"},
                ),
                Panel(
                    "bars",
                    "Since the last success",
                    "Longer than three times its interval is stale: the alert says so.",
                    (Query("time() - max by (source) (ttv_source_last_success_timestamp_seconds)", "{{source}}"),),
                    none="no source has been read yet",
                ),
                Panel(
                    "bars",
                    "Behind the present",
                    "How far back the cursor of each source is: what happened since is not in the figures.",
                    (Query("time() - max by (source) (ttv_source_cursor_timestamp_seconds)", "{{source}}"),),
                    none="no source has been read yet",
                ),
                Panel(
                    "line",
                    "Records brought",
                    "What the sources brought per second: new or changed, known, rejected.",
                    (
                        Query(
                            "sum by (source, outcome) (rate(ttv_source_records_total[$__rate_interval]))",
                            "{{source}} {{outcome}}",
                        ),
                    ),
                    width=8,
                    unit="cps",
                    none="no source was looked at",
                ),
                Panel(
                    "line",
                    "Requests to the sources",
                    "By how they ended. Many 4xx or failed: see the log of ttv.",
                    (
                        Query(
                            "sum by (source, outcome) (rate(ttv_source_requests_total[$__rate_interval]))",
                            "{{source}} {{outcome}}",
                        ),
                    ),
                    width=8,
                    unit="reqps",
                    none="no request was made",
                ),
                Panel(
                    "line",
                    "Waiting because of limits, and retries",
                    "The part of the time in which a source asked ttv to wait, and requests made again per second.",
                    (
                        Query(
                            "sum by (source) (rate(ttv_source_throttled_seconds_total[$__rate_interval]))",
                            "{{source}} waits",
                        ),
                        Query(
                            "sum by (source) (rate(ttv_source_retries_total[$__rate_interval]))", "{{source}} retries"
                        ),
                    ),
                    width=8,
                    unit="short",
                    none="no source was looked at",
                ),
            ),
        ),
        Row(
            "What the figures do not know",
            (
                Panel(
                    "line",
                    "Coverage",
                    "The part of what happened that the figures rest on. A drop after a day of change in a tool means "
                    "that its mapping no longer fits.",
                    (Query(trend(f"ttv_coverage_ratio{{{SPAN}}}"), "{{of}}"),),
                    width=12,
                    unit="percentunit",
                    none="nothing happened in this window",
                ),
                Panel(
                    "bars",
                    "Events tied to no initiative",
                    "Claim what they belong to; GET /api/v1/orphans lists them.",
                    (Query("max by (kind) (ttv_orphan_events)", "{{kind}}"),),
                    unit="short",
                ),
                Panel(
                    "bars",
                    "Quarantine",
                    "Records that could not be read, by source; GET /api/v1/quarantine says why.",
                    (Query("max by (source) (ttv_quarantined_records)", "{{source}}"),),
                    unit="short",
                    none="no source has been read yet",
                ),
            ),
        ),
        Row(
            "The service itself",
            (
                Panel(
                    "line",
                    "Looks at sources",
                    "Looks per second by how they ended, and those left out because the one before still ran.",
                    (
                        Query(
                            "sum by (source, outcome) (rate(ttv_scheduler_runs_total[$__rate_interval]))",
                            "{{source}} {{outcome}}",
                        ),
                        Query(
                            "sum by (source) (rate(ttv_scheduler_skipped_total[$__rate_interval]))",
                            "{{source}} skipped",
                        ),
                    ),
                    unit="cps",
                    none="no source was looked at",
                ),
                Panel(
                    "line",
                    "How long a look takes (95 in 100)",
                    "With all that is computed after it.",
                    (
                        Query(
                            "histogram_quantile(0.95, sum by (source, le) (rate(ttv_scheduler_run_duration_seconds_bucket[$__rate_interval])))",
                            "{{source}}",
                        ),
                    ),
                    none="no source was looked at",
                ),
                Panel(
                    "line",
                    "Answers (95 in 100)",
                    "How long requests take, by route.",
                    (
                        Query(
                            "histogram_quantile(0.95, sum by (route, le) (rate(ttv_http_request_duration_seconds_bucket[$__rate_interval])))",
                            "{{route}}",
                        ),
                    ),
                    none="nobody asked",
                ),
                Panel(
                    "stat",
                    "Metrics",
                    "How old the figures on /metrics are, how many parts of it broke within a day, and how many "
                    "initiatives have no series of their own.",
                    (
                        Query("time() - max(ttv_figures_timestamp_seconds)", "age of the figures"),
                        Query("sum(increase(ttv_exporter_errors_total[1d]))", "broken parts"),
                        Query('max(ttv_exporter_initiatives{series="none"})', "in sums only"),
                    ),
                    unit="short",
                ),
            ),
        ),
    ),
    (WINDOW,),
    "now-24h",
)
