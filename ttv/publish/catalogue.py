"""Every metric that `/metrics` can show: name, type, labels and help, in the order in which they appear.

Durations and instants are in seconds; instants are Unix time. What is not known has no series: it is never 0.
What has a `quantile` is a summary, as Prometheus wants it: quantiles over a window that slides. It has no sum or count,
which would have to be of all time.
"""

from typing import Literal, NamedTuple


class Metric(NamedTuple):
    """One metric family as a reader of `/metrics` sees it."""

    name: str
    type: Literal["gauge", "counter", "histogram", "gaugehistogram", "info", "summary"]
    labels: tuple[str, ...]
    help: str


BUILD = Metric("ttv_build_info", "info", ("version",), "The version of ttv that answers; always 1.")
INITIATIVE = Metric(
    "ttv_initiative_info",
    "info",
    ("initiative", "name", "team", "direction", "state", "url"),
    "What an initiative is and how far it has come; always 1, to be joined on `initiative`. Initiatives that ended "
    "longer ago than `[metrics] recent` have no series of their own.",
)
MILESTONE = Metric(
    "ttv_initiative_milestone_timestamp_seconds",
    "gauge",
    ("initiative", "milestone"),
    "When an initiative reached a milestone (idea, decided, started, shipped, valued, stopped); absent until it does.",
)
STAGE_SINCE = Metric(
    "ttv_initiative_stage_timestamp_seconds",
    "gauge",
    ("initiative", "stage"),
    "Since when an open initiative is in its stage (deciding, waiting, building, sensing).",
)
TARGET = Metric(
    "ttv_initiative_target_seconds",
    "gauge",
    ("initiative", "figure"),
    "How soon an initiative should have value (`time_to_value`) or a decision (`rate_of_turn`): its own target, or the "
    "default.",
)
STATUS = Metric(
    "ttv_initiative_target_status",
    "gauge",
    ("initiative", "figure", "status"),
    "How an initiative stands to a target: on_track, at_risk (it is more likely to miss it), missed, met; always 1. "
    "Absent where too little is known to say.",
)
CHANCE = Metric(
    "ttv_initiative_value_chance_ratio",
    "gauge",
    ("initiative", "within"),
    "The chance that an open initiative has value within 30d, 60d or 90d, by what became of those before it; absent "
    "where they are too few.",
)
REMAINING = Metric(
    "ttv_initiative_remaining_seconds",
    "gauge",
    ("initiative",),
    "The time within which half of the initiatives that stood where this open one stands had value; absent where they "
    "are too few, or fewer than half ever had.",
)
INITIATIVES = Metric(
    "ttv_initiatives",
    "gauge",
    ("state", "team", "direction"),
    "Initiatives that are in a state now, all of them. Team is empty where none is known, and `other` for the teams "
    "beyond `[metrics] teams`.",
)
BY_TARGET = Metric(
    "ttv_open_initiatives_by_target",
    "gauge",
    ("figure", "status", "direction"),
    "Open initiatives that have a target, by how they stand to it; `unknown` where too little is known to say.",
)
DEFAULT_TARGET = Metric(
    "ttv_target_seconds",
    "gauge",
    ("figure",),
    "The target of initiatives that have none of their own, if there is one.",
)
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
TIME_TO_VALUE_BOUND = Metric(
    "ttv_time_to_value_median_bound_seconds",
    "gauge",
    ("bound", "direction", "window"),
    "The 95 % interval of the median of method `all`: `low` and `high`; absent where the curve does not get there.",
)
TIME_TO_VALUE_OUTCOME = Metric(
    "ttv_time_to_value_outcome_ratio",
    "gauge",
    ("outcome", "direction", "window"),
    "What part of the ideas of the window gets to value at all (`reached`), and what part is stopped (`stopped`), as "
    "far as they could be followed (Aalen-Johansen).",
)
TIME_TO_VALUE_SPREAD = Metric(
    "ttv_time_to_value_distribution_seconds",
    "gaugehistogram",
    ("team", "direction", "window"),
    "Initiatives by how long it took from the idea to the first customer feedback, of those that got there within the "
    "window. Counts of now, which a correction can lower: never take a rate of them.",
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
RATE_OF_TURN_BOUND = Metric(
    "ttv_rate_of_turn_median_bound_seconds",
    "gauge",
    ("bound", "direction", "window"),
    "The 95 % interval of the median of method `all`: `low` and `high`; absent where the curve does not get there.",
)
RATE_OF_TURN_OUTCOME = Metric(
    "ttv_rate_of_turn_outcome_ratio",
    "gauge",
    ("outcome", "direction", "window"),
    "What part of the ideas of the window is decided on at all (`reached`), as far as they could be followed "
    "(Aalen-Johansen); a no is a decision too, so `stopped` is 0.",
)
RATE_OF_TURN_SPREAD = Metric(
    "ttv_rate_of_turn_distribution_seconds",
    "gaugehistogram",
    ("team", "direction", "window"),
    "Initiatives by how long it took from the idea to the decision, of those decided on within the window. Counts of "
    "now, which a correction can lower: never take a rate of them.",
)
STAGE_SPENT = Metric(
    "ttv_stage_spent_seconds",
    "gauge",
    ("stage", "of", "window"),
    "All the time that initiatives have spent in a stage: of those `realised` in the window, or of `all` whose idea "
    "came within it. A stage's part of the sum over the stages says where the time goes.",
)
STAGE_ENTERED = Metric(
    "ttv_stage_initiatives",
    "gauge",
    ("stage", "of", "window"),
    "Initiatives that `ttv_stage_spent_seconds` is the sum of: those that got into the stage.",
)
LOOP = Metric(
    "ttv_loop_seconds",
    "summary",
    ("quantile", "method", "leg", "window"),
    "How long the loop after shipping takes: ship_to_sense until a customer answers, sense_to_respond until the next "
    "ship, ship_to_respond both; `completed` and `all` (Kaplan-Meier) as for the time to value.",
)
LOOP_OBSERVED = Metric(
    "ttv_loop_observed",
    "gauge",
    ("leg", "window", "end"),
    "Legs of loops that began within the window: ended, open still, or stopped.",
)
COVERAGE = Metric(
    "ttv_coverage_ratio",
    "gauge",
    ("of", "window"),
    "What part of what happened in the window the figures rest on: of initiatives that have an idea date (`idea`); of "
    "these that had work or ships before it, and look fast (`early`); of decisions that are on record (`decision`); of "
    "deploys (`deploys`) and of feedback (`feedback`) that are tied to an initiative. Of the last 30 days beside the "
    "window of the figures: lower there, a mapping no longer fits.",
)
COVERED = Metric(
    "ttv_coverage_observed",
    "gauge",
    ("of", "window"),
    "How many `ttv_coverage_ratio` is a part of: a share of few moves far with one more.",
)
EVENTS = Metric("ttv_events", "gauge", (), "Events in the current log.")
ORPHANS = Metric("ttv_orphan_events", "gauge", ("kind",), "Events that no initiative can be reached from.")
QUARANTINED = Metric(
    "ttv_quarantined_records", "gauge", ("source",), "Records that could not be read and wait to be looked at."
)
FIGURES_AS_OF = Metric(
    "ttv_figures_timestamp_seconds",
    "gauge",
    (),
    "As of when the figures of this page that move with the clock were made; they are made anew when the data changes "
    "and every `[schedule] figures`.",
)
SERIES = Metric(
    "ttv_exporter_initiatives",
    "gauge",
    ("series",),
    "Initiatives that have series of their own here (`own`), and those that are in the sums only (`none`): ended "
    "longer ago than `[metrics] recent`, or beyond `[metrics] initiatives`.",
)
SOURCE_UP = Metric(
    "ttv_source_up", "gauge", ("source",), "Whether the last look at a source succeeded (1) or failed (0)."
)
SOURCE_STATE = Metric(
    "ttv_source_state",
    "gauge",
    ("source", "state"),
    "What is wrong with a source (unauthorized, forbidden, gone, throttled, unreachable, narrowed …); always 1, absent "
    "while all is well.",
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
SOURCE_HEARD = Metric(
    "ttv_source_last_webhook_timestamp_seconds",
    "gauge",
    ("source",),
    "When a source last sent a webhook that could be trusted, whatever it said.",
)
SOURCE_INTERVAL = Metric("ttv_source_interval_seconds", "gauge", ("source",), "How often a source is to be looked at.")
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
RECORDS = Metric(
    "ttv_source_records_total",
    "counter",
    ("source", "outcome"),
    "Records that a source brought: accepted (new or changed), duplicate (known), or rejected into quarantine.",
)
REQUESTS = Metric(
    "ttv_source_requests_total",
    "counter",
    ("source", "outcome"),
    "Requests to a source's API by class of status (2xx); not_modified (304) and throttled apart, and failed where no "
    "whole answer came.",
)
RETRIES = Metric("ttv_source_retries_total", "counter", ("source",), "Requests to a source's API that were repeats.")
THROTTLED = Metric(
    "ttv_source_throttled_seconds_total",
    "counter",
    ("source",),
    "Time spent waiting because a source's API asked to be asked less.",
)
WEBHOOKS = Metric(
    "ttv_webhooks_total",
    "counter",
    ("source", "outcome"),
    "Webhooks of a source: taken; announced (a look follows that tells the rest); repeated (taken before); overtaken "
    "(tells what a look has read past); unused (says nothing of use); quarantined (could not be read); refused (not "
    "signed as it should be); failed (the database was away, or busy for too long).",
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

OF_INITIATIVES: tuple[Metric, ...] = (INITIATIVE, MILESTONE, STAGE_SINCE, TARGET, STATUS, CHANCE, REMAINING)
"""What has a series for each initiative that is open, or ended not long ago."""

FROM_DATABASE: tuple[Metric, ...] = (
    BUILD,
    *OF_INITIATIVES,
    SERIES,
    INITIATIVES,
    BY_TARGET,
    DEFAULT_TARGET,
    TIME_TO_VALUE,
    TIME_TO_VALUE_BOUND,
    TIME_TO_VALUE_OUTCOME,
    TIME_TO_VALUE_COMPLETED,
    TIME_TO_VALUE_OBSERVED,
    TIME_TO_VALUE_SPREAD,
    RATE_OF_TURN,
    RATE_OF_TURN_BOUND,
    RATE_OF_TURN_OUTCOME,
    RATE_OF_TURN_COMPLETED,
    RATE_OF_TURN_OBSERVED,
    RATE_OF_TURN_SPREAD,
    STAGE_SPENT,
    STAGE_ENTERED,
    LOOP,
    LOOP_OBSERVED,
    COVERAGE,
    COVERED,
    FIGURES_AS_OF,
    EVENTS,
    ORPHANS,
    QUARANTINED,
    SOURCE_UP,
    SOURCE_STATE,
    SOURCE_ATTEMPT,
    SOURCE_SUCCESS,
    SOURCE_CURSOR,
    SOURCE_HEARD,
    SOURCE_INTERVAL,
)
"""What any replica shows alike."""

FROM_PROCESS: tuple[Metric, ...] = (
    EXPORTER_ERRORS,
    RUNS,
    SKIPPED,
    RUN_SECONDS,
    RECORDS,
    REQUESTS,
    RETRIES,
    THROTTLED,
    WEBHOOKS,
    READ_SECONDS,
    REQUEST_SECONDS,
)
"""What one process knows of itself."""

CATALOGUE: tuple[Metric, ...] = (*FROM_DATABASE, *FROM_PROCESS)
