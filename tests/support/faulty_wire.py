"""A connection of the faulty engine, and the events that it streams."""

import asyncio
import contextlib
import json
import socket
import struct
from collections.abc import Awaitable
from typing import Any

END = b"0\r\n\r\n"
IDLE_SECONDS = 5.0  # as uvicorn, vLLM's server
EVENTS = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"


class Gone(Exception):
    """The caller hung up."""


class Wire:
    """One connection from the gateway; a write or a wait ends as soon as the other side is gone."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        self.trapped = False
        self.inside = False  # a request of this connection is at work here

    async def request(self) -> tuple[str, str, bytes] | None:
        try:
            async with asyncio.timeout(IDLE_SECONDS):
                head = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            lengths = [
                line.split(":")[1] for line in head if line.lower().startswith("content-length:")
            ]
            body = await self.reader.readexactly(int(lengths[0])) if lengths else b""
        except (asyncio.IncompleteReadError, ConnectionError, TimeoutError):
            return None
        method, path, _ = head[0].split(" ")
        return method, path, body

    async def during(self, work: Awaitable[Any]) -> None:
        """Raises Gone when the caller leaves before `work` is done."""
        task = asyncio.ensure_future(work)
        leaving = asyncio.ensure_future(self.reader.read(1))
        await asyncio.wait((task, leaving), return_when=asyncio.FIRST_COMPLETED)
        left = not task.done()
        for one in (leaving, *([task] if left else [])):
            one.cancel()
            with contextlib.suppress(asyncio.CancelledError, ConnectionError):
                await one
        if left:
            raise Gone
        task.result()

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        try:
            await self.writer.drain()
        except ConnectionError:
            raise Gone from None

    async def chunk(self, data: bytes) -> None:
        await self.send(b"%x\r\n%s\r\n" % (len(data), data))

    async def reply(self, status: str, body: bytes, headers: str = "") -> None:
        head = f"HTTP/1.1 {status}\r\ncontent-type: application/json\r\n{headers}content-length: {len(body)}\r\n\r\n"
        await self.send(head.encode() + body)

    def reset(self) -> None:
        """RST instead of FIN."""
        where = self.writer.get_extra_info("socket")
        where.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()


def event(content: str, **more: Any) -> bytes:
    choices = [{"index": 0, "delta": {"content": content}, "finish_reason": None}]
    body = {
        "id": "c",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": "faulty-vl",
        "choices": choices,
        **more,
    }
    return b"data: " + json.dumps(body, ensure_ascii=False).encode() + b"\n\n"


def usage(tokens: int) -> dict[str, int]:
    return {"prompt_tokens": 11, "completion_tokens": tokens, "total_tokens": 11 + tokens}


def usage_event(tokens: int) -> bytes:
    return (
        b"data: "
        + json.dumps({"id": "c", "choices": [], "usage": usage(tokens)}).encode()
        + b"\n\n"
    )


DONE = b"data: [DONE]\n\n"
