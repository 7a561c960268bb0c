"""Traces of real processes on a real Kafka, as a collector gets them over OTLP; and that off is off."""

import asyncio
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from aiohttp import web
from breakable import FOLDER, House, event
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from waiting import until

from journeys.load import load_project
from local.threaded import ThreadedHttp
from streams.broker.publish import Out
from streams.broker.topics import migrate
from streams.definitions.deploy import deploy
from streams.observing.customers import hasher
from streams.observing.traceparent import Place, place_of

UPSTREAM = Place("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7", True)
LATER = {
    "journeys/later.yaml": "journey: later\ntopic: offers\nttl: 1d\nenter: {on: basket.left, again: always}\n"
    "steps:\n  - wait: 2s\n  - send: thanks\n    channel: email\n"
}


@dataclass(frozen=True)
class Got:
    """One span as the collector got it: ids in hexadecimal, and what it is linked to as (trace, span)."""

    service: str
    name: str
    trace: str
    span: str
    parent: str
    links: list[tuple[str, str]]
    told: dict[str, Any]
    failed: bool


class Collector(ThreadedHttp):
    """A receiver of OTLP/HTTP that keeps what it gets."""

    def __init__(self) -> None:
        super().__init__()
        self.spans: list[Got] = []
        self.raw = b""

    def one(self, name: str, trace: str = "") -> Got | None:
        """The span of this name, once it came; the first where there are several."""
        return next((span for span in list(self.spans) if span.name == name and span.trace.startswith(trace)), None)

    def _routes(self) -> Iterable[web.RouteDef]:
        return [web.post("/v1/traces", self._take)]

    async def _take(self, request: web.Request) -> web.Response:
        body = await request.read()
        self.raw += body
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
            (service,) = [kv.value.string_value for kv in resource.resource.attributes if kv.key == "service.name"]
            for span in [span for scope in resource.scope_spans for span in scope.spans]:
                links = [(link.trace_id.hex(), link.span_id.hex()) for link in span.links]
                told = {kv.key: kv.value.string_value or kv.value.int_value for kv in span.attributes}
                ids = (span.trace_id.hex(), span.span_id.hex(), span.parent_span_id.hex())
                self.spans.append(Got(service, span.name, *ids, links, told, span.status.code == 2))
        return web.Response(content_type="application/x-protobuf")


@pytest.fixture
def collector() -> Iterator[Collector]:
    with Collector() as found:
        yield found


async def started(house: House) -> House:
    """With journeys deployed, the customer known, and both processes at work."""
    await asyncio.to_thread(migrate, house.settings)
    await deploy(house.settings, load_project({**FOLDER, **LATER}), time.time_ns() // 1_000_000, "test")
    house.start()
    await house.introduce(["zoe"])
    return house


def with_trace(out: Out) -> Out:
    return out._replace(headers=UPSTREAM.headers)


@pytest.mark.slow
async def test_one_trace_leads_from_the_touchpoint_to_its_receipt(
    make_house: Callable[..., House], collector: Collector
) -> None:
    house = await started(make_house(traces=f"http://127.0.0.1:{collector.port}", log="json", log_level="debug"))
    await house.publish([with_trace(event("zoe", "order.placed", note="Kirschkern"))])
    receipt = await until(lambda: collector.one("decide message.sent", UPSTREAM.trace), 90)
    # Worker and dispatcher send what they have in their own time.
    decided = await until(lambda: collector.one("decide order.placed"))
    sent = await until(lambda: collector.one("dispatch email"))
    assert {each.trace for each in (decided, sent, receipt)} == {UPSTREAM.trace}
    assert [decided.parent, sent.parent, receipt.parent] == [UPSTREAM.span, decided.span, sent.span]
    assert [each.service for each in (decided, sent)] == ["sillage-worker", "sillage-dispatcher"]
    hashed = hasher(house.settings)("zoe")
    assert decided.told["sillage.customer"] == sent.told["sillage.customer"] == hashed
    assert (sent.told["sillage.channel"], sent.told["sillage.outcome"], sent.failed) == ("email", "sent", False)
    assert not [mark for mark in (b"zoe", b"Kirschkern") if mark in collector.raw]
    decisions = [place_of(record) for record in await house.records("decisions")]
    assert Place(UPSTREAM.trace, decided.span, True) in decisions
    assert f'"trace_id": "{UPSTREAM.trace}"' in house.dispatcher.log


@pytest.mark.slow
async def test_a_wait_that_ends_links_back_and_a_failure_is_one(
    make_house: Callable[..., House], collector: Collector
) -> None:
    house = await started(make_house(traces=f"http://127.0.0.1:{collector.port}/v1/traces"))
    house.mailbox.answers["zoe@x.example"] = "550 no such mailbox"
    await house.publish([with_trace(event("zoe", "basket.left"))])
    fired = await until(lambda: collector.one("decide timer"), 90)
    began = await until(lambda: collector.one("decide basket.left"))
    assert fired.parent == ""
    assert fired.trace != UPSTREAM.trace
    assert fired.links == [(UPSTREAM.trace, began.span)]
    sent = await until(lambda: collector.one("dispatch email", fired.trace))
    assert (sent.told["sillage.code"], sent.failed) == ("smtp_550", True)
    await house.publish([event("zoe", "basket.left", 1)])
    again = await until(lambda: [span for span in collector.spans if span.name == "decide timer"][1:], 30)
    own = [span for span in collector.spans if span.name == "decide basket.left" and span.trace != UPSTREAM.trace]
    assert again[0].links == [(own[0].trace, own[0].span)]


@pytest.mark.slow
async def test_off_nothing_is_imported_and_no_header_is_added(
    make_house: Callable[..., House], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPROFILEIMPORTTIME", "1")
    house = await started(make_house())
    await house.publish([with_trace(event("zoe", "order.placed"))])
    await until(lambda: house.mailbox.mails, 90)
    await until(lambda: house.values("touchpoints.email"), 30)
    for process in (house.worker, house.dispatcher):
        assert process.stop() == 0
        assert "streams.observing.traces" in process.log
        # The client of Redis imports what it finds of OpenTelemetry for metrics of its own.
        assert not [name for name in ("streams.observing.otel", "opentelemetry.exporter") if name in process.log]
    for topic in ("actions", "decisions", "touchpoints.email"):
        records = await house.records(topic)
        assert records
        assert {place_of(record) for record in records} == {None}


@pytest.mark.slow
async def test_a_collector_that_is_away_holds_nothing_up(make_house: Callable[..., House]) -> None:
    house = await started(make_house(traces="http://joe:Sesam-77@127.0.0.1:1"))
    await house.publish([event("zoe", "order.placed")])
    await until(lambda: house.mailbox.mails, 90)
    await until(lambda: "opentelemetry" in house.dispatcher.log, 30)
    for process in (house.worker, house.dispatcher):
        began = time.monotonic()
        assert process.stop() == 0
        assert time.monotonic() - began < 28, "the exporter was waited for"
        assert "Sesam" not in process.log
        assert "Traceback" not in process.log
