"""What becomes a span, of which trace, below or linked to which other: the worker's rooms, in memory."""

import json
from collections.abc import Sequence

import pytest
from fakelog import Row
from rig import HOUR, T0, Rig, with_email

from engine.ids import event_trace_id, timer_trace_id
from streams.observing import traces as module
from streams.observing.customers import Hasher
from streams.observing.traceparent import Place, place_of, read_place
from streams.observing.traces import Span, Traces, TracesError, traces_of
from streams.settings import Settings

UPSTREAM = Place("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7", True)
HASHED = Hasher(b"key")
WEB = "touchpoints.web"


class Kept:
    """An Exporter in memory."""

    def __init__(self) -> None:
        self.spans: list[Span] = []

    def take(self, span: Span) -> None:
        self.spans.append(span)

    def close(self) -> None:
        """Nothing to send."""


def traced(rig: Rig, ratio: float = 1.0) -> list[Span]:
    """From here on the rig's decisions become these spans."""
    kept = Kept()
    rig.processor._traces = Traces(kept, HASHED, ratio)
    return kept.spans


def offer(rig: Rig, type_: str, headers: Sequence[tuple[str, bytes]] = (), **told: object) -> None:
    """An event of c1 with these headers lands now and is applied."""
    value = json.dumps({"type": type_, "customer": "c1", "id": type_, **told}).encode()
    offset = rig.partition.lanes[f"t.{WEB}", 0].next
    rig.partition.offer(f"t.{WEB}", 0, [Row(f"t.{WEB}", 0, offset, rig.wall.now, 1, None, value, headers)])
    rig.run()


def later(rig: Rig) -> None:
    """Two hours pass."""
    rig.wall.now += 2 * HOUR
    rig.run()


def known(rig: Rig) -> Rig:
    with_email(rig)
    rig.run()
    return rig


def carried(rig: Rig) -> dict[str, set[Place | None]]:
    """The places that the outputs in all outboxes carry, by topic."""
    found: dict[str, set[Place | None]] = {}
    for key in rig.processor.store:
        record = rig.processor.store.get(key)
        for entry in record.outbox if record else ():
            row = Row("", 0, 0, 0, 1, None, None, entry.headers)
            found.setdefault(entry.topic, set()).add(place_of(row))
    return found


@pytest.mark.parametrize(
    ("text", "read"),
    [
        (str(UPSTREAM), UPSTREAM),
        (str(UPSTREAM)[:-2] + "00", UPSTREAM._replace(sampled=False)),
        ("01" + str(UPSTREAM)[2:] + "-more", UPSTREAM),
        (str(UPSTREAM) + "-more", None),
        ("ff" + str(UPSTREAM)[2:], None),
        (str(UPSTREAM).upper(), None),
        (f"00-{'0' * 32}-{UPSTREAM.span}-01", None),
        (f"00-{UPSTREAM.trace}-{'0' * 16}-01", None),
        ("00-1", None),
        (7, None),
        (None, None),
    ],
)
def test_a_traceparent_is_read_as_the_standard_says(text: object, read: Place | None) -> None:
    assert read_place(text) == read


def test_off_nothing_is_carried() -> None:
    rig = known(Rig())
    offer(rig, "account.created", headers=UPSTREAM.headers)
    assert carried(rig) == {"actions": {None}, "decisions": {None}}


def test_a_trace_that_begins_here_has_the_id_of_its_decision() -> None:
    rig = known(Rig())
    spans = traced(rig)
    offer(rig, "account.created")
    (span,) = spans
    assert span.place.trace == event_trace_id("c1", "account.created") == rig.said("decisions")[-1]["id"]
    assert span.parent is None
    assert carried(rig)["actions"] == {span.place}
    assert (span.name, span.kind) == ("decide account.created", "consumer")
    assert span.told["sillage.customer"] == HASHED("c1")
    assert (span.told["sillage.journeys"], span.told["sillage.release"]) == (["welcome"], 1)
    assert "c1" not in {str(value) for value in span.told.values()}


