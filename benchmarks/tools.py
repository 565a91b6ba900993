"""A Jira Cloud and a GitHub that answer at once: what pulling is measured against, in a process of its own.

    python benchmarks/tools.py --issues 10000 --pulls 5000 [--latency-ms 50] [--gzip]

Says its address first. An issue with its whole changelog has 11.4 KB, a pull request of a list 18.5 KB; pages hold 100.
Answers are rendered once and kept, so that what they cost is theirs who read them.
"""

import argparse
import asyncio
import gzip
import random
import re
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import orjson

BEGIN = datetime(2024, 1, 1, tzinfo=UTC)
DAYS = 700
PAGE = 100
STATUSES = (
    ("1", "Proposed", "new"),
    ("2", "Approved", "new"),
    ("3", "In Progress", "indeterminate"),
    ("4", "In Review", "indeterminate"),
    ("5", "Done", "done"),
)
_TEXT = "The customer says that it takes three clicks where one would do, and that nobody answers. "
_TYPES = ("Initiative", *["Epic"] * 4, *["Story"] * 60, *["Bug"] * 35)


def _jira_time(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}+0000"


def _hub_time(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"


def _person(number: int) -> dict:
    account = f"5b10ac8d82e05b22cc7d{number:04d}"
    pictures = {
        size: f"https://avatars.example/{account}/{size}?d=retro" for size in ("48x48", "24x24", "16x16", "32x32")
    }
    return {
        "self": f"https://acme.example/rest/api/3/user?accountId={account}",
        "accountId": account,
        "avatarUrls": pictures,
        "displayName": f"Person {number}",
        "active": True,
        "timeZone": "Europe/Berlin",
        "accountType": "atlassian",
    }


class Jira:
    """A site of one project, searched by `updated` and `issuetype`, paged by tokens."""

    def __init__(self, issues: int) -> None:
        chance = random.Random(3)
        begun = sorted(chance.uniform(0, DAYS) for _ in range(issues))
        self.issues = [_issue(number, BEGIN + timedelta(days=day), chance) for number, day in enumerate(begun, start=1)]

    def answer(self, path: str, _query: dict, body: dict):
        """Return a body and its headers; None if there is nothing."""
        name = path.removeprefix("/rest/api/3/").removeprefix("/rest/api/2/")
        told = {
            "myself": {"accountId": "a", "displayName": "Bench", "timeZone": "UTC"},
            "serverInfo": {"deploymentType": "Cloud"},
            "status": [{"id": id_, "name": name_, "statusCategory": {"key": key}} for id_, name_, key in STATUSES],
            "field": [],
            "project/search": {"values": [{"key": "VAL", "name": "Value"}], "isLast": True},
        }
        if name in told:
            return told[name], {}
        return (self._search(body), {}) if name == "search/jql" else None

    def _search(self, body: dict) -> dict:
        jql = body["jql"]
        bounds = {sign: int(at) for sign, at in re.findall(r"updated (>=|<) (\d+)", jql)}
        since, until = bounds.get(">=", 0), bounds.get("<", 1 << 60)
        kind = re.search(r"issuetype = (\w+)", jql)
        found = [
            issue
            for at, issue in self.issues
            if since <= at < until and (not kind or issue["fields"]["issuetype"]["name"] == kind[1])
        ]
        start = int(body.get("nextPageToken") or 0)
        most = min(body.get("maxResults", 50), PAGE if len(body["fields"]) > 1 or "*all" in body["fields"] else 5000)
        page = [_chosen(issue, body) for issue in found[start : start + most]]
        more = start + most < len(found)
        return {"issues": page, "isLast": not more, **({"nextPageToken": str(start + most)} if more else {})}


def _chosen(issue: dict, body: dict) -> dict:
    wanted = body["fields"]
    fields = issue["fields"] if "*all" in wanted else {name: issue["fields"].get(name) for name in wanted}
    log = {"changelog": issue["changelog"]} if "changelog" in body.get("expand", "") else {}
    return {
        "expand": "changelog",
        "id": issue["id"],
        "self": issue["self"],
        "key": issue["key"],
        "fields": fields,
        **log,
    }


def _issue(number: int, created: datetime, chance: random.Random) -> tuple[int, dict]:
    """Make an issue with nine changes or so, and say when it was last touched, in epoch milliseconds."""
    at, histories, state = created, [], 0
    for step in range(chance.randrange(7, 12)):
        at += timedelta(hours=chance.expovariate(1 / 40))
        items = [_item("assignee", number, number + 1)]
        if step % 2 and state < len(STATUSES) - 1:
            before, after = STATUSES[state], STATUSES[state + 1]
            state += 1
            items = [{**_item("status", before[0], after[0]), "fromString": before[1], "toString": after[1]}]
        id_ = str(number * 100 + step)
        histories.append({"id": id_, "author": _person(number % 90), "created": _jira_time(at), "items": items})
    status = STATUSES[state]
    fields = {
        "summary": f"Issue {number} takes too long",
        "issuetype": {"id": "1", "name": chance.choice(_TYPES), "subtask": False, "hierarchyLevel": 0},
        "status": {"id": status[0], "name": status[1], "statusCategory": {"key": status[2]}},
        "created": _jira_time(created),
        "updated": _jira_time(at),
        "parent": {"id": str(number // 10 + 1), "key": f"VAL-{number // 10 + 1}"} if number > 10 else None,
        "issuelinks": [],
        "project": {"id": "1", "key": "VAL", "name": "Value"},
        "components": [{"id": "1", "name": f"Part {number % 20}"}],
        "labels": [f"label-{number % 7}"],
        "priority": {"id": "3", "name": "Medium"},
        "assignee": _person(number % 90),
        "reporter": _person(number % 70),
        "creator": _person(number % 50),
        "description": {"type": "doc", "version": 1, "content": [{"type": "text", "text": _TEXT * 5}]},
        "comment": {"comments": [], "total": 0},
        **{f"customfield_{10_000 + n}": None if n % 3 else {"value": f"Choice {n}", "id": str(n)} for n in range(60)},
    }
    log = {"startAt": 0, "maxResults": len(histories), "total": len(histories), "histories": histories[::-1]}
    issue = {"id": str(number), "self": f"https://acme.example/rest/api/3/issue/{number}", "key": f"VAL-{number}"}
    return int(at.timestamp() * 1000), {**issue, "fields": fields, "changelog": log}


def _item(field: str, before: object, after: object) -> dict:
    told = {"field": field, "fieldtype": "jira", "fieldId": field}
    return {**told, "from": str(before), "fromString": f"was {before}", "to": str(after), "toString": f"is {after}"}


class Hub:
    """A repository `acme/app` of pull requests, which stand among its issues too."""

    def __init__(self, pulls: int, root: str) -> None:
        chance = random.Random(5)
        self._root = root
        begun = sorted(chance.uniform(0, DAYS - 20) for _ in range(pulls))
        made = [_pull(n, BEGIN + timedelta(days=day), chance, root) for n, day in enumerate(begun, start=1)]
        self._pulls = sorted(made, key=lambda pull: pull["updated_at"])
        self._threads = [_thread(pull) for pull in self._pulls]
        self._nodes = {pull["node_id"]: _node(pull) for pull in self._pulls}

    def answer(self, path: str, query: dict, body: dict):
        """Return a body and its headers; None if there is nothing."""
        here = "/repos/acme/app"
        told = {
            "/rate_limit": {"resources": {"core": {"limit": 5000, "remaining": 4999, "reset": 0}}},
            here: {**_repository(self._root), "default_branch": "main"},
            f"{here}/deployments": [],
            f"{here}/releases": [],
        }
        if path in told:
            return told[path], {}
        if path == "/graphql":
            return self._asked(body.get("variables") or {}), {}
        if path == f"{here}/issues":
            since = query.get("since", "")
            return self._page(path, query, [one for one in self._threads if one["updated_at"] >= since])
        return self._page(path, query, self._pulls[::-1]) if path == f"{here}/pulls" else None

    def _asked(self, variables: dict) -> dict:
        """Answer what is asked of some nodes; of the repository, that there is nothing else in it."""
        if "ids" in variables:
            return {"data": {"nodes": [self._nodes.get(id_) for id_ in variables["ids"]]}}
        empty = {"pageInfo": {"hasNextPage": False, "endCursor": None}, "nodes": []}
        target = {"target": {"history": empty}}
        return {"data": {"repository": {"defaultBranchRef": target, "discussions": empty, "deployments": empty}}}

    def _page(self, path: str, query: dict, found: list):
        number, last = int(query.get("page", 1)), -(-len(found) // PAGE)
        rest = "&".join(f"{name}={value}" for name, value in query.items() if name != "page")
        link = ", ".join(
            f'<{self._root}{path}?{rest}&page={n}>; rel="{rel}"' for n, rel in ((number + 1, "next"), (last, "last"))
        )
        return found[(number - 1) * PAGE : number * PAGE], {"Link": link} if number < last else {}


def _user(number: int) -> dict:
    root = f"https://api.github.example/users/person-{number}"
    parts = (
        "followers",
        "following{/other_user}",
        "gists{/gist_id}",
        "starred{/owner}{/repo}",
        "subscriptions",
        "orgs",
    )
    links = {
        f"{part.split('{')[0]}_url": f"{root}/{part}"
        for part in (*parts, "repos", "events{/privacy}", "received_events")
    }
    return {"login": f"person-{number}", "id": number, "node_id": f"U_{number}", "url": root, **links, "type": "User"}


_OF_A_REPOSITORY = """
    archive assignees blobs branches collaborators comments commits compare contents contributors deployments downloads
    events forks git_commits git_refs git_tags hooks issue_comment issue_events issues keys labels languages merges
    milestones notifications pulls releases stargazers statuses subscribers subscription tags teams trees
"""


def _repository(root: str) -> dict:
    here, parts = f"{root}/repos/acme/app", [f"{part}_url" for part in _OF_A_REPOSITORY.split()]
    links = {part: f"{here}/{part.removesuffix('_url')}{{/sha}}{{?since,all,participating}}" for part in parts}
    told = {"id": 1, "name": "app", "full_name": "acme/app", "private": True, "owner": _user(1), "url": here, **links}
    return {**told, "description": _TEXT * 9, "default_branch": "main", "has_issues": True, "topics": ["payments"] * 9}


def _pull(number: int, created: datetime, chance: random.Random, root: str) -> dict:
    merged = created + timedelta(hours=chance.expovariate(1 / 60))
    here, sha = f"{root}/repos/acme/app", f"{number:040x}"
    links = {
        f"{part}_url": f"{here}/pulls/{number}/{part}"
        for part in ("diff", "patch", "commits", "review_comments", "comments", "statuses")
    }
    ends = {
        end: {"label": f"acme:{ref}", "ref": ref, "sha": sha, "user": _user(number % 40), "repo": _repository(root)}
        for end, ref in (("head", f"VAL-{number}-shorter"), ("base", "main"))
    }
    return {
        "url": f"{here}/pulls/{number}",
        "id": 1_000_000 + number,
        "node_id": f"PR_{number}",
        "html_url": f"https://github.example/acme/app/pull/{number}",
        **links,
        "number": number,
        "state": "closed",
        "title": f"VAL-{number}: fewer clicks",
        "user": _user(number % 40),
        "body": _TEXT * 27,
        "created_at": _hub_time(created),
        "updated_at": _hub_time(merged),
        "closed_at": _hub_time(merged),
        "merged_at": _hub_time(merged),
        "merge_commit_sha": sha,
        "assignee": None,
        "assignees": [_user(number % 30)],
        "requested_reviewers": [_user(number % 20)],
        "labels": [{"id": n, "name": f"label-{n}", "color": "ededed", "description": _TEXT} for n in range(2)],
        "author_association": "MEMBER",
        **ends,
    }


def _thread(pull: dict) -> dict:
    """Show a pull request as it stands among issues: without its branches."""
    told = {
        name: value for name, value in pull.items() if name not in {"head", "base", "merge_commit_sha", "merged_at"}
    }
    links = dict.fromkeys(("url", "html_url", "diff_url", "patch_url"), pull["url"])
    return {
        **told,
        "comments": 2,
        "pull_request": {**links, "merged_at": pull["merged_at"]},
        "reactions": {"total_count": 0},
    }


def _node(pull: dict) -> dict:
    return {
        "id": pull["node_id"],
        "fullDatabaseId": str(pull["id"]),
        "headRefName": pull["head"]["ref"],
        "baseRefName": "main",
        "mergedAt": pull["merged_at"],
        "mergeCommit": {"oid": pull["merge_commit_sha"]},
        "closingIssuesReferences": {"nodes": []},
    }


class Server:
    """HTTP/1.1 over asyncio: whole answers, kept by what was asked."""

    def __init__(self, tool, latency: float, *, squeezed: bool) -> None:
        self._tool, self._latency, self._squeezed = tool, latency, squeezed
        self._kept: dict[bytes, bytes] = {}

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the requests of one connection."""
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
                body = await reader.readexactly(int(length[1])) if length else b""
                asked = head.split(b"\r\n", 1)[0] + body
                if asked not in self._kept:
                    self._kept[asked] = self._rendered(head, body)
                if self._latency:
                    await asyncio.sleep(self._latency)
                writer.write(self._kept[asked])
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    def _rendered(self, head: bytes, body: bytes) -> bytes:
        parts = urlsplit(head.split(b" ", 2)[1].decode())
        query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        found = self._tool().answer(parts.path, query, orjson.loads(body or b"{}"))
        status, (told, headers) = ("200 OK", found) if found else ("404 Not Found", ({"message": "Not Found"}, {}))
        content = orjson.dumps(told)
        if self._squeezed:
            content, headers = gzip.compress(content, 5), {**headers, "Content-Encoding": "gzip"}
        lines = [f"HTTP/1.1 {status}", "Content-Type: application/json", f"Content-Length: {len(content)}"]
        return (
            "\r\n".join([*lines, *(f"{name}: {value}" for name, value in headers.items()), "", ""]).encode() + content
        )


async def main() -> None:
    """Serve both tools on free ports of this machine, and say where."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--issues", type=int, default=10_000)
    parser.add_argument("--pulls", type=int, default=5_000)
    parser.add_argument("--latency-ms", type=float, default=0)
    parser.add_argument("--gzip", action="store_true")
    said = parser.parse_args()
    addresses, tools = [], []
    for place in range(2):
        serving = Server(lambda place=place: tools[place], said.latency_ms / 1000, squeezed=said.gzip)
        server = await asyncio.start_server(serving.serve, "127.0.0.1", 0, limit=1 << 20)
        addresses.append(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
    tools += [Jira(said.issues), Hub(said.pulls, addresses[1])]
    print(*addresses, flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
