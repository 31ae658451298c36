"""POST /v1/chat/completions and POST /api/chat, and the page's ways back to an answer."""

import secrets
from functools import partial
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from gateway.api.chat_body import BodyReader, documented
from gateway.api.chat_response import APIResponse, PageResponse, ResumedResponse
from gateway.api.silent_response import SilentResponse
from gateway.assistant.handoff_offers import Past
from gateway.chat.history import HistoryRecorder
from gateway.chat.question import Question, affinity_of, new_answer_id
from gateway.chat.resumable_answers import ResumableAnswers
from gateway.chat.silence import ClaimWatch, KnownClaims
from gateway.chat.tool_rounds import check_client_tools
from gateway.chat.turn import TurnRunner
from gateway.connectors.tool import Tools
from gateway.errors import StoreUnavailable
from gateway.observability.metrics import Metrics
from gateway.openai.chat_request import ChatRequest, PageRequest
from gateway.server.request_context import Caller, RequestContext, caller_of, context_of
from gateway.storage.before_question import Before
from gateway.throttling.body_memory import BodyMemory
from gateway.throttling.caller_keys import limit_key
from gateway.throttling.rate_limits import RateLimiter
from gateway.throttling.rates import Rates
from gateway.throttling.short_limits import ShortLimits
from gateway.upstream.model_catalog import ModelCatalog
from gateway.upstream.upstream import Upstream

# A message that staff would not get must not look as if they had it.
NOT_PASSED_ON = "Your message could not be passed on; send it again in a moment."


def past_of(before: Before) -> Past:
    return Past(before.was_no_clause, before.handoff, before.causes)


def chat_router(
    *,
    runner: TurnRunner,
    answers: ResumableAnswers,
    claims: KnownClaims,
    recorder: HistoryRecorder,
    limiter: RateLimiter,
    rates: Rates,
    short_limits: ShortLimits,
    body_memory: BodyMemory,
    catalog: ModelCatalog,
    upstreams: list[Upstream],
    tools: Tools,
    metrics: Metrics,
    names_sessions: bool = False,
) -> APIRouter:
    """`names_sessions`: one engine, too, is told which requests are one conversation."""
    router = APIRouter()

    bodies = BodyReader(lambda: max(upstream.max_model_len for upstream in upstreams))

    def question_of(
        context: RequestContext,
        chat: ChatRequest,
        caller: Caller,
        answer_id: str = "",
        conversation: dict[str, Any] | None = None,
    ) -> Question:
        assistant = catalog.is_assistant(chat.model, upstreams)
        if assistant and not answer_id:
            answer_id = new_answer_id()
        session = context.request_headers.get("x-session-id", "")
        return Question(
            request=chat,
            caller=caller,
            charged_to=limit_key(context.limit_owner),
            assistant=assistant,
            started=context.started,
            answer_id=answer_id,
            conversation=conversation,
            affinity=(affinity_of(chat, session) if names_sessions or len(upstreams) > 1 else ""),
            release_body=partial(body_memory.release, context),
        )

    @router.post(
        "/v1/chat/completions", openapi_extra=documented(ChatRequest), summary="Chat completions"
    )
    async def completions(request: Request) -> Response:
        context, caller = context_of(request.scope), await caller_of(request)
        await limiter.check(rates.for_api_caller(caller), context.limit_owner, context)
        chat = await bodies.read(request, ChatRequest)
        check_client_tools(chat, tools)
        question = question_of(context, chat, caller)
        wants_extras = context.request_headers.get("x-sightdesk-extras") == "1"
        return APIResponse(runner, question, context, metrics, wants_extras=wants_extras)

    @router.post("/api/chat", openapi_extra=documented(PageRequest), summary="Ask, from the page")
    async def page_chat(request: Request) -> Response:
        context, caller = context_of(request.scope), await caller_of(request)
        await limiter.check(rates.user, context.limit_owner, context)
        chat = await bodies.read(request, PageRequest)
        check_client_tools(chat, tools)
        is_new = chat.conversation_id is None
        chat.conversation_id = chat.conversation_id or "conversation-" + secrets.token_urlsafe(12)
        answer_id = new_answer_id()
        watch = ClaimWatch(claims, chat.conversation_id)
        opened = await recorder.open(
            chat, caller.owner, chat.conversation_id, answer_id, caller.subject, is_new=is_new
        )
        if opened is None and claims.of(chat.conversation_id) is not None:
            raise StoreUnavailable(NOT_PASSED_ON, retry_after=5)
        if opened is not None:
            await answers.stop_all(opened.removed_answers)
        turn_id = opened.turn_id if opened is not None else None
        conversation = {"id": chat.conversation_id, "turn": turn_id}
        if opened is not None and opened.before.claimed is not None:
            return SilentResponse(chat, conversation, opened.before.claimed, answer_id, context)
        question = question_of(context, chat, caller, answer_id, conversation)
        is_stored = opened is not None
        if opened is not None:
            question.past = past_of(opened.before)
        question.corrections = await recorder.corrections(
            chat, caller.owner, is_stored=is_stored and not is_new
        )
        return PageResponse(runner, question, context, metrics, answers, watch, is_stored=is_stored)

    @router.get("/api/chat/{answer}", summary="Go on with an answer")
    async def resume(request: Request, answer: str) -> Response:
        caller = await caller_of(request)
        await short_limits.charge(request)
        start = request.query_params.get("from", "")[:9]
        number = int(start) if start.isdecimal() else 0
        found = await answers.find(answer, caller.owner)
        return ResumedResponse(found, number, context_of(request.scope), answers)

    @router.post("/api/chat/{answer}/stop", summary="Stop an answer", status_code=204)
    async def stop(request: Request, answer: str) -> Response:
        caller = await caller_of(request)
        await short_limits.charge(request)
        await answers.stop(await answers.find(answer, caller.owner))
        return Response(status_code=204)

    return router
