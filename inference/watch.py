"""Checks vLLM from outside, each second: does it answer, and do its requests get tokens?"""

import asyncio
import time
from dataclasses import dataclass, field

import httpx
from prometheus_client.parser import text_string_to_metric_families

RUNNING = "vllm:num_requests_running"
TOKENS = ("vllm:generation_tokens_total", "vllm:prompt_tokens_total")
LOOK_SECONDS = 1.0
# The gauges of an idle engine do not show that it hangs, so after this much silence it is asked
# for one token.
IDLE_PROBE_SECONDS = 30.0
ANSWER_SECONDS = 5.0


class Hung(Exception):
    """vLLM hangs. `str()` says for how long, and how it shows."""


@dataclass(frozen=True, slots=True)
class Gauges:
    """Two figures of vLLM's metrics, summed over its API servers and engines."""

    running: float  # requests
    tokens: float  # generated and prefilled since the start

    @classmethod
    def read(cls, metrics: str) -> "Gauges":
        """From Prometheus text. Other metrics are skipped: a fault in them is not a hang."""
        lines = [line for line in metrics.splitlines() if line.startswith((RUNNING, *TOKENS))]
        running = tokens = 0.0
        for family in text_string_to_metric_families("\n".join(lines) + "\n"):
            for sample in family.samples:
                running += sample.value if sample.name == RUNNING else 0
                tokens += sample.value if sample.name in TOKENS else 0
        return cls(running, tokens)


@dataclass(slots=True)
class Stall:
    """Decides from successive looks whether vLLM hangs. Times are seconds of the caller's clock."""

    limit: float
    now: float
    tokens: float = -1.0
    moved_at: float = field(init=False)
    answered_at: float = field(init=False)

    def __post_init__(self) -> None:
        self.moved_at = self.answered_at = self.now

    def look(self, gauges: Gauges | None, is_probing: bool, now: float) -> None:
        """Takes in one look. Raises Hung.

        `gauges` is None if vLLM did not answer; `is_probing` says that it owes a probe a token.
        """
        if gauges is None:
            if now - self.answered_at >= self.limit:
                raise Hung(
                    f"vLLM has not answered for {now - self.answered_at:.0f} s "
                    f"(ENGINE_HANG_SECONDS={self.limit:g})"
                )
            return
        self.answered_at = now
        if gauges.tokens != self.tokens or not (gauges.running or is_probing):
            self.tokens, self.moved_at = gauges.tokens, now
        elif now - self.moved_at >= self.limit:
            raise Hung(
                f"{max(gauges.running, 1):.0f} requests are running and no token came "
                f"for {now - self.moved_at:.0f} s "
                f"(ENGINE_HANG_SECONDS={self.limit:g})"
            )


class Watch:
    """Asks the engine at `url`."""

    def __init__(self, url: str, hang_seconds: float) -> None:
        self._limit = hang_seconds
        self._http = httpx.AsyncClient(base_url=url, timeout=ANSWER_SECONDS, trust_env=False)

    async def aclose(self) -> None:
        await self._http.aclose()

    async def until_listening(self) -> str:
        """Waits until vLLM answers. Returns the served model's name."""
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
        """Looks every LOOK_SECONDS. Never returns; raises Hung."""
        stall = Stall(self._limit, time.monotonic())
        quiet_since = time.monotonic()
        probe: asyncio.Task[None] | None = None
        try:
            while True:
                await asyncio.sleep(LOOK_SECONDS)
                gauges, tokens = await self._gauges(), stall.tokens
                stall.look(gauges, probe is not None, time.monotonic())
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
        except (httpx.HTTPError, ValueError):  # no answer, or one that is no metrics text
            return None
