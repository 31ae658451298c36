"""Which engine answers: a place in one, the next one when it fails, the fallback at last."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TypeVar

from gateway.chat.events import Degraded, Push, QueuePosition, tell
from gateway.chat.question import Question, TurnReport
from gateway.errors import UpstreamUnavailable, release_frames
from gateway.observability.metrics import Metrics
from gateway.throttling.admission import Admission, Permit
from gateway.upstream.client import EngineClient, Refused
from gateway.upstream.upstream import Upstream

Result = TypeVar("Result")

# A request that engines begin and do not answer may be what ends them: no third one gets it.
MAX_BEGUN = 2
BUSY_SECONDS = 0.5
# What no request can cause; every other failure may be one request's own.
OWN_FAULTS = frozenset(("connect", "connect_timeout", "down"))
SPEAKING_SECONDS = 1.0  # an engine that sent a token to anybody within this is not silent
SETTLE_SECONDS = 1.0

# What is made of a permit; the function says whether another engine could answer now. Raises
# Refused where another engine may be tried.
Work = Callable[[Permit, Callable[[], bool]], Awaitable[Result]]


class Failover:
    def __init__(
        self,
        engines: Admission,
        fallback: Admission | None,
        client: EngineClient,
        metrics: Metrics,
    ) -> None:
        self._engines = engines
        self._fallback = fallback
        self._client = client
        self._metrics = metrics

    async def run(
        self,
        question: Question,
        push: Push,
        report: TurnReport,
        work: Work[Result],
        tokens: Callable[[], int] = lambda: 0,
    ) -> Result:
        """What `work` makes of an engine that can answer, else of the fallback. `tokens`: estimates
        those of the prompt, where engines are chosen by them.

        Raises UpstreamUnavailable, QueueFull, or the last engine's error.
        """
        try:
            return await self._admitted(self._engines, question, push, report, work, tokens)
        except (UpstreamUnavailable, Refused) as failure:
            if not question.assistant or self._fallback is None:
                raise failure.error if isinstance(failure, Refused) else failure from None
        await tell(push, Degraded())
        try:
            return await self._admitted(self._fallback, question, push, report, work, tokens)
        except Refused as refused:
            raise refused.error from None

    async def _admitted(
        self,
        engines: Admission,
        question: Question,
        push: Push,
        report: TurnReport,
        work: Work[Result],
        tokens: Callable[[], int],
    ) -> Result:
        """What `work` makes of a permit. An engine that refuses is left out and the next one is
        tried (docs/decisions/007-what-is-asked-again.md)."""
        tried: frozenset[str] = frozenset()
        refusal: Refused | None = None
        patient, begun = True, 0
        place = 0  # in the queue, as last told
        weight = tokens() if engines.counts_tokens else 0

        async def moved(position: int) -> None:
            nonlocal place
            place = position
            await tell(push, QueuePosition(position))

        while True:
            try:
                with report.timing("queue"):
                    permit = await engines.admit(
                        question.charged_to, question.affinity, tried, moved, weight
                    )
            except UpstreamUnavailable as unavailable:
                raise refusal or unavailable from None
            upstream = permit.upstream
            try:
                if place:
                    await moved(0)
                elsewhere = partial(self._is_elsewhere, question, engines, tried | {upstream.name})
                return await work(permit, elsewhere)
            except Refused as error:
                permit.release()
                await self.failed(upstream, error.kind)
                refusal, begun = error, begun + error.begun
                if begun >= MAX_BEGUN:
                    raise
                release_frames(error)
            except BaseException:
                permit.release()
                raise
            if refusal.busy and patient:
                patient = False
                await asyncio.sleep(BUSY_SECONDS)
            else:
                tried |= {upstream.name}

    def _is_elsewhere(self, question: Question, engines: Admission, tried: frozenset[str]) -> bool:
        """Whether an engine that was not tried, or the fallback, can answer now."""
        others = [upstream for upstream in engines.upstreams if upstream.name not in tried]
        if question.assistant and self._fallback is not None and engines is not self._fallback:
            others += self._fallback.upstreams
        return any(upstream.usable for upstream in others)

    async def failed(self, upstream: Upstream, kind: str) -> None:
        """Notes whose fault it may be (docs/decisions/012-whose-fault-a-failure-is.md). After many
        failures in a row the engine itself is asked, and the caller waits a moment for the outcome.
        """
        late = kind == "timeout"
        if kind in OWN_FAULTS or (late and not self._client.speaks(upstream, SPEAKING_SECONDS)):
            upstream.breaker.failed()
        else:
            upstream.breaker.doubted()
        if upstream.breaker.doubtful:
            await asyncio.wait((self._client.check(upstream),), timeout=SETTLE_SECONDS)
        self._metrics.upstream_errors.labels(upstream.name, kind).inc()
        self._metrics.breaker_state.labels(upstream.name).set(upstream.breaker.state)
