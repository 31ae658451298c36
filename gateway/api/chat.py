"""POST /v1/chat/completions and POST /api/chat: one response object runs the pipeline and gives everything back."""

import asyncio
import io
import logging
import secrets
from collections.abc import Coroutine
from contextlib import aclosing
from typing import Any

from fastapi import APIRouter, Request
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from gateway.chat.pipeline import Pipeline
from gateway.chat.question import Question, affinity_of
from gateway.chat.resumable_answers import Answer
from gateway.chat.sse_response import SSEResponse, send_json
from gateway.desk import Desk
from gateway.errors import GatewayError, InternalError, UpstreamUnavailable
from gateway.openai.body_limits import TextLimit
from gateway.openai.body_parser import parse
from gateway.openai.chat_request import ChatRequest, PageRequest
from gateway.server.client_connection import ClientConnection
from gateway.server.request_context import Caller, RequestContext, caller_of, context_of

log = logging.getLogger("sightdesk.chat")
STOPPED = UpstreamUnavailable("The desk is being restarted; ask again.", retry_after=5)
THREAD_BYTES = 64 * 1024  # a body of more is parsed in a thread


def chat_router(desk: Desk) -> APIRouter:
    router = APIRouter()
    pipeline = Pipeline(desk)

    @router.post(
        "/v1/chat/completions", openapi_extra=_documented(ChatRequest), summary="Chat completions"
    )
    async def completions(request: Request) -> Response:
        context, caller = context_of(request.scope), await caller_of(request)
        await desk.limiter.check(desk.rate_of(caller), context.limit_owner, context)
        chat = await read_body(request, ChatRequest, desk)
        wants_extras = context.request_headers.get("x-sightdesk-extras") == "1"
        return ChatResponse(desk, pipeline, ask(desk, request, chat, caller, wants_extras))

    @router.post("/api/chat", openapi_extra=_documented(PageRequest), summary="Ask, from the page")
    async def page_chat(request: Request) -> Response:
        context, caller = context_of(request.scope), await caller_of(request)
        await desk.limiter.check(desk.rates.user, context.limit_owner, context)
        chat = await read_body(request, PageRequest, desk)
        question = ask(desk, request, chat, caller, wants_extras=True)
        await keep_question(desk, question, chat)
        return ChatResponse(desk, pipeline, question)

    @router.get("/api/chat/{answer}", summary="Go on with an answer")
    async def resume(request: Request, answer: str) -> Response:
        caller = await caller_of(request)
        await desk.short_limits.charge(request)
        start = request.query_params.get("from", "")[:9]
        number = int(start) if start.isdecimal() else 0
        return ResumeResponse(
            desk, desk.answers.find(answer, caller.owner), number, context_of(request.scope)
        )

    @router.post("/api/chat/{answer}/stop", summary="Stop an answer", status_code=204)
    async def stop(request: Request, answer: str) -> Response:
        caller = await caller_of(request)
        await desk.short_limits.charge(request)
        await desk.answers.stop(desk.answers.find(answer, caller.owner))
        return Response(status_code=204)

    return router


async def read_body(request: Request, shape: type[Any], desk: Desk) -> Any:
    """The request in a body that `RequestLimits` bounds. Raises ClientDisconnect, and ContextLengthExceeded before the body has all come."""
    longest = max(upstream.max_model_len for upstream in desk.upstreams)
    incoming = TextLimit(longest)
    body = await _whole_body(request, incoming)
    if len(body) < THREAD_BYTES:
        return parse(shape, body, incoming, longest)
    return await asyncio.to_thread(parse, shape, body, incoming, longest)


async def _whole_body(request: Request, incoming: TextLimit) -> bytes:
    """The body itself is not kept, and never there twice: with pictures it may have many megabytes."""
    piece, more = await _piece(request)
    incoming.feed(piece)
    if not more:
        return piece
    declared = int(context_of(request.scope).request_headers.get("content-length", "0"))
    # Its size from the start: one that grows stays in malloc's heap when it is freed. Zeros take no memory before they are written over.
    buffer = io.BytesIO(bytes(declared))
    buffer.write(piece)
    while more:
        piece, more = await _piece(request)
        incoming.feed(piece)
        buffer.write(piece)
    buffer.truncate()
    body = buffer.getvalue()  # the buffer's own bytes, no copy
    buffer.close()
    return body


async def _piece(request: Request) -> tuple[bytes, bool]:
    message = await request.receive()
    if message["type"] == "http.disconnect":
        raise ClientDisconnect
    return message.get("body", b""), message.get("more_body", False)


def ask(
    desk: Desk, request: Request, chat: ChatRequest, caller: Caller, wants_extras: bool
) -> Question:
    session = context_of(request.scope).request_headers.get("x-session-id", "")
    assistant = desk.catalog.is_assistant(chat.model, desk.upstreams)
    return Question(
        request=chat,
        caller=caller,
        context=context_of(request.scope),
        assistant=assistant,
        wants_extras=wants_extras and assistant,
        affinity=affinity_of(chat, session) if len(desk.upstreams) > 1 else "",
    )


