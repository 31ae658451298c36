"""Bounds the bytes of pictures that wait for OCR."""

from collections import Counter

from gateway.errors import QueueFull
from gateway.throttling.fair_queue import RETRY_SECONDS

WAITING_BYTES = 64 * 1024 * 1024
WAITING_BYTES_PER_OWNER = WAITING_BYTES // 2


class OCRMemory:
    def __init__(self) -> None:
        self._by_owner: Counter[str] = Counter()

    def hold(self, owner: str, size: int) -> None:
        """Raises QueueFull."""
        for held, limit in (
            (self._by_owner.total(), WAITING_BYTES),
            (self._by_owner[owner], WAITING_BYTES_PER_OWNER),
        ):
            if held + size > limit:
                raise QueueFull(
                    f"Pictures of {held} bytes wait to be read; at most {limit} may. "
                    f"Retry in {RETRY_SECONDS} s.",
                    retry_after=RETRY_SECONDS,
                    details={"limit": limit, "size": held + size},
                )
        self._by_owner[owner] += size

    def release(self, owner: str, size: int) -> None:
        self._by_owner[owner] -= size
        if not self._by_owner[owner]:
            del self._by_owner[owner]
