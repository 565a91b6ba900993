"""`ttv init`: a configuration to start from, and nothing overwritten."""

from pathlib import Path

import connectors
from ttv import config


def test_init_writes_a_configuration_that_is_right_once_its_secrets_are_set(run):
    assert "ttv.toml is written" in run("init").stdout
    text = Path("ttv.toml").read_text()
    environ = {word.split('"')[1]: "set" for word in text.split("env = ")[1:] if word.startswith('"TTV_')}
    assert [source.name for source in config.load(None, environ).sources] == connectors.names()


def test_init_overwrites_only_by_force(run):
    Path("ttv.toml").write_text("# mine\n")
    assert "ttv.toml is there already" in run("init", exit_code=1).stderr
    assert Path("ttv.toml").read_text() == "# mine\n"
    run("init", "--force", "jira")
    assert Path("ttv.toml").read_text().count('\ntype = "') == 1


def test_init_writes_where_it_is_told(run):
    run("init", "--config", "other.toml")
    assert Path("other.toml").exists()
    assert not Path("ttv.toml").exists()
    assert "cannot be written" in run("init", "--config", "none/x.toml", exit_code=1).stderr
