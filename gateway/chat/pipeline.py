"""The way of a question, a line a stage: authenticate → limit → read media → find knowledge → admit → call engine →
relay → account (docs/architecture.md)."""

from collections.abc import Callable
from typing import Any

import orjson

from gateway.chat import extras
from gateway.chat.collect import Collected
from gateway.chat.failover import Call, Failover, tell, timed
from gateway.chat.question import Question, public
from gateway.chat.reading_wait import patience_of, reading_while_asked
from gateway.chat.relay import Relay, StreamStats
from gateway.chat.sse_response import Sink
from gateway.chat.usage import record_usage
from gateway.desk import Desk
from gateway.knowledge.retrieval import citations_for
from gateway.throttling.admission import Permit
from gateway.upstream.client import Broken, Refused

END_SECONDS = 2.0  # for an engine to end its response after [DONE]: until then its place is taken


class Pipeline:
    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.failover = Failover(desk)

    async def stream(self, question: Question, sink: Sink) -> None:
        """The whole answer as events into `sink`."""
        with reading_while_asked(question):
            await self._prepare(question, sink)
            call = await self.failover.answer(question, sink, self._begun)
            await self._passed_on(call, question, sink)

    async def _passed_on(self, call: Call, question: Question, sink: Sink) -> None:
        try:
            await self._relayed(call, question, sink)
            call.permit.upstream.breaker.succeeded()
        except Broken as broken:
            call.close()
            await self.failover.failed(call.permit.upstream, broken.kind)
            raise broken.error from None
        finally:
            call.close()

    async def _begun(
        self, question: Question, permit: Permit, elsewhere: Callable[[], bool]
    ) -> Call:
        call = await self.failover.call(question, permit, elsewhere)
        call.response.elsewhere = None  # its first events go to the client now
        return call

    async def _relayed(self, call: Call, question: Question, sink: Sink) -> None:
        context, metrics = question.context, self.desk.metrics
        stats = StreamStats(context.started)

        def done() -> None:
            # Clients hang up on [DONE]: what counts is that it passed, not that the engine closed before they did.
            record_usage(stats, context, metrics, complete=True)
            call.response.allow_to_end(END_SECONDS)

        relay = Relay(sink, stats, done, wants_usage=question.request.wants_usage)
        try:
            await call.stream_to(relay, relay.forward)
        except Broken:
            if not stats.done:  # after [DONE] the answer is whole, however the engine then closes
                raise
        finally:
            if not stats.done:
                record_usage(stats, context, metrics, complete=False)
        stats.check_whole()

    async def whole(self, question: Question) -> bytes:
        """The whole answer as one JSON body."""
        with reading_while_asked(question):
            await self._prepare(question, None)
            answer = await self.failover.answer(question, None, self._collected)
        return orjson.dumps(
            {**answer, extras.KEY: question.extras()} if question.assistant else answer
        )

    async def _collected(
        self, question: Question, permit: Permit, elsewhere: Callable[[], bool]
    ) -> dict[str, Any]:
        """The answer as a chat completion. Nothing of it has been sent before its end, so another engine may be asked."""
        call = await self.failover.call(question, permit, elsewhere)
        stats = StreamStats(question.context.started)
        collected = Collected(stats, lambda: call.response.allow_to_end(END_SECONDS))
        try:
            await call.stream_to(collected)
        except Broken as broken:
            if not stats.done:
                raise Refused(broken.kind, broken.error, begun=True) from None
        finally:
            call.close()
        try:
            answer = collected.whole()
        except Broken as broken:
            raise Refused(broken.kind, broken.error, begun=True) from None
        permit.upstream.breaker.succeeded()
        record_usage(stats, question.context, self.desk.metrics, complete=True)
        return answer

    async def _prepare(self, question: Question, sink: Sink | None) -> None:
        """Media and knowledge: what the engine is handed beside the question."""
        desk, context = self.desk, question.context
        if question.conversation:
            await tell(
                question,
                sink,
                {"conversation": question.conversation, "answer": {"id": question.id}},
            )

        async def moved(position: int) -> None:
            await tell(question, sink, {"queue": {"position": position}})

        with timed(context, "media"):
            before_lite = all(upstream.is_lite for upstream in desk.upstreams)
            # vLLM as the raw engine sees for itself what it gets.
            reads_all = question.assistant or before_lite
            patience = patience_of(desk, question, before_lite, moved)
            question.attachments = await desk.attachment_loader.load(
                question.request, question.caller.owner, patience, reads_all
            )
            desk.body_memory.release(context)
        context.log.images_loaded(question.attachments.count)
        if question.attachments.readings and question.assistant:
            await tell(question, sink, {"reading": question.attachments.readings})
        if not question.assistant:
            return
        with timed(context, "knowledge"):
            asked = [
                message.text for message in question.request.messages if message.role == "user"
            ]
            newest = question.attachments.newest(question.request.messages)
            question.citations = await citations_for(desk.library, asked, newest)
        desk.metrics.knowledge_seconds.observe(context.response.stage_seconds["knowledge"])
        await tell(
            question, sink, {"citations": [public(citation) for citation in question.citations]}
        )
