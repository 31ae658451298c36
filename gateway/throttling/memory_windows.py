"""Moving windows in this process's memory.

`limits`' own memory storage starts a sweep with every hit, and the sweep hops through a thread for every key it holds:
0.2 ms of CPU a request with one caller, 0.6 ms with a hundred, and growing with every address that knocks. Here a hit is a
few microseconds however many callers there are.
"""

import time
from collections import OrderedDict, deque
from typing import NamedTuple

# Callers remembered at most. Evicted callers start a new window; callers over their limit are kept, so
# that a flood of addresses does not let in again a caller that guesses passwords.
MAX_KEYS = 100_000
MOST_SPARED = 16  # passed over for one newcomer


class Window(NamedTuple):
    allowed: bool
    remaining: int
    reset: float  # seconds until one more is allowed


class MemoryWindows:
    def __init__(self) -> None:
        # key → (limit, seconds of its window, when it was let through, oldest first); the key used longest ago comes first.
        self._windows: OrderedDict[str, tuple[int, int, deque[float]]] = OrderedDict()

    def __len__(self) -> int:
        """Callers remembered."""
        return len(self._windows)

    def hit(self, key: str, limit: int, seconds: int) -> Window:
        """Counts one request, if it fits: at most `limit` in any `seconds`."""
        now = time.monotonic()
        self._forget(now)
        _, _, passed = self._windows.setdefault(key, (limit, seconds, deque()))
        self._windows.move_to_end(key)
        while passed and passed[0] <= now - seconds:
            passed.popleft()
        allowed = len(passed) < limit
        if allowed:
            passed.append(now)
        return Window(allowed, limit - len(passed), passed[0] + seconds - now)

    def _forget(self, now: float) -> None:
        """Drops callers whose window has passed, from the one that was silent longest on."""
        spared = 0
        while self._windows:
            key, (limit, expiry, passed) = next(iter(self._windows.items()))
            counts = passed and passed[-1] > now - expiry
            if counts and len(self._windows) < MAX_KEYS:
                return
            if counts and len(passed) >= limit and spared < MOST_SPARED:
                spared += 1
                self._windows.move_to_end(key)
            else:
                del self._windows[key]
