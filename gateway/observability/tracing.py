"""Traces, off unless OTEL_EXPORTER_OTLP_ENDPOINT is set (docs/tracing.md).

Off, nothing of OpenTelemetry is imported, and every span is `OFF`, which does nothing. The tracer
belongs to the process, as the log does: spans begin in every part of the gateway.
"""

from collections.abc import Mapping

from gateway.observability.spans import NO_HEADERS, OFF, Attributes, Kind, Span, Tracer

_tracer: Tracer | None = None


def configure(
    endpoint: str, *, headers: Mapping[str, str], service: str, version: str, share: float
) -> None:
    """Sends spans to the collector at `endpoint`; "" turns traces off. `share`: of the requests
    whose caller has not decided, 0 to 1."""
    global _tracer
    close()
    if endpoint:
        # Imported here: gateways without traces do without it.
        from gateway.observability.otlp import OTLPTracer

        _tracer = OTLPTracer(endpoint, headers, service, version, share)


def close() -> None:
    """Sends what is left, for at most two seconds."""
    global _tracer
    tracer, _tracer = _tracer, None
    if tracer is not None:
        tracer.close()


def span(name: str, kind: Kind = "internal", attributes: Attributes | None = None) -> Span:
    """A span inside the current one. It has begun."""
    return OFF if _tracer is None else _tracer.span(name, kind, attributes)


def request(name: str, headers: Mapping[str, str]) -> Span:
    """The span of a request, part of its caller's trace where `headers` name one (W3C Trace
    Context). They have lower-case names."""
    return OFF if _tracer is None else _tracer.request(name, headers)


def root(name: str) -> Span:
    """The first span of a trace that no request belongs to."""
    return OFF if _tracer is None else _tracer.root(name)


def headers() -> Mapping[str, str]:
    """Trace headers of the current span, for a request to another process."""
    return NO_HEADERS if _tracer is None else _tracer.headers()
