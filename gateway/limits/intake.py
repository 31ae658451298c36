"""How many bytes of large bodies are in memory at once, over all requests: each alone may have MAX_BODY_BYTES, and a hundred of them
would end the process."""

from collections import Counter

from gateway.context import RequestContext
from gateway.errors import QueueFull

BODIES = 8  # times MAX_BODY_BYTES
SMALL_BYTES = 256 * 1024  # what need not be counted


class Intake:
    """Counts what has come, not what was declared: a slow sender takes no room from others that it does not fill."""

    def __init__(self, max_body: int) -> None:
        self.most = BODIES * max_body
        self._held = 0
        self._by_owner: Counter[str] = Counter()

    def hold(self, context: RequestContext, size: int) -> None:
        """`size` bytes of this request's body have come. Raises QueueFull where no more can be held, and where half of all is one caller's."""
        if size <= SMALL_BYTES:
            return
        owner, more = context.counted, size - context.body_bytes
        if self._held + more > self.most or self._by_owner[owner] + more > self.most // 2:
            raise QueueFull(
                f"The files and pictures that are being taken at the moment have {self.most} bytes already, or half of that from here.",
                retry_after=5,
            )
        self._held += more
        self._by_owner[owner] += more
        context.body_bytes = size

    def let_go(self, context: RequestContext) -> None:
        """The body is no longer there: its pictures are made ready, or its request is over."""
        if not context.body_bytes:
            return
        owner = context.counted
        self._held -= context.body_bytes
        self._by_owner[owner] -= context.body_bytes
        if not self._by_owner[owner]:
            del self._by_owner[owner]
        context.body_bytes = 0
