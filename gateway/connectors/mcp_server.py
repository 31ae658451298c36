"""Calls of an MCP server. Reads share a session, which is renewed when it dies; a write has one of
its own, so that it is known whether its request has left."""

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from gateway.connectors.answers import TooMuch
from gateway.connectors.circuit import Circuit
from gateway.connectors.described_tool import Call
from gateway.connectors.http_call import Answered, Reply
from gateway.connectors.request import Address, header_value
from gateway.connectors.templates import Template
from gateway.connectors.tool import Refused, Unsure

if TYPE_CHECKING:
    from gateway.connectors import mcp_session

DRAIN_SECONDS = 30.0  # for calls in flight, when the file is gone
UNREACHABLE = Refused("the system cannot be reached", "unreachable")
BROKEN = Unsure("the connection broke off before the answer", "broken")


def _import() -> Any:
    # In a thread and at the first use: the client takes a second to import.
    from gateway.connectors import mcp_session

    return mcp_session


class MCPServer:
    """`names`: the placeholders of its headers."""

    def __init__(
        self,
        address: Address,
        headers: tuple[tuple[str, Template], ...],
        circuit: Circuit,
        ca_file: str,
    ) -> None:
        self._url = address.origin + address.path({})
        self._headers, self._circuit, self._ca_file = headers, circuit, ca_file
        self.names = frozenset(name for _, template in headers for name in template.names)
        self._session: mcp_session.Session | None = None
        self._opening = asyncio.Lock()
        self._calls = 0
        self._idle = asyncio.Event()
        self._idle.set()
        self._closing: set[asyncio.Task[None]] = set()

    def headers(self, values: dict[str, Any]) -> dict[str, str]:
        """Raises Unfit."""
        return {
            name: header_value(name, template, values).decode("latin-1")
            for name, template in self._headers
        }

    async def list_tools(self, seconds: float) -> "list[Any] | None":
        """None where the server does not answer. Never raises but for cancellation."""
        library = await asyncio.to_thread(_import)
        session = library.Session(self._url, self.headers({}), self._ca_file)
        try:
            async with asyncio.timeout(seconds):
                await session.open()
                found: list[Any] = await session.tools()
                return found
        except (TimeoutError, TooMuch, library.Unreachable, library.Died, library.Rejected):
            return None
        finally:
            await session.close()

    async def ask(self, tool: str, call: Call) -> Reply:
        """Never raises but for cancellation."""
        entry = self._circuit.enter()
        if entry is None:
            return Refused("the system failed before; it is asked again soon", "circuit_open")
        self._calls += 1
        self._idle.clear()
        try:
            reply = await self._timed(tool, call)
            if (isinstance(reply, Refused) and reply.kind == "unreachable") or reply is BROKEN:
                entry.failed()
            else:
                entry.answered()
            return reply
        finally:
            self._calls -= 1
            entry.leave()
            if not self._calls:
                self._idle.set()

    async def _timed(self, tool: str, call: Call) -> Reply:
        library = await asyncio.to_thread(_import)
        is_own = call.limits.fresh or bool(self.names)
        sent = [False]  # whether the request itself may have left
        try:
            async with asyncio.timeout(call.limits.seconds):
                if is_own:
                    return await self._in_own(library, tool, call, sent)
                return await self._in_shared(library, tool, call, sent)
        except TimeoutError:
            late = Unsure("the system did not answer in time", "timeout")
            return late if sent[0] else UNREACHABLE
        except library.Unreachable:
            return UNREACHABLE
        except library.Died:
            return BROKEN
        except library.Rejected as rejected:
            return Refused(str(rejected) or "the system does not take this call", "refused")
        except TooMuch:
            return Unsure("the answer is too large", "too_large")

    async def _in_own(self, library: Any, tool: str, call: Call, sent: list[bool]) -> Reply:
        headers = self.headers(call.values)
        if call.action_id:
            headers["Idempotency-Key"] = call.action_id
        session = library.Session(self._url, headers, self._ca_file)
        try:
            await session.open()
            sent[0] = True
            return _reply(library, await session.call(tool, call.arguments), call)
        finally:
            self._close_later(session)

    async def _in_shared(self, library: Any, tool: str, call: Call, sent: list[bool]) -> Reply:
        """A read: asked again in a new session where the old one died."""
        for is_last in (False, True):
            session = await self._shared(library)
            sent[0] = True
            try:
                return _reply(library, await session.call(tool, call.arguments), call)
            except library.Died:
                self._drop(session)
                if is_last:
                    raise
        raise AssertionError("the last try returns or raises")

    async def _shared(self, library: Any) -> Any:
        async with self._opening:
            if self._session is None or not self._session.is_open:
                session = library.Session(self._url, self.headers({}), self._ca_file)
                await session.open()
                self._session = session
            return self._session

    def _drop(self, session: Any) -> None:
        if self._session is session:
            self._session = None
        self._close_later(session)

    async def aclose(self) -> None:
        """After the calls in flight, DRAIN_SECONDS at most."""
        with suppress(TimeoutError):
            async with asyncio.timeout(DRAIN_SECONDS):
                await self._idle.wait()
        session, self._session = self._session, None
        if session is not None:
            await session.close()
        await asyncio.gather(*self._closing)

    def _close_later(self, session: Any) -> None:
        """Saying goodbye takes a request, for which no answer waits."""
        closing = asyncio.create_task(session.close())
        self._closing.add(closing)
        closing.add_done_callback(self._closing.discard)


def _reply(library: Any, result: Any, call: Call) -> Reply:
    """A tool that reports an error may have begun its work, so a write is unsure then."""
    if not result.is_error:
        return Answered(library.value_of(result))
    words = library.text_of(result) or "the system reports an error"
    if call.limits.fresh:
        return Unsure(words, "refused")
    return Refused(words, "refused")
