"""A run of the town that was recorded, and a real Chromium to open its page."""

import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from conftest import IN_CI
from playwright.sync_api import Browser, Page, sync_playwright
from townpage import LIVED_MS, Open, Run, record

ARGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A day and two hours of a small town."""
    return record(tmp_path_factory.mktemp("run"), LIVED_MS)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A Chromium of this machine; in CI its absence is a failure."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None:
        reason = "no Chromium on this machine: apt-get install chromium"
        if IN_CI:
            pytest.fail(reason)
        pytest.skip(reason)
    with sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=found, args=ARGS, timeout=120_000)
        yield started
        started.close()


@pytest.fixture
def opened(browser: Browser) -> Iterator[Open]:
    """Opens a page; at the end none of those opened has complained, or asked for anything but itself."""
    contexts, faults, asked = [], [], []

    def open_page(run: Run, *, width: int = 1280, scheme: Any = "light") -> Page:
        context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(120_000)
        page.on("console", lambda message: faults.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda fault: faults.append(str(fault)))
        page.on("request", lambda request: asked.append(request.url))
        page.goto(run.path.as_uri())
        page.wait_for_selector("#timeline li")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert faults == []
    assert {url for url in asked if not url.startswith("data:")} == {url for url in asked if url.startswith("file:")}
    assert len([url for url in asked if url.startswith("file:")]) == len(contexts)
