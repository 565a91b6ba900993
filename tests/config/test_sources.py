"""What every source can be told of the way to its tool."""

from pathlib import Path

import pytest

from ttv import config
from ttv.config import ConfigError

SOURCE = """
[sources.github]
type = "github"
token = { env = "T" }
repositories = ["acme/pay"]
"""


def read(folder, text):
    file = folder / "ttv.toml"
    file.write_text(SOURCE + text)
    return config.load(file, {"T": "t"}).sources[0].settings


def test_a_file_of_authorities_stands_beside_the_configuration_or_where_its_path_says(tmp_path):
    assert read(tmp_path, "").ca_bundle is None
    assert read(tmp_path, 'ca_bundle = "ca.pem"').ca_bundle == tmp_path / "ca.pem"
    assert read(tmp_path, 'ca_bundle = "/etc/ssl/ca.pem"').ca_bundle == Path("/etc/ssl/ca.pem")
    assert read(tmp_path, 'ca_bundle = "~/ca.pem"').ca_bundle == Path("~/ca.pem").expanduser()


def test_proxy_time_out_and_bound_are_as_they_are_written(tmp_path):
    said = read(tmp_path, 'proxy = "http://proxy.example:3128"\ntimeout_seconds = 5\nlimit_megabytes = 2')
    assert (said.proxy, said.timeout_seconds, said.limit_megabytes) == ("http://proxy.example:3128", 5, 2)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('proxy = "proxy.example"', "github.proxy: must begin with http:// or https://"),
        ('proxy = "http://ana:pw@proxy.example"', "github.proxy: must hold no name and password"),
        ("timeout_seconds = 0", "github.timeout_seconds: must be greater than 0"),
        ("limit_megabytes = 0", "github.limit_megabytes: must be greater than or equal to 1"),
        ("ca_bundle = 1", "github.ca_bundle: "),
        ("proxi = 1", 'did you mean "proxy"'),
    ],
)
def test_a_mistake_is_said_at_its_place(tmp_path, text, said):
    with pytest.raises(ConfigError, match=said) as caught:
        read(tmp_path, text)
    assert "pw" not in str(caught.value)
