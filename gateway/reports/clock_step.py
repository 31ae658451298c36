"""Whether somebody has set the wall clock."""

import time

import structlog

log = structlog.get_logger()
STEP_SECONDS = 5.0  # NTP moves a clock that is nearly right in small pieces
SHOWN_SECONDS = 3600.0


class ClockStep:
    """Compares the wall clock with the monotonic one. Belongs to one thread at a time."""

    def __init__(self) -> None:
        self._lead = time.time() - time.monotonic()
        self._shown_since = 0.0

    def seconds(self) -> float:
        """By how much the clock was set within the last hour; negative: back, 0: it was not."""
        steady = time.monotonic()
        step = time.time() - steady - self._lead
        if abs(step) < STEP_SECONDS:
            self._shown_since = 0.0
            return 0.0
        if not self._shown_since:
            self._shown_since = steady
            log.warning("clock_set", seconds=round(step))
        if steady - self._shown_since > SHOWN_SECONDS:
            self._lead += step
        return step
