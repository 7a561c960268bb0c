"""The text of a Mermaid flow chart: the real Mermaid reads and draws it, whatever the labels hold."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from anyjourney import JOURNEYS
from hypothesis import HealthCheck, given, settings
from playwright.sync_api import Page, sync_playwright
from tools import chromium, mermaid

from cli.chosen import chosen
from journeys.flow.read import flow_of
from journeys.flow.shape import every_stop
from journeys.graph import mermaid as charts
from journeys.model import Journey

DEFINITIONS = Path(__file__).parents[2] / "journeys" / "definitions"
ARGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
DRAW = "async text => (await mermaid.render('drawn', text)).svg"
TEXTS = """text => { document.body.innerHTML = text;
  return [...document.querySelectorAll('.nodeLabel, .edgeLabel')].map(each => each.textContent.trim()) }"""


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    """A page that has Mermaid and nothing else."""
    source = mermaid()
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium(), args=ARGS, timeout=120_000)
        page = browser.new_page()
        page.set_default_timeout(120_000)
        page.set_content("<body></body>")
        page.add_script_tag(content=source)
        page.evaluate("mermaid.initialize({startOnLoad: false, securityLevel: 'strict', htmlLabels: true})")
        yield page
        browser.close()


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(journey=JOURNEYS)
def test_mermaid_reads_any_journey(page: Page, journey: Journey) -> None:
    text = charts.mermaid(flow_of(journey), {})
    assert page.evaluate("async text => (await mermaid.parse(text)).diagramType", text).startswith("flowchart")


def test_mermaid_draws_the_journeys_that_ship(page: Page) -> None:
    for each in chosen([str(DEFINITIONS)]):
        flow = flow_of(each.loaded.model)
        texts = page.evaluate(TEXTS, page.evaluate(DRAW, charts.mermaid(flow)))
        for stop in every_stop(flow):
            assert any(stop.title in text for text in texts), f"{flow.name}: {stop.title} is not drawn"
        for door in flow.exits:
            assert any(door.label in text for text in texts)


def test_a_label_is_read_as_it_is_written(page: Page) -> None:
    hostile = 'a "b" <script>alert(1)</script> #35; 1. x | end'
    text = f"flowchart TD\n    a1[{charts.quoted(hostile)}]\n"
    assert page.evaluate(TEXTS, page.evaluate(DRAW, text)) == [hostile]
