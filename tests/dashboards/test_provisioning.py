"""What Grafana is provisioned with has the shape that it reads, and says what Prometheus and the stack say."""

from typing import Annotated, Any, Literal

import pytest
import yaml
from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from pydantic.alias_generators import to_camel


def read(root, path):
    return yaml.safe_load((root / path).read_text())


@pytest.fixture(scope="module")
def services(root):
    return read(root, "compose.yaml")["services"]


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, alias_generator=to_camel)


class Question(Strict):
    ref_id: Literal["A"]
    expr: str
    instant: Literal[True]
    range: Literal[False]
    datasource: dict[str, str]


class Threshold(Strict):
    ref_id: Literal["C"]
    type: Literal["threshold"]
    expression: Literal["A"]
    datasource: dict[str, str]
    conditions: list[dict[str, Any]]


class Part(Strict):
    ref_id: str
    relative_time_range: dict[Literal["from", "to"], int]
    datasource_uid: str
    model: Annotated[Question | Threshold, Field(discriminator="ref_id")]


Span = Annotated[str, StringConstraints(pattern=r"^\d+[smhd]$")]
Uid = Annotated[str, StringConstraints(pattern=r"^[a-zA-Z0-9_-]{1,40}$")]


class Rule(Strict):
    """What Grafana reads of a rule in a file; it passes over whatever else there is."""

    uid: Uid
    title: Annotated[str, StringConstraints(max_length=190)]
    condition: Literal["C"]
    for_: Span = Field(alias="for")
    keep_firing_for: Span | None = None
    missing: Annotated[int, Field(ge=1)] | None = Field(None, alias="missing_series_evals_to_resolve")
    no_data_state: Literal["NoData", "Alerting", "OK", "KeepLast"]
    exec_err_state: Literal["Error", "Alerting", "OK", "KeepLast"]
    labels: dict[str, str]
    annotations: dict[str, str]
    data: list[Part]


class Group(Strict):
    org_id: Literal[1]
    name: str
    folder: str
    interval: Span
    rules: list[Rule]


class Alerting(Strict):
    api_version: Literal[1]
    groups: list[Group]


class Datasource(Strict):
    name: str
    uid: Uid
    type: Literal["prometheus", "alertmanager"]
    access: Literal["proxy"]
    url: str
    is_default: bool = False
    editable: bool
    json_data: dict[str, Any]


class Datasources(Strict):
    api_version: Literal[1]
    datasources: list[Datasource]


class Provider(Strict):
    name: str
    org_id: Literal[1]
    folder: str
    type: Literal["file"]
    disable_deletion: bool
    allow_ui_updates: bool
    update_interval_seconds: int
    options: dict[Literal["path"], str]


class Providers(Strict):
    api_version: Literal[1]
    providers: list[Provider]


@pytest.fixture(scope="module")
def sources(root):
    found = Datasources.model_validate(read(root, "dashboards/provisioning/datasources/ttv.yml"))
    return {one.uid: one for one in found.datasources}


def test_grafana_evaluates_the_same_alerts_as_prometheus(root, sources):
    managed = Alerting.model_validate(read(root, "dashboards/provisioning/alerting/ttv.yml"))
    rules = [rule for group in managed.groups for rule in group.rules]
    written = read(root, "dashboards/prometheus/ttv.rules.yml")
    originals = [rule for group in written["groups"] for rule in group["rules"] if "alert" in rule]
    assert len({rule.uid for rule in rules}) == len(rules)
    for rule, original in zip(rules, originals, strict=True):
        question, threshold = rule.data
        assert (rule.title, question.model.expr, rule.for_) == (original["alert"], original["expr"], original["for"])
        assert rule.keep_firing_for == original.get("keep_firing_for")
        assert rule.labels == original["labels"]
        assert question.datasource_uid == question.model.datasource["uid"] in sources
        assert threshold.datasource_uid == "__expr__"


def test_a_number_in_grafana_is_the_value_of_what_was_asked(root):
    """There `$value` is a text about all that was asked, which no duration can be made of."""
    text = (root / "dashboards/provisioning/alerting/ttv.yml").read_text()
    assert "$value " not in text
    assert "$values.A.Value | humanizeDuration" in " ".join(text.split())


def test_grafana_asks_the_services_of_the_stack(sources, services):
    for source in sources.values():
        host, port = source.url.removeprefix("http://").split(":")
        assert f"127.0.0.1:{port}:{port}" in services[host]["ports"]
        assert source.json_data.get("alertmanagerUid", "ttv-alertmanager") in sources
    assert [source.uid for source in sources.values() if source.is_default] == ["ttv-prometheus"]


def test_grafana_finds_the_dashboards_where_they_are_mounted(root, services):
    [provider] = Providers.model_validate(read(root, "dashboards/provisioning/dashboards/ttv.yml")).providers
    mounted = dict(volume.split(":")[1::-1] for volume in services["grafana"]["volumes"])
    assert len(list((root / mounted[provider.options["path"]]).glob("*.json"))) == 5
    for name in ("datasources", "dashboards"):
        assert (root / mounted[f"/etc/grafana/provisioning/{name}"] / "ttv.yml").exists()
