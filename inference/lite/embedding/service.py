"""Computes vectors beside the rest of the engine: questions in one thread, many texts in others.

So a question never waits for the clauses of a new handbook, and neither waits for OCR.
"""

import asyncio
import os
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import numpy as np
import structlog

from inference.lite.budget import Budget
from inference.lite.embedding.models import Floats, Models
from inference.lite.errors import LiteError

log = structlog.get_logger()
FEW = 8  # texts; a request with no more is a question
SLICE = 16  # texts between two looks at the budget
MAX_WAITING = 16  # requests
SLOW_THREADS = 2
NICENESS = 10


class EmbeddingService:
    def __init__(self) -> None:
        self._models: Models | None = None
        self._quick = ThreadPoolExecutor(1, thread_name_prefix="embed")
        self._slow = ThreadPoolExecutor(
            min(SLOW_THREADS, os.cpu_count() or 1),
            thread_name_prefix="embed-many",
            initializer=_lower_priority,
        )
        self._waiting = 0

    @property
    def names(self) -> list[str]:
        """Names of the models that are loaded."""
        return self._models.names if self._models is not None else []

    async def warm_up(self) -> None:
        """Loads the models in a thread of low priority. Without them the rest serves."""
        try:
            self._models = await asyncio.get_running_loop().run_in_executor(self._slow, Models)
        except (ImportError, OSError, ValueError) as error:
            log.error("embedding_unavailable", reason=str(error))

    async def encode(self, name: str, texts: Sequence[str], kind: str, budget: Budget) -> Floats:
        """(texts, width). Raises LiteError: 404 model_not_found, 429 queue_full, 503 while the
        models are loaded, and 400 where the budget is used up."""
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
        if self._waiting >= MAX_WAITING:
            raise LiteError("Too many requests for embeddings wait. Retry.", 429, "queue_full")
        thread = self._quick if len(texts) <= FEW else self._slow
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(
                thread, _encode, models, name, texts, kind, budget
            )
        except asyncio.CancelledError:
            budget.cancel()
            raise
        finally:
            self._waiting -= 1

    def close(self) -> None:
        for thread in (self._quick, self._slow):
            thread.shutdown(wait=False, cancel_futures=True)


def _encode(models: Models, name: str, texts: Sequence[str], kind: str, budget: Budget) -> Floats:
    made = []
    for start in range(0, len(texts), SLICE):
        budget.check()
        made.append(models.encode(name, texts[start : start + SLICE], kind))
    return np.concatenate(made)


def _lower_priority() -> None:
    with suppress(OSError, AttributeError):  # Linux counts each thread by itself
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)
