"""The dashboards as files: whole, readable, narrowed and linked, and no metric left out."""

import json
import re
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from cli.dashboards.files import DASHBOARDS
from cli.dashboards.queries import OBJECTIVE_SECONDS
from streams.metrics.metrics import Metrics
from streams.session import MOST_UNWRITTEN

ROOT = Path(__file__).parents[2]
PAGES: dict[str, dict[str, Any]] = {
    Path(name).stem: json.loads((ROOT / name).read_text(encoding="utf-8")) for name in DASHBOARDS
}
PANELS = [(name, panel) for name, page in PAGES.items() for panel in page["panels"] if panel["type"] != "row"]
IDS = [f"{name}: {panel['title']}" for name, panel in PANELS]
UNITS = {"s", "short", "none", "percentunit", "eps", "ops", "mps"}
COUNTED = {"short", "none"}


def covers(one: dict[str, int], other: dict[str, int]) -> bool:
    """Whether two places of the grid have a cell in common."""
    across = one["x"] < other["x"] + other["w"] and other["x"] < one["x"] + one["w"]
    return across and one["y"] < other["y"] + other["h"] and other["y"] < one["y"] + one["h"]


def test_there_are_five_and_no_other_file() -> None:
    assert list(PAGES) == ["overview", "journeys", "channels", "workers", "context"]
    assert sorted(path.stem for path in (ROOT / "helm/sillage/dashboards").iterdir()) == sorted(PAGES)


@pytest.mark.parametrize("name", PAGES)
def test_no_two_panels_lie_on_one_another(name: str) -> None:
    places = [panel["gridPos"] for panel in PAGES[name]["panels"]]
    assert [pair for pair in combinations(places, 2) if covers(*pair)] == []
    assert all(place["x"] + place["w"] <= 24 for place in places)
    numbers = [panel["id"] for panel in PAGES[name]["panels"]]
    assert len(set(numbers)) == len(numbers)


@pytest.mark.parametrize(("name", "panel"), PANELS, ids=IDS)
def test_a_panel_says_what_it_shows_in_which_unit(name: str, panel: dict[str, Any]) -> None:
    assert panel["title"]
    assert re.search(r"[.:]$", panel["description"]), panel["description"]
    assert len(panel["description"]) > 15
    unit = panel["fieldConfig"]["defaults"]["unit"]
    assert unit in UNITS
    queries = [target["expr"] for target in panel["targets"]]
    assert queries
    if all("_seconds" in query and "applying" not in query and "count(" not in query for query in queries):
        assert unit in {"s", "percentunit"}
    assert all(target["datasource"] == panel["datasource"] for target in panel["targets"])
    assert panel["datasource"]["uid"] == "${datasource}"


@pytest.mark.parametrize(("name", "panel"), PANELS, ids=IDS)
def test_every_metric_of_a_panel_is_narrowed_by_the_namespace(name: str, panel: dict[str, Any]) -> None:
    for target in panel["targets"]:
        found = re.findall(r"sillage_\w+(\{[^}]*\})?", target["expr"])
        assert found
        assert all('namespace=~"$namespace"' in matchers for matchers in found)


def test_the_titles_of_a_page_differ() -> None:
    """Of a stat and a graph of the same thing as well, so that people can name a panel."""
    for name in PAGES:
        titles = [(panel["title"], panel["type"]) for page, panel in PANELS if page == name]
        assert len(set(titles)) == len(titles)


@pytest.mark.parametrize("name", PAGES)
def test_variables_are_those_that_queries_use(name: str) -> None:
    page = PAGES[name]
    known = {variable["name"] for variable in page["templating"]["list"]}
    used = set(re.findall(r"\$\{?(\w+)", json.dumps([page["panels"], page["links"]])))
    assert {each for each in used if not each.startswith("__")} <= known
    assert known - {"runbooks"} <= used
    declared = {each.name: each.labels for each in Metrics(CollectorRegistry()).declared}
    for variable in page["templating"]["list"]:
        if variable["type"] == "query" and variable["name"] != "namespace":
            metric, label = re.fullmatch(r"label_values\((\w+), (\w+)\)", variable["query"]["query"]).groups()  # type: ignore[union-attr]
            assert label in declared[metric]
            assert variable["allValue"] == ".*"


@pytest.mark.parametrize("name", PAGES)
def test_pages_lead_to_one_another_and_to_the_runbooks(name: str) -> None:
    page = PAGES[name]
    kinds = {link["type"]: link for link in page["links"]}
    assert kinds["dashboards"]["tags"] == page["tags"] == ["sillage"]
    assert kinds["link"]["url"] == "${runbooks}"
    sections = re.findall(r"^### (\w+)$", (ROOT / "docs/runbooks.md").read_text(encoding="utf-8"), re.MULTILINE)
    leads = [link["url"] for panel in page["panels"] for link in panel.get("links", [])]
    assert {lead.partition("#")[2] for lead in leads} <= {section.lower() for section in sections}
    assert all(lead.startswith("${runbooks}#") for lead in leads)


def test_every_metric_has_a_panel() -> None:
    queries = " ".join(target["expr"] for _, panel in PANELS for target in panel["targets"])
    named = set(re.findall(r"sillage_\w+", queries))
    declared = {each.name for each in Metrics(CollectorRegistry()).declared}
    shown = {re.sub(r"_(bucket|sum|count)$", "", name) if name not in declared else name for name in named}
    assert shown == declared


def test_the_objective_is_the_one_of_the_alerts() -> None:
    rules = (ROOT / "helm/sillage/rules/sillage.yaml").read_text(encoding="utf-8")
    assert re.findall(r'le="([\d.]+)"', rules) == [OBJECTIVE_SECONDS]


def test_the_bound_on_records_not_yet_written_is_that_of_the_code() -> None:
    [panel] = [panel for _, panel in PANELS if panel["title"] == "Records not yet written"]
    steps = [step["value"] for step in panel["fieldConfig"]["defaults"]["thresholds"]["steps"]]
    stops = MOST_UNWRITTEN * 9 // 10
    assert steps[1:] == [MOST_UNWRITTEN // 2, stops]
    assert f"From {stops:,} of a worker on" in panel["description"]
    assert f"near {stops:,} a worker waits" in (ROOT / "docs/runbooks.md").read_text(encoding="utf-8")
