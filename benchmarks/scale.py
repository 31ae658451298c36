"""`make bench-scale`: what a question of the page costs where 1, 2 and 4 gateways share PostgreSQL
and Redis: CPU, and operations of both. Then 1,000 engines, in simulated time.

The gateways run on one core, so answers a second do not grow with them here; the fake engine (64
tokens, back to back), the clients, PostgreSQL and Redis run on another. Every answer is checked, as
in `make bench-desk`.
"""

import argparse
import asyncio
import contextlib
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import psycopg
import uvloop

from benchmarks import long_prompts, report, thousand_engines
from benchmarks.desk import SETTINGS, WAYS, Tally, WrongAnswer, ask_all, new_cookie
from benchmarks.relay import script
from benchmarks.relay.load import percentile
from benchmarks.relay.measures import cpu_of, raise_file_limit
from benchmarks.relay.peers import running_engine
from tests.support.paths import ROOT
from tests.support.postgres import running_postgres
from tests.support.redis import redis_server
from tests.support.servers import Running, on_core, running_gateway, wait_for

PAGE = ROOT / "docs" / "scale.md"
WAY = next(way for way in WAYS if way.name == "/api/chat, PostgreSQL")
CLIENTS = 32  # of all gateways together
MOST_REDIS, MOST_POSTGRES = 12.0, 6.0  # operations an answer
STATEMENTS = (
    "-c shared_preload_libraries=pg_stat_statements -c pg_stat_statements.track_utility=off"
)
# PostgreSQL's own analysis of the text index calls its function for each row that it samples.
CALLS = "SELECT sum(calls) FROM pg_stat_statements WHERE query NOT LIKE '%DISTINCT gram)%'"


@dataclass(frozen=True, slots=True)
class Figures:
    """Operations without those of idle gateways, which are counted beside them."""

    answers_second: float
    cpu_ms: float  # of all gateways, an answer
    first_p50: float  # milliseconds
    redis: float  # commands an answer
    postgres: float  # statements an answer
    idle_redis: float  # commands a second of each idle gateway
    idle_postgres: float


class Counters:
    """What PostgreSQL and Redis have done so far."""

    def __init__(self, database: str, redis: str) -> None:
        self._connection = psycopg.connect(database, autocommit=True)
        self._connection.execute("CREATE EXTENSION IF NOT EXISTS pg_stat_statements")
        self._redis = ["redis-cli", "-u", redis, "info", "commandstats"]

    def read(self) -> tuple[int, int]:
        """(commands of Redis, statements of PostgreSQL)."""
        told = subprocess.run(self._redis, capture_output=True, text=True, check=True).stdout
        row = self._connection.execute(CALLS).fetchone()
        return sum(map(int, re.findall(r"calls=(\d+)", told))), int(row[0]) if row else 0

    def close(self) -> None:
        self._connection.close()


@contextlib.contextmanager
def running_gateways(
    count: int, core: int, engine: str, database: str, redis: str
) -> Iterator[list[Running]]:
    settings = {**SETTINGS, "RATE_LIMIT_STORAGE": redis, "DATABASE_URL": database}
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        with on_core(core), ThreadPoolExecutor(count) as pool:
            starting = [running_gateway(engine, folder, **settings) for _ in range(count)]
            started = list(pool.map(stack.enter_context, starting))
        for gateway in started:
            wait_for(gateway.url + "/readyz")
        yield started


async def ask_everywhere(
    gateways: list[Running], cookies: list[str], rounds: int, seconds: float
) -> Tally:
    """The clients, split over the gateways."""
    parts = [cookies[number :: len(gateways)] for number in range(len(gateways))]
    told = await asyncio.gather(*(
        ask_all(gateway.url, WAY, part, rounds, seconds)
        for gateway, part in zip(gateways, parts, strict=True)
    ))  # fmt: skip
    firsts = [first for one in told for first in one.first_tokens]
    return Tally(firsts, max(one.seconds for one in told))


