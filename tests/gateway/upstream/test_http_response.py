"""Chunks passed on as they came are exactly those that the parser would give."""

import asyncio
import random
import re
from collections.abc import Awaitable

import pytest

from gateway.upstream.faults import Cut
from gateway.upstream.http1 import Response
from gateway.upstream.pool import Pool

HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
SIZE = re.compile(rb"([0-9a-fA-F]+)\r\n")
END = b"0\r\n\r\n"


def framed(payload: bytes, size: str = "{:x}", extension: bytes = b"") -> bytes:
    return size.format(len(payload)).encode() + extension + b"\r\n" + payload + b"\r\n"


class Client:
    """Accepts chunks as they came if `takes` is set, and bodies. `said`: all data in order,
    without chunk frames."""

    def __init__(self, takes: bool = True) -> None:
        self.takes = takes
        self.said = b""
        self.whole: list[bytes] = []

    def into(self, body: bytes) -> Awaitable[None] | None:
        self.said += body
        return None

    def on_chunks(self, chunks: bytes, count: int, now: float) -> bool:
        if self.takes:
            at = 0
            for _ in range(count):
                head = SIZE.match(chunks, at)
                assert head is not None
                end = head.end() + int(head[1], 16)
                assert end > head.end()
                assert chunks[end : end + 2] == b"\r\n"
                self.said += chunks[head.end() : end]
                at = end + 2
            assert at == len(chunks)
            self.whole.append(chunks)
        return self.takes


async def given(pieces: list[bytes], client: Client) -> None:
    """What an engine sends, each piece as one read."""
    response = Response(Pool("http://127.0.0.1:9", 1.0))
    response.data_received(HEAD)
    await response.head()
    pouring = asyncio.create_task(response.stream_to(client.into, client.on_chunks))
    await asyncio.sleep(0)
    for piece in pieces:
        response.data_received(piece)
    if not response.complete:
        response.connection_lost(None)
    await pouring


PAYLOADS = [
    b"data: {}\n\n",
    b"\r\n",
    b"0\r\n\r\n",
    b"5\r\nabcde\r\n",
    b"x" * 300,
    b"a\r\n\r\n",
    "你好\n\n".encode(),
]


async def test_whole_chunks_pass_as_they_are_and_the_rest_by_the_parser() -> None:
    client = Client()
    chunks = [framed(payload) for payload in PAYLOADS]
    await given([*chunks, END], client)
    assert client.said == b"".join(PAYLOADS)
    assert client.whole == chunks[1:], (
        "until the first has come the parser does not know that there are chunks"
    )


async def test_several_whole_chunks_in_one_read_pass_together() -> None:
    client = Client()
    chunks = [framed(payload) for payload in PAYLOADS]
    await given(
        [
            chunks[0],
            b"".join(chunks[1:4]),
            b"".join(chunks[4:]) + chunks[1][:3],
            chunks[1][3:],
            END,
        ],
        client,
    )
    assert client.said == b"".join([*PAYLOADS, PAYLOADS[1]])
    assert client.whole == [b"".join(chunks[1:4])], "what ends in the middle of one is the parser's"


async def test_every_way_to_cut_chunks_gives_the_same_body() -> None:
    sizes = ["{:x}", "{:X}", "{:04x}"]
    draw = random.Random(11)
    frames = [
        framed(payload, draw.choice(sizes), draw.choice([b"", b"", b";name=value"]))
        for payload in PAYLOADS * 3
    ]
    stream = b"".join(frames) + END
    ways = [list(range(1, len(stream))), []]
    ways += [sorted(draw.sample(range(1, len(stream)), draw.randint(1, 60))) for _ in range(300)]
    borders = [sum(map(len, frames[:number])) for number in range(1, len(frames) + 1)]
    ways += [sorted(draw.sample(borders, draw.randint(1, len(borders)))) for _ in range(100)]
    passed = 0
    for places in ways:
        for client in (Client(), Client(takes=False)):
            await given(
                [stream[a:b] for a, b in zip([0, *places], [*places, len(stream)], strict=True)],
                client,
            )
            assert client.said == b"".join(PAYLOADS * 3), places
            passed += len(client.whole)
    assert passed > 500


@pytest.mark.parametrize(
    "wrong",
    [
        b"6\r\nabcde\r\n",
        b"4\r\nabcde\r\n",
        b"0x5\r\nabcde\r\n",
        b"-5\r\nabcde\r\n",
        b"5\nabcde\r\n",
        b"g\r\nabcde\r\n",
        b"5\r\nabcdexx",
    ],
)
async def test_what_is_no_chunk_does_not_pass(wrong: bytes) -> None:
    client = Client()
    with pytest.raises(Cut):
        await given([framed(b"first"), framed(b"second"), wrong, framed(b"later"), END], client)
    assert client.said.startswith(b"firstsecond")
    assert wrong not in client.whole
    assert b"later" not in client.said


async def test_nothing_passes_after_the_end() -> None:
    client = Client()
    await given([framed(b"one"), END, framed(b"of another answer")], client)
    assert client.said == b"one"


async def test_the_rest_of_a_cut_size_is_no_size() -> None:
    client, payload = Client(), b"abcde\r\n" + b"f" * 14
    chunk = framed(payload)
    assert chunk.startswith(b"15\r\nabcde\r\n")
    await given([framed(b"first") + b"1", b"5\r\nabcde\r\n", b"f" * 14 + b"\r\n", END], client)
    assert client.said == b"first" + payload
    assert client.whole == []
