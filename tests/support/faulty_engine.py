"""An engine on bare sockets that fails in every way a network can.

The last word of the last message is its order: `say-20` streams 20 tokens, `say-20-0.01` the same
with 0.01 s between two; ORDERS are the faults. `POST /admin/<order>` gives every chat this order
until `POST /admin/obey`. `POST /admin/refuse-2` closes the listener for 2 s. `GET /state` counts.
"""

import asyncio
import json
import os
import time
from dataclasses import asdict, dataclass, field
from typing import Any

from tests.support.engine_faults import ORDERS
from tests.support.faulty_wire import DONE, END, EVENTS, Gone, Wire, event, usage, usage_event


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
        asked = text.split("\n\n")[0]  # behind a question the assistant puts its context
        state.received += 1
        wire.inside = True
        state.running += 1
        state.most = max(state.most, state.running)
        state.asked = [*state.asked[-199:], asked]
        try:
            await wire.during(
                self.obey(
                    wire, state.order or (asked.split() or [""])[-1], bool(body.get("stream"))
                )
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


async def main() -> None:
    engine = FaultyEngine(int(os.environ["PORT"]))
    await engine.listen()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
