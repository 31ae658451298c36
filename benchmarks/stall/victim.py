"""The three victims beside an attack, in one process: a probe, a stream, a question with a picture.

A line on stdin ends a round once each has been answered; its worst figures are printed as one line
of JSON. The same probe also asks a server that does nothing (machine.py): that delay is the
machine's own.
"""

import asyncio
import base64
import io
import json
import sys
import time
from contextlib import suppress
from dataclasses import asdict, dataclass, field

import aiohttp
from PIL import Image, ImageDraw, ImageFont

PROBE_EVERY = 0.02  # seconds
PICTURE_EVERY = 0.3
LEAST = 2  # answers of each kind a round, since the first may have started before
ROUND_SECONDS = 120.0
ANSWER_SECONDS = 60.0
ASKED = "How do I return an item?"


@dataclass(slots=True)
class Round:
    """Worst values of one round, in seconds; `failed`: what went wrong."""

    probe: float = 0.0
    machine: float = 0.0
    gap: float = 0.0
    stream: float = 0.0
    picture: float = 0.0
    answers: int = 0
    pictures: int = 0
    failed: list[str] = field(default_factory=list)

    def fail(self, what: str) -> None:
        if len(self.failed) < 5:
            self.failed.append(what)


class Victim:
    def __init__(self, session: aiohttp.ClientSession, gateway: str, machine: str) -> None:
        self._session = session
        self._gateway = gateway
        self._machine = machine
        self._asked = 0
        self._answered = asyncio.Event()
        self.round = Round()

    async def finished(self) -> Round:
        """The round, once it has LEAST answers of each kind; a new one begins."""
        with suppress(TimeoutError):
            async with asyncio.timeout(ROUND_SECONDS):
                while min(self.round.answers, self.round.pictures) < LEAST:
                    self._answered.clear()
                    await self._answered.wait()
        if min(self.round.answers, self.round.pictures) < LEAST:
            self.round.fail(
                f"{self.round.answers} streams and {self.round.pictures} pictures were answered"
            )
        done, self.round = self.round, Round()
        return done

    async def probe(self, url: str, name: str) -> None:
        while True:
            started = time.perf_counter()
            try:
                async with self._session.get(url) as answer:
                    await answer.read()
                    if answer.status != 200:
                        self.round.fail(f"{name}: {answer.status}")
            except (aiohttp.ClientError, TimeoutError) as error:
                self.round.fail(f"{name}: {type(error).__name__}")
            spent = time.perf_counter() - started
            setattr(self.round, name, max(getattr(self.round, name), spent))
            await asyncio.sleep(max(0, PROBE_EVERY - spent))

    async def stream(self) -> None:
        while True:
            body = {
                "model": "sightdesk",
                "stream": True,
                "messages": [{"role": "user", "content": ASKED}],
            }
            started = last = time.perf_counter()
            whole = False
            try:
                async with self._session.post(
                    self._gateway + "/v1/chat/completions", json=body
                ) as answer:
                    if answer.status != 200:
                        self.round.fail(f"stream: {answer.status}")
                    async for line in answer.content:
                        now = time.perf_counter()
                        if not whole and last > started:
                            self.round.gap = max(self.round.gap, now - last)
                        last = now
                        whole = whole or line.startswith(b"data: [DONE]")
            except (aiohttp.ClientError, TimeoutError) as error:
                self.round.fail(f"stream: {type(error).__name__}")
            if not whole:
                self.round.fail("stream: no [DONE]")
            self.round.stream = max(self.round.stream, time.perf_counter() - started)
            self.round.answers += 1
            self._answered.set()
            await asyncio.sleep(0.01)

    async def picture(self) -> None:
        while True:
            self._asked += 1
            code = f"PAY-{1000 + self._asked % 9000}"
            started = time.perf_counter()
            try:
                async with self._session.post(
                    self._gateway + "/v1/chat/completions", json=_showing(code)
                ) as answer:
                    told = await answer.text()
                    if answer.status != 200 or code not in told:
                        self.round.fail(f"picture: {answer.status}, {code} is not in the answer")
            except (aiohttp.ClientError, TimeoutError) as error:
                self.round.fail(f"picture: {type(error).__name__}")
            self.round.picture = max(self.round.picture, time.perf_counter() - started)
            self.round.pictures += 1
            self._answered.set()
            await asyncio.sleep(PICTURE_EVERY)


def _showing(code: str) -> dict[str, object]:
    image = Image.new("RGB", (400, 200), "white")
    ImageDraw.Draw(image).text(
        (20, 80), f"ERROR {code}", fill="black", font=ImageFont.load_default(size=30)
    )
    made = io.BytesIO()
    image.save(made, "PNG")
    url = "data:image/png;base64," + base64.b64encode(made.getvalue()).decode()
    parts = [
        {"type": "text", "text": "what is the error code?"},
        {"type": "image_url", "image_url": {"url": url}},
    ]
    return {"model": "sightdesk", "stream": False, "messages": [{"role": "user", "content": parts}]}


async def main(gateway: str, machine: str, key: str) -> None:
    loop = asyncio.get_running_loop()
    headers = {"authorization": f"Bearer {key}"}
    timeout = aiohttp.ClientTimeout(ANSWER_SECONDS)
    async with aiohttp.ClientSession(headers=headers, timeout=timeout) as session:
        victim = Victim(session, gateway, machine)
        tasks = [
            asyncio.create_task(work)
            for work in (
                victim.probe(gateway + "/healthz", "probe"),
                victim.probe(machine + "/", "machine"),
                victim.stream(),
                victim.picture(),
            )
        ]
        while await loop.run_in_executor(None, sys.stdin.readline):
            print(json.dumps(asdict(await victim.finished())), flush=True)
        for task in tasks:
            task.cancel()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:4]))
