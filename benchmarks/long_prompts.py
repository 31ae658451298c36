"""Long prompts among short ones: engines chosen by requests, and by what they tell of their tokens.

Two gateways' own admission and their own reading of vLLM's metrics, in simulated time; only the
engines' answers and the clock are simulated. `python -m benchmarks.long_prompts` prints a table.
"""

import asyncio
import random
from collections import Counter
from dataclasses import dataclass, field
from itertools import product

from benchmarks.relay.load import percentile
from benchmarks.thousand_engines import SimulatedTime
from gateway.observability.metrics import Metrics
from gateway.throttling.admission import Admission
from gateway.upstream.breaker import Breaker
from gateway.upstream.client import EngineClient
from gateway.upstream.told_load import LoadWatch
from gateway.upstream.upstream import Upstream

GATEWAYS, ENGINES, PLACES = 2, 8, 16  # places of one engine, split among the gateways
CACHE_TOKENS = 48_000  # of one engine's KV cache
PREFILL_SECOND = 8_000  # tokens that an engine reads in a second
ANSWER_SECONDS = 6.0  # on average; exponential
CONVERSATIONS, TURNS, READING_SECONDS = 1500, 4, 4.0
SHORT, LONG, LONG_SHARE = 600, 12_000, 0.1  # tokens: a question; one with several pictures
NEW_SHARE = 0.2  # of a prompt's tokens, where the engine has the conversation in its prefix cache
LOADS = 0.6, 0.8  # of all places, on average


@dataclass(slots=True)
class Engine:
    """Reads one prompt after the other, as far as its KV cache has room."""

    held: int = 0  # tokens in the cache
    waiting: int = 0  # requests
    fullest: int = 0
    read_until: float = 0.0
    known: set[str] = field(default_factory=set)  # conversations in its prefix cache
    room: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def read(self, tokens: int, conversation: str) -> None:
        """Returns with the first token of the answer."""
        self.waiting += 1
        async with self.room:
            await self.room.wait_for(lambda: self.held + tokens <= CACHE_TOKENS)
            self.held += tokens
        self.fullest = max(self.fullest, self.held)
        loop = asyncio.get_running_loop()
        new = tokens * (NEW_SHARE if conversation in self.known else 1.0)
        self.known.add(conversation)
        self.read_until = max(self.read_until, loop.time()) + new / PREFILL_SECOND
        await asyncio.sleep(self.read_until - loop.time())
        self.waiting -= 1

    async def end(self, tokens: int) -> None:
        async with self.room:
            self.held -= tokens
            self.room.notify_all()

    def metrics(self) -> bytes:
        """As vLLM tells them."""
        return (
            f'vllm:cache_config_info{{engine="0",kv_cache_size_tokens="{CACHE_TOKENS}"}} 1.0\n'
            f'vllm:kv_cache_usage_perc{{engine="0"}} {self.held / CACHE_TOKENS}\n'
            f'vllm:num_requests_waiting{{engine="0"}} {self.waiting}\n'
        ).encode()


class Watch(LoadWatch):
    """Asks the simulated engines."""

    engines: dict[str, Engine]

    async def _metrics(self, upstream: Upstream) -> bytes:
        return self.engines[upstream.url].metrics()


@dataclass(slots=True)
class Seen:
    first: dict[int, list[float]] = field(default_factory=lambda: {SHORT: [], LONG: []})  # seconds
    kept: Counter[bool] = field(default_factory=Counter)  # later turns, by whether at their engine


class World:
    """`tells`: engines tell of their tokens."""

    def __init__(self, load: float, conversations: int, seed: int, *, tells: bool) -> None:
        self.chance = random.Random(seed)
        self.seen = Seen()
        self.engines = {f"http://e{number}": Engine() for number in range(ENGINES)}
        self.admissions = [self._gateway() for _ in range(GATEWAYS)]
        self._conversations, self._tells = conversations, tells
        self._rate = load * ENGINES * PLACES / ANSWER_SECONDS / TURNS  # conversations a second

    def _gateway(self) -> Admission:
        upstreams = [
            Upstream(url, url, "m", 32_768, Breaker(5, 60), PLACES, up=True) for url in self.engines
        ]
        for upstream in upstreams:
            upstream.share = PLACES // GATEWAYS
        return Admission(upstreams, 1_000_000, 3600, Metrics("0", "gpu"))

    async def run(self) -> Seen:
        watches = [asyncio.create_task(self._watch(one)) for one in self.admissions]
        async with asyncio.TaskGroup() as group:
            for number in range(self._conversations):
                group.create_task(self._conversation(f"conversation-{number}"))
                await asyncio.sleep(self.chance.expovariate(self._rate))
        for watch in watches:
            watch.cancel()
        return self.seen

    async def _watch(self, admission: Admission) -> None:
        if self._tells:
            client = EngineClient(1, 1, 1)
            watch = Watch(client, admission.upstreams, lambda: admission.usual_tokens)
            watch.engines = self.engines
            await watch.run()

    async def _conversation(self, name: str) -> None:
        tokens = LONG if self.chance.random() < LONG_SHARE else SHORT
        before = ""
        for _ in range(TURNS):
            engine = await self._ask(name, tokens)
            if before:
                self.seen.kept[engine == before] += 1
            before = engine
            await asyncio.sleep(self.chance.expovariate(1 / READING_SECONDS))

    async def _ask(self, name: str, tokens: int) -> str:
        loop = asyncio.get_running_loop()
        asked = loop.time()
        admission = self.chance.choice(self.admissions)
        weight = tokens if admission.counts_tokens else 0
        permit = await admission.admit(name, name, tokens=weight)
        engine = self.engines[permit.upstream.url]
        await engine.read(tokens, name)
        self.seen.first[tokens].append(loop.time() - asked)
        await asyncio.sleep(self.chance.expovariate(1 / ANSWER_SECONDS))
        await engine.end(tokens)
        permit.release()
        return permit.upstream.url


def simulated(load: float, conversations: int, seed: int, *, tells: bool) -> Seen:
    loop = SimulatedTime()
    try:
        return loop.run_until_complete(World(load, conversations, seed, tells=tells).run())
    finally:
        loop.close()


def section() -> str:
    lines = []
    for load, (name, tells) in product(LOADS, (("requests", False), ("tokens", True))):
        seen = simulated(load, CONVERSATIONS, 1, tells=tells)
        times = [
            " / ".join(f"{percentile(seen.first[kind], part):.2f}" for part in (50, 95, 99))
            for kind in (SHORT, LONG)
        ]
        kept = seen.kept[True] / seen.kept.total()
        lines.append(f"| {load:.0%} | {name} | {times[0]} | {times[1]} | {kept:.1%} |")
    return f"""{GATEWAYS} gateways, {ENGINES} engines of {PLACES} places that read {PREFILL_SECOND:,} tokens a second and hold
{CACHE_TOKENS:,}: one conversation of ten has {LONG:,} tokens, the others {SHORT}. The gateway's own admission
and reading of vLLM's metrics, with simulated engines and time; {CONVERSATIONS:,} conversations of {TURNS} turns.

| load | counted | first token of short prompts p50 / p95 / p99, s | of long ones, s | later turns at their engine |
| ---: | --- | ---: | ---: | ---: |
""" + "\n".join(lines)


if __name__ == "__main__":
    print(section())
