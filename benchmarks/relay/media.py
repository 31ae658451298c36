"""What pictures cost the gateway: event loop, CPU, memory. The other relays do no such work."""

import asyncio
import http.client
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, closing, suppress
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Self
from urllib.parse import urlsplit

import orjson
import requests
import uvloop

from benchmarks.relay import load, peers
from benchmarks.relay.load import Answer, Connection, percentile
from benchmarks.relay.measures import (
    Figures,
    Sizes,
    WrongAnswers,
    forget_peak,
    medians,
    peak_resident,
)
from benchmarks.relay.peers import Relay, started_on
from benchmarks.relay.photos import content, photos
from tests.support.paths import ROOT
from tests.support.servers import on_core

PICTURES_A_ROUND = 4
PACE = 10  # milliseconds between tokens of the watched stream
SENDERS = 4
STREAM_SECONDS_A_PHOTO = 1.0


def figures(engine: str, sizes: Sizes, relay_core: int, say: Callable[[str], None]) -> Figures:
    found: Figures = {}
    with tempfile.TemporaryDirectory() as folder, fresh(engine, relay_core, folder) as gateway:
        say(f"SightDesk: {sizes.photos} photographs of 12 megapixels beside a stream")
        found |= medians([stall(engine, gateway, sizes, turn) for turn in range(sizes.rounds)])
        say("SightDesk: the same work by bare libvips")
        found |= image_work(gateway, sizes, relay_core)
    # In a fresh process: memory that malloc has kept from earlier bodies would hide growth.
    with tempfile.TemporaryDirectory() as folder, fresh(engine, relay_core, folder) as gateway:
        say(f"SightDesk: {sizes.bodies} bodies of 10 MB")
        found |= bodies(engine, gateway, sizes)
    return found


def fresh(engine: str, core: int, folder: str) -> AbstractContextManager[Relay]:
    return started_on(core, peers.gateway(engine, Path(folder)))


