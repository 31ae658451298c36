"""Searches, whole conversations and exports: on threads of their own, so that they never take
those of the short routes.

One search and one export an owner at a time. What is streamed is read piece by piece, each in its
own transaction, so that memory is bounded and a slow reader holds no thread and no connection.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from gateway.storage.conversations import Conversations
from gateway.throttling.one_per_owner import OnePerOwner

SEARCH_PATIENCE = 2.0  # seconds; the page searches while somebody types


class Reports:
    def __init__(self, conversations: Conversations) -> None:
        self._conversations = conversations
        self._searching = ThreadPoolExecutor(2, "store-searching")
        self._streaming = ThreadPoolExecutor(2, "store-streaming")
        self._searches = OnePerOwner("search", SEARCH_PATIENCE)
        self._exports = OnePerOwner("export", timeout=0)

    async def search(self, owner: str, query: str, limit: int, before: str) -> dict[str, Any]:
        """A page of conversations. Raises RateLimitExceeded, NotFound, StoreUnavailable,
        UpstreamTimeout.
        """
        async with self._searches.turn(owner):
            work = partial(self._conversations.page, owner, query, limit, before)
            return await asyncio.get_running_loop().run_in_executor(self._searching, work)

    def conversation(self, owner: str, conversation_id: str) -> AsyncIterator[bytes]:
        """JSON in pieces. Raises NotFound, StoreUnavailable, UpstreamTimeout."""
        return self._streamed(self._conversations.pieces(owner, conversation_id))

    async def export(self, owner: str) -> AsyncIterator[bytes]:
        """Lines of JSON in pieces. Raises RateLimitExceeded at once while another one runs,
        StoreUnavailable, UpstreamTimeout.
        """
        async with self._exports.turn(owner):
            async for piece in self._streamed(self._conversations.every(owner)):
                yield piece

    async def _streamed(self, pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
        loop = asyncio.get_running_loop()
        while (
            piece := await loop.run_in_executor(self._streaming, next, pieces, None)
        ) is not None:
            yield piece

    def shut_down(self) -> None:
        self._searching.shutdown(wait=False, cancel_futures=True)
        self._streaming.shutdown(wait=False, cancel_futures=True)
