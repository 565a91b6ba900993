"""What the names of statuses, labels, types and fields probably mean, in the words that teams give them.

Takes names as a tool lists them; gives those that look like what is asked for, or the settings that they suit. These
are guesses that a person accepts or changes, never a rule by which events are read.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Literal

from connectors.contract import Proposal

Meaning = Literal[
    "approved",
    "rejected",
    "stopped",
    "deferred",
    "considering",
    "idea",
    "initiative",
    "feedback",
    "idea_date",
    "issue",
    "production",
]

_WORDS: dict[Meaning, str] = {
    "approved": r"approved?|accepted?|committed|funded|green ?lit|go$|selected( for|$)|planned|will do|prioriti[sz]ed"
    r"|ready for (dev|deliver|build|implement)|genehmigt|angenommen|freigegeben|approuvé|accepté|aprobad|aceptad",
    "rejected": r"reject|declin|denied|wont ?(do|fix)|no ?go\b|not planned|abgelehnt|refusé|rejeté|rechazad",
    "stopped": r"cancel|stopped|abandon|discontinued|withdrawn|killed|abgebrochen|gestoppt|annulé|detenid",
    "deferred": r"defer|on hold|parked|parking|postponed|later|some ?day|ice ?box|zurückgestellt|en attente|aplazad",
    "considering": r"discover|(\w+ )?review|(under )?consider|triage|(under )?analy[sz]|(under )?assess|evaluat|refin"
    r"|explor|((a?waiting|pending|ready)\b.* )?(approval|decision)|in prüfung|en revue|en revisión",
    "idea": r"(\w+ )?ideas?\b|proposal|opportunit|suggestion|(feature|enhancement) ?request|enhancement|hypothes"
    r"|idee|idée|vorschlag|propuesta",
    "initiative": r"(\w+ )?initiativ|bets?\b|big rock|portfolio epic|iniciativa",
    "feedback": r"(\w+ )?feedback|voice of|customer reported|rückmeldung",
    "idea_date": r"((date|day) )?(of )?(the )?(idea|(first )?(heard|raised|seen)|requested|submitted|suggested)",
    "issue": r"jira\b|(linked )?issues?( key| id| link|$)|ticket key",
    "production": r"(.* )?(prod|production|prd|live)\b",
}
"""How names begin, in lower case, spaces for what stands between words, and without apostrophes."""
_OF_LABELS: tuple[tuple[str, Meaning, str], ...] = (
    ("initiative_labels", "initiative", "labels that look like those of initiatives"),
    ("idea_labels", "idea", "labels that look like those of ideas"),
    ("approved_labels", "approved", "labels that look like a yes to an idea"),
    ("rejected_labels", "rejected", "labels that look like a no"),
    ("deferred_labels", "deferred", "labels that look like putting an idea off"),
    ("feedback_labels", "feedback", "labels that look like feedback of customers"),
)
"""Settings that hold labels, what these mean, and why they are proposed."""
_FORMS = {meaning: re.compile(rf"(?:{words})") for meaning, words in _WORDS.items()}


def looking_like(names: Iterable[str], meaning: Meaning) -> tuple[str, ...]:
    """Choose the names that look as if they meant something, each once, in their order."""
    return tuple(dict.fromkeys(name for name in names if any(_FORMS[meaning].match(text) for text in _plain(name))))


def of_labels(labels: Iterable[str]) -> Iterator[Proposal]:
    """Propose what labels mean; each means one thing."""
    left = list(dict.fromkeys(labels))
    for key, meaning, why in _OF_LABELS:
        if chosen := looking_like(left, meaning):
            yield Proposal(key, chosen, why)
            left = [name for name in left if name not in chosen]


def _plain(name: str) -> tuple[str, str]:
    """Give a name without what decorates it, and without a prefix too, as in `status: accepted`."""
    text = name.casefold().replace("'", "").replace("\N{RIGHT SINGLE QUOTATION MARK}", "")
    inner = re.split(r"[:/]", text)[-1]
    return _spaced(text), _spaced(inner)


def _spaced(text: str) -> str:
    return " ".join(re.findall(r"[^\W_]+", text))
