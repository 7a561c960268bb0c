"""What stands around the pods: who may reach them and whom they reach, what watches them, what the installer reads."""

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from chart import CASES, CHART, ROOT, manifests, one, pod, values_of

RULES = """groups:
  - name: sample
    rules:
      - alert: Lag
        expr: sillage_lag_seconds > 60
        annotations: {summary: "{{ $labels.topic }} lags {{ $value }} s"}
"""
DASHBOARD = {"title": "Sample", "panels": [{"legendFormat": "{{journey}}"}]}


@pytest.fixture
def chart_with_files(tmp_path: Path) -> Path:
    """The chart with one file of rules and one dashboard more."""
    copied = Path(shutil.copytree(CHART, tmp_path / "sillage"))
    for folder, name, text in (("rules", "sample.yaml", RULES), ("dashboards", "sample.json", json.dumps(DASHBOARD))):
        (copied / folder).mkdir(exist_ok=True)
        (copied / folder / name).write_text(text, encoding="utf-8")
    return copied


def named(found: list[Any], kind: str, name: str) -> Any:
    (it,) = [each for each in found if (each["kind"], each["metadata"]["name"]) == (kind, name)]
    return it


def test_a_file_of_rules_becomes_a_rule_as_it_is(chart_with_files: Path) -> None:
    rule = named(manifests(*values_of("full"), chart=chart_with_files), "PrometheusRule", "shop-sillage-sample")
    assert rule["metadata"]["labels"]["release"] == "prometheus"
    (group,) = rule["spec"]["groups"]
    assert group["rules"][0]["annotations"]["summary"] == "{{ $labels.topic }} lags {{ $value }} s"


def test_a_dashboard_becomes_what_the_sidecar_of_grafana_looks_for(chart_with_files: Path) -> None:
    found = named(manifests(*values_of("full"), chart=chart_with_files), "ConfigMap", "shop-sillage-dashboard-sample")
    assert found["metadata"]["labels"]["grafana_dashboard"] == "1"
    assert json.loads(found["data"]["sample.json"]) == DASHBOARD


def test_every_file_that_ships_is_there() -> None:
    names = {each["metadata"]["name"] for each in manifests(*values_of("full"))}
    assert {f"shop-sillage-{path.stem}" for path in CHART.glob("rules/*.yaml")} <= names
    assert {f"shop-sillage-dashboard-{path.stem}" for path in CHART.glob("dashboards/*.json")} <= names


def test_without_being_asked_for_nothing_needs_an_operator(chart_with_files: Path) -> None:
    kinds = {each["apiVersion"] for each in manifests(chart=chart_with_files)}
    assert kinds == {"v1", "apps/v1", "batch/v1", "policy/v1"}


def test_prometheus_finds_the_page_of_every_pod() -> None:
    found = manifests(*values_of("full"))
    monitor = one(found, "ServiceMonitor")["spec"]
    (endpoint,) = monitor["endpoints"]
    assert endpoint["path"] == "/metrics"
    assert monitor["namespaceSelector"]["matchNames"] == ["crm"]
    for role in ("worker", "dispatcher"):
        service = one(found, "Service", role)
        assert monitor["selector"]["matchLabels"].items() <= service["metadata"]["labels"].items()
        (port,) = service["spec"]["ports"]
        assert port["name"] == endpoint["port"]
        assert port["targetPort"] in {each["name"] for each in pod(found, role)["spec"]["containers"][0]["ports"]}
        assert service["spec"]["publishNotReadyAddresses"] is True


def ports_out(found: list[Any], role: str) -> set[int]:
    rules = one(found, "NetworkPolicy", role)["spec"]["egress"]
    return {port["port"] for rule in rules for port in rule["ports"]}


def test_the_network_lets_metrics_in_and_what_is_needed_out() -> None:
    found = manifests(*values_of("full"), "--set", "settings.redis=redis://cache:7000/0,settings.smtp=smtp://post:587")
    for role in ("worker", "dispatcher"):
        policy = one(found, "NetworkPolicy", role)["spec"]
        assert policy["policyTypes"] == ["Ingress", "Egress"]
        assert policy["ingress"] == [{"ports": [{"protocol": "TCP", "port": "metrics"}]}]
    assert ports_out(found, "migration") == {53, 9092}
    assert ports_out(found, "worker") == {53, 9092, 7000}
    assert ports_out(found, "dispatcher") == {53, 9092, 7000, 587, 443}
    migration = one(found, "NetworkPolicy", "migration")
    assert migration["spec"]["ingress"] == []
    assert int(migration["metadata"]["annotations"]["helm.sh/hook-weight"]) < 0


def test_ports_that_a_secret_hides_are_told() -> None:
    found = manifests(*values_of("secured"), "--set", "networkPolicy.kafkaPorts={9095}")
    assert ports_out(found, "dispatcher") == {53, 9093, 9095, 6380, 465, 443, 9094}
    (rule,) = one(found, "NetworkPolicy", "worker")["spec"]["ingress"]
    assert rule["from"][0]["namespaceSelector"]["matchLabels"] == {"kubernetes.io/metadata.name": "monitoring"}


@pytest.mark.parametrize(("url", "port"), [("smtp://post", 25), ("smtps://post", 465)])
def test_a_url_without_a_port_means_its_own(url: str, port: int) -> None:
    found = manifests("--set", f"networkPolicy.enabled=true,settings.redis=redis://cache/0,settings.smtp={url}")
    assert ports_out(found, "dispatcher") == {53, 9092, 6379, port, 443}


@pytest.fixture
def chart_of_notes(tmp_path: Path) -> Path:
    """The chart with its notes among what `helm template` shows; only an install shows them otherwise."""
    copied = Path(shutil.copytree(CHART, tmp_path / "sillage"))
    (copied / "templates" / "NOTES.txt").rename(copied / "notes")
    (copied / "templates" / "notes.yaml").write_text('kind: Notes\ntext: {{ tpl (.Files.Get "notes") . | quote }}\n')
    return copied


@pytest.mark.parametrize("case", CASES)
def test_the_notes_name_what_was_made(case: str, chart_of_notes: Path) -> None:
    found = manifests(*values_of(case), chart=chart_of_notes)
    notes = one(found, "Notes")["text"]
    made = {f"{each['kind'].lower()}/{each['metadata']['name']}" for each in found if "metadata" in each}
    named = set(re.findall(r"(?:statefulset|deployment)/[\w-]+", notes))
    assert named == {each for each in made if each.startswith(("statefulset/", "deployment/"))}
    assert ("lost broker loses data" in notes) == (case == "minimal")


def test_the_chart_is_of_the_version_that_is_built() -> None:
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    chart = (CHART / "Chart.yaml").read_text(encoding="utf-8")
    version = next(line for line in project.splitlines() if line.startswith("version = "))
    assert f"appVersion: {version.removeprefix('version = ')}" in chart
