"""What is watched: every alert with its question, its words for people and its runbook; and the recorded figures.

Each expression holds however many replicas are scraped, and answers only while something is wrong. What is not known
has no series, so it raises nothing. The thresholds are the constants below; `python -m dashboards` writes them anew.
"""

from dataclasses import dataclass

STUCK = 3
"""So many times the usual time in a stage is stuck."""
USUAL = 10
"""From so many initiatives on, what they did is usual, and a median is more than chance."""
SHORT = 7 * 86_400
"""Seconds in a stage that are never too long, however fast the stage usually is."""
UNHEARD = 30 * 86_400
"""Seconds after shipping within which a customer should be heard."""
SEEN = 20
"""From so many events or initiatives on, a share of them does not move far with one more."""
FALLEN = 0.2
"""By so much the coverage of the last days may be below that of the whole window."""
LATELY = 'window="30d"'
"""The last days, whose coverage is told beside that of the window: in a year's a month hardly shows."""
INTERVALS = 3
"""So many of its intervals without a look make a source stale."""

_NAMED = (
    "* on (initiative) group_left (name, team, direction)"
    " max by (initiative, name, team, direction) (ttv_initiative_info)"
)
_STAGE = "(time() - max by (initiative, stage) (ttv_initiative_stage_timestamp_seconds%s))"
_IN_ANY, _DECIDING, _SENSING = (_STAGE % which for which in ("", '{stage="deciding"}', '{stage="sensing"}'))
_OPEN = "and on (initiative) ttv_initiative_stage_timestamp_seconds"
_WHO = "{{ $labels.name }} ({{ $labels.initiative }}{{ with $labels.team }}, {{ . }}{{ end }})"
_TOOK = "{{ $value | humanizeDuration }}"
_DIAGNOSIS = '`curl -H "Authorization: Bearer $TTV_TOKEN" $TTV/api/v1/initiatives/KEY/diagnosis`'
_SOURCES = '`curl -H "Authorization: Bearer $TTV_TOKEN" $TTV/api/v1/sources`'


@dataclass(frozen=True)
class Alert:
    """One alert, and its runbook."""

    name: str
    expr: str
    lasting: str
    """For how long it must hold."""
    severity: str
    summary: str
    means: str
    look: str
    act: str
    silence: str
    dashboard: str
    """The dashboard that shows more, with the variables of its address."""
    page: str = ""
    """The page of ttv that shows more, without a slash before it."""
    kept: str = "0s"
    """For how long it goes on when nothing is wrong any more, so that a restart of ttv does not end and repeat it."""


@dataclass(frozen=True)
class Recording:
    """A figure that Prometheus computes ahead."""

    record: str
    expr: str


RECORDINGS = (
    Recording("ttv:initiative_stage:seconds", f"{_IN_ANY} {_NAMED}"),
    Recording(
        "ttv:stage_share:ratio",
        "max by (stage, of, window) (ttv_stage_spent_seconds)"
        " / on (of, window) group_left () sum by (of, window) (max by (stage, of, window) (ttv_stage_spent_seconds))",
    ),
    Recording(
        "ttv:open_initiatives:count",
        'sum by (state) (max by (state, team, direction) (ttv_initiatives{state!~"realised|stopped|no_idea"}))',
    ),
)


def _median(figure: str) -> str:
    """Ask whether the median over all is past the target, where enough got there; `all` directions count as one."""
    ended = f'max by (direction, window) (ttv_{figure}_observed_initiatives{{end="ended"}})'
    return (
        f'max by (direction, window) (ttv_{figure}_seconds{{method="all",quantile="0.5"}})'
        f' > on () group_left () max (ttv_target_seconds{{figure="{figure}"}})'
        f" and on (direction, window) ({ended} >= {USUAL}"
        f' or label_replace(sum by (window) ({ended}) >= {USUAL}, "direction", "all", "", ""))'
    )


