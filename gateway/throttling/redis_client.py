"""A client of the Redis that gateways share."""

from typing import Any, cast

from coredis.exceptions import RedisError
from limits.errors import ConfigurationError
from limits.storage import storage_from_string

from gateway.settings import WrongSettings

# What a call raises where Redis is away, slow or refuses.
FAILURES = (RedisError, OSError, TimeoutError)


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
    return cast(Any, storage).bridge.get_connection()
