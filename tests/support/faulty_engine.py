"""An engine on bare sockets that fails in every way a network can.

The last word of the last message is its order: `say-20` streams 20 tokens, `say-20-0.01` the same
with 0.01 s between two; ORDERS are the faults. `POST /admin/<order>` gives every chat this order
until `POST /admin/obey`. `POST /admin/refuse-2` closes the listener for 2 s. `GET /state` counts.
"""

import asyncio
import contextlib
import json
import os
import socket
import struct
import time
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass, field
from typing import Any

END = b"0\r\n\r\n"
STALL_SECONDS = 60.0
IDLE_SECONDS = 5.0  # as uvicorn, vLLM's server
EVENTS = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"


@dataclass
class State:
    """`sent`: tokens of complete answers. `most`: the most requests that ran at once."""

    received: int = 0
    running: int = 0
    most: int = 0
    aborted: int = 0
    aborted_at: float = 0.0
    completed: int = 0
    sent: int = 0
    order: str = ""
    asked: list[str] = field(default_factory=list)


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


Order = Callable[["FaultyEngine", Wire, bool], Awaitable[None]]
ORDERS: dict[str, Order] = {}


def order(fault: Order) -> Order:
    ORDERS[fault.__name__.replace("_", "-")] = fault
    return fault


class FaultyEngine:
    def __init__(self, port: int) -> None:
        self.port = port
        self.state = State()
        self.server: asyncio.Server | None = None
        self.wires: set[Wire] = set()

    async def listen(self) -> None:
        self.server = await asyncio.start_server(
            self.serve, "127.0.0.1", self.port, limit=64 * 1024 * 1024
        )

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        wire = Wire(reader, writer)
        self.wires.add(wire)
        try:
            while not writer.transport.is_closing() and (request := await wire.request()):
                if wire.trapped:
                    wire.reset()
                    return
                await self.answer(wire, *request)
        except Gone:
            pass
        finally:
            self.wires.discard(wire)
            writer.close()

    async def answer(self, wire: Wire, method: str, path: str, body: bytes) -> None:
        if path == "/state":
            await wire.reply("200 OK", json.dumps(asdict(self.state)).encode())
        elif path.startswith("/admin/"):
            await self.admin(path.removeprefix("/admin/"))
            await wire.reply("200 OK", b"{}")
        elif path == "/v1/chat/completions":
            await self.counted(wire, json.loads(body))
        elif path in ("/v1/models", "/healthz"):
            listing = {"object": "list", "data": [{"id": "faulty-vl", "max_model_len": 8192}]}
            await wire.reply("200 OK", json.dumps(listing).encode())
        else:
            await wire.reply("404 Not Found", b"{}")

    async def admin(self, order: str) -> None:
        word, _, seconds = order.partition("-")
        if word == "refuse":
            assert self.server is not None
            self.server.close()
            for wire in self.wires:
                wire.reset()
            asyncio.get_running_loop().call_later(
                float(seconds), lambda: asyncio.ensure_future(self.listen())
            )
        elif order == "forget":
            self.state = State(running=self.state.running)
        else:
            self.state.order = "" if order == "obey" else order

    async def counted(self, wire: Wire, body: dict[str, Any]) -> None:
        state = self.state
        content = body["messages"][-1]["content"]
        text = (
            content
            if isinstance(content, str)
            else " ".join(part.get("text", "") for part in content)
        )
        state.received += 1
        wire.inside = True
        state.running += 1
        state.most = max(state.most, state.running)
        state.asked = [*state.asked[-199:], text]
        try:
            await wire.during(
                self.obey(wire, state.order or (text.split() or [""])[-1], bool(body.get("stream")))
            )
        except Gone:
            state.aborted += 1
            state.aborted_at = time.time()
            raise
        finally:
            self.is_over(wire)

    async def obey(self, wire: Wire, order: str, stream: bool) -> None:
        if order in ORDERS:
            await ORDERS[order](self, wire, stream)
        else:
            _, tokens, pause, *_ = [*order.split("-"), "", "", ""]
            await self.say(wire, int(tokens) if tokens.isdigit() else 2, float(pause or 0), stream)

    async def say(self, wire: Wire, tokens: int, pause: float, stream: bool) -> None:
        """A good answer."""
        if stream:
            await wire.send(EVENTS)
            await wire.chunk(
                event("", usage=None)
            )  # vLLM's first event names the role and says nothing
            for number in range(tokens):
                await asyncio.sleep(pause)
                await wire.chunk(event(f" {number}", usage=None))
            await self.end(wire, usage_event(tokens) + DONE, tokens)
        else:
            await asyncio.sleep(pause * tokens)
            self.went_out(wire, tokens)
            message = {
                "role": "assistant",
                "content": "".join(f" {number}" for number in range(tokens)),
            }
            choices = [{"index": 0, "message": message, "finish_reason": "stop"}]
            answer = {
                "id": "c",
                "object": "chat.completion",
                "model": "faulty-vl",
                "choices": choices,
            }
            await wire.reply("200 OK", json.dumps({**answer, "usage": usage(tokens)}).encode())

    async def end(self, wire: Wire, last: bytes, tokens: int) -> None:
        await wire.chunk(last)
        self.went_out(wire, tokens)
        await self.last_chunk(wire)

    async def last_chunk(self, wire: Wire) -> None:
        """Whoever has it may send the next request before this task runs again."""
        self.is_over(wire)
        await wire.send(END)

    def is_over(self, wire: Wire) -> None:
        self.state.running -= wire.inside
        wire.inside = False

    def went_out(self, wire: Wire, tokens: int) -> None:
        """Before the last byte does."""
        self.is_over(wire)
        self.state.completed += 1
        self.state.sent += tokens

    # The faults

    @order
    async def reset(self, wire: Wire, stream: bool) -> None:
        wire.reset()

    @order
    async def reset_late(self, wire: Wire, stream: bool) -> None:
        await asyncio.sleep(0.6)
        wire.reset()

    @order
    async def stall(self, wire: Wire, stream: bool) -> None:
        await asyncio.sleep(STALL_SECONDS)

    @order
    async def stall_in_head(self, wire: Wire, stream: bool) -> None:
        await wire.send(b"HTTP/1.1 200 OK\r\ncontent-type: text/ev")
        await asyncio.sleep(STALL_SECONDS)

    @order
    async def drip_head(self, wire: Wire, stream: bool) -> None:
        await wire.send(b"HTTP/1.1 200 OK\r\nx-drip: ")
        for _ in range(int(STALL_SECONDS / 0.1)):
            await wire.send(b"a")
            await asyncio.sleep(0.1)

    @order
    async def stall_after_head(self, wire: Wire, stream: bool) -> None:
        await wire.send(EVENTS)
        await asyncio.sleep(STALL_SECONDS)

    @order
    async def die_after_head(self, wire: Wire, stream: bool) -> None:
        await wire.send(EVENTS)
        wire.reset()

    @order
    async def stall_mid_stream(self, wire: Wire, stream: bool) -> None:
        await wire.send(EVENTS)
        await wire.chunk(event("a"))
        await asyncio.sleep(STALL_SECONDS)

    @order
    async def die_mid_stream(self, wire: Wire, stream: bool) -> None:
        await wire.send(EVENTS)
        await wire.chunk(event("a"))
        await asyncio.sleep(0.05)
        wire.reset()

    @order
    async def die_mid_chunk(self, wire: Wire, stream: bool) -> None:
        await wire.send(EVENTS)
        await wire.chunk(event("a"))
        await wire.send(b"fff\r\ndata: {")
        await asyncio.sleep(0.05)
        wire.reset()

    @order
    async def die_mid_body(self, wire: Wire, stream: bool) -> None:
        await wire.send(
            b'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n{"id"'
        )
        await asyncio.sleep(0.05)
        wire.reset()

    @order
    async def stall_mid_body(self, wire: Wire, stream: bool) -> None:
        await wire.send(
            b'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n{"id"'
        )
        await asyncio.sleep(STALL_SECONDS)

    @order
    async def garbage(self, wire: Wire, stream: bool) -> None:
        await wire.send(b"\x16\x03\x01 this is no HTTP\r\n\r\n" * 3)
        wire.writer.close()

    @order
    async def garbage_body(self, wire: Wire, stream: bool) -> None:
        await wire.reply("200 OK", b"<html>It works!</html>")

    @order
    async def no_completion(self, wire: Wire, stream: bool) -> None:
        await wire.reply("200 OK", b'["not", "a completion"]')

    @order
    async def long_header(self, wire: Wire, stream: bool) -> None:
        await wire.send(
            b"HTTP/1.1 200 OK\r\nx-long: " + b"a" * 1_000_000 + b"\r\ncontent-length: 0\r\n\r\n"
        )

    @order
    async def fail(self, wire: Wire, stream: bool) -> None:
        await wire.reply("500 Internal Server Error", b'{"error": {"message": "boom"}}')

    @order
    async def fail_and_stall(self, wire: Wire, stream: bool) -> None:
        await wire.send(b"HTTP/1.1 500 Internal Server Error\r\ncontent-length: 1000\r\n\r\n")
        await asyncio.sleep(STALL_SECONDS)

    @order
    async def busy(self, wire: Wire, stream: bool) -> None:
        await wire.reply("503 Service Unavailable", b"{}", "retry-after: 1\r\n")

    @order
    async def busy_once(self, wire: Wire, stream: bool) -> None:
        if self.state.received % 2:
            await self.busy(wire, stream)
        else:
            await self.say(wire, 2, 0, stream)

    @order
    async def error_event(self, wire: Wire, stream: bool) -> None:
        await wire.send(EVENTS)
        await wire.chunk(event("a"))
        await wire.chunk(
            b'data: {"error": {"message": "CUDA out of memory at 0x7f", "code": 500}}\n\n' + DONE
        )
        await self.last_chunk(wire)

    @order
    async def refusal_event(self, wire: Wire, stream: bool) -> None:
        """As vLLM, where it finds out after its 200 that it cannot compile a schema."""
        await wire.send(EVENTS)
        error = {
            "message": "The schema has no end.",
            "type": "BadRequestError",
            "param": None,
            "code": 400,
        }
        await wire.chunk(b"data: " + json.dumps({"error": error}).encode() + b"\n\n" + DONE)
        await self.last_chunk(wire)

    @order
    async def split(self, wire: Wire, stream: bool) -> None:
        """A character's bytes, and a line's end, come apart."""
        await wire.send(EVENTS)
        for byte in event("好\u2028吗🙂") + usage_event(1):
            await wire.chunk(bytes([byte]))
            await asyncio.sleep(0)
        await self.end(wire, DONE, 1)

    @order
    async def huge(self, wire: Wire, stream: bool) -> None:
        await wire.send(EVENTS)
        await wire.chunk(event("x" * 10_000_000))
        await self.end(wire, usage_event(1) + DONE, 1)

    @order
    async def close_idle(self, wire: Wire, stream: bool) -> None:
        """A good answer on a connection that closes just when it is used again."""
        wire.trapped = True
        await self.say(wire, 2, 0, stream)

    @order
    async def no_done(self, wire: Wire, stream: bool) -> None:
        await wire.send(EVENTS)
        await wire.chunk(event("a") + usage_event(1))
        await self.last_chunk(wire)

    @order
    async def dies_after_done(self, wire: Wire, stream: bool) -> None:
        await wire.send(EVENTS)
        await wire.chunk(event("a") + usage_event(1) + DONE)
        self.went_out(wire, 1)
        await asyncio.sleep(0.05)
        wire.reset()

    @order
    async def lingers_after_done(self, wire: Wire, stream: bool) -> None:
        await wire.send(EVENTS)
        await wire.chunk(event("a"))
        await asyncio.sleep(0.05)
        await wire.chunk(event("b") + usage_event(2) + DONE)
        await asyncio.sleep(STALL_SECONDS)

    @order
    async def lingers_after_all(self, wire: Wire, stream: bool) -> None:
        await wire.send(EVENTS)
        await wire.chunk(event("a") + event("b") + usage_event(2) + DONE)
        await asyncio.sleep(STALL_SECONDS)

    @order
    async def pings_after_done(self, wire: Wire, stream: bool) -> None:
        await wire.send(EVENTS)
        await wire.chunk(event("a") + usage_event(1) + DONE)
        while True:
            await asyncio.sleep(0.1)
            await wire.chunk(b": ping\n\n")

    @order
    async def talks_after_done(self, wire: Wire, stream: bool) -> None:
        await wire.send(EVENTS)
        await wire.chunk(event("a") + usage_event(1) + DONE)
        await asyncio.sleep(0.05)
        await self.end(wire, event("b") + usage_event(2) + DONE, 1)

    @order
    async def usage_twice(self, wire: Wire, stream: bool) -> None:
        await wire.send(EVENTS)
        await wire.chunk(event("a", usage=usage(1)) + event("b", usage=usage(2)))
        await self.end(wire, usage_event(2) + usage_event(2) + DONE, 2)

    @order
    async def mentions_data(self, wire: Wire, stream: bool) -> None:
        """Ten tokens that look like events to whoever counts carelessly, and no end."""
        await wire.send(EVENTS)
        for _ in range(10):
            await wire.chunk(event('data: data: "usage": { [DONE'))
        await asyncio.sleep(STALL_SECONDS)

    @order
    async def drip(self, wire: Wire, stream: bool) -> None:
        await wire.send(EVENTS)
        for start in range(0, len(event("slow")), 20):
            await wire.chunk(event("slow")[start : start + 20])
            await asyncio.sleep(0.1)
        await self.end(wire, usage_event(1) + DONE, 1)


async def main() -> None:
    engine = FaultyEngine(int(os.environ["PORT"]))
    await engine.listen()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