def _covered(which: str) -> str:
    """Ask for the coverage of the last days, or of whatever window is longer."""
    lately = LATELY.replace("=", which)
    return f'max by (of, window) (ttv_coverage_ratio{{of!="early",{lately}}})'


def _status(status: str) -> str:
    return f'max by (initiative) (ttv_initiative_target_status{{figure="time_to_value",status="{status}"}}) {_NAMED} {_OPEN}'


_ONE = {
    "dashboard": "ttv-initiative?var-initiative={{ $labels.initiative }}",
    "page": "initiatives/{{ $labels.initiative }}",
}

OF_INITIATIVES = (
    Alert(
        "TtvDecisionOverdue",
        f"({_DECIDING} > on (initiative) group_left ()"
        f' max by (initiative) (ttv_initiative_target_seconds{{figure="rate_of_turn"}})) {_NAMED}',
        "1h",
        "warning",
        f"{_WHO} has been undecided for {_TOOK}, longer than its target for the rate of turn",
        "Somebody had an idea, and nobody has said yes or no for longer than the target allows. The target is the "
        "initiative's own, or else `rate_of_turn` under `[targets]` of the configuration.",
        "Open the initiative in ttv: the events tied to it show what was said. If a decision was made and is not "
        "there, its event is not tied, or the mapping of the source misses it; the diagnosis says which:\n\n"
        f"{_DIAGNOSIS}",
        "Ask whoever may decide for a yes or a no; a no is a decision too. Record one that was made outside the tools: "
        "`POST /api/v1/events` with the kind `decision`, and `by` and `why`.",
        "If it was deferred on purpose, until the day it was deferred to.",
        kept="15m",
        **_ONE,
    ),
    Alert(
        "TtvInitiativeStuck",
        f"({_IN_ANY} > on (stage) group_left () clamp_min({STUCK} * max by (stage)"
        f' (ttv_stage_spent_seconds{{of="realised"}} / (ttv_stage_initiatives{{of="realised"}} >= {USUAL})), {SHORT}))'
        f" {_NAMED}",
        "1h",
        "info",
        f"{_WHO} has been {{{{ $labels.stage }}}} for {_TOOK}, more than {STUCK} times as long as usual",
        f"It has been in one stage for more than {STUCK} times what initiatives that reached value spent there on "
        f"average, and for more than {SHORT // 86_400} days. With fewer than {USUAL} of those nothing is said. Only those that "
        "got there are compared with, so the usual is the usual of what goes well.",
        "The Flow dashboard lists what waits longest for what. Open the initiative in ttv: what was the last event?",
        "Ask what it waits for; make it smaller, clear what is in its way, or decide to stop it.",
        "If it is known to be large and on its way.",
        kept="15m",
        **_ONE,
    ),
    Alert(
        "TtvNoCustomerHeard",
        f"({_SENSING} > {UNHEARD}) {_NAMED}",
        "1h",
        "warning",
        f"{_WHO} shipped {_TOOK} ago, and no customer has been heard",
        "It is in production, and no feedback of a customer is tied to it. Until then nobody knows whether it is of "
        "value, and its time to value goes on.",
        f"The diagnosis tells how much feedback was seen and why none of it counts:\n\n{_DIAGNOSIS}\n\n"
        "`/api/v1/orphans` lists feedback that is tied to nothing.",
        "Ask a customer. If there was feedback, name the initiative or its issue in the ticket, or claim what the "
        "ticket is about.",
        "If nobody outside can use it yet: then it has not shipped, and the deploy's environment is mapped wrongly.",
        kept="15m",
        **_ONE,
    ),
    Alert(
        "TtvForecastMissesTarget",
        _status("at_risk"),
        "6h",
        "info",
        f"{_WHO} is more likely than not to miss its target for the time to value",
        "Of the initiatives that once stood where it stands, fewer than half had value in the time that is left to it. "
        "With fewer than ten of them nothing is said.",
        "The Initiative dashboard shows its chances within 30, 60 and 90 days, its page in ttv how many forerunners "
        "they rest on. `ttv backtest` says how good such forecasts were.",
        "Do less of it, or sooner: what is the smallest thing that a customer could answer?",
        "If the target was not meant seriously: then change the target.",
        kept="15m",
        **_ONE,
    ),
    Alert(
        "TtvTargetMissed",
        _status("missed"),
        "1h",
        "warning",
        f"{_WHO} is past its target for the time to value, and still open",
        "The time that it should have taken from the idea to a customer's answer is over.",
        "Its page in ttv shows in which stage the time went.",
        "Decide again: finish the smallest part of it that a customer could answer, or stop it.",
        "Once it was decided to go on. The figures keep it.",
        kept="15m",
        **_ONE,
    ),
)
OF_FIGURES = (
    Alert(
        "TtvRateOfTurnSlow",
        _median("rate_of_turn"),
        "1h",
        "warning",
        f"Half of the {{{{ $labels.direction }}}} ideas need {_TOOK} or more for a decision, longer than the target",
        "The rolling median, with what is undecided counted as waiting, is past `rate_of_turn` under `[targets]`. With "
        f"fewer than {USUAL} decisions in the window nothing is said.",
        "The Rate of turn dashboard: is it all of them, or a few that wait for very long? Which team, which direction?",
        "Find who has to agree, and let fewer have to. Top down and bottom up usually wait for different people.",
        "For months, once something is done about it: the window is a year by default, so the median comes down "
        "slowly. `TtvDecisionOverdue` goes on about single ones.",
        "ttv-rate-of-turn",
        kept="15m",
    ),
    Alert(
        "TtvTimeToValueSlow",
        _median("time_to_value"),
        "1h",
        "warning",
        f"Half of the ideas ({{{{ $labels.direction }}}}) need {_TOOK} or more until a customer answers, longer than "
        "the target",
        "The rolling median, with what is open counted as waiting, is past `time_to_value` under `[targets]`. With "
        f"fewer than {USUAL} that got there in the window nothing is said.",
        "The Leadership dashboard shows where the time goes, the Flow dashboard what waits.",
        "Shorten the longest stage first; it is seldom building.",
        "For months, once something is done about it, as for the rate of turn.",
        "ttv-leadership",
        kept="15m",
    ),
    Alert(
        "TtvCoverageDrops",
        f"({_covered('!=')} - on (of) group_right () {_covered('=')}) > {FALLEN}"
        f" and on (of, window) max by (of, window) (ttv_coverage_observed) >= {SEEN}",
        "1h",
        "warning",
        "The share that the figures rest on ({{ $labels.of }}) was {{ $value | humanizePercentage }} lower in the last "
        "30 days than before",
        "A smaller part of what happens can be tied to initiatives (`deploys`, `feedback`), has an idea date (`idea`) "
        "or a decision on record (`decision`): the figures lose their ground. With fewer than "
        f"{SEEN} in the last 30 days nothing is said.",
        "The Service dashboard shows both shares. `ttv doctor` says whether the mapping still fits "
        "the tool, `/api/v1/orphans` what is tied to nothing.",
        "Look for a renamed status, label, project or repository, and change the mapping; `ttv plan` shows what that "
        "would change before it does.",
        "If the work itself changed: a new team whose deploys nothing claims yet.",
        "ttv-service",
        kept="15m",
    ),
)
OF_SERVICE = (
    Alert(
        "TtvSourceFailing",
        "max by (source) (ttv_source_up) == 0 and on (source) ttv_source_interval_seconds",
        "15m",
        "warning",
        "{{ $labels.source }} cannot be read",
        "The last looks at the source failed. The figures go on with what was read before.",
        f"`ttv doctor`, or {_SOURCES}, tells the state, the reason and the remedy.",
        "Do what the remedy says: most often a token has expired.",
        "During a maintenance of the tool.",
        "ttv-service",
        "api/v1/sources",
    ),
    Alert(
        "TtvSourceStale",
        "(time() - max by (source) (ttv_source_last_success_timestamp_seconds))"
        f" > on (source) {INTERVALS} * max by (source) (ttv_source_interval_seconds)",
        "10m",
        "warning",
        f"{{{{ $labels.source }}}} was last read {_TOOK} ago",
        f"Nothing was read for {INTERVALS} of its intervals: what happened since is not in the figures, and everything looks "
        "slower or quieter than it is.",
        f"{_SOURCES}: is a look under way that takes long (`ttv_scheduler_skipped_total` grows), does it fail, or does "
        "nothing look at all?",
        "If it is throttled, look less often with `every`. If nothing looks, start `ttv serve`.",
        "During a look that reads all of the past again, as after `ttv sync --afresh`.",
        "ttv-service",
        "api/v1/sources",
    ),
    Alert(
        "TtvSourceNeverRead",
        "max by (source) (ttv_source_interval_seconds) unless on (source) ttv_source_last_success_timestamp_seconds",
        "6h",
        "warning",
        "{{ $labels.source }} is configured, and no look at it has come to its end",
        "The source has been there for hours, and has never been read to the end.",
        f"`ttv doctor` asks it. {_SOURCES} and the log of `ttv serve` say how far a first look is.",
        "Wait if it reads its past; else do what doctor says.",
        "During a first look at a large source.",
        "ttv-service",
        "api/v1/sources",
    ),
    Alert(
        "TtvQuarantineGrows",
        "max by (source) (ttv_quarantined_records - min_over_time(ttv_quarantined_records[1h])) > 0",
        "0s",
        "warning",
        "{{ $value }} records of {{ $labels.source }} could not be read within an hour",
        "Records came that do not have the shape that was promised. They are kept, and are not in the figures.",
        "`ttv quarantine` counts them by cause, `ttv quarantine --raw` and `/api/v1/quarantine` show each as it came.",
        "Most often the tool's API changed, or an event has no offset in its time. Mend what sends it, or upgrade ttv; "
        "then `ttv quarantine retry` reads them again. `ttv quarantine drop` puts away what is known to be junk.",
        "Not at all: it ends by itself when an hour brought no more.",
        "ttv-service",
        "api/v1/quarantine",
    ),
    Alert(
        "TtvMetricsBroken",
        "sum by (part) (increase(ttv_exporter_errors_total[5m])) > 0",
        "10m",
        "critical",
        "The part {{ $labels.part }} of /metrics cannot be made",
        "A part of the metrics is missing, so the alerts that rest on it are silent.",
        "The log of ttv has the error of the database. `/readyz` says whether it can be reached and has the schema of "
        "the program.",
        "Bring the database back; after an upgrade that was rolled back, upgrade again. If it stays, report it with "
        "the log.",
        "During a maintenance of the database.",
        "ttv-service",
        "readyz",
    ),
    Alert(
        "TtvFiguresStale",
        "time() - max (ttv_figures_timestamp_seconds) > 1800",
        "5m",
        "critical",
        f"The figures are of {_TOOK} ago",
        "The figures that move with the clock were not made anew for half an hour; they should be every `figures` "
        "under `[schedule]`, by default every five minutes.",
        "The log of ttv; the clocks of ttv's and Prometheus' machines; `[schedule]`.",
        "Set the clocks. Restart ttv if it hangs, and report it.",
        "If `figures` is longer than half an hour: then change the rule in `dashboards/watched.py`.",
        "ttv-service",
        "readyz",
    ),
    Alert(
        "TtvDown",
        "absent(ttv_build_info)",
        "5m",
        "critical",
        "Prometheus sees no ttv",
        "Nothing is scraped, so no other alert can come.",
        "The page of Prometheus' targets says why: the address, the token, or ttv is down.",
        "Start it; give Prometheus the token.",
        "During an upgrade.",
        "ttv-service",
        "readyz",
    ),
)
GROUPS = {"ttv-initiatives": OF_INITIATIVES, "ttv-figures": OF_FIGURES, "ttv-service": OF_SERVICE}
ALERTS = tuple(alert for group in GROUPS.values() for alert in group)
