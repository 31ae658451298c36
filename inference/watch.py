"""A look at vLLM from outside, each second: does it answer, and do its running requests get tokens?"""

import asyncio
import re
import time
from dataclasses import dataclass, field

import httpx

SAMPLE = re.compile(
    r"^vllm:(num_requests_running|generation_tokens_total|prompt_tokens_total)(?:\{[^}]*\})? (\S+)",
    re.M,
)
# An idle engine that hangs shows nothing in its gauges, so after this much silence it is asked for one token.
IDLE_PROBE_SECONDS = 30.0
ANSWER_SECONDS = 5.0


class Hung(Exception):
    """`str()` says for how long and by which sign."""


@dataclass(frozen=True, slots=True)
class Gauges:
    running: float
    tokens: float  # generated and prefilled, ever

    @classmethod
    def read(cls, metrics: str) -> "Gauges":
        """From Prometheus text, summed over API servers and engines."""
        sums = {
            "num_requests_running": 0.0,
            "generation_tokens_total": 0.0,
            "prompt_tokens_total": 0.0,
        }
        for name, value in SAMPLE.findall(metrics):
            sums[name] += float(value)
        return cls(
            sums["num_requests_running"],
            sums["generation_tokens_total"] + sums["prompt_tokens_total"],
        )


@dataclass(slots=True)
class Stall:
    """Judges by what is seen when; it has no clock of its own. Seconds throughout."""

    limit: float
    now: float
    tokens: float = -1.0
    moved_at: float = field(init=False)
    answered_at: float = field(init=False)

    def __post_init__(self) -> None:
        self.moved_at = self.answered_at = self.now

    def seen(self, gauges: Gauges | None, waiting: bool, now: float) -> None:
        """One look; None where vLLM gave no answer, `waiting` while a probe is out. Raises Hung."""
        if gauges is None:
            if now - self.answered_at >= self.limit:
                raise Hung(
                    f"vLLM has not answered for {now - self.answered_at:.0f} s (ENGINE_HANG_SECONDS={self.limit:g})"
                )
            return
        self.answered_at = now
        if gauges.tokens != self.tokens or not (gauges.running or waiting):
            self.tokens, self.moved_at = gauges.tokens, now
        elif now - self.moved_at >= self.limit:
            raise Hung(
                f"{max(gauges.running, 1):.0f} requests are running and no token came for {now - self.moved_at:.0f} s "
                f"(ENGINE_HANG_SECONDS={self.limit:g})"
            )


class Watch:
    def __init__(self, url: str, hang_seconds: float) -> None:
        self._limit = hang_seconds
        self._http = httpx.AsyncClient(base_url=url, timeout=ANSWER_SECONDS, trust_env=False)

    async def aclose(self) -> None:
        await self._http.aclose()

    async def until_listening(self) -> str:
        """The served model's name, once vLLM answers."""
        while True:
            try:
                response = await self._http.get("/v1/models")
                return str(response.raise_for_status().json()["data"][0]["id"])
            except (httpx.HTTPError, ValueError, LookupError):
                await asyncio.sleep(0.5)

    async def one_token(self, model: str) -> None:
        """Raises httpx.HTTPError unless the model writes a token."""
        body = {"model": model, "messages": [{"role": "user", "content": "1"}], "max_tokens": 1}
        response = await self._http.post("/v1/chat/completions", json=body, timeout=self._limit)
        response.raise_for_status()

    async def until_hung(self, model: str) -> None:
        """Returns never; raises Hung."""
        stall = Stall(self._limit, time.monotonic())
        quiet_since = time.monotonic()
        probe: asyncio.Task[None] | None = None
        try:
            while True:
                await asyncio.sleep(1)
                gauges, tokens = await self._gauges(), stall.tokens
                stall.seen(gauges, probe is not None, time.monotonic())
                if probe is not None and probe.done():
                    probe = (
                        None
                        if probe.exception() is None
                        else asyncio.create_task(self.one_token(model))
                    )
                    quiet_since = time.monotonic()
                elif gauges is not None and (gauges.running or stall.tokens != tokens):
                    quiet_since = time.monotonic()
                elif probe is None and time.monotonic() - quiet_since >= IDLE_PROBE_SECONDS:
                    probe = asyncio.create_task(self.one_token(model))
        finally:
            if probe is not None:
                probe.cancel()

    async def _gauges(self) -> Gauges | None:
        try:
            return Gauges.read((await self._http.get("/metrics")).raise_for_status().text)
        except httpx.HTTPError:
            return None
