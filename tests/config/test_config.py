"""The configuration: what is right is read, and nothing of it is required."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.invented import SOURCE, TOKEN
from ttv import config
from ttv.config import ConfigError


def test_without_a_file_everything_has_its_default(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found = config.load(None, {})
    assert (found.database, found.host, found.port, found.window) == ("sqlite:///ttv.sqlite", "127.0.0.1", 8080, "365d")
    assert (found.sources, found.initiatives, found.targets, found.file) == ((), (), {}, None)


def test_a_whole_file_is_read(load):
    found = load(
        """
        [ttv]
        database = "postgresql://ttv@db/ttv"
        host = "0.0.0.0"
        port = 80
        window = "all"
        [schedule]
        sync = "2m"
        [targets]
        time_to_value = "26w"
        [sources.tool]
        type = "tests.invented"
        url = "https://tool.example"
        token = { env = "MY_TOKEN" }
        ideas = ["one", "two"]
        since = 2025-01-01
        window = "4w"
        names.rejected = ["No"]
        [sources.slow]
        type = "tests.invented"
        url = "https://tool.example"
        token = { env = "MY_TOKEN" }
        every = "1h"
        [initiatives.pay]
        name = "Faster checkout"
        direction = "bottom_up"
        claims = ["jira:PAY-1", "jira:PAY-1", "jira:PAY-2"]
        labels = { area = "money" }
        targets = { time_to_value = "120d" }
        [initiatives."v1.2"]
        """,
        {"MY_TOKEN": "s3cret-value"},
    )
    assert (found.database, found.host, found.port, found.window) == ("postgresql://ttv@db/ttv", "0.0.0.0", 80, "all")
    assert found.targets == {"time_to_value_seconds": 182 * 86_400}
    tool, slow = found.sources
    assert (tool.name, tool.type, tool.every, tool.window) == (
        "tool",
        "tests.invented",
        timedelta(minutes=2),
        timedelta(weeks=4),
    )
    assert tool.settings.token.get_secret_value() == "s3cret-value"
    assert tool.settings.names.rejected == ("No",)
    assert slow.every == timedelta(hours=1)
    pay, dotted = found.initiatives
    assert (pay.key, pay.name, pay.claims, pay.labels) == (
        "pay",
        "Faster checkout",
        ("jira:PAY-1", "jira:PAY-2"),
        {"area": "money"},
    )
    assert pay.targets == {"time_to_value_seconds": 120 * 86_400}
    assert (dotted.key, dotted.name) == ("v1.2", "v1.2")


def test_the_first_look_goes_back_by_a_duration_or_to_a_day(load):
    now = datetime(2026, 3, 1, tzinfo=UTC)
    for written, first in (
        ('"2y"', now - timedelta(days=730)),
        ('"90d"', now - timedelta(days=90)),
        ("2025-01-01", datetime(2025, 1, 1, tzinfo=UTC)),
        ('"2025-01-01"', datetime(2025, 1, 1, tzinfo=UTC)),
        ("2025-01-01T00:00:00+02:00", datetime(2024, 12, 31, 22, tzinfo=UTC)),
        ("2030-01-01", now),
    ):
        (source,) = load(f"{SOURCE}since = {written}", TOKEN).sources
        assert source.first(now) == first, written


def test_a_file_may_begin_with_a_byte_order_mark(load):
    assert load("\ufeff[ttv]\nport = 81\n").port == 81


def test_the_environment_s_database_stands_before_the_file_s(load):
    text = '[ttv]\ndatabase = "sqlite:///a.sqlite"\n'
    assert load(text).database == "sqlite:///a.sqlite"
    assert load(text, {"TTV_DATABASE": "sqlite:///b.sqlite"}).database == "sqlite:///b.sqlite"


def test_the_database_may_be_a_secret_and_is_in_no_repr(load):
    found = load('[ttv]\ndatabase = { env = "URL" }\n', {"URL": "postgresql://ttv:s3cret@db/ttv"})
    assert found.database == "postgresql://ttv:s3cret@db/ttv"
    assert "s3cret" not in repr(found)


def test_a_file_that_cannot_be_read_is_said_to_be_so(tmp_path):
    (tmp_path / "latin.toml").write_bytes(b"# caf\xe9\n")
    for name, said in (
        ("none.toml", "there is no such file; `ttv init` writes one to start from"),
        (".", "cannot be read: is a directory"),
        ("latin.toml", "is not UTF-8 text, from byte 5 on"),
    ):
        with pytest.raises(ConfigError, match=said):
            config.load(tmp_path / name, {})
