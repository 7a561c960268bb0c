"""`sillage demo --observe`: Prometheus beside the demo, scraping its processes, and gone with it."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.parse import parse_qs, urlencode, urlsplit
from urllib.request import urlopen

import pytest
from tools import tool
from waiting import wait_until

from cli.demo import START
from local.errors import LocalError
from local.observe import CURE, P99, graph, observed, prometheus
from local.services import Services

ORDERS = {"worker": 1.0, "dispatcher": 1.0}
TOWN = {**ORDERS, "learner": 1.0}
"""The processes of each demo, all of them up."""


def ask(url: str, query: str) -> dict[str, float]:
    """The value of each job's series; none while Prometheus is not there."""
    try:
        with urlopen(f"{url}/api/v1/query?{urlencode({'query': query})}", timeout=5) as answer:
            found = json.load(answer)["data"]["result"]
    except (URLError, OSError):
        return {}
    return {each["metric"].get("job", ""): float(each["value"][1]) for each in found}


async def test_without_prometheus_it_says_the_cure_in_one_line_and_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    notes: list[str] = []
    async with observed(["worker"], notes) as ports:
        assert ports == {}
    assert notes == [CURE]
    assert "\n" not in CURE


async def test_it_says_where_to_look_and_is_gone_at_the_end() -> None:
    tool("prometheus")
    notes: list[str] = []
    async with observed(["worker", "dispatcher"], notes) as ports:
        assert ports.keys() == {"worker", "dispatcher"}
        (url,) = re.findall(r"http://[\d.:]+$", notes[0])
        wait_until(lambda: ask(url, "up") == {"worker": 0, "dispatcher": 0}, 20)
    assert ask(url, "up") == {}
    link = urlsplit(notes[1].rpartition(" ")[2])
    assert parse_qs(link.query)["g0.expr"] == [P99]
    assert notes[1].endswith(graph(url, P99))


def test_one_that_does_not_start_is_told_with_its_last_words(tmp_path: Path) -> None:
    with pytest.raises(LocalError, match="does not answer"), prometheus("/bin/false", {"worker": 1}, tmp_path):
        raise AssertionError("it began")


@contextmanager
def living(services: Services, folder: Path, *asked: str) -> Iterator["subprocess.Popen[str]"]:
    """A demo that runs."""
    given = {
        **os.environ,
        "SILLAGE_KAFKA": services.kafka,
        "SILLAGE_REDIS": services.redis,
        "SILLAGE_DATA": str(folder),
    }
    demo = subprocess.Popen(
        [sys.executable, "-c", START, "demo", "--plain", "--observe", *asked],
        env=given, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    try:
        yield demo
    finally:
        demo.kill()
        demo.wait()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("asked", "jobs"),
    [(["--seconds", "60", "--customers", "40"], TOWN), (["--orders"], ORDERS)],
    ids=["town", "orders"],
)
def test_prometheus_sees_every_process_of_a_demo(
    services: Services, tmp_path: Path, asked: list[str], jobs: dict[str, float]
) -> None:
    tool("prometheus")
    with living(services, tmp_path, *asked) as demo:
        assert demo.stdout is not None
        told = ""
        while not (found := re.search(r"^Prometheus.*(http://\S+)$", told, re.MULTILINE)):
            line = demo.stdout.readline()
            assert line, told
            told += line
        url = found[1]
        wait_until(lambda: ask(url, "up") == jobs, 60)
        wait_until(lambda: ask(url, "sum by (job) (sillage_inputs_total) > 0"), 60)
        demo.send_signal(signal.SIGINT)
        demo.communicate(timeout=180)
    assert ask(url, "up") == {}
