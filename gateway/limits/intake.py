"""How many bytes of large bodies are in memory at once, over all requests: each alone may have MAX_BODY_BYTES, and a hundred of them
would end the process."""

import os
from collections import Counter
from contextlib import suppress
from pathlib import Path

from gateway.context import RequestContext
from gateway.errors import QueueFull
from gateway.metrics import Metrics

SHARE = 8  # the part of the memory; a body and what is made of it may be two and a half times its size
BODIES = 8  # of MAX_BODY_BYTES each, that must fit in any case
SMALL_BYTES = 256 * 1024  # what need not be counted
CONTAINER_BOUND = Path("/sys/fs/cgroup/memory.max")  # cgroup v2; "max" where there is none


class Intake:
    """Counts what has come, not what was declared: a slow sender takes no room from others that it does not fill."""

    def __init__(self, most: int, metrics: Metrics) -> None:
        self._most = most
        self._shown = metrics.body_bytes
        self._held = 0
        self._by_owner: Counter[str] = Counter()

    def hold(self, context: RequestContext, size: int) -> None:
        """`size` bytes of this request's body have come. Raises QueueFull where no more can be held, or half of it is this caller's."""
        if size <= SMALL_BYTES:
            return
        owner, more = context.counted, size - context.body_bytes
        if self._held + more > self._most or self._by_owner[owner] + more > self._most // 2:
            raise QueueFull(
                f"The files and pictures that are being taken have {self._most} bytes (MAX_BODIES_BYTES), or half of that from here.",
                retry_after=5,
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
    with suppress(OSError, ValueError):
        memory = min(memory, int(CONTAINER_BOUND.read_text("ascii")))
    return max(memory // SHARE, BODIES * max_body)
