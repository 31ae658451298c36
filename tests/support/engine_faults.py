"""The faults of the faulty engine, by the order that asks for them.

The functions here are the orders: `stall_in_head` is asked for by `stall-in-head`. Each answers one
chat completion; `stream` says whether the client wants a stream.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from tests.support.faulty_wire import DONE, EVENTS, Wire, event, usage, usage_event

if TYPE_CHECKING:
    from tests.support.faulty_engine import FaultyEngine

STALL_SECONDS = 60.0

Order = Callable[["FaultyEngine", Wire, bool], Awaitable[None]]
ORDERS: dict[str, Order] = {}


def order(fault: Order) -> Order:
    ORDERS[fault.__name__.replace("_", "-")] = fault
    return fault


@order
async def reset(engine: "FaultyEngine", wire: Wire, stream: bool) -> None:
    wire.reset()


@order
async def reset_late(engine: "FaultyEngine", wire: Wire, stream: bool) -> None:
    await asyncio.sleep(0.6)
    wire.reset()


@order
async def stall(engine: "FaultyEngine", wire: Wire, stream: bool) -> None:
    await asyncio.sleep(STALL_SECONDS)


@order
async def stall_in_head(engine: "FaultyEngine", wire: Wire, stream: bool) -> None:
    await wire.send(b"HTTP/1.1 200 OK\r\ncontent-type: text/ev")
    await asyncio.sleep(STALL_SECONDS)


@order
async def drip_head(engine: "FaultyEngine", wire: Wire, stream: bool) -> None:
    await wire.send(b"HTTP/1.1 200 OK\r\nx-drip: ")
    for _ in range(int(STALL_SECONDS / 0.1)):
        await wire.send(b"a")
        await asyncio.sleep(0.1)


@order
async def stall_after_head(engine: "FaultyEngine", wire: Wire, stream: bool) -> None:
    await wire.send(EVENTS)
    await asyncio.sleep(STALL_SECONDS)


@order
async def die_after_head(engine: "FaultyEngine", wire: Wire, stream: bool) -> None:
    await wire.send(EVENTS)
    wire.reset()


@order
async def stall_mid_stream(engine: "FaultyEngine", wire: Wire, stream: bool) -> None:
    await wire.send(EVENTS)
    await wire.chunk(event("a"))
    await asyncio.sleep(STALL_SECONDS)


@order
async def die_mid_stream(engine: "FaultyEngine", wire: Wire, stream: bool) -> None:
    await wire.send(EVENTS)
    await wire.chunk(event("a"))
    await asyncio.sleep(0.05)
    wire.reset()


@order
async def die_mid_chunk(engine: "FaultyEngine", wire: Wire, stream: bool) -> None:
    await wire.send(EVENTS)
    await wire.chunk(event("a"))
    await wire.send(b"fff\r\ndata: {")
    await asyncio.sleep(0.05)
    wire.reset()


@order
async def die_mid_body(engine: "FaultyEngine", wire: Wire, stream: bool) -> None:
    await wire.send(
        b'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n{"id"'
    )
    await asyncio.sleep(0.05)
    wire.reset()


@order
async def stall_mid_body(engine: "FaultyEngine", wire: Wire, stream: bool) -> None:
    await wire.send(
        b'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n{"id"'
    )
    await asyncio.sleep(STALL_SECONDS)


@order
async def garbage(engine: "FaultyEngine", wire: Wire, stream: bool) -> None:
    await wire.send(b"\x16\x03\x01 this is no HTTP\r\n\r\n" * 3)
    wire.writer.close()


@order
async def garbage_body(engine: "FaultyEngine", wire: Wire, stream: bool) -> None:
    await wire.reply("200 OK", b"<html>It works!</html>")


@order
async def no_completion(engine: "FaultyEngine", wire: Wire, stream: bool) -> None:
    await wire.reply("200 OK", b'["not", "a completion"]')


@order
async def long_header(engine: "FaultyEngine", wire: Wire, stream: bool) -> None:
    await wire.send(
        b"HTTP/1.1 200 OK\r\nx-long: " + b"a" * 1_000_000 + b"\r\ncontent-length: 0\r\n\r\n"
    )


@order
async def fail(engine: "FaultyEngine", wire: Wire, stream: bool) -> None:
    await wire.reply("500 Internal Server Error", b'{"error": {"message": "boom"}}')


@order
async def fail_and_stall(engine: "FaultyEngine", wire: Wire, stream: bool) -> None:
    await wire.send(b"HTTP/1.1 500 Internal Server Error\r\ncontent-length: 1000\r\n\r\n")
    await asyncio.sleep(STALL_SECONDS)


@order
async def busy(engine: "FaultyEngine", wire: Wire, stream: bool) -> None:
    await wire.reply("503 Service Unavailable", b"{}", "retry-after: 1\r\n")


@order
async def busy_once(engine: "FaultyEngine", wire: Wire, stream: bool) -> None:
    if engine.state.received % 2:
        await busy(engine, wire, stream)
    else:
        await engine.say(wire, 2, 0, stream)


@order
async def error_event(engine: "FaultyEngine", wire: Wire, stream: bool) -> None:
    await wire.send(EVENTS)
    await wire.chunk(event("a"))
    await wire.chunk(
        b'data: {"error": {"message": "CUDA out of memory at 0x7f", "code": 500}}\n\n' + DONE
    )
    await engine.last_chunk(wire)


@order
async def refusal_event(engine: "FaultyEngine", wire: Wire, stream: bool) -> None:
    """As vLLM, where it finds out after its 200 that it cannot compile a schema."""
    await wire.send(EVENTS)
    error = {
        "message": "The schema has no end.",
        "type": "BadRequestError",
        "param": None,
        "code": 400,
    }
    await wire.chunk(b"data: " + json.dumps({"error": error}).encode() + b"\n\n" + DONE)
    await engine.last_chunk(wire)


@order
async def split(engine: "FaultyEngine", wire: Wire, stream: bool) -> None:
    """A character's bytes, and a line's end, come apart."""
    await wire.send(EVENTS)
    for byte in event("好\u2028吗🙂") + usage_event(1):
        await wire.chunk(bytes([byte]))
        await asyncio.sleep(0)
    await engine.end(wire, DONE, 1)


@order
async def huge(engine: "FaultyEngine", wire: Wire, stream: bool) -> None:
    await wire.send(EVENTS)
    await wire.chunk(event("x" * 10_000_000))
    await engine.end(wire, usage_event(1) + DONE, 1)


@order
async def close_idle(engine: "FaultyEngine", wire: Wire, stream: bool) -> None:
    """A good answer on a connection that closes just when it is used again."""
    wire.trapped = True
    await engine.say(wire, 2, 0, stream)


@order
async def no_done(engine: "FaultyEngine", wire: Wire, stream: bool) -> None:
    await wire.send(EVENTS)
    await wire.chunk(event("a") + usage_event(1))
    await engine.last_chunk(wire)


@order
async def dies_after_done(engine: "FaultyEngine", wire: Wire, stream: bool) -> None:
    await wire.send(EVENTS)
    await wire.chunk(event("a") + usage_event(1) + DONE)
    engine.went_out(wire, 1)
    await asyncio.sleep(0.05)
    wire.reset()


@order
async def lingers_after_done(engine: "FaultyEngine", wire: Wire, stream: bool) -> None:
    await wire.send(EVENTS)
    await wire.chunk(event("a"))
    await asyncio.sleep(0.05)
    await wire.chunk(event("b") + usage_event(2) + DONE)
    await asyncio.sleep(STALL_SECONDS)


@order
async def lingers_after_all(engine: "FaultyEngine", wire: Wire, stream: bool) -> None:
    await wire.send(EVENTS)
    await wire.chunk(event("a") + event("b") + usage_event(2) + DONE)
    await asyncio.sleep(STALL_SECONDS)


@order
async def pings_after_done(engine: "FaultyEngine", wire: Wire, stream: bool) -> None:
    await wire.send(EVENTS)
    await wire.chunk(event("a") + usage_event(1) + DONE)
    while True:
        await asyncio.sleep(0.1)
        await wire.chunk(b": ping\n\n")


@order
async def talks_after_done(engine: "FaultyEngine", wire: Wire, stream: bool) -> None:
    await wire.send(EVENTS)
    await wire.chunk(event("a") + usage_event(1) + DONE)
    await asyncio.sleep(0.05)
    await engine.end(wire, event("b") + usage_event(2) + DONE, 1)


@order
async def usage_twice(engine: "FaultyEngine", wire: Wire, stream: bool) -> None:
    await wire.send(EVENTS)
    await wire.chunk(event("a", usage=usage(1)) + event("b", usage=usage(2)))
    await engine.end(wire, usage_event(2) + usage_event(2) + DONE, 2)


@order
async def mentions_data(engine: "FaultyEngine", wire: Wire, stream: bool) -> None:
    """Ten tokens that look like events to whoever counts carelessly, and no end."""
    await wire.send(EVENTS)
    for _ in range(10):
        await wire.chunk(event('data: data: "usage": { [DONE'))
    await asyncio.sleep(STALL_SECONDS)


@order
async def drip(engine: "FaultyEngine", wire: Wire, stream: bool) -> None:
    await wire.send(EVENTS)
    for start in range(0, len(event("slow")), 20):
        await wire.chunk(event("slow")[start : start + 20])
        await asyncio.sleep(0.1)
    await engine.end(wire, usage_event(1) + DONE, 1)
