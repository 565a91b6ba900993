"""Every mistake at once, with its line, its place and the remedy."""

import pytest

import connectors
from tests.invented import SOURCE, TOKEN

TYPE = "ttv.toml:2: sources.x.type"
MISTAKES = [
    ("[tvt]", ['ttv.toml:1: tvt: is no key here; did you mean "ttv"?']),
    ("[ttv]\nprot = 1", ['ttv.toml:2: ttv.prot: is no key here; did you mean "port"?']),
    ("[ttv]\nport = 0", ["ttv.toml:2: ttv.port: must be greater than or equal to 1, not 0"]),
    ('[ttv]\nport = "80"', ['ttv.toml:2: ttv.port: must be a valid integer, not "80"']),
    ("[ttv]\nport = true", ["ttv.toml:2: ttv.port: must be a valid integer, not true"]),
    ("ttv = 5", ["ttv.toml:1: ttv: must be a table"]),
    (
        '[ttv]\ndatabase = "mysql://x"',
        [
            'ttv.toml:2: ttv.database: must be a URL such as "sqlite:///ttv.sqlite" or "postgresql://user@host/name"',
        ],
    ),
    (
        "[ttv]\nwindow = '1 year'",
        ['ttv.toml:2: ttv.window: must look like ^([1-9][0-9]{0,4}d|all)$, which "1 year" does not'],
    ),
    (
        "[schedule]\nsync = 5",
        ['ttv.toml:2: schedule.sync: must be a duration such as "5m", "12h" or "90d" (s, m, h, d, w), not 5'],
    ),
    (
        "[initiatives.pay]\ndirection = 'upwards'",
        [
            'ttv.toml:2: initiatives.pay.direction: must be "top_down", "bottom_up" or "unknown", not "upwards"',
        ],
    ),
    (
        "[initiatives.'a b']",
        ['ttv.toml:1: initiatives."a b": must look like ^[A-Za-z0-9._-]{1,100}$, which "a b" does not'],
    ),
    (
        "[initiatives.pay]\nclaims = 'jira:PAY-1'",
        ['ttv.toml:2: initiatives.pay.claims: must be a list, as in ["a", "b"], not "jira:PAY-1"'],
    ),
    (
        "[initiatives.pay]\ntargets = { time_to_valeu = '1d' }",
        ['ttv.toml:2: initiatives.pay.targets.time_to_valeu: is no key here; did you mean "time_to_value"?'],
    ),
    ("sources = 5", ["ttv.toml:1: sources: must be a table"]),
    (
        "[sources]\njira = 'x'",
        ['ttv.toml:2: sources.jira: must be a table with a type, as in [sources.jira] type = "jira"'],
    ),
    (
        "[sources.api]\ntype = 'tests.invented'",
        ['ttv.toml:1: sources.api: "api" is the name of what arrives otherwise; choose another for this source'],
    ),
    (
        "[sources.x]\ntype = 'no.such'",
        ["ttv.toml:2: sources.x.type: there is no module 'no.such' to load a connector from"],
    ),
    (
        "[sources.x]\ntype = 'json.tool'",
        [
            f'{TYPE}: the module "json.tool" is no connector: it has no Settings, no client, no events',
        ],
    ),
    (
        "[sources.x]\ntype = 5",
        [f"ttv.toml:2: sources.x.type: must be the name of a connector: {', '.join(connectors.names())}"],
    ),
    (f"{SOURCE}urll = 5", ['ttv.toml:4: sources.tool.urll: is no key here; did you mean "url"?']),
    (f"{SOURCE}evry = '5m'", ['ttv.toml:4: sources.tool.evry: is no key here; did you mean "every"?']),
    (f"{SOURCE}unread = -1", ["ttv.toml:4: sources.tool.unread: must be greater than or equal to 0, not -1"]),
    (f"{SOURCE}mode = 'al'", ['ttv.toml:4: sources.tool.mode: must be "all" or "mine", not "al"']),
    (
        f"{SOURCE}[sources.tool.names]\naproved = []",
        ['ttv.toml:5: sources.tool.names.aproved: is no key here; did you mean "approved"?'],
    ),
    (
        f"{SOURCE}since = 2025-01-01T00:00:00",
        ["ttv.toml:4: sources.tool.since: the offset is missing, and it is never guessed; add Z for UTC or +02:00"],
    ),
    (
        f"{SOURCE}since = '2025-13-01'",
        ['ttv.toml:4: sources.tool.since: "2025-13-01" is no day or instant that exists'],
    ),
    (
        SOURCE.replace("url", "mode").replace("https://tool.example", "all"),
        ["ttv.toml:1: sources.tool.url: is missing"],
    ),
    ("[ttv]\nport = ", ["ttv.toml:2: is not TOML: Invalid value"]),
    ("[ttv", ["ttv.toml:1: is not TOML: Expected ']' at the end of a table declaration"]),
    ("a = 1\na = 2", ["ttv.toml:2: is not TOML: Cannot overwrite a value"]),
]


@pytest.mark.parametrize(("text", "said"), MISTAKES)
def test_a_mistake_names_its_line_its_place_and_the_remedy(mistakes, text, said):
    assert mistakes(text, TOKEN) == said


def test_an_unknown_connector_is_answered_with_the_nearest_or_with_all(mistakes):
    (near,) = mistakes("[sources.x]\ntype = 'githup'")
    assert near == 'ttv.toml:2: sources.x.type: there is no connector "githup"; did you mean "github"?'
    (far,) = mistakes("[sources.x]\ntype = 'q'")
    assert far.endswith(f"; there are {', '.join(connectors.names())}")
    (missing,) = mistakes("[sources.jira]")
    assert missing == 'ttv.toml:1: sources.jira.type: is missing; write type = "jira"'


def test_all_mistakes_are_told_at_once_in_the_order_of_the_file(mistakes):
    said = mistakes(
        """\
        [ttv]
        prot = 1
        [sources.one]
        type = "githup"
        [schedule]
        sync = "x"
        [sources.two]
        type = "tests.invented"
        token = "s3cret-value"
        mode = "al"
        every = 5
        [initiatives.pay]
        direction = "up"
        """
    )
    places = [(line.split(":")[1], line.split(": ")[1]) for line in said]
    assert places == [
        ("2", "ttv.prot"),
        ("4", "sources.one.type"),
        ("6", "schedule.sync"),
        ("7", "sources.two.url"),
        ("9", "sources.two.token"),
        ("10", "sources.two.mode"),
        ("11", "sources.two.every"),
        ("13", "initiatives.pay.direction"),
    ]
    assert "s3cret" not in "".join(said)


def test_what_stands_under_an_unknown_key_is_never_shown(mistakes):
    said = mistakes(f'{SOURCE}tokn = "s3cret-value"\n[ttv]\ntoken = "s3cret-value"\n', TOKEN)
    assert len(said) == 2
    assert "s3cret" not in "".join(said)
