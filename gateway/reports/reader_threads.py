"""Searches, whole conversations and exports, on threads of their own: the short routes keep theirs.

An owner has one search and one export at a time. Long answers are read in pieces, each in its own
transaction, so memory is bounded and a slow client holds no thread and no connection.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from gateway.storage.conversations import Conversations
from gateway.throttling.one_per_owner import OnePerOwner

SEARCH_PATIENCE = 2.0  # seconds that a second search waits; the page searches as one types


class Reports:
    """Reads conversations from the event loop."""

    def __init__(self, conversations: Conversations) -> None:
        self._conversations = conversations
        self._searching = ThreadPoolExecutor(2, "store-searching")
        self._streaming = ThreadPoolExecutor(2, "store-streaming")
        self._searches = OnePerOwner("search", SEARCH_PATIENCE)
        self._exports = OnePerOwner("export", timeout=0)

    async def search(self, owner: str, query: str, limit: int, before: str) -> dict[str, Any]:
        """A page of conversations, as `Conversations.page`.

        Raises RateLimitExceeded after SEARCH_PATIENCE, NotFound, StoreUnavailable, UpstreamTimeout.
        """
        async with self._searches.turn(owner):
            work = partial(self._conversations.page, owner, query, limit, before)
            return await asyncio.get_running_loop().run_in_executor(self._searching, work)

    def conversation(self, owner: str, conversation_id: str) -> AsyncIterator[bytes]:
        """A conversation as JSON, in pieces. Raises NotFound, StoreUnavailable, UpstreamTimeout."""
        return self._streamed(self._conversations.pieces(owner, conversation_id))

    def streamed(self, pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
        """Reads each of `pieces` in a thread. Raises what they raise."""
        return self._streamed(pieces)

    async def export(self, owner: str) -> AsyncIterator[bytes]:
        """All conversations, a line of JSON each, in pieces.

        Raises RateLimitExceeded where the owner has another export running, StoreUnavailable,
        UpstreamTimeout.
        """
        async for piece in self.one_export(owner, self._conversations.every(owner)):
            yield piece

    async def one_export(self, owner: str, pieces: Iterator[bytes]) -> AsyncGenerator[bytes]:
        """The pieces, read on demand. Raises RateLimitExceeded where the owner has another export
        running, and what reading them raises.
        """
        async with self._exports.turn(owner):
            async for piece in self._streamed(pieces):
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
