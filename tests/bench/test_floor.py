"""`make bench-floor` in tiny sizes: every row runs to its end and gives its fields; nothing is said of speed."""

import json
import subprocess
import sys
from array import array
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from bench.floor.noted import latencies, notes
from bench.floor.result import Compared, Measured, medians
from bench.floor.touchpoints import Expected, drawn, value
from bench.floor.work import decide, person
from engine.event import Event, EventArrived, TimerFired
from state.codec import encode
from state.record import Record
from streams.driver import Row
from streams.touchpoints.decoder import Decoder

ROOT = Path(__file__).resolve().parents[2]
SPEED = {"events_per_second", "cpu_us_per_event", "rss_mb"}
LATENCY = {"p50_ms", "p99_ms", "read"}

ROWS: Mapping[str, Mapping[str, set[str]]] = {
    "throughput": dict.fromkeys(("floor", "by hand", "plain Faust"), SPEED),
    "shipped": {"floor": SPEED},
    "latency": {
        "floor": LATENCY | {"cpu_us_per_event"},
        "by hand": LATENCY | {"cpu_us_per_event"},
        "no engine": LATENCY | {"generator_late_p99_ms"},
    },
    "recovery": {"memory, empty disk": {"seconds", "cpu_seconds", "rss_mb", "mb_per_million_customers"}},
    "timers": {"index": {"set_us", "pop_us", "mb_per_million_timers"}},
    "storm": {
        "events before": LATENCY,
        "events within": LATENCY,
        "timers": {"seconds", "timers_fired", "lateness_most_ms", "timers_sending"},
    },
    "workers": {"one worker": SPEED, "two workers": SPEED | {"shares"}},
}


# Side by side, since most of their time is waiting for a group or a pass.
TOGETHER = (("throughput", "timers"), ("latency", "recovery"), ("storm", "journeys", "workers"))


@pytest.fixture(scope="module")
def smoke(kafka: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[dict[str, Any]]]:
    """The medians by the first word of their row."""
    folder = tmp_path_factory.mktemp("floor")
    running = {}
    for rows in TOGETHER:
        path = folder / f"{rows[0]}.json"
        asked = [part for row in rows for part in ("--only", row)]
        command = [sys.executable, "-m", "bench.floor", "--smoke", *asked, "--kafka", kafka, "--json", str(path)]
        running[path] = subprocess.Popen(
            command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        )
    found = defaultdict(list)
    for path, process in running.items():
        _, fault = process.communicate(timeout=300)
        assert process.returncode == 0, f"{path.stem}: {fault[-3000:]}"
        for each in json.loads(path.read_text())["medians"]:
            found[each["row"].split(",")[0].split()[0]].append(each)
    return found


@pytest.mark.slow
@pytest.mark.parametrize("row", ROWS)
def test_a_row_runs_and_gives_its_fields(row: str, smoke: dict[str, list[dict[str, Any]]]) -> None:
    found = {each["series"]: each for each in smoke[row]}
    assert found.keys() == ROWS[row].keys()
    for series, fields in ROWS[row].items():
        assert fields <= found[series]["figures"].keys()
        assert found[series]["durable"]


def test_the_floor_is_compared_with_the_others(smoke: dict[str, list[dict[str, Any]]]) -> None:
    ratios = {each["series"]: set(each["ratios"]) for row in smoke.values() for each in row}
    assert {"speed / by hand", "speed / plain Faust"} <= set(smoke["throughput"][0]["ratios"])
    assert ratios["two workers"] == {"CPU / one", "speed / one"}
    assert ratios["events within"] == {"p50 / before", "p99 / before"}


def test_the_storm_fires_all_and_a_tenth_sends(smoke: dict[str, list[dict[str, Any]]]) -> None:
    (fired,) = (each["figures"] for each in smoke["storm"] if each["series"] == "timers")
    assert (fired["timers_fired"], fired["timers_sending"]) == (200, 20)


def test_events_and_customers_have_the_sizes_told() -> None:
    assert 550 <= len(encode(Record(person(12)), 0)) <= 650
    assert 270 <= len(value(next(drawn(1, 10)), 1, 1_700_000_000_000, 1_700_000_000_000_000)) <= 330


def test_the_actions_expected_are_those_that_the_work_makes() -> None:
    expected, found = Expected(20), 0
    customers = {person(number).id: person(number) for number in range(20)}
    decoder = Decoder("touchpoints.web", "web", lambda: 0)
    for number, touchpoint in enumerate(drawn(1_000, 20)):
        expected.add(touchpoint.customer)
        event = decoder.decode(Row("touchpoints.web", 0, number, 5, None, value(touchpoint, number, 5)))
        assert isinstance(event, Event)
        decision = decide(customers[touchpoint.customer], EventArrived(event, 5))
        found += len(decision.outputs)
    assert found == expected.actions > 0


def test_a_timer_that_fires_is_over_and_a_customer_in_ten_is_told() -> None:
    decisions = [decide(person(number, due_at=100), TimerFired(100)) for number in range(50)]
    assert all(decision.customer.enrollments == [] for decision in decisions)
    assert sum(len(decision.outputs) for decision in decisions) == 5


def test_a_ratio_is_the_median_of_the_rounds_own() -> None:
    rounds = [(10.0, 5.0), (30.0, 10.0), (100.0, 20.0)]
    measured = [
        Measured("row", series, "", {"speed": each[at]}) for each in rounds for at, series in enumerate(("a", "b"))
    ]
    found = medians(measured, [Compared("a", "b", "speed", "a / b"), Compared("a", "c", "speed", "a / c")])
    assert [(each.series, each.figures, each.ratios) for each in found] == [
        ("a", {"speed": 30.0}, {"a / b": 3.0}),
        ("b", {"speed": 10.0}, {}),
    ]


def test_latencies_are_those_due_within_the_stretch(tmp_path: Path) -> None:
    path = tmp_path / "noted"
    path.write_bytes(array("q", [0, 1_000_000, 1_005_000, 0, 2_000_000, 2_030_000, 1, 1_000_000, 9_000_000]).tobytes())
    found = latencies(notes(str(path)), 1.0, 2.0)
    assert (found["read"], found["p50_ms"], found["p99_ms"]) == (1, 5.0, 5.0)
    assert latencies(notes(str(path)), 5.0, 6.0) == {"read": 0}
