"""POST /api/desk/handoffs/{id}/draft: what the assistant would answer, for staff to read first."""

import asyncio
from dataclasses import replace
from typing import Any

from fastapi import APIRouter, Request

from gateway.api.client_disconnect import unless_client_leaves
from gateway.api.dependencies import CurrentCaller, RouteLimits, StaffName
from gateway.chat.openai_json import CompletionWriter
from gateway.chat.openai_stream import EXTRAS
from gateway.chat.question import Question, TurnReport
from gateway.chat.turn import Output, TurnRunner
from gateway.handoffs.draft_request import DraftRequests
from gateway.handoffs.plain_text import plain_text
from gateway.handoffs.queue import Handoffs
from gateway.openai.chat_request import ChatRequest
from gateway.server.request_context import Caller, RequestContext, context_of
from gateway.throttling.caller_keys import limit_key
from gateway.upstream.model_catalog import ASSISTANT

NOTHING_TO_SUGGEST = ("no_clause", "handoff")  # outcomes: a refusal, and an offer of a person


def desk_drafts_router(
    handoffs: Handoffs, requests: DraftRequests, runner: TurnRunner, limits: RouteLimits
) -> APIRouter:
    """`runner`: without tools; a draft asks and changes no business system."""
    router = APIRouter(prefix="/api/desk/handoffs")

    def messages_of(handoff_id: str) -> list[dict[str, Any]]:
        return requests.messages(handoffs.get(handoff_id)["conversation_id"])

    @router.post("/{handoff_id}/draft")
    async def draft(
        request: Request, handoff_id: str, staff: StaffName, caller: CurrentCaller
    ) -> dict[str, Any]:
        """{text, outcome, citations}; `text` is "" where there is nothing to suggest."""
        await limits.charge(request)
        messages = await asyncio.to_thread(messages_of, handoff_id)
        if not messages:
            return {"object": "draft", "text": "", "outcome": None, "citations": []}
        context = context_of(request.scope)
        return await unless_client_leaves(request, _drafted(runner, messages, caller, context))

    return router


async def _drafted(
    runner: TurnRunner, messages: list[dict[str, Any]], caller: Caller, context: RequestContext
) -> dict[str, Any]:
    """Raises GatewayError."""
    question = Question(
        request=ChatRequest.model_validate({"model": ASSISTANT, "messages": messages}),
        caller=replace(caller, staff=""),  # what only staff may be told is not for a customer
        charged_to=limit_key(context.limit_owner),
        assistant=True,
        request_id=context.request_id,
        started=context.started,
    )
    writer = CompletionWriter(has_extras=True)
    report = TurnReport(context.response.stage_seconds)
    await runner.run(question, Output(writer.push, is_whole=True), report)
    answer = writer.completion()
    extras = answer.get(EXTRAS, {})
    outcome = extras.get("outcome")
    text = answer["choices"][0]["message"]["content"] or ""
    return {
        "object": "draft",
        "text": "" if outcome in NOTHING_TO_SUGGEST else plain_text(text),
        "outcome": outcome,
        "citations": extras.get("citations", []),
    }
