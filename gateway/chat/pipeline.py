"""The way of a question, a line a stage: authenticate → limit → read media → find knowledge → admit → call engine →
relay → account (docs/architecture.md)."""

import asyncio
import time
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Any, TypeVar

import orjson

from gateway.chat import extras, prompt
from gateway.chat.account import account
from gateway.chat.compose import compose
from gateway.chat.question import Question, public
from gateway.chat.readings import patience_of, reading_while_asked
from gateway.chat.relay import Meter, Relay
from gateway.chat.reply import Sink
from gateway.context import RequestContext
from gateway.desk import Desk
from gateway.engines.body import Body
from gateway.engines.client import Broken, EngineClient, Refused
from gateway.engines.faults import WireError
from gateway.engines.upstream import Upstream
from gateway.engines.wire import ChunkInto, Into, Response
from gateway.errors import ContextLengthExceeded, GatewayError, UpstreamError, UpstreamUnavailable
from gateway.knowledge.query import citations_for
from gateway.limits.admission import Admission, Permit
from gateway.limits.rates import charged

Result = TypeVar("Result")

FITTING_TRIES = 4
# What has more contexts than this by the estimate is not counted: tokenizing megabytes would keep the engine from others.
MAX_COUNTED_CONTEXTS = 8
# A request that engines begin and do not answer may be what ends them: it is not handed to a third one.
MAX_BEGUN = 2
BUSY_SECONDS = 0.5
END_SECONDS = 2.0  # for an engine to end its response after [DONE]: until then its place is taken
MAX_WHOLE_BYTES = 32 * 1024 * 1024


@dataclass(slots=True)
class Call:
    """An engine's answer that has begun."""

    permit: Permit
    response: Response
    client: EngineClient
    first: bytes

    async def pour(self, into: Into, chunk_into: ChunkInto | None = None) -> None:
        """The body as it comes, to its end. Raises Broken."""
        first, self.first = self.first, b""
        if held := into(first):
            await held
        try:
            await self.response.pour(into, chunk_into)
        except WireError as error:
            raise self.client.broken(error) from None


