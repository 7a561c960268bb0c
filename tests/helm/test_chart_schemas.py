"""Helm lints the chart without a warning, and each rendering keeps the schemas of Kubernetes and of the operators."""

import json
import subprocess
from pathlib import Path

import pytest
from chart import CASES, CHART, KUBERNETES, helm, rendered, values_of
from jsonschema import Draft7Validator
from tools import kubernetes_schemas, tool

SCHEMAS = Path(__file__).parent / "schemas"
CUSTOM = {"ServiceMonitor", "PrometheusRule", "ScaledObject"}


def kubeconform(text: str, version: str) -> subprocess.CompletedProcess[str]:
    """Asks without a network: there is no other place for schemas than these two."""
    places = [
        f"{kubernetes_schemas()}/{{{{.NormalizedKubernetesVersion}}}}-local{{{{.StrictSuffix}}}}"
        "/{{.ResourceKind}}{{.KindSuffix}}.json",
        f"{SCHEMAS}/{{{{.ResourceKind}}}}{{{{.KindSuffix}}}}.json",
    ]
    words = [word for place in places for word in ("-schema-location", place)]
    command = [tool("kubeconform"), "-strict", "-summary", "-output", "json", "-kubernetes-version", version, *words]
    return subprocess.run(command, input=text, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("case", CASES)
def test_helm_lints_it(case: str) -> None:
    answer = helm("lint", "--strict", "--kube-version", KUBERNETES[-1], str(CHART), *values_of(case))
    assert answer.returncode == 0, answer.stdout
    assert "[WARNING]" not in answer.stdout


@pytest.mark.parametrize("version", KUBERNETES)
@pytest.mark.parametrize("case", CASES)
def test_kubernetes_takes_it(case: str, version: str) -> None:
    text = rendered(*values_of(case), version=version)
    answer = kubeconform(text, version)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    summary = json.loads(answer.stdout)["summary"]
    assert summary == {"valid": text.count("\nkind: "), "invalid": 0, "errors": 0, "skipped": 0}


def test_the_full_case_makes_every_kind() -> None:
    kinds = {line.removeprefix("kind: ") for line in rendered(*values_of("full")).splitlines() if line[:6] == "kind: "}
    assert CUSTOM - {"PrometheusRule"} <= kinds
    assert {"StatefulSet", "Deployment", "Job", "PodDisruptionBudget", "NetworkPolicy"} <= kinds


@pytest.mark.parametrize("line", ["  restartPolicyy: Never", "  backoffLimit: many"])
def test_a_fault_would_be_seen(line: str) -> None:
    text = rendered(*values_of("default")).replace("  backoffLimit: 3", line)
    assert kubeconform(text, KUBERNETES[-1]).returncode == 1


@pytest.mark.parametrize(
    ("good", "bad"),
    [
        ("maxReplicaCount: 48", "maxReplicas: 48"),
        ("interval: 15s", "intervall: 15s"),
        ("port: metrics\n      path", "prt: a\n      path"),
    ],
)
def test_a_fault_of_a_custom_resource_would_be_seen(good: str, bad: str) -> None:
    text = rendered(*values_of("full"))
    assert good in text
    assert kubeconform(text.replace(good, bad), KUBERNETES[-1]).returncode == 1


def test_the_schema_of_values_is_one_and_refuses_what_it_does_not_know() -> None:
    schema = json.loads((CHART / "values.schema.json").read_text(encoding="utf-8"))
    Draft7Validator.check_schema(schema)

    def open_ones(node: dict[str, object], path: str) -> list[str]:
        below = node.get("properties")
        if not isinstance(below, dict):
            return []
        here = [path] if node.get("additionalProperties") is not False else []
        return here + [each for name, child in below.items() for each in open_ones(child, f"{path}.{name}")]

    assert open_ones(schema, "") == []
