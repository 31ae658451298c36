"""POST /api/desk/handoffs/{id}/draft: what the assistant would answer, for staff to read first."""

import asyncio
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from fastapi import APIRouter, Request

from gateway.api.client_disconnect import unless_client_leaves
from gateway.api.dependencies import CurrentCaller, RouteLimits, StaffName
from gateway.chat.openai_json import CompletionWriter
from gateway.chat.openai_stream import EXTRAS
from gateway.chat.question import Question, TurnReport
from gateway.chat.tool_rounds import ToolRounds
from gateway.chat.turn import Output, TurnRunner
from gateway.handoffs.draft_request import DraftRequest, DraftRequests
from gateway.handoffs.plain_text import plain_text
from gateway.handoffs.queue import Handoffs
from gateway.handoffs.told_results import Told
from gateway.openai.chat_request import ChatRequest
from gateway.server.request_context import Caller, RequestContext, context_of
from gateway.throttling.caller_keys import limit_key
from gateway.upstream.model_catalog import ASSISTANT

# What an answer says of a result that is told now; a draft tells an earlier one again.
NOW = re.compile(r"（[^（）\n]{1,200}，刚刚）| \([^()\n]{1,200}, just now\)")
NOTHING_TO_SUGGEST = ("no_clause", "handoff")  # outcomes: a refusal, and an offer of a person


def desk_drafts_router(
    handoffs: Handoffs,
    requests: DraftRequests,
    runner: TurnRunner,
    rounds: Callable[[Mapping[str, Sequence[Told]]], ToolRounds],
    limits: RouteLimits,
) -> APIRouter:
    """`rounds`: tools that tell again what is told already. A draft asks and changes no business
    system."""
    router = APIRouter(prefix="/api/desk/handoffs")

    def request_of(handoff_id: str) -> DraftRequest:
        return requests.request(handoffs.get(handoff_id)["conversation_id"])

    @router.post("/{handoff_id}/draft")
    async def draft(
        request: Request, handoff_id: str, staff: StaffName, caller: CurrentCaller
    ) -> dict[str, Any]:
        """{text, outcome, citations, systems}; `text` is "" where there is nothing to suggest.
        `systems`: titles of the look-ups of this conversation that the draft tells again."""
        await limits.charge(request)
        asked = await asyncio.to_thread(request_of, handoff_id)
        if not asked.messages:
            nothing = {"object": "draft", "text": "", "outcome": None}
            return {**nothing, "citations": [], "systems": []}
        context = context_of(request.scope)
        drafting = runner.with_tools(rounds(asked.told))
        return await unless_client_leaves(
            request, _drafted(drafting, asked.messages, caller, context)
        )

    return router


async def _drafted(
    runner: TurnRunner, messages: Sequence[dict[str, Any]], caller: Caller, context: RequestContext
) -> dict[str, Any]:
    """Raises GatewayError."""
    question = Question(
        request=ChatRequest.model_validate({"model": ASSISTANT, "messages": [*messages]}),
        caller=replace(caller, staff=""),  # what only staff may be told is not for a customer
        charged_to=limit_key(context.limit_owner),
        assistant=True,
        started=context.started,
    )
    writer = CompletionWriter(has_extras=True)
    report = TurnReport(context.response.stage_seconds)
    await runner.run(question, Output(writer.push, is_whole=True), report)
    answer = writer.completion()
    extras = answer.get(EXTRAS, {})
    outcome = extras.get("outcome")
    systems = (one["title"] for one in extras.get("tools", ()) if one["status"] == "done")
    text = answer["choices"][0]["message"]["content"] or ""
    return {
        "object": "draft",
        "text": "" if outcome in NOTHING_TO_SUGGEST else plain_text(NOW.sub("", text)),
        "outcome": outcome,
        "citations": extras.get("citations", []),
        "systems": list(dict.fromkeys(systems)),
    }
