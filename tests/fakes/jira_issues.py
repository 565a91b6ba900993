"""Six issues of a Jira: three initiatives, two stories, a bug, and how such records look."""

from datetime import datetime

STATUSES = {
    "1": ("Proposed", "new"),
    "2": ("Under Review", "indeterminate"),
    "3": ("Approved", "new"),
    "4": ("In Progress", "indeterminate"),
    "5": ("In Review", "indeterminate"),
    "6": ("Done", "done"),
    "7": ("Rejected", "done"),
    "8": ("Deferred", "new"),
}
SPAN = datetime.fromisoformat("2026-01-01T00:00:00+00:00"), datetime.fromisoformat("2026-04-01T00:00:00+00:00")


def when(text):
    return datetime.fromisoformat(text)


def in_status(id_):
    name, category = STATUSES[id_]
    return {"id": id_, "name": name, "statusCategory": {"key": category}}


def history(id_, created, *items):
    return {"id": id_, "created": created, "author": person("Ben Okri"), "items": list(items)}


def person(name):
    account = name.partition(" ")[0].lower()
    return {"accountId": f"acc-{account}", "accountType": "atlassian", "displayName": name, "active": True}


def move(before, after):
    names = STATUSES[before][0], STATUSES[after][0]
    told = {"from": before, "fromString": names[0], "to": after, "toString": names[1]}
    return {"field": "État", "fieldId": "status", **told}


def issue(id_, key, kind, status, created, updated, histories=(), **fields):  # noqa: PLR0917 - a table
    project = key.partition("-")[0]
    told = {
        "summary": f"{kind} {key}",
        "issuetype": {"name": kind},
        "status": in_status(status),
        "created": created,
        "updated": updated,
        "parent": None,
        "labels": [],
        "components": [],
        "project": {"id": "1", "key": project, "name": f"Project {project}", "projectTypeKey": "software"},
        "assignee": None,
        "reporter": person("Ana Lima"),
        "priority": {"name": "High"},
        "issuelinks": [],
    }
    return {"id": id_, "key": key, "fields": {**told, **fields}, "changelog": {"histories": list(histories)}}


def initiatives():
    assigned = {"field": "assignee", "fieldId": "assignee", "from": None, "to": "acc-2", "toString": "Ben"}
    long = [
        history("501", "2026-01-10T10:00:00.000+0100", move("1", "3")),
        history("502", "2026-01-11T10:00:00.000+0100", assigned),
        history("503", "2026-01-12T10:00:00.000+0100", assigned),
        history("504", "2026-01-15T10:00:00.000+0100", assigned, move("3", "4")),
        history("505", "2026-03-05T09:00:00.000+0100", move("4", "5")),
    ]
    yield issue(
        "10001",
        "PAY-1",
        "Initiative",
        "5",
        "2026-01-05T09:00:00.000+0100",
        "2026-03-05T09:00:00.000+0100",
        long,
        labels=["bottom-up", "product"],
        components=[{"name": "Payments"}],
        assignee=person("Cleo Diaz"),
    )
    moves = [
        history("520", "2026-02-01T12:00:00.000-0500", move("2", "8")),
        history("521", "2026-02-10T12:00:00.000-0500", move("8", "7")),
    ]
    yield issue(
        "10002", "PAY-2", "Initiative", "7", "2026-01-06T09:00:00.000-0500", "2026-02-10T12:00:00.000-0500", moves
    )
    at = "2026-01-20T10:00:00.000+0000"
    yield issue("10003", "WEB-3", "Initiative", "3", at, at, labels=["top-down"])


def work():
    story = [
        history("540", "2026-02-20T10:00:00.000+0000", move("1", "4")),
        history("541", "2026-02-22T10:00:00.000+0000", move("4", "6")),
        history("542", "2026-03-02T10:00:00.000+0000", move("6", "4")),
    ]
    yield issue(
        "10010",
        "PAY-10",
        "Story",
        "4",
        "2026-02-19T10:00:00.000+0000",
        "2026-03-02T10:00:00.000+0000",
        story,
        parent={"id": "10001", "key": "PAY-1"},
        issuelinks=[
            {"type": implements(), "outwardIssue": {"key": "WEB-3"}},
            {"type": implements(), "inwardIssue": {"key": "PAY-11"}},
            {
                "type": {"name": "Blocks", "inward": "is blocked by", "outward": "blocks"},
                "outwardIssue": {"key": "PAY-2"},
            },
        ],
    )
    moved = {"field": "Key", "from": None, "fromString": "WEB-90", "to": None, "toString": "PAY-11"}
    at = "2026-02-15T10:00:00.000+0000"
    yield issue("10011", "PAY-11", "Story", "1", at, at, [history("560", at, moved)])
    at = "2026-02-01T08:00:00.000+0000"
    yield issue("10012", "PAY-12", "Bug", "1", at, at)


def implements():
    return {"name": "Implements", "inward": "is implemented by", "outward": "implements"}
