"""The clients of the soak test: each asks once, checks the answer and counts what it saw."""

import asyncio
import base64
import json
import random
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from PIL import Image

from benchmarks.stall.pictures import encoded, png, text_chunks
from tests.support.paths import ROOT

PICTURE = base64.b64encode((ROOT / "examples" / "screens" / "app-error.png").read_bytes()).decode()
# What the fake engine does wrong (tests/support/engine_faults.py), and how that may end.
FAULTS = {
    "reset": {"upstream_error"},
    "die-after-head": {"upstream_error"},
    "garbage": {"upstream_error"},
    "fail": {"upstream_error"},
    "stall-in-head": {"upstream_timeout"},
    "die-mid-stream": {"upstream_error"},
    "die-mid-chunk": {"upstream_error"},
    "stall-mid-stream": {"upstream_timeout"},
    "no-done": {"upstream_error"},
    "error-event": {"upstream_error"},
}
FILLING_PICTURES = 800  # of mixed_pictures; a prepared one has 170 kB on average
HOSTILE_CHARACTERS = 300_000  # more than 8 × MAX_MODEL_LEN of any engine here


def hostile_bodies() -> list[bytes]:
    """Bodies that must be refused with 400 and are expensive to check."""
    asking = b'{"model":"faulty-vl","messages":[{"role":"user","content":"%s"}]}'
    return [
        asking % ("退" * HOSTILE_CHARACTERS).encode(),
        asking % (b"\\u4e2d" * HOSTILE_CHARACTERS),
        b'{"model":"faulty-vl","messages":' + b"[" * HOSTILE_CHARACTERS,
        b'{"model":"faulty-vl","messages":[' + b"1," * HOSTILE_CHARACTERS + b"1]}",
        asking.replace(b"}]}", b'}],"tools":[' + b'{"type":"function"},' * 40 + b"{}]}") % b"hi",
    ]


