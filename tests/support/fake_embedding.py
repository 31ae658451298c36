"""An embedding service: a vector of the words of each text, or whatever a test wants."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any
from zlib import crc32

import orjson


def words_as_vector(text: str, width: int) -> list[float]:
    """Texts with characters in common have similar vectors."""
    made = [0.001] * width
    for character in text:
        made[crc32(character.encode("utf-8", "replace")) % width] += 1.0
    return made


class FakeEmbedding:
    """`width`: of the vectors. `embedding`: what each text gets instead of its vector.
    `refuses`: whether a text makes its whole request fail with status 500."""

    def __init__(self, width: int = 64) -> None:
        self.width = width
        self.embedding: Callable[[str], Any] = lambda text: words_as_vector(text, self.width)
        self.refuses: Callable[[str], bool] = lambda text: False
        self.asked: list[str] = []  # every text
        self.keys: set[str] = set()  # Authorization headers, in lower case
        self.url = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                await self._answer(reader, writer)
        writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        length = int(head.split("content-length: ")[1].split("\r\n")[0])
        self.keys |= {
            line.partition(": ")[2]
            for line in head.split("\r\n")
            if line.startswith("authorization: ")
        }
        texts = orjson.loads(await reader.readexactly(length))["input"]
        self.asked += texts
        data = [{"index": at, "embedding": self.embedding(one)} for at, one in enumerate(texts)]
        body = orjson.dumps({"data": data})
        status = "500 No" if any(map(self.refuses, texts)) else "200 OK"
        writer.write(
            f"HTTP/1.1 {status}\r\ncontent-type: application/json\r\n"
            f"content-length: {len(body)}\r\n\r\n".encode()
            + body
        )
        await writer.drain()


@contextlib.asynccontextmanager
async def fake_embedding(width: int = 64) -> AsyncIterator[FakeEmbedding]:
    made = FakeEmbedding(width)
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    made.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield made
    finally:
        server.close()
