"""Which addresses are public, and the resolver that finds them."""

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from gateway.auth.networks import Address, is_tunnel, parse_address

RESOLVER_THREADS = 4
# Missing in Python's registry of special addresses: NAT64 (RFC 6052, 8215), site-local addresses
# (RFC 3879), 6to4 relays (RFC 7526), documentation (RFC 9637).
NOT_PUBLIC = tuple(
    ipaddress.ip_network(text)
    for text in ("64:ff9b::/96", "64:ff9b:1::/48", "fec0::/10", "192.88.99.0/24", "3fff::/20")
)

Resolve = Callable[[str, int], Awaitable[list[Address]]]


class Resolver:
    """The system's resolver, in threads of its own: a name server that does not answer delays only
    other remote pictures."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(RESOLVER_THREADS, "resolver")

    async def __call__(self, host: str, port: int) -> list[Address]:
        """All addresses of a name. Raises OSError."""
        resolve = partial(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
        found = await asyncio.get_running_loop().run_in_executor(self._threads, resolve)
        return [
            address for entry in found if (address := parse_address(str(entry[4][0]))) is not None
        ]

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)


def is_public(address: Address) -> bool:
    """Whether the address is reachable from everywhere, and no tunnel to somewhere else."""
    if not address.is_global or address.is_multicast or address.is_reserved:
        return False
    return not is_tunnel(address) and not any(address in network for network in NOT_PUBLIC)
