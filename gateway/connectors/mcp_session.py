"""One session with an MCP server over streamable HTTP, by the official client.

Imported when the first MCP connector is asked: the client takes a second to import.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Mapping
from contextlib import suppress
from typing import Any, TypeVar

import httpx2
from mcp import MCPError
from mcp.client.client import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.types import INVALID_PARAMS, METHOD_NOT_FOUND, CallToolResult, TextContent, Tool

from gateway.connectors.answers import MAX_BYTES, Nonsense, TooMuch, as_json
from gateway.errors import release_frames

CONNECT_SECONDS = 3.0
CLOSE_SECONDS = 2.0
MAX_PAGES = 20
RESUMED = "last-event-id"  # a GET with it goes on with the answer to a call
Result = TypeVar("Result")


class Unreachable(Exception):
    """No session could be opened; nothing was asked."""


class Died(Exception):
    """The session ended, or the connection broke, with a request on its way."""


class Rejected(Exception):
    """The server does not take the request: it has no such tool, or not with these arguments."""


class _Stream(httpx2.AsyncByteStream):
    """Ends an answer that is too large."""

    def __init__(self, stream: Any, transport: "_Transport") -> None:
        self._stream, self._transport = stream, transport

    async def __aiter__(self) -> AsyncIterator[bytes]:
        size = 0
        async for chunk in self._stream:
            size += len(chunk)
            if size > MAX_BYTES:
                self._transport.overflowed = True
                raise httpx2.ReadError(f"more than {MAX_BYTES} bytes")
            yield chunk

    async def aclose(self) -> None:
        await self._stream.aclose()


class _Transport(httpx2.AsyncHTTPTransport):
    """`overflowed`: an answer was too large."""

    overflowed = False

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        if request.method == "GET" and RESUMED not in request.headers:
            # The stream of a server's own messages, which has no end and which nobody reads here.
            return httpx2.Response(405, request=request)
        response = await super().handle_async_request(request)
        response.stream = _Stream(response.stream, self)
        if response.headers.get("content-encoding", "identity") != "identity":
            await response.aclose()
            raise httpx2.ReadError("the answer is compressed")
        return response


class Session:
    """Lives in a task of its own, to which its cancel scopes belong."""

    def __init__(self, url: str, headers: Mapping[str, str], ca_file: str = "") -> None:
        self._url, self._headers, self._ca_file = url, headers, ca_file
        self._closing = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._client: Client | None = None
        self._transport: _Transport | None = None

    @property
    def is_open(self) -> bool:
        return self._task is not None and not self._task.done() and not self._closing.is_set()

    async def open(self) -> None:
        """Raises Unreachable."""
        # It logs addresses and tracebacks of what is an ordinary failure here.
        logging.getLogger("mcp").setLevel(logging.CRITICAL)
        ready: asyncio.Future[Client] = asyncio.get_running_loop().create_future()
        self._task = asyncio.create_task(self._live(ready))
        try:
            await asyncio.wait((ready, self._task), return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            self._task.cancel()
            raise
        if not ready.done():
            await self.close()
            raise Unreachable
        self._client = ready.result()

    async def close(self) -> None:
        self._closing.set()
        if self._task is None:
            return
        await asyncio.wait((self._task,), timeout=CLOSE_SECONDS)
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await asyncio.gather(self._task, return_exceptions=True)

    async def tools(self) -> list[Tool]:
        """Raises Died, Rejected, TooMuch."""
        client = self._open_client()
        found: list[Tool] = []
        cursor = None
        for _ in range(MAX_PAGES):
            page = await self._asked(client.list_tools(cursor=cursor))
            found += page.tools
            cursor = page.next_cursor
            if not cursor:
                break
        return found

    async def call(self, name: str, arguments: dict[str, Any]) -> CallToolResult:
        """Raises Died, Rejected, TooMuch."""
        return await self._asked(self._open_client().call_tool(name, arguments))

    def _open_client(self) -> Client:
        if self._client is None or not self.is_open:
            raise Died
        return self._client

    async def _asked(self, request: Awaitable[Result]) -> Result:
        """The request's answer; Died where the session's task ends first."""
        assert self._task is not None
        asked = asyncio.ensure_future(request)
        try:
            await asyncio.wait((asked, self._task), return_when=asyncio.FIRST_COMPLETED)
        finally:
            if not asked.done():
                asked.cancel()
        try:
            return await asked
        except MCPError as error:
            if error.code in (INVALID_PARAMS, METHOD_NOT_FOUND):
                raise Rejected(error.message) from None
            raise self._end() from None
        except asyncio.CancelledError:
            current = asyncio.current_task()
            if current is not None and current.cancelling():
                raise
            raise self._end() from None
        except Exception:  # noqa: BLE001 - the client hands on whatever its transport raised
            raise self._end() from None

    def _end(self) -> Exception:
        """Why a request got no answer."""
        transport = self._transport
        if transport is None or not transport.overflowed:
            return Died()
        transport.overflowed = False
        return TooMuch()

    async def _live(self, ready: "asyncio.Future[Client]") -> None:
        transport = self._transport = _Transport(verify=self._verify(), trust_env=False)
        headers = {"Accept-Encoding": "identity", **self._headers}
        timeout = httpx2.Timeout(None, connect=CONNECT_SECONDS)
        try:
            async with (
                httpx2.AsyncClient(
                    transport=transport, headers=headers, timeout=timeout, trust_env=False
                ) as http,
                Client(streamable_http_client(self._url, http_client=http)) as client,
            ):
                ready.set_result(client)
                await self._closing.wait()
        except (Exception, BaseExceptionGroup) as error:  # noqa: BLE001 - whatever ended the
            # session: `open` and `_asked` see that the task is done
            release_frames(error)

    def _verify(self) -> Any:
        context = httpx2.create_ssl_context(trust_env=False)
        if self._ca_file:
            context.load_verify_locations(self._ca_file)
        return context


def value_of(result: CallToolResult) -> Any:
    """What the tool answered, as JSON: its structured content, else JSON in its text, else
    `{text}`. Raises TooMuch."""
    if result.structured_content is not None:
        return result.structured_content
    text = text_of(result)
    if text.lstrip()[:1] in ("{", "["):
        with suppress(Nonsense):
            return as_json(text.encode())
    return {"text": text}


def text_of(result: CallToolResult) -> str:
    texts = [part.text for part in result.content if isinstance(part, TextContent)]
    if sum(map(len, texts)) > MAX_BYTES:
        raise TooMuch
    return "\n".join(texts)
