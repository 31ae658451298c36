"""The addresses of one host. While the name server is away, the last ones that it told."""

import asyncio
import math
import socket
from collections.abc import Sequence

from gateway.upstream.addresses import is_address

FRESH_SECONDS = 5.0
WAIT_SECONDS = 0.5  # for the name server, where older addresses are known


class HostAddresses:
    """Belongs to one event loop. One lookup at a time: uvloop makes two at most, and one that
    nobody waits for any more goes on."""

    def __init__(self, host: str, port: int) -> None:
        self._host = host
        self._port = port
        self._known: Sequence[str] = (host,) if is_address(host) else ()
        self._known_at = math.inf if self._known else -math.inf
        self._lookup: asyncio.Task[Sequence[str]] | None = None
        self._asked_at = -math.inf

    async def get(self) -> Sequence[str]:
        """Raises OSError where the name was never found."""
        loop = asyncio.get_running_loop()
        if loop.time() - self._known_at < FRESH_SECONDS:
            return self._known
        lookup = self._running()
        if not self._known:
            return await asyncio.shield(lookup)
        left = self._asked_at + WAIT_SECONDS - loop.time()
        if left > 0:
            await asyncio.wait((lookup,), timeout=left)
        return self._known

    def doubt(self) -> None:
        """A connection failed: the next one asks the name server first."""
        if not is_address(self._host):
            self._known_at = -math.inf

    def _running(self) -> "asyncio.Task[Sequence[str]]":
        if self._lookup is None:
            self._lookup = asyncio.create_task(look_up(self._host, self._port))
            self._lookup.add_done_callback(self._done)
            self._asked_at = asyncio.get_running_loop().time()
        return self._lookup

    def _done(self, lookup: "asyncio.Task[Sequence[str]]") -> None:
        self._lookup = None
        if not lookup.cancelled() and lookup.exception() is None and lookup.result():
            self._known = lookup.result()
            self._known_at = asyncio.get_running_loop().time()


async def look_up(host: str, port: int) -> Sequence[str]:
    """In the order in which they are to be tried. Raises OSError."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for _, _, _, _, address in found))
