"""Secrets come from the environment or a file, and are shown nowhere."""

import pytest

from tests.invented import SOURCE, TOKEN
from ttv import config
from ttv.config import secrets


def test_a_secret_comes_from_the_environment_a_file_or_the_variable_of_its_name(load, tmp_path):
    (tmp_path / "token.txt").write_text("from-a-file\n")
    cases = (
        ('token = { env = "X" }', {"X": "from-x", **TOKEN}, "from-x"),
        ('token = { file = "token.txt" }', {}, "from-a-file"),
        ("", TOKEN, "s3cret-value"),
    )
    for line, environ, secret in cases:
        (source,) = load(f"{SOURCE}{line}\n", environ).sources
        assert source.settings.token.get_secret_value() == secret
        assert source.settings.password is None


def test_the_variable_of_a_secret_s_name_is_upper_case_with_underscores():
    assert secrets.variable("github-pay.eu", "token") == "TTV_GITHUB_PAY_EU_TOKEN"


def test_a_secret_file_is_looked_for_beside_the_configuration(tmp_path):
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "token").write_text("beside")
    (tmp_path / "sub" / "my.toml").write_text(f'{SOURCE}token = {{ file = "token" }}\n')
    (source,) = config.load(tmp_path / "sub" / "my.toml", {}).sources
    assert source.settings.token.get_secret_value() == "beside"


SECRETS = [
    ("", "is missing; set the environment variable TTV_TOOL_TOKEN, or write token = { env ="),
    ('token = "s3cret-value"', 'is a secret and does not belong into the file; write { env = "TTV_TOOL_TOKEN" }'),
    ('token = { env = "NO_SUCH" }', "the environment variable NO_SUCH is not set"),
    ('token = { env = "EMPTY" }', "the environment variable EMPTY is empty"),
    ('token = { file = "none.txt" }', "none.txt cannot be read: no such file or directory"),
    ('token = { enw = "X" }', 'comes from env or file, not from "enw"; did you mean "env"?'),
    ('token = { env = "X", file = "Y" }', "must be either { env"),
    ("token = { env = 5 }", "must be either { env"),
    ("token = 12345", "is a secret and does not belong into the file"),
]


@pytest.mark.parametrize(("line", "said"), SECRETS)
def test_a_secret_that_is_not_there_is_a_mistake_with_its_remedy(mistakes, line, said):
    (mistake,) = mistakes(f"{SOURCE}{line}\n", {"EMPTY": " "})
    assert mistake.startswith(f"ttv.toml:{4 if line else 1}: sources.tool.token: ")
    assert said in mistake
    assert "s3cret" not in mistake


def test_a_configuration_that_no_file_holds_may_have_plain_secrets():
    document = {"sources": {"tool": {"type": "tests.invented", "url": "http://127.0.0.1:1", "token": "plain"}}}
    found = config.read(document, {}, "demo", allow_plain_secrets=True)
    assert found.sources[0].settings.token.get_secret_value() == "plain"
    assert "plain" not in repr(found)


def test_the_token_of_the_server_comes_from_the_environment_or_a_file(tmp_path):
    (tmp_path / "token").write_text("from-file\n")
    assert config.token({}) is None
    assert config.token({"TTV_TOKEN": "abc"}) == "abc"
    assert config.token({"TTV_TOKEN_FILE": str(tmp_path / "token")}) == "from-file"
    with pytest.raises(ValueError, match="TTV_TOKEN is empty"):
        config.token({"TTV_TOKEN": ""})


def test_what_asks_no_source_needs_no_secret_but_the_rest_is_checked(tmp_path):
    file = tmp_path / "ttv.toml"
    file.write_text(SOURCE)
    (source,) = config.load(file, {}, sealed=True).sources
    assert source.settings.token.get_secret_value() == "sealed"
    file.write_text(SOURCE + 'token = "plain"\nurk = 1\n')
    with pytest.raises(config.ConfigError) as caught:
        config.load(file, {}, sealed=True)
    assert len(caught.value.mistakes) == 2
