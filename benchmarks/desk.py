"""`make bench-desk`: what a question of the page costs, beside the same question on /v1.

The page's questions go the whole way: visitor cookie, limits, the store, masking, knowledge,
extras, streamed. The gateway runs alone on one core; the fake engine (64 tokens, back to back),
the clients and PostgreSQL run on another. Every answer is checked: all its tokens, in order, and,
from the page, that its question was stored.
"""

import argparse
import asyncio
import contextlib
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import orjson
import uvloop

from benchmarks import report
from benchmarks.desk_table import Figures, section, table
from benchmarks.relay import load, script
from benchmarks.relay.load import Answer, Connection, percentile
from benchmarks.relay.measures import cpu_of, raise_file_limit
from benchmarks.relay.peers import PLENTY, Relay, running_engine, started_on
from tests.support.postgres import running_postgres
from tests.support.servers import on_core, running_gateway, wait_for

# Asked in turn, so that no two clients ask the same at the same moment.
QUESTIONS = (
    "我的快递三天没有更新了，怎么办？订单号 QH2026111800{:05d}",
    "退货的运费谁来出？我的订单是 QH2026111800{:05d}",
    "付款成功了但订单 QH2026111800{:05d} 还是待支付",
    "发票抬头写错了，订单号 QH2026111800{:05d}，可以重开吗",
    "收到的商品有破损，想换一个，电话 138123{:05d}",
    "My parcel SF20261118{:05d} has not moved for three days. What can I do?",
    "How do I return an item of order QH2026111800{:05d}? Who pays for the shipping?",
    "The app shows ERR_CONNECTION_TIMED_OUT when I pay for order QH2026111800{:05d}",
)


SETTINGS = {
    "ENGINE": "cpu",
    "READER_URL": "",
    "MODEL_NAME": script.MODEL,
    "API_KEYS": f"bench:{load.KEY}",
    "RATE_LIMIT_IP": PLENTY,
    "RATE_LIMIT_USER": PLENTY,
    "RATE_LIMIT_KEY": PLENTY,
    "RATE_LIMIT_API": PLENTY,
    "MAX_CONCURRENT": "4096",
    "ENGINE_STATUS_FILE": "",
}  # of a gateway with limits that nobody reaches


@dataclass(frozen=True, slots=True)
class Sizes:
    clients: tuple[int, ...] = (1, 32, 256)
    rounds: int = 3  # the ways by turns; each figure is the median
    seconds: float = 6.0  # of each measurement
    warming: int = 2  # answers of each client before the clock runs


FULL = Sizes()
BRIEF = Sizes(clients=(1, 32), rounds=1, seconds=1.5, warming=1)


@dataclass(frozen=True, slots=True)
class Way:
    """One way to ask: a route, the model it names, and the database of the gateway."""

    name: str
    path: str
    model: str
    database: str = "SQLite"
    pace: int = 0  # milliseconds between two tokens; 0: back to back

    @property
    def is_page(self) -> bool:
        return self.path == "/api/chat"


WAYS = (
    Way("/v1, raw model", "/v1/chat/completions", script.MODEL),
    Way("/v1, `sightdesk`", "/v1/chat/completions", "sightdesk"),
    Way("/api/chat, SQLite", "/api/chat", "sightdesk"),
    Way("/api/chat, SQLite, 20 ms a token", "/api/chat", "sightdesk", pace=20),
    Way("/api/chat, PostgreSQL", "/api/chat", "sightdesk", "PostgreSQL"),
)


@dataclass(slots=True)
class Tally:
    first_tokens: list[float] = field(default_factory=list)  # seconds
    seconds: float = 0.0


class WrongAnswer(Exception):
    """An answer was changed, lost, refused or not stored: the figures mean nothing."""


def request(url: str, way: Way, cookie: str, number: int) -> bytes:
    question = QUESTIONS[number % len(QUESTIONS)].format(number % 100_000)
    messages = [{"role": "user", "content": question}]
    asked = {
        "model": way.model,
        "messages": messages,
        "max_tokens": script.TOKENS,
        "stream": True,
        "seed": way.pace,
    }
    body = orjson.dumps(asked)
    who = f"cookie: {cookie}" if way.is_page else f"authorization: Bearer {load.KEY}"
    head = (
        f"POST {way.path} HTTP/1.1\r\nhost: {urlsplit(url).netloc}\r\n{who}\r\naccept: */*\r\n"
        f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    )
    return head.encode("ascii") + body


def check(way: Way, answer: Answer) -> None:
    """Raises WrongAnswer."""
    if answer.status != 200:
        raise WrongAnswer(f"{way.name}: status {answer.status}: {answer.body[:300]!r}")
    events = answer.body.split(b"\n\n")
    told = [orjson.loads(event[6:]) for event in events if event.startswith(b"data: {")]
    text = "".join(
        one["choices"][0]["delta"].get("content", "") for one in told if one.get("choices")
    )
    if text != script.text(script.TOKENS) or b"data: [DONE]" not in events:
        raise WrongAnswer(f"{way.name}: not what the engine said: {answer.body[-300:]!r}")
    if way.is_page and not told[0]["sightdesk"]["conversation"]["turn"]:
        raise WrongAnswer(f"{way.name}: a question was not stored")


