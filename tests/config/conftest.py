"""Reading a text as the configuration."""

from pathlib import Path
from textwrap import dedent

import pytest

from ttv import config
from ttv.config import ConfigError


@pytest.fixture
def load(tmp_path, monkeypatch):
    """Read a text as ./ttv.toml."""
    monkeypatch.chdir(tmp_path)

    def loaded(text, environ=None):
        Path("ttv.toml").write_text(dedent(text), encoding="utf-8")
        return config.load(None, environ or {})

    return loaded


@pytest.fixture
def mistakes(load):
    """List the mistakes in a text."""

    def listed(text, environ=None):
        with pytest.raises(ConfigError) as raised:
            load(text, environ)
        return raised.value.mistakes

    return listed
