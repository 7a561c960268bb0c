"""The page that Prometheus and probes ask."""

import socket
import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest
from prometheus_client import CollectorRegistry

from local.ports import free_port
from streams.metrics.metrics import Metrics
from streams.metrics.page import Page, PageError


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def page(port: int) -> Iterator[Page]:
    registry = CollectorRegistry()
    Metrics(registry).decisions(1)
    page = Page(registry, port)
    yield page
    page.close()


def asked(port: int, path: str) -> tuple[int, str]:
    """Status and text."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as fault:
        return fault.code, fault.read().decode()


def test_prometheus_is_answered(page: Page, port: int) -> None:
    status, text = asked(port, "/metrics")
    assert status == 200
    assert "sillage_decisions_total" in text


def test_a_process_is_live_and_says_what_it_waits_for_until_it_is_ready(page: Page, port: int) -> None:
    assert asked(port, "/live") == (200, "live\n")
    assert asked(port, "/ready") == (503, "starting\n")
    page.waits_for = lambda: "a partition"
    assert asked(port, "/ready") == (503, "a partition\n")
    page.waits_for = lambda: ""
    assert asked(port, "/ready") == (200, "ready\n")


def test_whoever_asks_for_something_else_is_told_what_there_is(page: Page, port: int) -> None:
    assert asked(port, "/") == (404, "nothing is here; see /metrics, /live, /ready\n")


def test_a_taken_port_is_named_and_a_closed_page_gives_its_port_back(port: int) -> None:
    with socket.create_server(("", port)), pytest.raises(PageError, match=f"metrics port {port}.*SILLAGE_METRICS_PORT"):
        Page(CollectorRegistry(), port)
    for _ in range(2):
        page = Page(CollectorRegistry(), port)
        assert asked(port, "/live")[0] == 200
        page.close()


def test_it_listens_where_it_is_told_and_nowhere_else() -> None:
    port = free_port()
    page = Page(CollectorRegistry(), port, "127.0.0.2")
    try:
        with socket.create_connection(("127.0.0.2", port), 2):
            pass
        with pytest.raises(OSError):
            socket.create_connection(("127.0.0.1", port), 2)
    finally:
        page.close()


def test_an_address_that_is_not_ours_is_named() -> None:
    with pytest.raises(PageError, match=r"SILLAGE_METRICS_HOST=192\.0\.2\.1 must be an address of this machine"):
        Page(CollectorRegistry(), free_port(), "192.0.2.1")
