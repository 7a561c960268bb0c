"""The alerts: each fires where it should and is silent where it should, and has its section in the runbooks."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry
from ruamel.yaml import YAML
from tools import tool

from streams.metrics.families import Kind
from streams.metrics.metrics import Metrics

ROOT = Path(__file__).parents[2]
RULES = ROOT / "helm/sillage/rules/sillage.yaml"
GROUPS = YAML(typ="safe").load(RULES)["groups"]
ALERTS: dict[str, dict[str, Any]] = {
    rule["alert"]: rule for group in GROUPS for rule in group["rules"] if "alert" in rule
}
RECORDS = {rule["record"] for group in GROUPS for rule in group["rules"] if "record" in rule}
CASES: dict[str, dict[str, Any]] = YAML(typ="safe").load(Path(__file__).parent / "alerts.yaml")
RUNBOOKS = (ROOT / "docs/runbooks.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^### (Sillage\w+)\n(.*?)(?=^##|\Z)", RUNBOOKS, re.MULTILINE | re.DOTALL))


def promtool_test(alert: str, case: dict[str, Any], kind: str) -> dict[str, Any]:
    """One test as promtool reads it: an alert that fires has all the annotations of its rule, with this summary."""
    wanted = case[kind]
    rule = ALERTS[alert]
    fired = {
        "exp_labels": {**rule["labels"], **wanted.get("labels", {})},
        "exp_annotations": {**rule["annotations"], "summary": wanted.get("summary", "")},
    }
    return {
        "interval": "1m",
        "input_series": [{"series": name, "values": values} for name, values in wanted["series"].items()],
        "alert_rule_test": [
            {"eval_time": case["at"], "alertname": alert, "exp_alerts": [fired] if kind == "fires" else []}
        ],
    }


def test_the_rules_are_sound() -> None:
    done = subprocess.run([tool("promtool"), "check", "rules", str(RULES)], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr


def test_every_alert_has_a_case_in_which_it_fires_and_one_in_which_it_is_silent() -> None:
    assert CASES.keys() == ALERTS.keys()
    assert [name for name, case in CASES.items() if case.keys() != {"at", "fires", "silent"}] == []
    values = [
        value for case in CASES.values() for kind in ("fires", "silent") for value in case[kind]["series"].values()
    ]
    assert [value for value in values if not isinstance(value, str)] == [], "YAML takes 0x20 for a number; quote it"


@pytest.mark.parametrize("alert", ALERTS)
def test_an_alert_speaks_and_is_silent(alert: str, tmp_path: Path) -> None:
    file = tmp_path / "test.yaml"
    tests = [promtool_test(alert, CASES[alert], kind) for kind in ("fires", "silent")]
    file.write_text(json.dumps({"rule_files": [str(RULES)], "evaluation_interval": "1m", "tests": tests}))
    done = subprocess.run([tool("promtool"), "test", "rules", str(file)], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("alert", ALERTS)
def test_an_alert_says_how_bad_what_and_where_to_read(alert: str) -> None:
    rule = ALERTS[alert]
    assert rule["labels"].keys() == {"severity"}
    assert rule["labels"]["severity"] in ("critical", "warning")
    assert rule["annotations"].keys() == {"summary", "description", "runbook_url"}
    assert rule["annotations"]["runbook_url"] == f"docs/runbooks.md#{alert.lower()}"


def test_rules_name_metrics_that_are_there() -> None:
    known = {
        name
        for each in Metrics(CollectorRegistry()).declared
        for name in (
            [f"{each.name}_{part}" for part in ("bucket", "sum", "count")]
            if each.kind is Kind.HISTOGRAM
            else [each.name]
        )
    }
    rules = [rule for group in GROUPS for rule in group["rules"]]
    named = {name for rule in rules for name in re.findall(r"(?<!\w)sillage_\w+", rule["expr"])}
    recorded = {name for rule in rules for name in re.findall(r"sillage:[\w:]+", rule["expr"])}
    assert named <= known
    assert recorded <= RECORDS


def test_the_objective_stands_in_one_place() -> None:
    """The second in the one rule that counts the slow, the 99 % in the one that says how many may be."""
    lines = [line for line in RULES.read_text(encoding="utf-8").splitlines() if not line.lstrip().startswith("#")]
    assert sum('le="1.0"' in line for line in lines) == 1
    assert sum("0.01" in line for line in lines) == 1


def test_every_alert_has_its_section_and_every_section_its_alert() -> None:
    assert list(SECTIONS) == list(ALERTS)


@pytest.mark.parametrize("alert", ALERTS)
def test_a_section_says_what_it_means_how_to_see_it_and_what_to_do(alert: str) -> None:
    told = re.findall(r"^\*\*([^*]+)\.\*\*", SECTIONS.get(alert, ""), re.MULTILINE)
    assert told == ["For customers", "See", "Do", "Worry"]
