"""A cheap fake engine: prebuilt answers, one timer for all streams, a bare asyncio.Protocol.

Parameters that every relay passes on control it: `max_tokens` is the length of the answer, `seed`
the milliseconds between tokens, 0 for back to back. `GET /stats` shows what it has sent.
"""

import asyncio
import re
import sys
from collections import defaultdict
from functools import lru_cache

import orjson
import uvloop

from benchmarks.relay import script

TICK = 0.001  # seconds between two rounds of sending
MAX_HEAD_BYTES = 64 * 1024
LENGTH = re.compile(rb"\r\ncontent-length:\s*(\d+)", re.IGNORECASE)
STREAMED = re.compile(rb'"stream":\s*true')
TOKENS = re.compile(rb'"max_(?:completion_)?tokens":\s*(\d+)')
PACE = re.compile(rb'"seed":\s*(\d+)')
STREAM_HEAD = (
    b"HTTP/1.1 200 OK\r\nserver: uvicorn\r\ncontent-type: text/event-stream; charset=utf-8\r\n"
    b"transfer-encoding: chunked\r\n\r\n"
)
MODELS = orjson.dumps(
    {
        "object": "list",
        "data": [
            {"id": script.MODEL, "object": "model", "owned_by": "vllm", "max_model_len": 8192}
        ],
    }
)


@lru_cache
def chunks(tokens: int) -> tuple[bytes, ...]:
    """An answer as HTTP chunks, with the response head in front and the last chunk at the end."""
    made = [b"%x\r\n%b\r\n" % (len(step), step) for step in script.steps(tokens)]
    made[0] = STREAM_HEAD + made[0]
    made[-1] += b"0\r\n\r\n"
    return tuple(made)


def plain(body: bytes, status: bytes = b"200 OK") -> bytes:
    return (
        b"HTTP/1.1 %b\r\nserver: uvicorn\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%b"
        % (
            status,
            len(body),
            body,
        )
    )


@lru_cache
def whole(tokens: int) -> bytes:
    return plain(script.whole(tokens))


class Clock:
    """A timer wheel: the streams due in each tick. Back-to-back streams get a token at each turn of
    the event loop.
    """

    def __init__(self) -> None:
        self._due: dict[int, list[Stream]] = defaultdict(list)
        self._at_once: list[Stream] = []
        self._loop = asyncio.get_running_loop()
        self._now = 0
        self._waiting = 0
        self._running = False

    def add(self, stream: "Stream") -> None:
        if not stream.ticks:
            if not self._at_once:
                self._loop.call_soon(self._turn)
            self._at_once.append(stream)
            return
        if not self._running:
            self._running = True
            self._now = int(self._loop.time() / TICK)
            self._loop.call_later(TICK, self._tick)
        self._waiting += 1
        self._due[int(self._loop.time() / TICK) + stream.ticks].append(stream)

    def _turn(self) -> None:
        self._at_once = [stream for stream in self._at_once if stream.send_next()]
        if self._at_once:
            self._loop.call_soon(self._turn)

    def _tick(self) -> None:
        until = int(self._loop.time() / TICK)
        for tick in range(self._now + 1, until + 1):
            for stream in self._due.pop(tick, ()):
                # The next token is due one pace after this one was, so late ticks do not add up.
                if stream.send_next():
                    self._due[max(until + 1, tick + stream.ticks)].append(stream)
                else:
                    self._waiting -= 1
        self._now = until
        self._running = self._waiting > 0
        if self._running:
            self._loop.call_later(TICK, self._tick)


class Stream:
    __slots__ = ("_connection", "_steps", "ticks")

    def __init__(self, connection: "Connection", tokens: int, milliseconds: int) -> None:
        self._connection = connection
        self._steps = iter(chunks(tokens))
        self.ticks = milliseconds  # of TICK each

    def send_next(self) -> bool:
        """Whether more follows."""
        transport = self._connection.transport
        step = next(self._steps, None)
        if step is None or transport.is_closing():
            return False
        transport.write(step)
        self._connection.stats.steps += 1
        return not step.endswith(b"0\r\n\r\n")


class Stats:
    def __init__(self) -> None:
        self.steps = 0
        self.streams = 0
        self.wholes = 0
        self.body_bytes = 0


class Connection(asyncio.Protocol):
    transport: asyncio.Transport

    def __init__(self, clock: Clock, stats: Stats) -> None:
        self.clock = clock
        self.stats = stats
        self._received = bytearray()
        self._head_end = 0
        self._needed = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport  # type: ignore[assignment]  # asyncio gives a stream a full transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        while self._received:
            if not self._needed and not self._read_head():
                return
            if len(self._received) < self._needed:
                return
            head = bytes(self._received[: self._head_end])
            body = bytes(self._received[self._head_end : self._needed])
            del self._received[: self._needed]
            self._needed = 0
            self._answer(head, body)

    def _read_head(self) -> bool:
        end = self._received.find(b"\r\n\r\n")
        if end < 0:
            if len(self._received) > MAX_HEAD_BYTES:
                self.transport.abort()
            return False
        self._head_end = end + 4
        length = LENGTH.search(self._received, 0, end)
        self._needed = self._head_end + (int(length[1]) if length else 0)
        return True

    def _answer(self, head: bytes, body: bytes) -> None:
        self.stats.body_bytes += len(body)
        method, _, rest = head.partition(b" ")
        path = rest.partition(b" ")[0].partition(b"?")[0]
        if method == b"POST" and path == b"/v1/chat/completions":
            self._complete(body)
        elif path == b"/v1/models":
            self.transport.write(plain(MODELS))
        elif path in (b"/health", b"/healthz"):
            self.transport.write(plain(b"{}"))
        elif path == b"/stats":
            self.transport.write(plain(orjson.dumps(vars(self.stats))))
        else:
            self.transport.write(plain(b'{"error":{"message":"no such route"}}', b"404 Not Found"))

    def _complete(self, body: bytes) -> None:
        tokens = int(found[1]) if (found := TOKENS.search(body)) else script.TOKENS
        if not STREAMED.search(body):
            self.stats.wholes += 1
            self.transport.write(whole(tokens))
            return
        self.stats.streams += 1
        stream = Stream(self, tokens, int(pace[1]) if (pace := PACE.search(body)) else 0)
        if stream.send_next():
            self.clock.add(stream)


async def serve(port: int) -> None:
    clock, stats = Clock(), Stats()
    server = await asyncio.get_running_loop().create_server(
        lambda: Connection(clock, stats), "127.0.0.1", port, backlog=4096
    )
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(serve(int(sys.argv[1])))
