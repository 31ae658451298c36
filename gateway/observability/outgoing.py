"""Headers by which the log and the traces of another process name the request that it serves."""

from gateway.observability import tracing
from gateway.observability.request_ids import request_id
from gateway.observability.spans import Span


def outgoing_headers(span: Span | None = None) -> dict[str, str]:
    """`x-request-id` of the running request, if any, and `traceparent` of `span`, or of the current
    span, while traces are on."""
    asked_by = request_id.get()
    named = {"x-request-id": asked_by} if asked_by else {}
    return {**named, **(tracing.headers() if span is None else span.headers())}
