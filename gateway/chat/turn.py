"""One turn: a question and its answer, a line a stage (docs/architecture.md).

authenticate → limit (the routes, before a body is read) → attachments → knowledge →
loop {admit → engine → events → tools} → usage
"""

from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import dataclass, replace
from functools import partial
from typing import Self

from gateway.assistant.briefing import Briefing
from gateway.chat.answer_end import AnswerEnd, GroundingMode
from gateway.chat.attachment_stage import AttachmentStage, given_up_with
from gateway.chat.citation_stage import CitationStage
from gateway.chat.engine_calls import Call, EngineCalls
from gateway.chat.engine_request import EngineInput, estimated_tokens
from gateway.chat.event_parser import EventParser, EventReceiver
from gateway.chat.events import AnswerStarted, Event, Push, Usage, tell
from gateway.chat.failover import Failover
from gateway.chat.question import Question, TurnReport
from gateway.chat.raw_relay import ByteSink, RawRelay
from gateway.chat.rounds import Round
from gateway.chat.stream_stats import StreamStats
from gateway.chat.tool_rounds import ToolRounds, ToolTurn
from gateway.chat.tool_steps import Again
from gateway.chat.usage import record_usage
from gateway.media.attachments import Attachments
from gateway.observability.metrics import Metrics
from gateway.throttling.admission import Permit
from gateway.upstream.client import Broken, Refused
from gateway.upstream.http1 import OnChunks, OnData
from gateway.upstream.upstream import LITE_MODEL

END_SECONDS = 2.0  # for an engine to end its response after [DONE]: until then its place is taken


def ignore(_: Sequence[Event]) -> None:
    """For an answer whose events nobody reads."""


@dataclass(slots=True)
class Output:
    """Where an answer goes.

    `is_whole`: nothing is sent before the end, so another engine may be asked when one breaks.
    `sink`: takes the raw model's stream byte for byte, past the events.
    """

    push: Push = ignore
    is_whole: bool = False
    sink: ByteSink | None = None