class Pipeline:
    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    @reading_while_asked
    async def stream(self, question: Question, sink: Sink) -> None:
        """The whole answer as events into `sink`."""
        await self._prepare(question, sink)
        call = await self._begun(question, sink)
        await self._ended(call, self._relayed(call, question, sink))

    async def _relayed(self, call: Call, question: Question, sink: Sink) -> None:
        context, metrics = question.context, self.desk.metrics
        meter = Meter(context.started)

        def done() -> None:
            # Clients hang up on [DONE]: what counts is that it passed, not that the engine closed before they did.
            account(meter, context, metrics, complete=True)
            call.response.allow_to_end(END_SECONDS)

        relay = Relay(sink, meter, done, wants_usage=question.request.wants_usage)
        try:
            await call.pour(relay, relay.forward)
        except Broken:
            if not meter.done:  # after [DONE] the answer is whole, however the engine then closes
                raise
        finally:
            if not meter.done:
                account(meter, context, metrics, complete=False)
        meter.check_whole()

    @reading_while_asked
    async def whole(self, question: Question) -> bytes:
        """The whole answer as one JSON body."""
        await self._prepare(question, None)
        call = await self._begun(question, None)
        return await self._ended(call, self._collected(call, question))

    async def _collected(self, call: Call, question: Question) -> bytes:
        body = bytearray()

        def keep(chunk: bytes) -> None:
            body.extend(chunk)
            if len(body) > MAX_WHOLE_BYTES:
                raise Broken("garbage", UpstreamError("The engine's answer has no end."))

        await call.pour(keep)
        return self._accounted(question, bytes(body))

    def _accounted(self, question: Question, body: bytes) -> bytes:
        try:
            answer = orjson.loads(body)
            usage, _ = answer.get("usage"), answer["choices"]
        except (ValueError, AttributeError, TypeError, KeyError):
            raise Broken("garbage", UpstreamError("The engine's answer is no chat completion.")) from None
        meter = Meter(question.context.started, usage=usage, first_token_at=time.perf_counter())
        account(meter, question.context, self.desk.metrics, complete=True)
        return orjson.dumps({**answer, extras.KEY: question.extras()}) if question.assistant else body

    async def _prepare(self, question: Question, sink: Sink | None) -> None:
        """Media and knowledge: what the engine is handed beside the question."""
        desk, context = self.desk, question.context
        if question.conversation:
            await self._tell(question, sink, {"conversation": question.conversation, "answer": {"id": question.id}})
        with _timed(context, "media"):

            async def moved(position: int) -> None:
                await self._tell(question, sink, {"queue": {"position": position}})

            before_lite = all(upstream.is_lite for upstream in desk.upstreams)
            # vLLM as the raw engine sees for itself what it gets.
            reads_all = question.assistant or before_lite
            patience = patience_of(desk, question, before_lite, moved)
            question.album = await desk.gatherer.gather(question.request, question.caller.owner, patience, reads_all)
            desk.intake.let_go(context)
        context.images = question.album.count
        if question.album.readings and question.assistant:
            await self._tell(question, sink, {"reading": question.album.readings})
        if not question.assistant:
            return
        with _timed(context, "knowledge"):
            asked = [message.text for message in question.request.messages if message.role == "user"]
            newest = question.album.newest(question.request.messages)
            question.citations = await citations_for(desk.library, asked, newest)
        desk.metrics.knowledge_seconds.observe(context.timings["knowledge"])
        await self._tell(question, sink, {"citations": [public(citation) for citation in question.citations]})

    async def _tell(self, question: Question, sink: Sink | None, told: dict[str, Any]) -> None:
        if sink is not None and question.wants_extras:
            await sink.send(extras.event(question.id, question.request.model, told))

    async def _begun(self, question: Question, sink: Sink | None) -> Call:
        """An engine that has begun to answer, or the fallback; the call belongs to `_ended`."""
        try:
            return await self._admitted(self.desk.engines, question, sink)
        except (UpstreamUnavailable, Refused) as failure:
            if not question.assistant or self.desk.fallback is None:
                raise failure.error if isinstance(failure, Refused) else failure from None
        question.degraded = True
        await self._tell(question, sink, {"degraded": True})
        try:
            return await self._admitted(self.desk.fallback, question, sink)
        except Refused as refused:
            raise refused.error from None

    async def _ended(self, call: Call, work: Awaitable[Result]) -> Result:
        """What `work` makes of the call; whatever was taken for it is given back then."""
        try:
            made = await work
            call.permit.succeeded()
            return made
        except Broken as broken:
            self._failed(call.permit, broken.kind)
            raise broken.error from None
        finally:
            call.response.close()
            call.permit.release()

    async def _admitted(self, engines: Admission, question: Question, sink: Sink | None) -> Call:
        """An answer that has begun. An engine that refuses is left out and the next one is tried
        (docs/decisions/007-what-is-asked-again.md)."""
        tried: frozenset[str] = frozenset()
        refusal: Refused | None = None
        patient, begun = True, 0
        place = 0  # in the queue, as last told

        async def moved(position: int) -> None:
            nonlocal place
            place = position
            await self._tell(question, sink, {"queue": {"position": position}})

        while True:
            try:
                with _timed(question.context, "queue"):
                    permit = await engines.admit(charged(question.context.counted), question.affinity, tried, moved)
            except UpstreamUnavailable as unavailable:
                raise refusal or unavailable from None
            try:
                if place:
                    await moved(0)
                response, first = await self._opened(question, permit)
                question.context.model = permit.upstream.model
                return Call(permit, response, self.desk.client, first)
            except Refused as error:
                self._failed(permit, error.kind)
                permit.release()
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
                tried |= {permit.upstream.name}

    async def _opened(self, question: Question, permit: Permit) -> tuple[Response, bytes]:
        """The engine's response and the first of its body. What the engine finds too long is counted by its own tokenizer: the assistant
        then drops older turns while there are any, and who asked hears by how many tokens the rest is over."""
        upstream = permit.upstream
        salt = self.desk.signer.cache_salt(question.caller.owner if question.caller.kind == "key" else "desk")
        scale = 1.0
        for _ in range(FITTING_TRIES):
            body = compose(
                question.request,
                question.album,
                question.citations,
                upstream,
                question.assistant,
                salt=salt,
                scale=scale,
            )
            try:
                with _timed(question.context, "upstream"):
                    owner = self.desk.turn_of(question.context) if upstream.is_lite else ""
                    return await self.desk.client.open(upstream, body, question.context.request_id, owner)
            except GatewayError as error:
                permit.succeeded()  # the engine lives: it said what is wrong with the request
                if not isinstance(error, ContextLengthExceeded):
                    raise
                refused = error
                words = await self._count(upstream, body, pictures=False) if _can_drop(question, body) else None
                if words is None:
                    break
                scale = max(scale * 1.05, words / prompt.estimate_body(body.content))
        counted = await self._count(upstream, body, pictures=True)
        if counted is None:
            raise refused
        raise too_long(counted, question.request.wanted_tokens or 1, upstream.max_model_len, refused)

    async def _count(self, upstream: Upstream, body: Body, *, pictures: bool) -> int | None:
        """The prompt's tokens by the engine's own count; None where it has none, or the prompt is out of all proportion."""
        if upstream.is_lite or prompt.estimate_body(body.content) > MAX_COUNTED_CONTEXTS * upstream.max_model_len:
            return None
        return await self.desk.client.count_tokens(upstream, body.content, pictures=pictures)

    def _failed(self, permit: Permit, kind: str) -> None:
        upstream = permit.upstream
        permit.failed()
        self.desk.metrics.upstream_errors.labels(upstream.name, kind).inc()
        self.desk.metrics.breaker_state.labels(upstream.name).set(upstream.breaker.state)


def _can_drop(question: Question, body: Body) -> bool:
    """Whether more stands there than the instructions and the question: the rest is the assistant's to leave out."""
    return question.assistant and len(body.content["messages"]) > 2


def too_long(tokens: int, wanted: int, holds: int, refused: ContextLengthExceeded) -> ContextLengthExceeded:
    """`tokens` are the prompt's, pictures included, `wanted` the answer's, for which one must be left in any case."""
    return ContextLengthExceeded(
        f"The messages are {tokens + wanted - holds} tokens over what fits: they have {tokens}, the answer takes {wanted}, and the "
        f"context holds {holds}. Leave out older turns, shorten the text or send fewer pictures.",
        param=refused.param,
    )


class _timed:
    __slots__ = ("context", "stage", "started")

    def __init__(self, context: RequestContext, stage: str) -> None:
        self.context, self.stage = context, stage

    def __enter__(self) -> None:
        self.started = time.perf_counter()

    def __exit__(self, *_: object) -> None:
        spent = time.perf_counter() - self.started
        self.context.timings[self.stage] = self.context.timings.get(self.stage, 0.0) + spent
