"""Vectors are built whatever else fails."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import structlog

from gateway.knowledge.index import Index
from gateway.knowledge.knowledge_base import KnowledgeBase
from gateway.knowledge.vectors import retries
from gateway.knowledge.vectors.builder import VectorBuilder
from gateway.knowledge.vectors.embedding_client import EmbeddingClient, NoVectors
from tests.support.fake_embedding import FakeEmbedding, fake_embedding
from tests.support.servers import free_port

SECONDS = 20


@pytest.fixture
async def service() -> AsyncIterator[FakeEmbedding]:
    async with fake_embedding() as made:
        yield made


class Clauses:
    """Those of a folder, which a test changes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.change("押金")

    def change(self, subject: str) -> None:
        (self.folder / "rules.md").write_text(f"# 规则\n\n## 1.1 {subject}\n三天内。\n", "utf-8")
        self.index = KnowledgeBase(self.folder, wait=30).snapshot.index

    def now(self) -> Index:
        return self.index


@pytest.fixture
def clauses(tmp_path: Path) -> Clauses:
    folder = tmp_path / "k"
    folder.mkdir()
    return Clauses(folder)


@contextlib.asynccontextmanager
async def running(vectors: VectorBuilder) -> AsyncIterator[None]:
    task = asyncio.create_task(vectors.run())
    try:
        yield
    finally:
        task.cancel()
        await vectors.close()


async def built(vectors: VectorBuilder, model: str) -> None:
    async with asyncio.timeout(SECONDS):
        while vectors.current is None or vectors.current[0].model != model:
            await asyncio.sleep(0.02)


async def test_a_new_model_is_built_while_the_one_before_it_does_not_answer(
    service: FakeEmbedding, clauses: Clauses, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retries, "PATIENCE", 0.0)
    data, gone = tmp_path / "data", f"http://127.0.0.1:{free_port()}"
    old = VectorBuilder(clauses.now, EmbeddingClient(service.url, "old"), data)
    async with running(old):
        await built(old, "old")
        await asyncio.sleep(0.3)
    active = data / "active.json"
    active.write_text(active.read_text().replace(service.url, gone))
    clauses.change("门锁")
    new = VectorBuilder(clauses.now, EmbeddingClient(service.url, "new"), data)
    with structlog.testing.capture_logs() as logs:
        async with running(new):
            await built(new, "new")
    assert [line["url"] for line in logs if line["log_level"] == "warning"] == [gone]


async def test_the_model_before_it_is_asked_with_the_key_of_the_same_service(
    service: FakeEmbedding,
) -> None:
    client = EmbeddingClient(service.url, "new", "k-1")
    for url in (service.url, service.url + "/v1"):
        other = client.of_model(url, "old")
        await other.questions(["押金"], 5)
        assert service.keys == ({"bearer k-1"} if url == service.url else set())
        other.close()
        service.keys.clear()
    client.close()


async def test_a_refresh_that_fails_does_not_delay_the_vectors_of_changed_files(
    service: FakeEmbedding, clauses: Clauses, tmp_path: Path
) -> None:
    tries = 0

    async def refresh(client: EmbeddingClient) -> None:
        nonlocal tries
        tries += 1
        raise NoVectors("it is down")

    vectors = VectorBuilder(clauses.now, EmbeddingClient(service.url, "m"), tmp_path / "v", refresh)
    async with running(vectors):
        async with asyncio.timeout(SECONDS):
            while tries < 3:  # the next one is 2 s away
                await asyncio.sleep(0.02)
        assert vectors.report()["state"] == "ready"
        clauses.change("门锁")
        async with asyncio.timeout(1.5):
            await built(vectors, "m")
