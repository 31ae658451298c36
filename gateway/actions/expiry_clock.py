"""The time by which proposals expire. Recorded times are the wall clock's (`storage.turns.now`)."""

import threading
import time


class ExpiryClock:
    """The wall clock, which does not go back within a process.

    Otherwise a clock that is set back would make an expired proposal valid again.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ahead = 0.0  # the largest lead of the wall clock over the monotonic one, in seconds

    def now(self) -> int:
        """Milliseconds since 1970."""
        with self._lock:
            steady = time.monotonic()
            self._ahead = max(self._ahead, time.time() - steady)
            return int(1000 * (steady + self._ahead))
