"""What 1,000 engines see: the gateway's own admission, in simulated time.

Conversations of four turns come and wait for their turn as they would; only the engines' answers
and the clock are simulated. Printed by `make bench-scale`.
"""

import asyncio
import random
import time
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any

from benchmarks.relay.load import percentile
from gateway.observability.metrics import Metrics
from gateway.throttling.admission import Admission
from gateway.upstream.breaker import Breaker
from gateway.upstream.upstream import Upstream

ENGINES, PLACES = 1000, 4
CONVERSATIONS, FLOOD = 3000, 1500
ANSWER_SECONDS = 6.0  # on average; exponential
TURNS, READING_SECONDS = 4, 2.0  # of a conversation; between an answer and the next question


class SimulatedTime(asyncio.SelectorEventLoop):
    """Its clock jumps to the next timer where nothing else is to be done."""

    def __init__(self) -> None:
        self._now = 0.0
        super().__init__()

    def time(self) -> float:
        return self._now

    def _run_once(self) -> None:
        ready, timers = self._ready, self._scheduled  # type: ignore[attr-defined]  # CPython's own
        if not ready and timers:
            self._now = max(self._now, timers[0].when())
        super()._run_once()  # type: ignore[misc]  # CPython's own


@dataclass(slots=True)
class Seen:
    kept: int = 0  # later turns that found the engine of the turn before
    moved: int = 0
    fullest: float = 0.0  # the busiest engine's share of its places
    waits: dict[str, list[float]] = field(default_factory=dict)  # seconds, by kind of owner


class World:
    """`load`: of all places, on average. `flood`: questions of one owner at the same moment."""

    def __init__(self, load: float, conversations: int, flood: int, seed: int) -> None:
        self.chance = random.Random(seed)
        self.seen = Seen(waits={"single": [], "flood": []})
        self.engines = [
            Upstream(f"e{number}", f"http://e{number}", "m", 8192, Breaker(5, 60), PLACES)
            for number in range(ENGINES)
        ]
        self.admission = Admission(self.engines, 1_000_000, 3600, Metrics("0", "cpu"))
        self._rate = load * ENGINES * PLACES / ANSWER_SECONDS / TURNS  # conversations a second
        self._conversations, self._flood = conversations, flood

    async def run(self) -> Seen:
        async with asyncio.TaskGroup() as group:
            for number in range(self._conversations):
                if number == self._conversations // 2:
                    for one in range(self._flood):
                        group.create_task(self._ask("flood", f"flood-{one}", "flood"))
                group.create_task(self._conversation(number))
                await asyncio.sleep(self.chance.expovariate(self._rate))
        return self.seen

    async def _conversation(self, number: int) -> None:
        before = ""
        for _ in range(TURNS):
            engine = await self._ask(f"owner-{number}", f"conversation-{number}", "single")
            if before:
                self.seen.kept += engine == before
                self.seen.moved += engine != before
            before = engine
            await asyncio.sleep(self.chance.expovariate(1 / READING_SECONDS))

    async def _ask(self, owner: str, affinity: str, kind: str) -> str:
        loop = asyncio.get_running_loop()
        asked = loop.time()
        permit = await self.admission.admit(owner, affinity)
        self.seen.waits[kind].append(loop.time() - asked)
        upstream = permit.upstream
        self.seen.fullest = max(self.seen.fullest, upstream.inflight / PLACES)
        await asyncio.sleep(self.chance.expovariate(1 / ANSWER_SECONDS))
        permit.release()
        return upstream.name


def simulated(work: Coroutine[Any, Any, Seen]) -> Seen:
    loop = SimulatedTime()
    try:
        return loop.run_until_complete(work)
    finally:
        loop.close()


def section() -> str:
    lines = []
    for load, flood in ((0.5, 0), (0.8, 0), (0.8, FLOOD)):
        started = time.process_time()
        seen = simulated(World(load, CONVERSATIONS, flood, seed=1).run())
        spent = time.process_time() - started
        singles, floods = seen.waits["single"], seen.waits["flood"]
        waited = f"{percentile(singles, 50):.2f} / {percentile(singles, 99):.2f}"
        flooded = f"{percentile(floods, 50):.1f}" if floods else "–"
        kept, asked = seen.kept / (seen.kept + seen.moved), len(singles) + len(floods)
        lines.append(
            f"| {load:.0%} | {flood:,} | {kept:.1%} | {waited} | {flooded} "
            f"| {spent / asked * 1000:.2f} |"
        )
    return f"""{ENGINES:,} engines of {PLACES} places: the gateway's own admission, with simulated engines
and time. {CONVERSATIONS:,} conversations of {TURNS} turns each; answers of {ANSWER_SECONDS:g} s
on average. In the last row one owner asks {FLOOD:,} questions at the same moment.

| load | of one owner at once | later turns at their engine | wait of the others p50 / p99, s | of that owner p50, s | CPU an answer, ms |
| ---: | ---: | ---: | ---: | ---: | ---: |
""" + "\n".join(lines)
