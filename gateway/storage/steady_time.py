"""The time by which old records are removed for good."""

import time


class SteadyTime:
    """The wall clock, without steps ahead: one that was set ahead would make everything old.

    What it shows at the start of the process is believed.
    """

    def __init__(self) -> None:
        self._lead = time.time() - time.monotonic()

    def now(self) -> float:
        """Seconds since 1970."""
        return min(time.time(), time.monotonic() + self._lead)
