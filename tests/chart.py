"""The Helm chart as Kubernetes would get it: rendered, read, and found by kind and component."""

import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from tools import tool

from streams.settings import Settings

ROOT = Path(__file__).resolve().parents[1]
CHART = ROOT / "helm" / "sillage"
KUBERNETES = ("1.31.0", "1.37.0")
CASES = ("default", *sorted(path.name.removesuffix("-values.yaml") for path in (CHART / "ci").glob("*-values.yaml")))
VARIABLES = {f"SILLAGE_{name.upper()}" for name in Settings.model_fields}
Manifest = Mapping[str, Any]


def values_of(case: str) -> list[str]:
    """The arguments that give helm the values of a case."""
    return [] if case == "default" else ["--values", str(CHART / "ci" / f"{case}-values.yaml")]


def helm(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([tool("helm"), *words], capture_output=True, text=True, check=False)


@cache
def rendered(*values: str, chart: Path = CHART, version: str = KUBERNETES[-1]) -> str:
    """What the chart makes of the values, as the release `shop`."""
    answer = helm("template", "shop", str(chart), "--kube-version", version, "--namespace", "crm", *values)
    assert answer.returncode == 0, answer.stderr
    return answer.stdout


def manifests(*values: str, chart: Path = CHART) -> list[Manifest]:
    return [found for found in YAML(typ="safe").load_all(rendered(*values, chart=chart)) if found]


def refusal(*values: str) -> str:
    """Why helm does not take these values."""
    answer = helm("template", "shop", str(CHART), "--kube-version", KUBERNETES[-1], *values)
    assert answer.returncode != 0, "it takes them"
    return answer.stderr


def one(found: Sequence[Manifest], kind: str, component: str = "") -> Manifest:
    """The only manifest of this kind, and of this component where one is named."""
    (it,) = [each for each in found if each["kind"] == kind and (not component or component_of(each) == component)]
    return it


def component_of(manifest: Manifest) -> str:
    return str(manifest["metadata"]["labels"].get("app.kubernetes.io/component", ""))


def pods(found: Sequence[Manifest]) -> Iterator[tuple[str, Any]]:
    """Every kind of pod that would run: its component and the whole template."""
    for each in found:
        if each["kind"] in {"StatefulSet", "Deployment", "Job"}:
            yield component_of(each), each["spec"]["template"]


def pod(found: Sequence[Manifest], component: str) -> Any:
    return dict(pods(found))[component]


def container(template: Any) -> Any:
    (it,) = template["spec"]["containers"]
    return it


def environment(found: Sequence[Manifest], component: str) -> dict[str, Any]:
    """The variables of a component: their text, or the mapping that says where it comes from."""
    runs = container(pod(found, component))
    told: dict[str, Any] = {}
    for source in runs.get("envFrom", []):
        name = source["configMapRef"]["name"]
        (settings,) = [each for each in found if each["kind"] == "ConfigMap" and each["metadata"]["name"] == name]
        told |= settings["data"]
    return told | {each["name"]: each.get("value", each.get("valueFrom")) for each in runs.get("env", [])}


def seconds(quantity: str) -> float:
    """A duration of Docker or Prometheus, such as 30s or 2m."""
    number, unit = re.fullmatch(r"([0-9.]+)(ms|s|m|h)", quantity).groups()  # type: ignore[union-attr]
    return float(number) * {"ms": 0.001, "s": 1, "m": 60, "h": 3600}[unit]
