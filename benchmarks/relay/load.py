"""The client: many concurrent requests; each answer is timed and compared with what was sent."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import orjson

from benchmarks.relay import script

KEY = "sk-bench"
PATIENCE = 120.0  # seconds for one answer; LiteLLM needs many with 256 streams open
MESSAGES = [
    {"role": "system", "content": "You are the service desk of a shop. Answer briefly."},
    {"role": "user", "content": "My parcel has not moved for three days. What can I do?"},
]
Check = Callable[["Answer"], str]


@dataclass(slots=True)
class Answer:
    tokens: int
    sent_at: float = 0.0
    first_token_at: float = 0.0
    done_at: float = 0.0
    status: int = 0
    body: bytes = b""
    # Arrival times in seconds; kept only if gaps are measured.
    arrivals: list[float] | None = None

    @property
    def to_first_token(self) -> float:
        return self.first_token_at - self.sent_at


@dataclass(slots=True)
class Result:
    answers: int = 0
    events: int = 0
    bytes: int = 0
    seconds: float = 0.0
    to_first_token: list[float] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


def request(
    url: str, *, stream: bool, tokens: int = script.TOKENS, pace: int = 0, content: object = None
) -> bytes:
    """An HTTP request. `pace`: milliseconds between tokens; `content`: another user message."""
    messages = (
        [MESSAGES[0], {"role": "user", "content": content}] if content is not None else MESSAGES
    )
    asked: dict[str, Any] = {
        "model": script.MODEL,
        "messages": messages,
        "max_tokens": tokens,
        "seed": pace,
        "temperature": 0,
    }
    if stream:
        asked |= {"stream": True, "stream_options": {"include_usage": True}}
    body = orjson.dumps(asked)
    head = (
        f"POST /v1/chat/completions HTTP/1.1\r\nhost: {urlsplit(url).netloc}\r\nauthorization: Bearer {KEY}\r\n"
        f"content-type: application/json\r\naccept: */*\r\ncontent-length: {len(body)}\r\n\r\n"
    )
    return head.encode("ascii") + body


class Connection(asyncio.Protocol):
    """One kept-alive connection with one request on it at a time."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._answer: Answer | None = None
        self._done: asyncio.Future[None] | None = None

    @classmethod
    async def open(cls, url: str) -> "Connection":
        parts = urlsplit(url)
        _, made = await asyncio.get_running_loop().create_connection(
            cls, parts.hostname or "", parts.port or 80
        )
        return made

    @property
    def usable(self) -> bool:
        return self._transport is not None and not self._transport.is_closing()

    def close(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    async def ask(self, text: bytes, answer: Answer) -> None:
        """Fills `answer`. Raises ConnectionError if it ends early, TimeoutError after PATIENCE."""
        assert self._transport is not None
        self._answer, self._done = answer, asyncio.get_running_loop().create_future()
        self._parts: list[bytes] = []
        self._head = b""
        self._left = -1  # bytes of the body still to come; below 0 it is chunked
        self._tail = b""
        answer.sent_at = time.perf_counter()
        self._transport.write(text)
        async with asyncio.timeout(PATIENCE):
            await self._done
        body = b"".join(self._parts)
        answer.body = unchunked(body) if self._left < 0 else body

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment]  # asyncio gives a stream a full transport

    def connection_lost(self, exc: Exception | None) -> None:
        if self._done is not None and not self._done.done():
            self._done.set_exception(
                ConnectionResetError("the connection ended before the answer did")
            )

    def data_received(self, data: bytes) -> None:
        answer = self._answer
        if answer is None or self._done is None or self._done.done():
            return
        if not answer.status:
            data = self._read_head(self._head + data, answer)
            if not data:
                return
        if answer.arrivals is not None:
            answer.arrivals.append(time.perf_counter())
        if not answer.first_token_at and script.FIRST_TOKEN in data:
            answer.first_token_at = time.perf_counter()
        self._parts.append(data)
        if self._left < 0:
            self._tail = data if len(data) >= 5 else self._tail[-5:] + data
            finished = self._tail.endswith(b"0\r\n\r\n")
        else:
            self._left -= len(data)
            finished = self._left <= 0
        if finished:
            answer.done_at = time.perf_counter()
            self._done.set_result(None)

    def _read_head(self, data: bytes, answer: Answer) -> bytes:
        head, found, rest = data.partition(b"\r\n\r\n")
        if not found:
            self._head = data
            return b""
        answer.status = int(head[9:12])
        lowered = head.lower()
        at = lowered.find(b"\r\ncontent-length:")
        if at >= 0:
            self._left = int(lowered[at + 17 :].split(b"\r\n", 1)[0])
        return rest


