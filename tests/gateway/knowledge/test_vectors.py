"""Vectors are computed once, kept on disk, and judged on the shop's own clauses."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import numpy as np
import pytest

from gateway.knowledge.knowledge_base import KnowledgeBase
from gateway.knowledge.retriever import Retriever
from gateway.knowledge.turn_query import TurnQuery
from gateway.knowledge.vectors.builder import VectorBuilder
from gateway.knowledge.vectors.embedding_client import EmbeddingClient, NoVectors
from gateway.knowledge.vectors.vector_file import VectorFile, digest_of
from tests.support.paths import ROOT
from tests.support.servers import Running, free_port

MODEL = "sightdesk-embedding"
READY_SECONDS = 90


def unit(*rows: list[float]) -> "np.ndarray":
    made = np.array(rows, np.float32)
    lengths: np.ndarray = np.linalg.norm(made, axis=1, keepdims=True)
    return np.asarray(made / lengths)


@pytest.fixture
def digests() -> list[bytes]:
    return [digest_of("m", "passage", text) for text in ("a", "b")]


def test_saved_vectors_are_read_again(tmp_path: Path, digests: list[bytes]) -> None:
    vectors = unit([1, 2, 3], [3, -1, 0])
    file = VectorFile(tmp_path, "m")
    file.add(digests, vectors)
    file.save(set(digests))
    again = VectorFile(tmp_path, "m")
    again.load()
    rows, scales = again.rows(digests)
    assert np.abs(rows * scales[:, None] - vectors).max() < 0.01
    assert [path.name for path in tmp_path.iterdir()] == [again.path.name]


def test_what_is_no_longer_wanted_is_not_saved(tmp_path: Path, digests: list[bytes]) -> None:
    file = VectorFile(tmp_path, "m")
    file.add(digests, unit([1, 0], [0, 1]))
    file.save({digests[1]})
    again = VectorFile(tmp_path, "m")
    again.load()
    assert [digest in again for digest in digests] == [False, True]


@pytest.mark.parametrize(
    "damage", [lambda data: data[:-5], lambda data: data[:40] + b"\xff" + data[41:], lambda _: b""]
)
def test_a_damaged_file_counts_as_empty(
    tmp_path: Path, digests: list[bytes], damage: Callable[[bytes], bytes]
) -> None:
    file = VectorFile(tmp_path, "m")
    file.add(digests, unit([1, 0], [0, 1]))
    file.save(set(digests))
    file.path.write_bytes(damage(file.path.read_bytes()))
    again = VectorFile(tmp_path, "m")
    again.load()
    assert len(again) == 0


async def test_a_service_that_is_down_is_an_error_and_no_crash() -> None:
    client = EmbeddingClient(f"http://127.0.0.1:{free_port()}", MODEL)
    with pytest.raises(NoVectors):
        await client.questions(["退货"], 1)


@pytest.mark.parametrize(("model", "is_told"), [(MODEL, True), ("another-model", False)])
async def test_only_lite_is_told_whose_question_it_is(model: str, is_told: bool) -> None:
    heads: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 500 Oops\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(NoVectors):
            await EmbeddingClient(f"http://127.0.0.1:{port}", model).questions(["退货"], 5, "one")
    assert (b"x-owner: one" in heads[0]) is is_told


@contextlib.asynccontextmanager
async def searching(
    folder: Path, data: Path, url: str, model: str = MODEL
) -> AsyncIterator[tuple[Retriever, VectorBuilder]]:
    """A retriever whose vectors are complete."""
    base = KnowledgeBase(folder, wait=30)
    vectors = VectorBuilder(lambda: base.snapshot.index, EmbeddingClient(url, model), data)
    task = asyncio.create_task(vectors.run())
    try:
        async with asyncio.timeout(READY_SECONDS):
            while vectors.current is None:
                await asyncio.sleep(0.05)
        yield Retriever(base, vectors, embedding_seconds=10), vectors
    finally:
        task.cancel()
        await vectors.close()


async def first(retriever: Retriever, asked: str) -> str:
    found = (await retriever.find(TurnQuery([asked]))).clauses
    return str(found[0]["id"]) if found else ""


async def test_clauses_are_found_by_meaning_and_across_languages(
    lite: Running, tmp_path: Path
) -> None:
    async with searching(ROOT / "knowledge", tmp_path, lite.url) as (retriever, vectors):
        assert await first(retriever, "拿去修了半个月还没好") == "zh-CN/after-sales#4.3"
        assert await first(retriever, "can agents help me at night") == "en/after-sales#1.2"
        for asked in ("周杰伦有哪些歌", "Who wrote Hamlet?", "怎么减肥最快"):
            assert await first(retriever, asked) == ""
        assert vectors.report()["state"] == "ready"


async def test_a_question_finds_a_clause_in_another_language(lite: Running, tmp_path: Path) -> None:
    folder = tmp_path / "k"
    folder.mkdir()
    text = (ROOT / "knowledge/zh-CN/after-sales.md").read_text("utf-8")
    (folder / "after-sales.md").write_text(text, "utf-8")
    async with searching(folder, tmp_path / "data", lite.url) as (retriever, _):
        assert await first(retriever, "How long is the warranty?") == "after-sales#4.2"
        assert await first(retriever, "How long does a repair take?") == "after-sales#4.3"


async def test_a_new_model_is_switched_to_when_its_vectors_are_complete(
    lite: Running, tmp_path: Path
) -> None:
    folder = tmp_path / "k"
    folder.mkdir()
    (folder / "rules.md").write_text("# 规则\n\n## 1.1 押金\n押金三天内退还。\n", "utf-8")
    data = tmp_path / "data"
    async with searching(folder, data, lite.url, "use-multilingual-v3"):
        pass
    async with searching(folder, data, lite.url) as (_, vectors):
        async with asyncio.timeout(READY_SECONDS):
            while vectors.current is None or vectors.current[0].model != MODEL:
                await asyncio.sleep(0.05)
    async with searching(folder, data, "http://127.0.0.1:9", MODEL) as (_, again):
        assert again.report()["done"] == 1  # from disk: nobody answers at that address
