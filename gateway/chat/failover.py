"""Which engine answers: a place in one, the call, the next one when it fails, the fallback at last."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from gateway.chat import extras, prompt
from gateway.chat.engine_request import engine_request
from gateway.chat.question import Question
from gateway.chat.sse_response import Sink
from gateway.desk import Desk
from gateway.errors import ContextLengthExceeded, GatewayError, UpstreamUnavailable
from gateway.server.request_context import RequestContext
from gateway.throttling.admission import Admission, Permit
from gateway.throttling.caller_keys import limit_key
from gateway.upstream.client import EngineClient, Refused
from gateway.upstream.faults import WireError
from gateway.upstream.http1 import OnChunks, OnData, Response
from gateway.upstream.request_body import Body
from gateway.upstream.upstream import Upstream

Result = TypeVar("Result")

FITTING_TRIES = 4
# What has more contexts than this by the estimate is not counted: tokenizing megabytes would keep the engine from others.
MAX_COUNTED_CONTEXTS = 8
# A request that engines begin and do not answer may be what ends them: it is not handed to a third one.
MAX_BEGUN = 2
BUSY_SECONDS = 0.5
THREAD_CHARACTERS = 64 * 1024
# What no request can cause; every other failure may be one request's own.
OWN_FAULTS = frozenset(("connect", "connect_timeout", "down"))
SPEAKING_SECONDS = 1.0  # an engine that sent a token to anybody within this is not silent
SETTLE_SECONDS = 1.0


@dataclass(slots=True)
class Call:
    """An engine's answer that has begun. `close` it."""

    permit: Permit
    response: Response
    client: EngineClient
    first: bytes
    _closed: bool = False

    async def stream_to(self, into: OnData, on_chunks: OnChunks | None = None) -> None:
        """The body as it comes, to its end. Raises Broken."""
        first, self.first = self.first, b""
        if held := into(first):
            await held
        try:
            await self.response.stream_to(into, on_chunks)
        except WireError as error:
            raise self.client.broken(error) from None

    def close(self) -> None:
        """The second time does nothing."""
        if not self._closed:
            self._closed = True
            self.response.close()
            self.permit.release()


# What is made of a permit: a call that has begun, or the whole answer. Raises Refused where another engine may be tried.
Work = Callable[[Question, Permit, Callable[[], bool]], Awaitable[Result]]


async def tell(question: Question, sink: Sink | None, told: dict[str, Any]) -> None:
    """An event with the assistant's extras, for those who asked for them."""
    if sink is not None and question.wants_extras:
        await sink.send(extras.event(question.id, question.request.model, told))