class TurnRunner:
    """`tools`: the company's systems. None: every turn has one round."""

    def __init__(
        self,
        attachments: AttachmentStage,
        citations: CitationStage,
        failover: Failover,
        calls: EngineCalls,
        metrics: Metrics,
        tools: ToolRounds | None = None,
        *,
        grounding: GroundingMode = "flag",
    ) -> None:
        self._attachments = attachments
        self._citations = citations
        self._failover = failover
        self._calls = calls
        self._metrics = metrics
        self._tools = tools
        self._grounding = grounding

    def with_tools(self, tools: ToolRounds) -> Self:
        """The same with other tools."""
        other = copy(self)
        other._tools = tools
        return other

    async def run(self, question: Question, output: Output, report: TurnReport) -> None:
        """The whole answer into `output`. Raises GatewayError."""
        end: AnswerEnd | None = None
        if question.assistant:
            end = AnswerEnd(output.push, self._grounding, self._metrics, question.past)
            output = replace(output, push=end.push)
        await tell(output.push, AnswerStarted(question.answer_id, question.conversation))
        attachments = await self._load_attachments(question, output.push, report)
        with given_up_with(attachments):
            briefing = await self._brief(question, attachments, report)
            given = EngineInput(question.request, attachments, question.assistant, briefing)
            tools = None
            if self._tools is not None and question.assistant:
                tools = self._tools.begin(question, briefing, attachments, output.push)
            if end is None or tools is None:
                if end is not None:
                    end.rests_on(given)
                await self._run_round(question, given, output.push, output, report)
                return
            await self._run_rounds(question, given, tools, end, output, report)

    async def _run_rounds(
        self,
        question: Question,
        given: EngineInput,
        tools: ToolTurn,
        end: AnswerEnd,
        output: Output,
        report: TurnReport,
    ) -> None:
        """Asks the engine until it calls no tool of ours any more, or may not."""
        usages: list[Usage] = []
        while True:
            given = tools.given(given)
            end.rests_on(given)
            one = Round(output.push, may_be_followed=tools.may_call, refusal=tools.refusal)
            await self._run_round(question, given, one.push, output, report)
            if not tools.may_call:
                return
            step = await tools.after(one, is_lite=report.model == LITE_MODEL)
            if step is None:
                await one.finish(usages)
                return
            if not isinstance(step, Again):
                end.rests_on(tools.given(given))
                await one.finish_with(step.text, step.outcome, usages, step.reason)
                return
            usages += await one.continue_with_next(step.text)

    async def _load_attachments(
        self, question: Question, push: Push, report: TurnReport
    ) -> Attachments:
        with report.timing("media"):
            attachments = await self._attachments.load(question, push)
        report.images = attachments.count
        return attachments

    async def _brief(
        self, question: Question, attachments: Attachments, report: TurnReport
    ) -> Briefing:
        if not question.assistant:
            return Briefing()
        with report.timing("knowledge"):
            briefing = await self._citations.find(question, attachments)
        report.knowledge_version = briefing.knowledge_version
        self._metrics.knowledge_seconds.observe(report.timings["knowledge"])
        return briefing

    async def _run_round(
        self,
        question: Question,
        given: EngineInput,
        push: Push,
        output: Output,
        report: TurnReport,
    ) -> None:
        """Admits the question to an engine, asks it, and hands its events on."""
        tokens = partial(estimated_tokens, given)
        if output.is_whole:
            collect = partial(self._collect, question, given, report)
            held = push(await self._failover.run(question, output.push, report, collect, tokens))
            if held is not None:
                await held
            return
        begin = partial(self._begin, question, given, report)
        call = await self._failover.run(question, output.push, report, begin, tokens)
        upstream = call.permit.upstream
        try:
            await self._stream(call, question, push, output.sink, report)
            upstream.breaker.succeeded()
        except Broken as broken:
            call.close()
            await self._failover.failed(upstream, broken.kind)
            raise broken.error from None
        finally:
            call.close()

    async def _begin(
        self,
        question: Question,
        given: EngineInput,
        report: TurnReport,
        permit: Permit,
        elsewhere: Callable[[], bool],
    ) -> Call:
        call = await self._calls.open(question, given, permit, elsewhere, report)
        call.response.elsewhere = None  # its first events go to the client now
        return call

    async def _stream(
        self,
        call: Call,
        question: Question,
        push: Push,
        sink: ByteSink | None,
        report: TurnReport,
    ) -> None:
        """Raises Broken."""
        stats = StreamStats(question.started)

        def on_done() -> None:
            # Clients hang up on [DONE]: it counts that it passed, not that the engine closed first.
            record_usage(stats, question.caller.name, report, self._metrics, complete=True)
            call.response.allow_to_end(END_SECONDS)

        on_data: OnData
        on_chunks: OnChunks | None = None
        if sink is None:
            on_data = EventReceiver(EventParser(stats), push, on_done)
        else:
            relay = RawRelay(sink, stats, on_done, wants_usage=question.request.wants_usage)
            on_data, on_chunks = relay, relay.forward
        try:
            await call.stream_to(on_data, on_chunks)
        except Broken:
            if not stats.done:  # after [DONE] the answer is whole, however the engine then closes
                raise
        finally:
            if not stats.done:
                record_usage(stats, question.caller.name, report, self._metrics, complete=False)
            call.note(stats, report)
        stats.check_whole()

    async def _collect(
        self,
        question: Question,
        given: EngineInput,
        report: TurnReport,
        permit: Permit,
        elsewhere: Callable[[], bool],
    ) -> list[Event]:
        """All events of a round. Raises Refused where it is not whole and may be asked again."""
        call = await self._calls.open(question, given, permit, elsewhere, report)
        stats = StreamStats(question.started)
        parser = EventParser(stats, whole=True)
        events: list[Event] = []

        def on_done() -> None:
            call.response.allow_to_end(END_SECONDS)

        try:
            await call.stream_to(EventReceiver(parser, events.extend, on_done))
        except Broken as broken:
            if not stats.done:
                raise Refused(broken.kind, broken.error, begun=True) from None
        finally:
            call.note(stats, report)
            call.close()
        try:
            events += parser.end()
        except Broken as broken:
            raise Refused(broken.kind, broken.error, begun=True) from None
        permit.upstream.breaker.succeeded()
        record_usage(stats, question.caller.name, report, self._metrics, complete=True)
        return events
