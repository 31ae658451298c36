"""Keeps the vectors of the clauses complete, in the background.

After a change of the folder only new texts are sent. A model that is new in the settings gets its
vectors beside those of the model before it, which answers until they are complete.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import structlog

from gateway.knowledge.chinese import simplified
from gateway.knowledge.clauses import Clause
from gateway.knowledge.index import Index
from gateway.knowledge.vectors.embedding_client import (
    PASSAGE,
    QUERY,
    EmbeddingClient,
    Floats,
    NoVectors,
)
from gateway.knowledge.vectors.off_topic import off_topic_questions
from gateway.knowledge.vectors.relevance import Relevance
from gateway.knowledge.vectors.retries import Retries
from gateway.knowledge.vectors.topics import TopicVectors, policies, questions
from gateway.knowledge.vectors.vector_file import VectorFile, digest_of

log = structlog.get_logger()
ACTIVE_FILE = "active.json"
PAUSE_SECONDS = 0.2  # between two looks at the clauses
BATCH, TOGETHER = 32, 2  # texts of a request, requests at a time
BATCH_SECONDS = 60.0
SAVE_SECONDS = 30.0
MAX_TEXT = 1_500  # characters of a clause


@dataclass(slots=True)
class Space:
    """A model with its vectors. `relevance`: of the clauses that it was last complete for."""

    client: EmbeddingClient
    file: VectorFile
    relevance: Relevance | None = None
    is_loaded: bool = False


@dataclass(frozen=True, slots=True)
class Wanted:
    """The texts of one state of the clauses: digests by place, and of what is built in."""

    clauses: list[bytes]
    off_topic: list[bytes]
    policies: list[bytes]
    questions: list[bytes]

    @property
    def all(self) -> set[bytes]:
        return {*self.clauses, *self.off_topic, *self.policies, *self.questions}

    def built_in(self) -> list[tuple[str, list[tuple[bytes, str]]]]:
        """(kind, [(digest, text)])"""
        return [
            (QUERY, list(zip(self.off_topic, off_topic_questions(), strict=True))),
            (QUERY, list(zip(self.questions, questions(), strict=True))),
            (PASSAGE, list(zip(self.policies, policies(), strict=True))),
        ]


class VectorBuilder:
    def __init__(
        self,
        index_now: Callable[[], Index],
        client: EmbeddingClient | None,
        folder: Path,
        refresh: Callable[[EmbeddingClient], Awaitable[None]] | None = None,
    ) -> None:
        """`index_now`: the clauses as they are. `client`: None turns vectors off. `refresh`: what
        else has vectors of the model that answers; called again and again."""
        self._index_now = index_now
        self._refresh = refresh
        self._folder = folder
        self._space = Space(client, VectorFile(folder, client.model)) if client else None
        self._previous: Space | None = None
        self.done = self.total = 0
        self.problem = ""

    @property
    def current(self) -> tuple[EmbeddingClient, Relevance] | None:
        """What answers for the clauses as they are now; None while vectors are missing."""
        index = self._index_now()
        for space in (self._space, self._previous):
            if space and space.relevance is not None and space.relevance.index is index:
                return space.client, space.relevance
        return None

    def report(self) -> dict[str, Any]:
        """For `/readyz`: {model, state, done, total}; `state` is off, building, ready or failing."""
        if self._space is None:
            return {"state": "off"}
        is_ready = self.current is not None or not len(self._index_now().clauses)
        state = "ready" if is_ready else "failing" if self.problem else "building"
        counts = {"done": self.done, "total": self.total}
        return {"model": self._space.client.model, "state": state, **counts}

    async def run(self) -> None:
        """Until it is cancelled. Raises OSError where vectors cannot be kept."""
        if self._space is None:
            await asyncio.Event().wait()
            return
        await asyncio.to_thread(self._find_previous)
        # Apart, so that neither waits for the other's service or for its retries.
        tasks = [asyncio.create_task(work) for work in (self._keep_complete(), self._keep_fresh())]
        try:
            await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()

    async def _keep_complete(self) -> None:
        assert self._space is not None
        of_previous, of_space = Retries("previous_vectors_missing"), Retries("vectors_missing")
        while True:
            index = self._index_now()
            if (previous := self._previous) is not None:
                with of_previous.catching(previous.client) as is_due:
                    if is_due:
                        await self._complete(previous, index)
            with of_space.catching(self._space.client) as is_due:
                if is_due and await self._complete(self._space, index):
                    await asyncio.to_thread(self._activate)
            self.problem = of_space.problem
            await asyncio.sleep(PAUSE_SECONDS)

    async def _keep_fresh(self) -> None:
        """Calls `refresh` with the model that answers."""
        retries = Retries("refresh_without_vectors")
        while self._refresh is not None:
            if (current := self.current) is not None:
                with retries.catching(current[0]) as is_due:
                    if is_due:
                        await self._refresh(current[0])
            await asyncio.sleep(PAUSE_SECONDS)

    async def close(self) -> None:
        for space in (self._space, self._previous):
            if space is not None:
                space.client.close()

    async def _complete(self, space: Space, index: Index) -> bool:
        """Whether the space is now complete for `index`. False where the clauses changed
        meanwhile. Raises NoVectors."""
        if space.relevance is not None and space.relevance.index is index:
            return False
        if not len(index.clauses):
            return False
        if not space.is_loaded:
            await asyncio.to_thread(space.file.load)
            space.client.width = space.file.width
            space.is_loaded = True
        wanted = await asyncio.to_thread(_wanted, index, space.client.model)
        if not await self._fetch(space, index, wanted):
            return False
        if space.file.unsaved:
            await asyncio.to_thread(space.file.save, wanted.all)
        space.relevance = await asyncio.to_thread(_relevance, space.file, index, wanted)
        log.info("vectors_complete", model=space.client.model, clauses=len(index.clauses))
        return True

    async def _fetch(self, space: Space, index: Index, wanted: Wanted) -> bool:
        """Asks for what is missing. False where the clauses changed meanwhile."""
        file = space.file
        for kind, given in wanted.built_in():
            new = [pair for pair in given if pair[0] not in file]
            for start in range(0, len(new), BATCH):
                await self._add(space, kind, new[start : start + BATCH])
        places_of = {digest: place for place, digest in enumerate(wanted.clauses)}
        missing = [place for digest, place in places_of.items() if digest not in file]
        self.total = len(wanted.clauses)
        saved = time.monotonic()
        for start in range(0, len(missing), TOGETHER * BATCH):
            self.done = self.total - len(missing) + start
            if self._index_now() is not index:
                return False
            places = missing[start : start + TOGETHER * BATCH]
            texts = [(wanted.clauses[place], text_of(index.clauses[place])) for place in places]
            # Texts of similar length in one request: little is padded.
            texts.sort(key=lambda pair: len(pair[1]))
            batches = [texts[at : at + BATCH] for at in range(0, len(texts), BATCH)]
            await asyncio.gather(*(self._add(space, PASSAGE, batch) for batch in batches))
            if time.monotonic() - saved > SAVE_SECONDS:
                await asyncio.to_thread(file.save, wanted.all)
                saved = time.monotonic()
        self.done = self.total
        return True

    async def _add(self, space: Space, kind: str, texts: Sequence[tuple[bytes, str]]) -> None:
        vectors = await space.client.embed([text for _, text in texts], kind, BATCH_SECONDS)
        try:
            space.file.add([digest for digest, _ in texts], vectors)
        except ValueError as error:
            raise NoVectors(str(error)) from None

    def _find_previous(self) -> None:
        """The model that was complete last, where the settings name another one now."""
        assert self._space is not None
        try:
            active = orjson.loads((self._folder / ACTIVE_FILE).read_bytes())
            url, model = str(active["url"]), str(active["model"])
        except (OSError, ValueError, KeyError, TypeError):
            return
        if model != self._space.client.model:
            client = self._space.client.of_model(url, model)
            self._previous = Space(client, VectorFile(self._folder, model))

    def _activate(self) -> None:
        assert self._space is not None
        client = self._space.client
        self._folder.mkdir(parents=True, exist_ok=True)
        temporary = self._folder / f"{ACTIVE_FILE}.part"
        temporary.write_bytes(orjson.dumps({"url": client.url, "model": client.model}))
        temporary.replace(self._folder / ACTIVE_FILE)
        if self._previous is not None:
            self._previous.file.path.unlink(missing_ok=True)
            self._previous.client.close()
            self._previous = None


def text_of(clause: Clause) -> str:
    """What the model sees of a clause: its own title and its text."""
    name = clause.title.rpartition(" · ")[2]
    return simplified(f"{name}\n{clause.text}"[:MAX_TEXT])


def _wanted(index: Index, model: str) -> Wanted:
    return Wanted(
        [digest_of(model, PASSAGE, text_of(clause)) for clause in index.clauses],
        [digest_of(model, QUERY, question) for question in off_topic_questions()],
        [digest_of(model, PASSAGE, policy) for policy in policies()],
        [digest_of(model, QUERY, question) for question in questions()],
    )


def _relevance(file: VectorFile, index: Index, wanted: Wanted) -> Relevance:
    def unpacked(digests: list[bytes]) -> Floats:
        rows, scales = file.rows(digests)
        return rows * scales[:, None]

    topics = TopicVectors(unpacked(wanted.policies), unpacked(wanted.questions))
    return Relevance(index, *file.rows(wanted.clauses), unpacked(wanted.off_topic), topics)
