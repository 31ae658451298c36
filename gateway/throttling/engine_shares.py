"""MAX_CONCURRENT and MAX_QUEUED of an engine, over all gateways that share a Redis.

Each gateway holds a part of an engine's places and admits within it, without asking anybody. It
tells Redis some times a second what it uses and what waits, and reads what the others tell; the
parts follow the demand (share_split.py). The places that all gateways hold are never more than the
engine has. The queue is full by what the others told last, so a burst may fill it a little more.
While Redis is away each keeps to an equal part of the gateways that were last seen.
"""

import asyncio
import secrets
import time
from typing import Any

import orjson
import structlog

from gateway.errors import release_frames
from gateway.throttling.admission import Admission
from gateway.throttling.redis_client import FAILURES
from gateway.throttling.share_split import Demand, part_of
from gateway.upstream.upstream import Upstream

log = structlog.get_logger()
ROUND_SECONDS = 0.25
BUSY_SECONDS = 0.05  # between two rounds while requests wait
REDIS_SECONDS = 2.0  # for one round; the others still leave us our part
LOST_SECONDS = 3.0  # a gateway that has not told anything for so long has no part any more
# After a start without Redis: then this gateway takes itself for the only one.
ALONE_SECONDS = 5.0
# After a start, and after Redis was away, all tell what they hold before anyone takes more.
SETTLE_SECONDS = 1.0
KEY = "sightdesk/engine-shares"

# KEYS: the hash of what each gateway told. ARGV: the gateway's name, what it tells, as JSON:
# {engine: [places, used, waiting, owners, waited, wanted part]}, and LOST_SECONDS. The wanted part
# is cut to what the others do not hold, and replaced by what is held: the answer is the hash's.
TELL = """
local time = redis.call('TIME')
local now = time[1] + time[2] / 1000000
local told = redis.call('HGETALL', KEYS[1])
local mine, others, held = cjson.decode(ARGV[2]), {}, {}
for at = 1, #told, 2 do
    if told[at] ~= ARGV[1] then
        local one = cjson.decode(told[at + 1])
        if now - one.time > tonumber(ARGV[3]) then
            redis.call('HDEL', KEYS[1], told[at])
        else
            others[#others + 1] = told[at]
            others[#others + 1] = told[at + 1]
            for engine, demand in pairs(one.engines) do
                held[engine] = (held[engine] or 0) + demand[6]
            end
        end
    end
end
for engine, demand in pairs(mine) do
    local free = math.max(0, demand[1] - (held[engine] or 0))
    demand[6] = math.max(demand[2], math.min(demand[6], free))
end
local kept = cjson.encode({time = now, engines = mine})
redis.call('HSET', KEYS[1], ARGV[1], kept)
others[#others + 1] = ARGV[1]
others[#others + 1] = kept
return others
"""
Told = dict[str, dict[str, Demand]]  # by engine, by gateway


class EngineShares:
    """Belongs to one event loop. `run` is a background task."""

    def __init__(self, client: Any, admission: Admission) -> None:
        self._client = client
        self._script = client.register_script(TELL)
        self._admission = admission
        self._name = secrets.token_hex(8)
        self._wanted: dict[str, int] = {}  # parts, by the engine's URL
        self._gateways = 0  # not known yet
        self._began = time.monotonic()
        self._settled_at = self._began + SETTLE_SECONDS
        self._is_away = False

    async def run(self) -> None:
        """Until it is cancelled."""
        while True:
            try:
                async with asyncio.timeout(REDIS_SECONDS):
                    await self._round()
            except FAILURES as error:
                self._keep_apart(error)
                release_frames(error)
            else:
                self._note_success()
            await asyncio.sleep(BUSY_SECONDS if self._admission.depth else ROUND_SECONDS)

    async def close(self) -> None:
        """Gives its parts to the others."""
        try:
            async with asyncio.timeout(REDIS_SECONDS):
                await self._client.hdel(KEY, [self._name])
        except FAILURES as error:
            release_frames(error)
        self._client.connection_pool.disconnect()

    async def _round(self) -> None:
        waiting = self._admission.waiting()  # once: it looks at all that wait
        mine = {one.url: self._demand(one, waiting) for one in self._admission.upstreams}
        told = as_told(await self._script.execute([KEY], [self._name, as_json(mine), LOST_SECONDS]))
        self._gateways = len(set().union(*told.values()))
        self._admission.elsewhere = waiting_elsewhere(told, self._name)
        for upstream in self._admission.upstreams:
            if demands := told.get(upstream.url):
                self._adopt(upstream, demands)
        self._admission.dispatch()

    def _adopt(self, upstream: Upstream, demands: dict[str, Demand]) -> None:
        wanted = part_of(self._name, demands)
        if time.monotonic() < self._settled_at:
            wanted = min(wanted, self._equal_part(upstream))
        self._wanted[upstream.url] = wanted
        upstream.share = min(wanted, demands[self._name].held)

    def _demand(self, upstream: Upstream, waiting: tuple[int, int, float]) -> Demand:
        wanted = self._wanted.get(upstream.url, self._equal_part(upstream))
        return Demand(upstream.max_concurrent, upstream.inflight, *waiting, wanted)

    def _equal_part(self, upstream: Upstream) -> int:
        return max(1, upstream.max_concurrent // max(1, self._gateways))

    def _keep_apart(self, error: BaseException) -> None:
        if not self._is_away:
            log.warning("engine_shares_apart", gateways=self._gateways, reason=type(error).__name__)
        self._is_away = True
        if not self._gateways and time.monotonic() - self._began < ALONE_SECONDS:
            return
        for upstream in self._admission.upstreams:
            upstream.share = self._equal_part(upstream)
            self._wanted[upstream.url] = upstream.share
        limit = self._admission.max_queued
        self._admission.elsewhere = limit - max(1, limit // max(1, self._gateways))
        self._admission.dispatch()

    def _note_success(self) -> None:
        if self._is_away:
            log.warning("engine_shares_together")
            self._settled_at = time.monotonic() + SETTLE_SECONDS
        self._is_away = False


def as_json(demands: dict[str, Demand]) -> bytes:
    return orjson.dumps(
        {
            url: [one.places, one.used, one.waiting, one.owners, one.waited, one.held]
            for url, one in demands.items()
        }
    )


def as_told(answer: list[bytes]) -> Told:
    told: Told = {}
    for name, kept in zip(answer[::2], answer[1::2], strict=True):
        for url, values in orjson.loads(kept)["engines"].items():
            told.setdefault(url, {})[name.decode()] = Demand(*values)
    return told


def waiting_elsewhere(told: Told, name: str) -> int:
    """Requests that wait at all gateways but this one. Each tells the same of every engine."""
    waiting = {
        gateway: demand.waiting
        for demands in told.values()
        for gateway, demand in demands.items()
        if gateway != name
    }
    return sum(waiting.values())
