"""Spans by OpenTelemetry's SDK, sent over OTLP/HTTP. Imported only where traces are on.

Spans wait in a bounded queue and a thread sends them. Where the collector is slow or gone, the
oldest spans are dropped: no request waits for it.
"""

import asyncio
import logging
import time
from collections.abc import Mapping, Sequence
from threading import Thread
from types import TracebackType
from typing import Self

import structlog
from opentelemetry.context import Context, attach, detach
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased
from opentelemetry.trace import Span as OTelSpan
from opentelemetry.trace import SpanKind, StatusCode, format_trace_id, set_span_in_context
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from gateway.observability.spans import Attributes, Kind, Span

log = structlog.get_logger()
MAX_WAITING = 4096  # spans; a request has about ten
BATCH_SECONDS = 1.0
EXPORT_SECONDS = 5.0  # for one batch, all tries together
CLOSE_SECONDS = 2.0
COMPLAINT_SECONDS = 60.0  # between two log lines about a collector that does not answer
KINDS = {"internal": SpanKind.INTERNAL, "server": SpanKind.SERVER, "client": SpanKind.CLIENT}
PROPAGATOR = TraceContextTextMapPropagator()


class OTLPTracer:
    """Implements `Tracer`."""

    def __init__(
        self, endpoint: str, headers: Mapping[str, str], service: str, version: str, share: float
    ) -> None:
        # Its loggers write an address and a traceback for every batch that is lost.
        logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)
        self._exporter = ComplainingExporter(
            OTLPSpanExporter(
                endpoint=f"{endpoint}/v1/traces", headers=dict(headers), timeout=EXPORT_SECONDS
            )
        )
        self._provider = TracerProvider(
            sampler=ParentBased(TraceIdRatioBased(share)),
            resource=Resource.create({"service.name": service, "service.version": version}),
            shutdown_on_exit=False,  # `close` is bounded in time, this is not
        )
        self._provider.add_span_processor(
            BatchSpanProcessor(
                self._exporter,
                max_queue_size=MAX_WAITING,
                schedule_delay_millis=BATCH_SECONDS * 1000,
            )
        )
        self._tracer = self._provider.get_tracer("sightdesk", version)

    def span(self, name: str, kind: Kind, attributes: Attributes | None) -> Span:
        made = self._tracer.start_span(name, kind=KINDS[kind], attributes=dict(attributes or {}))
        return LiveSpan(made)

    def request(self, name: str, headers: Mapping[str, str]) -> Span:
        # An empty context: the task may have been started from inside another request's.
        caller = PROPAGATOR.extract(headers, Context())
        return LiveSpan(self._tracer.start_span(name, caller, SpanKind.SERVER))

    def root(self, name: str) -> Span:
        return LiveSpan(self._tracer.start_span(name, Context()))

    def headers(self) -> Mapping[str, str]:
        found: dict[str, str] = {}
        PROPAGATOR.inject(found)
        return found

    def close(self) -> None:
        """In a thread: a collector that hangs must not hold up the end of the process."""
        closing = Thread(target=self._provider.shutdown, daemon=True)
        closing.start()
        closing.join(CLOSE_SECONDS)


class LiveSpan(Span):
    """A span that is sent."""

    __slots__ = ("_span", "_token")

    def __init__(self, span: OTelSpan) -> None:
        self._span = span

    def __bool__(self) -> bool:
        return self._span.is_recording()

    def __enter__(self) -> Self:
        self._token = attach(set_span_in_context(self._span))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        detach(self._token)
        if error is not None:
            self.fail_with(error)
        self._span.end()

    @property
    def trace_id(self) -> str:
        return format_trace_id(self._span.get_span_context().trace_id)

    def rename(self, name: str) -> None:
        self._span.update_name(name)

    def set(self, attributes: Attributes) -> None:
        self._span.set_attributes(dict(attributes))

    def fail(self, kind: str) -> None:
        self._span.set_attribute("error.type", kind)
        self._span.set_status(StatusCode.ERROR)

    def fail_with(self, error: BaseException) -> None:
        if isinstance(error, asyncio.CancelledError):
            self._span.set_attribute("error.type", "cancelled")
        else:
            word = getattr(error, "kind", None) or getattr(error, "code", None)
            self.fail(word if isinstance(word, str) else type(error).__name__)

    def end(self) -> None:
        if self._span.is_recording():
            self._span.end()

    def headers(self) -> Mapping[str, str]:
        found: dict[str, str] = {}
        PROPAGATOR.inject(found, set_span_in_context(self._span, Context()))
        return found


class ComplainingExporter(SpanExporter):
    """Tells in the log, once a minute at most, how many spans the collector did not take."""

    def __init__(self, exporter: SpanExporter) -> None:
        self._exporter = exporter
        self._lost = 0
        self._complained = float("-inf")

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        try:
            result = self._exporter.export(spans)
        except Exception:  # noqa: BLE001 - else the spans are lost without a word
            result = SpanExportResult.FAILURE
        if result is not SpanExportResult.SUCCESS:
            self._lost += len(spans)
            if time.monotonic() - self._complained >= COMPLAINT_SECONDS:
                self._complained = time.monotonic()
                log.warning("traces_not_sent", spans=self._lost)
                self._lost = 0
        return result

    def shutdown(self) -> None:
        self._exporter.shutdown()
