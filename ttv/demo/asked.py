"""What a query of Jira may ask about an issue, worked out when it is asked."""

from collections.abc import Callable

from ttv.demo import records, words
from ttv.demo.issues import Issues
from ttv.demo.records import Issue


class Facts(dict[str, frozenset[str]]):
    """What a query may ask about an issue, worked out when it is asked."""

    def __init__(self, issues: Issues, issue: Issue, now: int) -> None:
        super().__init__()
        self.issues, self.issue, self.at = issues, issue, now

    def __missing__(self, field: str) -> frozenset[str]:
        return _READ[field](self.issues, self.issue, self.at)


class Times(dict[str, int]):
    """The times that a query may ask about, worked out when they are asked."""

    def __init__(self, issues: Issues, issue: Issue, now: int) -> None:
        super().__init__()
        self.issues, self.issue, self.at = issues, issue, now

    def __missing__(self, field: str) -> int:
        return self.issue.created if field == "created" else self.issues.updated(self.issue, self.at)


_PROJECTS = [
    frozenset({key.lower(), name.lower(), str(10_200 + index)})
    for index, (key, name) in enumerate(zip(words.PROJECT_KEYS, words.PROJECT_NAMES, strict=True))
]
_TYPES = [frozenset({name.lower(), str(10_400 + kind)}) for kind, name in enumerate(records.ISSUE_TYPES)]
_CATEGORIES = {
    "new": frozenset({"new", "to do", "2"}),
    "indeterminate": frozenset({"indeterminate", "in progress", "4"}),
    "done": frozenset({"done", "3"}),
}


def _status(issues: Issues, issue: Issue, now: int) -> frozenset[str]:
    status = issues.state(issue, now)
    return frozenset({records.STATUSES[status][0].lower(), str(10_100 + status)})


def _component(issues: Issues, issue: Issue, _now: int) -> frozenset[str]:
    name = issues.component(issue)
    return frozenset({name.lower()} if name else ())


_READ: dict[str, Callable[[Issues, Issue, int], frozenset[str]]] = {
    "project": lambda _, issue, __: _PROJECTS[issue.project],
    "issuetype": lambda _, issue, __: _TYPES[issue.kind],
    "status": _status,
    "statuscategory": lambda issues, issue, now: _CATEGORIES[records.STATUSES[issues.state(issue, now)][1]],
    "labels": lambda issues, issue, _: frozenset(issues.labels(issue)),
    "component": _component,
    "key": lambda issues, issue, _: frozenset({issues.company.key(issue).lower(), issues.id(issue)}),
    "id": lambda issues, issue, _: frozenset({issues.id(issue)}),
}
KNOWN = {
    "project": frozenset().union(*_PROJECTS),
    "issuetype": frozenset().union(*_TYPES),
    "status": frozenset(name.lower() for name, _ in records.STATUSES)
    | {str(10_100 + status) for status in range(len(records.STATUSES))},
}