async def keep_question(desk: Desk, question: Question, chat: PageRequest) -> None:
    """Into the store. Raises NotFound where the conversation is another owner's."""
    chat.conversation_id = chat.conversation_id or "conversation-" + secrets.token_urlsafe(12)
    opened = await desk.recorder.open(
        chat, question.caller.owner, chat.conversation_id, question.id
    )
    if opened is not None:
        question.turn = opened.turn_id
        await desk.answers.stop_all(opened.removed_answers)


class ChatResponse(Response):
    """Runs the question while it listens for the client's leaving: whoever leaves, at any time, aborts the engine."""

    def __init__(self, desk: Desk, pipeline: Pipeline, question: Question) -> None:
        self.desk = desk
        self.pipeline = pipeline
        self.question = question
        self.context = question.context
        self.background = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = self.question.request
        if isinstance(request, PageRequest):
            work = self._resumable() if request.stream else self._recorded()
        else:
            work = self._direct() if request.stream else self._whole()
        if not await stayed(self.context.connection, work):
            self.desk.metrics.client_disconnects.inc()

    async def _whole(self) -> None:
        await send_json(self.context, await self.pipeline.whole(self.question))

    async def _direct(self) -> None:
        reply = SSEResponse(self.context)
        await delivered(reply, self.pipeline.stream(self.question, reply))

    async def _resumable(self) -> None:
        answer = self._answer()
        self.desk.answers.start(answer, self.pipeline.stream(self.question, answer))
        await self._follow(answer, 0)

    def _answer(self) -> Answer:
        question = self.question
        return Answer(
            question.id,
            question.caller.owner,
            kept=question.turn is not None,
            caller=self.context.limit_owner,
        )

    async def _recorded(self) -> None:
        answer = self._answer()
        self.desk.answers.start(answer, self._fill(answer))
        try:
            body = await answer.whole()
        finally:
            self.desk.answers.abort(answer)
        await send_json(self.context, body)

    async def _fill(self, answer: Answer) -> None:
        answer.keep(await self.pipeline.whole(self.question))

    async def _follow(self, answer: Answer, start: int) -> None:
        reply = SSEResponse(self.context, wants_extras=True)
        try:
            await delivered(reply, follow(answer, start, reply))
        finally:
            self.desk.answers.reader_left(answer)


class ResumeResponse(ChatResponse):
    def __init__(self, desk: Desk, answer: Answer, start: int, context: RequestContext) -> None:
        self.desk = desk
        self.context = context
        self.answer = answer
        self.start = start
        self.background = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await stayed(self.context.connection, self._follow(self.answer, self.start))


async def follow(answer: Answer, start: int, reply: SSEResponse) -> None:
    async with aclosing(
        answer.read(start)
    ) as batches:  # a reader that leaves is counted out at once
        async for events in batches:
            await reply.send(events)


async def delivered(reply: SSEResponse, work: Any) -> None:
    """Runs `work` into `reply`, with keep-alives; what fails after the first byte becomes the stream's last event."""
    reply.keep_alive()
    try:
        await work
    except GatewayError as error:
        if not reply.started:
            raise
        await reply.fail(error)
    except asyncio.CancelledError:
        if reply.started:  # whoever left does not hear it; whoever is cut off by a stop does
            await reply.fail(STOPPED)
            await reply.end()
        raise
    except Exception:
        if not reply.started:
            raise
        log.exception("unexpected_in_stream")
        await reply.fail(InternalError("Something went wrong here; the log has it."))
    finally:
        reply.silence()
    if not reply.started:
        await reply.send(b"")
    await reply.end()


async def stayed(client: ClientConnection, work: Coroutine[Any, Any, None]) -> bool:
    """Whether the client stayed until `work` was done; its leaving cancels the work where it waits, also where it has left before: what
    is to be closed has been opened then. Raises what `work` raises, and STOPPED where the server cuts off what is not over long after
    SIGTERM."""
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
        task.uncancel()  # type: ignore[union-attr]
    except GatewayError:
        if not has_left:
            raise
    finally:
        client.unwatch()
    return not has_left


def _documented(shape: type[ChatRequest]) -> dict[str, Any]:
    """The body's schema for the OpenAPI document; it is parsed by hand, so that errors are OpenAI's."""
    schema = shape.model_json_schema(ref_template="#/components/schemas/{model}")
    definitions = schema.pop("$defs", {})
    text = _inlined(schema, definitions)
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": text}}}}


def _inlined(schema: Any, definitions: dict[str, Any]) -> Any:
    if isinstance(schema, dict):
        reference = schema.get("$ref")
        if isinstance(reference, str):
            return _inlined(definitions[reference.rpartition("/")[2]], definitions)
        return {
            name: _inlined(value, definitions)
            for name, value in schema.items()
            if name != "discriminator"
        }
    return [_inlined(item, definitions) for item in schema] if isinstance(schema, list) else schema
