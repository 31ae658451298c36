"""The outermost layer: request id, client address, response headers, log line, span, metrics."""

import re
import secrets
from http import HTTPStatus

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.auth.networks import ProxyTrust, scheme_of
from gateway.observability import tracing
from gateway.observability.metrics import Metrics
from gateway.observability.request_ids import request_id as current_request_id
from gateway.observability.spans import OFF, Span
from gateway.server.client_connection import connection_of
from gateway.server.request_context import CONTEXT, RequestContext, headers_of

SANE_REQUEST_ID = re.compile(r"^[A-Za-z0-9._:-]{1,128}$")
METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))
# Asked every few seconds by Docker, nginx and Prometheus: traces of them would hide the others.
UNTRACED = frozenset(("/healthz", "/readyz", "/metrics"))
ABORTED = 499  # nginx's status for a client that left before the response began


class AccessLog:
    def __init__(self, app: ASGIApp, metrics: Metrics, trust: ProxyTrust) -> None:
        self.app = app
        self.metrics = metrics
        self.trust = trust
        # Bound once: the module-level proxy of structlog costs a microsecond a line.
        self._log = structlog.get_logger().bind()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        context = self._context(scope, receive, send)
        scope[CONTEXT] = context
        current_request_id.set(context.request_id)

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                added = context.response.start(message["status"])
                message["headers"] = [*message.get("headers", ()), *added]
            await send(message)

        span = OFF
        if scope["path"] not in UNTRACED:
            span = tracing.request(scope["method"], context.request_headers)
        with span:
            try:
                await self.app(scope, receive, send_with_headers)
            finally:
                self._record(scope, context, context.response.status or ABORTED, span)
                # The server's `send` refers to the scope, the context to that `send`: a cycle.
                del scope[CONTEXT]

    def _context(self, scope: Scope, receive: Receive, send: Send) -> RequestContext:
        given = headers_of(scope)
        request_id = given.get("x-request-id", "")
        if not SANE_REQUEST_ID.match(request_id):
            request_id = secrets.token_hex(16)
        peer = scope["client"][0] if scope.get("client") else ""
        address, through_proxy = self.trust.client_address(peer, given)
        connection = connection_of(scope, receive, send)
        scheme = scheme_of(given, scope["scheme"], through_proxy)
        return RequestContext(request_id, address, through_proxy, scheme, connection, given)

    def _record(self, scope: Scope, context: RequestContext, status: int, span: Span) -> None:
        route = route_of(scope)
        duration = context.elapsed()
        method = scope["method"] if scope["method"] in METHODS else "OTHER"
        self.metrics.requests.labels(route, method, str(status)).inc()
        self.metrics.request_duration.labels(route).observe(duration)
        if context.response.failed_late:
            self.metrics.stream_errors.labels(route).inc()
        if span:
            describe(span, context.request_id, method, route, status)
        ttft = context.log.first_token_seconds
        fields = {
            "request_id": context.request_id,
            "client": context.caller.name if context.caller else None,
            "ip": context.address,
            "method": method,
            "route": route,
            "status": status,
            "duration_ms": round(duration * 1000, 1),
            "ttft_ms": round(ttft * 1000, 1) if ttft is not None else None,
            "prompt_tokens": context.log.prompt_tokens,
            "completion_tokens": context.log.completion_tokens,
            "images": context.log.images,
            "model": context.log.model or None,
        }
        if span.trace_id:
            fields["trace_id"] = span.trace_id
        self._log.info("request", **fields)


def describe(span: Span, request_id: str, method: str, route: str, status: int) -> None:
    """The span of a request: HTTP's names, which are stable, and our id of the request."""
    span.rename(f"{method} {route}")
    span.set(
        {
            "http.request.method": method,
            "http.route": route,
            "http.response.status_code": status,
            "sightdesk.request_id": request_id,
        }
    )
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        span.fail(str(status))


def route_of(scope: Scope) -> str:
    """Returns the route's template. Never the path: callers choose it, so labels had no bound."""
    return str(getattr(scope.get("route"), "path", None) or "other")
