"""The responses of the chat routes: each runs a turn, or follows one, while its client stays."""

import asyncio
from collections.abc import Coroutine, Sequence
from contextlib import aclosing
from functools import partial
from typing import TYPE_CHECKING, Any

import structlog
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from gateway.chat.events import Event
from gateway.chat.openai_json import CompletionWriter
from gateway.chat.openai_stream import StreamWriter, stream_into
from gateway.chat.page_answer import PageAnswer
from gateway.chat.question import Question, TurnReport
from gateway.chat.resumable_answers import ResumableAnswers
from gateway.chat.silence import ClaimWatch, silent_completion, silent_extras
from gateway.chat.sse_response import SSEResponse, send_json
from gateway.chat.turn import Output, TurnRunner
from gateway.errors import GatewayError, InternalError, UpstreamUnavailable, release_frames
from gateway.observability.metrics import Metrics
from gateway.server.client_connection import ClientConnection
from gateway.server.request_context import RequestContext, RequestLog

if TYPE_CHECKING:
    from gateway.chat.shared_answers.reader import RemoteAnswer

log = structlog.get_logger()
STOPPED = UpstreamUnavailable("The desk is being restarted; ask again.", retry_after=5)


class TurnResponse(Response):
    """Base of the responses that run a turn: who leaves, at any time, aborts it."""

    def __init__(
        self, runner: TurnRunner, question: Question, context: RequestContext, metrics: Metrics
    ) -> None:
        self.runner = runner
        self.question = question
        self.context = context
        self.metrics = metrics
        self.report = TurnReport(context.response.stage_seconds)
        self.background = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            if not await run_while_connected(self.context.connection, self.answer()):
                self.metrics.client_disconnects.inc()
        finally:
            self._note_report()

    async def answer(self) -> None:
        raise NotImplementedError

    def _note_report(self) -> None:
        """What the turn found out, for the log line."""
        report = self.report
        self.context.log = RequestLog(
            report.model,
            report.images,
            report.prompt_tokens,
            report.completion_tokens,
            report.first_token_seconds,
        )


class APIResponse(TurnResponse):
    """The answer to `POST /v1/chat/completions`. Nothing of it is kept."""

    def __init__(
        self,
        runner: TurnRunner,
        question: Question,
        context: RequestContext,
        metrics: Metrics,
        *,
        wants_extras: bool,
    ) -> None:
        super().__init__(runner, question, context, metrics)
        self.wants_extras = wants_extras

    async def answer(self) -> None:
        if self.question.request.stream:
            response = SSEResponse(self.context)
            output = self._streamed_into(response)
            await deliver(response, self.runner.run(self.question, output, self.report))
            return
        writer = CompletionWriter(has_extras=self.question.assistant)
        output = Output(writer.push, is_whole=True)
        await self.runner.run(self.question, output, self.report)
        await send_json(self.context, writer.body())

    def _streamed_into(self, response: SSEResponse) -> Output:
        if not self.question.assistant:
            return Output(sink=response)
        writer = stream_writer(self.question, wants_extras=self.wants_extras)
        return Output(stream_into(writer, response))


