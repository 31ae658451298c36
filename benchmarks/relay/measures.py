"""Measures of every relay: CPU, first tokens, throughput, memory. Each returns figures by name."""

import asyncio
import resource
import subprocess
import time
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from typing import Any

import psutil
import uvloop

from benchmarks.relay import load, script
from benchmarks.relay.load import Plan, Result, percentile
from benchmarks.relay.peers import Relay

Figures = dict[str, float]
SAMPLE_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class Sizes:
    """Size of the load. Figures of BRIEF only show that everything works."""

    rounds: int = 3  # of all relays in turn; each row is the median
    windows: int = 8  # with the relays side by side
    window_seconds: float = 4.0
    streams: int = 256
    tokens: int = script.TOKENS
    seconds: float = 6.0
    clients: int = 32
    pairs: int = 500
    open_streams: int = 1000
    open_tokens: int = 64
    events: int = 1_000_000
    photos: int = 20
    photo_width: int = 4032  # pixels; the height is three quarters of it
    bodies: int = 19
    warming_bodies: int = 7
    settle: float = 1.0  # seconds before memory is measured


FULL = Sizes()
BRIEF = Sizes(
    rounds=2,
    windows=2,
    window_seconds=1.0,
    streams=32,
    seconds=1.0,
    clients=16,
    pairs=50,
    open_streams=100,
    open_tokens=8,
    events=20_000,
    photos=4,
    bodies=2,
    warming_bodies=1,
)


class WrongAnswers(Exception):
    """A relay changed, lost or refused an answer, so its figures are worthless."""


@dataclass(slots=True)
class Bench:
    """One relay in front of the engine. `say` reports progress."""

    relay: Relay
    engine_url: str
    engine: "subprocess.Popen[bytes]"
    sizes: Sizes
    say: Callable[[str], None]

    def run(self, what: str, plan: Plan) -> tuple[Result, Figures]:
        """(result of the load, CPU seconds of relay, engine and client and peak resident bytes)."""
        own, engine = time.process_time(), cpu_of(self.engine.pid)
        relay = self.relay.cpu()
        result, resident = uvloop.run(self._sampled(load.run(self.relay.url, plan)))
        spent = {
            "relay": self.relay.cpu() - relay,
            "engine": cpu_of(self.engine.pid) - engine,
            "client": time.process_time() - own,
            "resident": float(resident),
        }
        self.judge(what, result)
        busy = ", ".join(
            f"{name} {spent[name] / result.seconds:.0%}" for name in ("relay", "engine", "client")
        )
        self.say(
            f"{self.relay.name}: {what}: {result.answers} answers in {result.seconds:.1f} s ({busy} of a core)"
        )
        return result, spent

    def judge(self, what: str, result: Result) -> None:
        if result.faults:
            raise WrongAnswers(
                f"{self.relay.name}, {what}: {len(result.faults)} wrong, the first: {result.faults[0]}"
            )

    async def _sampled(self, work: Coroutine[Any, Any, Result]) -> tuple[Result, int]:
        peak = 0

        async def sample() -> None:
            nonlocal peak
            while True:
                peak = max(peak, self.relay.resident())
                await asyncio.sleep(SAMPLE_SECONDS)

        sampling = asyncio.ensure_future(sample())
        try:
            return await work, peak
        finally:
            sampling.cancel()


def medians(found: list[Figures]) -> Figures:
    """The median of each row's figures."""
    rows: dict[str, list[float]] = {}
    for figures in found:
        for row, figure in figures.items():
            rows.setdefault(row, []).append(figure)
    return {row: median(each) for row, each in rows.items()}


def cpu_of(pid: int) -> float:
    times = psutil.Process(pid).cpu_times()
    return float(times.user + times.system)


def quick_figures(bench: Bench) -> Iterator[Figures]:
    """Yields after each measure, so a relay that fails keeps its figures. Raises WrongAnswers."""
    bench.run("warming up", Plan(bench.sizes.clients, 2, bench.relay.check))
    for measure in (streamed, back_to_back, whole, added):
        yield measure(bench)


