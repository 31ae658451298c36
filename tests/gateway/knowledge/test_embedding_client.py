"""An embedding service that answers nonsense is one without vectors."""

import asyncio
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gateway.knowledge.knowledge_base import KnowledgeBase
from gateway.knowledge.retriever import Retriever
from gateway.knowledge.turn_query import TurnQuery
from gateway.knowledge.vectors import embedding_client
from gateway.knowledge.vectors.builder import VectorBuilder
from gateway.knowledge.vectors.embedding_client import PASSAGE, EmbeddingClient, NoVectors
from tests.support.fake_embedding import FakeEmbedding, words_as_vector

RULES = "# 规则\n\n## 1.1 押金\n押金三天内退还。\n\n## 1.2 门锁\n门锁打不开时重启。\n"


@pytest.mark.parametrize("wrong", [[], "", [[1.0]], {}, None, "AAA", [1.0, 2.0, 3.0]])
async def test_a_wrong_vector_is_an_error_and_is_not_remembered(
    service: FakeEmbedding, client: EmbeddingClient, wrong: Any
) -> None:
    await client.questions(["押金"], 5)
    right, service.embedding = service.embedding, lambda _: wrong
    with pytest.raises(NoVectors):
        await client.questions(["押金", "门锁"], 5)
    service.embedding = right
    assert (await client.questions(["押金", "门锁"], 5)).shape == (2, 64)


@pytest.mark.parametrize("wrong", [[], ""])
async def test_a_first_vector_without_numbers_is_an_error(
    service: FakeEmbedding, client: EmbeddingClient, wrong: Any
) -> None:
    service.embedding = lambda _: wrong
    with pytest.raises(NoVectors):
        await client.questions(["押金"], 5)


async def test_an_answer_is_as_long_as_its_texts_allow(
    service: FakeEmbedding, client: EmbeddingClient
) -> None:
    service.embedding = lambda _: [1 / 3] * 50_000
    with pytest.raises(NoVectors, match="a body of more than"):
        await client.embed(["押金"], PASSAGE, 5)


async def test_a_long_answer_is_read_in_a_thread(
    client: EmbeddingClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads, read = [], embedding_client._vectors

    def noted(answer: bytes, count: int) -> "np.ndarray":
        threads.append(threading.get_ident())
        return read(answer, count)

    monkeypatch.setattr(embedding_client, "_vectors", noted)
    await client.embed(["押金"], PASSAGE, 5)
    await client.embed(["押金"] * 300, PASSAGE, 5)
    here = threading.get_ident()
    assert [thread == here for thread in threads] == [True, False]


@pytest.mark.parametrize("wrong", [[1.0, 2.0], [], ""])
async def test_a_question_with_a_wrong_vector_is_searched_by_words(
    service: FakeEmbedding, tmp_path: Path, wrong: Any
) -> None:
    folder = tmp_path / "k"
    folder.mkdir()
    (folder / "rules.md").write_text(RULES, "utf-8")
    base = KnowledgeBase(folder, wait=30)
    for _ in range(2):  # the second time, every vector of a clause comes from disk
        client = EmbeddingClient(service.url, "m")
        vectors = VectorBuilder(lambda: base.snapshot.index, client, tmp_path / "vectors")
        task = asyncio.create_task(vectors.run())
        async with asyncio.timeout(30):
            while vectors.current is None:
                await asyncio.sleep(0.02)
        service.embedding = lambda _: wrong
        found = await Retriever(base, vectors, embedding_seconds=5).find(TurnQuery(["押金怎么退"]))
        assert found.clauses[0]["id"] == "rules#1.1"
        service.embedding = lambda text: words_as_vector(text, service.width)
        task.cancel()
        await vectors.close()