class PageResponse(TurnResponse):
    """The answer to `POST /api/chat`. It is kept in memory while it is written, and its question
    may be in the store."""

    def __init__(
        self,
        runner: TurnRunner,
        question: Question,
        context: RequestContext,
        metrics: Metrics,
        answers: ResumableAnswers,
        watch: ClaimWatch,
        *,
        is_stored: bool,
    ) -> None:
        super().__init__(runner, question, context, metrics)
        self.answers = answers
        conversation = question.conversation or {}
        self.kept = PageAnswer(
            question.answer_id,
            question.caller.owner,
            stream_writer(question, wants_extras=question.assistant),
            caller=context.limit_owner,
            is_stored=is_stored,
            report=self.report,
            started=question.started,
            is_streamed=question.request.stream,
            conversation_id=str(conversation.get("id", "")),
            watch=watch,
        )

    async def answer(self) -> None:
        if self.question.request.stream:
            run = self.runner.run(self.question, Output(self.kept.push), self.report)
            self.answers.start(self.kept, run)
            await follow(self.kept, 0, self.context, self.answers)
            return
        self.answers.start(self.kept, self._fill())
        try:
            body = await self.kept.whole()
        finally:
            self.answers.abort(self.kept)
        if self.kept.claimed is not None:
            extras = silent_extras(self.question.conversation, self.kept.claimed)
            model = self.question.request.model
            body = silent_completion(extras, self.question.answer_id, model)
        await send_json(self.context, body)

    async def _fill(self) -> None:
        writer = CompletionWriter(has_extras=self.question.assistant)

        def push(events: Sequence[Event]) -> None:
            self.kept.note(events)
            writer.push(events)

        await self.runner.run(self.question, Output(push, is_whole=True), self.report)
        self.kept.keep(writer.body())


class ResumedResponse(Response):
    """The answer to `GET /api/chat/{answer}`: goes on with event number `start`."""

    def __init__(
        self,
        answer: "PageAnswer | RemoteAnswer",
        start: int,
        context: RequestContext,
        answers: ResumableAnswers,
    ) -> None:
        self.follow = partial(follow, answer, start, context, answers)
        self.context = context
        self.background = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await run_while_connected(self.context.connection, self.follow())


def stream_writer(question: Question, *, wants_extras: bool) -> StreamWriter:
    return StreamWriter(
        question.answer_id,
        question.request.model,
        wants_extras=wants_extras,
        wants_usage=question.request.wants_usage,
    )


async def follow(
    answer: "PageAnswer | RemoteAnswer",
    start: int,
    context: RequestContext,
    answers: ResumableAnswers,
) -> None:
    """Sends the answer's events from number `start` on."""
    response = SSEResponse(context, wants_extras=True)
    try:
        await deliver(response, read_into(answer, start, response))
        if answer.error is not None:  # it is among the answer's events: nothing was raised
            context.response.failed_late = True
    finally:
        answers.reader_left(answer)


async def read_into(answer: "PageAnswer | RemoteAnswer", start: int, response: SSEResponse) -> None:
    # Closed at once when the reader leaves: until then it counts as a reader.
    async with aclosing(answer.read(start)) as batches:
        async for events in batches:
            await response.send(events)


async def deliver(response: SSEResponse, work: Coroutine[Any, Any, None]) -> None:
    """Runs `work`, which writes into `response`, with keep-alives. What fails after the first byte
    becomes the stream's last event."""
    response.keep_alive()
    try:
        await work
    except GatewayError as error:
        if not response.started:
            raise
        await response.fail(error)
        release_frames(error)
    except asyncio.CancelledError:
        if response.started:  # for a client that is cut off by a stop; one that left hears nothing
            await response.fail(STOPPED, is_fault=False)
            await response.end()
        raise
    except Exception:
        if not response.started:
            raise
        log.exception("unexpected_in_stream")
        await response.fail(InternalError("Something went wrong here; the log has it."))
    finally:
        response.silence()
    if not response.started:
        await response.send(b"")
    await response.end()


async def run_while_connected(client: ClientConnection, work: Coroutine[Any, Any, None]) -> bool:
    """Whether the client stayed until `work` was done. Its leaving cancels `work` where it waits.

    A client that left before is noticed at the first wait, so that what is to be closed has been
    opened. Raises what `work` raises, and STOPPED where the server cuts off what is not over long
    after SIGTERM.
    """
    task = asyncio.current_task()
    has_left = False

    def leave() -> None:
        nonlocal has_left
        has_left = True
        task.cancel()  # type: ignore[union-attr]  # a server runs its application in a task

    client.watch(leave)
    try:
        await work
    except asyncio.CancelledError:
        if not has_left:
            raise STOPPED from None
        task.uncancel()  # type: ignore[union-attr]  # as above
    except GatewayError:
        if not has_left:
            raise
    finally:
        client.unwatch()
    return not has_left