class Failover:
    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    async def answer(self, question: Question, sink: Sink | None, work: Work[Result]) -> Result:
        """What `work` makes of an engine that can answer, else of the fallback."""
        try:
            return await self._admitted(self.desk.engines, question, sink, work)
        except (UpstreamUnavailable, Refused) as failure:
            if not question.assistant or self.desk.fallback is None:
                raise failure.error if isinstance(failure, Refused) else failure from None
        question.degraded = True
        await tell(question, sink, {"degraded": True})
        try:
            return await self._admitted(self.desk.fallback, question, sink, work)
        except Refused as refused:
            raise refused.error from None

    async def _admitted(
        self, engines: Admission, question: Question, sink: Sink | None, work: Work[Result]
    ) -> Result:
        """What `work` makes of a permit. An engine that refuses is left out and the next one is tried
        (docs/decisions/007-what-is-asked-again.md)."""
        tried: frozenset[str] = frozenset()
        refusal: Refused | None = None
        patient, begun = True, 0
        place = 0  # in the queue, as last told

        async def moved(position: int) -> None:
            nonlocal place
            place = position
            await tell(question, sink, {"queue": {"position": position}})

        while True:
            try:
                with timed(question.context, "queue"):
                    permit = await engines.admit(
                        limit_key(question.context.limit_owner), question.affinity, tried, moved
                    )
            except UpstreamUnavailable as unavailable:
                raise refusal or unavailable from None
            upstream = permit.upstream
            try:
                if place:
                    await moved(0)
                others = partial(self._elsewhere, question, engines, tried | {upstream.name})
                return await work(question, permit, others)
            except Refused as error:
                permit.release()
                await self.failed(upstream, error.kind)
                refusal, begun = error, begun + error.begun
                if begun >= MAX_BEGUN:
                    raise
            except BaseException:
                permit.release()
                raise
            if refusal.busy and patient:
                patient = False
                await asyncio.sleep(BUSY_SECONDS)
            else:
                tried |= {upstream.name}

    def _elsewhere(self, question: Question, engines: Admission, tried: frozenset[str]) -> bool:
        """Whether an engine that was not tried, or the fallback, can answer now."""
        others = [upstream for upstream in engines.upstreams if upstream.name not in tried]
        if (
            question.assistant
            and self.desk.fallback is not None
            and engines is not self.desk.fallback
        ):
            others += self.desk.fallback.upstreams
        return any(upstream.usable for upstream in others)

    async def call(self, question: Question, permit: Permit, elsewhere: Callable[[], bool]) -> Call:
        response, first = await self._opened(question, permit.upstream, elsewhere)
        question.context.log.engine_chosen(permit.upstream.model)
        return Call(permit, response, self.desk.client, first)

    async def _opened(
        self, question: Question, upstream: Upstream, elsewhere: Callable[[], bool]
    ) -> tuple[Response, bytes]:
        """The engine's response and the first of its body. What the engine finds too long is counted by its own tokenizer: the assistant
        then drops older turns while there are any, and who asked hears by how many tokens the rest is over."""
        salt = self.desk.signer.cache_salt(
            question.caller.owner if question.caller.kind == "key" else "desk"
        )
        owner = (
            self.desk.turn_of(question.context) if upstream.is_lite else ""
        )  # for the turns of its reader
        scale = 1.0
        for _ in range(FITTING_TRIES):
            body = await self._composed(question, upstream, salt, scale)
            try:
                with timed(question.context, "upstream"):
                    request_id = question.context.request_id
                    return await self.desk.client.open(upstream, body, request_id, elsewhere, owner)
            except GatewayError as error:
                upstream.breaker.succeeded()  # the engine lives: it said what is wrong with the request
                if not isinstance(error, ContextLengthExceeded):
                    raise
                refused = error
                words = (
                    await self._count(upstream, body, pictures=False)
                    if _can_drop(question, body)
                    else None
                )
                if words is None:
                    break
                scale = max(scale * 1.05, words / prompt.estimate_body(body.content))
        counted = await self._count(upstream, body, pictures=True)
        if counted is None:
            tokens = prompt.estimate_body(body.content)
            over = max(1, tokens + (question.request.wanted_tokens or 1) - upstream.max_model_len)
            details = {"limit": upstream.max_model_len, "tokens": tokens, "tokens_over": over}
            raise ContextLengthExceeded(
                refused.message, param=refused.param, details={**details, **refused.details}
            )
        raise too_long(
            counted, question.request.wanted_tokens or 1, upstream.max_model_len, refused
        )

    async def _composed(
        self, question: Question, upstream: Upstream, salt: str, scale: float
    ) -> Body:
        """The engine's body; of a long request made in a thread, since it takes tens of milliseconds."""
        given = (
            question.request,
            question.attachments,
            question.citations,
            upstream,
            question.assistant,
        )
        if prompt.length_of(question.request.messages) < THREAD_CHARACTERS:
            return engine_request(*given, salt=salt, scale=scale)
        return await asyncio.to_thread(engine_request, *given, salt=salt, scale=scale)

    async def _count(self, upstream: Upstream, body: Body, *, pictures: bool) -> int | None:
        """The prompt's tokens by the engine's own count; None where it has none, or the prompt is out of all proportion."""
        if (
            upstream.is_lite
            or prompt.estimate_body(body.content) > MAX_COUNTED_CONTEXTS * upstream.max_model_len
        ):
            return None
        return await self.desk.client.count_tokens(upstream, body.content, pictures=pictures)

    async def failed(self, upstream: Upstream, kind: str) -> None:
        """Notes whose fault it may be (docs/decisions/012-whose-fault-a-failure-is.md). After many failures in a row the engine
        itself is asked, and the caller waits a moment for the outcome."""
        late = kind == "timeout"
        if kind in OWN_FAULTS or (late and not self.desk.client.speaks(upstream, SPEAKING_SECONDS)):
            upstream.breaker.failed()
        else:
            upstream.breaker.doubted()
        if upstream.breaker.doubtful:
            await asyncio.wait((self.desk.client.check(upstream),), timeout=SETTLE_SECONDS)
        self.desk.metrics.upstream_errors.labels(upstream.name, kind).inc()
        self.desk.metrics.breaker_state.labels(upstream.name).set(upstream.breaker.state)


def _can_drop(question: Question, body: Body) -> bool:
    """Whether the body still has messages that the assistant may leave out."""
    if not question.assistant:
        return False
    messages = question.request.messages
    may_go = sum(map(len, prompt.units(messages)))
    kept = sum(prompt.role_of(message, question.request) != "system" for message in messages)
    return len(body.content["messages"]) > 1 + kept - may_go


def too_long(
    tokens: int, wanted: int, holds: int, refused: ContextLengthExceeded
) -> ContextLengthExceeded:
    """`tokens` are the prompt's, pictures included, `wanted` the answer's, for which one must be left in any case."""
    over = tokens + wanted - holds
    return ContextLengthExceeded(
        f"The messages are {over} tokens over what fits: they have {tokens}, the answer takes {wanted}, and the context holds {holds}. "
        "Leave out older turns, shorten the text or send fewer pictures.",
        param=refused.param,
        details={"limit": holds, "tokens": tokens, "tokens_over": over},
    )


class timed:
    __slots__ = ("context", "stage", "started")

    def __init__(self, context: RequestContext, stage: str) -> None:
        self.context, self.stage = context, stage

    def __enter__(self) -> None:
        self.started = time.perf_counter()

    def __exit__(self, *_: object) -> None:
        self.context.response.add_stage(self.stage, time.perf_counter() - self.started)
