"""What engines tell about their load: vLLM's metrics of its KV cache and its own queue.

Where an engine tells nothing (`lite`, a router before engines), requests are counted instead.
"""

import asyncio
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from gateway.upstream.client import EngineClient
from gateway.upstream.faults import WireError
from gateway.upstream.upstream import Upstream

LOOK_SECONDS = 2.0
# Until an engine is asked again that has no such metrics.
LOOK_AGAIN_SECONDS = 30.0
METRICS_SECONDS = 2.0  # for one answer
MAX_METRICS_BYTES = 4 * 1024 * 1024
SAMPLE = re.compile(
    rb"^vllm:(kv_cache_usage_perc|num_requests_waiting|cache_config_info)\{([^}\n]*)\} (\S+)$",
    re.MULTILINE,
)
LABEL = re.compile(rb'(engine|kv_cache_size_tokens|num_gpu_blocks|block_size)="([^"]*)"')


@dataclass(frozen=True, slots=True)
class Told:
    """`tokens` in the KV cache, of all requests in it. `waiting`: requests in the engine's own
    queue, whose tokens are not among them."""

    tokens: float
    waiting: float


def told_in(metrics: bytes) -> Told | None:
    """None where these are not the metrics of a vLLM that tells the size of its KV cache.

    A vLLM with data parallelism tells of each of its engines: the sum.
    """
    sizes: dict[bytes, float] = {}
    shares: dict[bytes, float] = {}
    waiting = 0.0
    for name, labels, value in SAMPLE.findall(metrics):
        told = dict(LABEL.findall(labels))
        engine = told.get(b"engine", b"")
        try:
            if name == b"cache_config_info":
                sizes[engine] = _size_in(told)
            elif name == b"num_requests_waiting":
                waiting += float(value)
            else:
                shares[engine] = float(value)
        except (KeyError, ValueError):  # "None": not known before the cache is made
            return None
    if not shares or not shares.keys() <= sizes.keys():
        return None
    return Told(sum(share * sizes[engine] for engine, share in shares.items()), waiting)


def _size_in(labels: dict[bytes, bytes]) -> float:
    """Tokens that the cache holds. Raises KeyError, ValueError."""
    if b"kv_cache_size_tokens" in labels:
        return float(labels[b"kv_cache_size_tokens"])
    return float(labels[b"num_gpu_blocks"]) * float(labels[b"block_size"])


class LoadWatch:
    """Belongs to one event loop. `run` is a background task. `usual`: tokens of a request."""

    def __init__(
        self, client: EngineClient, upstreams: Sequence[Upstream], usual: Callable[[], float]
    ) -> None:
        self._client = client
        self._upstreams = upstreams
        self._usual = usual
        self._next_look: dict[str, float] = {}  # by URL

    async def run(self) -> None:
        """Until it is cancelled."""
        while True:
            if len(self._upstreams) > 1:  # else there is nothing to choose
                await asyncio.gather(*map(self.look, self._due()))
            await asyncio.sleep(LOOK_SECONDS)

    def _due(self) -> list[Upstream]:
        now = time.monotonic()
        urls = {one.url for one in self._upstreams}
        self._next_look = {url: at for url, at in self._next_look.items() if url in urls}
        return [
            one
            for one in self._upstreams
            if one.up and not one.is_lite and self._next_look.get(one.url, now) <= now
        ]

    async def look(self, upstream: Upstream) -> None:
        """Asks one engine, and notes in it what the others have there."""
        ours = upstream.tokens  # before it answers: what comes meanwhile is not in its answer
        try:
            told = told_in(await self._metrics(upstream))
        except (WireError, TimeoutError):
            upstream.others_tokens = None
            return
        if told is None:
            upstream.others_tokens = None
            self._next_look[upstream.url] = time.monotonic() + LOOK_AGAIN_SECONDS
            return
        there = told.tokens + told.waiting * self._usual()
        upstream.others_tokens = max(0.0, there - ours)

    async def _metrics(self, upstream: Upstream) -> bytes:
        """Raises WireError, TimeoutError."""
        async with asyncio.timeout(METRICS_SECONDS):
            response = await self._client.pool(upstream).request(
                "GET", "/metrics", {"accept": "*/*"}, None, METRICS_SECONDS
            )
            try:
                body = bytes(await response.read_all(MAX_METRICS_BYTES))
                return body if response.status == 200 else b""
            finally:
                response.close()