def new_cookie(url: str) -> str:
    """A visitor's cookie, as the page gets it."""
    with urllib.request.urlopen(url + "/api/config", timeout=10) as told:
        return str(told.headers["set-cookie"]).partition(";")[0]


async def ask_all(url: str, way: Way, cookies: list[str], rounds: int, seconds: float) -> Tally:
    """Each client asks one question after the other: `rounds` at least, and for `seconds`."""
    tally = Tally()
    connections = [await Connection.open(url) for _ in cookies]
    started = time.perf_counter()

    async def client(place: int, connection: Connection) -> None:
        # Paced answers all take the same time: clients that begin at once would always come back
        # at once. They begin one after the other over the time of one answer.
        await asyncio.sleep(place / len(cookies) * script.TOKENS * way.pace / 1000)
        turn = 0
        while turn < rounds or time.perf_counter() - started < seconds:
            answer = Answer(script.TOKENS)
            await connection.ask(
                request(url, way, cookies[place], place + len(cookies) * turn), answer
            )
            check(way, answer)
            tally.first_tokens.append(answer.to_first_token)
            turn += 1
        connection.close()

    await asyncio.gather(*(client(*one) for one in enumerate(connections)))
    tally.seconds = time.perf_counter() - started
    return tally


def measure(
    gateway: Relay, engine: "subprocess.Popen[bytes]", way: Way, clients: int, sizes: Sizes
) -> Figures:
    cookies = [new_cookie(gateway.url) if way.is_page else "" for _ in range(clients)]
    uvloop.run(ask_all(gateway.url, way, cookies, sizes.warming, 0))
    before = gateway.cpu(), cpu_of(engine.pid), time.process_time()
    tally = uvloop.run(ask_all(gateway.url, way, cookies, 1, sizes.seconds))
    after = gateway.cpu(), cpu_of(engine.pid), time.process_time()
    spent, of_engine, of_client = (end - start for start, end in zip(before, after, strict=True))
    return Figures(
        answers_second=len(tally.first_tokens) / tally.seconds,
        cpu_ms=spent / len(tally.first_tokens) * 1000,
        first_p50=percentile(tally.first_tokens, 50) * 1000,
        first_p99=percentile(tally.first_tokens, 99) * 1000,
        engine=of_engine / tally.seconds * 100,
        client=of_client / tally.seconds * 100,
    )


@contextlib.contextmanager
def running_relay(engine: str, folder: Path, database_url: str) -> Iterator[Relay]:
    """A gateway with every feature on, and limits that nobody reaches."""
    settings = {
        **SETTINGS,
        "LOG_LEVEL": "info",
        "LOG_FORMAT": "json",
        "RESUME_GRACE": "5",
        "DATABASE_URL": database_url or f"sqlite:///{folder}/sightdesk.db",
    }
    with running_gateway(engine, folder, **settings) as started:
        wait_for(started.url + "/readyz")
        yield Relay("SightDesk", started.url, started.process, load.same_bytes)


def measured(
    ways: tuple[Way, ...], sizes: Sizes, load_core: int, core: int, say: Callable[[str], None]
) -> dict[tuple[str, int], Figures]:
    """(way, clients) → figures, each the median of all rounds. A gateway a database and round."""
    raise_file_limit()
    found: dict[tuple[str, int], list[Figures]] = {}
    databases = list(dict.fromkeys(way.database for way in ways))
    with on_core(load_core), contextlib.ExitStack() as stack:
        url, engine = stack.enter_context(running_engine())
        shared = (
            stack.enter_context(running_postgres(fsync=True)).url()
            if "PostgreSQL" in databases
            else ""
        )
        for _ in range(sizes.rounds):
            for database in databases:
                database_url = shared if database == "PostgreSQL" else ""
                folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
                with started_on(core, running_relay(url, folder, database_url)) as gateway:
                    for clients in sizes.clients:
                        for way in (one for one in ways if one.database == database):
                            figures = measure(gateway, engine, way, clients, sizes)
                            found.setdefault((way.name, clients), []).append(figures)
                            say(f"{way.name}, {clients} clients: {figures}")
    return {key: medians(each) for key, each in found.items()}


def medians(found: list[Figures]) -> Figures:
    return Figures(*(
        sorted(getattr(one, name) for one in found)[len(found) // 2] for name in Figures.__slots__
    ))  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--brief", action="store_true", help="half a minute; writes no page")
    parser.add_argument("--only", nargs="+", choices=["raw", "sightdesk", "SQLite", "PostgreSQL"])
    given = parser.parse_args()
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        print("bench-desk: needs two cores, one for the gateway alone", file=sys.stderr)
        return 2
    sizes = BRIEF if given.brief else FULL
    ways = tuple(
        way for way in WAYS if given.only is None or any(one in way.name for one in given.only)
    )
    if (busy := os.getloadavg()[0]) > 0.5:
        print(
            f"This machine is busy (load {busy:.1f}): the figures are worth little.",
            file=sys.stderr,
        )
    try:
        found = measured(
            ways, sizes, cores[0], cores[-1], lambda line: print(line, file=sys.stderr, flush=True)
        )
    except WrongAnswer as wrong:
        print(f"bench-desk: {wrong}", file=sys.stderr)
        return 1
    if given.brief or given.only:
        print(table(found))
        return 0
    text = section(found, sizes.rounds, sizes.seconds)
    report.write("bench-desk", text)
    print(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
