"""Every panel asks a real Prometheus that scraped a scripted night of real processes, and is told what happened."""

import json
import math
import re
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from cli.dashboards.files import DASHBOARDS

ROOT = Path(__file__).parents[2]
VARIABLES = {"namespace": ".*", "journey": ".*", "channel": ".*", "__range": "10m", "__rate_interval": "3m"}
PANELS: dict[str, dict[str, Any]] = {
    f"{Path(name).stem}: {panel['title']} ({panel['type']})": panel
    for name in DASHBOARDS
    for panel in json.loads((ROOT / name).read_text(encoding="utf-8"))["panels"]
    if panel["type"] != "row"
}


def filled(query: str, **other: str) -> str:
    """A query with its variables as Grafana puts them in."""
    return re.sub(r"\$(\w+)", lambda found: {**VARIABLES, **other}[found[1]], query)


def answers(night: Any, panel: str, **other: str) -> list[tuple[dict[str, str], float]]:
    """The labels and value of each series that a panel shows."""
    return [
        (series["metric"], float(series["value"][1]))
        for target in PANELS[panel]["targets"]
        for series in night.ask(filled(target["expr"], **other))
    ]


@pytest.mark.parametrize("panel", PANELS)
def test_a_panel_shows_something_plausible(night: Any, panel: str) -> None:
    for target in PANELS[panel]["targets"]:
        found = [float(series["value"][1]) for series in night.ask(filled(target["expr"]))]
        assert found, target["expr"]
        assert all(math.isfinite(value) and value >= 0 for value in found), (target["expr"], found)
        if PANELS[panel]["fieldConfig"]["defaults"]["unit"] == "percentunit":
            assert all(value <= 1.5 for value in found), found


@pytest.mark.parametrize("panel", [name for name, panel in PANELS.items() if panel["type"] == "stat"])
def test_a_number_is_one_number(night: Any, panel: str) -> None:
    assert len(answers(night, panel)) == 1


def test_numbers_are_what_happened(night: Any) -> None:
    waves, crowd = night.waves, night.crowd
    wanted = {
        "overview: Partitions at work (stat)": 2,
        "overview: Fate unknown (stat)": 0,
        "overview: Redis away (stat)": 0,
        "journeys: Actions (stat)": waves * (crowd + 3),
        "journeys: Refused (stat)": waves,
        "journeys: Errors (stat)": waves,
        "journeys: Held (stat)": 0,
        "journeys: Release in use (stat)": 1,
        "channels: Sent (stat)": waves * (crowd + 2),
        "channels: Not sent (stat)": waves,
        "channels: Provider errors (stat)": waves,
        "workers: Duplicates (stat)": 1,
        "workers: Read again (stat)": 0,
        "workers: Brought home (stat)": 1,
        "workers: From the future (stat)": 1,
        "workers: Without an id (stat)": 1,
        "workers: Unknown fields (stat)": 1,
        "workers: Dead letters (stat)": 1,
        "context: Places known (stat)": 1,
        "context: Weather known (stat)": 1,
        "context: Workers apart (stat)": 0,
        "context: Releases apart (stat)": 0,
        "context: Values refused (stat)": 0,
    }
    found = {panel: answers(night, panel)[0][1] for panel in wanted}
    assert {panel: round(value, 1) for panel, value in found.items()} == wanted


def test_actions_by_journey_are_those_that_left(night: Any) -> None:
    found = answers(night, "journeys: Actions by journey and channel (table)")
    assert {(labels["journey"], labels["channel"]): value for labels, value in found} == {
        ("thanks", "email"): night.waves * night.crowd,
        ("alarm", "email"): night.waves,
        ("nudge", "email"): night.waves,
        ("umbrella", "push"): night.waves,
    }


def test_outcomes_by_channel_are_those_that_were(night: Any) -> None:
    found = {(at["channel"], at["code"]): value for at, value in answers(night, "channels: Outcomes (table)")}
    (failed,) = [code for channel, code in found if code != "sent"]
    assert found == {
        ("email", "sent"): night.waves * (night.crowd + 1),
        ("push", "sent"): night.waves,
        ("email", failed): night.waves,
    }


def test_a_variable_narrows(night: Any) -> None:
    assert [value for _, value in answers(night, "journeys: Actions (stat)", journey="alarm")] == [night.waves]
    assert [value for _, value in answers(night, "journeys: Actions (stat)", channel="push")] == [night.waves]
    assert [value for _, value in answers(night, "channels: Sent (stat)", channel="push")] == [night.waves]
    assert [value for _, value in answers(night, "journeys: Actions (stat)", namespace="elsewhere")] == [0]


def test_the_parts_of_a_latency_are_all_of_it(night: Any) -> None:
    parts = {labels["part"]: value for labels, value in answers(night, "overview: Where the time lies (timeseries)")}
    assert parts.keys() == {"fetch", "proof", "publish"}
    sums = [night.number(f"sum(sillage_event_to_action{part}_seconds_sum)") for part in ("", "_part")]
    assert sums[0] > 0
    assert sums[0] == pytest.approx(sums[1])


def test_a_slow_action_names_its_trace(night: Any) -> None:
    """The dots on the panel of the latency: OpenMetrics brings them, and Prometheus keeps them."""
    assert night.exemplars("sillage_event_to_action_seconds_bucket")


def test_of_the_alerts_those_would_speak_that_the_night_gave_reason_to(night: Any) -> None:
    """Asked of the series of real processes, whose labels the cases of promtool make up."""
    groups = YAML(typ="safe").load(ROOT / "helm/sillage/rules/sillage.yaml")["groups"]
    rules = [rule for group in groups for rule in group["rules"] if "alert" in rule and "sillage:" not in rule["expr"]]
    assert {rule["alert"] for rule in rules if night.ask(rule["expr"])} == {
        "SillageDeadLetters", "SillageDefinitionsFail", "SillageHandOversFail",
    }  # fmt: skip
