"""What the names of statuses, labels, types and fields probably mean, in the words that teams give them.

Takes names as a tool lists them; gives those that look like what is asked for. These are guesses that a person accepts
or changes, never a rule by which events are read.
"""

import re
from collections.abc import Iterable
from typing import Literal

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
_FORMS = {meaning: re.compile(rf"(?:{words})") for meaning, words in _WORDS.items()}


def looking_like(names: Iterable[str], meaning: Meaning) -> tuple[str, ...]:
    """Choose the names that look as if they meant something, each once, in their order."""
    return tuple(dict.fromkeys(name for name in names if any(_FORMS[meaning].match(text) for text in _plain(name))))


def _plain(name: str) -> tuple[str, str]:
    """Give a name without what decorates it, and without a prefix too, as in `status: accepted`."""
    text = name.casefold().replace("'", "").replace("\N{RIGHT SINGLE QUOTATION MARK}", "")
    inner = re.split(r"[:/]", text)[-1]
    return _spaced(text), _spaced(inner)


def _spaced(text: str) -> str:
    return " ".join(re.findall(r"[^\W_]+", text))
