"""Bounds the memory of large request bodies, over all requests: a hundred bodies of
MAX_BODY_BYTES would exhaust it."""

import os
from collections import Counter
from contextlib import suppress
from pathlib import Path

from gateway.errors import QueueFull
from gateway.observability.metrics import Metrics
from gateway.server.request_context import RequestContext

# One part in eight of the memory: a body and what is made of it take up to 2.5 times its size.
SHARE = 8
BODIES = 8  # bodies of MAX_BODY_BYTES that must fit in any case
RETRY_SECONDS = 5
SMALL_BYTES = 256 * 1024  # smaller bodies are not counted
# The container's limit under cgroup v2 ("max": none) and v1 (a huge number: none).
CONTAINER_BOUND = Path("/sys/fs/cgroup/memory.max")
CONTAINER_BOUND_V1 = Path("/sys/fs/cgroup/memory/memory.limit_in_bytes")


class BodyMemory:
    """Counts the bytes that have arrived, not those declared: a slow sender holds only what it has
    sent. One caller may hold half of the limit."""

    def __init__(self, limit: int, metrics: Metrics) -> None:
        """`limit` in bytes."""
        self._limit = limit
        self._gauge = metrics.body_bytes
        self._total = 0
        self._by_owner: Counter[str] = Counter()
        self._by_request: dict[RequestContext, int] = {}

    def hold(self, context: RequestContext, size: int) -> None:
        """`size` bytes of this request's body have arrived so far. Raises QueueFull."""
        if size <= SMALL_BYTES:
            return
        owner, more = context.limit_owner, size - self._by_request.get(context, 0)
        for held, limit in ((self._by_owner[owner], self._limit // 2), (self._total, self._limit)):
            if held + more > limit:
                raise QueueFull(
                    f"Upload memory is full (limit {self._limit} bytes, half per caller). "
                    f"Retry in {RETRY_SECONDS} s.",
                    retry_after=RETRY_SECONDS,
                    details={"limit": limit, "size": held + more},
                )
        self._by_request[context] = size
        self._change(owner, more)

    def release(self, context: RequestContext) -> None:
        """The body is no longer in memory: its pictures are ready, or its request is over. The
        second call does nothing."""
        size = self._by_request.pop(context, 0)
        if size:
            self._change(context.limit_owner, -size)

    def _change(self, owner: str, size: int) -> None:
        self._total += size
        self._gauge.set(self._total)
        self._by_owner[owner] += size
        if not self._by_owner[owner]:
            del self._by_owner[owner]


def default_body_memory(max_body: int) -> int:
    """The limit in bytes where MAX_BODIES_BYTES is not set."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    for bound in (CONTAINER_BOUND, CONTAINER_BOUND_V1):
        with suppress(OSError, ValueError):
            memory = min(memory, int(bound.read_text("ascii")))
    return max(memory // SHARE, BODIES * max_body)
