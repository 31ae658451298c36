"""Moving windows in this process's memory, as a storage of `limits`.

`limits`' own memory storage starts a sweep with every hit, and the sweep hops through a thread for every key it holds:
0.2 ms of CPU a request with one caller, 0.6 ms with a hundred, and growing with every address that knocks. Here a hit is a
few microseconds however many callers there are.
"""

import time
from collections import OrderedDict, deque

from limits.aio.storage import MovingWindowSupport, Storage

# Callers remembered at most. Who is pushed out by so many others starts anew, but not who is refused at the moment: a flood of
# addresses must not let in again whoever guesses passwords.
MAX_KEYS = 100_000
MOST_SPARED = 16  # passed over for one newcomer


class MemoryWindows(Storage, MovingWindowSupport):
    """Moving windows only; no call waits for anything, so each is one step of the event loop."""

    STORAGE_SCHEME = None

    def __init__(self) -> None:
        super().__init__()
        # key → (limit, seconds of its window, when it was let through, oldest first); the key used longest ago comes first.
        self._windows: OrderedDict[str, tuple[int, int, deque[float]]] = OrderedDict()

    async def acquire_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        """Whether `amount` more fit into the window of `expiry` seconds; they are counted if so."""
        now = time.time()
        self._forget(now)
        _, _, passed = self._windows.setdefault(key, (limit, expiry, deque()))
        self._windows.move_to_end(key)
        _slide(passed, now - expiry)
        if len(passed) + amount > limit:
            return False
        passed.extend([now] * amount)
        return True

    async def get_moving_window(self, key: str, limit: int, expiry: int) -> tuple[float, int]:
        """(when the oldest that counts was let through, how many count)."""
        now = time.time()
        _, _, passed = self._windows.get(key, (limit, expiry, deque[float]()))
        _slide(passed, now - expiry)
        return (passed[0], len(passed)) if passed else (now, 0)

    @property
    def base_exceptions(self) -> type[Exception]:
        return ValueError

    async def check(self) -> bool:
        return True

    async def clear(self, key: str) -> None:
        self._windows.pop(key, None)

    async def reset(self) -> int | None:
        count = len(self._windows)
        self._windows.clear()
        return count

    async def incr(self, key: str, expiry: float, amount: int = 1) -> int:
        raise NotImplementedError("a fixed window lets twice its limit through at the edge")

    async def get(self, key: str) -> int:
        raise NotImplementedError

    async def get_expiry(self, key: str) -> float:
        raise NotImplementedError

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


def _slide(passed: deque[float], start: float) -> None:
    while passed and passed[0] <= start:
        passed.popleft()
