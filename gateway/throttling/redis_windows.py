"""Sliding windows in Redis, shared among gateways, by Redis's own clock.

`limits` has a sliding window, too, but it uses the clock of the gateway that asks: one that is an
hour ahead blocks callers for an hour on all gateways. It also needs two calls for each request.
"""

from gateway.throttling.memory_windows import Window
from gateway.throttling.redis_client import redis_client

# KEYS: the caller. ARGV: limit, window in seconds. The list holds the times of allowed requests,
# newest first.
HIT = """
local time = redis.call('TIME')
local now = time[1] + time[2] / 1000000
local limit, seconds = tonumber(ARGV[1]), tonumber(ARGV[2])
local function at(index) return tonumber(redis.call('lindex', KEYS[1], index) or false) end
-- If Redis's clock went back, requests of the future are dropped.
local newest = at(0)
while newest and newest > now do
    redis.call('lpop', KEYS[1])
    newest = at(0)
end
local oldest = at(-1)
while oldest and oldest <= now - seconds do
    redis.call('rpop', KEYS[1])
    oldest = at(-1)
end
local count = redis.call('llen', KEYS[1])
local allowed = count < limit
if allowed then
    redis.call('lpush', KEYS[1], string.format('%.6f', now))
    redis.call('expire', KEYS[1], seconds)
    count = count + 1
end
local reset = (oldest or now) + seconds - now
return {allowed and 1 or 0, math.max(0, limit - count), string.format('%.6f', reset)}
"""


class RedisWindows:
    def __init__(self, url: str, timeout: float) -> None:
        """`url` and `timeout` as `redis_client` takes them."""
        self._client = redis_client(url, timeout)
        self._script = self._client.register_script(HIT)

    async def hit(self, key: str, limit: int, seconds: int) -> Window:
        """Counts one request, if it fits: at most `limit` in any `seconds`. Raises coredis's
        errors."""
        allowed, remaining, reset = await self._script.execute(
            [f"sightdesk/{key}"], [limit, seconds]
        )
        return Window(bool(allowed), int(remaining), max(0.0, float(reset)))

    def close(self) -> None:
        self._client.connection_pool.disconnect()
