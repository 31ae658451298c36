"""When a request to the embedding service that failed is tried again."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from gateway.knowledge.vectors.embedding_client import EmbeddingClient, NoVectors

log = structlog.get_logger()
FIRST_RETRY, LAST_RETRY = 0.5, 30.0  # seconds after a failure, doubled each time
# A service that starts with the gateway may need so many seconds: no line in the log until then.
PATIENCE = 20.0


class Retries:
    """Of one kind of work. `problem`: of the last try; "" where it succeeded."""

    def __init__(self, event: str) -> None:
        """`event`: the line of the log, once, where failures go on for PATIENCE seconds."""
        self._event = event
        self._failing_since: float | None = None
        self._is_told = False
        self._wait = FIRST_RETRY
        self._due = 0.0
        self.problem = ""

    @contextmanager
    def catching(self, client: EmbeddingClient) -> Iterator[bool]:
        """Gives whether a try is due. What the try raises as NoVectors puts the next one off."""
        is_due = time.monotonic() >= self._due
        try:
            yield is_due
        except NoVectors as error:
            self._failed(str(error), client)
        else:
            if is_due:
                self.problem, self._wait = "", FIRST_RETRY
                self._failing_since, self._is_told = None, False

    def _failed(self, problem: str, client: EmbeddingClient) -> None:
        now = time.monotonic()
        if self._failing_since is None:
            self._failing_since = now
        if not self._is_told and now - self._failing_since >= PATIENCE:
            self._is_told = True
            log.warning(self._event, reason=problem, url=client.url, model=client.model)
        self.problem = problem
        self._due = now + self._wait
        self._wait = min(2 * self._wait, LAST_RETRY)
