"""Sliding windows in this process's memory.

The memory storage of `limits` starts a sweep with every hit, which hops through a thread for each
key: 0.2 ms of CPU a request with one caller, 0.6 ms with a hundred. Here a hit takes a few
microseconds, however many callers there are.
"""

import time
from collections import OrderedDict, deque
from typing import NamedTuple

# Callers remembered at most. Evicted callers start a new window; callers over their limit are kept,
# so that a flood of addresses does not let in a caller again who guesses passwords.
MAX_KEYS = 100_000
MAX_SPARED = 16  # blocked callers that one new caller passes over


class Window(NamedTuple):
    allowed: bool
    remaining: int
    reset: float  # seconds until one more is allowed


class MemoryWindows:
    def __init__(self) -> None:
        # key → (limit, window in seconds, times of allowed requests, oldest first). The key that
        # was used longest ago comes first.
        self._windows: OrderedDict[str, tuple[int, int, deque[float]]] = OrderedDict()

    def __len__(self) -> int:
        """Callers remembered."""
        return len(self._windows)

    def hit(self, key: str, limit: int, seconds: int) -> Window:
        """Counts one request, if it fits: at most `limit` in any `seconds`."""
        now = time.monotonic()
        self._evict(now)
        _, _, times = self._windows.setdefault(key, (limit, seconds, deque()))
        self._windows.move_to_end(key)
        while times and times[0] <= now - seconds:
            times.popleft()
        allowed = len(times) < limit
        if allowed:
            times.append(now)
        return Window(allowed, limit - len(times), times[0] + seconds - now)

    def _evict(self, now: float) -> None:
        """Removes expired windows, the longest unused first, and where there are MAX_KEYS also
        windows that still count."""
        spared = 0
        while self._windows:
            key, (limit, seconds, times) = next(iter(self._windows.items()))
            counts = times and times[-1] > now - seconds
            if counts and len(self._windows) < MAX_KEYS:
                return
            if counts and len(times) >= limit and spared < MAX_SPARED:
                spared += 1
                self._windows.move_to_end(key)
            else:
                del self._windows[key]
