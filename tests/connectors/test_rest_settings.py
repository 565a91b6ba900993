"""The tables of the generic connector, read as a configuration: every mistake is told, with its place and in words."""

import pytest

from connectors import rest
from connectors._rest_expressions import expression
from ttv import config

READ = {"name": "ideas", "path": "/ideas", "kind": "idea", "occurred_at": "at", "subject": "join('', ['x:', id])"}


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("a..b", "is no JMESPath expression: `a..b` is wrong from `.b` on (column 3)"),
        ("a[?b", "is no JMESPath expression: `a[?b` breaks off"),
        ("", "must be a JMESPath expression; it is empty"),
        ("jion('', a)", "JMESPath has no function jion(); did you mean join()?"),
        ("a[].length()", "length() takes 1 arguments, not 0"),
        (5, "must be a JMESPath expression, as text"),
    ],
)
def test_a_wrong_expression_says_what_is_wrong(text, wrong):
    with pytest.raises(ValueError, match=r".") as caught:
        expression(text)
    assert str(caught.value) == wrong


TABLE = """\
[sources.x]
type = "rest"
url = "https://x.example"
token = { env = "T" }
timezone = "Mars/Base"
[[sources.x.reads]]
name = "a"
path = "/a"
kind = "idea"
occurred_at = "created at"
subject = "id"
[[sources.x.reads]]
name = "b"
path = "/b"
kind = "ideas..x"
subjet = "id"
paging = { by = "cursors" }
[[sources.x.reads.children]]
path = "/c"
kind = "feedback"
"""


def test_all_mistakes_of_a_table_are_told_at_once_with_their_lines(tmp_path):
    file = tmp_path / "ttv.toml"
    file.write_text(TABLE)
    with pytest.raises(config.ConfigError) as caught:
        config.load(file, {"T": "t"})
    assert [one.removeprefix(f"{file}:") for one in caught.value.mistakes] == [
        '5: sources.x.timezone: there is no time zone "Mars/Base"; write one such as Europe/Berlin or UTC',
        "10: sources.x.reads.0.occurred_at: is no JMESPath expression: `created at` is wrong from `at` on (column 9)",
        "15: sources.x.reads.1.kind: is no JMESPath expression: `ideas..x` is wrong from `.x` on (column 7)",
        '16: sources.x.reads.1.subjet: is no key here; did you mean "subject"?',
        '17: sources.x.reads.1.paging.by: must be "link", "cursor", "offset", "page" or "none", not "cursors"',
        "18: sources.x.reads.1.children.0.name: is missing",
    ]


@pytest.mark.parametrize(
    ("more", "wrong"),
    [
        ({"reads": []}, "must be one list at least"),
        ({"auth_name": "k"}, "auth_name belongs to"),
        ({"auth": "body", "auth_name": "k"}, 'needs method = "POST" in every read'),
        ({"reads": [READ, {**READ, "path": "/other"}]}, "ideas has two"),
        ({"reads": [{**READ, "order": "newest"}]}, 'order = "newest" needs touched'),
        ({"reads": [{**READ, "occurred_at": None}]}, "a kind needs occurred_at"),
        ({"reads": [{"name": "a", "path": "/a"}]}, "nothing would come of its records"),
        ({"reads": [{"name": "a", "path": "/a", "refs": "b"}]}, "subject is missing"),
        ({"reads": [{**READ, "paging": {"by": "cursor"}}]}, "belong together"),
        ({"reads": [{**READ, "children": [{**READ, "name": "c", "path": "/{a..b}"}]}]}, "is no JMESPath expression"),
    ],
)
def test_settings_that_make_no_sense_are_refused(more, wrong):
    with pytest.raises(ValueError, match=wrong):
        rest.Settings.model_validate({"url": "https://x.example", "reads": [READ], **more})