class Sender:
    """Posts requests over one connection, in a thread, so that writing does not delay the clock."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._connection = http.client.HTTPConnection(
            parts.hostname or "", parts.port, timeout=load.PATIENCE
        )

    def close(self) -> None:
        self._connection.close()

    def send(self, body: bytes) -> None:
        headers = {"authorization": f"Bearer {load.KEY}", "content-type": "application/json"}
        self._connection.request("POST", "/v1/chat/completions", body, headers)
        response = self._connection.getresponse()
        text = response.read()
        if response.status != 200:
            raise WrongAnswers(f"SightDesk, a picture: status {response.status}: {text[:300]!r}")


def picture_body(url: str, pictures: list[bytes]) -> bytes:
    whole = load.request(url, stream=False, tokens=1, content=content(pictures))
    return whole.partition(b"\r\n\r\n")[2]


def send_all(url: str, bodies: list[bytes], senders: int) -> None:
    """Divides the requests among senders. Raises WrongAnswers."""
    with ThreadPoolExecutor(senders) as pool:
        for _ in pool.map(lambda number: send_share(url, bodies[number::senders]), range(senders)):
            pass


def send_share(url: str, bodies: list[bytes]) -> None:
    with closing(Sender(url)) as sender:
        for body in bodies:
            sender.send(body)


def stall(engine: str, gateway: Relay, sizes: Sizes, turn: int) -> Figures:
    """Delay of tokens and of /healthz while photographs are scaled.

    A delay is the time beyond 10 ms after the token before. The same stream straight from the
    engine shows what the load core adds.
    """
    send_all(
        gateway.url, [picture_body(gateway.url, photos(1, sizes.photo_width, seed=0))], 1
    )  # loads the libraries
    made = [
        picture_body(gateway.url, [photo])
        for photo in photos(sizes.photos, sizes.photo_width, seed=10 + turn)
    ]
    return uvloop.run(_stall(engine, gateway.url, made))


async def _stall(engine: str, gateway: str, made: list[bytes]) -> Figures:
    tokens = round(STREAM_SECONDS_A_PHOTO * len(made) * 1000 / PACE)
    watching = [asyncio.ensure_future(_watched(url, tokens)) for url in (gateway, engine)]
    await asyncio.sleep(0.2)
    health: list[float] = []
    asking = asyncio.ensure_future(_healths(gateway, health))
    began = time.perf_counter()
    await asyncio.to_thread(send_all, gateway, made, SENDERS)
    ended = time.perf_counter()
    asking.cancel()
    with suppress(asyncio.CancelledError):
        await asking
    relayed, straight = [
        _lateness(answer, began, ended) for answer in await asyncio.gather(*watching)
    ]
    return {
        "stall_p99": percentile(relayed, 99),
        "stall_floor": percentile(straight, 99),
        "health_p99": percentile(health, 99) * 1000,
    }


async def _watched(url: str, tokens: int) -> Answer:
    connection = await Connection.open(url)
    answer = Answer(tokens, arrivals=[])
    await connection.ask(load.request(url, stream=True, tokens=tokens, pace=PACE), answer)
    connection.close()
    if fault := load.same_bytes(answer):
        raise WrongAnswers(f"{url}, beside pictures: {fault}")
    return answer


def _lateness(answer: Answer, began: float, ended: float) -> list[float]:
    """Delay of each token between two moments, in milliseconds."""
    arrivals = [moment for moment in answer.arrivals or () if began <= moment <= ended]
    gaps = [later - earlier for earlier, later in pairwise(arrivals)]
    return [max(0.0, gap * 1000 - PACE) for gap in gaps]


async def _healths(url: str, found: list[float]) -> None:
    connection = await Connection.open(url)
    text = f"GET /healthz HTTP/1.1\r\nhost: {urlsplit(url).netloc}\r\n\r\n".encode("ascii")
    try:
        while True:
            answer = Answer(0)
            await connection.ask(text, answer)
            found.append(answer.done_at - answer.sent_at)
            await asyncio.sleep(PACE / 1000)
    finally:
        connection.close()


def image_work(gateway: Relay, sizes: Sizes, core: int) -> Figures:
    """CPU of the gateway's image work over bare libvips, the median of the rounds.

    Image work is the CPU of gateway and workers for new pictures, minus that for the same pictures
    again, which are cached: so body, JSON and request do not count. Bare libvips runs on the same
    core right after each few pictures, so that other load affects both.
    """
    pictures = photos(sizes.photos, sizes.photo_width, seed=2)
    ratios = []
    with tempfile.TemporaryDirectory() as folder, Bare(core) as bare:
        files = [Path(folder) / f"{number}.jpg" for number in range(len(pictures))]
        for file, data in zip(files, pictures, strict=True):
            file.write_bytes(data)
        bare.spent(files[:1])  # loads the libraries, outside the measurement
        for start in range(0, len(pictures), PICTURES_A_ROUND):
            here = slice(start, start + PICTURES_A_ROUND)
            made = [picture_body(gateway.url, [picture]) for picture in pictures[here]]
            new, alone, again = _cpu(gateway, made), bare.spent(files[here]), _cpu(gateway, made)
            ratios.append((new - again) / alone)
    return {"image_work": median(ratios)}


def _cpu(gateway: Relay, made: list[bytes]) -> float:
    before = gateway.cpu()
    send_all(gateway.url, made, 1)
    return gateway.cpu() - before


class Bare:
    """Runs benchmarks.relay.bare on `core`."""

    def __init__(self, core: int) -> None:
        command = [sys.executable, "-m", "benchmarks.relay.bare"]
        # One thread a picture, as in the gateway; it has one core.
        environ = {**os.environ, "VIPS_CONCURRENCY": "1"}
        pipe = subprocess.PIPE
        with on_core(core):
            self._process = subprocess.Popen(
                command, cwd=ROOT, env=environ, text=True, stdin=pipe, stdout=pipe
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()

    def spent(self, files: list[Path]) -> float:
        """CPU seconds for these files."""
        assert self._process.stdin
        assert self._process.stdout
        total = 0.0
        for file in files:
            print(file, file=self._process.stdin, flush=True)
            total += float(self._process.stdout.readline())
        return total


def bodies(engine: str, gateway: Relay, sizes: Sizes) -> Figures:
    """Peak growth at the first body of 10 MB, and growth a body after warm-up.

    The second is without the scaled pictures, which the gateway caches; the engine reports their
    size.
    """
    small = photos(1, sizes.photo_width, seed=3)[0]
    send_all(gateway.url, [picture_body(gateway.url, [small])], 1)  # loads the libraries
    pairs = photos(2 * sizes.bodies, sizes.photo_width, seed=4)
    made = [
        picture_body(gateway.url, pairs[number : number + 2]) for number in range(0, len(pairs), 2)
    ]
    time.sleep(sizes.settle)
    before = gateway.resident()
    for process in gateway.processes():
        forget_peak(process.pid)
    send_all(gateway.url, made[:1], 1)
    peak = sum(peak_resident(process.pid) for process in gateway.processes()) - before
    warm = sizes.warming_bodies
    send_all(gateway.url, made[1:warm], 1)
    time.sleep(sizes.settle)
    settled, passed = gateway.resident(), _passed(engine)
    send_all(gateway.url, made[warm:], 1)
    time.sleep(sizes.settle)
    remembered = (_passed(engine) - passed) * 3 // 4  # base64
    kept = (gateway.resident() - settled - remembered) / len(made[warm:])
    size = sum(map(len, made)) / len(made)
    return {"body_peak": peak / size, "body_kept": kept / size}


def _passed(engine: str) -> int:
    return int(orjson.loads(requests.get(engine + "/stats", timeout=10).content)["body_bytes"])
