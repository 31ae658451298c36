"""A client of the Redis that gateways share."""

import asyncio
import socket
from typing import Any, cast
from weakref import WeakKeyDictionary

from coredis.connection import Connection
from coredis.exceptions import ConnectionError as NotConnected
from coredis.exceptions import RedisError
from limits.errors import ConfigurationError
from limits.storage import storage_from_string

from gateway.settings import WrongSettings

# What a call raises where Redis is away, slow or refuses.
FAILURES = (RedisError, OSError, TimeoutError)
Lookup = asyncio.Future[list[Any]]
_lookups: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[str, Lookup]] = WeakKeyDictionary()


class FoundFirst(Connection):
    """Looks its server's name up before it connects, once for all that connect meanwhile.

    uvloop looks up two names at a time, and a call that was given up goes on waiting there. While
    Redis is away its name takes a second or more: a lookup for each try would keep the gateway from
    connecting to its engines.
    """

    async def connect(self) -> None:
        try:
            await asyncio.shield(_lookup(self.host))
        except OSError as error:
            raise NotConnected(str(error)) from error
        await super().connect()


def _lookup(host: str) -> Lookup:
    """The lookup that runs, or else a new one."""
    loop = asyncio.get_running_loop()
    running = _lookups.setdefault(loop, {})
    if host not in running:
        lookup = asyncio.ensure_future(loop.getaddrinfo(host, None, type=socket.SOCK_STREAM))
        running[host] = lookup
        lookup.add_done_callback(lambda done: _forget(running, host, done))
    return running[host]


def _forget(running: dict[str, Lookup], host: str, lookup: Lookup) -> None:
    del running[host]
    if not lookup.cancelled():
        lookup.exception()  # read, since all that waited may have left


def redis_client(url: str, timeout: float) -> Any:
    """`url` as `limits` reads it: redis://, rediss://, redis+sentinel://, redis+cluster://.
    `timeout` of one reply, in seconds. It connects at the first call. Raises WrongSettings, without
    the URL, which may hold a password."""
    try:
        storage = storage_from_string(
            f"async+{url}", implementation="coredis", stream_timeout=timeout
        )
    except (ConfigurationError, ValueError):
        raise WrongSettings(
            "RATE_LIMIT_STORAGE=(hidden): memory:// or redis://host:port/db"
        ) from None
    client = cast(Any, storage).bridge.get_connection()
    # Sentinel and Cluster have connections of their own.
    if getattr(client.connection_pool, "connection_class", None) is Connection:
        client.connection_pool.connection_class = FoundFirst
    return client
