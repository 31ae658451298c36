"""The body of a chat request: parsed while it comes; and its schema for the OpenAPI document."""

import asyncio
import io
from collections.abc import Callable
from typing import Any

from fastapi import Request
from starlette.requests import ClientDisconnect

from gateway.openai.body_limits import TextLimit
from gateway.openai.body_parser import parse
from gateway.openai.chat_request import ChatRequest
from gateway.server.request_context import context_of
from gateway.throttling.fair_queue import FairQueue

THREAD_BYTES = 64 * 1024  # a body of more is parsed in a thread
# Each thread that parses takes the interpreter's lock from all other requests for a millisecond at
# a time.
THREADS, THREADS_PER_OWNER = 2, 1
WAITING_PER_OWNER = 256


class BodyReader:
    """Belongs to one event loop. `longest_context`: tokens that the largest engine holds."""

    def __init__(self, longest_context: Callable[[], int]) -> None:
        self._longest_context = longest_context
        self._large = FairQueue(
            THREADS, WAITING_PER_OWNER, "large requests to be parsed", THREADS_PER_OWNER
        )

    async def read(self, request: Request, shape: type[Any]) -> Any:
        """The request in a body whose size `RequestLimits` bounds.

        Raises ClientDisconnect, QueueFull, and ContextLengthExceeded before the body has all come.
        """
        longest = self._longest_context()
        text_limit = TextLimit(longest)
        body = await _whole_body(request, text_limit)
        if len(body) < THREAD_BYTES:
            return parse(shape, body, text_limit, longest)
        async with self._large.turn(context_of(request.scope).limit_owner):
            return await asyncio.to_thread(parse, shape, body, text_limit, longest)


async def _whole_body(request: Request, text_limit: TextLimit) -> bytes:
    """In memory once, never twice: with pictures it may have many megabytes."""
    piece, more = await _piece(request)
    text_limit.feed(piece)
    if not more:
        return piece
    declared = int(context_of(request.scope).request_headers.get("content-length", "0"))
    # Of its full size from the start: a buffer that grows stays in malloc's heap when it is freed.
    # Zeros take no memory before they are written over.
    buffer = io.BytesIO(bytes(declared))
    buffer.write(piece)
    while more:
        piece, more = await _piece(request)
        text_limit.feed(piece)
        buffer.write(piece)
    buffer.truncate()
    body = buffer.getvalue()  # the buffer's own bytes, no copy
    buffer.close()
    return body


async def _piece(request: Request) -> tuple[bytes, bool]:
    message = await request.receive()
    if message["type"] == "http.disconnect":
        raise ClientDisconnect
    return message.get("body", b""), message.get("more_body", False)


def documented(shape: type[ChatRequest]) -> dict[str, Any]:
    """The body's schema for the OpenAPI document. The body is parsed by hand, so that errors are
    OpenAI's."""
    schema = shape.model_json_schema(ref_template="#/components/schemas/{model}")
    definitions = schema.pop("$defs", {})
    text = _inlined(schema, definitions)
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": text}}}}


def _inlined(schema: Any, definitions: dict[str, Any]) -> Any:
    if isinstance(schema, dict):
        reference = schema.get("$ref")
        if isinstance(reference, str):
            return _inlined(definitions[reference.rpartition("/")[2]], definitions)
        return {
            name: _inlined(value, definitions)
            for name, value in schema.items()
            if name != "discriminator"
        }
    return [_inlined(item, definitions) for item in schema] if isinstance(schema, list) else schema