@pytest.mark.parametrize("told", [{"headers": UPSTREAM.headers}, {"traceparent": str(UPSTREAM)}])
def test_the_trace_of_a_touchpoint_goes_on(told: dict[str, object]) -> None:
    rig = known(Rig())
    spans = traced(rig)
    offer(rig, "account.created", **told)  # type: ignore[arg-type]
    (span,) = spans
    assert (span.parent, span.place.trace) == (UPSTREAM, UPSTREAM.trace)
    assert span.place.span != UPSTREAM.span
    assert carried(rig)["actions"] == {span.place}


def test_an_event_that_leads_to_nothing_has_a_span_only_where_it_came_with_a_trace() -> None:
    rig = known(Rig())
    spans = traced(rig)
    offer(rig, "page.seen")
    assert spans == []
    offer(rig, "page.left", headers=UPSTREAM.headers)
    assert [span.parent for span in spans] == [UPSTREAM]


def test_what_is_not_kept_is_carried_as_such_and_has_no_span() -> None:
    rig = known(Rig())
    spans = traced(rig, ratio=0.0)
    offer(rig, "account.created")
    assert spans == []
    assert [place.sampled for place in carried(rig)["actions"] if place] == [False]
    offer(rig, "basket.updated", headers=UPSTREAM._replace(sampled=False).headers)
    assert spans == []


def test_the_sender_of_a_touchpoint_decides_whether_its_trace_is_kept() -> None:
    rig = known(Rig())
    spans = traced(rig, ratio=0.0)
    offer(rig, "account.created", headers=UPSTREAM.headers)
    assert len(spans) == 1


def test_of_the_traces_that_begin_here_the_ratio_is_kept() -> None:
    rig = Rig()
    spans = traced(rig, ratio=0.5)
    for number in range(200):
        rig.put(WEB, rig.wall.now, "basket.updated", f"c{number}", id="b")
    rig.run()
    assert 60 < len(spans) < 140


def test_a_timer_is_linked_to_the_event_with_which_its_enrollment_began() -> None:
    rig = known(Rig())
    spans = traced(rig)
    offer(rig, "basket.updated")
    later(rig)
    began, fired = spans
    assert (fired.parent, fired.name, fired.links) == (None, "decide timer", [began.place])
    assert fired.place.trace == timer_trace_id("c1", rig.wall.now - HOUR)
    assert rig.sent() == ["c1:reminder"]


def test_a_timer_is_linked_to_a_trace_that_began_elsewhere() -> None:
    rig = known(Rig())
    spans = traced(rig)
    offer(rig, "basket.updated", headers=UPSTREAM.headers)
    later(rig)
    began, fired = spans
    assert fired.links == [began.place]
    assert fired.place.trace != UPSTREAM.trace


def test_only_what_cannot_be_computed_is_remembered() -> None:
    metas = []
    for headers in ((), UPSTREAM.headers, UPSTREAM._replace(sampled=False).headers):
        rig = known(Rig())
        traced(rig)
        offer(rig, "basket.updated", headers=headers)
        record = rig.processor.store.get(b"c1")
        assert record is not None
        assert record.customer is not None
        (enrollment,) = record.customer.enrollments
        metas.append("traceparent" in enrollment.entry["meta"])
    assert metas == [False, True, False]


def test_a_forward_carries_what_the_touchpoint_came_with() -> None:
    rig = Rig(partitions=7)
    traced(rig)
    for number in range(20):
        row = json.dumps({"type": "x", "customer": f"f{number}"}).encode()
        rig.partition.offer(f"t.{WEB}", 0, [Row(f"t.{WEB}", 0, number, T0, 1, None, row, UPSTREAM.headers)])
    rig.run()
    assert carried(rig)["touchpoints.rekeyed"] == {UPSTREAM}


def test_traces_without_their_packages_name_the_cure(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise ModuleNotFoundError("no", name="opentelemetry")

    monkeypatch.setattr(module, "import_module", missing)
    assert traces_of(Settings(), "worker") is None
    with pytest.raises(TracesError, match=r"opentelemetry is not installed; pip install 'sillage\[otel\]'"):
        traces_of(Settings(traces="http://127.0.0.1:4318"), "worker")
