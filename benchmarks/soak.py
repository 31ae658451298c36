"""`make soak`: mixed load on a gateway in front of two engines that fail on request (SECONDS=300).

Hostile bodies and pictures are part of the load. No response may be unexpected, memory must not
grow, and every token is counted: for complete answers the sums that clients saw, that engines sent
and that `sightdesk_tokens_total` shows are equal. Exits with 1 otherwise.
"""

import asyncio
import os
import signal
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import psutil

from benchmarks.visitors import Visitors
from tests.support.servers import Running, running, running_gateway, wait_for

CLIENTS = 48
PLACES = 16
# Longer than anything is kept by time. Memory that grows after that is a leak.
WARM_SECONDS = 80.0
SETTLE_SECONDS = 7.0  # engines close idle connections after 5 s
REPORT_SECONDS = 10
# Files of five pooled database connections opened under load: database, WAL, shared memory each.
DATABASE_FILES = 15
# Rate limits keep a minute of requests, uvicorn 75 s of reset connections: both vary with the load.
MEMORY_SLACK = 12 * 1024 * 1024
SLOPE_MB = 1.0  # a minute, under load, after FLAT_AFTER_SECONDS
FLAT_AFTER_SECONDS = 60.0
MB = 1_000_000
SETTINGS = {
    "ENGINE": "cpu", "READER_URL": "", "MAX_CONCURRENT": str(PLACES), "FIRST_TOKEN_TIMEOUT": "6", "IDLE_TIMEOUT": "6",
    "QUEUE_TIMEOUT": "60", "BREAKER_FAILURES": "50", "RESUME_GRACE": "3",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Size:
    """(resident bytes, file descriptors, asyncio tasks) of the gateway's process."""

    memory: int
    files: int
    tasks: int

    def __str__(self) -> str:
        return f"{self.memory / 1024**2:.0f} MiB, {self.files} file descriptors, {self.tasks} tasks"


def measure(gateway: Running, watch: Path, before: Size | None = None) -> Size:
    """Measured when idle, after kept-alive connections have closed; longer on a busy machine."""
    deadline = time.monotonic() + SETTLE_SECONDS * 5
    while True:
        time.sleep(SETTLE_SECONDS)
        size = look(gateway, watch)
        if before is None or not grew(before, size) or time.monotonic() > deadline:
            return size


def grew(before: Size, after: Size) -> bool:
    return after.files > before.files + DATABASE_FILES or after.tasks > before.tasks + 1


def look(gateway: Running, watch: Path) -> Size:
    watch.write_text("")
    gateway.process.send_signal(signal.SIGUSR1)
    while not watch.read_text():
        time.sleep(0.05)
    process = psutil.Process(gateway.process.pid)
    return Size(process.memory_info().rss, process.num_fds(), int(watch.read_text()))


async def load(visitors: Visitors, seconds: float, gateway: Running) -> list[tuple[float, int]]:
    """(seconds, resident bytes), once a second."""
    deadline = time.monotonic() + seconds
    sizes: list[tuple[float, int]] = []

    async def come_and_go() -> None:
        while time.monotonic() < deadline:
            await visitors.one()

    async def report() -> None:
        started = time.monotonic()
        while True:
            await asyncio.sleep(REPORT_SECONDS)
            seen, process = visitors.seen, psutil.Process(gateway.process.pid)
            print(
                f"{time.monotonic() - started:5.0f} s  {seen.answers.total():7} clients  {seen.tokens:9} tokens  "
                f"{process.memory_info().rss / 1024**2:4.0f} MiB  {process.num_fds():4} fds  {len(seen.unexpected)} unexpected",
                flush=True,
            )

    async def weigh() -> None:
        started, process = time.monotonic(), psutil.Process(gateway.process.pid)
        while True:
            sizes.append((time.monotonic() - started, process.memory_info().rss))
            await asyncio.sleep(1)

    watchers = [asyncio.create_task(report()), asyncio.create_task(weigh())]
    await asyncio.gather(*(come_and_go() for _ in range(CLIENTS)))
    for watcher in watchers:
        watcher.cancel()
    return sizes


def slope(sizes: list[tuple[float, int]]) -> float | None:
    """MB a minute after FLAT_AFTER_SECONDS: the median slope over all pairs of samples (Theil and
    Sen). None if the load was too short.
    """
    late = [(seconds, size) for seconds, size in sizes if seconds >= FLAT_AFTER_SECONDS]
    if len(late) < FLAT_AFTER_SECONDS:
        return None
    pairs = [(one, other) for number, one in enumerate(late) for other in late[number + 1 :]]
    return (
        statistics.median((other[1] - one[1]) / (other[0] - one[0]) for one, other in pairs)
        * 60
        / MB
    )


async def told_by(session: aiohttp.ClientSession, url: str) -> dict[str, int]:
    async with session.get(url + "/state") as answer:
        told: dict[str, int] = await answer.json()
        return told


async def metric(
    session: aiohttp.ClientSession, gateway: Running, name: str, label: str = ""
) -> int:
    async with session.get(gateway.url + "/metrics") as answer:
        lines = (await answer.text()).splitlines()
    found = [line for line in lines if line.split("{")[0].split()[0] == name and label in line]
    return round(sum(float(line.split()[-1]) for line in found))


async def soak(seconds: float, gateway: Running, engines: list[Running], watch: Path) -> list[str]:
    """The conditions that do not hold."""
    connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=3)
    async with aiohttp.ClientSession(
        connector=connector,
        cookie_jar=aiohttp.CookieJar(unsafe=True),
        timeout=aiohttp.ClientTimeout(120),
    ) as session:
        async with session.get(
            gateway.url + "/api/config"
        ) as first:  # gets one visitor cookie for all page clients
            first.raise_for_status()
        visitors = Visitors(gateway.url, session, seed=1)
        print("warming up")
        if seconds >= 60:
            await visitors.fill_picture_cache()
        await load(visitors, min(WARM_SECONDS, max(5, seconds / 4)), gateway)
        before = await asyncio.to_thread(measure, gateway, watch)
        print(f"idle, before: {before}")
        grown = slope(await load(visitors, seconds, gateway))
        after = await asyncio.to_thread(measure, gateway, watch, before)
        print(f"idle, after:  {after}")
        if grown is not None:
            print(f"memory under load after the first minute: {grown:+.2f} MB a minute")
        states = [await told_by(session, engine.url) for engine in engines]
        counted = await metric(session, gateway, "sightdesk_tokens_total", 'direction="completion"')
        aborted = await metric(session, gateway, "sightdesk_tokens_total", 'direction="aborted"')
        inside = await metric(session, gateway, "sightdesk_inflight_requests")
        waiting = await metric(session, gateway, "sightdesk_queue_depth")
    seen, sent = visitors.seen, sum(state["sent"] for state in states)
    for kind, number in sorted(seen.answers.items()):
        print(f"{number:8} {kind.replace('_', ' ')}")
    print(
        f"tokens of whole answers: clients saw {seen.tokens}, engines sent {sent}, sightdesk_tokens_total {counted}"
    )
    print(
        f"tokens of answers cut short: clients saw {seen.cut}, sightdesk_tokens_total has {aborted} apart"
    )
    most = [state["most"] for state in states]
    print(
        f"most at once in an engine: {max(most)} of {PLACES}; aborted in the engines: {sum(s['aborted'] for s in states)}"
    )
    holds = {
        f"{len(seen.unexpected)} unexpected: {seen.unexpected[:3]}": not seen.unexpected,
        "the three sums of tokens differ": seen.tokens == sent == counted,
        "fewer tokens counted as aborted than clients saw": aborted >= seen.cut,
        "more requests in an engine than it has places": max(most) <= PLACES,
        f"{inside} places and {waiting} turns are still taken": inside == waiting == 0,
        "an engine is still at work": not any(state["running"] for state in states),
        "memory grew": after.memory <= before.memory * 1.05 + MEMORY_SLACK,
        f"memory grows by more than {SLOPE_MB} MB a minute": grown is None or grown <= SLOPE_MB,
        "file descriptors grew": after.files <= before.files + DATABASE_FILES,
        "tasks grew": after.tasks <= before.tasks + 1,
        "the log has what nobody foresaw": not unforeseen(gateway.log),
    }
    return [what for what, well in holds.items() if not well]


def unforeseen(log: Path) -> list[str]:
    signs = (
        "Traceback",
        '"event":"unexpected',
        '"event": "unexpected',
        "never retrieved",
        "never awaited",
    )
    with log.open(errors="replace") as lines:
        return [line for line in lines if any(sign in line for sign in signs)]


def main() -> int:
    seconds = float(os.environ.get("SECONDS") or 300)
    with tempfile.TemporaryDirectory() as data:
        watch = Path(data) / "tasks"
        settings = {**SETTINGS, "WATCH_FILE": str(watch)}
        with (
            running("tests.support.faulty_engine", {}) as one,
            running("tests.support.faulty_engine", {}) as two,
            running_gateway(
                f"{one.url},{two.url}", Path(data), "benchmarks.watched_gateway", **settings
            ) as gateway,
        ):
            wait_for(gateway.url + "/readyz")
            broken = asyncio.run(soak(seconds, gateway, [one, two], watch))
            if broken and unforeseen(gateway.log):
                print(*unforeseen(gateway.log)[:5], sep="\n")
    for what in broken:
        print(f"does not hold: {what}")
    print("all held" if not broken else f"{len(broken)} did not hold")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