def unchunked(data: bytes) -> bytes:
    parts: list[bytes] = []
    at = 0
    while True:
        line = data.index(b"\r\n", at)
        size = int(data[at:line], 16)
        if not size:
            return b"".join(parts)
        parts.append(data[line + 2 : line + 2 + size])
        at = line + 2 + size + 2


def same_bytes(answer: Answer) -> str:
    """What is wrong with a streamed answer; empty if every event is unchanged and in order."""
    if answer.status != 200:
        return f"status {answer.status}: {answer.body[:200]!r}"
    return (
        ""
        if answer.body == script.stream(answer.tokens)
        else "the events are not those that the engine sent"
    )


def same_text(answer: Answer) -> str:
    """Like `same_bytes` for LiteLLM, which rewrites events: every token, in order."""
    if answer.status != 200:
        return f"status {answer.status}: {answer.body[:200]!r}"
    words = []
    for line in answer.body.split(b"\n"):
        if line.startswith(b"data: {"):
            choices = orjson.loads(line[6:]).get("choices")
            words.append(((choices[0].get("delta") or {}).get("content") or "") if choices else "")
    return (
        ""
        if "".join(words) == script.text(answer.tokens)
        else "the tokens are not those that the engine sent"
    )


def whole_text(answer: Answer) -> str:
    if answer.status != 200:
        return f"status {answer.status}: {answer.body[:200]!r}"
    told = orjson.loads(answer.body)["choices"][0]["message"]["content"]
    return "" if told == script.text(answer.tokens) else "the answer is not the engine's"


@dataclass(frozen=True, slots=True)
class Plan:
    """`clients` run at once. Each asks at least `rounds` times and until `seconds` have passed. The
    first requests are spread over `spread` seconds.
    """

    clients: int
    rounds: int
    check: Check
    stream: bool = True
    tokens: int = script.TOKENS
    pace: int = 0
    seconds: float = 0.0
    spread: float = 0.0
    # First tokens are timed from this round on; before it not all clients run.
    timed_from: int = 0


async def run(url: str, plan: Plan) -> Result:
    result = Result()
    text = request(url, stream=plan.stream, tokens=plan.tokens, pace=plan.pace)
    connections = [await Connection.open(url) for _ in range(plan.clients)]
    started = time.perf_counter()
    until = started + plan.seconds
    await asyncio.gather(
        *(
            _client(url, connection, plan.spread * number / plan.clients, text, until, plan, result)
            for number, connection in enumerate(connections)
        )
    )
    result.seconds = time.perf_counter() - started
    return result


async def _client(
    url: str,
    connection: Connection,
    wait: float,
    text: bytes,
    until: float,
    plan: Plan,
    result: Result,
) -> None:
    turn = -1
    try:
        await asyncio.sleep(wait)
        while (turn := turn + 1) < plan.rounds or time.perf_counter() < until:
            if not connection.usable:
                connection = await Connection.open(url)
            answer = Answer(plan.tokens)
            await connection.ask(text, answer)
            if fault := plan.check(answer):
                result.faults.append(fault)
                continue
            result.answers += 1
            result.events += script.events(plan.tokens)
            result.bytes += len(answer.body)
            if turn >= plan.timed_from and answer.first_token_at:
                result.to_first_token.append(answer.to_first_token)
    except (OSError, TimeoutError, ValueError) as error:
        result.faults.append(f"{type(error).__name__}: {error}")
    finally:
        connection.close()


async def added(direct: str, relayed: str, pairs: int, plan: Plan) -> tuple[list[float], Result]:
    """Seconds that the relay adds to the first token of one client, in pairs, in turn first and
    second.
    """
    result = Result()
    texts = {url: request(url, stream=True, tokens=plan.tokens) for url in (direct, relayed)}
    connections = {url: await Connection.open(url) for url in texts}
    differences = []
    for number in range(pairs):
        times = {}
        for url in (direct, relayed) if number % 2 else (relayed, direct):
            if not connections[url].usable:
                connections[url] = await Connection.open(url)
            answer = Answer(plan.tokens)
            await connections[url].ask(texts[url], answer)
            if fault := (same_bytes if url == direct else plan.check)(answer):
                result.faults.append(fault)
            times[url] = answer.to_first_token
        result.answers += 1
        differences.append(times[relayed] - times[direct])
    for connection in connections.values():
        connection.close()
    return differences, result


def percentile(values: list[float], percent: float) -> float:
    """Nearest rank; NaN without values."""
    if not values:
        return float("nan")
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]
