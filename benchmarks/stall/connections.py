"""Slow senders, slow readers and too many connections."""

import asyncio
from urllib.parse import urlsplit

from benchmarks.stall.attack import Attack, Desk, Outcome

HELD_SECONDS = 3.0
HEAD = (
    b"POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
)


def attacks() -> list[Attack]:
    return [
        holds("300 heads that never end", HEAD, 300),
        holds("100 bodies that dribble in", HEAD + b"content-length: 60000000\r\n\r\n{", 100),
        holds(
            "200 requests, none of which is HTTP", b"\x16\x03\x01\x02\x00" * 100 + b"\r\n\r\n", 200
        ),
        holds(
            "64 × 20 requests on each other's heels",
            b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n" * 20,
            64,
        ),
        holds("64 × 2,000 tiny requests", b"GET /healthz HTTP/1.1\r\nhost:a\r\n\r\n" * 2000, 64),
        holds(
            "100 chunks with endless extensions",
            HEAD + b"transfer-encoding: chunked\r\n\r\n1;" + b"a" * 60_000,
            100,
        ),
    ]


def holds(name: str, said: bytes, count: int) -> Attack:
    """Each connection sends its text and stays open."""

    async def one(host: str, port: int, outcome: Outcome) -> None:
        try:
            _, writer = await asyncio.open_connection(host, port)
            writer.write(said)
            await asyncio.sleep(HELD_SECONDS)
            writer.close()
            outcome.statuses["held"] += 1
        except OSError:
            outcome.statuses["closed"] += 1

    async def run(desk: Desk, outcome: Outcome) -> None:
        parts = urlsplit(desk.url)
        await asyncio.gather(
            *(one(str(parts.hostname), int(parts.port or 80), outcome) for _ in range(count))
        )

    return Attack("connection", name, run)
