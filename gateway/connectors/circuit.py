"""The circuit of one connector: after failures in a row its system is left alone for a while."""

import asyncio
from dataclasses import dataclass

from gateway.upstream.breaker import Breaker, State

FAILURES = 5
RESET_SECONDS = 15.0
READS_AT_ONCE = 16


class Circuit:
    """Half-open, one call at a time tries whether the system answers again.

    `places`: of reads. A slow system holds these and no more, so the others stay quick.
    """

    def __init__(self, failures: int = FAILURES, reset_seconds: float = RESET_SECONDS) -> None:
        self.breaker = Breaker(failures, reset_seconds)
        self.is_trying = False
        self.places = asyncio.Semaphore(READS_AT_ONCE)

    def enter(self) -> "Entry | None":
        """None where no call may be made now."""
        state = self.breaker.state
        if state is State.OPEN or (state is State.HALF_OPEN and self.is_trying):
            return None
        is_trial = state is State.HALF_OPEN
        self.is_trying = self.is_trying or is_trial
        return Entry(self, is_trial)


@dataclass(frozen=True, slots=True)
class Entry:
    """One call. It says `answered` or `failed`, and `leave` at the end, whatever happened."""

    circuit: Circuit
    is_trial: bool

    def answered(self) -> None:
        """Whatever the system said, it is there."""
        if self.is_trial:
            self.circuit.breaker.close()
        else:
            self.circuit.breaker.succeeded()

    def failed(self) -> None:
        """The system could not be reached, was silent for too long, or failed itself."""
        if self.is_trial:
            self.circuit.breaker.open()
        else:
            self.circuit.breaker.failed()

    def leave(self) -> None:
        if self.is_trial:
            self.circuit.is_trying = False
