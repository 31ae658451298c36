"""Cancels the work of a request whose client has left."""

from collections.abc import Coroutine
from typing import Any, TypeVar

from fastapi import Request

from gateway.api.chat_response import run_while_connected
from gateway.errors import RequestTimeout
from gateway.server.request_context import context_of

Result = TypeVar("Result")


async def unless_client_leaves(request: Request, work: Coroutine[Any, Any, Result]) -> Result:
    """The result of `work`, which is cancelled when the client leaves. Raises what `work` raises,
    and RequestTimeout, which nobody receives, where the client has left."""
    results: list[Result] = []

    async def run() -> None:
        results.append(await work)

    if not await run_while_connected(context_of(request.scope).connection, run()):
        raise RequestTimeout(
            "The client left before the answer was ready.", details={"name": "left"}
        )
    return results[0]
