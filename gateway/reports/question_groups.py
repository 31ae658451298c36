"""Questions that mean the same, put together: by their words, then by their vectors."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from gateway.knowledge.corrections import SAME_QUESTION
from gateway.knowledge.terms import normalise
from gateway.knowledge.vectors.embedding_client import QUERY, EmbeddingClient, Floats, NoVectors
from gateway.reports.unanswered import MOST, Unanswered

SECONDS = 0.4  # for vectors that are not known yet; what comes later serves the next call
BATCH = 16
REMEMBERED = 4 * MOST
MAX_GROUPS, MAX_EXAMPLES, MAX_CONVERSATIONS = 50, 5, 20


@dataclass(slots=True)
class Group:
    """`words`: as they are compared."""

    words: str
    members: list[Unanswered] = field(default_factory=list)

    @property
    def text(self) -> str:
        return self.members[0].text

    def as_json(self) -> dict[str, Any]:
        texts = dict.fromkeys(one.text for one in self.members)
        conversations = dict.fromkeys(one.conversation_id for one in self.members)
        return {
            "question": self.text,
            "questions": len(self.members),
            "examples": list(texts)[:MAX_EXAMPLES],
            "conversations": list(conversations)[:MAX_CONVERSATIONS],
            "answers": [one.answer_id for one in self.members[:MAX_CONVERSATIONS]],
            "newest_at": max(one.created_at for one in self.members) // 1000,
        }


class QuestionGroups:
    """Belongs to one event loop. `client`: of the embedding service, None without one."""

    def __init__(self, client: Callable[[], EmbeddingClient | None]) -> None:
        self._client = client
        self._vectors: OrderedDict[tuple[str, str], Floats] = OrderedDict()

    async def grouped(self, questions: Sequence[Unanswered]) -> dict[str, Any]:
        """{groups, groups_total, grouped_by}, largest group first. `grouped_by`: "words",
        "meaning", or "both" where some questions have no vector."""
        groups = by_words(questions)
        client = self._client()
        if client is None:
            return _told(groups, "words")
        with suppress(NoVectors, TimeoutError):
            async with asyncio.timeout(SECONDS):
                await self._fetch(client, [group.text for group in groups if group.words])
        vectors = [self._vectors.get((client.model, group.text)) for group in groups]
        known = sum(vector is not None for vector in vectors)
        if not known:
            return _told(groups, "words")
        merged = await asyncio.to_thread(by_meaning, groups, vectors)
        return _told(merged, "meaning" if known == len(groups) else "both")

    async def _fetch(self, client: EmbeddingClient, texts: Sequence[str]) -> None:
        """Raises NoVectors; vectors that have come by then are kept."""
        missing = [text for text in texts if (client.model, text) not in self._vectors]
        for start in range(0, len(missing), BATCH):
            some = missing[start : start + BATCH]
            found = await client.embed(some, QUERY, SECONDS)
            for text, vector in zip(some, found, strict=True):
                self._vectors[client.model, text] = vector
        while len(self._vectors) > REMEMBERED:
            self._vectors.popitem(last=False)


def by_words(questions: Sequence[Unanswered]) -> list[Group]:
    """Questions of the same letters, digits and characters, whatever their case and marks. Largest
    group first."""
    groups: dict[str, Group] = {}
    for one in questions:
        words = " ".join("".join(_letter(c) for c in normalise(one.text)).split())
        groups.setdefault(words, Group(words)).members.append(one)
    return _ordered(groups.values())


def by_meaning(groups: Sequence[Group], vectors: Sequence[Floats | None]) -> list[Group]:
    """Each group joins the largest one before it that is like it. `vectors` have length 1."""
    merged: list[Group] = []
    heads: list[Floats] = []
    places: list[int] = []  # of each head's group in `merged`
    for group, vector in zip(groups, vectors, strict=True):
        if vector is None:
            merged.append(Group(group.words, list(group.members)))
            continue
        likeness = np.stack(heads) @ vector if heads else np.zeros(0, np.float32)
        if len(likeness) and float(likeness.max()) >= SAME_QUESTION:
            merged[places[int(likeness.argmax())]].members += group.members
        else:
            places.append(len(merged))
            heads.append(vector)
            merged.append(Group(group.words, list(group.members)))
    return _ordered(merged)


def _letter(character: str) -> str:
    return character if character.isalnum() else " "


def _ordered(groups: Any) -> list[Group]:
    return sorted(groups, key=lambda group: (-len(group.members), group.words))


def _told(groups: Sequence[Group], grouped_by: str) -> dict[str, Any]:
    return {
        "groups": [group.as_json() for group in groups[:MAX_GROUPS]],
        "groups_total": len(groups),
        "grouped_by": grouped_by,
    }
