"""What `ttv init` writes is right, whole, and tells the defaults as they are."""

import tomllib

import pytest

import connectors
from ttv import config
from ttv.config import ConfigError, starter


def _set(text):
    """The environment in which every variable that a text names is set."""
    return {word.split('"')[1]: "set" for word in text.split("env = ")[1:] if word.startswith('"TTV_')}


def test_the_starter_is_right_once_its_secrets_are_set(tmp_path):
    file = tmp_path / "ttv.toml"
    file.write_text(starter.text())
    found = config.load(file, _set(starter.text()))
    assert [source.name for source in found.sources] == connectors.names()
    with pytest.raises(ConfigError) as raised:
        config.load(file, {})
    assert all("the environment variable TTV_" in mistake for mistake in raised.value.mistakes)


def test_the_starter_has_every_key_of_every_connector():
    text = starter.text()
    for name in connectors.names():
        part = text.partition(f"[sources.{name}]")[2].partition("\n[")[0].replace("\n#", "\n")
        assert [key for key in connectors.load(name).Settings.model_fields if f"\n{key}" not in part] == []


def test_the_starter_s_defaults_are_the_defaults(tmp_path):
    """What is commented out may be uncommented, and changes nothing."""
    text = starter.text()
    spoken = "\n".join(
        line[1:] if line.startswith("#") and not line.startswith("# ") else line for line in text.split("\n")
    )
    document, plain = tomllib.loads(spoken), tomllib.loads(text)
    assert set(document["initiatives"]) == {"faster-checkout"}
    found, default = (config.read(one, _set(text), "starter") for one in (document, plain))
    assert (found.database, found.host, found.port, found.window) == (
        default.database,
        default.host,
        default.port,
        default.window,
    )
    for one, other in zip(found.sources, default.sources, strict=True):
        wanted = {name: value for name, value in other.settings if value is not None}
        assert {name: getattr(one.settings, name) for name in wanted} == wanted
        assert (one.every, one.since) == (other.every, other.since)


def test_the_starter_has_only_the_connectors_that_were_asked_for():
    name = connectors.names()[0]
    assert list(tomllib.loads(starter.text([name]))["sources"]) == [name]
