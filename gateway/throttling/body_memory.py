"""Bounds the bytes of large bodies in memory, over all requests: a hundred of MAX_BODY_BYTES each would end the process."""

import os
from collections import Counter
from contextlib import suppress
from pathlib import Path

from gateway.errors import QueueFull
from gateway.observability.metrics import Metrics
from gateway.server.request_context import RequestContext

SHARE = (
    8  # the part of the memory; a body and what is made of it may be two and a half times its size
)
BODIES = 8  # of MAX_BODY_BYTES each, that must fit in any case
RETRY_SECONDS = 5
SMALL_BYTES = 256 * 1024  # what need not be counted
CONTAINER_BOUND = Path("/sys/fs/cgroup/memory.max")  # cgroup v2; "max" where there is none
CONTAINER_BOUND_V1 = Path(
    "/sys/fs/cgroup/memory/memory.limit_in_bytes"
)  # more than any machine has where there is none


class BodyMemory:
    """Counts the bytes that have come, not those that were declared: a slow sender holds only what it has sent."""

    def __init__(self, most: int, metrics: Metrics) -> None:
        self._most = most
        self._shown = metrics.body_bytes
        self._held = 0
        self._by_owner: Counter[str] = Counter()

    def hold(self, context: RequestContext, size: int) -> None:
        """`size` bytes of this request's body have come. Raises QueueFull when memory, or this caller's half of it, is full."""
        if size <= SMALL_BYTES:
            return
        owner, more = context.counted, size - context.body_bytes
        own = self._most // 2
        for held, limit in ((self._by_owner[owner], own), (self._held, self._most)):
            if held + more > limit:
                raise QueueFull(
                    f"Upload memory is full (limit {self._most} bytes, half per caller). Retry in {RETRY_SECONDS} s.",
                    retry_after=RETRY_SECONDS,
                    details={"limit": limit, "size": held + more},
                )
        self._held += more
        self._shown.set(self._held)
        self._by_owner[owner] += more
        context.body_bytes = size

    def let_go(self, context: RequestContext) -> None:
        """The body is no longer there: its pictures are made ready, or its request is over."""
        if not context.body_bytes:
            return
        owner = context.counted
        self._held -= context.body_bytes
        self._shown.set(self._held)
        self._by_owner[owner] -= context.body_bytes
        if not self._by_owner[owner]:
            del self._by_owner[owner]
        context.body_bytes = 0


def room(max_body: int) -> int:
    """Bytes, where MAX_BODIES_BYTES says nothing."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    for bound in (CONTAINER_BOUND, CONTAINER_BOUND_V1):
        with suppress(OSError, ValueError):
            memory = min(memory, int(bound.read_text("ascii")))
    return max(memory // SHARE, BODIES * max_body)
