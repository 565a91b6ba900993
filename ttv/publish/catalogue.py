"""Every metric that `/metrics` can show: name, type, labels and help, in the order in which they appear.

Durations and instants are in seconds; instants are Unix time. What is not known has no series: it is never 0.
What has a `quantile` is a summary, as Prometheus wants it: quantiles over a window that slides. It has no sum or count,
which would have to be of all time.
"""

from typing import Literal, NamedTuple


class Metric(NamedTuple):
    """One metric family as a reader of `/metrics` sees it."""

    name: str
    type: Literal["gauge", "counter", "histogram", "info", "summary"]
    labels: tuple[str, ...]
    help: str


BUILD = Metric("ttv_build_info", "info", ("version",), "The version of ttv that answers; always 1.")
INITIATIVE = Metric(
    "ttv_initiative_info",
    "info",
    ("initiative", "name", "team", "direction", "state"),
    "What an initiative is and how far it has come; always 1, to be joined on `initiative`.",
)
MILESTONE = Metric(
    "ttv_initiative_milestone_timestamp_seconds",
    "gauge",
    ("initiative", "milestone"),
    "When an initiative reached a milestone (idea, decided, started, shipped, valued, stopped); absent until it does.",
)
INITIATIVES = Metric("ttv_initiatives", "gauge", ("state",), "Initiatives that are in a state now.")
TIME_TO_VALUE = Metric(
    "ttv_time_to_value_seconds",
    "summary",
    ("quantile", "method", "direction", "window"),
    "From the idea to the first customer feedback after it shipped. Method `completed` looks at those that got there "
    "within the window, whenever their idea came; it does not see who is still waiting. Method `all` looks at every "
    "idea of the window, those that wait still as censored (Kaplan-Meier), and is absent where too few got there. "
    "Direction `all` is all of them.",
)
TIME_TO_VALUE_COMPLETED = Metric(
    "ttv_time_to_value_completed_initiatives",
    "gauge",
    ("direction", "window"),
    "Initiatives whose first customer feedback after shipping came within the window.",
)
TIME_TO_VALUE_OBSERVED = Metric(
    "ttv_time_to_value_observed_initiatives",
    "gauge",
    ("direction", "window", "end"),
    "Initiatives whose idea came within the window: ended with value, open still, or stopped.",
)
RATE_OF_TURN = Metric(
    "ttv_rate_of_turn_seconds",
    "summary",
    ("quantile", "method", "direction", "window"),
    "From the idea to the decision to do it or not. Method `completed` looks at what was decided within the window, "
    "whenever the idea came; it does not see what is still undecided. Method `all` looks at every idea of the window, "
    "undecided ones as censored (Kaplan-Meier), and is absent where too few were decided.",
)
RATE_OF_TURN_COMPLETED = Metric(
    "ttv_rate_of_turn_completed_initiatives",
    "gauge",
    ("direction", "window"),
    "Initiatives that were decided on within the window.",
)
RATE_OF_TURN_OBSERVED = Metric(
    "ttv_rate_of_turn_observed_initiatives",
    "gauge",
    ("direction", "window", "end"),
    "Initiatives whose idea came within the window: ended with a decision, or open still; a no is a decision too.",
)
COVERAGE = Metric(
    "ttv_coverage_ratio",
    "gauge",
    ("of", "window"),
    "What part of what happened in the window the figures rest on: of initiatives that have an idea date (`idea`); of "
    "these that had work or ships before it, and look fast (`early`); of decisions that are on record (`decision`); of "
    "deploys (`deploys`) and of feedback (`feedback`) that are tied to an initiative.",
)
COVERED = Metric(
    "ttv_coverage_observed",
    "gauge",
    ("of", "window"),
    "How many `ttv_coverage_ratio` is a part of: a share of few moves far with one more.",
)
EVENTS = Metric("ttv_events", "gauge", (), "Events in the current log.")
ORPHANS = Metric("ttv_orphan_events", "gauge", (), "Events that no initiative can be reached from.")
QUARANTINED = Metric("ttv_quarantined_records", "gauge", (), "Records that could not be read and wait to be looked at.")
SOURCE_UP = Metric(
    "ttv_source_up", "gauge", ("source",), "Whether the last look at a source succeeded (1) or failed (0)."
)
SOURCE_ATTEMPT = Metric(
    "ttv_source_last_attempt_timestamp_seconds", "gauge", ("source",), "When a source was last looked at."
)
SOURCE_SUCCESS = Metric(
    "ttv_source_last_success_timestamp_seconds", "gauge", ("source",), "When a source was last read without an error."
)
SOURCE_CURSOR = Metric(
    "ttv_source_cursor_timestamp_seconds", "gauge", ("source",), "Up to which instant a source has been read."
)
EXPORTER_ERRORS = Metric(
    "ttv_exporter_errors_total", "counter", ("part",), "Parts of this page that could not be read from the database."
)
RUNS = Metric("ttv_scheduler_runs_total", "counter", ("source", "outcome"), "Looks at a source: succeeded, or failed.")
SKIPPED = Metric(
    "ttv_scheduler_skipped_total",
    "counter",
    ("source",),
    "Looks at a source that were left out because the one before was still running.",
)
RUN_SECONDS = Metric(
    "ttv_scheduler_run_duration_seconds",
    "histogram",
    ("source",),
    "How long a look at a source took, with what is computed after it.",
)
READ_SECONDS = Metric(
    "ttv_exporter_read_duration_seconds",
    "histogram",
    (),
    "How long it took to read and compute what this page shows of the database.",
)
REQUEST_SECONDS = Metric(
    "ttv_http_request_duration_seconds",
    "histogram",
    ("route", "method", "status"),
    "How long requests took, by route template, method and class of status (2xx).",
)

FROM_DATABASE: tuple[Metric, ...] = (
    BUILD,
    INITIATIVE,
    MILESTONE,
    INITIATIVES,
    TIME_TO_VALUE,
    TIME_TO_VALUE_COMPLETED,
    TIME_TO_VALUE_OBSERVED,
    RATE_OF_TURN,
    RATE_OF_TURN_COMPLETED,
    RATE_OF_TURN_OBSERVED,
    COVERAGE,
    COVERED,
    EVENTS,
    ORPHANS,
    QUARANTINED,
    SOURCE_UP,
    SOURCE_ATTEMPT,
    SOURCE_SUCCESS,
    SOURCE_CURSOR,
)
"""What any replica shows alike."""

FROM_PROCESS: tuple[Metric, ...] = (
    EXPORTER_ERRORS,
    RUNS,
    SKIPPED,
    RUN_SECONDS,
    READ_SECONDS,
    REQUEST_SECONDS,
)
"""What one process knows of itself."""

CATALOGUE: tuple[Metric, ...] = (*FROM_DATABASE, *FROM_PROCESS)