def mixed_pictures() -> list[bytes]:
    """Pictures as people send them, and two that unpack to far more than their size."""
    chance, made = random.Random(7), []
    for kind, side in (
        ("PNG", 640),
        ("JPEG", 1200),
        ("WEBP", 900),
        ("GIF", 400),
        ("BMP", 300),
        ("PNG", 2200),
        ("JPEG", 3000),
    ):
        small = Image.frombytes("RGB", (40, 30), chance.randbytes(40 * 30 * 3))
        made.append(encoded(small.resize((side, side * 3 // 4)), kind))
    return [*made, png(text_chunks(b"zTXt", 4, 10)), png(text_chunks(b"iTXt", 4, 10))]


class Unexpected(Exception):
    pass


@dataclass
class Seen:
    """`tokens` of complete answers, and `cut`: tokens of answers that ended early."""

    tokens: int = 0
    cut: int = 0
    answers: Counter[str] = field(default_factory=Counter)
    unexpected: list[str] = field(default_factory=list)


class Visitors:
    def __init__(self, url: str, session: aiohttp.ClientSession, seed: int) -> None:
        self.url = url
        self.session = session
        self.seen = Seen()
        self._chance = random.Random(seed)
        self._number = 0
        self._kinds: dict[Callable[[], Awaitable[None]], int] = {
            self.streams: 40,
            self.takes_it_whole: 20,
            self.shows_a_picture: 4,
            self.leaves_a_stream: 8,
            self.leaves_a_whole_answer: 4,
            self.comes_back_to_the_page: 10,
            self.stops_the_page: 2,
            self.meets_a_fault: 6,
            self.shows_any_picture: 3,
            self.sends_what_is_refused: 3,
        }
        self._hostile = hostile_bodies()
        self._pictures = mixed_pictures()

    async def one(self) -> None:
        """Runs one client and records what must not happen."""
        kinds, weights = zip(*self._kinds.items(), strict=True)
        kind = self._chance.choices(kinds, weights)[0]
        try:
            await kind()
            self.seen.answers[kind.__name__] += 1
        except (
            Unexpected,
            Failed,
            aiohttp.ClientError,
            ValueError,
            LookupError,
            TimeoutError,
        ) as error:
            self.seen.unexpected.append(f"{kind.__name__}: {error!r}"[:300])

    # The kinds

    async def streams(self) -> None:
        tokens = self._chance.randint(1, 60)
        wanted = self._asked(f"say-{tokens}-0.005", stream=True)
        if counts := self._chance.random() < 0.5:
            wanted["stream_options"] = {"include_usage": True}
        told = [event async for event in self._events("/v1/chat/completions", wanted)]
        if counts and told[-2]["usage"]["completion_tokens"] != tokens:
            raise Unexpected(f"usage {told[-2]}")
        self._whole(told, tokens)

    async def takes_it_whole(self) -> None:
        tokens = self._chance.randint(1, 60)
        await self._took(self._asked(f"say-{tokens}-0.005"), tokens)

    async def shows_a_picture(self) -> None:
        await self._shows(PICTURE)

    async def shows_any_picture(self) -> None:
        """New bytes each time, against caching: data after a picture's end is ignored."""
        data = self._chance.choice(self._pictures) + self._chance.randbytes(8)
        await self._shows(base64.b64encode(data).decode())

    async def fill_picture_cache(self) -> None:
        """Fills the gateway's cache of prepared pictures (64 MiB) twice, with the pictures of the
        load.

        From then on its size and its blocks in malloc's heap are constant, so memory that grows is
        a leak. Other pictures would be replaced during the load: large ones have pages of their
        own, and what replaces them makes the heap grow.
        """
        side_by_side = 4
        for _ in range(FILLING_PICTURES // side_by_side):
            await asyncio.gather(*(self.shows_any_picture() for _ in range(side_by_side)))

    async def _shows(self, encoded: str) -> None:
        wanted = self._asked("say-5")
        picture = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{encoded}"}}
        wanted["messages"][0]["content"] = [
            picture,
            {"type": "text", "text": wanted["messages"][0]["content"]},
        ]
        await self._took(wanted, 5)

    async def sends_what_is_refused(self) -> None:
        body, headers = self._chance.choice(self._hostile), {"content-type": "application/json"}
        async with self.session.post(
            self.url + "/v1/chat/completions", data=body, headers=headers
        ) as answer:
            told = await answer.json()
        if answer.status != 400:
            raise Unexpected(
                f"what is refused with 400 was answered {answer.status} {str(told)[:200]}"
            )

    async def leaves_a_stream(self) -> None:
        stay = self._chance.randint(0, 40)
        async with aclosing(
            self._events("/v1/chat/completions", self._asked("say-2000-0.01", stream=True))
        ) as events:
            async for event in events:
                self.seen.cut += bool(content_of(event))
                if stay == 0:
                    return
                stay -= 1
        raise Unexpected("an endless answer ended")

    async def leaves_a_whole_answer(self) -> None:
        try:
            async with asyncio.timeout(self._chance.uniform(0.01, 1)):
                await self._took(self._asked("say-2000-0.01"), 2000)
        except TimeoutError:
            return
        raise Unexpected("an endless answer ended")

    async def comes_back_to_the_page(self) -> None:
        tokens, stay = self._chance.randint(10, 60), self._chance.randint(2, 8)
        told: list[Any] = []
        async with aclosing(self._events("/api/chat", self._page(f"say-{tokens}-0.01"))) as events:
            async for event in events:
                told.append(event)
                if len(told) > stay:
                    break
        answer = told[0]["sightdesk"]["answer"]["id"]
        await asyncio.sleep(self._chance.uniform(0, 0.3))
        async for event in self._events(f"/api/chat/{answer}?from={len(told)}"):
            told.append(event)
        self._whole(told, tokens)

    async def stops_the_page(self) -> None:
        answer, stopped = "", False
        async for event in self._events("/api/chat", self._page("say-2000-0.01"), stopped=True):
            self.seen.cut += bool(content_of(event))
            answer = answer or event["sightdesk"]["answer"]["id"]
            if content_of(event) and not stopped:
                stopped = True
                async with self.session.post(f"{self.url}/api/chat/{answer}/stop") as told:
                    if told.status != 204:
                        raise Unexpected(f"stop: {told.status}")

    async def meets_a_fault(self) -> None:
        order = self._chance.choice(list(FAULTS))
        try:
            async for event in self._events(
                "/v1/chat/completions", self._asked(order, stream=True)
            ):
                self.seen.cut += bool(content_of(event))
        except Failed as failure:
            if failure.code not in FAULTS[order]:
                raise Unexpected(f"{order}: {failure.code}") from None
            return
        raise Unexpected(f"{order} passed for good")

    # What they share

    def _asked(self, order: str, **more: Any) -> dict[str, Any]:
        self._number += 1
        content = f"question {self._number} {order}"
        return {"model": "faulty-vl", "messages": [{"role": "user", "content": content}], **more}

    def _page(self, order: str) -> dict[str, Any]:
        return {"messages": self._asked(order)["messages"]}

    async def _took(self, wanted: dict[str, Any], tokens: int) -> None:
        async with self.session.post(self.url + "/v1/chat/completions", json=wanted) as answer:
            told = await answer.json()
            if answer.status != 200:
                raise Unexpected(f"{answer.status} {told}")
        if told["usage"]["completion_tokens"] != tokens:
            raise Unexpected(f"usage {told['usage']} instead of {tokens}")
        self.seen.tokens += tokens

    async def _events(
        self, path: str, wanted: dict[str, Any] | None = None, *, stopped: bool = False
    ) -> AsyncGenerator[dict[str, Any]]:
        """Events up to [DONE], which is returned as an empty one.

        Raises Failed for an API error, Unexpected for silence.
        """
        async with self.session.request(
            "POST" if wanted else "GET", self.url + path, json=wanted
        ) as answer:
            if answer.status != 200:
                raise Failed((await answer.json())["error"]["code"])
            async for line in answer.content:
                if line == b"data: [DONE]\n":
                    yield {}
                    return
                if line.startswith(b"data: "):
                    event = json.loads(line[6:])
                    if "error" in event:
                        raise Failed(event["error"]["code"])
                    yield event
        if not stopped:
            raise Unexpected("the stream ended in silence")

    def _whole(self, told: list[dict[str, Any]], tokens: int) -> None:
        text = "".join(map(content_of, told))
        if text != "".join(f" {number}" for number in range(tokens)):
            raise Unexpected(f"{tokens} tokens came as {text!r}")
        self.seen.tokens += tokens


class Failed(Exception):
    """An error of the API, as a status or as the last event."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def content_of(event: dict[str, Any]) -> str:
    choices = event.get("choices")
    return str(choices[0]["delta"].get("content") or "") if choices else ""
