"""The circuit breaker of one engine (docs/decisions/012-whose-fault-a-failure-is.md)."""

import time
from enum import IntEnum


class State(IntEnum):
    """The values of the metric `sightdesk_upstream_breaker_state`."""

    CLOSED = 0
    HALF_OPEN = 1
    OPEN = 2


class Breaker:
    """Opens after `failures` in a row of the engine itself; half-open after `reset_seconds`.

    Failures that one request may have caused are counted apart: after as many of them in a row
    the breaker is `doubtful`. A doubtful or half-open breaker is opened or closed by a check
    (`EngineClient.check`), never by a caller's request.
    """

    def __init__(self, failures: int, reset_seconds: float) -> None:
        self._limit = failures
        self._reset = reset_seconds
        self._failures = 0
        self._doubts = 0
        self._opened_at: float | None = None

    @property
    def state(self) -> State:
        if self._opened_at is None:
            return State.CLOSED
        return State.OPEN if self.retry_after() > 0 else State.HALF_OPEN

    @property
    def doubtful(self) -> bool:
        return self._opened_at is None and self._doubts >= self._limit

    def succeeded(self) -> None:
        """Notes a call that ended well. It closes no open circuit: it may have begun before."""
        if self._opened_at is None:
            self.close()

    def failed(self) -> None:
        """Notes that the engine could not be reached, or was silent for too long."""
        self._failures += 1
        if self._opened_at is None and self._failures >= self._limit:
            self.open()

    def doubted(self) -> None:
        """Notes a call that failed, where the request itself may be the cause."""
        self._doubts += 1

    def open(self) -> None:
        self._opened_at = time.monotonic()

    def close(self) -> None:
        self._failures = self._doubts = 0
        self._opened_at = None

    def retry_after(self) -> float:
        """Returns the seconds until the circuit is half-open."""
        if self._opened_at is None:
            return 0.0
        return max(0.0, self._opened_at + self._reset - time.monotonic())
