"""The stack of `compose.yaml`, as far as it can be held to its word without a container engine."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from dashboards.alerts import ALERTS

BY_HAND = {"./ttv.toml", "ttv.env", *(f"secrets/{name}" for name in ("ttv_token", "postgres", "grafana", "slack"))}
"""What the head of the file says how to make."""
ROUTES = "dashboards/alertmanager/alertmanager.yml"


def read(root, path):
    return yaml.safe_load((root / path).read_text())


@pytest.fixture(scope="module")
def stack(root):
    return read(root, "compose.yaml")


@pytest.fixture(scope="module")
def services(stack):
    return stack["services"]


def bound(service):
    """Yield what of the host or of volumes is mounted, and whether it can be written to."""
    for volume in service.get("volumes", []):
        if isinstance(volume, dict):
            yield volume["source"], not volume.get("read_only", False)
        else:
            place, _, rest = volume.partition(":")
            yield place, not rest.endswith(":ro")


# ---- compose.yaml


def test_it_is_valid_by_the_specification_of_compose(root):
    program = Path(sys.executable).with_name("check-jsonschema")
    command = [program, "--builtin-schema", "vendor.compose-spec", root / "compose.yaml"]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stdout + found.stderr


def test_everything_that_is_mounted_is_there_and_the_project_cannot_be_written_to(root, stack, services):
    for name, service in services.items():
        for place, written in bound(service):
            assert place in {*stack["volumes"], *BY_HAND} or (root / place).exists(), f"{name}: {place}"
            assert not written or place in stack["volumes"], f"{name}: {place}"
    used = {place for service in services.values() for place, _ in bound(service)}
    assert set(stack["volumes"]) <= used


def test_what_is_made_by_hand_is_made_by_its_head_and_kept_out_of_git(root, stack, services):
    head = (root / "compose.yaml").read_text().partition("name: ttv")[0]
    made = {one["file"] for one in stack["secrets"].values()} | set(services["ttv"]["env_file"]) | {"./ttv.toml"}
    assert made == BY_HAND
    loop = re.search(r"for name in ([\w ]+); do openssl", head)[1].split()
    named = {*(f"secrets/{name}" for name in loop), *re.findall(r"> (secrets/\w+)", head)}
    named |= {f"./{one}" if one == "ttv.toml" else one for one in re.search(r"touch ([\w. ]+?)  ", head)[1].split()}
    assert named == BY_HAND
    ignored = subprocess.run(["git", "check-ignore", *BY_HAND], cwd=root, capture_output=True, text=True, check=False)
    assert set(ignored.stdout.split()) == BY_HAND


def test_every_secret_is_used_and_none_stands_in_the_file(stack, services):
    used = {name for service in services.values() for name in service.get("secrets", [])}
    assert used == set(stack["secrets"])
    plain = {
        name
        for service in services.values()
        for name in service.get("environment", {})
        if re.search("PASSWORD|TOKEN|SECRET", name) and not name.endswith("_FILE")
    }
    assert plain == set()


def test_nothing_is_open_beyond_this_machine_and_nobody_is_root(root, services):
    for name, service in services.items():
        assert [port for port in service.get("ports", []) if not port.startswith("127.0.0.1:")] == [], name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        if "build" in service:
            assert re.search(r"^USER (?!0|root)", (root / "Dockerfile").read_text(), re.MULTILINE)
        else:
            assert not service["user"].startswith(("0", "root")), name


def test_every_image_has_a_version_and_every_service_says_whether_it_is_well(root, services):
    for name, service in services.items():
        assert "build" in service or re.search(r":v?\d+\.\d+(\.\d+)?(-\w+)?$", service["image"]), name
        assert "healthcheck" in service or "HEALTHCHECK" in (root / "Dockerfile").read_text(), name
        for other, how in service.get("depends_on", {}).items():
            assert how["condition"] == "service_healthy"
            assert other in services


def test_ttv_is_started_with_the_database_of_the_stack(services, tmp_path):
    """The command is run by a shell as it stands, but for the place of the secret; what it starts says what it got."""
    (tmp_path / "postgres").write_text("0a1b\n")
    (tmp_path / "ttv").write_text('#!/bin/sh\necho "$TTV_DATABASE" "$@"\n')
    (tmp_path / "ttv").chmod(0o755)
    [command] = services["ttv"]["command"]
    command = command.replace("$$", "$").replace("/run/secrets", str(tmp_path))
    environ = {"PATH": f"{tmp_path}:/usr/bin:/bin"}
    said = subprocess.run(
        [*services["ttv"]["entrypoint"], command], env=environ, capture_output=True, text=True, check=True
    )
    config = "/etc/ttv/ttv.toml"
    assert said.stdout == (f"postgresql://ttv:0a1b@postgres/ttv serve --config {config} --host 0.0.0.0 --port 8080\n")
    assert config in {volume["target"] for volume in services["ttv"]["volumes"]}
    named = {services["postgres"]["environment"][f"POSTGRES_{what}"] for what in ("USER", "DB")}
    assert named == {"ttv"}


# ---- what is mounted


def test_prometheus_finds_ttv_alertmanager_and_its_rules(root, services, promtool, tmp_path):
    config = read(root, "dashboards/prometheus/prometheus.yml")
    [scraped] = config["scrape_configs"]
    [managers] = config["alerting"]["alertmanagers"]
    for found in (scraped, managers):
        [(host, port)] = (one.split(":") for one in found["static_configs"][0]["targets"])
        assert port in services[host]["ports"][0].split(":")
    token = scraped["authorization"]["credentials_file"]
    assert token.removeprefix("/run/secrets/") in services["prometheus"]["secrets"]
    assert [(root / "dashboards/prometheus" / one).exists() for one in config["rule_files"]] == [True]
    (tmp_path / "token").write_text("t")
    for file in (root / "dashboards/prometheus").iterdir():
        (tmp_path / file.name).write_text(file.read_text().replace(token, str(tmp_path / "token")))
    said = promtool("check", "config", "--lint=all", "--lint-fatal", str(tmp_path / "prometheus.yml"))
    assert said.returncode == 0, said.stdout + said.stderr


def test_amtool_finds_no_fault_with_the_routes(root, amtool):
    said = amtool("check-config", root / ROUTES)
    assert said.returncode == 0, said.stdout + said.stderr


@pytest.mark.parametrize(
    ("alert", "receiver"),
    [
        *((name, "team") for name in ("TtvDecisionOverdue", "TtvInitiativeStuck", "TtvNoCustomerHeard")),
        *((name, "team") for name in ("TtvForecastMissesTarget", "TtvTargetMissed")),
        *((name, "leadership") for name in ("TtvRateOfTurnSlow", "TtvTimeToValueSlow", "TtvCoverageDrops")),
        *((name, "platform") for name in ("TtvSourceFailing", "TtvSourceStale", "TtvSourceNeverRead")),
        *((name, "platform") for name in ("TtvQuarantineGrows", "TtvMetricsBroken", "TtvFiguresStale", "TtvDown")),
    ],
)
def test_every_alert_goes_to_whom_it_concerns(root, amtool, alert, receiver):
    [severity] = [one.severity for one in ALERTS if one.name == alert]
    said = amtool(
        "config", "routes", "test", f"--config.file={root / ROUTES}", f"alertname={alert}", f"severity={severity}"
    )
    assert said.stdout.strip() == receiver


def test_every_inhibition_names_alerts_that_there_are(root):
    names = [alert.name for alert in ALERTS]
    for rule in read(root, ROUTES)["inhibit_rules"]:
        for matcher in (*rule["source_matchers"], *rule["target_matchers"]):
            label, sign, wanted = re.fullmatch(r'(\w+)(=~|!=|=)"(.+)"', matcher).groups()
            if label == "alertname":
                for one in wanted.split("|") if sign == "=~" else [wanted]:
                    assert [name for name in names if re.fullmatch(one, name)], one
