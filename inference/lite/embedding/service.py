"""Computes vectors beside the rest of the engine: questions in one thread, many texts in others.

So a question never waits for the clauses of a new handbook, and neither waits for OCR. Questions go
round by owner, a slice at a time.
"""

import asyncio
import os
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import numpy as np
import structlog

from inference.lite.budget import Budget
from inference.lite.embedding.meaning import Meaning
from inference.lite.embedding.models import MAX_CHARS, Floats, Models
from inference.lite.embedding.turns import Turns
from inference.lite.errors import LiteError

log = structlog.get_logger()
FEW = 8  # texts; a request with no more is a question
# Worked on between two looks at the budget; a long text is a slice of its own.
SLICE, SLICE_CHARS = 16, MAX_CHARS
MAX_WAITING, MAX_WAITING_PER_OWNER = 64, 16  # requests
SLOW_THREADS = 2
NICENESS = 10


class EmbeddingService:
    def __init__(self) -> None:
        self._models: Models | None = None
        self.state = "loading"  # then ready, or unavailable
        self.meaning: Meaning | None = None  # for callers in threads of their own; None until ready
        self._quick = ThreadPoolExecutor(1, thread_name_prefix="embed")
        self._slow = ThreadPoolExecutor(
            min(SLOW_THREADS, os.cpu_count() or 1),
            thread_name_prefix="embed-many",
            initializer=_lower_priority,
        )
        self._turns = Turns()  # at the thread for questions
        self._waiting: Counter[str] = Counter()  # requests, by owner

    @property
    def names(self) -> list[str]:
        """Names of the models that are loaded."""
        return self._models.names if self._models is not None else []

    async def warm_up(self) -> None:
        """Loads the models in a thread of low priority. Without them the rest serves."""
        try:
            self._models = await asyncio.get_running_loop().run_in_executor(self._slow, Models)
            self.meaning = Meaning(self._models.quick)
            self.state = "ready"
        except (ImportError, OSError, ValueError) as error:
            self.state = "unavailable"
            log.error("embedding_unavailable", reason=str(error))

    async def encode(
        self, name: str, texts: Sequence[str], kind: str, budget: Budget, owner: str = ""
    ) -> Floats:
        """(texts, width). Raises LiteError: 404 model_not_found, 429 queue_full, 503 while the
        models are loaded, and 400 where the budget is used up."""
        models = self._usable(name)
        if self._waiting.total() >= MAX_WAITING or self._waiting[owner] >= MAX_WAITING_PER_OWNER:
            raise LiteError("Too many requests for embeddings wait. Retry.", 429, "queue_full")
        self._waiting[owner] += 1
        try:
            if len(texts) <= FEW:
                return await self._question(models, name, texts, kind, budget, owner)
            return await asyncio.get_running_loop().run_in_executor(
                self._slow, _encode, models, name, texts, kind, budget
            )
        except asyncio.CancelledError:
            budget.cancel()
            raise
        finally:
            self._waiting[owner] -= 1
            if not self._waiting[owner]:
                del self._waiting[owner]

    def _usable(self, name: str) -> Models:
        models = self._models
        if models is None:
            raise LiteError("The embedding models are being loaded.", 503, "not_ready")
        if name not in models.names:
            raise LiteError(
                f"There is no embedding model {name[:100]!r}; there are {', '.join(models.names)}.",
                404,
                "model_not_found",
                param="model",
            )
        return models

    async def _question(
        self,
        models: Models,
        name: str,
        texts: Sequence[str],
        kind: str,
        budget: Budget,
        owner: str,
    ) -> Floats:
        made = []
        for part in slices(texts):
            async with self._turns.turn(owner):
                made.append(
                    await asyncio.get_running_loop().run_in_executor(
                        self._quick, _encode, models, name, part, kind, budget
                    )
                )
        return np.concatenate(made)

    def close(self) -> None:
        for thread in (self._quick, self._slow):
            thread.shutdown(wait=False, cancel_futures=True)


def _encode(models: Models, name: str, texts: Sequence[str], kind: str, budget: Budget) -> Floats:
    made = []
    for part in slices(texts):
        budget.check()
        made.append(models.encode(name, part, kind))
    return np.concatenate(made)


def slices(texts: Sequence[str]) -> Iterator[list[str]]:
    """The texts in parts of at most SLICE texts and, but for a single one, SLICE_CHARS."""
    part: list[str] = []
    size = 0
    for text in texts:
        length = min(len(text), MAX_CHARS)
        if part and (len(part) == SLICE or size + length > SLICE_CHARS):
            yield part
            part, size = [], 0
        part.append(text)
        size += length
    if part:
        yield part


def _lower_priority() -> None:
    with suppress(OSError, AttributeError):  # Linux counts each thread by itself
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)
