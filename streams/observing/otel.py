"""Spans by OpenTelemetry to a collector, over OTLP/HTTP; imported only where traces are on."""

import os
import socket
import threading
from urllib.parse import urlsplit

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import Link, SpanContext, SpanKind, TraceFlags
from opentelemetry.trace.status import Status, StatusCode

from streams.observing.traceparent import Place
from streams.observing.traces import Span

PATH = "/v1/traces"
TIMEOUT_SECONDS = 2
"""For one request; a collector that is away must not hold up the end of a process."""
CLOSE_SECONDS = 3.0
DELAY_MS = 1000


class OtlpExporter:
    """An Exporter to the collector at `url`, by a thread of its own; what does not fit its queue is dropped."""

    def __init__(self, url: str, service: str, prefix: str) -> None:
        instance = f"{socket.gethostname()}-{os.getpid()}"
        named = {"service.name": service, "service.namespace": prefix, "service.instance.id": instance}
        self._resource = Resource.create(named)
        self._scope = InstrumentationScope("sillage")
        endpoint = url if urlsplit(url).path.strip("/") else url.rstrip("/") + PATH
        exporter = OTLPSpanExporter(endpoint=endpoint, timeout=TIMEOUT_SECONDS)
        self._processor = BatchSpanProcessor(exporter, schedule_delay_millis=DELAY_MS)

    def take(self, span: Span) -> None:
        """Queues a span that is kept."""
        self._processor.on_end(
            ReadableSpan(
                span.name,
                context=_context(span.place, remote=False),
                parent=None if span.parent is None else _context(span.parent, remote=True),
                resource=self._resource,
                attributes={name: value for name, value in span.told.items() if value not in ("", [])},
                links=[Link(_context(place, remote=True)) for place in span.links],
                kind=SpanKind[span.kind.upper()],
                status=Status(StatusCode.ERROR if span.failed else StatusCode.UNSET),
                start_time=span.begun_ns,
                end_time=max(span.begun_ns, span.ended_ns),
                instrumentation_scope=self._scope,
            )
        )

    def close(self) -> None:
        """Sends what is queued, as far as the collector answers."""
        ending = threading.Thread(target=self._processor.shutdown, daemon=True)
        ending.start()
        ending.join(CLOSE_SECONDS)


def _context(place: Place, *, remote: bool) -> SpanContext:
    flags = TraceFlags(TraceFlags.SAMPLED if place.sampled else TraceFlags.DEFAULT)
    return SpanContext(int(place.trace, 16), int(place.span, 16), is_remote=remote, trace_flags=flags)
