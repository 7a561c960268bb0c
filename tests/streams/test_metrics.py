"""The metrics as a scrape shows them, and the house rules of their names."""

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from tools import tool

from cli.metrics_page import metrics_page
from streams.metrics.families import LABELS_LIMIT, OTHER, Kind
from streams.metrics.metrics import Metrics
from streams.metrics.serving import Serving

UNITS = ("_seconds", "_bytes", "_records", "_outputs", "_reserves", "_release", "_active", "_away", "_timers", "_ratio",
         "_outcomes", "_version")  # fmt: skip


class Clock:
    """Seconds, moved by hand."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def metrics(clock: Clock) -> Metrics:
    return Metrics(CollectorRegistry(), clock)


@pytest.fixture
def value(metrics: Metrics) -> Callable[..., float | None]:
    return lambda name, **labels: metrics.registry.get_sample_value(name, labels)


def tell_of_serving(serving: Serving) -> None:
    serving.answered("/c/", 302, 0.002)
    serving.refused("twilio", "signature")
    serving.told("twilio", "message.delivered")
    serving.unknown("twilio", 1)
    serving.followed("clicked", "safe-links")
    serving.lost("clicked")


def tell_everything(metrics: Metrics) -> None:
    """Calls every method once, so that every metric has a sample."""
    metrics.action_acknowledged("welcome", "email", [0.012])
    metrics.timers_fired([0.5])
    metrics.events("web", 3)
    metrics.decisions(3)
    metrics.actions("welcome", "email", 1)
    metrics.refusals("consent")
    metrics.held_proposals(1)
    metrics.duplicates(1)
    metrics.forwards(1)
    metrics.clamped_instants(1)
    metrics.unnamed_events(1)
    metrics.extra_fields(1)
    metrics.linked_identities(1)
    metrics.dead_letters("malformed")
    metrics.definitions_release(4)
    metrics.context("places", 3)
    metrics.budget_left("welcome", 0.25)
    metrics.leases_drawn(2)
    metrics.learned(12, 40, 7)
    metrics.lag("touchpoints.web", 2, 10, 0.25)
    metrics.taken_over(1.5, 200)
    metrics.fenced()
    metrics.heals(1)
    metrics.outbox(2, 7)
    metrics.committed(2)
    tell_of_serving(metrics.serving)
    metrics.action_parts("proof", [0.002])
    metrics.applied(100, 0.003)
    metrics.errors("welcome", "evaluation")
    metrics.publication_age(0.0)
    metrics.timers(2, 10, 0, 0.0)
    metrics.state(2, 40)
    metrics.unwritten(2, 30)
    metrics.recovering(2, 100)
    metrics.rebalanced()
    tell_of_hand_overs(metrics)


def tell_of_hand_overs(metrics: Metrics) -> None:
    """The same for providers and services, and for fan-outs."""
    metrics.fanned_out("price.dropped", 20)
    metrics.fanouts(2)
    metrics.runs_skipped(1)
    metrics.action_to_provider("welcome", "email", [0.04])
    metrics.provider_error("email", "smtp_unreachable")
    metrics.ledger_conflicts(1)
    metrics.call("score", "done")
    metrics.call_tried("score", 0.02)
    metrics.service_away("score", False)
    metrics.provider_away("sms", False)
    metrics.parked("sms", 1)
    metrics.dispatches("email", "sent")
    metrics.provider_answered("smtp", [0.02])
    metrics.redis_away(True)
    metrics.unresolved_reserves(2)


def test_latencies_of_a_batch_land_in_their_buckets(metrics: Metrics, value: Callable[..., float | None]) -> None:
    metrics.action_acknowledged("welcome", "email", [0.001, 0.0011, 0.03, 7200.0])
    labels = {"journey": "welcome", "channel": "email"}
    name = "sillage_event_to_action_seconds"
    assert value(f"{name}_bucket", **labels, le="0.001") == 1  # a value equal to a bound belongs to it
    assert value(f"{name}_bucket", **labels, le="0.0025") == 2
    assert value(f"{name}_bucket", **labels, le="0.05") == 3
    assert value(f"{name}_bucket", **labels, le="3600.0") == 3
    assert value(f"{name}_bucket", **labels, le="+Inf") == 4
    assert value(f"{name}_count", **labels) == 4
    assert value(f"{name}_sum", **labels) == pytest.approx(7200.0321)


def test_counts_add_up_over_batches(metrics: Metrics, value: Callable[..., float | None]) -> None:
    for count in (10, 32):
        metrics.events("web", count)
        metrics.dead_letters("malformed", count)
    assert value("sillage_events_total", channel="web") == 42
    assert value("sillage_dead_letters_total", code="malformed") == 42
    assert value("sillage_duplicates_total") == 0


def test_a_value_that_senders_invent_cannot_grow_the_page_without_end(
    metrics: Metrics, value: Callable[..., float | None]
) -> None:
    for number in range(LABELS_LIMIT + 20):
        metrics.events(f"channel-{number}", 1)
    metrics.events("channel-0", 1)
    assert value("sillage_events_total", channel="channel-0") == 2
    assert value("sillage_events_total", channel=OTHER) == 20
    assert value("sillage_events_total", channel=f"channel-{LABELS_LIMIT}") is None


def test_the_age_of_a_commit_grows_though_nobody_calls(
    metrics: Metrics, clock: Clock, value: Callable[..., float | None]
) -> None:
    metrics.committed(3)
    clock.now += 90
    assert value("sillage_commit_age_seconds", partition="3") == 90
    metrics.committed(3)
    assert value("sillage_commit_age_seconds", partition="3") == 0


def test_a_partition_that_left_is_no_longer_shown(metrics: Metrics, value: Callable[..., float | None]) -> None:
    for partition in (1, 2):
        metrics.lag("touchpoints.web", partition, 10, 0.25)
        metrics.outbox(partition, 4)
        metrics.committed(partition)
    metrics.partition_left(1)
    page = generate_latest(metrics.registry).decode()
    assert 'partition="1"' not in page
    assert value("sillage_lag_records", topic="touchpoints.web", partition="2") == 10
    metrics.outbox(1, 9)
    assert value("sillage_outbox_outputs", partition="1") == 9


def test_names_labels_and_help_follow_the_convention(metrics: Metrics) -> None:
    for declared in metrics.declared:
        assert re.fullmatch(r"sillage_[a-z]+(_[a-z]+)*", declared.name), declared.name
        assert declared.name.endswith("_total") == (declared.kind is Kind.COUNTER), declared.name
        if declared.kind is Kind.HISTOGRAM:
            assert declared.name.endswith("_seconds"), declared.name
        if declared.kind is Kind.GAUGE:
            assert declared.name.endswith(UNITS), declared.name
        assert not re.search(r"_(ms|milliseconds|minutes|count|sum|bucket|gauge|counter|info)(_|$)", declared.name)
        assert declared.meaning[0].isupper() or declared.meaning[0].isdigit()
        assert declared.meaning.endswith("."), declared.name
        assert all(re.fullmatch(r"[a-z]+", label) and label != "le" for label in declared.labels)


def test_the_page_shows_exactly_what_is_declared(metrics: Metrics) -> None:
    tell_everything(metrics)
    shown = {
        (family.name + ("_total" if family.type == "counter" else ""), family.type, family.documentation)
        for family in metrics.registry.collect()
        if family.samples
    }
    assert shown == {(declared.name, declared.kind.value, declared.meaning) for declared in metrics.declared}


def test_prometheus_own_linter_finds_nothing(metrics: Metrics) -> None:
    tell_everything(metrics)
    done = subprocess.run(
        [tool("promtool"), "check", "metrics"], input=generate_latest(metrics.registry), capture_output=True
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_the_page_in_the_docs_lists_what_the_code_declares(metrics: Metrics) -> None:
    page = (Path(__file__).parents[2] / "docs" / "metrics.md").read_text(encoding="utf-8")
    assert page == metrics_page(), "run `sillage schemas` and commit"
    assert all(f"| `{declared.name}` | {declared.kind.value} |" in page for declared in metrics.declared)
