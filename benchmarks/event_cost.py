"""Prints what one event costs in Python, by the way that it takes from the engine to the client.

No sockets: an event of a stream is handed to the engine's side of the gateway, and a transport that
does nothing takes what comes out. Warm is in a loop; cold is after 3 MB of other memory was read,
as between the streams of other clients (docs/decisions/006-the-short-way.md).

    .venv/bin/python -m benchmarks.event_cost
"""

import asyncio
import logging
import time
from collections.abc import Callable
from statistics import median
from typing import Any

import numpy as np
import uvloop
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from benchmarks.relay import script
from gateway.chat.raw_relay import RawRelay
from gateway.chat.sse_response import SSEResponse
from gateway.chat.stream_stats import StreamStats
from gateway.server.chunked import framed
from gateway.server.client_connection import PlainConnection
from gateway.server.direct_connection import DirectConnection
from gateway.server.request_context import RequestContext
from gateway.upstream.http1 import Response

ROUNDS = 12
HEAD = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
CHUNKS = [framed(event) for event in script.steps(400)]
OTHER_MEMORY = np.ones(3 * 1024 * 1024 // 8)
WAYS = {
    "whole chunks as they came": (DirectConnection, True),
    "parsed, written to the transport": (DirectConnection, False),
    "parsed, plain ASGI, a task woken": (PlainConnection, False),
}


class Nothing:
    """A transport and a pool that do nothing."""

    def __getattr__(self, name: str) -> Callable[..., None]:
        return lambda *_: None


def cycle() -> RequestResponseCycle:
    transport: Any = Nothing()
    log = logging.getLogger("event_cost")
    return RequestResponseCycle(
        {"method": "POST", "headers": []},  # type: ignore[typeddict-item]  # the rest is not read
        transport,
        FlowControl(transport),
        log,
        log,
        access_log=False,
        default_headers=[],
        message_event=asyncio.Event(),
        expect_100_continue=False,
        keep_alive=True,
        on_response=lambda: None,
    )


async def microseconds(kind: type, *, passes_chunks: bool, cold: bool) -> float:
    """Returns the microseconds per event of one stream; of cold ones a quarter cost less."""
    served = cycle()
    plain = kind is PlainConnection
    exchange: Any = (served.receive, served.send)
    client: Any = PlainConnection(*exchange) if plain else kind(served)
    reply = SSEResponse(RequestContext("r", "127.0.0.1", False, "http", client))
    await reply.send(b": begin\n\n")
    pool: Any = Nothing()
    response = Response(pool)
    response.data_received(HEAD)
    relay = RawRelay(reply, StreamStats(0.0), lambda: None, wants_usage=True)
    on_chunks = relay.forward if passes_chunks else None
    streaming = asyncio.create_task(response.stream_to(relay, on_chunks))
    spent = []
    for number, chunk in enumerate(CHUNKS[:-1]):
        if cold:
            OTHER_MEMORY.sum()
        started = time.perf_counter()
        response.data_received(chunk)
        if plain or number < 2:  # the first two find no relay yet, or no first token
            await asyncio.sleep(0)
            await asyncio.sleep(0)
        spent.append(time.perf_counter() - started)
    streaming.cancel()
    return sorted(spent[2:])[len(spent) // 4] * 1e6


async def main() -> None:
    for name, (kind, passes_chunks) in WAYS.items():
        shown = []
        for cold in (False, True):
            found = [
                await microseconds(kind, passes_chunks=passes_chunks, cold=cold)
                for _ in range(ROUNDS)
            ]
            shown.append(median(found))
        print(f"{name:36} {shown[0]:5.1f} µs warm {shown[1]:5.1f} µs cold")


if __name__ == "__main__":
    uvloop.run(main())
