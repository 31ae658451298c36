"""When a request to the embedding service that failed is tried again."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from gateway.knowledge.vectors.embedding_client import EmbeddingClient, NoVectors

log = structlog.get_logger()
FIRST_RETRY, LAST_RETRY = 0.5, 30.0  # seconds after a failure, doubled each time


class Retries:
    """Of one kind of work. `problem`: of the last try; "" where it succeeded."""

    def __init__(self, event: str) -> None:
        """`event`: the line of the log at the first failure of several."""
        self._event = event
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
            if not self.problem:
                log.warning(self._event, reason=str(error), url=client.url, model=client.model)
            self.problem = str(error)
            self._due = time.monotonic() + self._wait
            self._wait = min(2 * self._wait, LAST_RETRY)
        else:
            if is_due:
                self.problem, self._wait = "", FIRST_RETRY