def memory_figures(bench: Bench, events: int) -> Iterator[Figures]:
    """Resident memory with many open streams, and again after `events`. Raises WrongAnswers."""
    sizes = bench.sizes
    yield {"resident": open_streams(bench)}
    if events:
        rounds = max(1, events // script.events(script.TOKENS) // sizes.clients)
        bench.run(f"{events:,} events", Plan(sizes.clients, rounds, bench.relay.check))
        yield {"resident_after": open_streams(bench)}


def streamed(bench: Bench) -> Figures:
    """CPU an event, and first tokens with all streams open.

    New streams start evenly spread as old ones end. The herd is the other extreme: all streams
    are requested at the same moment, over open connections.
    """
    sizes = bench.sizes
    plan = replace(paced(bench, sizes.seconds), rounds=2, timed_from=1)
    result, spent = bench.run(f"{sizes.streams} streams, 20 ms a token", plan)
    herd, _ = bench.run("the herd", replace(plan, rounds=1, seconds=0.0, spread=0.0, timed_from=0))
    return {
        "cpu_event": spent["relay"] / result.events * 1e6,
        "first_p50": percentile(result.to_first_token, 50) * 1000,
        "first_p99": percentile(result.to_first_token, 99) * 1000,
        "herd_p50": percentile(herd.to_first_token, 50) * 1000,
        "herd_p99": percentile(herd.to_first_token, 99) * 1000,
    }


def side_by_side(benches: list[Bench], windows: int, ours: str) -> dict[str, float]:
    """CPU an event by relay: the median of short windows in turn, with all relays running.

    Figures from different minutes depend on the machine as much as on the relay. Raises
    WrongAnswers if `ours` fails; another relay that fails is left out.
    """
    found: dict[str, list[float]] = {bench.relay.name: [] for bench in benches}
    for turn in range(windows):
        first = turn % len(benches)
        for bench in benches[first:] + benches[:first]:
            name = bench.relay.name
            if name not in found:
                continue
            try:
                result, spent = bench.run("side by side", paced(bench, bench.sizes.window_seconds))
            except WrongAnswers as wrong:
                if name == ours:
                    raise
                bench.say(f"left out from here on: {wrong}")
                del found[name]
            else:
                found[name].append(spent["relay"] / result.events * 1e6)
    return {name: median(each) for name, each in found.items()}


def paced(bench: Bench, seconds: float) -> Plan:
    """Streams with 20 ms between tokens; their starts are evenly spread."""
    sizes = bench.sizes
    lasts = sizes.tokens * 0.020
    return Plan(
        sizes.streams,
        1,
        bench.relay.check,
        tokens=sizes.tokens,
        pace=20,
        seconds=seconds,
        spread=lasts,
    )


def back_to_back(bench: Bench) -> Figures:
    plan = Plan(bench.sizes.clients, 2, bench.relay.check, seconds=bench.sizes.seconds)
    result, spent = bench.run("back to back", plan)
    return {
        "streams_second": result.answers / result.seconds,
        "engine_busy": spent["engine"] / result.seconds * 100,
        "client_busy": spent["client"] / result.seconds * 100,
    }


def whole(bench: Bench) -> Figures:
    plan = Plan(bench.sizes.clients, 2, load.whole_text, stream=False, seconds=bench.sizes.seconds)
    result, _ = bench.run("not streamed", plan)
    return {"whole_second": result.answers / result.seconds}


def added(bench: Bench) -> Figures:
    """What the relay adds to one client's first token, compared in pairs with the engine alone."""
    plan = Plan(1, 1, bench.relay.check)
    pairs = bench.sizes.pairs
    differences, result = uvloop.run(load.added(bench.engine_url, bench.relay.url, pairs, plan))
    bench.judge("added to the first token", result)
    return {
        "added_p50": percentile(differences, 50) * 1000,
        "added_p99": percentile(differences, 99) * 1000,
    }


def open_streams(bench: Bench) -> float:
    """Peak resident MB with many open streams, 100 ms a token: 20 would saturate the load core."""
    count = bench.sizes.open_streams
    tokens = bench.sizes.open_tokens
    plan = Plan(count, 1, bench.relay.check, tokens=tokens, pace=100, spread=tokens * 0.1 / 4)
    _, spent = bench.run(f"{count} open streams", plan)
    return spent["resident"] / 1e6


def direct_figures(bench: Bench) -> Iterator[Figures]:
    """The limits of the instrument: no relay, engine and client on one core."""
    first = streamed(bench)
    del first["cpu_event"]
    yield first
    yield back_to_back(bench)
    yield whole(bench)


def raise_file_limit() -> None:
    """Every relay needs two sockets a stream. Children inherit the limit."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < 8192:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(8192, hard), hard))


def peak_resident(pid: int) -> int:
    """Peak bytes since `forget_peak`."""
    status = Path(f"/proc/{pid}/status").read_text("ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024


def forget_peak(pid: int) -> None:
    Path(f"/proc/{pid}/clear_refs").write_text("5", "ascii")
