"""The circuit breaker of one engine: opens after failures in a row, then lets one probe through."""

import time
from enum import IntEnum


class State(IntEnum):
    """As `sightdesk_upstream_breaker_state` shows it."""

    CLOSED = 0
    HALF_OPEN = 1
    OPEN = 2


class Breaker:
    """Once the circuit is open only the probe's outcome counts: calls that began before it opened say nothing new."""

    def __init__(self, failures: int, reset_seconds: float) -> None:
        self._limit = failures
        self._reset = reset_seconds
        self._failures = 0
        self._opened_at = 0.0
        self._probing = False

    @property
    def state(self) -> State:
        if self._failures < self._limit:
            return State.CLOSED
        return State.OPEN if self.retry_after() > 0 else State.HALF_OPEN

    def allows(self) -> bool:
        """Whether a call may go out now; half-open, only while no probe is out."""
        state = self.state
        return state is State.CLOSED or (state is State.HALF_OPEN and not self._probing)

    def started(self) -> bool:
        """Notes a call that goes out. True if it is the probe; hand that to the one verdict below that it ends with."""
        probe = self.state is State.HALF_OPEN
        self._probing = self._probing or probe
        return probe

    def succeeded(self, probe: bool) -> None:
        if probe or self.state is State.CLOSED:
            self.close()

    def failed(self, probe: bool) -> None:
        if not probe and self.state is not State.CLOSED:
            return
        self._failures += 1
        self._probing = False
        if self._failures >= self._limit:
            self._opened_at = time.monotonic()

    def abandoned(self, probe: bool) -> None:
        """The caller left before the engine proved anything."""
        if probe:
            self._probing = False

    def close(self) -> None:
        self._failures = 0
        self._probing = False

    def retry_after(self) -> float:
        """Seconds until a probe may go out."""
        return max(0.0, self._opened_at + self._reset - time.monotonic())
