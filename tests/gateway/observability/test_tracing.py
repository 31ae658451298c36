"""Traces inside one process: what costs nothing while they are off, and what is dropped."""

import subprocess
import sys
import time
from collections.abc import Sequence
from threading import Event

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
from structlog.testing import capture_logs

from gateway.errors import UpstreamError
from gateway.observability import otlp, tracing
from gateway.observability.spans import OFF
from tests.support.paths import ROOT

SCRIPT = """
import sys
from pathlib import Path
from gateway.app import create_app
from gateway.observability import tracing
from gateway.settings import load_settings
settings = load_settings(data_dir=Path(sys.argv[1]), database_url=f"sqlite:///{sys.argv[1]}/d.db")
create_app(settings)
tracing.configure(
    settings.otel_exporter_otlp_endpoint, headers={}, service="s", version="1", share=1.0
)
wrong = ("opentelemetry.sdk", "opentelemetry.exporter", "google.protobuf", "requests")
print([name for name in sys.modules if name.startswith(wrong)])
"""


class Hanging(SpanExporter):
    """Takes one batch and never ends it, until `let_go` is set."""

    def __init__(self) -> None:
        self.taken = 0
        self.let_go = Event()

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        self.taken += len(spans)
        self.let_go.wait(30)
        return SpanExportResult.SUCCESS


class Keeping(SpanExporter):
    def __init__(self) -> None:
        self.spans: list[ReadableSpan] = []

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        self.spans += spans
        return SpanExportResult.SUCCESS


class Raising(SpanExporter):
    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        raise UnicodeEncodeError("latin-1", "钥", 0, 1, "no such character")


def tracer_for(exporter: SpanExporter, monkeypatch: pytest.MonkeyPatch) -> otlp.OTLPTracer:
    monkeypatch.setattr(otlp, "OTLPSpanExporter", lambda **_: exporter)
    return otlp.OTLPTracer("http://collector:4318", {}, "test", "1", 1.0)


def test_nothing_of_opentelemetry_is_loaded_while_traces_are_off(tmp_path: object) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(tmp_path)], cwd=ROOT, capture_output=True, text=True
    )
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.splitlines()[-1] == "[]"


def test_every_span_is_the_one_that_does_nothing_while_traces_are_off() -> None:
    assert tracing.span("media") is OFF
    assert tracing.request("GET", {"traceparent": "x"}) is OFF
    assert tracing.root("action") is OFF
    assert dict(tracing.headers()) == {}
    with tracing.span("media") as span:
        assert not span
        assert span.trace_id == ""


def test_spans_beyond_the_queue_are_dropped_and_nobody_waits(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    hanging = Hanging()
    tracer = tracer_for(hanging, monkeypatch)
    started = time.monotonic()
    for _ in range(3 * otlp.MAX_WAITING):
        tracer.root("one").end()
    assert time.monotonic() - started < 20  # the exporter hangs for 30
    assert hanging.taken <= 512
    started = time.monotonic()
    tracer.close()
    assert time.monotonic() - started < 10
    hanging.let_go.set()


def test_a_failed_span_names_the_error_and_not_its_text(monkeypatch: pytest.MonkeyPatch) -> None:
    keeping = Keeping()
    tracer = tracer_for(keeping, monkeypatch)
    for error in (UpstreamError("Li Lei's order 7"), ValueError("a text")):
        with pytest.raises(type(error)), tracer.span("stage", "internal", None):
            raise error
    tracer.close()
    assert [dict(span.attributes or {}) for span in keeping.spans] == [
        {"error.type": "upstream_error"},
        {"error.type": "ValueError"},
    ]
    assert all(not span.events and not span.status.description for span in keeping.spans)


def test_spans_whose_exporter_fails_are_counted_in_the_log() -> None:
    exporter = otlp.ComplainingExporter(Raising())
    with capture_logs() as told:
        assert exporter.export([]) is SpanExportResult.FAILURE
    assert [line["event"] for line in told] == ["traces_not_sent"]