def measured(gateways: list[Running], counters: Counters, seconds: float) -> Figures:
    cookies = [new_cookie(gateways[0].url) for _ in range(CLIENTS)]
    uvloop.run(ask_everywhere(gateways, cookies, 2, 0))
    time.sleep(2)  # what still runs from the start, and the ends of those answers
    idle = rates(counters, seconds / 2)
    cpu, before = sum(cpu_of(one.process.pid) for one in gateways), counters.read()
    tally = uvloop.run(ask_everywhere(gateways, cookies, 1, seconds))
    time.sleep(0.5)  # the last ends are published
    cpu, after = sum(cpu_of(one.process.pid) for one in gateways) - cpu, counters.read()
    answers, passed = len(tally.first_tokens), tally.seconds + 0.5
    done = [
        (end - start - rate * passed) / answers
        for start, end, rate in zip(before, after, idle, strict=True)
    ]
    return Figures(
        answers / tally.seconds,
        cpu / answers * 1000,
        percentile(tally.first_tokens, 50) * 1000,
        *done,
        *(rate / len(gateways) for rate in idle),
    )


def rates(counters: Counters, seconds: float) -> list[float]:
    """Operations a second of idle gateways, of Redis and of PostgreSQL."""
    before = counters.read()
    time.sleep(seconds)
    return [(end - start) / seconds for start, end in zip(before, counters.read(), strict=True)]


def table(found: dict[int, Figures]) -> str:
    lines = [
        "| gateways | answers a second, on one core | CPU an answer, ms | first token p50, ms "
        "| Redis commands an answer | PostgreSQL statements an answer "
        "| idle gateway, a second: Redis | PostgreSQL |",
        "| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for count, one in found.items():
        marks = ["✓" if one.redis <= MOST_REDIS else "✗"]
        marks.append("✓" if one.postgres <= MOST_POSTGRES else "✗")
        lines.append(
            f"| {count} | {one.answers_second:,.0f} | {one.cpu_ms:.2f} | {one.first_p50:.1f} "
            f"| {one.redis:.1f} {marks[0]} | {one.postgres:.1f} {marks[1]} "
            f"| {one.idle_redis:.1f} | {one.idle_postgres:.1f} |"
        )
    return "\n".join(lines)


def section(found: dict[int, Figures], seconds: float) -> str:
    return f"""`make bench-scale`, {report.machine()}.
{CLIENTS} clients of the page in all, {seconds:g} s for each row, limits counted in Redis; all
gateways on one core, the fake engine ({script.TOKENS} tokens, back to back), the clients,
PostgreSQL (with fsync) and Redis on the other. Asked: at most {MOST_REDIS:g} commands of Redis and
{MOST_POSTGRES:g} statements of PostgreSQL an answer.

{table(found)}"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--brief", action="store_true", help="half a minute; writes no page")
    seconds = 2.0 if parser.parse_args().brief else 8.0
    cores = sorted(os.sched_getaffinity(0))
    if (busy := os.getloadavg()[0]) > 0.5:
        print(f"This machine is busy (load {busy:.1f}): times are worth little.", file=sys.stderr)
    raise_file_limit()
    found: dict[int, Figures] = {}
    with (
        on_core(cores[0]),
        running_engine() as (engine, _),
        running_postgres(fsync=True, options=STATEMENTS) as postgres,
        redis_server() as (redis, _),
        contextlib.closing(Counters(postgres.url(), redis)) as counters,
    ):
        for count in (1, 2, 4):
            with running_gateways(count, cores[-1], engine, postgres.url(), redis) as gateways:
                try:
                    found[count] = measured(gateways, counters, seconds)
                except WrongAnswer as wrong:
                    print(f"bench-scale: {wrong}", file=sys.stderr)
                    return 1
    if seconds < 8:
        print(table(found))
        return 0
    parts = (section(found, seconds), thousand_engines.section(), long_prompts.section())
    text = "\n\n".join(parts)
    report.write("bench-scale", text, PAGE)
    print(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
